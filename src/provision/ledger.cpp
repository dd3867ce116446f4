// SPDX-License-Identifier: Apache-2.0
#include "provision/ledger.h"

#include <fmt/format.h>

namespace kaigara::provision {

Error nothing_to_salvage(const std::string& name) {
    return {Fault::bad_data, 0,
            "has no line that holds, so there is nothing to keep: if it is a ledger, move it away "
            "yourself, and every operation runs again",
            name};
}

Error salvage_with_newer(const std::string& name) {
    return {Fault::configuration, 0, "holds what a newer kaigara wrote: salvage it with that one",
            name};
}

std::string describe_salvage(const SalvageReport& report) {
    return fmt::format("kept={} lost={} copy={}", report.kept, report.lost,
                       encode_name(report.copy.substr(report.copy.rfind('/') + 1)));
}

}  // namespace kaigara::provision
