// SPDX-License-Identifier: Apache-2.0
#include "provision/made_directories.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ranges>

#include <fmt/format.h>

#include "platform/fd.h"

namespace kaigara::provision {

namespace {

constexpr mode_t all_of_owner = 0700;

Error refused(int code, std::string message, const std::string& path) {
    const bool is_room = code == ENOSPC || code == EDQUOT || code == EIO;
    return system_error(is_room ? Fault::input_output : Fault::cannot_create, code,
                        std::move(message), path);
}

Result<void> set_mode(const std::string& path, mode_t mode) {
    // Not by its path: what stands there may have become a link to somewhere else.
    const platform::Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (fd.is_open() && ::fchmod(fd.get(), mode) == 0) return {};
    return refused(errno, fmt::format("the directory cannot have mode {:04o}", mode), path);
}

}  // namespace

void MadeDirectories::remove() noexcept {
    for (const RootDirectory& directory : made_ | std::views::reverse)
        ::rmdir(directory.path.c_str());
    made_.clear();
}

std::vector<RootDirectory> directories_above(std::string_view path) {
    std::vector<RootDirectory> directories;
    for (std::size_t slash = path.find('/', 1); slash != std::string_view::npos;
         slash = path.find('/', slash + 1))
        directories.push_back({std::string(path.substr(0, slash)), 0755});
    return directories;
}

Result<void> MadeDirectories::make(const RootDirectory& directory) {
    const char* const path = directory.path.c_str();
    if (::mkdir(path, all_of_owner) == 0) {
        made_.push_back(directory);
        return set_mode(directory.path, directory.mode | all_of_owner);
    }
    const int code = errno;
    struct stat status;
    // EROFS and EACCES come before EEXIST in some file systems.
    if (::stat(path, &status) != 0)
        return refused(code, "the directory cannot be made", directory.path);
    if (!S_ISDIR(status.st_mode))
        return refused(ENOTDIR, "a directory is needed here", directory.path);
    return {};
}

Result<void> MadeDirectories::keep() {
    // Innermost first: a closed one would hide those in it.
    for (const RootDirectory& directory : made_ | std::views::reverse)
        if ((directory.mode & all_of_owner) != all_of_owner)
            KG_TRY(set_mode(directory.path, directory.mode));
    made_.clear();
    return {};
}

}  // namespace kaigara::provision
