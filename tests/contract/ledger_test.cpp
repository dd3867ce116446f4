// SPDX-License-Identifier: Apache-2.0

// CONTRACT 5: the ledger as a file: when it comes about, what a line is, in which order things are
// on the disk, and what happens where it cannot be written.

#include <algorithm>
#include <csignal>
#include <filesystem>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "ledger_scene.h"
#include "support/expect.h"
#include "support/file_facts.h"
#include "support/tracer.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

// provision within a shell that does something before and after it.
Setup wrapped(const LedgerScene& scene, std::string_view before, std::string_view after = "") {
    Strings words = {"/bin/sh", "-c",
                     fmt::format("scene='{}'; {}\n\"$@\"; status=$?\n{}\nexit $status",
                                 scene.folder().path(), before, after),
                     "sh"};
    for (std::string& word : scene.ledger_words("provision")) words.push_back(std::move(word));
    return {.words = std::move(words)};
}

std::string_view without_torn_line(const std::string& text) {
    return std::string_view(text).substr(0, text.rfind('\n') + 1);
}

bool has_call(const std::vector<SystemCall>& calls, long number) {
    const auto is_it = [&](const SystemCall& call) { return call.number == number; };
    return std::any_of(calls.begin(), calls.end(), is_it);
}

Strings names_with(const Strings& events, std::string_view event) {
    Strings names;
    for (const std::string& line : events) {
        if (line.starts_with(event)) names.push_back(line.substr(event.size()));
    }
    return names;
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("the sum that these tests compute is that of cksum") {
    const LedgerScene scene;
    for (const std::string& text : Strings{"", "a", "123456789", std::string(300, '\xfe')}) {
        const std::string file = scene.folder().write("bytes", text);
        const Outcome outcome = run({.words = {"/usr/bin/cksum", file}});
        CHECK(outcome.output.starts_with(std::to_string(cksum(text)) + ' '));
    }
}

TEST_CASE("a start with only always operations makes no ledger, no lock and no directory") {
    const LedgerScene scene;
    scene.annotated("10-op", "run=always");
    scene.annotated("20-op", "on-failure=continue", "exit 77");
    scene.provisions({"10-op", "20-op"});
    CHECK(!scene.folder().exists("state"));
}

TEST_CASE("ledger and lock are for kaigara's user alone, whatever the umask") {
    const LedgerScene scene;
    scene.annotated("10-op", "run=once");
    for (const mode_t umask : {mode_t{022}, mode_t{077}, mode_t{0}}) {
        std::filesystem::remove_all(scene.folder() / "state");
        const Outcome outcome = run({.words = scene.ledger_words("provision"), .umask = umask});
        CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
        // A directory is made as mkdir(1) makes one.
        CHECK(scene.folder().mode("state") == (0755 & ~umask));
        CHECK(scene.folder().mode("state/ledger") == 0600);
        CHECK(scene.folder().mode("state/ledger.lock") == 0600);
        CHECK(names_in(scene.folder() / "state") == Strings{"ledger", "ledger.lock"});
    }
}

TEST_CASE(
    "a ledger line has number, time, event, name, facts, chain and sum, and is one of the ten") {
    const LedgerScene scene;
    scene.annotated("10-done", "run=once");
    scene.annotated("20 blank%\xc3\xa9\n=", "run=once");
    scene.annotated("30-skipped", "run=once", "exit 77");
    scene.annotated("40-change", "run=on-change inputs=a");
    scene.annotated("50-status", "run=once on-failure=continue", "exit 3");
    scene.annotated("60-signal", "run=once on-failure=continue", "kill -9 $$");
    scene.annotated("70-timeout", "run=once on-failure=continue timeout=100ms",
                    "exec \"$actor\" pause");
    CHECK(scene.provision().ending == "exit 0");
    const std::string name = "20%20blank%25%C3%A9%0A=";
    std::string text = scene.text();
    const std::size_t lower = text.find("%c3%a9%0a");  // either case of a digit will do
    if (lower != std::string::npos) CHECK(has(text, "20%20blank%25%c3%a9%0a="));
    const std::vector<LedgerLine> lines = checked_lines(text);
    REQUIRE(lines.size() == 15);
    CHECK(lines[0].facts.at("format") == "1");
    CHECK(lines[0].facts.at("by").starts_with("kaigara-"));
    if (lower == std::string::npos) CHECK(lines[3].name == name);
    const Strings ends{"done", "done", "skipped", "done", "failed", "failed", "timed-out"};
    for (std::size_t at = 0; at < ends.size(); ++at) {
        const LedgerLine& begin = lines.at(1 + 2 * at);
        const LedgerLine& end = lines.at(2 + 2 * at);
        CHECK(begin.event == "started");
        CHECK(end.event == ends[at]);
        CHECK(begin.name == end.name);
        CHECK(begin.time <= end.time);
    }
    CHECK(lines[10].facts.at("status") == "3");
    CHECK(lines[12].facts.at("signal") == "9");
}

TEST_CASE("started is in the ledger before the operation begins, its end before the next one") {
    const LedgerScene scene;
    for (const char* const name : {"10-a", "20-b"}) {
        scene.annotated(name, "run=once",
                        "cat \"$scene/state/ledger\" >\"$scene/seen.$KAIGARA_"
                        "OPERATION\"");
    }
    scene.provisions({"10-a", "20-b"});
    CHECK(events_of(scene.folder().read("seen.10-a")) == Strings{"started 10-a"});
    CHECK(events_of(scene.folder().read("seen.20-b")) ==
          Strings{"started 10-a", "done 10-a", "started 20-b"});
}

TEST_CASE(
    "each record is on the disk before what follows it: no plug is pulled, the calls are seen") {
    const LedgerScene scene;
    const auto forks = [](const SystemCall& call) {
        return call.number == SYS_clone || call.number == SYS_clone3 || call.number == SYS_vfork ||
               call.number == SYS_fork;
    };
    for (const bool is_new : {true, false}) {
        CAPTURE(is_new);
        scene.annotated(is_new ? "10-a" : "20-b", "run=once");
        const std::vector<SystemCall> calls = first_calls(scene.ledger_words("provision"), 100'000);
        CHECK(scene.runs().size() == 1);
        const auto fork = std::find_if(calls.begin(), calls.end(), forks);
        REQUIRE(fork != calls.end());
        CHECK(has_call({calls.begin(), fork}, SYS_fdatasync));
        CHECK(has_call({fork, calls.end()}, SYS_fdatasync));
        // The name of a new ledger is in its directory.
        if (is_new) CHECK(has_call({calls.begin(), fork}, SYS_fsync));
    }
}

TEST_CASE("the ledger is only ever added to") {
    const LedgerScene scene;
    scene.annotated("10-a", "run=once");
    scene.provisions({"10-a"});
    const std::string before = scene.text();
    const FileFacts facts = facts_of(scene.ledger());
    scene.annotated("20-b", "run=once");
    scene.provisions({"20-b"});
    CHECK(scene.text().starts_with(before));
    CHECK(scene.text().size() > before.size());
    CHECK(facts_of(scene.ledger()).inode == facts.inode);
}

TEST_CASE("a ledger that a person wrote by the same rules is read") {
    const LedgerScene scene;
    scene.annotated("10-a", "run=once");
    scene.annotated("20-b", "run=once", "echo \"${KAIGARA_INTERRUPTED-no}\" >>\"$scene/runs\"");
    scene.folder().make_dir("state");
    scene.folder().write("state/ledger", make_ledger({"started 10-a", "done 10-a", "started 20-b"}),
                         0600);
    scene.provisions({"20-b", "1"});
    checked_lines(scene.text());
}

TEST_CASE(
    "where the ledger cannot be made, always operations run and once is 74 and runs nothing") {
    const LedgerScene scene;
    scene.annotated("10-always", "run=always");
    scene.folder().write("state", "a file where a directory should be\n");
    scene.provisions({"10-always"});
    scene.annotated("20-once", "run=once");
    const Outcome outcome = scene.provision();
    CHECK(outcome.ending == "exit 74");
    check_message(outcome, "error", {scene.folder() / "state"});
    const Strings ran = scene.runs();
    CHECK(std::find(ran.begin(), ran.end(), "20-once") == ran.end());
}

TEST_CASE("in a read-only directory always operations run, once is 74, and what is done is well") {
    const LedgerScene scene;
    scene.annotated("10-always", "run=always", "true");
    scene.annotated("20-once", "run=once");
    scene.provisions({"10-always", "20-once"});
    // Root is not held by a mode, so it gets a mount that is read-only; a user cannot mount.
    const std::string close = mode() == Mode::user
                                  ? "chmod 0555 \"$scene/state\"; chmod 0444 \"$scene/state/\"*"
                                  : "mount --bind \"$scene/state\" \"$scene/state\" && "
                                    "mount -o remount,bind,ro \"$scene/state\"";
    Outcome outcome = run(wrapped(scene, close));
    CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
    CHECK(scene.runs() == Strings{"10-always"});
    scene.annotated("30-new", "run=once");
    outcome = run(wrapped(scene, close));
    CHECK_MESSAGE(outcome.ending == "exit 74", outcome.errors);
    CHECK_MESSAGE(has(outcome.errors, scene.folder() / "state"), outcome.errors);
    const Strings ran = scene.runs();
    CHECK(std::find(ran.begin(), ran.end(), "30-new") == ran.end());
}

TEST_CASE("a ledger that may not be read is 74, and nothing is run") {
    if (mode() != Mode::user) return;  // root may read everything
    const LedgerScene scene;
    scene.annotated("10-once", "run=once");
    scene.provisions({"10-once"});
    REQUIRE(::chmod(scene.ledger().c_str(), 0) == 0);
    scene.refuses("exit 74", {scene.ledger()});
}

TEST_CASE("neither ledger nor lock may be a symbolic link, a directory or a FIFO") {
    for (const std::string& name : Strings{"ledger", "ledger.lock"}) {
        CAPTURE(name);
        const LedgerScene scene;
        scene.annotated("10-once", "run=once");
        scene.folder().make_dir("state");
        const std::string path = scene.folder() / "state/" + name;
        const std::string target = scene.folder().write("target", "", 0600);
        const FileFacts before = facts_of(target);
        std::filesystem::create_symlink(target, path);
        scene.refuses("exit 74", {path, "symbolic link"});
        CHECK(is_untouched(target, before));
        std::filesystem::remove(path);
        std::filesystem::create_directory(path);
        scene.refuses("exit 74", {path});
        std::filesystem::remove(path);
        REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
        scene.refuses("exit 74", {path});
    }
}

TEST_CASE("on a full disk nothing is run unrecorded, and with room again it goes on") {
    if (mode() == Mode::user) return;  // a user cannot mount; the next test is for him as well
    for (const char* const size : {"4k", "8k", "12k"}) {
        CAPTURE(size);
        const LedgerScene scene;
        Strings names;
        for (int number = 200; number < 320; ++number) {
            names.push_back(fmt::format("{}-op", number));
            scene.annotated(names.back(), "run=once");
        }
        scene.folder().make_dir("state");
        const Outcome outcome = run(wrapped(
            scene, fmt::format("mount -t tmpfs -o size={},mode=755 none \"$scene/state\"", size),
            "cat \"$scene/state/ledger\" >\"$scene/full\"; cat \"$scene/runs\" >\"$scene/ran\"\n"
            "cp -a \"$scene/state\" \"$scene/kept\"\n"
            "mount -t tmpfs -o size=1m,mode=755 none \"$scene/state\"\n"
            "cp -a \"$scene/kept/.\" \"$scene/state\"; \"$@\"; echo \"again $?\"\n"
            "cat \"$scene/state/ledger\" >\"$scene/after\""));
        CHECK_MESSAGE(outcome.ending == "exit 74", outcome.errors);
        CHECK_MESSAGE(has(outcome.output, "again 0\n"), outcome.errors);
        const std::string full = scene.folder().read("full");
        const Strings events =
            full.empty() ? Strings{} : events_of(std::string(without_torn_line(full)));
        const Strings begun = names_with(events, "started ");
        const Strings ran = lines_of(scene.folder().read("ran"));
        CHECK(ran.size() < names.size());
        for (const std::string& name : ran) {
            CHECK_MESSAGE(std::find(begun.begin(), begun.end(), name) != begun.end(), name);
        }
        const Strings ended = names_with(events, "done ");
        const Strings all = scene.runs();
        for (const std::string& name : names) {
            const bool is_done = std::find(ended.begin(), ended.end(), name) != ended.end();
            const auto times = std::count(all.begin(), all.end(), name);
            CHECK_MESSAGE(times >= 1, name);
            CHECK_MESSAGE(times <= (is_done ? 1 : 2), name);
        }
        CHECK(names_with(events_of(scene.folder().read("after")), "done ").size() == names.size());
    }
}

TEST_CASE("past a limit on the size of files nothing is run unrecorded") {
    const LedgerScene scene;
    Strings names;
    for (int number = 10; number < 40; ++number) {
        names.push_back(fmt::format("{}-op", number));
        scene.annotated(names.back(), "run=once");
    }
    Setup setup = wrapped(scene, "ulimit -f 4");
    setup.ignored = {SIGXFSZ};
    const Outcome outcome = run(std::move(setup));
    CHECK_MESSAGE(outcome.ending == "exit 74", outcome.errors);
    CHECK_MESSAGE(has(outcome.errors, scene.ledger()), outcome.errors);
    const std::string text = scene.text();
    CHECK(text.size() <= 2048);
    const Strings events = events_of(std::string(without_torn_line(text)));
    const Strings begun = names_with(events, "started ");
    const Strings ran = scene.runs();
    CHECK(!ran.empty());
    CHECK(ran.size() <= begun.size());
    for (const std::string& name : ran) {
        CHECK_MESSAGE(std::find(begun.begin(), begun.end(), name) != begun.end(), name);
    }
    // With room again, the rest.
    CHECK(scene.provision().ending == "exit 0");
    CHECK(names_with(scene.events(), "done ").size() == names.size());
    CHECK(scene.runs().size() == names.size() - names_with(events, "done ").size());
}

TEST_CASE("a newer format is 78, and a place in a cluster that is none is a bad value") {
    const LedgerScene scene;
    scene.annotated("10-once", "run=once");
    scene.folder().make_dir("state");
    std::string body = "1 2026-01-02T03:04:05.678Z ledger - format=2 by=kaigara-9.0.0 after=0";
    const std::string newer = fmt::format("{} sum={}\n", body, cksum(body));
    scene.folder().write("state/ledger", newer, 0600);
    scene.refuses("exit 78", {scene.ledger(), "format"});
    CHECK(scene.text() == newer);
    for (const std::string& place :
         Strings{"consul:", "consul:/app/prod", "etcd:", "etcd:/", "etcd:app//prod"}) {
        check_refused(scene.outcome("provision", {"--ledger", place}), "exit 64",
                      {place.substr(0, place.find(':'))});
        CHECK(scene.runs() == Strings{});
    }
}

}  // TEST_SUITE("contract")
