// SPDX-License-Identifier: Apache-2.0
#include "provision/annotation.h"

#include <doctest/doctest.h>

#include <chrono>

using namespace kaigara;
using namespace kaigara::provision;
using namespace std::chrono_literals;

namespace {

// The options of a file that has no errors.
OperationOptions good(std::string_view text) {
    OperationOptions options;
    const Errors errors = read_annotations(text, "op", options);
    CHECK_MESSAGE(errors.empty(), (errors.empty() ? "" : errors.front().text()));
    return options;
}

// All errors of a file, a line each.
std::string bad(std::string_view text) {
    OperationOptions options;
    std::string all;
    for (const Error& error : read_annotations(text, "op", options)) {
        CHECK(error.fault == Fault::configuration);
        all += error.text() + "\n";
    }
    return all;
}

std::string lines(std::size_t number) {
    std::string text;
    for (std::size_t i = 0; i < number; ++i) text += ":\n";
    return text;
}

}  // namespace

TEST_SUITE("provision") {

TEST_CASE("a comment of any of the four kinds may be an annotation") {
    for (const char* line :
         {"# kaigara: run=once", "// kaigara: run=once", "-- kaigara: run=once",
          "; kaigara: run=once", "#kaigara: run=once", " \t#\tkaigara:\trun=once\t ",
          "## kaigara: run=once", ";; kaigara: run=once", "/// kaigara: run=once",
          "--- kaigara: run=once"}) {
        CAPTURE(line);
        CHECK(good(line).run == RunKind::once);
        CHECK(is_annotation(line));
    }
}

TEST_CASE("what is no comment, or speaks to nobody, is no annotation") {
    for (const char* line : {"kaigara: run=once", "echo # kaigara: run=once",
                             "# see kaigara: run=once", "% kaigara: run=once", "#", "", "//"}) {
        CAPTURE(line);
        CHECK(good(line) == OperationOptions());
        CHECK_FALSE(is_annotation(line));
    }
}

TEST_CASE("several options and several annotations add up") {
    const auto options = good("#!/bin/sh\n# kaigara: run=once  timeout=10m\n:\n"
                              "# kaigara:\n# kaigara: user=\"postgres\" retries=2\n");
    CHECK(options.run == RunKind::once);
    CHECK(options.timeout == 10min);
    CHECK(options.user == "postgres");
    CHECK(options.retries == 2);
}

TEST_CASE("a value in quotes may hold blanks, quotes and backslashes") {
    CHECK(good(R"(# kaigara: when="a.b=my shop" run=once)").when == "a.b=my shop");
    CHECK(good(R"(# kaigara: when="a=\"x\" \\ y")").when == R"(a="x" \ y)");
    CHECK(good(R"(# kaigara: when="")").when.empty());
    CHECK(good("# kaigara: when=a.b=c").when == "a.b=c");
    CHECK(good("# kaigara: inputs=\"a, /etc/b c\"").inputs ==
          std::vector<std::string>{"a", "/etc/b c"});
}

TEST_CASE("broken quotes are errors where they break") {
    CHECK(bad(R"(# kaigara: when="a b)") == "op:1:17: the quotes are not closed on this line\n");
    CHECK(bad("# kaigara: when=\"a\"b") ==
          "op:1:20: a blank is missing behind the closing quotes\n");
    CHECK(bad(R"(# kaigara: when="a\n")").starts_with("op:1:19: a backslash in quotes"));
    CHECK(bad(R"(# kaigara: when="a\)").starts_with("op:1:19: a backslash in quotes"));
    CHECK(bad(R"(# kaigara: when=a="x")").starts_with("op:1:19: quotes stand around the whole"));
}

TEST_CASE("Windows line ends and a byte order mark are ignored") {
    CHECK(good("\xEF\xBB\xBF# kaigara: run=once\r\n# kaigara: user=a\r\n").user == "a");
    CHECK(good("\xEF\xBB\xBF# kaigara: run=once\r\n").run == RunKind::once);
    CHECK(bad("\xEF\xBB\xBF# kaigara: rnu=once\r\n") ==
          "op:1:12: unknown option 'rnu' (did you mean 'run'?)\n");
}

TEST_CASE("all errors of a file are told in one go, each with its place") {
    CHECK(bad("#!/bin/sh\n  # kaigara: runn=once run=onc\n# kaigara: timeout=soon user=a\n") ==
          "op:2:14: unknown option 'runn' (did you mean 'run'?)\n"
          "op:2:28: run: 'onc' is not accepted: always, once or on-change (did you mean 'once'?)\n"
          "op:3:20: timeout: 'soon' is no duration: a number is missing (write 90s, 10m, 1h30m or "
          "250ms)\n");
}

TEST_CASE("the same option twice is an error, on one line or on two") {
    CHECK(bad("# kaigara: run=once run=once") == "op:1:21: 'run' is set already, on line 1\n");
    CHECK(bad("\n# kaigara: run=once\n# kaigara: run=always") ==
          "op:3:12: 'run' is set already, on line 2\n");
    // It is the first that is told, even where it was no good.
    CHECK(bad("# kaigara: run=x run=once").find("op:1:18: 'run' is set already") !=
          std::string::npos);
}

TEST_CASE("a word that is no option is an error: half of an annotation could be missed") {
    CHECK(bad("# kaigara: once").starts_with("op:1:12: 'once' is no option: "));
    CHECK(bad("# kaigara: run = once").starts_with("op:1:12: 'run' is no option: "));
    CHECK(bad("# kaigara: =once").starts_with("op:1:12: '=once' is no option: "));
    CHECK(bad("# kaigara: \"run=once\"").starts_with("op:1:12: '\"run=once\"' is no option: "));
    CHECK(bad("# kaigara: run= timeout=1s") == "op:1:16: 'run=' has no value\n");
    CHECK(bad("# kaigara: run=") == "op:1:16: 'run=' has no value\n");
    CHECK(bad("# kaigara:run=once") == "op:1:11: a blank is missing behind 'kaigara:'\n");
    // The line is given up, the next one is not.
    CHECK(bad("# kaigara: see below\n# kaigara: rnu=once\n").find("op:2:12: ") !=
          std::string::npos);
}

TEST_CASE("only the first 20 lines are looked at, and a later annotation is found") {
    const std::string annotation = "# kaigara: run=once\n";
    CHECK(good(lines(19) + annotation).run == RunKind::once);
    CHECK_FALSE(late_annotation(lines(19) + annotation));
    CHECK(good(lines(20) + annotation).run == RunKind::always);
    CHECK(late_annotation(lines(20) + annotation) == 21);
    CHECK(late_annotation(lines(30) + "  -- kaigara: whatever\r\n" + annotation) == 31);
    CHECK_FALSE(late_annotation(lines(40)));
    CHECK(bad(lines(20) + "# kaigara: nonsense\n").empty());
}

TEST_CASE("a program has no annotations") {
    using namespace std::string_literals;
    CHECK(good("\x7F"
               "ELF\n# kaigara: run=once\n") == OperationOptions());
    CHECK(good("# kaigara: run=once\n"s + '\0') == OperationOptions());
    CHECK(good("# kaigara: nonsense\n"s + lines(10) + '\0') == OperationOptions());
    CHECK_FALSE(late_annotation(lines(20) + "# kaigara: run=once\n" + '\0'));
}

TEST_CASE("an annotation that does not end within the bytes that are read is an error") {
    std::string text = "# kaigara: run=once user=a";
    text.insert(0, std::string(annotation_bytes - text.size() - 1, ' ') + "\n");
    REQUIRE(text.size() == annotation_bytes);
    CHECK(bad(text + "bc\n") == "op:2:27: the annotation does not end within the first 64 KiB\n");
    // One byte less, and the file ends where it seems to.
    CHECK(good(text.substr(1)).user == "a");
}

TEST_CASE("a comment that was meant as an annotation and is none is an error, prose is not") {
    const auto errors = [](const char* line) {
        OperationOptions options;
        return read_annotations(std::string("#!/bin/sh\n") + line + "\n", "10-a", options);
    };
    for (const char* line :
         {"# kaigara run=once", "# Kaigara: run=once", "# KAIGARA: timeout=1s",
          "# kaigara : run=once", "/* kaigara: run=once */", "<!-- kaigara: run=once -->",
          "/ kaigara: run=once", "- kaigara: run=once", "#! kaigara: run=once"}) {
        CAPTURE(line);
        REQUIRE(errors(line).size() == 1);
        CHECK(errors(line)[0].where == "10-a:2:1");
    }
    for (const char* line : {"# kaigara runs this once", "# see kaigara: the manual",
                             "kaigara run=once", "# Kaigara is PID 1 here, x=1"}) {
        CAPTURE(line);
        CHECK(errors(line).empty());
    }
}

}  // TEST_SUITE("provision")
