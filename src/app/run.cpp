// SPDX-License-Identifier: Apache-2.0
#include "app/run.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <string>

#include "app/application.h"
#include "app/check.h"
#include "app/commands.h"
#include "app/completion.h"
#include "app/control_client.h"
#include "app/exit_code.h"
#include "app/face.h"
#include "app/init.h"
#include "app/ledger.h"
#include "app/options.h"
#include "app/plan.h"
#include "app/print.h"
#include "app/probe.h"
#include "app/report.h"
#include "app/staged_run.h"
#include "app/supervise_only.h"
#include "app/wait.h"
#include "app/watch.h"
#include "platform/descriptors.h"
#include "platform/files.h"
#include "platform/hidden_memory.h"
#include "platform/relro.h"
#include "platform/signals.h"
#include "platform/streams.h"

namespace kaigara::app {

namespace {

// Those that read metadata; kaigara.yml may hold a token already.
constexpr Commands secret_commands = command::start | command::provision | command::render |
                                     command::get | command::metadata | command::plan |
                                     command::check | command::ledger;

// Orphans come to us as PID 1, and elsewhere when we ask for them.
void become_subreaper(const Settings& settings) {
    if (::getpid() == 1 || !settings.subreaper.value_or(true)) return;
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
}

// prctl(2): the signal is not sent for a parent that died before the call.
void watch_parent(const Settings& settings, pid_t parent) {
    if (settings.parent_death == 0) return;
    ::prctl(PR_SET_PDEATHSIG, settings.parent_death);
    if (::getppid() != parent) ::kill(::getpid(), settings.parent_death);
}

// Whether there is more than one child and signals to wait for: else one system call does it all.
bool needs_loop(const Settings& settings) {
    using Kind = supervise::CheckSpec::Kind;
    return settings.ready.kind != Kind::none || settings.live.kind != Kind::none ||
           !settings.pre_stop.empty() || !settings.on_reload.empty() ||
           !settings.metrics_file.empty() ||
           (settings.socket.named && settings.socket.path != "off");
}

int run_exec(const CommandLine& line, const Settings& settings, char** environment) {
    if (line.program == nullptr)
        return report(
            Error{Fault::usage, 0, "'exec' needs a program: kaigara exec PROGRAM [ARG]...", ""});
    if (needs_loop(settings)) return run_stages(line, settings, environment);
    auto application = make_application(settings, {line.program, environment});
    if (!application) return report(application.error());
    supervise::Observer silent;
    return report(supervise_only(application->launch, silent), application->launch);
}

// Settings that cannot be used: the environment alone says how that is told.
template <class E>
int report_unusable(const E& error, char** environment) {
    const auto settings = load_settings({.command = command::exec}, environment);
    set_up_log(settings.has_value() ? *settings : Settings{}, command::exec, environment);
    return report(error);
}

int print_text(const std::string& text) {
    const auto written = platform::write_all(1, text);
    return written ? exit_ok : report(written.error());
}

int print_help(const CommandLine& line) {
    const auto text = help_text(line.operands.empty() ? "" : line.operands[0]);
    return text ? print_text(*text) : report(text.error());
}

int print_completion(const CommandLine& line) {
    const auto script = completion_script(line.operands[0]);
    return script ? print_text(*script) : report(script.error());
}

}  // namespace

int run_program(int argc, char** argv, char** environment) {
    platform::protect_relocated();
    const pid_t parent = ::getppid();
    platform::take_signals();
    platform::occupy_closed_stdio();
    if (argc > 0) {
        if (const Face face = find_face(argv[0])) return face(argc, argv, environment);
    }

    if (is_watch(argc, argv)) return run_watch(argc, argv, environment);
    if (is_probe(argc, argv)) return run_probe(argc, argv);

    const auto line = parse_command_line(argc, argv);
    if (!line) return report_unusable(line.error(), environment);
    const bool is_control = (line->command & control_commands) != 0;
    if (line->command != command::exec && !is_control) platform::initialise_streams_once();
    if ((line->command & secret_commands) != 0) platform::hide_memory();
    Errors file_errors;
    const bool is_check = line->command == command::check;
    const auto settings = load_settings(*line, environment, is_check ? &file_errors : nullptr);
    if (!settings) return report_unusable(settings.error(), environment);
    set_up_log(*settings, line->command, environment);
    if (is_control) return run_control(*line, *settings);
    if (line->command == command::help) return print_help(*line);
    if (line->command == command::version) return print_text(version_text());
    if (line->command == command::completion) return print_completion(*line);
    if (line->command == command::init) return run_init(*line);
    if (line->command == command::wait) return run_wait(*line, *settings);
    if (line->command == command::ledger) return run_ledger(*line, *settings, environment);
    if (line->command == command::plan) return run_plan(*settings, environment);
    if (is_check) return run_check(*settings, std::move(file_errors), environment);

    if ((line->command & (command::start | command::exec | command::provision)) == 0)
        return print_command(*line, *settings, environment);
    become_subreaper(*settings);
    watch_parent(*settings, parent);
    if (line->command == command::exec) return run_exec(*line, *settings, environment);
    return run_stages(*line, *settings, environment);
}

}  // namespace kaigara::app
