// SPDX-License-Identifier: Apache-2.0
#include "support/file_facts.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <sys/stat.h>

#include <fmt/format.h>

namespace kaigara::test {

namespace fs = std::filesystem;

namespace {

long long nanoseconds(const timespec& time) { return time.tv_sec * 1'000'000'000LL + time.tv_nsec; }

}  // namespace

bool FileFacts::is_link() const noexcept { return S_ISLNK(mode); }

FileFacts facts_of(const std::string& path) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) {
        throw std::system_error(errno, std::generic_category(), "lstat " + path);
    }
    return {.inode = status.st_ino,
            .modified = nanoseconds(status.st_mtim),
            .changed = nanoseconds(status.st_ctim),
            .mode = status.st_mode,
            .owner = status.st_uid,
            .group = status.st_gid};
}

bool is_untouched(const std::string& path, const FileFacts& before) {
    const FileFacts now = facts_of(path);
    return now.inode == before.inode && now.modified == before.modified &&
           now.changed == before.changed && now.mode == before.mode;
}

std::vector<std::string> listing_of(const std::string& directory) {
    std::vector<std::string> lines;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(directory)) {
        const FileFacts facts = facts_of(entry.path());
        // A directory's own time tells of temporary files, which come and go.
        const long long time = S_ISDIR(facts.mode) ? 0 : facts.changed;
        lines.push_back(
            fmt::format("{} {} {} {:o}", entry.path().string(), facts.inode, time, facts.mode));
    }
    std::sort(lines.begin(), lines.end());
    return lines;
}

std::vector<std::string> names_in(const std::string& directory) {
    std::vector<std::string> names;
    for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
        names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace kaigara::test
