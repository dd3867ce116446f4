// SPDX-License-Identifier: Apache-2.0
#include "provision/file_plan.h"

#include <doctest/doctest.h>

#include <unistd.h>

#include "metadata/yaml.h"
#include "support/scratch.h"

using namespace kaigara;
using namespace kaigara::provision;

namespace {

metadata::Tree tree_of(std::string_view text) {
    auto root = metadata::read_yaml(text, 0, "m.yml");
    REQUIRE(root);
    return metadata::Tree(std::move(*root), {"m.yml"});
}

FileEntry entry(std::string source, std::string target) {
    FileEntry made;
    made.source = std::move(source);
    made.target = std::move(target);
    made.where = "k.yml:3:5";
    return made;
}

std::string lines(const Errors& errors) {
    std::string all;
    for (const Error& error : errors) all += error.text() + "\n";
    return all;
}

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

}  // namespace

TEST_SUITE("provision") {

TEST_CASE("templates of the tree are rendered, other files are copied with their mode") {
    const test::ScratchDir scratch;
    scratch.write("root/etc/app.conf.tmpl", "port {{port}}\n");
    scratch.write("root/usr/bin/tool", "#!{{not rendered}}\n", 0755);
    const std::vector<FileEntry> none;
    const auto files = plan_files({scratch.path(), none}, tree_of("port: 80\n"));
    REQUIRE(files);
    REQUIRE(files->size() == 2);
    CHECK((*files)[0].file.spec.path == "/etc/app.conf");
    CHECK((*files)[0].file.content == "port 80\n");
    CHECK((*files)[0].file.spec.mode_when_new == 0644);
    CHECK((*files)[1].file.spec.path == "/usr/bin/tool");
    CHECK((*files)[1].file.content == "#!{{not rendered}}\n");
    CHECK((*files)[1].file.spec.mode_when_new == 0755);
    CHECK((*files)[1].file.directories.size() == 2);
}

TEST_CASE("an entry has the mode, owner and check that it names") {
    const test::ScratchDir scratch;
    scratch.write("app.conf.tmpl", "port {{port}}\n");
    std::vector<FileEntry> entries{entry("app.conf", "/etc/app.conf")};
    entries[0].mode = 0604;
    entries[0].owner = "0:7";
    entries[0].check = "true";
    const auto files = plan_files({scratch.path(), entries}, tree_of("port: 80\n"));
    REQUIRE(files);
    const PlannedFile& planned = files->front();
    CHECK(planned.source == scratch / "app.conf.tmpl");
    CHECK(planned.file.spec.mode == 0604);
    CHECK(planned.file.spec.owner == Owner{0, 7});
    CHECK(planned.check == "true");
    CHECK_FALSE(planned.file.spec.has_secret);
}

TEST_CASE("a file that was rendered with a secret knows it, and has a form for eyes") {
    const test::ScratchDir scratch;
    scratch.write("app.conf.tmpl", "a\n{{password}}\n{{key:indent=2}}\n{{open}}\n");
    metadata::Tree tree = tree_of("password: hidden\nkey: \"1\\n\\n2\\n\"\nopen: x\n");
    tree.root().find("password")->set_secret(true);
    tree.root().find("key")->set_secret(true);
    const std::vector<FileEntry> entries{entry("app.conf", "/etc/app.conf")};
    const auto files = plan_files({scratch.path(), entries, MissingNames::are_errors, true}, tree);
    REQUIRE(files);
    CHECK(files->front().file.spec.has_secret);
    CHECK(files->front().file.content == "a\nhidden\n  1\n\n  2\n\nx\n");
    CHECK(files->front().masked == "a\n***\n***\n\n***\n\nx\n");
}

TEST_CASE("all that is wrong with any file is told, with its place") {
    const test::ScratchDir scratch;
    scratch.write("root/etc/a.tmpl", "{{prot}}\n");
    scratch.write("root/etc/b.tmpl", "{{#x}}\n");
    std::vector<FileEntry> entries{entry("absent", "/etc/absent"), entry("c", "/etc/c")};
    entries[1].owner = "nobody-of-that-name";
    scratch.write("c.tmpl", "fine");
    const auto files = plan_files({scratch.path(), entries}, tree_of("port: 80\n"));
    REQUIRE_FALSE(files);
    const std::string all = lines(files.error());
    CHECK(has(all, scratch / "root/etc/a.tmpl:1:1: no value for 'prot' (did you mean 'port'?)"));
    CHECK(has(all, scratch / "root/etc/b.tmpl:1:1: section is not closed"));
    CHECK(has(all, "k.yml:3:5: no template 'absent'"));
    CHECK(has(all, "k.yml:3:5: owner: "));
}

TEST_CASE("two sources of one target are an error that names both") {
    const test::ScratchDir scratch;
    scratch.write("root/etc/app.conf", "x");
    scratch.write("app.tmpl", "y");
    const std::vector<FileEntry> entries{entry("app", "/etc/app.conf")};
    const auto files = plan_files({scratch.path(), entries}, tree_of("{}"));
    REQUIRE_FALSE(files);
    CHECK(lines(files.error()) == "k.yml:3:5: /etc/app.conf is made from " +
                                      scratch / "root/etc/app.conf" +
                                      " already; keep one of them\n");
}

TEST_CASE("a declared name is enough for a check, and an unknown one is not") {
    const test::ScratchDir scratch;
    scratch.write("a.tmpl", "{{password:required=needed}}{{password}}{{password:quote}}");
    scratch.write("b.tmpl", "{{pasword}}");
    const metadata::Tree tree = tree_of("password: null\n");
    std::vector<FileEntry> entries{entry("a", "/a")};
    CHECK_FALSE(plan_files({scratch.path(), entries}, tree));
    CHECK(plan_files({scratch.path(), entries, MissingNames::may_be_declared}, tree));
    entries[0].source = "b";
    CHECK_FALSE(plan_files({scratch.path(), entries, MissingNames::may_be_declared}, tree));
    CHECK(plan_files({scratch.path(), entries, MissingNames::are_left_out}, tree));
}

TEST_CASE("the modifier file reads in the resources directory or by an absolute path") {
    const test::ScratchDir scratch;
    scratch.write("parts/motd", "hello\n");
    const std::string hidden = scratch.write("hidden", "s3", 0600);
    scratch.write("a.tmpl", "{{path:file}}");
    const std::vector<FileEntry> entries{entry("a", "/a")};
    const auto open = plan_files({scratch.path(), entries}, tree_of("path: parts/motd\n"));
    REQUIRE(open);
    CHECK(open->front().file.content == "hello\n");
    CHECK_FALSE(open->front().file.spec.has_secret);
    const auto secret = plan_files({scratch.path(), entries}, tree_of("path: " + hidden + "\n"));
    REQUIRE(secret);
    CHECK(secret->front().file.content == "s3");
    CHECK(secret->front().file.spec.has_secret);
    const auto outside = plan_files({scratch.path(), entries}, tree_of("path: ../x\n"));
    REQUIRE_FALSE(outside);
    CHECK(has(lines(outside.error()), "lies outside of the resources directory"));
}

TEST_CASE("without resources there is nothing to be made") {
    const test::ScratchDir scratch;
    const std::vector<FileEntry> none;
    const auto files = plan_files({scratch / "absent", none}, tree_of("{}"));
    REQUIRE(files);
    CHECK(files->empty());
}

}  // TEST_SUITE("provision")
