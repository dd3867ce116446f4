// SPDX-License-Identifier: Apache-2.0

// CONTRACT 1, `kaigara init`: a scaffold that works as it stands.

#include <filesystem>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "support/expect.h"
#include "support/file_facts.h"
#include "support/scratch.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

// A scaffold in `app` of the scratch directory; returns its path.
std::string make_scaffold(const ScratchDir& scratch) {
    std::string folder = scratch / "app";
    const Outcome outcome = run({.words = command({"init", folder})});
    CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
    return folder;
}

Strings pointed_at(const std::string& folder, std::string_view name) {
    return command({std::string(name), "--config", folder + "/kaigara.yml", "--metadata",
                    folder + "/metadata.yml", "--resources", folder + "/resources", "--operations",
                    folder + "/operations"});
}

// Resources of the scaffold may have targets below /etc and the like, which a plain user may not
// write and a test must not: a fresh /etc is mounted there.
Setup in_a_sandbox(const ScratchDir& scratch, Strings words) {
    std::vector<std::pair<std::string, std::string>> binds;
    for (const char* name : {"etc", "run", "var", "srv", "opt"}) {
        const std::string target = fmt::format("/{}", name);
        if (!std::filesystem::exists(target)) continue;
        binds.emplace_back(scratch.make_dir(fmt::format("sandbox/{}", name)), target);
    }
    return {.words = std::move(words),
            .environment = {fmt::format("PATH={}:/usr/bin:/bin", program_folder())},
            .binds = std::move(binds)};
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("init makes all that an image needs") {
    const ScratchDir scratch;
    make_scaffold(scratch);
    for (const std::string& name : Strings{"app/kaigara.yml", "app/metadata.yml", "app/resources",
                                           "app/operations", "app/Dockerfile"}) {
        CAPTURE(name);
        CHECK(scratch.exists(name));
    }
    CHECK(!names_in(scratch / "app/resources").empty());
    CHECK(!names_in(scratch / "app/operations").empty());
}

TEST_CASE("init without a directory is that of the caller") {
    const ScratchDir scratch;
    CHECK(run({.words = command({"init"}), .directory = scratch.path()}).ending == "exit 0");
    CHECK(scratch.exists("kaigara.yml"));
}

TEST_CASE("the scaffold's own files are used by check, plan, provision and start as they are") {
    const ScratchDir scratch;
    const std::string folder = make_scaffold(scratch);
    quiet_success(run({.words = pointed_at(folder, "check")}));
    CHECK(run(in_a_sandbox(scratch, pointed_at(folder, "plan"))).ending == "exit 2");
    const Outcome provision = run(in_a_sandbox(scratch, pointed_at(folder, "provision")));
    CHECK_MESSAGE(provision.ending == "exit 0", provision.errors);
    const Outcome start =
        run(in_a_sandbox(scratch, with_actor(pointed_at(folder, "start"), {"exit", "7"})));
    CHECK_MESSAGE(start.ending == "exit 7", start.errors);
}

TEST_CASE("the scaffold works at the default places, where its Dockerfile puts it") {
    const ScratchDir scratch;
    const std::string folder = make_scaffold(scratch);
    const std::string dockerfile = scratch.read("app/Dockerfile");
    CHECK_MESSAGE(has(dockerfile, "/opt/provision"), dockerfile);
    const Outcome check = run({.words = command({"check"}), .binds = {{folder, "/opt/provision"}}});
    quiet_success(check);
}

TEST_CASE("init overwrites nothing: it names what is there, and makes no other file") {
    for (const std::string& name :
         Strings{"kaigara.yml", "metadata.yml", "Dockerfile", "resources"}) {
        CAPTURE(name);
        const ScratchDir scratch;
        scratch.write("app/" + name, "mine\n");
        const Strings before = listing_of(scratch.path());
        const Outcome outcome = run({.words = command({"init", scratch / "app"})});
        check_refused(outcome, "exit 73", {scratch / ("app/" + name)});
        CHECK(listing_of(scratch.path()) == before);
    }
}

TEST_CASE("a second init refuses, and leaves the first one's files as they were") {
    const ScratchDir scratch;
    const std::string folder = make_scaffold(scratch);
    const Strings before = listing_of(folder);
    check_refused(run({.words = command({"init", folder})}), "exit 73", {folder});
    CHECK(listing_of(folder) == before);
}

TEST_CASE("init where no directory can be made is 73 with the path") {
    const ScratchDir scratch;
    const std::string file = scratch.write("plain", "x");
    check_refused(run({.words = command({"init", file})}), "exit 73", {file});
    check_refused(run({.words = command({"init", file + "/below"})}), "exit 73", {file});
}

TEST_CASE("init takes one directory") {
    const ScratchDir scratch;
    CHECK(run({.words = command({"init", scratch / "a", scratch / "b"})}).ending == "exit 64");
    CHECK(names_in(scratch.path()).empty());
}

}  // TEST_SUITE("contract")
