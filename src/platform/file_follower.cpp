// SPDX-License-Identifier: Apache-2.0
#include "platform/file_follower.h"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <deque>
#include <utility>

#include "base/text.h"
#include "platform/files.h"

namespace kaigara::platform {

namespace {

constexpr std::size_t most_watches = 4'096;
constexpr int most_links = 40;  // path_resolution(7)

constexpr std::uint32_t own_end = IN_DELETE_SELF | IN_MOVE_SELF;
constexpr std::uint32_t of_file = own_end | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB;
constexpr std::uint32_t of_names = of_file | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;

// statfs(2): what other machines, or a server in user space, change without our kernel.
constexpr std::array<std::uint32_t, 8> foreign_file_systems = {
    0x6969,      // NFS
    0x517b,      // SMB
    0xff534d42,  // CIFS
    0xfe534d42,  // SMB 2
    0x65735546,  // FUSE, virtiofs
    0x01021997,  // 9p
    0x00c36400,  // Ceph
    0x5346414f,  // AFS
};

std::string absolute(const std::string& path) {
    if (path.starts_with('/')) return path;
    std::array<char, PATH_MAX> here;
    if (::getcwd(here.data(), here.size()) == nullptr) return "/" + path;
    return std::string(here.data()) + "/" + path;
}

std::string join(const std::string& directory, std::string_view name) {
    return directory == "/" ? directory + std::string(name) : directory + "/" + std::string(name);
}

std::string above(const std::string& directory) {
    const std::size_t slash = directory.rfind('/');
    return slash == 0 || slash == std::string::npos ? "/" : directory.substr(0, slash);
}

void push_steps(std::deque<std::string>& steps, std::string_view path) {
    const auto parts = text::split(path, '/');
    for (std::size_t i = parts.size(); i-- > 0;)
        if (!parts[i].empty() && parts[i] != ".") steps.emplace_front(parts[i]);
}

std::optional<std::string> link_target(const std::string& path) {
    std::array<char, PATH_MAX> target;
    const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
    if (size <= 0) return std::nullopt;
    return std::string(target.data(), static_cast<std::size_t>(size));
}

}  // namespace

FileFollower::FileFollower(Loop& loop, std::vector<FollowedPath> paths,
                           std::function<void()> on_event)
    : loop_(loop), paths_(std::move(paths)), on_event_(std::move(on_event)) {}

void FileFollower::arm() {
    // The old one first: a user may have no more than 128.
    poll_.reset();
    watches_.clear();
    fd_.reset();
    needs_polling_ = false;
    if (paths_.empty()) return;
    fd_.reset(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!fd_.is_open()) {
        needs_polling_ = true;
        return;
    }
    for (const FollowedPath& followed : paths_) follow(absolute(followed.path), followed.depth);
    poll_.emplace(loop_, fd_.get(), Poll::Readiness::readable, [this] { on_readable(); });
}

void FileFollower::follow(const std::string& path, std::size_t depth) {
    const auto real = walk(path);
    if (!real) return;
    struct stat facts = {};
    if (::lstat(real->c_str(), &facts) != 0) return;
    if (!S_ISDIR(facts.st_mode)) {
        watch(*real, of_file);
        return;
    }
    if (depth == 0) return;
    if (Watch* all = watch(*real, of_names)) all->all_names = true;
    follow_entries(*real, depth);
}

void FileFollower::follow_entries(const std::string& directory, std::size_t depth) {
    const auto names = list_directory(directory);
    if (!names) return;
    for (const std::string& name : *names) {
        if (name.starts_with('.') || name == "lost+found") continue;
        if (watches_.size() >= most_watches) {
            needs_polling_ = true;
            return;
        }
        follow(join(directory, name), depth - 1);
    }
}

// Watches each step; the path without links that it leads to, or nothing where it leads nowhere.
std::optional<std::string> FileFollower::walk(const std::string& path) {
    std::deque<std::string> steps;
    push_steps(steps, path);
    std::string at = "/";
    int links = 0;
    while (!steps.empty()) {
        const std::string name = std::move(steps.front());
        steps.pop_front();
        if (name == "..") {
            at = above(at);
            continue;
        }
        const std::string next = join(at, name);
        struct stat facts = {};
        const bool exists = ::lstat(next.c_str(), &facts) == 0;
        const bool is_link = exists && S_ISLNK(facts.st_mode);
        if (!exists || is_link || steps.empty()) watch_name(at, name);
        if (!exists) return std::nullopt;
        if (is_link) {
            const auto target = link_target(next);
            if (!target || ++links > most_links) return std::nullopt;
            if (target->starts_with('/')) at = "/";
            push_steps(steps, *target);
            continue;
        }
        if (S_ISDIR(facts.st_mode)) watch(next, own_end);
        at = next;
    }
    look_at_file_system(at);
    return at;
}

FileFollower::Watch* FileFollower::watch(const std::string& path, std::uint32_t mask) {
    // One inode has one watch: what is asked of it adds up.
    const int descriptor =
        ::inotify_add_watch(fd_.get(), path.c_str(), mask | IN_MASK_ADD | IN_DONT_FOLLOW);
    if (descriptor >= 0) return &watches_[descriptor];
    // One that has just gone was seen by the watch on its name.
    if (errno != ENOENT && errno != ENOTDIR) needs_polling_ = true;
    return nullptr;
}

void FileFollower::watch_name(const std::string& directory, std::string_view name) {
    look_at_file_system(directory);
    if (Watch* there = watch(directory, of_names)) there->names.emplace(name);
}

void FileFollower::look_at_file_system(const std::string& path) {
    struct statfs facts = {};
    if (::statfs(path.c_str(), &facts) != 0) return;
    const auto kind = static_cast<std::uint32_t>(facts.f_type);
    if (std::ranges::find(foreign_file_systems, kind) != foreign_file_systems.end())
        needs_polling_ = true;
}

void FileFollower::on_readable() {
    alignas(inotify_event) std::array<char, 16'384> buffer;
    bool is_news = false;
    const ssize_t got = ::read(fd_.get(), buffer.data(), buffer.size());
    for (ssize_t at = 0; at < got;) {
        inotify_event event;
        std::memcpy(&event, buffer.data() + at, sizeof event);
        const char* name = buffer.data() + at + sizeof event;
        is_news = is_news || (event.mask & IN_Q_OVERFLOW) != 0 ||
                  matters(event.wd, event.len == 0 ? std::string_view() : name);
        at += static_cast<ssize_t>(sizeof event + event.len);
    }
    if (is_news) on_event_();
}

// Without a name it is about the watched thing itself.
bool FileFollower::matters(int descriptor, std::string_view name) const {
    const auto found = watches_.find(descriptor);
    if (found == watches_.end()) return false;
    return name.empty() || found->second.all_names || found->second.names.contains(name);
}

}  // namespace kaigara::platform
