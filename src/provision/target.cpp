// SPDX-License-Identifier: Apache-2.0
#include "provision/target.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>

#include "base/text.h"
#include "platform/files.h"
#include "provision/target_path.h"

namespace kaigara::provision {

namespace {

constexpr mode_t permission_bits = 07777;
constexpr std::size_t copy_size = 65'536;

bool may_write(const std::string& path) {
    return ::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) == 0;
}

// Whether a directory refuses new files and yet a file in it might be written.
bool is_refusal(int code) { return code == EACCES || code == EPERM || code == EROFS; }

// Some file systems have no fsync(2) of their own: nothing to be done, and nothing lost.
int flush(int fd) {
    if (::fsync(fd) == 0 || errno == EINVAL || errno == ENOSYS || errno == EROFS) return 0;
    return errno;
}

bool has_content(const std::string& path, std::string_view content) {
    const platform::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    struct stat status;
    if (!fd.is_open() || ::fstat(fd.get(), &status) != 0) return false;
    if (status.st_size != static_cast<off_t>(content.size())) return false;
    std::array<char, copy_size> buffer;
    while (!content.empty()) {
        const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
        if (got <= 0 || !content.starts_with({buffer.data(), static_cast<std::size_t>(got)}))
            return false;
        content.remove_prefix(static_cast<std::size_t>(got));
    }
    return true;
}

}  // namespace

Target::Temporary::~Temporary() {
    if (is_there()) ::unlink(path_.c_str());
}

Error Target::error(Fault fault, int code, std::string_view message) const {
    return system_error(fault, code, std::string(message), spec_.path);
}

Result<Target> Target::prepare(TargetSpec spec, std::string_view content) {
    Target target(std::move(spec));
    KG_TRY(target.find());
    if (target.found_.is_direct) {
        target.outcome_ = Outcome::passed_on;
        KG_TRY(target.stage_in_memory(content));
        return target;
    }
    target.warn_of_wide_mode();
    if (target.is_as_wanted(content)) {
        target.outcome_ = Outcome::unchanged;
        return target;
    }
    KG_TRY(target.stage(content));
    return target;
}

Result<void> Target::find() {
    KG_LET(path, follow_links(spec_.path));
    found_.path = path;
    if (const auto descriptor = own_descriptor(path)) {
        found_.descriptor = *descriptor;
        found_.is_direct = true;
        return {};
    }
    struct stat status;
    if (::stat(path.c_str(), &status) != 0) {
        if (errno == ENOENT) return {};
        return error(Fault::cannot_create, errno, "cannot be reached");
    }
    if (S_ISDIR(status.st_mode)) return error(Fault::cannot_create, EISDIR, "cannot be written");
    found_.exists = true;
    found_.is_direct = !S_ISREG(status.st_mode) || is_descriptor_of_a_process(path);
    found_.mode = status.st_mode & permission_bits;
    found_.owner = {status.st_uid, status.st_gid};
    return {};
}

void Target::warn_of_wide_mode() {
    if (!spec_.has_secret || spec_.mode || !found_.exists || (found_.mode & 077) == 0) return;
    warnings_.push_back(fmt::format("{} holds a secret and is open to others (mode {:04o}, which "
                                    "it had and keeps): chmod 600 it, or set a mode",
                                    spec_.path, found_.mode));
}

bool Target::is_as_wanted(std::string_view content) const {
    return found_.exists && (!spec_.mode || *spec_.mode == found_.mode) &&
           (!spec_.owner || *spec_.owner == found_.owner) && has_content(found_.path, content);
}

Result<void> Target::stage(std::string_view content) {
    const std::string directory = directory_of(found_.path);
    std::string path = directory + "/.kaigara-XXXXXX";
    platform::Fd fd(::mkostemp(path.data(), O_CLOEXEC));
    if (!fd.is_open()) {
        const int code = errno;
        if (is_refusal(code) && found_.exists && may_write(found_.path)) {
            warnings_.push_back(
                fmt::format("{} is written in place, not atomically: no file can be "
                            "made in {} ({})",
                            spec_.path, directory, errno_text(code)));
            outcome_ = Outcome::written_in_place;
            return stage_in_memory(content);
        }
        const bool is_missing = code == ENOENT || code == ENOTDIR;
        const Fault fault =
            is_missing || is_refusal(code) ? Fault::cannot_create : Fault::input_output;
        Error failed = error(fault, code, fmt::format("no file can be made in {}", directory));
        if (is_missing) failed.message += " (mkdir -p it first)";
        return failed;
    }
    temporary_ = Temporary(std::move(path));
    staged_ = std::move(fd);
    return stage_beside(content);
}

Result<void> Target::stage_beside(std::string_view content) {
    const int fd = staged_.get();
    if (auto written = platform::write_all(fd, content); !written)
        return error(Fault::input_output, written.error().code, "cannot be written");
    KG_LET(is_owned, take_owner(fd));
    if (!is_owned) {
        warnings_.push_back(fmt::format("{} is written in place, not atomically: a new file could "
                                        "not be given to its owner {}:{}",
                                        spec_.path, found_.owner.uid, found_.owner.gid));
        outcome_ = Outcome::written_in_place;
        return {};
    }
    // After the owner, for chown(2) takes the set-user-id bits away.
    mode_t mode = spec_.has_secret ? 0600 : spec_.mode_when_new;
    if (found_.exists) mode = found_.mode;
    if (spec_.mode) mode = *spec_.mode;
    if (::fchmod(fd, mode) != 0)
        return error(Fault::cannot_create, errno, fmt::format("cannot have mode {:04o}", mode));
    if (const int code = flush(fd); code != 0)
        return error(Fault::input_output, code, "cannot be brought to the disk");
    return {};
}

