// SPDX-License-Identifier: Apache-2.0
#pragma once

// etcd v3 as a Store, over its JSON gateway; what is on the wire stands in etcd_wire.h.

#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"
#include "platform/http.h"
#include "remote/store.h"

namespace kaigara::remote {

// With the settings of the environment, "NAME=value" entries (settings.h). No connection is made
// yet. The client outlives the store. Fault::configuration, with the variable as `where`.
Result<std::unique_ptr<Store>> connect_etcd(platform::HttpClient& client,
                                            std::span<const std::string_view> environment);

}  // namespace kaigara::remote
