// SPDX-License-Identifier: Apache-2.0
#include "app/exit_code.h"

namespace kaigara::app {

int exit_code(Fault fault) noexcept {
    switch (fault) {
    case Fault::usage: return 64;
    case Fault::bad_data: return 65;
    case Fault::unavailable: return 69;
    case Fault::internal: return 70;
    case Fault::cannot_create: return 73;
    case Fault::input_output: return 74;
    case Fault::lock: return 75;
    case Fault::configuration: return 78;
    case Fault::operation_failed: return 80;
    case Fault::operation_timeout: return 81;
    case Fault::not_executable: return 126;
    case Fault::not_found: return 127;
    }
    return 70;
}

int exit_code(const Errors& errors) noexcept {
    return errors.empty() ? exit_ok : exit_code(errors.front().fault);
}

int exit_code(const platform::ChildEnd& end, const supervise::Launch& launch) noexcept {
    const int status = end.status();
    return launch.success[static_cast<std::size_t>(status) & 0xFFU] ? exit_ok : status;
}

int exit_code_of_signal(int signal) noexcept { return 128 + signal; }

}  // namespace kaigara::app
