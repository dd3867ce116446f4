// SPDX-License-Identifier: Apache-2.0

// CONTRACT 1, drop-in names: called catatonit, kaigara is catatonit 0.2. Debian has 0.1.7: what has
// changed since is not compared, but said here.

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

constexpr const char* no_peer = "needs /usr/bin/catatonit";

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("catatonit: its version is one that engines take for tini's") {
    const Twin twin("catatonit");
    for (const std::string& option : Strings{"-V", "--version"}) {
        const Outcome outcome = twin.face({.words = {option}});
        CHECK(outcome.ending == "exit 0");
        CHECK_MESSAGE(outcome.output.starts_with("tini version 0.2"), outcome.output);
        CHECK_MESSAGE(outcome.output.ends_with("_catatonit\n"), outcome.output);
        CHECK(outcome.errors == "");
    }
}

TEST_CASE("catatonit: help goes to stderr, the licence to stdout, a wrong use is 1") {
    const Twin twin("catatonit");
    if (!twin.has_peer()) KG_SKIP(no_peer);
    twin.same({.words = {"-h"}}, Compare::output);
    CHECK(twin.face({.words = {"-h"}}).errors != "");
    twin.same({.words = {"-L"}}, Compare::errors);
    CHECK(twin.face({.words = {"-L"}}).output != "");
    for (const Strings& words : {Strings{}, Strings{"--"}, Strings{"-g"}, Strings{"-x", "true"},
                                 Strings{"--help"}, Strings{"--yolo", "true"}}) {
        twin.same({.words = words}, Compare::output);
        CHECK(twin.face({.words = words}).errors != "");
    }
    CHECK(has(twin.face({.words = {}}).errors, "ERROR (catatonit:1): missing program name"));
}

TEST_CASE("catatonit: the status is the child's") {
    const Twin twin("catatonit");
    if (!twin.has_peer()) KG_SKIP(no_peer);
    for (const std::string& code : Strings{"0", "1", "2", "127", "128", "143", "255"}) {
        twin.same(scene({}, {"exit", code}));
        twin.same(scene({}, {"exit", code}, {}, Place::later));
    }
    for (const std::string& signal : Strings{"1", "2", "3", "6", "9", "11", "15", "34", "64"}) {
        twin.same(scene({}, {"raise", signal}));
    }
}

TEST_CASE("catatonit: what cannot be executed is 1, whatever the reason") {
    const Twin twin("catatonit");
    if (!twin.has_peer()) KG_SKIP(no_peer);
    const ScratchDir scratch;
    const std::string plain = scratch.write("plain", "text\n", 0644);
    const std::string script = scratch.write("script", "#!/no/such/shell\n", 0755);
    for (const std::string& program :
         {std::string("/no/such/program"), std::string("no-such-program"), std::string("--"),
          std::string("/"), plain, plain + "/below", script}) {
        twin.same({.words = {"--", program, "argument"}}, Compare::output);
        CHECK(has(twin.face({.words = {"--", program}}).errors, "ERROR (catatonit:"));
    }
    const std::string text = scratch.write("text", "exit $#\n", 0755);
    twin.same({.words = {"--", text, "a", "b"}});
}

TEST_CASE("catatonit: the child sees what it sees under catatonit") {
    const Twin twin("catatonit");
    if (!twin.has_peer()) KG_SKIP(no_peer);
    const Strings look = {"place", "stdio", "cwd", "environment", "ids", "umask"};
    for (const Strings& options : {Strings{}, Strings{"-g"}}) {
        for (const bool terminal : {false, true}) {
            for (const Place place : {Place::first, Place::later}) {
                Setup setup = scene(options, look, {"A=1", "LISTEN_PID=1", "LISTEN_FDS=2"}, place);
                setup.terminal = terminal;
                setup.directory = "/usr";
                twin.same(setup);
            }
        }
    }
    Setup inherited = scene({}, {"descriptors"});
    inherited.descriptors = {5, 251};
    twin.same(inherited);
}

TEST_CASE(
    "catatonit: the child has the signals that it was to have, which catatonit itself spoils") {
    const Twin twin("catatonit");
    Setup setup = scene({}, {"signals"});
    CHECK(twin.face(setup).output == "blocked:\nignored:\ncaught:\n");
    setup.ignored = {SIGINT, SIGSEGV, 40};
    setup.blocked = {SIGILL, SIGTERM, 50};
    CHECK(twin.face(setup).output == "blocked: 4 15 50\nignored: 2 11 40\ncaught:\n");
}

