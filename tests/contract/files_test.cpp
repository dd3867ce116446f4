// SPDX-License-Identifier: Apache-2.0

// CONTRACT 4, the files of resources/root/ and of `templates:`: which, with what mode and owner,
// and that a write is one step. What a bad file does is in bad_files_test.cpp.

#include <filesystem>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <sys/stat.h>
#include <unistd.h>

#include "support/expect.h"
#include "support/file_facts.h"
#include "support/provision_scene.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

// An entry of templates: for `target` in the folder, with further keys in flow form.
std::string entry(const ProvisionScene& scene, std::string_view source, std::string_view target,
                  std::string_view more = "") {
    return fmt::format("  - {{source: {}, target: '{}/{}'{}{}}}\n", source, scene.folder().path(),
                       target, more.empty() ? "" : ", ", more);
}

Outcome provision(const ProvisionScene& scene) {
    Outcome outcome = scene.outcome("provision");
    CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
    return outcome;
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("the tree of root mirrors /: templates are rendered, other files copied") {
    const ProvisionScene scene;
    scene.metadata("app: {port: 80}\n");
    const std::string binary("{{app.port}}\0\xff\n", 15);
    scene.root("etc/deep/app.conf.tmpl", "port {{app.port}}\n");
    scene.root("etc/copy.conf", binary);
    scene.root("bin/tool", "#!/bin/sh\n", 0750);
    scene.root("etc/.dot.tmpl", "dot {{app.port}}\n");
    provision(scene);
    CHECK(scene.folder().read("etc/deep/app.conf") == "port 80\n");
    CHECK(scene.folder().read("etc/copy.conf") == binary);
    CHECK(scene.folder().read("etc/.dot") == "dot 80\n");
    CHECK(scene.folder().mode("bin/tool") == 0750);
    CHECK(scene.folder().mode("etc/deep/app.conf") == 0644);
    CHECK(names_in(scene.folder() / "etc") == Strings{".dot", "copy.conf", "deep"});
    CHECK(names_in(scene.folder() / "etc/deep") == Strings{"app.conf"});
}

TEST_CASE("an entry of templates has a source by name or path, and a target") {
    const ProvisionScene scene;
    scene.metadata("a: 1\n");
    scene.resource("sub/one.tmpl", "one {{a}}\n");
    const std::string elsewhere = scene.folder().write("elsewhere/two.tmpl", "two {{a}}\n");
    scene.config("templates:\n" + entry(scene, "sub/one", "one") +
                 entry(scene, "sub/one.tmpl", "again") +
                 entry(scene, "'" + elsewhere + "'", "two"));
    provision(scene);
    CHECK(scene.folder().read("one") == "one 1\n");
    CHECK(scene.folder().read("again") == "one 1\n");
    CHECK(scene.folder().read("two") == "two 1\n");
}

TEST_CASE("files are written before operations run, and before the application") {
    const ProvisionScene scene;
    scene.root("from-root", "root\n");
    scene.resource("t.tmpl", "entry\n");
    scene.config("templates:\n" + entry(scene, "t", "from-entry"));
    scene.operation("10-look", "cat \"$scene/from-root\" \"$scene/from-entry\"");
    const Outcome outcome = run({.words = scene.start()});
    CHECK(outcome.ending == "exit 0");
    CHECK(operation_lines(outcome) == Strings{"[10-look] root", "[10-look] entry"});
}

TEST_CASE("a file of root may include one of the resources") {
    const ProvisionScene scene;
    scene.resource("part.tmpl", "a\nb\n");
    scene.root("whole.tmpl", "x:\n  {{>part.tmpl}}\n");
    provision(scene);
    CHECK(scene.folder().read("whole") == "x:\n  a\n  b\n");
}

TEST_CASE("a new file is 0644 whatever the umask is, and mode is octal") {
    const ProvisionScene scene;
    scene.resource("t.tmpl", "x\n");
    scene.config(
        "templates:\n" + entry(scene, "t", "new") + entry(scene, "t", "told", "mode: 0604") +
        entry(scene, "t", "quoted", "mode: \"0640\"") + entry(scene, "t", "short", "mode: 755"));
    CHECK(run({.words = scene.words("provision"), .umask = 0077}).ending == "exit 0");
    CHECK(scene.folder().mode("new") == 0644);
    CHECK(scene.folder().mode("told") == 0604);
    CHECK(scene.folder().mode("quoted") == 0640);
    CHECK(scene.folder().mode("short") == 0755);
}

TEST_CASE("an unchanged file is not touched, a changed one is replaced in one step") {
    const ProvisionScene scene;
    scene.metadata("a: 1\n");
    scene.root("same.tmpl", "same\n");
    scene.root("copy", "copy\n");
    scene.root("other.tmpl", "{{a}}\n");
    provision(scene);
    const FileFacts same = facts_of(scene.folder() / "same");
    const FileFacts copy = facts_of(scene.folder() / "copy");
    const FileFacts other = facts_of(scene.folder() / "other");
    scene.metadata("a: 2\n");
    provision(scene);
    CHECK(is_untouched(scene.folder() / "same", same));
    CHECK(is_untouched(scene.folder() / "copy", copy));
    CHECK(scene.folder().read("other") == "2\n");
    CHECK(facts_of(scene.folder() / "other").inode != other.inode);
}

TEST_CASE("render -o leaves an unchanged file untouched, and writes through a link") {
    const ProvisionScene scene;
    scene.resource("t.tmpl", "{{a:default=1}}\n");
    scene.folder().write("real/file", "1\n");
    std::filesystem::create_symlink("real/file", scene.folder() / "link");
    const FileFacts before = facts_of(scene.folder() / "real/file");
    const Strings options = {"t", "-o", scene.folder() / "link"};
    CHECK(scene.outcome("render", options).ending == "exit 0");
    CHECK(is_untouched(scene.folder() / "real/file", before));
    CHECK(scene.outcome("render", options, {"KAIGARA_META_a=2"}).ending == "exit 0");
    CHECK(scene.folder().read("real/file") == "2\n");
    CHECK(facts_of(scene.folder() / "link").is_link());
    CHECK(names_in(scene.folder() / "real") == Strings{"file"});
}

TEST_CASE("an existing file keeps its mode unless it is told") {
    const ProvisionScene scene;
    scene.resource("t.tmpl", "new\n");
    scene.folder().write("kept", "old\n", 0606);
    scene.folder().write("told", "old\n", 0606);
    scene.folder().write("rendered", "old\n", 0606);
    scene.config("templates:\n" + entry(scene, "t", "kept") +
                 entry(scene, "t", "told", "mode: 0640"));
    provision(scene);
    CHECK(scene.folder().read("kept") == "new\n");
    CHECK(scene.folder().mode("kept") == 0606);
    CHECK(scene.folder().mode("told") == 0640);
    CHECK(scene.outcome("render", {"t", "-o", scene.folder() / "rendered"}).ending == "exit 0");
    CHECK(scene.folder().mode("rendered") == 0606);
}

TEST_CASE("a file whose mode alone is wrong gets the one that is told") {
    const ProvisionScene scene;
    scene.resource("t.tmpl", "same\n");
    scene.folder().write("told", "same\n", 0600);
    scene.config("templates:\n" + entry(scene, "t", "told", "mode: 0644"));
    provision(scene);
    CHECK(scene.folder().mode("told") == 0644);
}

TEST_CASE("an existing file keeps its owner, and gets the one that is told") {
    const ProvisionScene scene;
    scene.resource("t.tmpl", "new\n");
    scene.folder().write("kept", "old\n");
    if (mode() != Mode::root) {
        // Nobody else may give files away: the own ids are told, another's are an error.
        const auto own = [](unsigned id) { return mode() == Mode::user_namespace ? 0 : id; };
        const std::string told = fmt::format("owner: '{}:{}'", own(::geteuid()), own(::getegid()));
        scene.config("templates:\n" + entry(scene, "t", "kept", told));
        provision(scene);
        CHECK(scene.folder().read("kept") == "new\n");
        scene.config("templates:\n" + entry(scene, "t", "other", "owner: '4711:4712'"));
        CHECK(scene.outcome("provision").ending != "exit 0");
        CHECK(!scene.folder().exists("other"));
        return;
    }
    REQUIRE(::chown((scene.folder() / "kept").c_str(), 1234, 2345) == 0);
    scene.config("templates:\n" + entry(scene, "t", "kept") +
                 entry(scene, "t", "told", "owner: '4711:4712'") +
                 entry(scene, "t", "named", "owner: nobody"));
    provision(scene);
    CHECK(scene.folder().read("kept") == "new\n");
    CHECK(facts_of(scene.folder() / "kept").owner == 1234);
    CHECK(facts_of(scene.folder() / "kept").group == 2345);
    CHECK(facts_of(scene.folder() / "told").owner == 4711);
    CHECK(facts_of(scene.folder() / "told").group == 4712);
    CHECK(facts_of(scene.folder() / "named").owner == 65534);
}

TEST_CASE("an owner that does not exist is bad configuration, and nothing is written") {
    const ProvisionScene scene;
    scene.resource("t.tmpl", "new\n");
    scene.config("templates:\n" + entry(scene, "t", "first") +
                 entry(scene, "t", "second", "owner: no-such-user"));
    check_refused(scene.outcome("provision"), "exit 78", {"no-such-user"});
    CHECK(!scene.folder().exists("first"));
    CHECK(!scene.folder().exists("second"));
}

TEST_CASE("a target that is a symbolic link is written through, and the link stays") {
    const ProvisionScene scene;
    scene.resource("t.tmpl", "new\n");
    scene.folder().write("real/file", "old\n");
    std::filesystem::create_symlink("real/file", scene.folder() / "relative");
    std::filesystem::create_symlink(scene.folder() / "relative", scene.folder() / "absolute");
    scene.config("templates:\n" + entry(scene, "t", "absolute"));
    provision(scene);
    CHECK(scene.folder().read("real/file") == "new\n");
    CHECK(facts_of(scene.folder() / "relative").is_link());
    CHECK(facts_of(scene.folder() / "absolute").is_link());
    CHECK(names_in(scene.folder() / "real") == Strings{"file"});
}

TEST_CASE("a target that is a mount is written in place, with a warning") {
    const ProvisionScene scene;
    scene.resource("t.tmpl", "new\n");
    const std::string source = scene.folder().write("volume/file", "a much longer old text\n");
    const std::string target = scene.folder().write("etc/file", "under\n");
    scene.config("templates:\n" + entry(scene, "t", "etc/file"));
    const FileFacts before = facts_of(source);
    const Outcome outcome = run({.words = scene.words("provision"), .binds = {{source, target}}});
    CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
    check_message(outcome, "warn", {target});
    CHECK(scene.folder().read("volume/file") == "new\n");
    CHECK(facts_of(source).inode == before.inode);
    CHECK(scene.folder().read("etc/file") == "under\n");
    CHECK(names_in(scene.folder() / "etc") == Strings{"file"});

    const FileFacts written = facts_of(source);
    CHECK(run({.words = scene.words("provision"), .binds = {{source, target}}}).ending == "exit 0");
    CHECK(is_untouched(source, written));
}

TEST_CASE("a file with a secret is 0600 unless it is told otherwise, however it is made") {
    const ProvisionScene scene;
    const std::string secret = scene.folder().write("secret", "hunter2\n");
    scene.resource("t.tmpl", "{{password}}\n");
    scene.root("tree.tmpl", "{{password}}\n");
    scene.root("branch.tmpl", "{{#password}}x{{/password}}\n");
    scene.root("plain.tmpl", "plain\n");
    scene.operation("10-render", "\"$kaigara\" render t -o \"$scene/operation\"");
    scene.config("metadata:\n  - environment: {PASSWORD_FILE: password}\ntemplates:\n" +
                 entry(scene, "t", "entry") + entry(scene, "t", "told", "mode: 0640"));
    const Strings environment = {"PASSWORD_FILE=" + secret};
    CHECK(scene.outcome("provision", {}, environment).ending == "exit 0");
    CHECK(scene.outcome("render", {"t", "-o", scene.folder() / "rendered"}, environment).ending ==
          "exit 0");
    for (const std::string& name : Strings{"tree", "branch", "entry", "operation", "rendered"}) {
        CAPTURE(name);
        CHECK(scene.folder().mode(name) == 0600);
    }
    CHECK(scene.folder().mode("told") == 0640);
    CHECK(scene.folder().mode("plain") == 0644);
}

TEST_CASE("an existing wider mode is kept under a secret, with a warning") {
    const ProvisionScene scene;
    const std::string secret = scene.folder().write("secret", "hunter2\n");
    scene.resource("t.tmpl", "{{password}}\n");
    scene.root("tree.tmpl", "{{password}}\n");
    scene.folder().write("tree", "old\n", 0644);
    scene.folder().write("rendered", "old\n", 0644);
    const Strings environment = {"KAIGARA_META_password_FILE=" + secret};
    const Outcome tree = scene.outcome("provision", {}, environment);
    CHECK(tree.ending == "exit 0");
    check_message(tree, "warn", {scene.folder() / "tree"});
    const Outcome rendered =
        scene.outcome("render", {"t", "-o", scene.folder() / "rendered"}, environment);
    CHECK(rendered.ending == "exit 0");
    check_message(rendered, "warn", {scene.folder() / "rendered"});
    CHECK(scene.folder().mode("tree") == 0644);
    CHECK(scene.folder().mode("rendered") == 0644);
    CHECK_MESSAGE(!has(tree.errors + rendered.errors, "hunter2"), tree.errors);
}

TEST_CASE("check is a shell command that sees the file as it will be, beside the old one") {
    const ProvisionScene scene;
    scene.resource("t.tmpl", "new\n");
    scene.folder().write("etc/target", "old\n", 0640);
    const std::string log = scene.folder() / "log";
    scene.config(fmt::format("templates:\n  - source: t\n    target: {0}/etc/target\n    check: |\n"
                             "      (cat {{{{target}}}} {0}/etc/target; stat -c %a {{{{target}}}};"
                             " dirname {{{{target}}}}) >{1} && grep -q new {{{{target}}}} | cat\n",
                             scene.folder().path(), log));
    provision(scene);
    CHECK(scene.folder().read("log") == "new\nold\n640\n" + (scene.folder() / "etc\n"));
    CHECK(scene.folder().read("etc/target") == "new\n");
    CHECK(names_in(scene.folder() / "etc") == Strings{"target"});
}

TEST_CASE("when a check fails the old files stay, all of them, and its words are told") {
    const ProvisionScene scene;
    scene.resource("t.tmpl", "new\n");
    scene.root("aa-root.tmpl", "new\n");
    for (const char* name : {"first", "checked", "last"}) scene.folder().write(name, "old\n");
    scene.operation("10-never", "touch \"$scene/ran\"");
    scene.config("templates:\n" + entry(scene, "t", "first") +
                 entry(scene, "t", "checked", "check: 'echo bad syntax >&2; exit 3'") +
                 entry(scene, "t", "last"));
    const Strings before = listing_of(scene.folder().path());
    check_refused(scene.outcome("provision"), "exit 65", {"checked", "bad syntax"});
    check_refused(run({.words = scene.start()}), "exit 65", {"bad syntax"});
    CHECK(listing_of(scene.folder().path()) == before);
}

TEST_CASE("when one file fails to render none is written, and all errors are told") {
    const ProvisionScene scene;
    scene.metadata("app: {port: 80}\n");
    scene.resource("bad.tmpl", "x\n{{app.prot}}\n");
    scene.root("aa.tmpl", "fine\n");
    scene.root("bb.tmpl", "{{app.porf}}\n");
    scene.config("templates:\n" + entry(scene, "bad", "cc"));
    scene.operation("10-never", "touch \"$scene/ran\"");
    const Strings before = listing_of(scene.folder().path());
    check_refused(scene.outcome("provision"), "exit 65",
                  {"bad.tmpl:2:1", "'app.prot'", "bb.tmpl:1:1", "'app.porf'", "app.port"});
    CHECK(listing_of(scene.folder().path()) == before);
}

TEST_CASE("every value of on-change is taken by provision, and another one is not") {
    const ProvisionScene scene;
    scene.resource("t.tmpl", "new\n");
    std::string entries;
    int number = 0;
    for (const char* action : {"reload", "restart", "'signal:USR1'", "'run:true'", "none"}) {
        entries += entry(scene, "t", fmt::format("file{}", ++number),
                         fmt::format("on-change: {}", action));
    }
    scene.config("templates:\n" + entries);
    provision(scene);
    CHECK(scene.folder().exists("file5"));
    for (const char* action : {"relaod", "'signal:NOPE'"}) {
        scene.config("templates:\n" + entry(scene, "t", "x", fmt::format("on-change: {}", action)));
        check_refused(scene.outcome("provision"), "exit 78", {"kaigara.yml:2:"});
    }
}

}  // TEST_SUITE("contract")
