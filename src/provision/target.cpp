// SPDX-License-Identifier: Apache-2.0
#include "provision/target.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "base/text.h"
#include "platform/files.h"
#include "provision/in_place.h"
#include "provision/target_path.h"

namespace kaigara::provision {

namespace {

constexpr mode_t permission_bits = 07777;
constexpr int first_high_descriptor = 10;

// Whether a directory refuses new files and yet a file in it might be written.
bool is_refusal(int code) { return code == EACCES || code == EPERM || code == EROFS; }

}  // namespace

Error Target::error(Fault fault, int code, std::string_view message) const {
    return system_error(fault, code, std::string(message), spec_.path);
}

Result<Target> Target::prepare(TargetSpec spec, std::string_view content, Leftovers leftovers) {
    Target target(std::move(spec));
    KG_TRY(target.find());
    const std::string& path = target.found_.path;
    if (target.found_.is_direct) {
        target.outcome_ = Outcome::passed_on;
        KG_TRY(target.stage_in_memory(content));
        return target;
    }
    if (leftovers == Leftovers::remove) remove_leftovers(directory_of(path), {name_of(path)});
    target.warn_of_wide_mode();
    if (target.has_wanted_status() && has_content(path, content)) {
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

bool Target::has_wanted_status() const {
    return found_.exists && (!spec_.mode || *spec_.mode == found_.mode) &&
           (!spec_.owner || *spec_.owner == found_.owner);
}

mode_t Target::wanted_mode() const {
    if (spec_.mode) return *spec_.mode;
    if (found_.exists) return found_.mode;
    return spec_.has_secret ? 0600 : spec_.mode_when_new;
}

void Target::fall_back(std::string_view reason) {
    warnings_.push_back(
        fmt::format("{} is written in place, not atomically: {}", spec_.path, reason));
    outcome_ = Outcome::written_in_place;
}

Result<void> Target::stage(std::string_view content) {
    auto made = StagedFile::make(found_.path, wanted_mode());
    if (made) {
        staged_ = std::move(*made);
        return stage_beside(content);
    }
    const int code = made.error().code;
    if (!is_refusal(code) || !found_.exists || !may_write(found_.path))
        return no_temporary_file(code);
    fall_back(
        fmt::format("no file can be made in {} ({})", directory_of(found_.path), errno_text(code)));
    return stage_in_memory(content);
}

Error Target::no_temporary_file(int code) const {
    const bool is_missing = code == ENOENT || code == ENOTDIR;
    const Fault fault = is_missing || is_refusal(code) ? Fault::cannot_create : Fault::input_output;
    Error failed =
        error(fault, code, fmt::format("no file can be made in {}", directory_of(found_.path)));
    if (is_missing) failed.message += " (mkdir -p it first)";
    return failed;
}

Result<void> Target::stage_beside(std::string_view content) {
    const int fd = staged_.fd();
    if (auto written = platform::write_all(fd, content); !written)
        return error(Fault::input_output, written.error().code, "cannot be written");
    KG_LET(is_owned, take_owner(fd));
    if (!is_owned) {
        fall_back(fmt::format("a new file could not be given to its owner {}:{}", found_.owner.uid,
                              found_.owner.gid));
        return {};
    }
    // After the owner, for chown(2) takes the set-user-id bits away.
    const mode_t mode = wanted_mode();
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
    // A check that is a shell script uses 3 to 9 as it likes.
    platform::Fd high(::fcntl(memory->get(), F_DUPFD_CLOEXEC, first_high_descriptor));
    memory_ = high.is_open() ? std::move(high) : std::move(*memory);
    return {};
}

int Target::staged_descriptor() const { return memory_.is_open() ? memory_.get() : staged_.fd(); }

std::string Target::staged_path() const {
    if (staged_.is_there()) return staged_.path();
    if (!memory_.is_open()) return found_.path;  // unchanged
    return fmt::format("/proc/self/fd/{}", memory_.get());
}

}  // namespace kaigara::provision