TEST_CASE("catatonit: its environment variables mean what they mean to it") {
    const Twin twin("catatonit");
    if (!twin.has_peer()) KG_SKIP(no_peer);
    twin.same(scene({}, {"exit", "3"}, {"CATATONIT_LOG=x"}), Compare::output);
    twin.same(scene({}, {"exit", "3"}, {"CATATONIT_LOG="}), Compare::output);
    CHECK(twin.face(scene({}, {"exit", "3"}, {"CATATONIT_LOG=x"})).ending == "exit 1");
    twin.same(scene({}, {"exit", "3"}, {"CATATONIT_DEBUG=1"}), Compare::output);
    CHECK(has(twin.face(scene({}, {"exit", "3"}, {"CATATONIT_DEBUG="})).errors,
              "DEBUG (catatonit:1): "));
}

TEST_CASE("catatonit: signals come to the child, or to its group, as from catatonit") {
    const Twin twin("catatonit");
    if (!twin.has_peer()) KG_SKIP(no_peer);
    for (const Place place : {Place::first, Place::later}) {
        for (int signal = 1; signal < 64; ++signal) {
            if (signal == SIGKILL || signal == SIGSTOP || signal == 32 || signal == 33) continue;
            twin.same(scene({}, {"log-signals", "64"}, {}, place), Compare::output,
                      [&](Program& program) { send_all(program, {signal, 64}); });
        }
    }
    const Strings pair = {"fork", "{",           "log-signals", "15",   "exit", "1",
                          "}",    "log-signals", "15",          "reap", "exit", "2"};
    const auto stop = [](Program& program) {
        program.wait_for("ready\n");
        program.wait_for("ready\n");
        program.send(SIGTERM);
    };
    twin.same(scene({"-g"}, pair), Compare::status, stop);
    CHECK(count(twin.face(scene({"-g"}, pair), stop).output, "signal 15\n") == 2);
}

TEST_CASE("catatonit: it is a subreaper when it is not PID 1") {
    const Twin twin("catatonit");
    Program program(
        twin.face_setup(scene({}, {"daemon", "{", "parent", "}", "pause"}, {}, Place::later)));
    program.wait_for("parent 2\n");
}

TEST_CASE("catatonit: pause waits for INT or TERM, and for nothing else") {
    const Twin twin("catatonit");
    if (!twin.has_peer()) KG_SKIP(no_peer);
    for (const int signal : {SIGINT, SIGTERM}) {
        for (const Place place : {Place::first, Place::later}) {
            twin.same({.words = {"-P"}, .place = place}, Compare::all, [&](Program& program) {
                program.eventually("it to wait", [&] { return blocks(program.pid(), signal); });
                for (const int other : {SIGHUP, SIGUSR1, SIGCONT, 40}) program.send(other);
                CHECK(program.stays(std::chrono::milliseconds(20)));
                program.send(signal);
            });
        }
    }
}

TEST_CASE("catatonit: pause reaps what ends while it waits, and what had ended before") {
    const ScratchDir scratch;
    for (const bool ends_before : {false, true}) {
        CAPTURE(ends_before);
        // PID 1 has a child, and then becomes catatonit.
        Strings play = {"fork", "{"};
        if (!ends_before) play.insert(play.end(), {"await", scratch / "go"});
        play.insert(play.end(), {"}", "linger", "50", "become", face_path("catatonit"), "-P"});
        Program program({.words = with_actor({}, play)});
        program.eventually("it to wait", [&] { return blocks(program.pid(), SIGTERM); });
        if (!ends_before) scratch.write("go", "");
        program.eventually("the child to be reaped",
                           [&] { return children_of(program.pid()).empty(); });
        program.send(SIGTERM);
        CHECK(program.wait() == "exit 0");
    }
}

TEST_CASE("catatonit: it holds no descriptor and no directory, as 0.2 does") {
    const Twin twin("catatonit");
    Setup setup = scene({}, {"cwd", "log-signals", "15"});
    setup.directory = "/usr";
    setup.descriptors = {5, 251};
    Program program(twin.face_setup(setup));
    program.wait_for("cwd /usr\n");
    program.wait_for("ready\n");
    program.eventually("the root to be its directory",
                       [&] { return link_of(program.pid(), "cwd") == "/"; });
    program.eventually("the descriptors to be closed", [&] {
        const auto open = descriptors_of(program.pid());
        return !open.contains(5) && !open.contains(251);
    });
    program.send(SIGTERM);
    CHECK(program.wait() == "exit 0");
}

TEST_CASE("catatonit: where it hangs, the face does not") {
    const Twin twin("catatonit");
    Setup ignored = scene({}, {"exit", "5"});
    ignored.ignored = {SIGCHLD};
    CHECK(twin.face(ignored).ending == "exit 5");
    Setup closed = scene({}, {"exit", "5"});
    closed.input = Input::closed;
    CHECK(twin.face(closed).ending == "exit 5");
}

TEST_CASE("catatonit: the terminal's keys end the child") {
    const Twin twin("catatonit");
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

}  // TEST_SUITE("contract")
