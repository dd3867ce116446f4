// SPDX-License-Identifier: Apache-2.0
#include "provision/root_tree.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "platform/fd.h"
#include "privileges.h"
#include "support/scratch.h"
#include "support/skip.h"
#include "written.h"

using namespace kaigara;
using namespace kaigara::test;
using provision::find_root_files;
using provision::RootDirectory;
using provision::RootFile;

namespace {

std::string targets_of(const ScratchDir& tree) {
    const auto found = find_root_files(tree.path());
    if (!found) return "errors: " + found.error().at(0).text();
    std::string targets;
    for (const RootFile& file : *found) targets += (targets.empty() ? "" : " ") + file.target;
    return targets;
}

// The only error, which has to be about `path`.
std::string error_of(const ScratchDir& tree, const std::string& path) {
    const auto found = find_root_files(tree.path());
    if (found) return "no error";
    CHECK(found.error().size() == 1);
    CHECK(found.error()[0].fault == Fault::configuration);
    CHECK(found.error()[0].where == path);
    return found.error()[0].message;
}

void link_to(const std::string& target, const std::string& path) {
    REQUIRE(::symlink(target.c_str(), path.c_str()) == 0);
}

}  // namespace

TEST_SUITE("provision") {

TEST_CASE("the tree of files mirrors the root, and .tmpl is dropped") {
    const ScratchDir tree;
    tree.write("etc/nginx/nginx.conf.tmpl", "x", 0640);
    tree.write("usr/bin/tool", "x", 04755);
    REQUIRE(::chmod((tree / "etc/nginx").c_str(), 0710) == 0);
    REQUIRE(::chmod((tree / "etc").c_str(), 0755) == 0);
    const auto found = find_root_files(tree.path() + "//").value();
    REQUIRE(found.size() == 2);
    CHECK(found[0].source == (tree / "etc/nginx/nginx.conf.tmpl"));
    CHECK(found[0].target == "/etc/nginx/nginx.conf");
    CHECK(found[0].is_template);
    CHECK(found[0].mode == 0640);
    CHECK(found[0].directories == std::vector<RootDirectory>{{"/etc", 0755}, {"/etc/nginx", 0710}});
    CHECK(found[1].target == "/usr/bin/tool");
    CHECK_FALSE(found[1].is_template);
    CHECK(found[1].mode == 04755);
}

TEST_CASE("an absent tree has no files, nor has an empty one") {
    const ScratchDir tree;
    CHECK(find_root_files(tree / "absent").value().empty());
    tree.make_dir("empty/deeper");
    CHECK(find_root_files(tree / "empty").value().empty());
}

TEST_CASE("a tree that is no directory, or a link to nothing, is an error") {
    const ScratchDir tree;
    tree.write("file", "x");
    CHECK(find_root_files(tree / "file").error().at(0).fault == Fault::configuration);
    link_to("nowhere", tree / "link");
    CHECK(find_root_files(tree / "link").error().at(0).where == (tree / "link"));
}

TEST_CASE("dot files are taken, and everything else that somebody put there") {
    const ScratchDir tree;
    for (const char* name : {"root/.bashrc", "etc/.tmpl", "etc/README.md", "etc/a~", "etc/a.tmpl"})
        tree.write(name, "x");
    CHECK(targets_of(tree) == "/etc/.tmpl /etc/README.md /etc/a /etc/a~ /root/.bashrc");
    CHECK_FALSE(find_root_files(tree.path()).value()[0].is_template);
}

TEST_CASE("a directory keeps its name, also when it ends in .tmpl") {
    const ScratchDir tree;
    tree.write("srv/x.tmpl/a", "x");
    CHECK(targets_of(tree) == "/srv/x.tmpl/a");
}

TEST_CASE("the files are sorted bytewise by their targets") {
    const ScratchDir tree;
    for (const char* name : {"a/b", "a.tmpl", "B", "a-b"}) tree.write(name, "x");
    tree.make_dir("c");
    // The directory a and the template a.tmpl would be one name.
    REQUIRE(::unlink((tree / "a.tmpl").c_str()) == 0);
    tree.write("aa.tmpl", "x");
    tree.write("a0", "x");
    CHECK(targets_of(tree) == "/B /a-b /a/b /a0 /aa");
}

TEST_CASE("a mounted ConfigMap gives its files once, through the links") {
    const ScratchDir tree;
    tree.write("etc/app/..2026_01_02/app.conf.tmpl", "new", 0600);
    tree.write("etc/app/..2025_12_31/app.conf.tmpl", "old");
    link_to("..2026_01_02", tree / "etc/app/..data");
    link_to("..data/app.conf.tmpl", tree / "etc/app/app.conf.tmpl");
    CHECK(targets_of(tree) == "/etc/app/app.conf");
    CHECK(find_root_files(tree.path()).value()[0].mode == 0600);
}

TEST_CASE("a link to a directory is that directory, also from two places") {
    const ScratchDir tree;
    const ScratchDir other;
    other.write("a", "x");
    link_to(other.path(), tree / "one");
    link_to(other.path(), tree / "two");
    CHECK(targets_of(tree) == "/one/a /two/a");
}

TEST_CASE("links that lead back are an error, whatever their form") {
    const ScratchDir tree;
    SUBCASE("a link to itself") {
        link_to("self", tree / "self");
        CHECK(contains(error_of(tree, tree / "self"), "circle"));
    }
    SUBCASE("a link to the directory that it lies in") {
        tree.make_dir("a/b");
        link_to("..", tree / "a/b/up");
        CHECK(contains(error_of(tree, tree / "a/b/up"), "leads back to " + (tree / "a")));
    }
    SUBCASE("a link to the tree itself") {
        link_to(".", tree / "here");
        CHECK(contains(error_of(tree, tree / "here"), "leads back to " + tree.path()));
    }
}

TEST_CASE("a link to nothing is an error") {
    const ScratchDir tree;
    link_to("nothing", tree / "dangling");
    CHECK(contains(error_of(tree, tree / "dangling"), "leads to nothing"));
}

TEST_CASE("what is neither a file nor a directory is an error, and is not opened") {
    const ScratchDir tree;
    SUBCASE("a FIFO") {
        REQUIRE(::mkfifo((tree / "x").c_str(), 0600) == 0);
        CHECK(contains(error_of(tree, tree / "x"), "is a FIFO"));
    }
    SUBCASE("a link to a device") {
        link_to("/dev/null", tree / "x");
        CHECK(contains(error_of(tree, tree / "x"), "is a device"));
    }
    SUBCASE("a socket") {
        const platform::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address = {};
        address.sun_family = AF_UNIX;
        const std::string path = tree / "x";
        REQUIRE(path.size() < sizeof address.sun_path);
        std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
        REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
                0);
        CHECK(contains(error_of(tree, tree / "x"), "is a socket"));
    }
}

