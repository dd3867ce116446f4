// SPDX-License-Identifier: Apache-2.0
#pragma once

// Files: reading with a limit, writing through, sealed memory. All descriptors are close-on-exec.

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "platform/fd.h"

namespace kaigara::platform {

// The whole of a regular file (or of what a link to one leads to). More than `limit` bytes, a
// directory, a device or a pipe is an error; nothing is opened that could block or have an effect.
// Error::code tells ENOENT from the rest; Fault::bad_data.
Result<std::string> read_file(const std::string& path, std::size_t limit);

// The same file's first `limit` bytes, or all of a shorter one.
Result<std::string> read_beginning(const std::string& path, std::size_t limit);

// The same file from its beginning to its end, whatever its size, a piece at a time.
Result<void> read_in_pieces(const std::string& path,
                            const std::function<void(std::string_view piece)>& take);

// Whether the path leads to anything.
bool exists(const std::string& path) noexcept;

// The absolute path without links, "." and ".."; as it was given where it leads nowhere.
std::string real_path(const std::string& path);

// Whether the mode of a file lets everybody read it; false also where that cannot be found out.
bool is_readable_by_all(const std::string& path) noexcept;

// What is readable from `fd`, from its beginning where it has one, up to `limit` bytes.
Result<std::string> read_all(int fd, std::size_t limit);

// Writes all of `data`, blocking where the descriptor blocks. Fault::input_output.
Result<void> write_all(int fd, std::string_view data);

// An anonymous file in memory that holds `content` and can never be changed again
// (F_SEAL_WRITE, memfd_create(2)); `name` shows in /proc only.
Result<Fd> sealed_memory(const char* name, std::string_view content);

// Makes a directory and what is missing above it, mode 0755 less the umask, and puts their names on
// disk. One that is there is well. Fault::input_output.
Result<void> make_directories(const std::string& path);

// The names in a directory without "." and "..", in bytewise order. Error::code tells ENOENT.
Result<std::vector<std::string>> list_directory(const std::string& path);

}  // namespace kaigara::platform
