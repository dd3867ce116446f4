// SPDX-License-Identifier: Apache-2.0

// CONTRACT 1, drop-in names: called tini, tini-static or docker-init, kaigara is tini 0.19.

#include <csignal>

#include <doctest/doctest.h>

#include "contract/twin.h"
#include "support/scratch.h"
#include "support/skip.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

Setup scene(Strings options, Strings play, Strings environment = {}, Place place = Place::first) {
    return {.words = options_and_play(std::move(options), std::move(play)),
            .place = place,
            .environment = std::move(environment)};
}

constexpr const char* no_peer = "needs /usr/bin/tini";

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("tini: each of its names gives its version") {
    for (const std::string& name : Strings{"tini", "tini-static", "docker-init"}) {
        const Outcome version = Twin(name).face({.words = {"--version"}});
        CHECK(version.ending == "exit 0");
        CHECK(version.output.starts_with("tini version 0.19.0"));
    }
    const Twin twin("tini");
    if (!twin.has_peer()) KG_SKIP(no_peer);
    twin.same({.words = {"--version"}});
    // With anything else it is no option.
    twin.same({.words = {"--version", "-g"}}, Compare::status);
    twin.same({.words = {"-g", "--version"}}, Compare::status);
}

TEST_CASE("tini: help and licence are printed to stdout") {
    const Twin twin("tini");
    const Outcome help = twin.face({.words = {"-h"}});
    CHECK(help.ending == "exit 0");
    CHECK(has(help.output, "supervision of a valid init process"));
    CHECK(has(help.output, "more verbose"));
    CHECK(help.errors == "");
    if (!twin.has_peer()) KG_SKIP(no_peer);
    twin.same({.words = {"-l"}});
    twin.same({.words = {"-h"}}, Compare::status);
}

TEST_CASE("tini: a wrong use is 1, with usage on stderr") {
    const Twin twin("tini");
    if (!twin.has_peer()) KG_SKIP(no_peer);
    for (const Strings& words : {Strings{}, Strings{"-x"}, Strings{"-x", "true"}, Strings{"-g"},
                                 Strings{"--"}, Strings{"-p"}, Strings{"-e"}, Strings{"--help"},
                                 Strings{"--yolo", "true"}, Strings{"-gx", "true"}}) {
        twin.same({.words = words}, Compare::status);
        const Outcome outcome = twin.face({.words = words});
        CHECK(outcome.ending == "exit 1");
        CHECK(outcome.output == "");
        CHECK_MESSAGE(has(outcome.errors, "supervision of a valid init process"), outcome.errors);
    }
}

TEST_CASE("tini: the status is the child's") {
    const Twin twin("tini");
    if (!twin.has_peer()) KG_SKIP(no_peer);
    for (const std::string& code :
         Strings{"0", "1", "2", "77", "126", "127", "128", "143", "255"}) {
        twin.same(scene({}, {"exit", code}));
        twin.same(scene({}, {"exit", code}, {}, Place::later), Compare::status);
    }
    for (const std::string& signal :
         Strings{"1", "2", "3", "4", "6", "9", "11", "13", "15", "34", "64"}) {
        twin.same(scene({}, {"raise", signal}));
    }
}

TEST_CASE("tini: -e makes a status 0, and a bad one is an error") {
    const Twin twin("tini");
    if (!twin.has_peer()) KG_SKIP(no_peer);
    for (const Strings& options :
         {Strings{"-e", "143"}, Strings{"-e143"}, Strings{"-e", "0"}, Strings{"-e", "255"},
          Strings{"-e", " 143"}, Strings{"-e", "+143"}, Strings{"-e", "0143"},
          Strings{"-e", "1", "-e", "143"}, Strings{"-ge", "143"}, Strings{"-e", "256"},
          Strings{"-e", "-1"}, Strings{"-e", "x"}, Strings{"-e", "3x"}, Strings{"-e", ""},
          Strings{"-e", "3 "}, Strings{"-e", "99999999999999999999"}}) {
        twin.same(scene(options, {"exit", "143"}));
        twin.same(scene(options, {"raise", "15"}));
        twin.same(scene(options, {"exit", "1"}));
    }
}

