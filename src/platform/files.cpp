// SPDX-License-Identifier: Apache-2.0
#include "platform/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <memory>

#include <fmt/format.h>

namespace kaigara::platform {

namespace {

constexpr std::size_t smallest_piece = 4'096;
constexpr std::size_t largest_piece = std::size_t{64} * 1'024;

// O_NONBLOCK: opening a FIFO or a device must not wait. It means nothing to a regular file.
Result<Fd> open_regular(const std::string& path, struct stat& status) {
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd.is_open()) return system_error(Fault::bad_data, errno, "cannot be opened", path);
    if (::fstat(fd.get(), &status) != 0)
        return system_error(Fault::bad_data, errno, "cannot be examined", path);
    if (S_ISDIR(status.st_mode))
        return Error{Fault::bad_data, EISDIR, "is a directory, a file is needed", path};
    if (!S_ISREG(status.st_mode)) return Error{Fault::bad_data, EINVAL, "is no regular file", path};
    return fd;
}

// Until the end, or until there is more than `limit`. The size is a guess that may be wrong: a file
// may grow, and those that are made as they are read say 0.
Result<std::string> read_past(int fd, std::size_t limit) {
    std::string content;
    struct stat status;
    if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0)
        content.reserve(std::min(static_cast<std::size_t>(status.st_size), limit) + 1);
    bool seekable = true;
    while (content.size() <= limit) {
        const std::size_t have = content.size();
        const std::size_t room = std::max<std::size_t>(content.capacity() - have, smallest_piece);
        content.resize(have + room);
        // pread: a descriptor that others share (a snapshot) has one offset for all of them.
        const ssize_t got = seekable
                                ? ::pread(fd, content.data() + have, room, static_cast<off_t>(have))
                                : ::read(fd, content.data() + have, room);
        content.resize(have + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        if (got == 0) break;
        if (got < 0 && errno == ESPIPE && seekable)
            seekable = false;
        else if (got < 0 && errno != EINTR)
            return system_error(Fault::bad_data, errno, "cannot be read");
    }
    return content;
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t limit) {
    struct stat status;
    KG_LET(fd, open_regular(path, status));
    if (static_cast<std::uint64_t>(status.st_size) > limit)
        return Error{Fault::bad_data, EFBIG,
                     fmt::format("has {} bytes, more than the limit of {}", status.st_size, limit),
                     path};
    auto content = read_all(fd.get(), limit);
    if (!content) content.error().where = path;
    return content;
}

Result<std::string> read_beginning(const std::string& path, std::size_t limit) {
    struct stat status;
    KG_LET(fd, open_regular(path, status));
    auto content = read_past(fd.get(), limit);
    if (!content)
        content.error().where = path;
    else if (content->size() > limit)
        content->resize(limit);
    return content;
}

Result<void> read_in_pieces(const std::string& path,
                            const std::function<void(std::string_view piece)>& take) {
    struct stat status;
    KG_LET(fd, open_regular(path, status));
    // Most files are far smaller than a piece, and fresh pages cost more than reading them.
    const auto size = std::clamp<std::size_t>(status.st_size, smallest_piece, largest_piece);
    const auto piece = std::make_unique_for_overwrite<char[]>(size);
    for (;;) {
        const ssize_t got = ::read(fd.get(), piece.get(), size);
        if (got == 0) return {};
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error(Fault::bad_data, errno, "cannot be read", path);
        take({piece.get(), static_cast<std::size_t>(got)});
    }
}

bool exists(const std::string& path) noexcept { return ::access(path.c_str(), F_OK) == 0; }

std::string real_path(const std::string& path) {
    std::array<char, PATH_MAX> real;
    return ::realpath(path.c_str(), real.data()) != nullptr ? real.data() : path;
}

bool is_readable_by_all(const std::string& path) noexcept {
    struct stat status;
    return ::stat(path.c_str(), &status) == 0 && (status.st_mode & S_IROTH) != 0;
}

Result<std::string> read_all(int fd, std::size_t limit) {
    KG_LET(content, read_past(fd, limit));
    if (content.size() > limit)
        return Error{Fault::bad_data, EFBIG,
                     fmt::format("is larger than the limit of {} bytes", limit), ""};
    return content;
}

Result<void> write_all(int fd, std::string_view data) {
    while (!data.empty()) {
        const ssize_t written = ::write(fd, data.data(), data.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return system_error(Fault::input_output, errno, "cannot be written");
        data.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Result<Fd> sealed_memory(const char* name, std::string_view content) {
    Fd fd(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd.is_open())
        return system_error(Fault::input_output, errno, "a file in memory cannot be made");
    if (auto written = write_all(fd.get(), content); !written)
        return std::move(written).error().while_doing("a file in memory");
    ::lseek(fd.get(), 0, SEEK_SET);
    if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) !=
        0)
        return system_error(Fault::input_output, errno, "a file in memory cannot be sealed");
    return fd;
}

Result<void> make_directories(const std::string& path) {
    for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
        const std::string part = path.substr(0, end);
        if (::mkdir(part.c_str(), 0755) == 0) {
            const std::string above = part.substr(0, part.rfind('/') + 1);
            const Fd fd(::open(above.empty() ? "." : above.c_str(), O_RDONLY | O_CLOEXEC));
            if (fd.is_open()) ::fsync(fd.get());  // some file systems cannot; then it is their own
        } else if (const int code = errno; code != EEXIST && !exists(part)) {
            return system_error(Fault::input_output, code, "the directory cannot be made", part);
        }
        if (end == std::string::npos) return {};
    }
}

Result<std::vector<std::string>> list_directory(const std::string& path) {
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
    if (!directory) return system_error(Fault::bad_data, errno, "cannot be opened", path);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(directory.get())) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") names.emplace_back(name);
        errno = 0;
    }
    if (errno != 0) return system_error(Fault::bad_data, errno, "cannot be listed", path);
    std::ranges::sort(names);
    return names;
}

}  // namespace kaigara::platform
