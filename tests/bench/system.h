// SPDX-License-Identifier: Apache-2.0
#pragma once

// The little that the benchmark wants from the kernel beside processes: clock, files of /proc, a
// descriptor and a scratch folder that clean up behind themselves.

#include <chrono>
#include <csignal>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <sched.h>
#include <sys/types.h>

namespace kaigara::bench {

// A benchmark that cannot measure has nothing to say: main prints why and ends with 1. Thrown, so
// that namespaces and scratch folders are gone by then.
struct Failure : std::runtime_error {
    using std::runtime_error::runtime_error;
};

[[noreturn]] void give_up(std::string_view what);
// The same with what errno says.
[[noreturn]] void give_up_errno(std::string_view what);

// Set by a signal that asks the benchmark to end; looked at wherever it has waited.
extern volatile std::sig_atomic_t interrupted;
void leave_if_interrupted();

[[nodiscard]] std::string listed(const std::vector<std::string>& items, std::string_view between);

[[nodiscard]] std::uint64_t monotonic_nanoseconds();
void sleep_for(std::chrono::microseconds time);

class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(other.number_) { other.number_ = -1; }
    Descriptor& operator=(Descriptor&& other) noexcept;
    ~Descriptor();
    [[nodiscard]] int get() const { return number_; }

private:
    int number_ = -1;
};

// A folder below TMPDIR with all that was made through it; gone with this object.
class ScratchFolder {
public:
    ScratchFolder();
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    ~ScratchFolder();
    [[nodiscard]] const std::string& path() const { return path_; }
    std::string write(const std::string& name, std::string_view content, mode_t mode = 0644) const;
    std::string link(const std::string& name, const std::string& target) const;
    std::string folder(const std::string& name) const;

private:
    std::string path_;
};

// All that is started meanwhile, and this program, on one processor.
class PinnedTo {
public:
    explicit PinnedTo(int processor);
    PinnedTo(const PinnedTo&) = delete;
    PinnedTo& operator=(const PinnedTo&) = delete;
    ~PinnedTo();

private:
    cpu_set_t before_{};
};

// In ascending order; never empty.
[[nodiscard]] std::vector<int> usable_processors();

[[nodiscard]] std::string read_file(const std::string& path);
// The number behind `field` in /proc/PID/status: a size in kB or a count.
[[nodiscard]] std::uint64_t status_number(pid_t process, std::string_view field);
// What the scheduler has charged the process with, see proc-schedstat: exact while it sleeps.
[[nodiscard]] std::uint64_t processor_nanoseconds(pid_t process);
// Children, zombies among them.
[[nodiscard]] std::size_t count_children(pid_t process);

}  // namespace kaigara::bench