TEST_CASE("tini: -p takes full names alone") {
    const Twin twin("tini");
    if (!twin.has_peer()) KG_SKIP(no_peer);
    for (const std::string& name :
         Strings{"SIGHUP",  "SIGINT",  "SIGQUIT", "SIGILL",    "SIGTRAP",  "SIGABRT",  "SIGBUS",
                 "SIGFPE",  "SIGKILL", "SIGUSR1", "SIGSEGV",   "SIGUSR2",  "SIGPIPE",  "SIGALRM",
                 "SIGTERM", "SIGCHLD", "SIGCONT", "SIGSTOP",   "SIGTSTP",  "SIGTTIN",  "SIGTTOU",
                 "SIGURG",  "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF",  "SIGWINCH", "SIGSYS",
                 "SIGIO",   "SIGPOLL", "SIGPWR",  "SIGSTKFLT", "SIGRTMIN", "KILL",     "TERM",
                 "15",      "sigterm", "",        "SIGNOPE"}) {
        twin.same(scene({"-p", name}, {"exit", "7"}));
    }
}

TEST_CASE("tini: what cannot be executed is 127, 126 or 1, and said in its words") {
    const Twin twin("tini");
    if (!twin.has_peer()) KG_SKIP(no_peer);
    const ScratchDir scratch;
    const std::string plain = scratch.write("plain", "text\n", 0644);
    const std::string script = scratch.write("script", "#!/no/such/shell\n", 0755);
    for (const std::string& program :
         {std::string("/no/such/program"), std::string("no-such-program"), std::string(""),
          std::string("--"), std::string("/"), plain, plain + "/below", script}) {
        twin.same({.words = {"--", program, "argument"}}, Compare::output);
        // The number is that of the process that failed, which need not be the child.
        const auto without_number = [](std::string text) {
            const std::size_t at = text.find('(');
            if (at != std::string::npos) text.erase(at, text.find(')') - at);
            return text;
        };
        const Setup setup{.words = {"--", program, "argument"}};
        CHECK(without_number(twin.face(setup).errors) == without_number(twin.peer(setup).errors));
        twin.same({.words = {"-v", "--", program}}, Compare::status);
    }
    const std::string text = scratch.write("text", "exit $#\n", 0755);
    twin.same({.words = {"--", text, "a", "b"}});
    twin.same({.words = {text, "a"}});
}

TEST_CASE("tini: the child sees what it sees under tini") {
    const Twin twin("tini");
    if (!twin.has_peer()) KG_SKIP(no_peer);
    const Strings look = {"place",       "signals",   "descriptors", "stdio", "cwd", "ids",
                          "environment", "arguments", "a",           "",      "-v",  "--"};
    for (const Strings& options : {Strings{}, Strings{"-g"}, Strings{"-s"}, Strings{"-gs"}}) {
        for (const bool terminal : {false, true}) {
            Setup setup = scene(options, look, {"A=1", "LISTEN_PID=1", "TINI_X=1"});
            setup.terminal = terminal;
            setup.directory = "/usr";
            setup.descriptors = {5, 10, 251};
            twin.same(setup);
            setup.ignored = {SIGINT, SIGTTOU, SIGSEGV, 40};
            setup.blocked = {SIGTTIN, SIGILL, SIGTERM, 50};
            twin.same(setup);
        }
    }
}

TEST_CASE("tini: what it says at each level goes where it goes") {
    const Twin twin("tini");
    if (!twin.has_peer()) KG_SKIP(no_peer);
    // Silent at the default level, and with less; above it the words are not compared.
    for (const std::string& value : Strings{"0", "1", "", "abc", "-0"}) {
        twin.same(scene({}, {"exit", "3"}, {std::string("TINI_VERBOSITY=") + value}));
        twin.same(scene({"-vvv"}, {"exit", "3"}, {std::string("TINI_VERBOSITY=") + value}));
        twin.same({.words = {"/no/such"}, .environment = {std::string("TINI_VERBOSITY=") + value}});
    }
    for (const Strings& options : {Strings{"-v"}, Strings{"-v", "-v"}, Strings{"-vvv"}}) {
        twin.same(scene(options, {"exit", "3"}), Compare::errors);
        CHECK(has(twin.face(scene(options, {"exit", "3"})).output, "[INFO  tini (1)] "));
    }
    CHECK(has(twin.face(scene({"-vvv"}, {"exit", "3"})).output, "Received SIGCHLD"));
    CHECK(
        has(twin.face(scene({}, {"exit", "3"}, {"TINI_VERBOSITY=3"})).output, "Received SIGCHLD"));
    twin.same(scene({}, {"exit", "3"}, {"TINI_VERBOSITY=-1"}), Compare::errors);
}

