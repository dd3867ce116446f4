// SPDX-License-Identifier: Apache-2.0
#pragma once

// Starting a child process.
//
// spawn() prepares everything, makes the child and returns when the child runs its program, or with
// the step that failed and its errno. What happens between the two is in after_fork.cpp alone.
//
// The child shares our memory until it executes (CLONE_VM | CLONE_VFORK, as posix_spawn(3) does):
// no page table is copied, which is most of the cost of fork(2), and its report needs no pipe. Only
// a child that changes its user gets a copy of the memory, because a process of that user could
// otherwise reach into ours in the moment between setresuid(2) and execve(2); its report then lies
// in a shared page. In both cases the kernel holds us until the child has executed or is gone, so a
// signal that is forwarded later always meets the program, its process group and its own handlers.
// This is why no close-on-exec pipe is needed (law 1).
//
// All signals are blocked by then (platform/signals.h), so none can act on the child too early.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "platform/signals.h"

namespace kaigara::platform {

// The user that a child runs as. Groups are the supplementary ones. Any user but root (0) has no
// capability: the permitted, effective, inheritable and ambient sets are empty, whatever the
// container's runtime gave; the bounding set stays. Where kaigara is that user already and may not
// change its groups, the child is started if kaigara is in no further group.
struct Credentials {
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;
};

// In the order in which the child performs them.
enum class SpawnStep : std::uint8_t {
    clone,
    session,
    terminal,
    descriptors,
    umask,
    directory,
    groups,
    group,
    user,
    capabilities,
    no_new_privileges,
    execute,
};

// "setting the user", for a message.
const char* step_text(SpawnStep step) noexcept;

struct SpawnFailure {
    SpawnStep step = SpawnStep::clone;
    int code = 0;   // errno
    pid_t pid = 0;  // of the child that failed; 0 when there was none
};

enum class ProcessGroup : std::uint8_t { inherited, own_group, own_session };

struct SpawnRequest {
    // Null-terminated, as execve(2) wants them. argv[0] is searched in the PATH of `environment`
    // unless it holds a slash. Both belong to the caller and are not changed, but for listen_pid.
    char* const* argv = nullptr;
    char* const* environment = nullptr;

    ProcessGroup group = ProcessGroup::own_group;
    // A terminal that the new group is made the foreground of; -1 for none. One that turns out to
    // be none, or not ours, is passed over.
    int terminal = -1;
    // With own_session: makes descriptor 0 the controlling terminal, where it is one.
    bool take_terminal = false;
    // Where a child without `credentials` leaves the errno of a terminal that it did not get.
    int* terminal_error = nullptr;

    int stdio[3] = {0, 1, 2};
    // A further descriptor that the child gets, as number `passed_as`; -1 for none.
    int passed = -1;
    int passed_as = -1;
    // Closes every descriptor but 0, 1, 2 and `passed_as`.
    bool close_others = false;

    std::optional<mode_t> umask;
    // Where `directory` starts from; -1 for our own working directory.
    int directory_fd = -1;
    const char* directory = nullptr;
    const Credentials* credentials = nullptr;
    // No program that it executes, and none of its children, can gain rights: PR_SET_NO_NEW_PRIVS.
    bool no_new_privileges = false;

    // The signal state of the child.
    SignalSet mask;
    bool ignore_child_signal = false;
    bool default_dispositions = false;  // all that can be, even those inherited as ignored

    // Digits in `environment` that the child overwrites with its own pid (LISTEN_PID of
    // sd_listen_fds(3)): room for 10 digits and the NUL; nullptr for none.
    char* listen_pid = nullptr;
};

// The pid of the child. It must be announced to the reaper before control returns to the loop.
// What is left of a child that failed is collected by the reaper like any stranger.
// Failures with EAGAIN or ENOMEM at `clone`, and ETXTBSY at `execute`, are worth another try.
Result<pid_t, SpawnFailure> spawn(const SpawnRequest& request);

bool is_worth_another_try(const SpawnFailure& failure) noexcept;

// What a person needs to know: which program, which part was missing (the file, its interpreter,
// the right to execute it), what to do. `argv0` and `path` (the PATH searched) as in the request.
// Fault::not_found where the program or its interpreter does not exist, not_executable otherwise.
Error explain(const SpawnFailure& failure, const std::string& argv0, const char* path);

}  // namespace kaigara::platform
