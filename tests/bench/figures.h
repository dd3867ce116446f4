// SPDX-License-Identifier: Apache-2.0
#pragma once

// One function a figure. Each measures all contenders side by side, in turns, and adds its rows.

#include "plan.h"
#include "report.h"

namespace kaigara::bench {

void measure_size(const Plan& plan, Report& report);
void measure_start(const Plan& plan, Report& report);
void measure_instructions(const Plan& plan, Report& report);
void measure_idle(const Plan& plan, Report& report);
void measure_orphans(const Plan& plan, Report& report);
void measure_forward(const Plan& plan, Report& report);
void measure_burst(const Plan& plan, Report& report);
void measure_stop(const Plan& plan, Report& report);
void measure_stage3(const Plan& plan, Report& report);
void measure_operations(const Plan& plan, Report& report);
void measure_render(const Plan& plan, Report& report);
void measure_ledger(const Plan& plan, Report& report);

}  // namespace kaigara::bench
