// SPDX-License-Identifier: Apache-2.0

#include "plain_process.h"

#include <cstdlib>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kaigara::bench {

namespace {

std::vector<char*> pointers_to(const Words& words) {
    std::vector<char*> pointers;
    for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
    pointers.push_back(nullptr);
    return pointers;
}

[[noreturn]] void become(const std::string& input, char** words, char** environment) {
    ::dup2(::open(input.empty() ? "/dev/null" : input.c_str(), O_RDONLY), 0);
    const int nothing = ::open("/dev/null", O_WRONLY);
    ::dup2(nothing, 1);
    ::dup2(nothing, 2);
    ::execve(words[0], words, environment);
    ::_exit(127);
}

}  // namespace

PlainEnd run_plain(const PlainRun& run) {
    leave_if_interrupted();
    Words environment = run.environment;
    environment.push_back("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    std::vector<char*> words = pointers_to(run.words);
    std::vector<char*> entries = pointers_to(environment);
    const std::uint64_t began = monotonic_nanoseconds();
    const pid_t process = ::vfork();
    if (process == 0) become(run.input, words.data(), entries.data());
    if (process < 0) give_up_errno("vfork");
    PlainEnd end;
    rusage used{};
    if (::wait4(process, &end.status, 0, &used) != process) give_up_errno("wait4");
    end.milliseconds = static_cast<double>(monotonic_nanoseconds() - began) / 1e6;
    end.megabytes = static_cast<double>(used.ru_maxrss) / 1000;
    return end;
}

PlainEnd run_plain_to(int exit_status, const PlainRun& run) {
    const PlainEnd end = run_plain(run);
    if (!WIFEXITED(end.status) || WEXITSTATUS(end.status) != exit_status)
        give_up(fmt::format("{} ended with {:#x}, not with exit status {}", listed(run.words, " "),
                            end.status, exit_status));
    return end;
}

}  // namespace kaigara::bench
