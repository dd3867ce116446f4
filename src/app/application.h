// SPDX-License-Identifier: Apache-2.0
#pragma once

// From settings to what stage 3 launches.

#include <forward_list>
#include <span>
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

struct ApplicationRequest {
    // Null-terminated, and outlive the result.
    char** program = nullptr;
    char** environment = nullptr;
    // "NAME=value" of the metadata; each takes the place of a variable of that name.
    std::span<const std::string> exported{};
};

// The application gets the environment without KAIGARA_*, with what is exported, with HOME, USER
// and LOGNAME of --user, and with a LISTEN_PID that named kaigara changed to name the application.
// Fault::configuration for an unknown user.
Result<Application> make_application(const Settings& settings, const ApplicationRequest& request);

}  // namespace kaigara::app
