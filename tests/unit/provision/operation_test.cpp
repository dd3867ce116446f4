// SPDX-License-Identifier: Apache-2.0
#include "provision/operation.h"

#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "provision/program_head.h"
#include "scene.h"
#include "support/scratch.h"
#include "support/skip.h"

using namespace kaigara;
using provision::find_operations;
using provision::Operation;
using provision::OperationEntry;
using provision::OperationOptions;
using provision::override_options;
using provision::RunKind;
using test::LogCapture;
using test::ScratchDir;

namespace {

constexpr const char* harmless = "#!/bin/sh\n:\n";

using Found = Result<std::vector<Operation>, Errors>;

std::string names(const Found& found) {
    std::string all;
    for (const Operation& operation : found.value()) all += operation.name + " ";
    return all;
}

// The text of the one error that there is.
std::string complaint(const ScratchDir& files) {
    const Found found = find_operations(files.path(), true);
    if (found) return "no error";
    REQUIRE(found.error().size() == 1);
    CHECK(found.error().front().fault == Fault::configuration);
    return found.error().front().text();
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

OperationEntry entry(std::string name,
                     const std::vector<std::pair<const char*, const char*>>& values) {
    OperationEntry entry{std::move(name), "kaigara.yml:2:3", {}};
    for (const auto& [option, text] : values)
        entry.values.push_back({provision::find_option(option), text, "kaigara.yml:2:9"});
    return entry;
}

// The operations of three scripts: "10-schema" runs once, "20-role" always, and "30-view" on
// change.
std::vector<Operation> three_operations() {
    const ScratchDir files;
    files.write("10-schema", "#!/bin/sh\n# kaigara: run=once timeout=1m\n", 0755);
    files.write("20-role", harmless, 0755);
    files.write("30-view", "#!/bin/sh\n# kaigara: run=on-change inputs=a.b user=u\n", 0755);
    return find_operations(files.path(), true).value();
}

}  // namespace

TEST_SUITE("provision") {

TEST_CASE("operations stand in bytewise order of their names") {
    const ScratchDir files;
    for (const char* name : {"9_b", "10_a", "B", "a", "01-x.sh", "Z z", "\xC3\xA4"})
        files.write(name, harmless, 0755);
    CHECK(names(find_operations(files.path(), true)) == "01-x.sh 10_a 9_b B Z z a \xC3\xA4 ");
}

TEST_CASE("what is no operation is passed over, with a debug line for each") {
    const ScratchDir files;
    const LogCapture log;
    const char* skipped[] = {".hidden", "a~",     "b.bak",      "c.orig",
                             "d.swp",   "e.tmp",  "f.dpkg-old", "g.dpkg-dist.x",
                             "h.md",    "README", "README.txt"};
    for (const char* name : skipped) files.write(name, harmless, 0755);
    files.make_dir("folder");
    files.write("10-real", harmless, 0755);
    CHECK(names(find_operations(files.path(), true)) == "10-real ");
    for (const char* name : skipped) {
        CAPTURE(name);
        CHECK(log.has(std::string("debug: ") + (files / name) + " is passed over"));
    }
    CHECK(log.has("folder is passed over: a directory"));
}

TEST_CASE("names that only look like leftovers are operations") {
    const ScratchDir files;
    for (const char* name : {"10-bak", "20.sh", "30-readme", "40.md.sh", "50dpkg"})
        files.write(name, harmless, 0755);
    CHECK(names(find_operations(files.path(), true)) == "10-bak 20.sh 30-readme 40.md.sh 50dpkg ");
}

TEST_CASE("an absent directory is empty by default and an error when it was named") {
    const ScratchDir files;
    CHECK(find_operations(files / "absent", false).value().empty());
    const Found named = find_operations(files / "absent", true);
    REQUIRE_FALSE(named.has_value());
    CHECK(named.error().front().fault == Fault::configuration);
    CHECK(contains(named.error().front().text(), files / "absent"));
    files.write("file", "");
    CHECK_FALSE(find_operations(files / "file", false).has_value());
}

TEST_CASE("an executable file is executed itself") {
    const ScratchDir files;
    files.write("10-a", harmless, 0755);
    const Operation operation = find_operations(files.path(), true).value().front();
    CHECK(operation.command == std::vector<std::string>{files / "10-a"});
    CHECK_FALSE(operation.through_interpreter);
}

TEST_CASE("a script without its execute bit runs through its interpreter and its one argument") {
    const ScratchDir files;
    files.write("10-a", "#!/bin/sh\n:\n", 0644);
    files.write("20-b", "#!/bin/sh -e -u\n:\n", 0444);
    const auto found = find_operations(files.path(), true).value();
    CHECK(found[0].command == std::vector<std::string>{"/bin/sh", files / "10-a"});
    CHECK(found[0].through_interpreter);
    CHECK(found[1].command == std::vector<std::string>{"/bin/sh", "-e -u", files / "20-b"});
}

TEST_CASE("a file with neither an execute bit nor '#!' is an error that says chmod +x") {
    const ScratchDir files;
    files.write("10-a", "echo a\n", 0644);
    const std::string text = complaint(files);
    CHECK(contains(text, files / "10-a"));
    CHECK(contains(text, "chmod +x"));
}

TEST_CASE("an executable text without '#!' is left to /bin/sh") {
    const ScratchDir files;
    files.write("10-a", "echo a\n", 0755);
    CHECK(find_operations(files.path(), true).value().size() == 1);
}

TEST_CASE("Windows line ends in the '#!' line are named, executable or not") {
    for (const mode_t mode : {0755U, 0644U}) {
        const ScratchDir files;
        files.write("10-a", "#!/bin/sh\r\n:\r\n", mode);
        CHECK(contains(complaint(files), "Windows line ends"));
    }
    const ScratchDir files;
    files.write("10-a", "#!/usr/bin/env sh\r\n:\r\n", 0755);
    CHECK(contains(complaint(files), "Windows line ends"));
}

TEST_CASE("a missing interpreter is told from a missing file") {
    for (const mode_t mode : {0755U, 0644U}) {
        const ScratchDir files;
        files.write("10-a", "#!/no/such/interpreter -x\n", mode);
        CHECK(contains(complaint(files),
                       "exists, but its interpreter '/no/such/interpreter' does not"));
    }
}

TEST_CASE("an interpreter that is no program, and none at all, are named") {
    const ScratchDir files;
    files.write("10-a", "#!" + files.path() + "\n", 0755);
    CHECK(contains(complaint(files), "may not be executed"));
    files.write("10-a", "#!\n", 0755);
    CHECK(contains(complaint(files), "names no interpreter"));
    files.write("10-a", "\xEF\xBB\xBF#!/bin/sh\n", 0755);
    CHECK(contains(complaint(files), "byte order mark"));
    files.write("10-a", "#!/" + std::string(400, 'x') + "\n", 0755);
    CHECK(contains(complaint(files), "longer than the 256 bytes"));
}

TEST_CASE("a program for another architecture is named as such") {
    const ScratchDir files;
    std::string header(64, '\0');
    header.replace(0, 4, ELFMAG);
    header[EI_CLASS] = ELFCLASS64;
    header[EI_DATA] = ELFDATA2MSB;
    header[19] = EM_S390;
    files.write("10-a", header, 0755);
    const std::string text = complaint(files);
    CHECK(contains(text, "s390 (64-bit, big-endian)"));
    CHECK(contains(text, provision::machine_name(provision::own_machine())));
}

TEST_CASE("a program of this machine is an operation") {
    const ScratchDir files;
    REQUIRE(::symlink("/bin/true", (files / "10-true").c_str()) == 0);
    CHECK(names(find_operations(files.path(), true)) == "10-true ");
}

TEST_CASE("the links of a ConfigMap are followed and its own folders are not seen") {
    const ScratchDir files;
    files.write("..2026_01_02/10-a.sh", harmless, 0644);
    REQUIRE(::symlink("..2026_01_02", (files / "..data").c_str()) == 0);
    REQUIRE(::symlink("..data/10-a.sh", (files / "10-a.sh").c_str()) == 0);
    const auto found = find_operations(files.path(), true).value();
    REQUIRE(found.size() == 1);
    CHECK(found[0].name == "10-a.sh");
    CHECK(found[0].command.back() == (files / "10-a.sh"));
}

TEST_CASE("a link that leads nowhere is an error, one to a directory is not") {
    const ScratchDir files;
    files.make_dir("folder");
    REQUIRE(::symlink("folder", (files / "20-folder").c_str()) == 0);
    CHECK(find_operations(files.path(), true).value().empty());
    REQUIRE(::symlink("gone", (files / "10-a").c_str()) == 0);
    CHECK(contains(complaint(files), "leads nowhere"));
}

TEST_CASE("a FIFO among the operations is an error, not a wait") {
    const ScratchDir files;
    REQUIRE(::mkfifo((files / "10-fifo").c_str(), 0755) == 0);
    CHECK(contains(complaint(files), "no regular file"));
}

TEST_CASE("all that is wrong is told in one go") {
    const ScratchDir files;
    files.write("10-a", "echo\n", 0644);
    files.write("20-b", harmless, 0755);
    files.write("30-c", "#!/no/such/thing\n", 0755);
    const Found found = find_operations(files.path(), true);
    REQUIRE_FALSE(found.has_value());
    REQUIRE(found.error().size() == 2);
    CHECK(contains(found.error()[0].where, "10-a"));
    CHECK(contains(found.error()[1].where, "30-c"));
}

TEST_CASE("a file that only its owner may execute runs for others through its interpreter") {
    if (::geteuid() != 0 || ::seteuid(65534) != 0) KG_SKIP("needs root, to become another user");
    REQUIRE(::seteuid(0) == 0);
    const ScratchDir files;
    REQUIRE(::chmod(files.path().c_str(), 0755) == 0);
    files.write("10-a", harmless, 0744);
    REQUIRE(::seteuid(65534) == 0);
    const Found script = find_operations(files.path(), true);
    REQUIRE(::seteuid(0) == 0);
    CHECK(script.value().front().through_interpreter);

    files.write("20-b", "echo\n", 0744);
    REQUIRE(::seteuid(65534) == 0);
    const std::string text = complaint(files);
    REQUIRE(::seteuid(0) == 0);
    CHECK(contains(text, "may not be executed by this user (uid 65534)"));
}

TEST_CASE("an operation has the options of its annotations") {
    const auto found = three_operations();
    REQUIRE(found.size() == 3);
    CHECK(found[0].options.run == RunKind::once);
    CHECK(found[0].options.timeout == std::chrono::minutes(1));
    CHECK(found[1].options == OperationOptions());
    CHECK(found[2].options.inputs == std::vector<std::string>{"a.b"});
}

TEST_CASE("errors of annotations are told with all the others") {
    const ScratchDir files;
    files.write("10-a", "# kaigara: rnu=once\n# kaigara: run=onc\n", 0644);
    files.write("20-b", "#!/bin/sh\n# kaigara: retries=x\n", 0755);
    const Found found = find_operations(files.path(), true);
    REQUIRE_FALSE(found.has_value());
    REQUIRE(found.error().size() == 4);
    CHECK(contains(found.error()[0].message, "chmod +x"));
    CHECK(found.error()[1].where == (files / "10-a") + ":1:12");
    CHECK(found.error()[2].where == (files / "10-a") + ":2:16");
    CHECK(found.error()[3].where == (files / "20-b") + ":2:20");
}

TEST_CASE("an annotation that stands too late is not read, with a warning") {
    const ScratchDir files;
    const LogCapture log;
    files.write("10-a", "#!/bin/sh\n" + std::string(19, '\n') + "# kaigara: run=once\n", 0755);
    files.write("20-b", "#!/bin/sh\n" + std::string(18, '\n') + "# kaigara: run=once\n", 0755);
    const auto found = find_operations(files.path(), true).value();
    CHECK(found[0].options.run == RunKind::always);
    CHECK(found[1].options.run == RunKind::once);
    CHECK(log.has("warn: " + (files / "10-a") + ":21: this annotation is not read"));
    CHECK_FALSE(log.has("20-b:"));
}

TEST_CASE("kaigara.yml wins over the annotations option by option") {
    auto found = three_operations();
    const Errors errors =
        override_options(found, {entry("10-schema", {{"timeout", "2m"}, {"barrier", "yes"}}),
                                 entry("20-role", {{"run", "once"}}),
                                 entry("30-view", {{"user", ""}}), entry("20-role", {})});
    CHECK(errors.empty());
    CHECK(found[0].options.run == RunKind::once);
    CHECK(found[0].options.timeout == std::chrono::minutes(2));
    CHECK(found[0].options.barrier);
    CHECK(found[1].options.run == RunKind::once);
    CHECK(found[2].options.run == RunKind::on_change);
    CHECK(found[2].options.user.empty());
}

TEST_CASE("an entry without an operation is an error, with the nearest name") {
    auto found = three_operations();
    const Errors errors = override_options(
        found, {entry("10-shema", {{"run", "once"}}), entry("99", {{"run", "once"}})});
    REQUIRE(errors.size() == 2);
    CHECK(errors[0].fault == Fault::configuration);
    CHECK(errors[0].text() == "kaigara.yml:2:3: there is no operation '10-shema' in the image "
                              "(did you mean '10-schema'?)");
    CHECK(errors[1].message == "there is no operation '99' in the image");
}

TEST_CASE("whether options suit each other is asked when both have spoken") {
    auto found = three_operations();
    // Alone, each of the two would be wrong.
    CHECK(override_options(found, {entry("30-view", {{"run", "once"}, {"inputs", ""}})}).empty());
    found = three_operations();
    const Errors errors = override_options(
        found, {entry("20-role", {{"barrier", "yes"}}), entry("30-view", {{"run", "always"}})});
    REQUIRE(errors.size() == 2);
    CHECK(errors[0].where == found[1].path);
    CHECK(contains(errors[0].message, "'barrier'"));
    CHECK(errors[1].where == found[2].path);
    CHECK(contains(errors[1].message, "'inputs'"));
}

}  // TEST_SUITE("provision")
