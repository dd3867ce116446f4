// SPDX-License-Identifier: Apache-2.0
#pragma once

// The temporary file that becomes a target.
//
// It lies beside the target, for only there rename(2) can put it in place, under the name
// ".NAME.kaigara-XXXXXX". Its maker holds flock(2) on it as long as it lives, which the kernel
// takes away from a process that is killed. So whoever writes the same target next knows by the
// lock which of these files have nobody who would ever remove them, and removes them:
//
//     locked        another kaigara is at work on the target; it is left alone
//     not locked    its maker is dead
//
// Between the making of the file and its lock lies a moment in which another kaigara may take it
// for a dead one's: the maker sees that its name is gone and makes another one. Where the file
// system has no locks, nothing is removed, since nobody can tell.
//
// Nothing here trusts what lies in the directory: names are made anew (O_EXCL), links are not
// followed, and what is removed is a name, never what a link leads to.

#include <sys/types.h>

#include <set>
#include <string>
#include <utility>

#include "base/result.h"
#include "platform/fd.h"

namespace kaigara::provision {

class StagedFile {
public:
    // Makes the file that is to become `target`, with no more than `mode`, and for its owner alone.
    // Error::code says why it cannot be made; `where` is empty.
    static Result<StagedFile> make(const std::string& target, mode_t mode);

    StagedFile() = default;
    StagedFile(StagedFile&& other) noexcept
        : path_(std::exchange(other.path_, {})), fd_(std::move(other.fd_)) {}
    StagedFile& operator=(StagedFile&& other) noexcept {
        std::swap(path_, other.path_);
        std::swap(fd_, other.fd_);
        return *this;
    }
    StagedFile(const StagedFile&) = delete;
    StagedFile& operator=(const StagedFile&) = delete;
    // Removes the file, unless its name was given to another use.
    ~StagedFile();

    bool is_there() const noexcept { return !path_.empty(); }
    const std::string& path() const noexcept { return path_; }
    int fd() const noexcept { return fd_.get(); }
    // The file has its real name now: there is nothing to be removed any more, and no lock.
    void forget() noexcept {
        path_.clear();
        fd_.reset();
    }
    // The name is that of another file now, with which this one was exchanged. That one is marked
    // as ours, as far as that can be done, and removed with the object.
    void now_holds_another();

private:
    StagedFile(std::string path, platform::Fd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

    std::string path_;
    platform::Fd fd_;
};

// Removes from a directory what dead kaigaras left of the targets with these names, and whatever of
// it cannot be removed stays.
void remove_leftovers(const std::string& directory, const std::set<std::string>& names);

}  // namespace kaigara::provision
