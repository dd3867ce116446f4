// SPDX-License-Identifier: Apache-2.0
#include "system.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace kaigara::bench {

void give_up(std::string_view what) { throw Failure(std::string(what)); }

void give_up_errno(std::string_view what) {
    give_up(fmt::format("{}: {}", what, std::strerror(errno)));
}

volatile std::sig_atomic_t interrupted = 0;

void leave_if_interrupted() {
    if (interrupted != 0) give_up("interrupted");
}

std::string listed(const std::vector<std::string>& items, std::string_view between) {
    std::string text;
    for (const std::string& item : items) {
        if (!text.empty()) text += between;
        text += item;
    }
    return text;
}

std::uint64_t monotonic_nanoseconds() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
           static_cast<std::uint64_t>(now.tv_nsec);
}

void sleep_for(std::chrono::microseconds time) {
    timespec wanted{};
    wanted.tv_sec = time.count() / 1'000'000;
    wanted.tv_nsec = (time.count() % 1'000'000) * 1000;
    while (nanosleep(&wanted, &wanted) != 0 && errno == EINTR) leave_if_interrupted();
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
}

Descriptor::~Descriptor() {
    if (number_ >= 0) close(number_);
}

ScratchFolder::ScratchFolder() {
    const char* base = std::getenv("TMPDIR");
    path_ = fmt::format("{}/bench.XXXXXX", base != nullptr ? base : "/tmp");
    if (mkdtemp(path_.data()) == nullptr) give_up_errno("cannot make a scratch folder " + path_);
}

ScratchFolder::~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string ScratchFolder::write(const std::string& name, std::string_view content,
                                 mode_t mode) const {
    const std::string path = path_ + "/" + name;
    const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (file.get() < 0) give_up_errno("cannot write " + path);
    while (!content.empty()) {
        const ssize_t written = ::write(file.get(), content.data(), content.size());
        if (written < 0) give_up_errno("cannot write " + path);
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return path;
}

std::string ScratchFolder::link(const std::string& name, const std::string& target) const {
    std::string path = path_ + "/" + name;
    if (symlink(target.c_str(), path.c_str()) != 0) give_up_errno("cannot link " + path);
    return path;
}

std::string ScratchFolder::folder(const std::string& name) const {
    std::string path = path_ + "/" + name;
    if (mkdir(path.c_str(), 0755) != 0) give_up_errno("cannot make " + path);
    return path;
}

PinnedTo::PinnedTo(int processor) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(processor), &set);
    if (sched_getaffinity(0, sizeof before_, &before_) != 0 ||
        sched_setaffinity(0, sizeof set, &set) != 0) {
        give_up_errno(fmt::format("cannot use processor {} alone", processor));
    }
}

PinnedTo::~PinnedTo() { sched_setaffinity(0, sizeof before_, &before_); }

std::vector<int> usable_processors() {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) give_up_errno("cannot read the affinity");
    std::vector<int> numbers;
    for (int number = 0; number < CPU_SETSIZE; ++number) {
        if (CPU_ISSET(static_cast<std::size_t>(number), &set)) numbers.push_back(number);
    }
    return numbers;
}

std::string read_file(const std::string& path) {
    const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0) give_up_errno("cannot open " + path);
    std::string content;
    char buffer[16384];
    for (;;) {
        const ssize_t count = read(file.get(), buffer, sizeof buffer);
        if (count < 0) give_up_errno("cannot read " + path);
        if (count == 0) return content;
        content.append(buffer, static_cast<std::size_t>(count));
    }
}

std::uint64_t status_number(pid_t process, std::string_view field) {
    const std::string path = fmt::format("/proc/{}/status", process);
    const std::string content = read_file(path);
    const std::size_t place = content.find(fmt::format("\n{}:", field));
    if (place == std::string::npos) give_up(fmt::format("{} has no {}", path, field));
    return std::strtoull(content.c_str() + place + field.size() + 2, nullptr, 10);
}

std::uint64_t processor_nanoseconds(pid_t process) {
    return std::strtoull(read_file(fmt::format("/proc/{}/schedstat", process)).c_str(), nullptr,
                         10);
}

std::size_t count_children(pid_t process) {
    const std::string list = read_file(fmt::format("/proc/{0}/task/{0}/children", process));
    std::size_t count = 0;
    for (const char letter : list) count += letter == ' ' ? 1 : 0;  // a blank follows each number
    return count;
}

}  // namespace kaigara::bench
