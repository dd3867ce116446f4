// SPDX-License-Identifier: Apache-2.0
#include "metadata/sources/directory.h"

#include <unistd.h>

#include <cerrno>

#include "reading.h"
#include "support/scratch.h"

using namespace kaigara;
using namespace kaigara::metadata;

namespace {

std::string loaded(const std::string& path) {
    const auto tree = load_key_directory(path);
    return tree ? json_of(*tree) : lines(tree.error());
}

}  // namespace

TEST_SUITE("metadata") {

TEST_CASE("a directory is a map of its files, and nests") {
    const test::ScratchDir scratch;
    scratch.write("db/host", "db.example.org\n");
    scratch.write("db/port", "5432");
    scratch.write("motd", "two\nlines\n\n");
    scratch.write("empty", "");
    scratch.make_dir("nothing");
    CHECK(loaded(scratch.path()) == R"({"db":{"host":"db.example.org","port":5432},"empty":"",)"
                                    R"("motd":"two\nlines\n","nothing":{}})");
    CHECK(loaded(scratch.path() + "/") == loaded(scratch.path()));
}

TEST_CASE("a name with dots is one key, and each value names its file as its origin") {
    const test::ScratchDir scratch;
    scratch.write("nginx.conf", "x");
    const auto tree = load_key_directory(scratch.path());
    REQUIRE(tree);
    CHECK(at(*tree, "nginx.conf").text() == "x");
    CHECK(tree->root().entries().size() == 1);
    CHECK(tree->origin_text(at(*tree, "nginx.conf").origin()) == scratch / "nginx.conf");
}

TEST_CASE("the layout of a ConfigMap is read through its links, and its versions are not") {
    const test::ScratchDir scratch;
    scratch.write("..2026_11_22/host", "new\n");
    scratch.write(".hidden", "x");
    REQUIRE(::symlink("..2026_11_22", (scratch / "..data").c_str()) == 0);
    REQUIRE(::symlink("..data/host", (scratch / "host").c_str()) == 0);
    CHECK(loaded(scratch.path()) == R"({"host":"new"})");
}

TEST_CASE("a circle of links is an error, not a hang") {
    const test::ScratchDir scratch;
    REQUIRE(::symlink(".", (scratch / "again").c_str()) == 0);
    CHECK(loaded(scratch.path()).find("Too many levels of symbolic links") != std::string::npos);
    const test::ScratchDir other;
    REQUIRE(::symlink("b", (other / "a").c_str()) == 0);
    REQUIRE(::symlink("a", (other / "b").c_str()) == 0);
    CHECK(loaded(other.path()).find("Too many levels of symbolic links") != std::string::npos);
}

TEST_CASE("directories nest as deep as metadata may, and no deeper") {
    const test::ScratchDir scratch;
    std::string path = "d";
    for (int level = 1; level < 64; ++level) path += "/d";
    scratch.make_dir(path.substr(2));
    CHECK(loaded(scratch.path()).ends_with("{}}" + std::string(62, '}')));
    scratch.make_dir(path);
    CHECK(loaded(scratch.path()).find("past the limit of 64 levels") != std::string::npos);
}

TEST_CASE("what is no text is an error that names the file, and all of them are told") {
    const test::ScratchDir scratch;
    scratch.write("latin", "\xE9");
    scratch.write("nul", std::string_view("a\0b", 3));
    REQUIRE(::symlink("nowhere", (scratch / "dangling").c_str()) == 0);
    scratch.write("good", "x");
    const std::string all = loaded(scratch.path());
    CHECK(all.find(scratch / "latin" + ": holds invalid UTF-8") != std::string::npos);
    CHECK(all.find(scratch / "nul" + ": holds a NUL character") != std::string::npos);
    CHECK(all.find(scratch / "dangling" + ": cannot be opened") != std::string::npos);
    CHECK(all.find("good") == std::string::npos);
}

TEST_CASE("a value of more than a mebibyte is refused before it is read") {
    const test::ScratchDir scratch;
    const std::string path = scratch.write("big", "");
    REQUIRE(::truncate(path.c_str(), off_t{1} << 30) == 0);
    CHECK(loaded(scratch.path()).find("more than the limit of 1048576") != std::string::npos);
}

TEST_CASE("an absent directory and a file in its place say so by their codes") {
    const test::ScratchDir scratch;
    CHECK(load_key_directory(scratch / "absent").error().front().code == ENOENT);
    CHECK(load_key_directory(scratch.write("file", "x")).error().front().code == ENOTDIR);
}

}  // TEST_SUITE("metadata")
