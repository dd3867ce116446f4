// SPDX-License-Identifier: Apache-2.0
#include "provision/ledger_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "platform/files.h"

namespace kaigara::provision {

namespace {

Error cannot(std::string_view what, const std::string& path) {
    return system_error(Fault::input_output, errno, fmt::format("the ledger's lock {}", what),
                        path);
}

std::string own_description() {
    timespec time = {};
    ::clock_gettime(CLOCK_REALTIME, &time);
    return fmt::format(
        "{}, process {}, since {}", host_name(), ::getpid(),
        log::format_time(std::int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000));
}

}  // namespace

Result<LedgerLock> LedgerLock::open(const std::string& ledger) {
    const std::string path = ledger + ".lock";
    const std::size_t slash = path.rfind('/');
    if (slash != std::string::npos && slash != 0)
        KG_TRY(platform::make_directories(path.substr(0, slash)));
    // As with the ledger itself: no link is followed, nothing that could block is opened.
    platform::Fd fd(::open(
        path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600));
    if (!fd.is_open()) return cannot("cannot be made", path);
    struct stat status;
    if (::fstat(fd.get(), &status) != 0) return cannot("cannot be examined", path);
    if (!S_ISREG(status.st_mode) || status.st_nlink > 1)
        return Error{Fault::input_output, 0,
                     "the ledger's lock must be a regular file with one name: remove it", path};
    return LedgerLock(path, std::move(fd));
}

Result<bool> LedgerLock::try_lock() {
    int locked = 0;
    do {
        locked = ::flock(fd_.get(), LOCK_EX | LOCK_NB);
    } while (locked != 0 && errno == EINTR);
    if (locked != 0 && errno == EWOULDBLOCK) return false;
    if (locked != 0) return cannot("cannot be had: its file system may have no locks", path_);
    // For people only: a disk that is full does not keep us from having the lock.
    const std::string text = own_description() + "\n";
    if (::ftruncate(fd_.get(), 0) != 0 || ::pwrite(fd_.get(), text.data(), text.size(), 0) < 0)
        log::debug("{}: cannot be written: {}", path_, errno_text(errno));
    return true;
}

std::string LedgerLock::holder() const {
    std::array<char, 512> text;
    const ssize_t size = ::pread(fd_.get(), text.data(), text.size(), 0);
    if (size <= 0) return {};
    const std::string_view read(text.data(), static_cast<std::size_t>(size));
    return text::printable(text::trim(read));
}

std::string host_name() {
    utsname name = {};
    if (::uname(&name) != 0 || name.nodename[0] == 0) return "?";
    return name.nodename;
}

}  // namespace kaigara::provision
