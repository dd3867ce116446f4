// SPDX-License-Identifier: Apache-2.0
#include "app/dumb_init.h"

#include <signal.h>

#include <doctest/doctest.h>

#include "argv.h"

using namespace kaigara;
using namespace kaigara::app;
using namespace kaigara::test;

namespace {

using Words = std::vector<std::string>;

struct Parsed {
    Result<DumbInitOptions, FaceEnd> answer;
    Words program;
};

Parsed parse(Words words, Words environment = {}) {
    words.insert(words.begin(), "dumb-init");
    Argv argv(words);
    Argv variables(std::move(environment));
    Parsed parsed{parse_dumb_init(argv.count(), argv.get(), variables.get()), {}};
    if (parsed.answer) parsed.program = words_of(parsed.answer->program);
    return parsed;
}

DumbInitOptions options(Words words, Words environment = {}) {
    const Parsed parsed = parse(std::move(words), std::move(environment));
    REQUIRE(parsed.answer.has_value());
    return *parsed.answer;
}

FaceEnd end_of(Words words) {
    const Parsed parsed = parse(std::move(words));
    REQUIRE_FALSE(parsed.answer.has_value());
    return parsed.answer.error();
}

constexpr const char* rewrite_help =
    "Usage: -r option takes <signum>:<signum>, where <signum> is between 1 and 31.\n"
    "This option can be specified multiple times.\n"
    "Use --help for full usage.\n";

}  // namespace

TEST_SUITE("app") {
TEST_CASE("dumb-init's options end at the first word that is none") {
    CHECK(parse({"echo", "-v", "--", "-c"}).program == Words{"echo", "-v", "--", "-c"});
    CHECK(parse({"-v", "--", "-c"}).program == Words{"-c"});
    CHECK(parse({"-"}).program == Words{"-"});
    CHECK_FALSE(options({"true", "-v"}).debug);
}

TEST_CASE("dumb-init's long options may be cut short") {
    CHECK_FALSE(options({"--single", "true"}).session);
    CHECK(options({"--verb", "true"}).debug);
    CHECK(options({"--rew=15:3", "true"}).signals[SIGTERM] == SIGQUIT);
    CHECK(end_of({"--ver", "true"}).text ==
          "dumb-init: option '--ver' is ambiguous; possibilities: '--verbose' '--version'\n");
    CHECK(end_of({"--yolo", "true"}).text == "dumb-init: unrecognized option '--yolo'\n");
    CHECK(end_of({"--yolo", "true"}).status == 1);
}

TEST_CASE("with a session, terminal stops become STOP where the user said nothing else") {
    const DumbInitOptions session = options({"true"});
    CHECK(session.signals[SIGTSTP] == SIGSTOP);
    CHECK(session.signals[SIGTTIN] == SIGSTOP);
    CHECK(session.signals[SIGTTOU] == SIGSTOP);
    CHECK(session.rewritten.count() == 3);
    const DumbInitOptions own = options({"-r", "20:20", "-r", "21:0", "true"});
    CHECK(own.signals[SIGTSTP] == SIGTSTP);
    CHECK(own.signals[SIGTTIN] == supervise::SignalMap::drop);
    CHECK(own.signals[SIGTTOU] == SIGSTOP);
    const DumbInitOptions single = options({"-c", "true"});
    CHECK(single.signals[SIGTSTP] == SIGTSTP);
    CHECK(single.rewritten.none());
}

TEST_CASE("dumb-init's -r reads two numbers as scanf does") {
    CHECK(options({"-r15:3", "true"}).signals[SIGTERM] == SIGQUIT);
    CHECK(options({"-r", " 15: +3and more", "true"}).signals[SIGTERM] == SIGQUIT);
    CHECK(options({"-r", "15:0", "true"}).signals[SIGTERM] == supervise::SignalMap::drop);
    CHECK(options({"-r", "15:3", "-r", "15:2", "true"}).signals[SIGTERM] == SIGINT);
    for (const char* bad : {"", "herp", "15", "15:", "15::12", "15 :3", "15:derp", "0:1", "32:1",
                            "1:32", "-1:1", "1:-1"}) {
        CAPTURE(bad);
        const FaceEnd end = end_of({"-r", bad, "true"});
        CHECK(end.status == 1);
        CHECK(end.stream == 2);
        CHECK(end.text == rewrite_help);
    }
    CHECK(end_of({"-r"}).text == "dumb-init: option requires an argument -- 'r'\n");
}

TEST_CASE("dumb-init's variables count with one value only") {
    CHECK(options({"true"}, {"DUMB_INIT_DEBUG=1"}).debug);
    CHECK(options({"true"}, {"DUMB_INIT_DEBUG=1"}).debug_by_variable);
    CHECK_FALSE(options({"true"}, {"DUMB_INIT_DEBUG=2"}).debug);
    CHECK_FALSE(options({"true"}, {"DUMB_INIT_DEBUG="}).debug);
    CHECK_FALSE(options({"-v", "true"}).debug_by_variable);
    CHECK_FALSE(options({"true"}, {"DUMB_INIT_SETSID=0"}).session);
    CHECK(options({"true"}, {"DUMB_INIT_SETSID=00"}).session);
    CHECK(options({"true"}, {"DUMB_INIT_SETSID=0"}).rewritten.none());
}

TEST_CASE("dumb-init tells its version and its usage on stderr") {
    const FaceEnd version = end_of({"-V", "true"});
    CHECK(version.status == 0);
    CHECK(version.stream == 2);
    CHECK(version.text == "dumb-init v1.2.5\n");
    const FaceEnd help = end_of({"--help"});
    CHECK(help.status == 0);
    CHECK(help.stream == 2);
    CHECK(help.text.starts_with("dumb-init v1.2.5\n"
                                "Usage: dumb-init [option] command [[arg] ...]\n\n"));
    const FaceEnd nothing = end_of({"-v"});
    CHECK(nothing.status == 1);
    CHECK(nothing.stream == 2);
    CHECK(nothing.text == "Usage: dumb-init [option] program [args]\n"
                          "Try dumb-init --help for full usage.\n");
}
}  // TEST_SUITE("app")
