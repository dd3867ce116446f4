// SPDX-License-Identifier: Apache-2.0
#pragma once

// The content of files: comparing it, bringing it from one descriptor into another, and to the
// disk.

#include <string>
#include <string_view>

#include "base/result.h"
#include "platform/fd.h"

namespace kaigara::provision {

// False also where the file cannot be read.
bool has_content(const std::string& path, std::string_view content);

// An errno, or 0. A file system without fsync(2) has nothing to be done, and nothing is lost.
int flush(int fd);

// The same for the names in a directory. Without the right to read it there is no descriptor to
// flush; that is no error, for the files in it are safe.
int flush_directory(const std::string& path);

// All of `source`, from its beginning, to where `destination` stands. Fault::input_output.
Result<void> copy_content(int source, int destination);

// Makes `source` the content of a freshly opened file. Room is taken first, so that with a full
// disk not a byte of the old content is lost. Fault::input_output.
Result<void> overwrite(int file, int source);

// A copy in memory of what is in the file, for a later overwrite().
Result<platform::Fd> remember_content(const std::string& path);

}  // namespace kaigara::provision
