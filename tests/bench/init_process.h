// SPDX-License-Identifier: Apache-2.0
#pragma once

// A program as PID 1 of a fresh PID namespace, as a container runtime would start it: leader of a
// session without a terminal, standard streams open, all signals unblocked. The namespace and all
// that runs in it ends with it, and it ends with the benchmark (PR_SET_PDEATHSIG).

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

#include "channel.h"
#include "system.h"

namespace kaigara::bench {

using Words = std::vector<std::string>;

// An init to compare, without the words of its child.
struct Contender {
    std::string name;
    Words words;
};

[[nodiscard]] Words join(const Words& first, const Words& rest);

// Descriptors by which a child behind an init is led and heard (channel.h).
class Channel {
public:
    Channel();
    Channel(Channel&&) = default;
    // Waits until the child has spoken; false when the deadline passes first. Clears the counter.
    [[nodiscard]] bool wait_for_child(std::chrono::milliseconds deadline) const;
    void let_go_on() const;
    [[nodiscard]] std::uint64_t arrivals() const;
    [[nodiscard]] const ChannelArrival& arrival(std::uint64_t index) const;
    // Called between clone and exec.
    void place_for_child() const;

private:
    Descriptor to_child_;
    Descriptor from_child_;
    Descriptor memory_;
    ChannelMemory* area_ = nullptr;
};

struct InitEnd {
    int status = 0;                 // as waitpid gives it
    std::uint64_t executed_at = 0;  // just before execve
    std::uint64_t ended_at = 0;     // just after wait returned
    [[nodiscard]] double microseconds() const {
        return static_cast<double>(ended_at - executed_at) / 1000.0;
    }
};

// What a process finds beside its words.
struct Surroundings {
    const Channel* channel = nullptr;  // its descriptors become 7, 8 and 9
    bool own_proc = false;             // a /proc of its own namespace, as valgrind wants it
    int service_variables = 0;         // in its environment, beside the three that each has
};

class InitProcess {
public:
    explicit InitProcess(const Words& words, const Surroundings& surroundings = {});
    InitProcess(InitProcess&& other) noexcept;
    InitProcess(const InitProcess&) = delete;
    ~InitProcess();  // kills what still runs

    [[nodiscard]] pid_t pid() const { return pid_; }
    void kill(int signal) const;
    // Waits for its end. One that has not ended within a minute is killed, which its status shows.
    InitEnd wait();

private:
    pid_t pid_ = -1;
};

// Runs to the end and demands exit status 0; what else comes out means that nothing was measured.
[[nodiscard]] InitEnd run_to_success(const Words& words);

// From now on a signal to the benchmark ends it in order, and no wait takes more than a minute.
void watch_for_interruption();

// Lets a user without rights do all this, in a user namespace of his own. Root needs nothing.
void enter_user_namespace_unless_root();

}  // namespace kaigara::bench
