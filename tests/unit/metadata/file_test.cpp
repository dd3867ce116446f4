// SPDX-License-Identifier: Apache-2.0
#include "metadata/sources/file.h"

#include <filesystem>

#include <sys/stat.h>
#include <unistd.h>

#include "metadata/bounds.h"
#include "reading.h"
#include "support/scratch.h"
#include "support/skip.h"

using namespace kaigara;
using namespace kaigara::metadata;

namespace {

std::string load(const std::string& path, Presence presence = Presence::required) {
    auto tree = load_path(path, presence);
    return tree ? json_of(*tree) : lines(tree.error());
}

}  // namespace

TEST_SUITE("metadata") {

TEST_CASE("a file is YAML, or JSON by its name") {
    const test::ScratchDir scratch;
    CHECK(load(scratch.write("m.yml", "a: 014\n")) == R"({"a":14})");
    CHECK(load(scratch.write("any-name", "a: 1\n")) == R"({"a":1})");
    CHECK(load(scratch.write("m.json", "{\"a\": 1}")) == R"({"a":1})");
    CHECK(load(scratch.write("n.json", "a: 1")).find("syntax error") != std::string::npos);
}

TEST_CASE("origins and errors name the file as the user did") {
    const test::ScratchDir scratch;
    const std::string path = scratch.path() + "/./m.yml";
    scratch.write("m.yml", "a: 1\n");
    const auto tree = load_path(path, Presence::required);
    REQUIRE(tree);
    CHECK(tree->origin_text(at(*tree, "a").origin()) == path + ":1:4");
    scratch.write("m.yml", "a: 1\na: 2\n");
    CHECK(load(path) == path + ":2:1: duplicate key 'a', first in line 1");
}

TEST_CASE("a named path that is absent is a configuration error, a default one is empty metadata") {
    const test::ScratchDir scratch;
    const std::string path = scratch / "absent.yml";
    const auto named = load_path(path, Presence::required);
    REQUIRE_FALSE(named);
    CHECK(named.error()[0].fault == Fault::configuration);
    CHECK(named.error()[0].where == path);
    CHECK(load(path, Presence::optional) == "{}");
    CHECK(load(scratch / "no/such/dir/m.yml", Presence::optional) == "{}");
}

TEST_CASE("a default path that exists and is broken is an error all the same") {
    const test::ScratchDir scratch;
    CHECK(load(scratch.write("m.yml", "a: [\n"), Presence::optional).find("m.yml:") !=
          std::string::npos);
}

TEST_CASE("a directory's files, there and one level below, are merged in path order") {
    const test::ScratchDir scratch;
    scratch.write("d/10.yml", "who: 10\nten: 1\n");
    scratch.write("d/20.yaml", "who: 20\n");
    scratch.write("d/15/a.json", "{\"who\": \"15/a\", \"json\": 1}");
    scratch.write("d/15/deeper/b.yml", "who: too deep\n");
    scratch.write("d/note.txt", "no: metadata\n");
    scratch.write("d/.hidden.yml", "who: hidden\n");
    scratch.write("d/..data/c.yml", "who: hidden\n");
    scratch.write("d/15/.hidden.yml", "who: hidden\n");
    scratch.write("d/lost+found/x.yml", "who: lost\n");
    scratch.write("d/.yml", "who: nameless\n");
    CHECK(load(scratch / "d") == R"({"json":1,"ten":1,"who":20})");
    CHECK(load((scratch / "d") + "/") == R"({"json":1,"ten":1,"who":20})");
}

TEST_CASE("path order is that of the bytes of the whole relative path") {
    const test::ScratchDir scratch;
    // '-' < '.' < '/' < '0': "a-b.yml", "a.yml", "a/z.yml", "a0.yml"
    scratch.write("d/a0.yml", "order: {d: 4}\nlast: a0\n");
    scratch.write("d/a/z.yml", "order: {c: 3}\nlast: a/z\n");
    scratch.write("d/a.yml", "order: {b: 2}\nlast: a\n");
    scratch.write("d/a-b.yml", "order: {a: 1}\nlast: a-b\n");
    CHECK(load(scratch / "d") == R"({"last":"a0","order":{"a":1,"b":2,"c":3,"d":4}})");
    std::filesystem::remove((scratch / "d") + "/a0.yml");
    CHECK(load(scratch / "d").find("\"last\":\"a/z\"") != std::string::npos);
}

TEST_CASE("null in a later file of a directory deletes what an earlier one says") {
    const test::ScratchDir scratch;
    scratch.write("d/1.yml", "a: {b: 1, c: 2}\n");
    scratch.write("d/2.yml", "a: {b: ~}\n");
    CHECK(load(scratch / "d") == R"({"a":{"c":2}})");
}

TEST_CASE("errors of all files of a directory are collected, and name their files") {
    const test::ScratchDir scratch;
    scratch.write("d/1.yml", "a: 1\na: 2\n");
    scratch.write("d/2.yml", "b: {c: 1}\n");
    scratch.write("d/3.json", "{");
    scratch.write("d/4.yml", "b: 1\n");
    const auto tree = load_path(scratch / "d", Presence::required);
    REQUIRE_FALSE(tree);
    REQUIRE(tree.error().size() == 3);
    CHECK(tree.error()[0].where == (scratch / "d/1.yml") + ":2:1");
    CHECK(tree.error()[1].where == (scratch / "d/3.json") + ":1:2");
    CHECK(tree.error()[2].where == (scratch / "d/4.yml") + ":1:4");
    CHECK(tree.error()[2].message.find(scratch / "d/2.yml:1:4") != std::string::npos);
}

TEST_CASE("an empty directory is empty metadata") {
    const test::ScratchDir scratch;
    CHECK(load(scratch.make_dir("d")) == "{}");
}

TEST_CASE("links to files and directories are followed, a dangling one is an error") {
    const test::ScratchDir scratch;
    scratch.write("real/m.yml", "a: 1\n");
    scratch.make_dir("d");
    std::filesystem::create_symlink(scratch / "real/m.yml", scratch / "d/link.yml");
    std::filesystem::create_symlink(scratch / "real", scratch / "d/dir");
    CHECK(load(scratch / "d") == R"({"a":1})");
    std::filesystem::create_symlink(scratch / "nowhere", scratch / "d/broken.yml");
    const auto tree = load_path(scratch / "d", Presence::required);
    REQUIRE_FALSE(tree);
    CHECK(tree.error()[0].where == scratch / "d/broken.yml");
    CHECK(tree.error()[0].fault == Fault::bad_data);
}

TEST_CASE("what is no regular file is refused without waiting for it") {
    const test::ScratchDir scratch;
    const std::string fifo = scratch / "fifo.yml";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    const auto tree = load_path(fifo, Presence::required);
    REQUIRE_FALSE(tree);
    CHECK(tree.error()[0].fault == Fault::bad_data);
    CHECK(tree.error()[0].where == fifo);
    CHECK(load(scratch.path()).find("no regular file") != std::string::npos);
}

TEST_CASE("an unreadable file is bad data, and names itself") {
    const test::ScratchDir scratch;
    const std::string path = scratch.write("m.yml", "a: 1\n", 0000);
    REQUIRE(::chmod(scratch.path().c_str(), 0755) == 0);
    // Root reads everything, so for a moment we are somebody else.
    const bool was_root = ::geteuid() == 0;
    if (was_root) REQUIRE(::seteuid(65534) == 0);
    const auto tree = load_path(path, Presence::optional);
    if (was_root) REQUIRE(::seteuid(0) == 0);
    REQUIRE_FALSE(tree);
    CHECK(tree.error()[0].fault == Fault::bad_data);
    CHECK(tree.error()[0].where == path);
}

TEST_CASE("a file of more than 16 MiB is refused") {
    const test::ScratchDir scratch;
    const std::string path = scratch.write("m.yml", "a: 1\n");
    std::filesystem::resize_file(path, max_document_bytes + 1);
    const auto tree = load_path(path, Presence::required);
    REQUIRE_FALSE(tree);
    CHECK(tree.error()[0].message.find("limit of 16777216") != std::string::npos);
}

}  // TEST_SUITE("metadata")
