// SPDX-License-Identifier: Apache-2.0
#include "app/dumb_init.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "app/dumb_init_words.h"
#include "app/getopt.h"
#include "app/supervise_only.h"
#include "base/error.h"

namespace kaigara::app {

namespace {

constexpr std::string_view version = "dumb-init v1.2.5\n";
constexpr int last_rewritable = 31;

// Programs read it: dumb-init's own test suite compares every byte.
constexpr std::string_view help =
    "Usage: {} [option] command [[arg] ...]\n"
    "\n"
    "dumb-init is a simple process supervisor that forwards signals to children.\n"
    "It is designed to run as PID1 in minimal container environments.\n"
    "\n"
    "Optional arguments:\n"
    "   -c, --single-child   Run in single-child mode.\n"
    "                        In this mode, signals are only proxied to the\n"
    "                        direct child and not any of its descendants.\n"
    "   -r, --rewrite s:r    Rewrite received signal s to new signal r before proxying.\n"
    "                        To ignore (not proxy) a signal, rewrite it to 0.\n"
    "                        This option can be specified multiple times.\n"
    "   -v, --verbose        Print debugging information to stderr.\n"
    "   -h, --help           Print this help message and exit.\n"
    "   -V, --version        Print the current version and exit.\n"
    "\n"
    "Full help is available online at https://github.com/Yelp/dumb-init\n";

constexpr std::string_view rewrite_help =
    "Usage: -r option takes <signum>:<signum>, where <signum> is between 1 and 31.\n"
    "This option can be specified multiple times.\n"
    "Use --help for full usage.\n";

constexpr std::array long_options = {
    Getopt::Long{"help", false, 'h'},    Getopt::Long{"single-child", false, 'c'},
    Getopt::Long{"rewrite", true, 'r'},  Getopt::Long{"verbose", false, 'v'},
    Getopt::Long{"version", false, 'V'},
};

// "%d:%d" of scanf(3): blanks before a number count for nothing, and so does what stands behind.
bool add_rewrite(DumbInitOptions& options, const char* text) {
    const char* rest = nullptr;
    const int from = static_cast<int>(leading_number(text, &rest));
    if (rest == text || *rest != ':') return false;
    text = rest + 1;
    const int to = static_cast<int>(leading_number(text, &rest));
    if (rest == text || from < 1 || from > last_rewritable || to < 0 || to > last_rewritable)
        return false;
    options.signals.rewrite(from, to);
    options.rewritten.set(static_cast<std::size_t>(from));
    return true;
}

bool is_set_to(char* const* environment, std::string_view name, std::string_view value) {
    const char* found = variable(environment, name);
    return found != nullptr && found == value;
}

void read_environment(DumbInitOptions& options, char* const* environment) {
    options.debug_by_variable = is_set_to(environment, "DUMB_INIT_DEBUG", "1");
    options.no_session_by_variable = is_set_to(environment, "DUMB_INIT_SETSID", "0");
    if (options.debug_by_variable) options.debug = true;
    if (options.no_session_by_variable) options.session = false;
}

// In a session of its own the program has no parent there that could continue it, and the kernel
// then takes no notice of these three. STOP always stops.
void stop_by_terminal_signals(DumbInitOptions& options) {
    for (const int signal : {SIGTSTP, SIGTTOU, SIGTTIN}) {
        const auto number = static_cast<std::size_t>(signal);
        if (options.rewritten[number]) continue;
        options.signals.rewrite(signal, SIGSTOP);
        options.rewritten.set(number);
    }
}

// Takes a pending signal away, so that nobody hears of it.
bool take_pending(int signal) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    const timespec no_time = {};
    return ::sigtimedwait(&set, nullptr, &no_time) == signal;
}

// Gives our terminal up, so that the program's session can have it. Where we led the terminal's
// session, the kernel sends HUP and CONT to the foreground process group, and so to us; they are
// pending when ioctl(2) returns, and the program must not get them.
void leave_terminal(DumbInitWords& words) {
    if (::ioctl(0, TIOCNOTTY) != 0) {
        words.debug("Unable to detach from controlling tty (errno={} {}).", errno,
                    errno_text(errno));
        return;
    }
    if (::getsid(0) != ::getpid()) {
        words.debug("Detached from controlling tty, but was not session leader.");
        return;
    }
    words.debug("Detached from controlling tty, ignoring the first SIGHUP and SIGCONT we receive.");
    for (const int signal : {SIGHUP, SIGCONT}) {
        if (take_pending(signal)) words.took_over(signal);
    }
}

supervise::Launch make_launch(DumbInitOptions& options, char* const* environment) {
    supervise::Launch launch;
    launch.argv = std::move(options.program);
    launch.environment = entries_of(environment);
    launch.group =
        options.session ? platform::ProcessGroup::own_session : platform::ProcessGroup::inherited;
    launch.signal_group = options.session;
    launch.take_terminal = options.session;
    launch.use_terminal = false;
    launch.job_control = supervise::JobControl::none;
    launch.signals = options.signals;
    launch.not_ours = library_signals;
    launch.default_signals = true;
    launch.close_inherited = false;
    return launch;
}

}  // namespace

Result<DumbInitOptions, FaceEnd> parse_dumb_init(int argc, char** argv, char* const* environment) {
    DumbInitOptions options;
    Getopt words(argc, argv, "hvVcr:", long_options, Getopt::Order::first_operand_ends);
    while (const int letter = words.next()) {
        switch (letter) {
        case 'h': return FaceEnd{0, 2, std::string(version) + fmt::format(help, argv[0])};
        case 'V': return FaceEnd{0, 2, std::string(version)};
        case 'v': options.debug = true; break;
        case 'c': options.session = false; break;
        case 'r':
            if (!add_rewrite(options, words.argument()))
                return FaceEnd{1, 2, std::string(rewrite_help)};
            break;
        default: return FaceEnd{1, 2, words.complaint()};
        }
    }
    options.program = words.operands();
    if (options.program.size() == 1)
        return FaceEnd{1, 2,
                       fmt::format("Usage: {0} [option] program [args]\n"
                                   "Try {0} --help for full usage.\n",
                                   argv[0])};
    read_environment(options, environment);
    if (options.session) stop_by_terminal_signals(options);
    return options;
}

int run_dumb_init(int argc, char** argv, char** environment) {
    auto options = parse_dumb_init(argc, argv, environment);
    if (!options) return end_face(options.error());
    DumbInitWords words(*options);
    if (options->debug_by_variable) words.debug("Running in debug mode.");
    if (options->no_session_by_variable) words.debug("Not running in setsid mode.");
    if (options->session) leave_terminal(words);
    supervise::Launch launch = make_launch(*options, environment);
    launch.terminal_error = words.terminal_error();
    return words.status_of(supervise_only(launch, words, &words), launch.argv[0]);
}

}  // namespace kaigara::app
