// SPDX-License-Identifier: Apache-2.0
#include "provision/staged_file.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <string_view>

#include "platform/files.h"
#include "provision/target_path.h"

namespace kaigara::provision {

namespace {

constexpr std::string_view infix = ".kaigara-";
constexpr std::string_view alphabet =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
constexpr std::size_t token_size = 6;
constexpr std::size_t longest_name = NAME_MAX - 1 - infix.size() - token_size;
constexpr int most_attempts = 100;

// As much of a name as fits, and no half of a character: some file systems demand UTF-8.
std::string cut_name(const std::string& name) {
    if (name.size() <= longest_name) return name;
    std::size_t size = longest_name;
    while (size > 0 && (static_cast<std::uint8_t>(name[size]) & 0xc0U) == 0x80U) --size;
    return name.substr(0, size);
}

std::string token() {
    std::array<std::uint8_t, token_size> random = {};
    // Never fails for so few bytes, see getrandom(2). If it did, O_EXCL would still hold.
    (void)!::getrandom(random.data(), random.size(), 0);
    std::string text;
    for (const std::uint8_t byte : random) text += alphabet[byte % alphabet.size()];
    return text;
}

bool is_same(const struct stat& a, const struct stat& b) {
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

// Whether the name still is that of the open file.
bool is_named(const platform::Fd& fd, const std::string& path) {
    struct stat opened;
    struct stat named;
    return ::fstat(fd.get(), &opened) == 0 && ::lstat(path.c_str(), &named) == 0 &&
           is_same(opened, named);
}

// False when another one has the lock; true also where there are no locks to be had.
bool lock_own(const platform::Fd& fd) {
    return ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

bool is_leftover_name(std::string_view entry, const std::set<std::string>& cut_names) {
    const std::size_t tail = infix.size() + token_size;
    if (!entry.starts_with('.') || entry.size() < 1 + tail) return false;
    const std::string_view token = entry.substr(entry.size() - token_size);
    if (entry.substr(entry.size() - tail, infix.size()) != infix ||
        token.find_first_not_of(alphabet) != std::string_view::npos)
        return false;
    return cut_names.contains(std::string(entry.substr(1, entry.size() - 1 - tail)));
}

void remove_if_dead(const std::string& path) {
    // O_NONBLOCK: what somebody put here under such a name may be a FIFO.
    const platform::Fd fd(
        ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    struct stat status;
    if (!fd.is_open() || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) return;
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return;
    // The lock may be had because its maker has just put the file in place under its real name.
    if (is_named(fd, path)) ::unlink(path.c_str());
}

}  // namespace

Result<StagedFile> StagedFile::make(const std::string& target, mode_t mode) {
    const std::string prefix =
        directory_of(target) + "/." + cut_name(name_of(target)) + std::string(infix);
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
        std::string path = prefix + token();
        platform::Fd fd(
            ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode & 0600));
        if (!fd.is_open() && errno == EEXIST) continue;
        if (!fd.is_open())
            return system_error(Fault::cannot_create, errno, "a temporary file cannot be made");
        if (lock_own(fd) && is_named(fd, path)) return StagedFile(std::move(path), std::move(fd));
        ::unlink(path.c_str());
    }
    return system_error(Fault::cannot_create, EEXIST, "a temporary file cannot be made");
}

StagedFile::~StagedFile() {
    if (is_there()) ::unlink(path_.c_str());
}

void StagedFile::now_holds_another() {
    fd_.reset(::open(path_.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    // A shared one: whoever locks the old file for reasons of its own is not in its way.
    if (fd_.is_open() && ::flock(fd_.get(), LOCK_SH | LOCK_NB) != 0) fd_.reset();
}

void remove_leftovers(const std::string& directory, const std::set<std::string>& names) {
    // A directory that may be written and not read keeps what is in it.
    const auto entries = platform::list_directory(directory);
    if (!entries) return;
    std::set<std::string> cut_names;
    for (const std::string& name : names) cut_names.insert(cut_name(name));
    for (const std::string& entry : *entries)
        if (is_leftover_name(entry, cut_names)) remove_if_dead(directory + "/" + entry);
}

}  // namespace kaigara::provision
