// SPDX-License-Identifier: Apache-2.0
#include "provision/ledger_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "platform/files.h"
#include "platform/wall_clock.h"

namespace kaigara::provision {

namespace {

Error cannot(std::string_view what, const std::string& path) {
    const int code = errno;
    if (code == ELOOP)
        return Error{Fault::input_output, code,
                     "the ledger's lock is a symbolic link, which is not followed: remove it while "
                     "no kaigara runs",
                     path};
    return system_error(Fault::input_output, code,
                        fmt::format("the ledger's lock {}: --ledger has to name a file on a volume "
                                    "that can be written",
                                    what),
                        path);
}

}  // namespace

Result<LedgerLock> LedgerLock::open(const std::string& ledger) {
    LedgerLock lock(ledger + ".lock", O_RDWR | O_CREAT);
    const std::size_t slash = ledger.rfind('/');
    if (slash != std::string::npos && slash != 0) {
        if (auto made = platform::make_directories(ledger.substr(0, slash)); !made) {
            Error error = std::move(made).error();
            error.message = "for the ledger " + error.message +
                            "; --ledger names a file, best on the volume of the data";
            return error;
        }
    }
    KG_TRY(lock.open_file());
    return lock;
}

Result<LedgerLock> LedgerLock::open_existing(const std::string& ledger) {
    LedgerLock lock(ledger + ".lock", O_RDONLY);
    KG_TRY(lock.open_file());
    return lock;
}

Result<void> LedgerLock::open_file() {
    // As with the ledger itself: no link is followed, nothing that could block is opened.
    fd_.reset(::open(path_.c_str(), flags_ | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600));
    if (!fd_.is_open()) return cannot("cannot be made", path_);
    struct stat status;
    if (::fstat(fd_.get(), &status) != 0) return cannot("cannot be examined", path_);
    if (!S_ISREG(status.st_mode) || status.st_nlink > 1)
        return Error{Fault::input_output, 0,
                     "the ledger's lock must be a regular file with one name: remove it while no "
                     "kaigara runs",
                     path_};
    return {};
}

// Two that hold the locks of two files do not keep each other out, whatever these were called.
bool LedgerLock::is_in_place() const noexcept {
    struct stat open;
    struct stat named;
    return ::fstat(fd_.get(), &open) == 0 && ::lstat(path_.c_str(), &named) == 0 &&
           open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

Result<bool> LedgerLock::try_lock() {
    int locked = 0;
    do {
        locked = ::flock(fd_.get(), LOCK_EX | LOCK_NB);
    } while (locked != 0 && errno == EINTR);
    if (locked != 0 && errno != EWOULDBLOCK)
        return cannot("cannot be had, as its file system may have no locks", path_);
    if (!is_in_place()) {
        KG_TRY(open_file());
        return false;  // the caller asks again
    }
    if (locked != 0) return false;
    if ((flags_ & O_ACCMODE) == O_RDONLY) return true;
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

std::string own_description() {
    return fmt::format("{}, process {}, since {}", host_name(), ::getpid(),
                       log::format_time(platform::wall_clock()));
}

}  // namespace kaigara::provision
