// SPDX-License-Identifier: Apache-2.0

// Bad input: files that go away, that may not be read, that are something else, that are far too
// big or lead in circles. Each is a clear error with its path and status, and nothing is written.

#include <chrono>
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
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

// A file of 1 GiB that takes no room on the disk.
std::string write_huge(const ProvisionScene& scene, std::string_view name) {
    std::string path = scene.folder().write(name, "a: 1\n");
    REQUIRE(::truncate(path.c_str(), 1L << 30) == 0);
    return path;
}

void link_circle(const ProvisionScene& scene, std::string_view name) {
    std::filesystem::create_directories(std::filesystem::path(scene.folder() / name).parent_path());
    std::filesystem::create_symlink(std::filesystem::path(name).filename(), scene.folder() / name);
}

std::string target_entry(const ProvisionScene& scene, std::string_view target) {
    return fmt::format("templates:\n  - {{source: t, target: '{}/{}'}}\n", scene.folder().path(),
                       target);
}

// Provisioning ends so, names the text, and has changed no file in the folder.
void check_nothing_written(const ProvisionScene& scene, std::string_view ending,
                           const Strings& texts) {
    scene.operation("10-never", "touch \"$scene/ran\"");
    const Strings before = listing_of(scene.folder().path());
    check_refused(scene.outcome("provision"), ending, texts);
    CHECK(listing_of(scene.folder().path()) == before);
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("metadata that is something else, or leads in a circle, is told with its path") {
    const ProvisionScene scene;
    link_circle(scene, "loop.yml");
    const std::string loop = scene.folder() / "loop.yml";
    check_refused(run({.words = command({"get", "a", "--metadata", loop})}), "exit 65", {loop});
    REQUIRE(::mkfifo((scene.folder() / "fifo").c_str(), 0644) == 0);
    const std::string fifo = scene.folder() / "fifo";
    check_refused(run({.words = command({"get", "a", "--metadata", fifo})}), "exit 65", {fifo});
    scene.metadata(std::string("a: \0\n", 5));
    check_refused(scene.outcome("get", {"a"}), "exit 65", {"metadata.yml:1:4"});
}

TEST_CASE("a line of metadata is never dropped without a word") {
    const ProvisionScene scene;
    for (const std::string& text : Strings{"%a: 1\n", "%a: 1\nb: 2\n", "b: 2\n%a: 1\n"}) {
        CAPTURE(text);
        scene.metadata(text);
        check_refused(scene.outcome("metadata"), "exit 65", {"metadata.yml:"});
    }
}

TEST_CASE("a FIFO or a device is never waited for, whatever should be read from it") {
    const ProvisionScene scene;
    const std::string fifo = scene.folder() / "fifo";
    REQUIRE(::mkfifo(fifo.c_str(), 0644) == 0);
    scene.metadata("fifo: " + fifo + "\n");
    scene.resource("t.tmpl", "{{fifo:file}}\n");
    check_refused(scene.outcome("render", {"t"}), "exit 65", {"t.tmpl:1:1"});
    check_refused(scene.outcome("render", {fifo}), "exit 65", {fifo});
    check_refused(scene.outcome("get", {"a"}, {"KAIGARA_META_a_FILE=" + fifo}), "exit 65",
                  {"KAIGARA_META_a_FILE", fifo});
    check_refused(scene.outcome("get", {"a"}, {"KAIGARA_META_a_FILE=/dev/zero"}), "exit 65",
                  {"/dev/zero"});
    check_refused(run({.words = command({"get", "a", "--config", fifo})}), "exit 78", {fifo});
    check_refused(run({.words = command({"get", "a", "--metadata", "/dev/zero"})}), "exit 65",
                  {"/dev/zero"});
}

TEST_CASE("a file of root that is a FIFO, or a gigabyte, stops all files") {
    const ProvisionScene scene;
    scene.root("aa", "fine\n");
    write_huge(scene, "resources/root" + (scene.folder() / "huge"));
    check_nothing_written(scene, "exit 65", {"root" + (scene.folder() / "huge")});

    const ProvisionScene waiting;
    waiting.root("aa", "fine\n");
    const std::string fifo = "resources/root" + (waiting.folder() / "fifo");
    REQUIRE(::mkfifo((waiting.folder() / fifo).c_str(), 0644) == 0);
    check_nothing_written(waiting, "exit 78", {fifo});
}

TEST_CASE("a file in place of a directory of resources or operations is told with its path") {
    const ProvisionScene scene;
    const std::string file = scene.folder().write("plain", "x");
    for (const std::string& option : Strings{"--resources", "--operations"}) {
        CAPTURE(option);
        check_refused(run({.words = command({"provision", option, file})}), "exit 78", {file});
    }
    scene.folder().write("resources/root", "x");
    check_nothing_written(scene, "exit 78", {"resources/root"});
}

TEST_CASE("a gigabyte of metadata is refused at once, wherever it comes from") {
    const ProvisionScene scene;
    const std::string huge = write_huge(scene, "huge.yml");
    const auto begin = Clock::now();
    check_refused(run({.words = command({"get", "a", "--metadata", huge})}), "exit 65", {huge});
    scene.config("metadata: [{file: huge.yml}]\n");
    check_refused(scene.outcome("get", {"a"}), "exit 65", {huge});
    check_refused(
        run({.words = command({"get", "a"}), .environment = {"KAIGARA_META_a_FILE=" + huge}}),
        "exit 65", {"KAIGARA_META_a_FILE"});
    write_huge(scene, "keys/huge");
    scene.config("metadata: [{directory: keys}]\n");
    check_refused(scene.outcome("get", {"a"}), "exit 65", {"keys/huge"});
    CHECK(Clock::now() - begin < 2s);
}

TEST_CASE("a command that writes a gigabyte is ended, and refused") {
    const ProvisionScene scene;
    scene.config("metadata: [{command: \"head -c 1G /dev/zero\"}]\n");
    const auto begin = Clock::now();
    const Outcome outcome = scene.outcome("get", {"a"});
    const bool is_refused = outcome.ending == "exit 65" || outcome.ending == "exit 69";
    CHECK_MESSAGE(is_refused, outcome.ending);
    CHECK_MESSAGE(has(outcome.errors, "head"), outcome.errors);
    CHECK(Clock::now() - begin < 2s);
}

TEST_CASE("sources that are of the wrong kind, or lead in a circle, are told with their paths") {
    const ProvisionScene scene;
    scene.folder().make_dir("folder");
    scene.folder().write("plain", "x");
    link_circle(scene, "loop");
    link_circle(scene, "keys/loop");
    for (const std::string& source :
         Strings{"file: folder", "directory: plain", "file: loop", "directory: loop"}) {
        CAPTURE(source);
        scene.config("metadata: [{" + source + "}]\n");
        const Outcome outcome = scene.outcome("get", {"a"});
        const bool is_refused = outcome.ending == "exit 65" || outcome.ending == "exit 78";
        CHECK_MESSAGE(is_refused, outcome.ending);
        check_refused(outcome, outcome.ending,
                      {scene.folder() / source.substr(source.find(' ') + 1)});
    }
    scene.config("metadata: [{directory: keys}]\n");
    check_refused(scene.outcome("get", {"a"}), "exit 65", {scene.folder() / "keys/loop"});
}

TEST_CASE("values of a directory that are no text are told, all of them") {
    const ProvisionScene scene;
    scene.folder().write("keys/nul", std::string("a\0b", 3));
    scene.folder().write("keys/binary", "\xff\xfe");
    REQUIRE(::mkfifo((scene.folder() / "keys/fifo").c_str(), 0644) == 0);
    scene.config("metadata: [{directory: keys}]\n");
    check_refused(scene.outcome("get", {"a"}), "exit 65", {"keys/nul", "keys/binary", "keys/fifo"});
}

TEST_CASE("what may not be read is told with its path, whatever it is") {
    if (mode() != Mode::user) return;  // root may read all
    const ProvisionScene scene;
    const std::string file = scene.folder().write("closed.yml", "a: 1\n", 0000);
    const std::string key = scene.folder().write("keys/closed", "x", 0000);
    check_refused(run({.words = command({"get", "a", "--metadata", file})}), "exit 65",
                  {file, "ermission denied"});
    scene.config("metadata: [{file: closed.yml}]\n");
    check_refused(scene.outcome("get", {"a"}), "exit 65", {file, "ermission denied"});
    scene.config("metadata: [{directory: keys}]\n");
    check_refused(scene.outcome("get", {"a"}), "exit 65", {key, "ermission denied"});
    scene.config("{}\n");
    check_refused(scene.outcome("get", {"a"}, {"KAIGARA_META_a_FILE=" + file}), "exit 65",
                  {"KAIGARA_META_a_FILE", "ermission denied"});
}

TEST_CASE("an optional source that may not be read is no absent one") {
    if (mode() != Mode::user) return;
    const ProvisionScene scene;
    scene.folder().write("closed.yml", "a: 1\n", 0000);
    scene.config("metadata: [{file: closed.yml, optional: true}]\n");
    check_refused(scene.outcome("get", {"a"}), "exit 65", {"closed.yml"});
}

TEST_CASE("a template that may not be read stops all files") {
    if (mode() != Mode::user) return;
    const ProvisionScene scene;
    scene.root("aa.tmpl", "fine\n");
    scene.root("closed.tmpl", "x\n", 0000);
    scene.root("copied", "x\n", 0000);
    check_nothing_written(scene, "exit 65", {"closed.tmpl", "copied", "ermission denied"});
}

TEST_CASE("a template of the wrong kind, or in a circle, stops all files") {
    const ProvisionScene scene;
    scene.root("aa.tmpl", "fine\n");
    link_circle(scene, "resources/root" + (scene.folder() / "loop.tmpl"));
    check_nothing_written(scene, "exit 78", {"loop.tmpl", "circle"});

    const ProvisionScene folder;
    folder.root("aa.tmpl", "fine\n");
    folder.folder().make_dir("resources/t");
    folder.config(target_entry(folder, "out"));
    check_nothing_written(folder, "exit 78", {"resources/t"});
}

TEST_CASE("an entry whose template does not exist stops all files, and names the place") {
    const ProvisionScene scene;
    scene.root("aa.tmpl", "fine\n");
    scene.config(target_entry(scene, "out"));
    check_nothing_written(scene, "exit 78", {"resources", "'t'"});
}

TEST_CASE("a template past 16 MiB is refused, and a text past 64 MiB") {
    const ProvisionScene scene;
    write_huge(scene, "resources/t.tmpl");
    scene.config(target_entry(scene, "out"));
    check_nothing_written(scene, "exit 65", {"t.tmpl", "16777216"});

    const ProvisionScene output;
    output.resource("big.tmpl", "{{a}}" + std::string(1 << 20, 'x'));
    output.resource("t.tmpl", "{{#l}}{{>big.tmpl}}{{/l}}");
    output.metadata("a: 1\nl: [" + [] {
        std::string items;
        for (int item = 0; item < 65; ++item) items += "1,";
        return items;
    }() + "]\n");
    output.config(target_entry(output, "out"));
    check_nothing_written(output, "exit 65", {"t.tmpl", "64 MiB"});
}

TEST_CASE("sections past 100 and includes past 32 are refused with their places") {
    const ProvisionScene scene;
    scene.metadata("a: true\n");
    std::string nested;
    for (int depth = 0; depth < 101; ++depth) nested += "{{#a}}";
    for (int depth = 0; depth < 101; ++depth) nested += "{{/a}}";
    scene.resource("deep.tmpl", nested);
    check_refused(scene.outcome("render", {"deep"}), "exit 65", {"deep.tmpl:1:", "100"});
    scene.resource("self.tmpl", "{{>self.tmpl}}");
    check_refused(scene.outcome("render", {"self"}), "exit 65", {"self.tmpl:1:1", "32"});
}

TEST_CASE("a target that cannot be written is 73 with its path, and no file is") {
    const ProvisionScene scene;
    scene.root("aa.tmpl", "fine\n");
    scene.resource("t.tmpl", "x\n");
    scene.folder().write("plain", "a file\n");
    scene.folder().make_dir("folder");
    link_circle(scene, "loop");
    for (const std::string& target : Strings{"plain/under", "folder", "loop"}) {
        CAPTURE(target);
        scene.config(target_entry(scene, target));
        check_nothing_written(scene, "exit 73", {scene.folder() / target});
        CHECK(!scene.folder().exists("aa"));
    }
}

TEST_CASE("a target in a directory that is closed to us is 73, and no file is written") {
    if (mode() != Mode::user) return;
    const ProvisionScene scene;
    scene.root("aa.tmpl", "fine\n");
    scene.resource("t.tmpl", "x\n");
    const std::string closed = scene.folder().make_dir("closed");
    REQUIRE(::chmod(closed.c_str(), 0555) == 0);
    scene.config(target_entry(scene, "closed/out"));
    check_nothing_written(scene, "exit 73", {closed, "ermission denied"});
}

TEST_CASE("two sources of one target are bad configuration that names both") {
    const ProvisionScene scene;
    scene.root("out.tmpl", "root\n");
    scene.resource("t.tmpl", "entry\n");
    scene.config(target_entry(scene, "out"));
    check_nothing_written(scene, "exit 78", {scene.folder() / "out", "kaigara.yml", "out.tmpl"});
}

TEST_CASE("a file that _FILE or file= names and that goes away is an error, not an empty text") {
    const ProvisionScene scene;
    const std::string file = scene.folder().write("value", "x\n");
    scene.metadata("path: " + file + "\n");
    scene.root("out.tmpl", "{{path:file}}");
    CHECK(scene.outcome("provision").ending == "exit 0");
    CHECK(scene.folder().read("out") == "x\n");
    std::filesystem::remove(file);
    check_refused(scene.outcome("provision"), "exit 65", {"out.tmpl:1:1", file});
    CHECK(scene.folder().read("out") == "x\n");
}

}  // TEST_SUITE("contract")
