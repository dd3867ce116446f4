// SPDX-License-Identifier: Apache-2.0

// CONTRACT 1, drop-in names: called dumb-init, kaigara is dumb-init 1.2.5.

#include <algorithm>
#include <csignal>

#include <doctest/doctest.h>

#include "contract/twin.h"
#include "support/proc.h"
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

constexpr const char* no_peer = "needs /usr/bin/dumb-init";

bool is_tty_stop(int signal) { return signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU; }

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("dumb-init: help and version are printed to stderr, whatever follows") {
    const Twin twin("dumb-init");
    if (!twin.has_peer()) KG_SKIP(no_peer);
    for (const Strings& words : {Strings{"-V"}, Strings{"--version"}, Strings{"--vers"},
                                 Strings{"-V", "true"}, Strings{"-cV"}}) {
        twin.same({.words = words});
    }
    for (const Strings& words :
         {Strings{"-h"}, Strings{"--help"}, Strings{"--he"}, Strings{"-h", "true"}}) {
        twin.same({.words = words}, Compare::output);
        CHECK(twin.face({.words = words}).errors != "");
    }
}

TEST_CASE("dumb-init: a wrong use is 1, on stderr") {
    const Twin twin("dumb-init");
    if (!twin.has_peer()) KG_SKIP(no_peer);
    for (const Strings& words :
         {Strings{}, Strings{"--"}, Strings{"-c"}, Strings{"-x", "true"}, Strings{"--yolo", "true"},
          Strings{"--ver"}, Strings{"-r"}, Strings{"--rewrite"}, Strings{"-c=1", "true"},
          Strings{"--single-child=1", "true"}}) {
        twin.same({.words = words}, Compare::output);
        CHECK(twin.face({.words = words}).errors != "");
    }
    CHECK(has(twin.face({.words = {"--yolo", "true"}}).errors, "unrecognized option '--yolo'"));
}

TEST_CASE("dumb-init: rewrites are read as it reads them") {
    const Twin twin("dumb-init");
    if (!twin.has_peer()) KG_SKIP(no_peer);
    for (const std::string& rewrite :
         Strings{"1:2", "15:0", "15:2xyz", "31:31", " 15: 2", "+15:2", "32:1", "1:32", "0:1",
                 "-1:3", "1:-1", "x", "15", "15:", ":2", "", "TERM:INT"}) {
        twin.same(scene({"-r", rewrite}, {"exit", "7"}), Compare::output);
        twin.same(scene({"--rewrite", rewrite}, {"exit", "7"}), Compare::output);
        twin.same(scene({std::string("--rewrite=") + rewrite}, {"exit", "7"}), Compare::output);
    }
    for (const Strings& options : {Strings{"-r", "15:2"}, Strings{"-r15:3"}, Strings{"-r", "1:0"},
                                   Strings{"-r", "15:0"}, Strings{"-r", "1:2", "-r", "2:3"},
                                   Strings{"-r", "1:2", "-r", "1:3"}, Strings{"-cr", "1:2"}}) {
        for (const int signal : {SIGHUP, SIGINT, SIGTERM}) {
            twin.same(scene(options, {"log-signals", "30"}), Compare::output,
                      [&](Program& program) { send_all(program, {signal, SIGPWR}); });
        }
    }
}

TEST_CASE("dumb-init: the status is the child's") {
    const Twin twin("dumb-init");
    if (!twin.has_peer()) KG_SKIP(no_peer);
    for (const Strings& options : {Strings{}, Strings{"-c"}, Strings{"--single-child"}}) {
        for (const std::string& code : Strings{"0", "1", "2", "127", "128", "143", "255"}) {
            twin.same(scene(options, {"exit", code}));
            twin.same(scene(options, {"exit", code}, {}, Place::later));
        }
        for (const std::string& signal : Strings{"1", "2", "3", "6", "9", "11", "15", "34", "64"}) {
            twin.same(scene(options, {"raise", signal}));
        }
    }
}

