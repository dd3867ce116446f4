// SPDX-License-Identifier: Apache-2.0
#include "app/catatonit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "app/catatonit_words.h"
#include "app/getopt.h"
#include "app/supervise_only.h"
#include "base/error.h"
#include "platform/descriptors.h"

namespace kaigara::app {

namespace {

using Level = CatatonitWords::Level;

// The word that docker looks for in the version of an init comes first, as catatonit has it.
constexpr std::string_view version = "tini version 0.2.1_catatonit\n";

constexpr std::string_view usage = "usage: catatonit [-ghLPV] [--] <progname> [<arguments>...]\n";

constexpr std::string_view options_text =
    "\n"
    "options:\n"
    "  -g              Forward signals to the whole process group of the program.\n"
    "  -h              Print this text.\n"
    "  -L              Print the licence.\n"
    "  -P              Pause: run no program, reap, and end on INT or TERM.\n"
    "  -V, --version   Print the version.\n";

// No part of catatonit is in here, so its licence would be a false statement.
constexpr std::string_view licence =
    "kaigara, called as catatonit\n"
    "\n"
    "Licensed under the Apache License, Version 2.0 (the \"License\");\n"
    "you may not use this file except in compliance with the License.\n"
    "You may obtain a copy of the License at\n"
    "\n"
    "    http://www.apache.org/licenses/LICENSE-2.0\n"
    "\n"
    "Unless required by applicable law or agreed to in writing, software\n"
    "distributed under the License is distributed on an \"AS IS\" BASIS,\n"
    "WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.\n"
    "See the License for the specific language governing permissions and\n"
    "limitations under the License.\n";

constexpr std::array long_options = {Getopt::Long{"version", false, 'V'}};

std::string error_line(std::string_view text) {
    return CatatonitWords::line(::getpid(), Level::error, text);
}

// Elsewhere than as PID 1 it insists on getting the orphans.
bool become_subreaper(CatatonitWords& words) {
    if (::getpid() == 1 || ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0) return true;
    words.say(Level::error, "failed to set child-reaper as non-pid1: {}", errno_text(errno));
    return false;
}

// sd_listen_fds(3): descriptors are meant for the process whose pid LISTEN_PID is. Whoever started
// us meant the program, and wrote the only pid that it knew.
struct ListenPid {
    static constexpr std::string_view name = "LISTEN_PID=";
    std::array<char, 32> entry{};

    void put_into(supervise::Launch& launch) {
        for (char*& given : launch.environment) {
            if (given == nullptr || !std::string_view(given).starts_with(name)) continue;
            if (!names_process(given + name.size(), ::getpid())) return;
            name.copy(entry.data(), entry.size());
            given = entry.data();
            launch.listen_pid = entry.data() + name.size();
            return;
        }
    }
};

supervise::Launch make_launch(CatatonitOptions& options, char* const* environment) {
    supervise::Launch launch;
    launch.argv = std::move(options.program);
    launch.environment = entries_of(environment);
    launch.signal_group = options.group;
    launch.not_ours = fault_signals;
    // They tell of a terminal that catatonit gave away.
    for (const int signal : {SIGTSTP, SIGTTIN, SIGTTOU})
        launch.signals.rewrite(signal, supervise::SignalMap::drop);
    launch.job_control = supervise::JobControl::on_terminal;
    return launch;
}

int run_program(CatatonitOptions& options, CatatonitWords& words, char* const* environment) {
    supervise::Launch launch = make_launch(options, environment);
    ListenPid listen_pid;
    listen_pid.put_into(launch);
    // The terminal of the session, wherever descriptor 0 leads.
    const platform::Fd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC));
    const int terminal_error = terminal.is_open() ? 0 : errno;
    launch.terminal = terminal.is_open() ? terminal.get() : 0;
    words.about(launch, terminal_error);
    return words.status_of(supervise_only(launch, words, &words));
}

// Holds the namespaces of a pod: a child of nobody, that reaps until it is told to end.
class Pause {
public:
    explicit Pause(CatatonitWords& words)
        : words_(words),
          signals_(
              loop_, [this](const platform::Signal& signal) { on_signal(signal.number); },
              [this] { on_child(); }, platform::SignalSet{~fault_signals.bits}) {
        platform::set_signal_mask({~fault_signals.bits});
        reaper_.on_stranger(
            [this](pid_t pid, const platform::ChildEnd& end) { words_.stranger_ended(pid, end); });
    }

    void run() {
        on_child();  // what was dead before we began
        loop_.run();
    }

private:
    void on_signal(int signal) {
        if (signal == SIGINT || signal == SIGTERM) loop_.stop();
        if (signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU) words_.dropped(signal);
    }
    void on_child() {
        reaper_.reap();
        words_.reaped(reaper_.has_children());
    }

    CatatonitWords& words_;
    platform::Loop loop_;
    platform::Reaper reaper_;
    platform::SignalReader signals_;
};

int run_pause(CatatonitWords& words) {
    Pause pod(words);
    // What is pinned by a directory or a descriptor could not be unmounted while the pod exists.
    if (::chdir("/") != 0) words.say(Level::debugging, "cannot enter /: {}", errno_text(errno));
    platform::close_inherited_descriptors();
    pod.run();
    return 0;
}

}  // namespace

bool names_process(const char* listen_pid, pid_t process) noexcept {
    const char* rest = nullptr;
    return leading_number(listen_pid, &rest) == process;
}

Result<CatatonitOptions, FaceEnd> parse_catatonit(int argc, char** argv, char* const* environment) {
    CatatonitOptions options;
    options.debug = variable(environment, "CATATONIT_DEBUG") != nullptr;
    if (variable(environment, "CATATONIT_LOG") != nullptr)
        return FaceEnd{1, 2, error_line("CATATONIT_LOG is reserved for future use")};
    const auto order = variable(environment, "POSIXLY_CORRECT") == nullptr
                           ? Getopt::Order::permute
                           : Getopt::Order::first_operand_ends;
    Getopt words(argc, argv, "ghLPV", long_options, order);
    while (const int letter = words.next()) {
        switch (letter) {
        case 'g': options.group = true; break;
        case 'P': options.pause = true; break;
        case 'h': return FaceEnd{0, 2, std::string(usage) + std::string(options_text)};
        case 'L': return FaceEnd{0, 1, std::string(licence)};
        case 'V': return FaceEnd{0, 1, std::string(version)};
        default: return FaceEnd{1, 2, words.complaint() + std::string(usage)};
        }
    }
    options.program = words.operands();
    if (options.program.size() == 1 && !options.pause)
        return FaceEnd{1, 2, error_line("missing program name") + std::string(usage)};
    return options;
}

int run_catatonit(int argc, char** argv, char** environment) {
    auto options = parse_catatonit(argc, argv, environment);
    if (!options) return end_face(options.error());
    CatatonitWords words(options->debug);
    if (!become_subreaper(words)) return 1;
    return options->pause ? run_pause(words) : run_program(*options, words, environment);
}

}  // namespace kaigara::app
