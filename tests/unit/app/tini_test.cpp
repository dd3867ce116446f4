// SPDX-License-Identifier: Apache-2.0
#include "app/tini.h"

#include <signal.h>

#include <doctest/doctest.h>

#include "app/catatonit.h"
#include "app/dumb_init.h"
#include "app/face.h"
#include "argv.h"

using namespace kaigara;
using namespace kaigara::app;
using namespace kaigara::test;

namespace {

using Words = std::vector<std::string>;

struct Parsed {
    Result<TiniOptions, FaceEnd> answer;
    Words program;
};

Parsed parse(Words words, Words environment = {}) {
    words.insert(words.begin(), "/sbin/tini");
    Argv argv(words);
    Argv variables(std::move(environment));
    Parsed parsed{parse_tini(argv.count(), argv.get(), variables.get()), {}};
    if (parsed.answer) parsed.program = words_of(parsed.answer->program);
    return parsed;
}

TiniOptions options(Words words, Words environment = {}) {
    const Parsed parsed = parse(std::move(words), std::move(environment));
    REQUIRE(parsed.answer.has_value());
    return *parsed.answer;
}

FaceEnd end_of(Words words) {
    const Parsed parsed = parse(std::move(words));
    REQUIRE_FALSE(parsed.answer.has_value());
    return parsed.answer.error();
}

}  // namespace

TEST_SUITE("app") {
TEST_CASE("the last part of argv[0] chooses the face") {
    const auto is = [](std::string_view argv0, Face face) { return find_face(argv0) == face; };
    CHECK(is("tini", run_tini));
    CHECK(is("/usr/bin/tini-static", run_tini));
    CHECK(is("/sbin/docker-init", run_tini));
    CHECK(is("./dumb-init", run_dumb_init));
    CHECK(is("/catatonit", run_catatonit));
    CHECK(is("/run/podman-init", run_catatonit));
    CHECK(is("kaigara", nullptr));
    CHECK(is("tini/kaigara", nullptr));
    CHECK(is("", nullptr));
}

TEST_CASE("tini reads its flags one by one, together, and with arguments glued on") {
    const TiniOptions plain = options({"true"});
    CHECK_FALSE(plain.subreaper);
    CHECK_FALSE(plain.group);
    CHECK_FALSE(plain.warn_on_reap);
    CHECK(plain.verbosity == 1);
    CHECK(plain.parent_death_signal == 0);
    CHECK(plain.success.none());
    const TiniOptions all =
        options({"-sg", "-w", "-vvv", "-e143", "-e", " 7", "-p", "SIGTERM", "--", "true"});
    CHECK(all.subreaper);
    CHECK(all.group);
    CHECK(all.warn_on_reap);
    CHECK(all.verbosity == 4);
    CHECK(all.parent_death_signal == SIGTERM);
    CHECK(all.success.count() == 2);
    CHECK(all.success[143]);
    CHECK(all.success[7]);
}

TEST_CASE("tini's program begins at the first word that is no option") {
    CHECK(parse({"ls", "-d", "/"}).program == Words{"ls", "-d", "/"});
    CHECK(parse({"-s", "--", "ls", "-d"}).program == Words{"ls", "-d"});
    CHECK(parse({"--", "--", "true"}).program == Words{"--", "true"});
    CHECK(parse({"nginx", "-g", "daemon off;"}).program == Words{"nginx", "-g", "daemon off;"});
}

TEST_CASE("tini takes one -- directly behind the program away, unless POSIXLY_CORRECT") {
    CHECK(parse({"app", "--", "-x"}).program == Words{"app", "-x"});
    CHECK(parse({"app", "--", "--", "-x"}).program == Words{"app", "--", "-x"});
    CHECK(parse({"app", "a", "--", "-x"}).program == Words{"app", "a", "--", "-x"});
    CHECK(parse({"--", "app", "--", "-x"}).program == Words{"app", "--", "-x"});
    CHECK(parse({"app", "--", "-x"}, {"POSIXLY_CORRECT="}).program == Words{"app", "--", "-x"});
}

TEST_CASE("tini's variables count when they are present, and the verbosity beats -v") {
    CHECK(options({"true"}, {"TINI_SUBREAPER="}).subreaper);
    CHECK(options({"true"}, {"TINI_KILL_PROCESS_GROUP="}).group);
    CHECK_FALSE(options({"true"}, {"TINI_SUBREAPERS=1"}).subreaper);
    CHECK(options({"-vvv", "true"}, {"TINI_VERBOSITY=0"}).verbosity == 0);
    CHECK(options({"-vvv", "true"}, {"TINI_VERBOSITY=abc"}).verbosity == 0);
    CHECK(options({"true"}, {"TINI_VERBOSITY= 3x"}).verbosity == 3);
    CHECK(options({"true"}, {"TINI_VERBOSITY=-1"}).verbosity == ~0U);
}

TEST_CASE("tini's -e takes whole numbers of 0 to 255") {
    CHECK(options({"-e", "0", "-e", "255", "true"}).success.count() == 2);
    for (const char* bad : {"256", "-1", "1x", "x", "4294967296"}) {
        CAPTURE(bad);
        const FaceEnd end = end_of({"-e", bad, "true"});
        CHECK(end.status == 1);
        CHECK(end.stream == 2);
        CHECK(end.text.starts_with("[FATAL tini ("));
        CHECK(end.text.ends_with(")] Not a valid option for -e: " + std::string(bad) + "\n"));
    }
}

TEST_CASE("tini's -p takes full names of the older signals alone") {
    CHECK(options({"-pSIGKILL", "true"}).parent_death_signal == SIGKILL);
    for (const char* bad : {"KILL", "9", "SIGIO", "SIGPWR", "SIGRTMIN", "sigterm", ""}) {
        CAPTURE(bad);
        const FaceEnd end = end_of({"-p", bad, "true"});
        CHECK(end.status == 1);
        CHECK(end.text.ends_with(")] Not a valid option for -p: " + std::string(bad) + "\n"));
    }
}

TEST_CASE("tini's --version counts as the only word") {
    const FaceEnd end = end_of({"--version"});
    CHECK(end.status == 0);
    CHECK(end.stream == 1);
    CHECK(end.text == "tini version 0.19.0\n");
    CHECK(end_of({"--version", "true"}).status == 1);
}

TEST_CASE("tini's help and licence go to stdout, what was wrong to stderr") {
    const FaceEnd help = end_of({"-h"});
    CHECK(help.status == 0);
    CHECK(help.stream == 1);
    CHECK(help.text.starts_with("tini (tini version 0.19.0)\nUsage: tini [OPTIONS] PROGRAM"));
    CHECK(help.text.find("supervision of a valid init process") != std::string::npos);
    CHECK(help.text.find("more verbose") != std::string::npos);
    const FaceEnd licence = end_of({"-l"});
    CHECK(licence.status == 0);
    CHECK(licence.stream == 1);
    CHECK(licence.text.starts_with("The MIT License (MIT)\n\nCopyright (c) 2015 Thomas Orozco"));
    const FaceEnd wrong = end_of({"-x", "true"});
    CHECK(wrong.status == 1);
    CHECK(wrong.stream == 2);
    CHECK(wrong.text == "/sbin/tini: invalid option -- 'x'\n" + help.text);
    const FaceEnd nothing = end_of({"-s"});
    CHECK(nothing.status == 1);
    CHECK(nothing.stream == 2);
    CHECK(nothing.text == help.text);
}
}  // TEST_SUITE("app")
