// SPDX-License-Identifier: Apache-2.0
#pragma once

// Why a file cannot be executed, in words. execve(2) answers "No such file or directory" for a
// missing script and for a script whose interpreter is missing alike; people lose hours over it.

#include <optional>
#include <string>

#include "base/error.h"

namespace kaigara::platform {

// The PATH of an environment; where it has none, what execvp(3) uses.
const char* path_of(char* const* environment) noexcept;

// The first file named `name` in `path` that is a regular file, as "dir/name"; `name` itself when
// it holds a slash; nothing when there is none.
std::optional<std::string> find_in_path(const std::string& name, const char* path);

// The interpreter of a script: the word behind `#!`. Nothing for a file that is no script or
// cannot be read. A carriage return at its end is kept, for it is part of what the kernel looks
// for.
std::optional<std::string> interpreter_of(const std::string& file);

// The error for execve(2)'s `code` on `argv0`, searched in `path`.
Error explain_execution(int code, const std::string& argv0, const char* path);

}  // namespace kaigara::platform
