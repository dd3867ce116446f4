// SPDX-License-Identifier: Apache-2.0
#pragma once

// Values and texts in the notation of other formats: the work behind the modifiers of that name.
//
// Everything here is pure. A tree is at most 64 levels deep (metadata sees to that), which bounds
// the recursion of the three writers. Messages never hold the value itself: it may be a secret.

#include <string>
#include <string_view>

#include "base/result.h"
#include "metadata/value.h"

namespace kaigara::provision {

// On one line, as `kaigara get` prints a map or list; secret values as they are.
std::string to_json(const metadata::Value& value);

// In block style, without a line end behind the last line; a scalar, an empty map or an empty list
// is on one line, so that it can stand behind "key: ". Strings are put in double quotes where YAML
// 1.1 or 1.2 could read something else: unlike metadata/output.h, this is for other programs.
std::string to_yaml(const metadata::Value& value);

// The right-hand side of a TOML assignment, on one line: maps become inline tables.
// An error for null, which TOML does not have.
Result<std::string> to_toml(const metadata::Value& value);

// An error for characters that XML 1.0 cannot carry in any notation.
Result<std::string> to_xml(std::string_view text);
std::string to_html(std::string_view text);

// Percent-encoding of all but RFC 3986's unreserved characters.
std::string to_url(std::string_view text);

// RFC 4648 section 4, with padding, on one line.
std::string to_base64(std::string_view text);

// White space between the digits is skipped, as line-wrapped files have it. Anything else that is
// not the canonical form is an error.
Result<std::string> from_base64(std::string_view text);

// In double quotes, as C and Go read them: \" \\ \n \r \t, other control characters as \xNN.
std::string in_double_quotes(std::string_view text);

}  // namespace kaigara::provision
