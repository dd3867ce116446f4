// SPDX-License-Identifier: Apache-2.0
#include "app/catatonit.h"

#include <doctest/doctest.h>

#include "argv.h"

using namespace kaigara;
using namespace kaigara::app;
using namespace kaigara::test;

namespace {

using Words = std::vector<std::string>;

struct Parsed {
    Result<CatatonitOptions, FaceEnd> answer;
    Words program;
};

Parsed parse(Words words, Words environment = {}) {
    words.insert(words.begin(), "catatonit");
    Argv argv(words);
    Argv variables(std::move(environment));
    Parsed parsed{parse_catatonit(argv.count(), argv.get(), variables.get()), {}};
    if (parsed.answer) parsed.program = words_of(parsed.answer->program);
    return parsed;
}

FaceEnd end_of(Words words, Words environment = {}) {
    const Parsed parsed = parse(std::move(words), std::move(environment));
    REQUIRE_FALSE(parsed.answer.has_value());
    return parsed.answer.error();
}

constexpr const char* usage = "usage: catatonit [-ghLPV] [--] <progname> [<arguments>...]\n";

}  // namespace

TEST_SUITE("app") {
TEST_CASE("catatonit's options count wherever they stand before a --") {
    const Parsed parsed = parse({"echo", "-g", "a", "--", "-n", "--"});
    REQUIRE(parsed.answer.has_value());
    CHECK(parsed.answer->group);
    CHECK(parsed.program == Words{"echo", "a", "-n", "--"});
    CHECK(end_of({"ls", "-d"}).text == std::string("catatonit: invalid option -- 'd'\n") + usage);
}

TEST_CASE("with POSIXLY_CORRECT catatonit's options end at the program") {
    const Parsed parsed = parse({"ls", "-g", "--", "x"}, {"POSIXLY_CORRECT="});
    REQUIRE(parsed.answer.has_value());
    CHECK_FALSE(parsed.answer->group);
    CHECK(parsed.program == Words{"ls", "-g", "--", "x"});
}

TEST_CASE("catatonit needs a program, unless it pauses") {
    const FaceEnd end = end_of({"-g"});
    CHECK(end.status == 1);
    CHECK(end.stream == 2);
    CHECK(end.text.starts_with("ERROR (catatonit:"));
    CHECK(end.text.ends_with(std::string("): missing program name\n") + usage));
    const Parsed pausing = parse({"-P"});
    REQUIRE(pausing.answer.has_value());
    CHECK(pausing.answer->pause);
}

TEST_CASE("catatonit tells its version as docker wants it") {
    for (const char* word : {"-V", "--version", "--v"}) {
        const FaceEnd end = end_of({word});
        CHECK(end.status == 0);
        CHECK(end.stream == 1);
        CHECK(end.text == "tini version 0.2.1_catatonit\n");
    }
    CHECK(end_of({"-h"}).status == 0);
    CHECK(end_of({"-h"}).stream == 2);
    CHECK(end_of({"-h"}).text.starts_with(usage));
    CHECK(end_of({"-L"}).stream == 1);
    CHECK(end_of({"--help"}).status == 1);
}

TEST_CASE("catatonit's variables count when they are present") {
    CHECK(parse({"true"}, {"CATATONIT_DEBUG="}).answer->debug);
    CHECK_FALSE(parse({"true"}).answer->debug);
    const FaceEnd end = end_of({"-V"}, {"CATATONIT_LOG="});
    CHECK(end.status == 1);
    CHECK(end.text.ends_with("): CATATONIT_LOG is reserved for future use\n"));
}

TEST_CASE("LISTEN_PID names a process by the number that it begins with") {
    CHECK(names_process("42", 42));
    CHECK(names_process(" 42x", 42));
    CHECK_FALSE(names_process("420", 42));
    CHECK_FALSE(names_process("", 42));
    CHECK_FALSE(names_process("99999999999999999999", 42));
}
}  // TEST_SUITE("app")
