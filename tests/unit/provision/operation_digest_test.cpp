// SPDX-License-Identifier: Apache-2.0
#include "provision/operation_digest.h"

#include <sys/stat.h>

#include <doctest/doctest.h>

#include <cerrno>

#include "platform/files.h"
#include "platform/sha256.h"
#include "support/scratch.h"

using namespace kaigara;
using namespace kaigara::provision;
using test::ScratchDir;

namespace {

OperationDigests digests_of(std::string_view content) {
    const ScratchDir files;
    auto digests = digest_operation(files.write("op", content));
    REQUIRE(digests.has_value());
    CHECK(digests->content == platform::sha256_hex(content));
    CHECK(digests->inputs.empty());
    return *digests;
}

// Whether an edit leaves the code of a file as it was.
bool is_cosmetic(std::string_view before, std::string_view after) {
    const auto one = digests_of(before);
    const auto other = digests_of(after);
    CHECK(one.content != other.content);
    return one.code == other.code;
}

}  // namespace

TEST_SUITE("provision") {

TEST_CASE("comments, blank lines and blanks at line ends are no code") {
    CHECK(without_comments("#!/bin/sh\n\n# a\n  # b\necho a  # c \n\t\necho b\t") ==
          "#!/bin/sh\necho a  # c\necho b\n");
    CHECK(without_comments("").empty());
    CHECK(without_comments("# only\n\n").empty());
}

TEST_CASE("the indentation and what stands behind code are code") {
    CHECK_FALSE(is_cosmetic("if x:\n  y\n", "if x:\ny\n"));
    CHECK_FALSE(is_cosmetic("a # b\n", "a # c\n"));
    CHECK_FALSE(is_cosmetic("a\nb\n", "ab\n"));
}

TEST_CASE("edits of comments, blanks and line ends are cosmetic, others are not") {
    const std::string_view before = "#!/bin/sh\n# kaigara: run=once\nset -e\n\ncreate schema\n";
    CHECK(is_cosmetic(before, "#!/bin/sh\nset -e\ncreate schema"));
    CHECK(is_cosmetic(before, "#!/bin/sh\r\n# kaigara: run=once\r\nset -e\r\ncreate schema\r\n"));
    CHECK(is_cosmetic(before, "\xEF\xBB\xBF#!/bin/sh\n#other\nset -e \ncreate schema\n"));
    CHECK_FALSE(is_cosmetic(before, "#!/bin/bash\nset -e\ncreate schema\n"));
    CHECK_FALSE(is_cosmetic(before, "#!/bin/sh\nset -e\ncreate  schema\n"));
    CHECK_FALSE(is_cosmetic(before, "#!/bin/sh\nset -e\n"));
}

TEST_CASE("what a comment is follows from the interpreter") {
    struct Case {
        std::string_view interpreter;
        std::string_view comments;  // the signs among # // -- ; that begin one
    };
    for (const Case& one : {
             Case{"/bin/sh", "#"},
             {"/usr/bin/python3", "#"},
             {"/usr/bin/env bash", "#"},
             {"/usr/bin/psql -f", "--"},
             {"/usr/lib/postgresql/15/bin/psql-15", "--"},
             {"/usr/bin/sqlite3", "--"},
             {"/usr/bin/mysql", "--"},
             {"/usr/bin/mariadb", "--"},
             {"/usr/bin/lua5.4", "--"},
             {"/usr/bin/env -S psql -v ON_ERROR_STOP=1 -f", "--"},
             {"/usr/bin/env -S A=b node --test", "//"},
             {"/usr/bin/env node", "//"},
             {"/usr/bin/env   nodejs", "//"},
             {"/usr/local/bin/deno run", "//"},
             {"/usr/bin/bun", "//"},
             {"/usr/bin/php8.2", "# //"},
             {"/usr/bin/guile-3.0 -s", ";"},
             {"/usr/bin/emacs --script", ";"},
             {"/usr/bin/env", "#"},
             {"", "#"},
         }) {
        const std::string head = "#!" + std::string(one.interpreter) + "\n";
        for (const std::string_view sign : {"#", "//", "--", ";"}) {
            CAPTURE(head);
            CAPTURE(sign);
            const bool is_comment = one.comments.find(sign) != std::string_view::npos;
            const std::string line = std::string(sign) + " x\n";
            CHECK(without_comments(head + line + "y\n") == head + (is_comment ? "" : line) + "y\n");
        }
    }
}

TEST_CASE("an annotation is a comment whatever its sign") {
    for (const char* sign : {"#", "//", "--", ";"}) {
        CAPTURE(sign);
        const std::string annotation = std::string(sign) + " kaigara: run=once\r\n";
        CHECK(without_comments("#!/bin/sh\n" + annotation + "x\n") == "#!/bin/sh\nx\n");
        CHECK(without_comments("#!/usr/bin/psql\n" + annotation + "x\n") == "#!/usr/bin/psql\nx\n");
    }
}

TEST_CASE("what is code once is code for good") {
    using namespace std::string_view_literals;
    for (const std::string_view text :
         {"\xEF\xBB\xBF\xEF\xBB\xBF#!/bin/lua\n-- a\nb"sv, "\n\xEF\xBB\xBF#!/bin/lua\n-- a\n#b"sv,
          "#!/usr/bin/lua\r\r\n# a\n-- b\n"sv, "\n#!/usr/bin/lua\n-- a\n"sv, "#!  \r\n # a\n"sv,
          "\r\n\xEF\xBB\xBF \xEF\xBB\xBFx"sv, "a\0b\n#c"sv}) {
        const std::string code = without_comments(text);
        CAPTURE(code);
        CHECK(without_comments(code) == code);
    }
}

TEST_CASE("a program and a very long text are all code") {
    using namespace std::string_literals;
    const auto program = digests_of("\x7F"
                                    "ELF\n# a\n"s +
                                    '\0');
    CHECK(program.code == program.content);
    const std::string text = "#" + std::string(std::size_t{4} * 1024 * 1024 - 2, 'x') + "\n";
    CHECK(digests_of(text).code == platform::sha256_hex(""));
    const auto longer = digests_of(text + "#");
    CHECK(longer.code == longer.content);
    // The byte that makes it a program stands in the last piece that is read.
    const auto late = digests_of(text.substr(1) + '\0');
    CHECK(late.code == late.content);
}

TEST_CASE("the digest of a file is that of its bytes, whatever its size") {
    const ScratchDir files;
    for (const std::size_t size :
         {0U, 1U, 4'095U, 4'096U, 4'097U, 65'535U, 65'536U, 65'537U, 200'000U}) {
        CAPTURE(size);
        const std::string content(size, 'x');
        CHECK(platform::sha256_of_file(files.write("file", content)).value() ==
              platform::sha256_hex(content));
    }
    // The kernel makes this one as it is read, and says that its size is 0.
    CHECK(platform::sha256_of_file("/proc/filesystems").value() ==
          platform::sha256_hex(platform::read_file("/proc/filesystems", 65'536).value()));
    CHECK(platform::sha256_hex("abc") ==
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("what is no readable file has no digest, and nothing waits for it") {
    const ScratchDir files;
    const auto absent = digest_operation(files / "absent");
    REQUIRE_FALSE(absent.has_value());
    CHECK(absent.error().fault == Fault::configuration);
    CHECK(absent.error().where == files / "absent");
    CHECK(absent.error().code == ENOENT);
    REQUIRE(::mkfifo((files / "fifo").c_str(), 0600) == 0);
    CHECK_FALSE(digest_operation(files / "fifo").has_value());
    CHECK(platform::sha256_of_file(files.make_dir("dir")).error().code == EISDIR);
}

}  // TEST_SUITE("provision")
