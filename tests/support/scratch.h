// SPDX-License-Identifier: Apache-2.0
#pragma once

// A fresh temporary directory for one test case, gone with the object.
//
//     const ScratchDir scratch;
//     scratch.write("metadata.yml", "app: {port: 80}\n");
//     auto tree = read_file(scratch / "metadata.yml");
//
// With KAIGARA_KEEP_SCRATCH=1 it stays, and its name is printed: to look at what a failed test
// left. Anything that goes wrong in here is an exception, which fails the test case.

#include <string>
#include <string_view>

#include <sys/types.h>

namespace kaigara::test {

class ScratchDir {
public:
    ScratchDir();
    ~ScratchDir();
    ScratchDir(const ScratchDir&) = delete;
    ScratchDir& operator=(const ScratchDir&) = delete;

    // Absolute, with no link in it, without a slash at the end.
    const std::string& path() const noexcept { return path_; }
    // The path of something in it.
    std::string operator/(std::string_view name) const;

    // Writes a file, with the directories above it where they are missing; returns its path.
    // The mode holds whatever the umask is.
    std::string write(std::string_view name, std::string_view content, mode_t mode = 0644) const;
    // Makes a directory, with those above it; returns its path.
    std::string make_dir(std::string_view name) const;

    // The content of a file in it.
    std::string read(std::string_view name) const;
    bool exists(std::string_view name) const;
    // The permission bits, 07777 at most.
    mode_t mode(std::string_view name) const;

private:
    std::string path_;
};

}  // namespace kaigara::test
