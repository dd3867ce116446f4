// SPDX-License-Identifier: Apache-2.0
#pragma once

// Base64 with the standard alphabet and padding (RFC 4648, section 4): how both stores write keys
// and values.

#include <optional>
#include <string>
#include <string_view>

namespace kaigara::remote {

std::string to_base64(std::string_view bytes);

// Nothing for what is no base64, blanks and line ends included.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace kaigara::remote
