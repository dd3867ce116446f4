// SPDX-License-Identifier: Apache-2.0
#pragma once

// Why a transfer of libcurl's failed, in words that stand behind an address. Of http.cpp alone.

#include <string>
#include <string_view>

#include "base/duration.h"
#include "base/result.h"

namespace kaigara::platform {

struct HttpFailure {
    int code = 0;                  // a CURLcode
    int system = 0;                // an errno, where the system said one
    bool was_connecting = false;   // no byte of an answer had come, nor was the request sent
    std::string_view detail;       // libcurl's own words
    std::string_view authorities;  // the bundle that was used; empty for none
    Milliseconds connect_timeout{0};
    Milliseconds timeout{0};
    std::size_t body_limit = 0;
    bool is_too_large = false;
};

Error explain(const HttpFailure& failure);

}  // namespace kaigara::platform