TEST_CASE("a directory that cannot be read is an error") {
    if (!may_become_another()) KG_SKIP("needs root, to become another user");
    const ScratchDir tree;
    REQUIRE(::chmod(tree.path().c_str(), 0755) == 0);
    tree.write("shut/a", "x");
    REQUIRE(::chmod((tree / "shut").c_str(), 0700) == 0);
    const AsUser user(nobody);
    CHECK(contains(error_of(tree, tree / "shut"), "Permission denied"));
}

TEST_CASE("two sources of one target are an error that names both") {
    const ScratchDir tree;
    tree.write("etc/a", "x");
    tree.write("etc/a.tmpl", "x");
    const std::string message = error_of(tree, tree / "etc/a.tmpl");
    CHECK(contains(message, "/etc/a is made from"));
    CHECK(contains(message, tree / "etc/a "));
}

TEST_CASE("a target that is a directory of another one is an error") {
    const ScratchDir tree;
    tree.write("etc/a/b", "x");
    tree.write("etc/a.tmpl", "x");
    CHECK(contains(error_of(tree, tree / "etc/a.tmpl"), "cannot be a file too"));
}

TEST_CASE("all errors of a tree are told in one go") {
    const ScratchDir tree;
    link_to("nothing", tree / "a");
    REQUIRE(::mkfifo((tree / "b").c_str(), 0600) == 0);
    tree.write("c", "x");
    link_to("d", tree / "d");
    CHECK(find_root_files(tree.path()).error().size() == 3);
}

TEST_CASE("a tree of 64 directories is deep enough, one of 65 is an error") {
    const ScratchDir tree;
    std::string path;
    for (int depth = 0; depth < 64; ++depth) path += "d/";
    tree.write(path + "file", "x");
    CHECK(find_root_files(tree.path()).value().at(0).directories.size() == 64);
    tree.write(path + "d/file", "x");
    CHECK(contains(error_of(tree, tree / (path + "d")), "deeper than 64"));
}

TEST_CASE("a tree has at most 10,000 files, however few of them are on the disk") {
    const ScratchDir tree;
    const ScratchDir other;
    for (int number = 0; number < 100; ++number) other.write(fmt::format("f{:02}", number), "");
    for (int number = 0; number < 100; ++number)
        link_to(other.path(), tree / fmt::format("d{:02}", number));
    CHECK(find_root_files(tree.path()).value().size() == 10'000);
    tree.write("one-more", "");
    CHECK(contains(error_of(tree, tree / "one-more"), "10000 files"));
}

TEST_CASE("links that double the directories at each step come to an end") {
    const ScratchDir tree;
    const ScratchDir chain;
    for (int number = 0; number < 40; ++number) {
        const std::string next = "../" + std::to_string(number + 1);
        chain.make_dir(std::to_string(number));
        link_to(next, chain / (std::to_string(number) + "/a"));
        link_to(next, chain / (std::to_string(number) + "/b"));
    }
    chain.write("40/file", "x");
    link_to(chain / "0", tree / "start");
    const auto found = find_root_files(tree.path());
    REQUIRE_FALSE(found.has_value());
    const bool is_told = std::ranges::any_of(found.error(), [](const Error& error) {
        return contains(error.message, "10000 directories");
    });
    CHECK(is_told);
}

}  // TEST_SUITE("provision")