TEST_CASE("dumb-init: what cannot be executed is 2, whatever the reason") {
    const Twin twin("dumb-init");
    if (!twin.has_peer()) KG_SKIP(no_peer);
    const ScratchDir scratch;
    const std::string plain = scratch.write("plain", "text\n", 0644);
    const std::string script = scratch.write("script", "#!/no/such/shell\n", 0755);
    for (const std::string& program :
         {std::string("/no/such/program"), std::string("no-such-program"), std::string(""),
          std::string("--"), std::string("/"), plain, plain + "/below", script}) {
        twin.same({.words = {"--", program, "argument"}});
        twin.same({.words = {"-c", "--", program}});
    }
    const std::string text = scratch.write("text", "exit $#\n", 0755);
    twin.same({.words = {text, "a", "b"}});
    // Options end with the first word that is none.
    twin.same({.words = {text, "-V", "--help", "--", "x"}});
}

TEST_CASE("dumb-init: the child sees what it sees under dumb-init") {
    const Twin twin("dumb-init");
    if (!twin.has_peer()) KG_SKIP(no_peer);
    const Strings look = {"place", "signals",     "descriptors", "stdio",
                          "cwd",   "environment", "ids",         "umask"};
    for (const Strings& options : {Strings{}, Strings{"-c"}}) {
        for (const bool terminal : {false, true}) {
            for (const Place place : {Place::first, Place::later}) {
                Setup setup = scene(options, look, {"A=1", "LISTEN_PID=1"}, place);
                setup.terminal = terminal;
                setup.directory = "/usr";
                setup.descriptors = {5, 251};
                twin.same(setup);
                setup.ignored = {SIGINT, SIGTTOU, SIGSEGV};
                setup.blocked = {SIGTTIN, SIGILL, SIGTERM, 50};
                twin.same(setup);
            }
        }
    }
}

TEST_CASE("dumb-init: its environment variables mean what they mean to it") {
    const Twin twin("dumb-init");
    if (!twin.has_peer()) KG_SKIP(no_peer);
    for (const std::string& variable : Strings{
             "DUMB_INIT_SETSID=0", "DUMB_INIT_SETSID=1", "DUMB_INIT_SETSID=", "DUMB_INIT_SETSID=00",
             "DUMB_INIT_DEBUG=0", "DUMB_INIT_DEBUG=", "DUMB_INIT_DEBUG=11"}) {
        twin.same(scene({}, {"place", "exit", "3"}, {variable}));
        twin.same({.words = {}, .environment = {variable}}, Compare::output);
    }
}

TEST_CASE("dumb-init: its debug lines are those that its own tests look for") {
    const Twin twin("dumb-init");
    if (!twin.has_peer()) KG_SKIP(no_peer);
    const Setup verbose[] = {
        scene({"-v"}, {"exit", "3"}),
        scene({"--verbose"}, {"raise", "9"}),
        scene({"-vc"}, {"exit", "3"}),
        scene({}, {"exit", "3"}, {"DUMB_INIT_DEBUG=1"}),
        scene({"-c"}, {"exit", "0"}, {"DUMB_INIT_DEBUG=1"}),
        scene({"-v"}, {"exit", "3"}, {}, Place::later),
    };
    for (const Setup& setup : verbose) {
        // The child's line and its parent's have no order among them.
        const auto sorted = [](const std::string& text) {
            std::vector<std::string> lines = lines_of(text);
            std::sort(lines.begin(), lines.end());
            return lines;
        };
        CHECK(sorted(twin.face(setup).errors) == sorted(twin.peer(setup).errors));
    }
    for (const Strings& options : {Strings{"-v"}, Strings{"-vc"}, Strings{"-v", "-r", "15:2"},
                                   Strings{"-v", "-r", "15:0", "-r", "1:2"}}) {
        const Setup setup = scene(options, {"log-signals", "3", "exit", "0"});
        const auto send = [](Program& program) {
            program.wait_for("ready\n");
            for (const int signal : {SIGTERM, SIGHUP, SIGQUIT}) {
                program.send(signal);
                program.wait_for_error("Received signal " + std::to_string(signal) + ".\n");
                program.wait_for_error("orward");
            }
        };
        const std::string ours = twin.face(setup, send).errors;
        for (const std::string& line : lines_of(twin.peer(setup, send).errors)) {
            CHECK_MESSAGE(has(ours, line + "\n"), line);
        }
    }
}

