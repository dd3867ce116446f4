// SPDX-License-Identifier: Apache-2.0

// The second half of Target: what puts the prepared content in place, and takes it back.

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "provision/in_place.h"
#include "provision/target.h"
#include "provision/target_path.h"

namespace kaigara::provision {

namespace {

// EINVAL: the file system knows no such renaming (FUSE, NFS, gVisor); ENOSYS: the kernel.
bool knows_no_flags(int code) { return code == EINVAL || code == ENOSYS; }

// A file that is mounted cannot be replaced, see rename(2).
bool is_mount(int code) { return code == EBUSY || code == EXDEV; }

}  // namespace

Result<Target::Outcome> Target::commit() {
    if (outcome_ == Outcome::replaced) KG_TRY(rename_over());
    if (outcome_ == Outcome::written_in_place) KG_TRY(write_in_place());
    if (outcome_ == Outcome::passed_on) KG_TRY(pass_on());
    return outcome_;
}

Result<void> Target::rename_over() {
    if (::rename(staged_.path().c_str(), found_.path.c_str()) != 0) return replace_refused(errno);
    staged_.forget();
    if (const int code = flush_directory(directory_of(found_.path)); code != 0)
        return error(Fault::input_output, code, "its directory cannot be flushed");
    return {};
}

Result<void> Target::replace_refused(int code) {
    if (!is_mount(code)) return error(Fault::cannot_create, code, "cannot be replaced");
    fall_back("it is a mount of its own");
    return {};
}

Result<void> Target::replace() {
    struct stat status;
    if (::fstat(staged_.fd(), &status) != 0)
        return error(Fault::input_output, errno, "cannot be examined");
    identity_ = {status.st_dev, status.st_ino};
    const char* const from = staged_.path().c_str();
    const char* const to = found_.path.c_str();
    // NOREPLACE, for what undo() removes must be ours.
    const unsigned flags = found_.exists ? RENAME_EXCHANGE : RENAME_NOREPLACE;
    if (::renameat2(AT_FDCWD, from, AT_FDCWD, to, flags) == 0) {
        placed_ = found_.exists ? Placed::exchanged : Placed::made;
    } else if (knows_no_flags(errno)) {
        if (found_.exists) KG_TRY(remember());
        if (::rename(from, to) != 0) return replace_refused(errno);
        placed_ = found_.exists ? Placed::written : Placed::made;
    } else if (errno == ENOENT && found_.exists) {
        found_.exists = false;  // somebody removed it meanwhile
        return replace();
    } else {
        return replace_refused(errno);
    }
    if (placed_ == Placed::exchanged) return accept_exchange();
    staged_.forget();
    return {};
}

// The two files have changed names, whatever the old one is by now: a directory, a link.
Result<void> Target::accept_exchange() {
    struct stat status;
    if (::lstat(staged_.path().c_str(), &status) == 0 && S_ISREG(status.st_mode)) {
        staged_.now_holds_another();
        return {};
    }
    KG_TRY(undo());
    return error(Fault::cannot_create, EEXIST,
                 "cannot be replaced, for it was made something else than a file meanwhile");
}

Result<void> Target::remember() {
    auto content = remember_content(found_.path);
    if (!content) {
        content.error().where = spec_.path;
        return std::move(content).error();
    }
    old_ = std::move(*content);
    return {};
}

Result<void> Target::rewrite() {
    KG_TRY(remember());
    return write_in_place();
}

Result<void> Target::write_in_place() {
    const platform::Fd fd(
        ::open(found_.path.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY));
    if (!fd.is_open()) return error(Fault::cannot_create, errno, "cannot be written");
    placed_ = Placed::written;
    if (auto written = overwrite(fd.get(), staged_descriptor()); !written) {
        written.error().where = spec_.path;
        return written;
    }
    // Only the owner may do these two, and here somebody else may be at work.
    if (spec_.owner && *spec_.owner != found_.owner &&
        ::fchown(fd.get(), spec_.owner->uid, spec_.owner->gid) != 0)
        return error(Fault::cannot_create, errno,
                     fmt::format("cannot be given to {}:{}", spec_.owner->uid, spec_.owner->gid));
    if (spec_.mode && (*spec_.mode != found_.mode || spec_.owner) &&
        ::fchmod(fd.get(), *spec_.mode) != 0)
        return error(Fault::cannot_create, errno,
                     fmt::format("cannot have mode {:04o}", *spec_.mode));
    if (const int code = flush(fd.get()); code != 0)
        return error(Fault::input_output, code, "cannot be brought to the disk");
    return {};
}

Result<void> Target::pass_on() {
    // O_NONBLOCK: a FIFO that nobody reads is an error, not a wait without end. It is taken off
    // again, for a slow reader is none.
    platform::Fd opened;
    if (found_.descriptor < 0) {
        opened.reset(
            ::open(found_.path.c_str(), O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
        if (!opened.is_open() && errno == ENXIO)
            return error(Fault::cannot_create, ENXIO, "nobody reads from it");
        if (!opened.is_open()) return error(Fault::cannot_create, errno, "cannot be opened");
        ::fcntl(opened.get(), F_SETFL, O_APPEND);
    }
    const int destination = opened.is_open() ? opened.get() : found_.descriptor;
    auto copied = copy_content(memory_.get(), destination);
    if (!copied) copied.error().where = spec_.path;
    return copied;
}

bool Target::is_still_ours() const {
    struct stat status;
    return ::lstat(found_.path.c_str(), &status) == 0 &&
           identity_ == Identity{status.st_dev, status.st_ino};
}

Result<void> Target::undo() {
    const Placed placed = std::exchange(placed_, Placed::no);
    if (placed == Placed::no) return {};
    if (placed == Placed::written) return write_back();
    if (!is_still_ours())
        return error(Fault::input_output, EEXIST,
                     "its former content is not brought back, for somebody else has changed it");
    const char* const path = found_.path.c_str();
    const bool is_undone =
        placed == Placed::made
            ? ::unlink(path) == 0
            : ::renameat2(AT_FDCWD, staged_.path().c_str(), AT_FDCWD, path, RENAME_EXCHANGE) == 0;
    if (is_undone) return {};
    return error(Fault::input_output, errno, "its former content cannot be brought back");
}

Result<void> Target::write_back() {
    const platform::Fd fd(
        ::open(found_.path.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY));
    if (!fd.is_open())
        return error(Fault::input_output, errno, "its former content cannot be written back");
    if (auto written = overwrite(fd.get(), old_.get()); !written) {
        written.error().where = spec_.path;
        return std::move(written).error().while_doing("writing its former content back");
    }
    // What a failed step has not changed is not given back either: only an owner may do that.
    struct stat status;
    if (::fstat(fd.get(), &status) != 0)
        return error(Fault::input_output, errno, "cannot be examined");
    const bool is_given = found_.owner == Owner{status.st_uid, status.st_gid} ||
                          ::fchown(fd.get(), found_.owner.uid, found_.owner.gid) == 0;
    if (!is_given ||
        ((status.st_mode & 07777) != found_.mode && ::fchmod(fd.get(), found_.mode) != 0))
        return error(Fault::input_output, errno, "its former mode or owner cannot be restored");
    if (const int code = flush(fd.get()); code != 0)
        return error(Fault::input_output, code, "its former content is not on the disk");
    return {};
}

}  // namespace kaigara::provision
