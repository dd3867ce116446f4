// SPDX-License-Identifier: Apache-2.0
#pragma once

// All processes that a child has made: the members of the session that it was made the leader of.
//
// A signal to its process group is not enough: a shell with job control, or a program that calls
// setpgid(2), makes groups of its own. What has called setsid(2) has left on purpose and is not
// ours to end. The number of a session cannot be taken by a new process while a member is left, so
// no stranger is ever hit.
//
// To ask /proc costs a file a process, so it is avoided: as PID 1 and as a subreaper, everything
// that a child leaves becomes our child when its parent ends, and where we have no child there
// is nobody left.

#include <sys/types.h>

#include "platform/reaper.h"

namespace kaigara::platform {

class Session {
public:
    explicit Session(const Reaper& reaper);

    // `leader` has just been started in a session of its own.
    void begin(pid_t leader) noexcept { leader_ = leader; }
    pid_t leader() const noexcept { return leader_; }
    // Sends `signal` to each member, and CONT after it: a stopped process would not act on it.
    void send(int signal) const;
    // Nobody is left. To be asked when the leader has ended, after a round of reaping.
    bool is_empty() const;
    // How many are left.
    std::size_t count() const;

private:
    const Reaper& reaper_;
    bool adopts_orphans_;
    pid_t leader_ = 0;
};

}  // namespace kaigara::platform