TEST_CASE("dumb-init: signals come to the session, or to the child alone, as from dumb-init") {
    const Twin twin("dumb-init");
    if (!twin.has_peer()) KG_SKIP(no_peer);
    for (const Strings& options : {Strings{}, Strings{"-c"}}) {
        for (const Place place : {Place::first, Place::later}) {
            for (int signal = 1; signal <= 31; ++signal) {
                if (signal == SIGPWR || signal == SIGKILL || signal == SIGSTOP ||
                    is_tty_stop(signal))
                    continue;
                twin.same(scene(options, {"log-signals", "30"}, {}, place), Compare::output,
                          [&](Program& program) { send_all(program, {signal, SIGPWR}); });
            }
        }
        const Strings pair = {"fork", "{",           "log-signals", "15",   "exit", "1",
                              "}",    "log-signals", "12",          "exit", "2"};
        const auto scenario = [](Program& program) {
            program.wait_for("ready\n");
            program.wait_for("ready\n");
            program.send(SIGHUP);
            program.wait_for("signal 1\n");
            program.send(SIGUSR2);
        };
        CHECK(twin.face(scene(options, pair), scenario).ending ==
              twin.peer(scene(options, pair), scenario).ending);
    }
    const Setup real_time = scene({}, {"log-signals", "40"});
    const auto send = [](Program& program) { send_all(program, {40}); };
    CHECK(twin.face(real_time, send).output == "ready\nsignal 40\n");
}

TEST_CASE("dumb-init: what is left of the session is told to end when the child has ended") {
    const Twin twin("dumb-init");
    const Setup setup = scene({}, {"fork", "{", "log-signals", "15", "}", "read-line", "exit", "4"},
                              {}, Place::later);
    Setup with_input = setup;
    with_input.input = Input::pipe;
    Program program(twin.face_setup(with_input));
    program.wait_for("ready\n");
    program.type("\n");
    CHECK(program.wait() == "exit 4");
    program.wait_for("signal 15\n");
}

TEST_CASE("dumb-init: a signal of the terminal's stops child and init, and CONT goes on") {
    const Twin twin("dumb-init");
    if (!twin.has_peer()) KG_SKIP(no_peer);
    for (const Strings& options : {Strings{}, Strings{"-r", "20:15"}, Strings{"-c"}}) {
        for (const int signal : {SIGTSTP, SIGTTIN, SIGTTOU}) {
            CAPTURE(signal);
            std::string stops[2];
            for (const bool is_face : {false, true}) {
                const auto stop = [&](Program& program) {
                    program.wait_for("ready\n");
                    program.send(signal);
                    stops[is_face ? 1 : 0] = program.wait_for_stop();
                    program.send(SIGCONT);
                    program.wait_for("signal 18\n");
                    program.send(SIGPWR);
                };
                const Setup setup = scene(options, {"log-signals", "30"}, {}, Place::job);
                const Outcome outcome = is_face ? twin.face(setup, stop) : twin.peer(setup, stop);
                CHECK(outcome.ending == "exit 0");
            }
            CHECK(stops[1] == stops[0]);
        }
    }
}

TEST_CASE("dumb-init: orphans are not its own when it is not PID 1") {
    const Twin twin("dumb-init");
    const Setup setup = scene({}, {"daemon", "{", "parent", "}", "pause"}, {}, Place::later);
    Program program(twin.face_setup(setup));
    program.wait_for("parent 1\n");
}

TEST_CASE("dumb-init: its directory is the root") {
    const Twin twin("dumb-init");
    Setup setup = scene({}, {"cwd", "log-signals", "15"});
    setup.directory = "/usr";
    Program program(twin.face_setup(setup));
    program.wait_for("cwd /usr\n");
    program.wait_for("ready\n");
    program.eventually("the root to be its directory",
                       [&] { return link_of(program.pid(), "cwd") == "/"; });
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 0");
}

TEST_CASE("dumb-init: the terminal's keys end the child") {
    const Twin twin("dumb-init");
    if (!twin.has_peer()) KG_SKIP(no_peer);
    for (const Strings& options : {Strings{}, Strings{"-c"}}) {
        for (const std::string& key : Strings{"\x03", "\x1c"}) {
            Setup setup = scene(options, {"say", "up", "pause"});
            setup.terminal = true;
            twin.same(setup, Compare::all, [&](Program& program) {
                program.wait_for("up\n");
                program.type(key);
            });
        }
    }
}

}  // TEST_SUITE("contract")
