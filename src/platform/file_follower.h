// SPDX-License-Identifier: Apache-2.0
#pragma once

// Tells that files or directories may have changed, by inotify(7).
//
// What is read by a path changes in many ways: it is written to, another file is renamed to its
// name (editors, configuration management), a link on the way leads elsewhere (the ..data of a
// ConfigMap volume), a directory on the way goes or comes. So each step of a path is watched: the
// directory that has a link, the last name or a missing name, for that name alone; the directories
// on the way for their own end; and the file itself, since a bind mount lets others write to it by
// another path. Of a directory that is followed all names count, and what is in it is followed the
// same way.
//
// An event says only that something may be different. Whoever follows calls arm() and reads anew:
// the watches are in place before the content is read, so no change is lost between the two.
//
// Where inotify cannot serve (a network file system, no watch left) needs_polling() says so.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "platform/fd.h"
#include "platform/loop.h"

namespace kaigara::platform {

struct FollowedPath {
    std::string path;
    // How deep a directory there is followed: 1 for what is in it, 2 for what is in the directories
    // in it too.
    std::size_t depth = 1;
};

class FileFollower {
public:
    // The loop outlives it. `on_event` is called by the loop; the object must not be destroyed in
    // it.
    FileFollower(Loop& loop, std::vector<FollowedPath> paths, std::function<void()> on_event);

    // Follows the paths as they are now. Events of before are forgotten.
    void arm();
    // Some of what is followed may change without an event.
    bool needs_polling() const noexcept { return needs_polling_; }

private:
    struct Watch {
        std::set<std::string, std::less<>> names;
        bool all_names = false;  // of a directory that is followed
    };

    void follow(const std::string& path, std::size_t depth);
    void follow_entries(const std::string& directory, std::size_t depth);
    std::optional<std::string> walk(const std::string& path);
    Watch* watch(const std::string& path, std::uint32_t mask);
    void watch_name(const std::string& directory, std::string_view name);
    void look_at_file_system(const std::string& path);
    void on_readable();
    bool matters(int descriptor, std::string_view name) const;

    Loop& loop_;
    std::vector<FollowedPath> paths_;
    std::function<void()> on_event_;
    Fd fd_;
    std::optional<Poll> poll_;
    std::map<int, Watch> watches_;
    bool needs_polling_ = false;
};

}  // namespace kaigara::platform