// False where only writing in place keeps the owner of an existing file.
Result<bool> Target::take_owner(int fd) {
    struct stat status;
    if (::fstat(fd, &status) != 0) return error(Fault::input_output, errno, "cannot be examined");
    const Owner has{status.st_uid, status.st_gid};
    const Owner wanted = spec_.owner ? *spec_.owner : found_.exists ? found_.owner : has;
    if (has == wanted || ::fchown(fd, wanted.uid, wanted.gid) == 0) return true;
    const int code = errno;
    if (!spec_.owner && may_write(found_.path)) return false;
    return error(Fault::cannot_create, code,
                 fmt::format("cannot be given to {}:{}", wanted.uid, wanted.gid));
}

Result<void> Target::stage_in_memory(std::string_view content) {
    auto memory = platform::sealed_memory("kaigara-target", content);
    if (!memory) return error(Fault::input_output, memory.error().code, "cannot be prepared");
    staged_ = std::move(*memory);
    return {};
}

std::string Target::staged_path() const {
    if (temporary_.is_there()) return temporary_.path();
    if (!staged_.is_open()) return found_.path;  // unchanged
    return fmt::format("/proc/{}/fd/{}", ::getpid(), staged_.get());
}

Result<Target::Outcome> Target::commit() {
    switch (outcome_) {
    case Outcome::unchanged: return outcome_;
    case Outcome::written_in_place: return write_in_place();
    case Outcome::passed_on: return pass_on();
    case Outcome::replaced: break;
    }
    if (::rename(temporary_.path().c_str(), found_.path.c_str()) != 0) {
        // A file that is mounted cannot be replaced, see rename(2).
        if (errno != EBUSY && errno != EXDEV)
            return error(Fault::cannot_create, errno, "cannot be replaced");
        warnings_.push_back(fmt::format(
            "{} is written in place, not atomically: it is a mount of its own", spec_.path));
        return write_in_place();
    }
    temporary_.forget();
    // Without the right to read the directory there is no descriptor to flush; the file is safe.
    const platform::Fd directory(
        ::open(directory_of(found_.path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const int code = directory.is_open() ? flush(directory.get()) : 0;
    if (code != 0) return error(Fault::input_output, code, "its directory cannot be flushed");
    return outcome_;
}

Result<Target::Outcome> Target::write_in_place() {
    const platform::Fd fd(::open(found_.path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
    if (!fd.is_open()) return error(Fault::cannot_create, errno, "cannot be written");
    struct stat status;
    if (::fstat(staged_.get(), &status) != 0)
        return error(Fault::input_output, errno, "cannot be prepared");
    // The room is had before a byte of the old content is lost. Not every file system can say.
    if (status.st_size > 0 && ::fallocate(fd.get(), FALLOC_FL_KEEP_SIZE, 0, status.st_size) != 0 &&
        (errno == ENOSPC || errno == EDQUOT))
        return error(Fault::input_output, errno, "cannot be written");
    KG_TRY(copy_staged(fd.get()));
    if (::ftruncate(fd.get(), status.st_size) != 0)
        return error(Fault::input_output, errno, "cannot be cut to its new length");
    if (spec_.owner && ::fchown(fd.get(), spec_.owner->uid, spec_.owner->gid) != 0)
        return error(Fault::cannot_create, errno,
                     fmt::format("cannot be given to {}:{}", spec_.owner->uid, spec_.owner->gid));
    if (spec_.mode && ::fchmod(fd.get(), *spec_.mode) != 0)
        return error(Fault::cannot_create, errno,
                     fmt::format("cannot have mode {:04o}", *spec_.mode));
    if (const int code = flush(fd.get()); code != 0)
        return error(Fault::input_output, code, "cannot be brought to the disk");
    return Outcome::written_in_place;
}

Result<Target::Outcome> Target::pass_on() {
    if (found_.descriptor >= 0) {
        KG_TRY(copy_staged(found_.descriptor));
        return Outcome::passed_on;
    }
    // O_NONBLOCK: a FIFO that nobody reads is an error, not a wait without end. It is taken off
    // again, for a slow reader is none.
    const platform::Fd fd(
        ::open(found_.path.c_str(), O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    if (!fd.is_open() && errno == ENXIO)
        return error(Fault::cannot_create, ENXIO, "nobody reads from it");
    if (!fd.is_open()) return error(Fault::cannot_create, errno, "cannot be opened");
    ::fcntl(fd.get(), F_SETFL, O_APPEND);
    KG_TRY(copy_staged(fd.get()));
    return Outcome::passed_on;
}

Result<void> Target::copy_staged(int destination) const {
    std::array<char, copy_size> buffer;
    for (off_t offset = 0;;) {
        const ssize_t got = ::pread(staged_.get(), buffer.data(), buffer.size(), offset);
        if (got < 0) return error(Fault::input_output, errno, "cannot be prepared");
        if (got == 0) return {};
        if (auto written =
                platform::write_all(destination, {buffer.data(), static_cast<std::size_t>(got)});
            !written)
            return error(Fault::input_output, written.error().code, "cannot be written");
        offset += got;
    }
}

}  // namespace kaigara::provision
