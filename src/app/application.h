// SPDX-License-Identifier: Apache-2.0
#pragma once

// From settings to what stage 3 launches.

#include <forward_list>
#include <string>

#include "app/settings.h"
#include "base/result.h"
#include "supervise/launch.h"

namespace kaigara::app {

// A launch and the strings that it points to.
struct Application {
    supervise::Launch launch;
    std::forward_list<std::string> strings;
};

// `program` is null-terminated and outlives the result, as `environment` does. The application gets
// the environment without KAIGARA_*, with HOME, USER and LOGNAME of --user, and with a LISTEN_PID
// that named kaigara changed to name the application. Fault::configuration for an unknown user.
Result<Application> make_application(const Settings& settings, char** program, char** environment);

}  // namespace kaigara::app
