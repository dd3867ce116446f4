// SPDX-License-Identifier: Apache-2.0
#include "provision/ledger_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "base/log.h"
#include "platform/files.h"
#include "platform/wall_clock.h"

namespace kaigara::provision {

namespace {

constexpr mode_t ledger_mode = 0600;

constexpr std::string_view begin_anew =
    "move it away, and say 'kaigara ledger baseline' for what is done";

Error cannot(std::string_view what, const std::string& path, int code = errno) {
    return system_error(Fault::input_output, code, fmt::format("the ledger {}", what), path);
}

Error cannot_write(const std::string& path, int code) {
    const bool is_full = code == ENOSPC || code == EDQUOT || code == EFBIG;
    return cannot(is_full ? "cannot be written: make room on its file system" : "cannot be written",
                  path, code);
}

std::string now() { return log::format_time(platform::wall_clock()); }

// For a file's name: 20260102T030405.678Z
std::string compact_now() {
    std::string time = now();
    std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
    return time;
}

// Nothing that could block is opened, and no link is followed.
Result<platform::Fd> open_regular(const std::string& path, int flags) {
    platform::Fd fd(
        ::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, ledger_mode));
    if (!fd.is_open() && errno == ELOOP)
        return Error{Fault::input_output, ELOOP,
                     "the ledger is a symbolic link, which is not followed: name the file itself",
                     path};
    if (!fd.is_open()) return cannot("cannot be opened", path);
    struct stat status;
    if (::fstat(fd.get(), &status) != 0) return cannot("cannot be examined", path);
    if (!S_ISREG(status.st_mode))
        return Error{Fault::input_output, EINVAL, "the ledger is no regular file", path};
    return fd;
}

Result<std::string> read_open(int fd, const std::string& path) {
    auto text = platform::read_all(fd, largest_ledger);
    if (text) return text;
    Error error = std::move(text).error();
    return Error{Fault::input_output, error.code, "the ledger " + error.message, path};
}

// A new file that holds `text`, on disk.
Result<platform::Fd> write_new(const std::string& path, std::string_view text) {
    KG_LET(fd, open_regular(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL));
    auto written = platform::write_all(fd.get(), text);
    int code = written ? 0 : written.error().code;
    if (written && ::fdatasync(fd.get()) != 0) code = errno;
    if (code == 0) return fd;
    ::unlink(path.c_str());
    return cannot_write(path, code);
}

// The names in the directory of `path` are on disk.
Result<void> sync_directory(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    const platform::Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // Some file systems cannot synchronise a directory, and say so by EINVAL.
    if (!fd.is_open() || (::fsync(fd.get()) != 0 && errno != EINVAL))
        return cannot("cannot be made: its directory cannot be synchronised", path);
    return {};
}

}  // namespace

Result<std::optional<std::string>> read_ledger_text(const std::string& path) {
    auto fd = open_regular(path, O_RDONLY);
    if (!fd && (fd.error().code == ENOENT || fd.error().code == ENOTDIR))
        return std::optional<std::string>();
    if (!fd) return std::move(fd).error();
    KG_LET(text, read_open(fd->get(), path));
    return std::optional(std::move(text));
}

Result<LedgerHistory> read_ledger(const std::string& path) {
    KG_LET(text, read_ledger_text(path));
    if (!text) return LedgerHistory();
    KG_LET(ledger, parse_ledger(*text, path));
    return read_history(ledger);
}

Result<LedgerFile> LedgerFile::open(const std::string& path) {
    LedgerFile file(path);
    auto fd = open_regular(path, O_RDWR | O_APPEND);
    if (!fd && fd.error().code == ENOENT) return file;
    if (!fd) return std::move(fd).error();
    file.fd_ = std::move(*fd);
    KG_LET(text, read_open(file.fd_.get(), path));
    KG_LET(ledger, parse_ledger(text, path));
    file.size_ = ledger.size;
    file.number_ = ledger.lines.size();
    file.sum_ = ledger.last_sum();
    file.history_ = read_history(ledger);
    if (ledger.is_torn)
        KG_TRY(file.set_torn_line_aside(std::string_view(text).substr(ledger.size)));
    if (file.size_ > largest_ledger / 2)
        log::warn("{}: has {} bytes, and more than {} are not read: {}", path, file.size_,
                  largest_ledger, begin_anew);
    return file;
}