TEST_CASE("tini: not being PID 1 is warned of, unless it is a subreaper") {
    const Twin twin("tini");
    if (!twin.has_peer()) KG_SKIP(no_peer);
    const Strings play = {"daemon", "{", "parent", "}", "log-signals", "15"};
    const auto stop = [](Program& program) {
        program.wait_for("ready\n");
        program.eventually("the orphan's word", [&] { return has(program.output(), "parent "); });
        program.send(SIGTERM);
    };
    const auto check = [&](const Strings& options, const Strings& environment, bool is_subreaper) {
        const Setup setup = scene(options, play, environment, Place::later);
        twin.same(setup, Compare::status, stop);
        const Outcome outcome = twin.face(setup, stop);
        CHECK(has(outcome.output, is_subreaper ? "parent 2\n" : "parent 1\n"));
        CHECK(has(outcome.errors, "zombie reaping won't work") == !is_subreaper);
    };
    check({}, {}, false);
    check({"-s"}, {}, true);
    check({}, {"TINI_SUBREAPER="}, true);
    check({}, {"TINI_SUBREAPER=0"}, true);
    CHECK(twin.face(scene({}, {"exit", "0"}, {"TINI_VERBOSITY=0"}, Place::later)).errors == "");
}

TEST_CASE("tini: -w warns of each orphan that is reaped") {
    const Twin twin("tini");
    if (!twin.has_peer()) KG_SKIP(no_peer);
    const auto stop = [](Program& program) {
        program.wait_for_error("Reaped zombie process with pid=");
        program.send(SIGTERM);
    };
    const Setup setup = scene({"-w"}, {"daemon", "{", "}", "pause"});
    CHECK(twin.face(setup, stop).ending == twin.peer(setup, stop).ending);
    const Outcome silent = twin.face(scene({}, {"daemon", "{", "}", "linger", "20"}));
    CHECK(silent.errors == "");
}

TEST_CASE("tini: signals come to the child, or to its group, as from tini") {
    const Twin twin("tini");
    if (!twin.has_peer()) KG_SKIP(no_peer);
    for (const Place place : {Place::first, Place::later}) {
        for (int signal = 1; signal < 64; ++signal) {
            // glibc keeps 32 and 33 for itself, and tini knows nothing of them.
            if (signal == SIGKILL || signal == SIGSTOP || signal == 32 || signal == 33) continue;
            twin.same(scene({"-s"}, {"log-signals", "64"}, {}, place), Compare::output,
                      [&](Program& program) { send_all(program, {signal, 64}); });
        }
    }
    const auto until_both = [](Program& program) {
        program.wait_for("ready\n");
        program.wait_for("ready\n");
        program.send(SIGTERM);
    };
    const Strings pair = {"fork", "{",           "log-signals", "15",   "exit", "1",
                          "}",    "log-signals", "15",          "reap", "exit", "2"};
    for (const Strings& environment : {Strings{}, Strings{"TINI_KILL_PROCESS_GROUP="}}) {
        const Strings options = environment.empty() ? Strings{"-g"} : Strings{};
        twin.same(scene(options, pair, environment), Compare::status, until_both);
        CHECK(count(twin.face(scene(options, pair, environment), until_both).output,
                    "signal 15\n") == 2);
    }
}

TEST_CASE("tini: the terminal's keys end the child") {
    const Twin twin("tini");
    if (!twin.has_peer()) KG_SKIP(no_peer);
    for (const std::string& key : Strings{"\x03", "\x1c"}) {
        Setup setup = scene({}, {"say", "up", "pause"});
        setup.terminal = true;
        twin.same(setup, Compare::all, [&](Program& program) {
            program.wait_for("up\n");
            program.type(key);
        });
    }
}

TEST_CASE("tini: where tini fails or hangs, the face does what tini was meant to do") {
    const Twin twin("tini");
    Setup closed = scene({}, {"exit", "5"});
    closed.input = Input::closed;
    CHECK(twin.face(closed).ending == "exit 5");
    Setup ignored = scene({}, {"exit", "5"});
    ignored.ignored = {SIGCHLD};
    CHECK(twin.face(ignored).ending == "exit 5");
}

TEST_CASE("tini: no KAIGARA_ variable means anything to it") {
    const Twin twin("tini");
    CHECK(
        twin.face(scene({}, {"exit", "5"}, {"KAIGARA_SUCCESS=5", "KAIGARA_LOG_LEVEL=x"})).ending ==
        "exit 5");
}

}  // TEST_SUITE("contract")
