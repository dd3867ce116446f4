// SPDX-License-Identifier: Apache-2.0
#include "app/getopt.h"

#include <array>
#include <random>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <getopt.h>

#include "argv.h"

using namespace kaigara;
using namespace kaigara::test;
using app::Getopt;

namespace {

constexpr std::array longs = {
    Getopt::Long{"rewrite", true, 'r'},
    Getopt::Long{"verbose", false, 'v'},
    Getopt::Long{"version", false, 'V'},
};

struct Reading {
    std::string letters;
    std::vector<std::string> arguments;
    std::vector<std::string> operands;
    bool operator==(const Reading&) const = default;
};

Reading read_ours(Argv& argv, Getopt::Order order) {
    Reading reading;
    Getopt options(argv.count(), argv.get(), "vVr:", longs, order);
    while (const int letter = options.next()) {
        reading.letters += static_cast<char>(letter);
        if (options.argument() != nullptr) reading.arguments.emplace_back(options.argument());
    }
    reading.operands = words_of(options.operands());
    return reading;
}

Reading read_theirs(Argv& argv, const char* letters) {
    static constexpr std::array<option, 4> theirs = {{{"rewrite", required_argument, nullptr, 'r'},
                                                      {"verbose", no_argument, nullptr, 'v'},
                                                      {"version", no_argument, nullptr, 'V'},
                                                      {nullptr, 0, nullptr, 0}}};
    Reading reading;
    opterr = 0;
    optind = 0;  // begin anew, in glibc
    for (;;) {
        const int letter = getopt_long(argv.count(), argv.get(), letters, theirs.data(), nullptr);
        if (letter < 0) break;
        reading.letters += static_cast<char>(letter);
        if (letter == 'r') reading.arguments.emplace_back(optarg);
    }
    for (int i = optind; i < argv.count(); ++i) reading.operands.emplace_back(argv.get()[i]);
    return reading;
}

std::string complaint(std::vector<std::string> words) {
    words.insert(words.begin(), "dir/init");
    Argv argv(words);
    Getopt options(argv.count(), argv.get(), "vVr:", longs, Getopt::Order::first_operand_ends);
    while (const int letter = options.next()) {
        if (letter == Getopt::mistake) return options.complaint();
    }
    return "";
}

}  // namespace

TEST_SUITE("app") {
#ifdef __GLIBC__
TEST_CASE("command lines are read as glibc's getopt_long reads them") {
    constexpr std::array<const char*, 18> choice = {
        "-v",    "-V",     "-r",        "-rx",         "-vr",         "-x",
        "-",     "--",     "a",         "b",           "--verb",      "--ver",
        "--rew", "--rew=", "--version", "--verbose=1", "--rewrite=a", "--unknown"};
    std::mt19937 random(20);
    std::uniform_int_distribution<std::size_t> pick(0, choice.size() - 1);
    for (int round = 0; round < 20'000; ++round) {
        std::vector<std::string> words = {"init"};
        for (int i = round % 7; i > 0; --i) words.emplace_back(choice.at(pick(random)));
        CAPTURE(fmt::format("{}", fmt::join(words, " ")));
        Argv argv(words);
        const Reading stopping = read_ours(argv, Getopt::Order::first_operand_ends);
        const Reading permuting = read_ours(argv, Getopt::Order::permute);
        REQUIRE(stopping == read_theirs(argv, "+vVr:"));
        REQUIRE(permuting == read_theirs(argv, "vVr:"));  // this changes argv
    }
}
#endif

TEST_CASE("a mistake is told in getopt's words") {
    CHECK(complaint({"-vx"}) == "dir/init: invalid option -- 'x'\n");
    CHECK(complaint({"-:"}) == "dir/init: invalid option -- ':'\n");
    CHECK(complaint({"-r"}) == "dir/init: option requires an argument -- 'r'\n");
    CHECK(complaint({"--yolo=1"}) == "dir/init: unrecognized option '--yolo=1'\n");
    CHECK(complaint({"--rewrite"}) == "dir/init: option '--rewrite' requires an argument\n");
    CHECK(complaint({"--verb=1"}) == "dir/init: option '--verbose' doesn't allow an argument\n");
    CHECK(complaint({"--ver"}) ==
          "dir/init: option '--ver' is ambiguous; possibilities: '--verbose' '--version'\n");
    CHECK(complaint({"-v", "word", "-x"}).empty());
}

TEST_CASE("it is known whether a -- ended the options") {
    Argv marked({"init", "-v", "--", "program"});
    Getopt with(marked.count(), marked.get(), "v", {}, Getopt::Order::first_operand_ends);
    while (with.next() != Getopt::end) {
    }
    CHECK(with.ended_by_mark());
    Argv plain({"init", "-v", "program", "--"});
    Getopt without(plain.count(), plain.get(), "v", {}, Getopt::Order::first_operand_ends);
    while (without.next() != Getopt::end) {
    }
    CHECK_FALSE(without.ended_by_mark());
    CHECK(words_of(without.operands()) == std::vector<std::string>{"program", "--"});
}
}  // TEST_SUITE("app")