Result<void> LedgerFile::set_torn_line_aside(std::string_view torn) {
    const std::string aside = fmt::format("{}.torn-{}", path_, compact_now());
    KG_LET(kept, write_new(aside, torn));
    if (::ftruncate(fd_.get(), static_cast<off_t>(size_)) != 0 || ::fdatasync(fd_.get()) != 0)
        return cannot("cannot be cut back to its last whole line", path_);
    log::warn("{}: its last line is torn, as a loss of power leaves it; nothing was done on the "
              "strength of it, and it is set aside as {}",
              path_, aside);
    return {};
}

Result<void> LedgerFile::append(const LedgerRecord& record) {
    if (!fd_.is_open())
        KG_TRY(create());
    else
        KG_TRY(check_in_place());
    return write_line(record);
}

Result<void> LedgerFile::create() {
    const std::string beside = path_ + ".new";
    // Left by a kaigara that was killed here: we hold the lock, so it is nobody's.
    ::unlink(beside.c_str());
    number_ = 1;
    const std::string line =
        format_ledger_line({LedgerEvent::ledger, "",
                            fmt::format("format={} by=kaigara-{}", ledger_format, KAIGARA_VERSION)},
                           number_, now(), 0);
    KG_LET(fd, write_new(beside, line));
    if (::rename(beside.c_str(), path_.c_str()) != 0) {
        const int code = errno;
        ::unlink(beside.c_str());
        return cannot("cannot be made", path_, code);
    }
    KG_TRY(sync_directory(path_));
    fd_ = std::move(fd);
    size_ = line.size();
    sum_ = parse_ledger_line(std::string_view(line).substr(0, line.size() - 1))->sum;
    return {};
}

// What somebody else has done to it while we had its lock is not mended by another line of ours.
Result<void> LedgerFile::check_in_place() const {
    struct stat open;
    struct stat named;
    const bool is_known = ::fstat(fd_.get(), &open) == 0 && ::lstat(path_.c_str(), &named) == 0;
    if (!is_known && errno != ENOENT) return cannot("cannot be examined", path_);
    const bool is_same = is_known && open.st_dev == named.st_dev && open.st_ino == named.st_ino &&
                         static_cast<std::size_t>(open.st_size) == size_;
    if (is_same) return {};
    return Error{Fault::input_output, 0,
                 "the ledger was removed, replaced or written to by another program while it was "
                 "in use: see what has become of it before the next start",
                 path_};
}

Result<void> LedgerFile::write_line(const LedgerRecord& record) {
    const std::string line = format_ledger_line(record, number_ + 1, now(), sum_);
    const auto parsed = parse_ledger_line(std::string_view(line).substr(0, line.size() - 1));
    if (!parsed) return cannot("cannot hold a line that is so long", path_, ENAMETOOLONG);
    if (size_ + line.size() > largest_ledger)
        return cannot(fmt::format("is full: {}", begin_anew), path_, EFBIG);
    const auto written = platform::write_all(fd_.get(), line);
    int code = written ? 0 : written.error().code;
    if (written && ::fdatasync(fd_.get()) != 0) code = errno;
    if (code != 0) {
        // Best effort: where this fails as well, the next start finds a torn or a whole line.
        if (::ftruncate(fd_.get(), static_cast<off_t>(size_)) == 0) ::fdatasync(fd_.get());
        return cannot_write(path_, code);
    }
    size_ += line.size();
    number_ += 1;
    sum_ = parsed->sum;
    return {};
}

Result<std::string> LedgerFile::replace(const std::string& path, std::string_view text) {
    const std::string kept = fmt::format("{}.damaged-{}", path, compact_now());
    const std::string beside = path + ".new";
    ::unlink(beside.c_str());
    KG_LET(fd, write_new(beside, text));
    // The damaged file gets a second name first, so that at no moment there is no ledger; where the
    // file system has no such names, it is renamed.
    const bool is_kept =
        ::link(path.c_str(), kept.c_str()) == 0 || ::rename(path.c_str(), kept.c_str()) == 0;
    if (!is_kept || ::rename(beside.c_str(), path.c_str()) != 0) {
        const int code = errno;
        ::unlink(beside.c_str());
        return cannot("cannot be replaced", path, code);
    }
    KG_TRY(sync_directory(path));
    return kept;
}

}  // namespace kaigara::provision
