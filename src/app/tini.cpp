// SPDX-License-Identifier: Apache-2.0
#include "app/tini.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "app/getopt.h"
#include "app/supervise_only.h"
#include "app/tini_words.h"
#include "base/error.h"

namespace kaigara::app {

namespace {

struct NamedSignal {
    std::string_view name;
    int number;
};

// What -p knows: no short names, no numbers, none of the newer signals.
constexpr std::array named_signals = {
    NamedSignal{"SIGHUP", SIGHUP},       NamedSignal{"SIGINT", SIGINT},
    NamedSignal{"SIGQUIT", SIGQUIT},     NamedSignal{"SIGILL", SIGILL},
    NamedSignal{"SIGTRAP", SIGTRAP},     NamedSignal{"SIGABRT", SIGABRT},
    NamedSignal{"SIGBUS", SIGBUS},       NamedSignal{"SIGFPE", SIGFPE},
    NamedSignal{"SIGKILL", SIGKILL},     NamedSignal{"SIGUSR1", SIGUSR1},
    NamedSignal{"SIGSEGV", SIGSEGV},     NamedSignal{"SIGUSR2", SIGUSR2},
    NamedSignal{"SIGPIPE", SIGPIPE},     NamedSignal{"SIGALRM", SIGALRM},
    NamedSignal{"SIGTERM", SIGTERM},     NamedSignal{"SIGCHLD", SIGCHLD},
    NamedSignal{"SIGCONT", SIGCONT},     NamedSignal{"SIGSTOP", SIGSTOP},
    NamedSignal{"SIGTSTP", SIGTSTP},     NamedSignal{"SIGTTIN", SIGTTIN},
    NamedSignal{"SIGTTOU", SIGTTOU},     NamedSignal{"SIGURG", SIGURG},
    NamedSignal{"SIGXCPU", SIGXCPU},     NamedSignal{"SIGXFSZ", SIGXFSZ},
    NamedSignal{"SIGVTALRM", SIGVTALRM}, NamedSignal{"SIGPROF", SIGPROF},
    NamedSignal{"SIGWINCH", SIGWINCH},   NamedSignal{"SIGSYS", SIGSYS},
};

bool set_parent_death_signal(TiniOptions& options, std::string_view name) {
    const auto found = std::ranges::find(named_signals, name, &NamedSignal::name);
    if (found == named_signals.end()) return false;
    options.parent_death_signal = found->number;
    return true;
}

bool add_success(TiniOptions& options, const char* text) {
    const char* rest = nullptr;
    const long status = leading_number(text, &rest);
    if (*rest != '\0' || status < 0 || status > 255) return false;
    options.success.set(static_cast<std::size_t>(status));
    return true;
}

FaceEnd bad_argument(char letter, const char* argument) {
    return {1, 2,
            fmt::format("[FATAL tini ({})] Not a valid option for -{}: {}\n", ::getpid(), letter,
                        argument)};
}

void read_environment(TiniOptions& options, char* const* environment) {
    if (variable(environment, "TINI_SUBREAPER") != nullptr) options.subreaper = true;
    if (variable(environment, "TINI_KILL_PROCESS_GROUP") != nullptr) options.group = true;
    if (const char* verbosity = variable(environment, "TINI_VERBOSITY")) {
        const char* rest = nullptr;
        options.verbosity = static_cast<unsigned>(leading_number(verbosity, &rest));
    }
}

// PROGRAM and what follows. tini's own usage shows `PROGRAM -- ARGS`, and where getopt(3) is
// glibc's the mark is taken away, so it is here, unless POSIXLY_CORRECT tells glibc to stop before
// it.
std::vector<char*> program_words(const Getopt& words, char* const* environment) {
    std::vector<char*> program = words.operands();
    const bool marked =
        !words.ended_by_mark() && program.size() > 2 && std::string_view(program[1]) == "--";
    if (marked && variable(environment, "POSIXLY_CORRECT") == nullptr)
        program.erase(program.begin() + 1);
    return program;
}

// The signal is not sent for a parent that died before prctl(2) was called.
bool watch_parent(int signal, TiniWords& words) {
    if (signal == 0) return true;
    const pid_t parent = ::getppid();
    if (::prctl(PR_SET_PDEATHSIG, signal) != 0) {
        words.say(TiniWords::Level::fatal, "Failed to set up parent death signal");
        return false;
    }
    if (::getppid() != parent) ::kill(::getpid(), signal);
    return true;
}

bool become_subreaper(TiniWords& words) {
    if (::prctl(PR_SET_CHILD_SUBREAPER, 1) == 0) {
        words.say(TiniWords::Level::tracing, "Registered as child subreaper");
        return true;
    }
    if (errno == EINVAL) {
        words.say(TiniWords::Level::fatal, "PR_SET_CHILD_SUBREAPER is unavailable on this "
                                           "platform. Are you using Linux >= 3.4?");
    } else {
        words.say(TiniWords::Level::fatal, "Failed to register as child subreaper: {}",
                  errno_text(errno));
    }
    return false;
}

void warn_without_orphans(TiniWords& words) {
    if (::getpid() == 1) return;
    int is_subreaper = 0;
    if (::prctl(PR_GET_CHILD_SUBREAPER, &is_subreaper) != 0) {
        words.say(TiniWords::Level::debugging, "Failed to read child subreaper attribute: {}",
                  errno_text(errno));
    } else if (is_subreaper == 1) {
        return;
    }
    words.say(TiniWords::Level::warning,
              "Tini is not running as PID 1 and isn't registered as a child subreaper.\n"
              "Zombie processes will not be re-parented to Tini, so zombie reaping won't work.\n"
              "To fix the problem, use the -s option or set the environment variable "
              "TINI_SUBREAPER to register Tini as a child subreaper, or run Tini as PID 1.");
}

supervise::Launch make_launch(TiniOptions& options, char* const* environment) {
    supervise::Launch launch;
    launch.argv = std::move(options.program);
    launch.environment = entries_of(environment);
    launch.signal_group = options.group;
    launch.success = options.success;
    launch.not_ours = fault_signals;
    // They tell of a terminal that tini gave away.
    launch.signals.rewrite(SIGTTIN, supervise::SignalMap::drop);
    launch.signals.rewrite(SIGTTOU, supervise::SignalMap::drop);
    launch.job_control = supervise::JobControl::on_terminal;
    launch.leave_directory = false;
    launch.close_inherited = false;
    return launch;
}

}  // namespace

Result<TiniOptions, FaceEnd> parse_tini(int argc, char** argv, char* const* environment) {
    const std::string_view name = last_part(argv[0]);
    // Beside any other word it is an option like any other, and there are no long ones.
    if (argc == 2 && std::string_view(argv[1]) == "--version")
        return FaceEnd{0, 1, fmt::format("{}\n", tini_version)};
    TiniOptions options;
    Getopt words(argc, argv, "p:hvwgle:s", {}, Getopt::Order::first_operand_ends);
    while (const int letter = words.next()) {
        switch (letter) {
        case 'h': return FaceEnd{0, 1, tini_usage(name)};
        case 'l': return FaceEnd{0, 1, std::string(tini_licence)};
        case 's': options.subreaper = true; break;
        case 'v': ++options.verbosity; break;
        case 'w': options.warn_on_reap = true; break;
        case 'g': options.group = true; break;
        case 'p':
            if (!set_parent_death_signal(options, words.argument()))
                return bad_argument('p', words.argument());
            break;
        case 'e':
            if (!add_success(options, words.argument())) return bad_argument('e', words.argument());
            break;
        default: return FaceEnd{1, 2, words.complaint() + tini_usage(name)};
        }
    }
    options.program = program_words(words, environment);
    if (options.program.size() == 1) return FaceEnd{1, 2, tini_usage(name)};
    read_environment(options, environment);
    return options;
}

int run_tini(int argc, char** argv, char** environment) {
    auto options = parse_tini(argc, argv, environment);
    if (!options) return end_face(options.error());
    TiniWords words(*options);
    if (!watch_parent(options->parent_death_signal, words)) return 1;
    if (options->subreaper && !become_subreaper(words)) return 1;
    warn_without_orphans(words);
    const supervise::Launch launch = make_launch(*options, environment);
    words.about(launch);
    return words.status_of(supervise_only(launch, words, &words));
}

}  // namespace kaigara::app
