// SPDX-License-Identifier: Apache-2.0
#pragma once

// `kaigara probe MILLISECONDS TARGET...`: one check of --ready or --live, a child of the kaigara
// that supervises (supervise/health_monitor.h), which so never reads what a server answers. Nobody
// else calls it, so no help names it.
//
// All targets are asked at once, each one time. 0 as soon as one has answered; else 69, with the
// reason as one line on stderr.

namespace kaigara::app {

bool is_probe(int argc, char** argv) noexcept;

int run_probe(int argc, char** argv);

}  // namespace kaigara::app
