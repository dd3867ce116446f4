// SPDX-License-Identifier: Apache-2.0

// What would become of a target, told without an effect on anything. What access(2) says is what
// the kernel would decide, except for what it cannot know: a full disk, a quota, an immutable file.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include <fmt/format.h>

#include "base/text.h"
#include "platform/files.h"
#include "provision/in_place.h"
#include "provision/target.h"
#include "provision/target_path.h"

namespace kaigara::provision {

namespace {

constexpr std::size_t largest_content = std::size_t{64} * 1024 * 1024;

// STATX_ATTR_MOUNT_ROOT of statx(2), which musl's headers do not know yet.
constexpr std::uint64_t attribute_mount_root = 0x2000;

// A kernel before 5.8 does not say; then only the attempt will tell.
bool is_mount(const std::string& path) {
    struct statx status = {};
    return ::statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, 0, &status) == 0 &&
           (status.stx_attributes & attribute_mount_root) != 0;
}

// Whether chown(2) would let us, as far as that can be told.
bool may_give(const Owner& born, const Owner& wanted) {
    if (wanted == born || ::geteuid() == 0) return true;
    if (wanted.uid != born.uid) return false;
    std::vector<gid_t> groups(static_cast<std::size_t>(std::max(::getgroups(0, nullptr), 0)));
    const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
    groups.resize(static_cast<std::size_t>(std::max(count, 0)));
    return wanted.gid == ::getegid() || std::ranges::find(groups, wanted.gid) != groups.end();
}

// Of a new file. In a directory with the set-group-id bit it is the directory's.
Owner owner_at_birth(const std::string& directory) {
    Owner born{::geteuid(), ::getegid()};
    struct stat status;
    if (::stat(directory.c_str(), &status) == 0 && (status.st_mode & S_ISGID) != 0)
        born.gid = status.st_gid;
    return born;
}

// 0, or why no file can be made in the directory. Missing ones that would be made are collected.
int may_create_in(std::string directory, std::span<const RootDirectory> makes,
                  std::vector<std::string>& missing) {
    for (;;) {
        struct stat status;
        if (::stat(directory.c_str(), &status) == 0)
            return !S_ISDIR(status.st_mode) ? ENOTDIR
                   : ::faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) == 0 ? 0
                                                                                            : errno;
        const int code = errno;
        if (code != ENOENT ||
            std::ranges::find(makes, directory, &RootDirectory::path) == makes.end())
            return code;
        missing.insert(missing.begin(), directory);
        directory = directory_of(directory);
    }
}

}  // namespace

Examination Target::examine(const TargetSpec& spec, std::string_view content,
                            std::span<const RootDirectory> directories) {
    Examination examination;
    Target target(spec);
    if (auto found = target.find(); !found) {
        examination.outcome = Outcome::replaced;
        examination.error = std::move(found).error();
        return examination;
    }
    const Found& found = target.found_;
    if (found.is_direct) {
        examination.outcome = Outcome::passed_on;
        examination.content_differs = true;
        if (found.descriptor < 0 && !may_write(found.path))
            examination.error = target.error(Fault::cannot_create, errno, "cannot be opened");
        return examination;
    }
    target.warn_of_wide_mode();
    examination.is_new = !found.exists;
    if (found.exists)
        if (auto old = platform::read_file(found.path, largest_content))
            examination.old_content = std::move(*old);
    examination.content_differs = !found.exists || !has_content(found.path, content);
    examination.new_mode = target.wanted_mode();
    examination.old_mode = found.exists ? found.mode : examination.new_mode;
    const bool is_unchanged = target.has_wanted_status() && !examination.content_differs;
    const Owner born = owner_at_birth(directory_of(found.path));
    examination.new_owner = spec.owner ? *spec.owner : found.exists ? found.owner : born;
    examination.old_owner = found.exists ? found.owner : examination.new_owner;
    target.outcome_ = is_unchanged ? Outcome::unchanged : Outcome::replaced;
    if (!is_unchanged) {
        target.examine_place(examination, directories);
        target.examine_owner(examination, born);
    }
    examination.outcome = target.outcome_;
    examination.warnings = std::move(target.warnings_);
    return examination;
}

void Target::examine_place(Examination& examination, std::span<const RootDirectory> directories) {
    const int code = may_create_in(directory_of(found_.path), directories, examination.directories);
    const bool may_overwrite = found_.exists && may_write(found_.path);
    if (code != 0 && !may_overwrite)
        examination.error = no_temporary_file(code);
    else if (code != 0)
        fall_back(fmt::format("no file can be made in {} ({})", directory_of(found_.path),
                              errno_text(code)));
    else if (found_.exists && is_mount(found_.path)) {
        fall_back("it is a mount of its own");
        if (!may_overwrite)
            examination.error = error(Fault::cannot_create, EACCES, "cannot be written");
    }
}

void Target::examine_owner(Examination& examination, const Owner& born) {
    const Owner wanted = examination.new_owner;
    if (examination.error) return;
    if (outcome_ == Outcome::replaced && !may_give(born, wanted) && !spec_.owner &&
        may_write(found_.path))
        fall_back(fmt::format("a new file could not be given to its owner {}:{}", wanted.uid,
                              wanted.gid));
    if (may_give(outcome_ == Outcome::replaced ? born : found_.owner, wanted)) return;
    examination.error = error(Fault::cannot_create, EPERM,
                              fmt::format("cannot be given to {}:{}", wanted.uid, wanted.gid));
}

}  // namespace kaigara::provision
