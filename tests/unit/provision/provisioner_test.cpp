// SPDX-License-Identifier: Apache-2.0
#include "provision/provisioner.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "platform/files.h"
#include "scene.h"
#include "support/skip.h"

using namespace kaigara;
using provision::OutputMode;
using provision::ProvisionEnd;
using provision::ProvisionPlan;
using test::Scene;
using Kind = ProvisionEnd::Kind;

TEST_SUITE("provision") {

TEST_CASE("operations run one after the other, and their output is passed on") {
    Scene scene;
    scene.script("20-b", "echo two; echo oops >&2; cat first");
    scene.script("10-a", "echo one; echo from the first > first");
    CHECK(scene.run(scene.plan()).kind == Kind::done);
    CHECK(scene.files.read("out") == "[10-a] one\n[20-b] two\n[20-b] from the first\n");
    CHECK(scene.files.read("err") == "[20-b] oops\n");
    CHECK(scene.log.has("info: operation 10-a done in "));
    CHECK(scene.log.has("info: operation 20-b done in "));
}

TEST_CASE("without operations the stage is done at once") {
    Scene scene;
    scene.start(scene.plan());
    CHECK(scene.is_done());
    CHECK(scene.finish().kind == Kind::done);
}

TEST_CASE("an operation gets kaigara's environment and its own name, attempt and snapshot") {
    Scene scene;
    scene.script("10-a.sh", "env | sort > env; cat \"$KAIGARA_SNAPSHOT\" > snapshot");
    auto snapshot = platform::sealed_memory("snapshot", "{\"app\": 1}").value();
    ProvisionPlan plan = scene.plan();
    plan.snapshot = snapshot.get();
    plan.environment.insert(plan.environment.end(),
                            {"KAIGARA_RESOURCES=/srv", "KAIGARA_INTERRUPTED=1",
                             "KAIGARA_OPERATION=of-another-kaigara", "EMPTY="});
    CHECK(scene.run(std::move(plan)).kind == Kind::done);
    const std::string environment = scene.files.read("env");
    CAPTURE(environment);
    CHECK(environment.find("\nEMPTY=\n") != std::string::npos);
    CHECK(environment.find("KAIGARA_ATTEMPT=1\nKAIGARA_OPERATION=10-a.sh\nKAIGARA_RESOURCES=/srv\n"
                           "KAIGARA_SNAPSHOT=/proc/self/fd/60\n") != std::string::npos);
    CHECK(environment.find("KAIGARA_INTERRUPTED") == std::string::npos);
    CHECK(environment.find("another") == std::string::npos);
    CHECK(scene.files.read("snapshot") == "{\"app\": 1}");
}

TEST_CASE("an operation has an empty stdin, a session of its own and no descriptor but its own") {
    Scene scene;
    const int inherited = ::open("/", O_RDONLY | O_DIRECTORY);  // not close-on-exec
    scene.script("10-a", "cat > stdin; cut -d' ' -f6 /proc/$$/stat > session; echo $$ > pid");
    scene.files.write("operations/20-ls", "#!/bin/ls /proc/self/fd\n", 0755);
    auto snapshot = platform::sealed_memory("snapshot", "x").value();
    ProvisionPlan plan = scene.plan();
    plan.snapshot = snapshot.get();
    CHECK(scene.run(std::move(plan)).kind == Kind::done);
    ::close(inherited);
    CHECK(scene.files.read("stdin").empty());
    CHECK(scene.files.read("session") == scene.files.read("pid"));
    // 3 is the directory that ls itself reads.
    CHECK(scene.files.read("out").ends_with("[20-ls] 0\n[20-ls] 1\n[20-ls] 2\n[20-ls] 3\n"
                                            "[20-ls] 60\n"));
}

TEST_CASE("an operation has the signal state that kaigara was born with") {
    Scene scene;
    scene.script("10-a", "grep -E 'Sig(Blk|Ign)' /proc/self/status > signals");
    CHECK(scene.run(scene.plan()).kind == Kind::done);
    const std::string blocked = fmt::format("{:016x}", platform::take_signals().mask.bits);
    // Nothing in this program changes what it was started to ignore.
    const std::string own = platform::read_file("/proc/self/status", 1U << 16U).value();
    const std::string ignored = own.substr(own.find("SigIgn:") + 8, 16);
    CHECK(scene.files.read("signals") ==
          fmt::format("SigBlk:\t{}\nSigIgn:\t{}\n", blocked, ignored));
}

TEST_CASE("a script without its execute bit runs, with an info line") {
    Scene scene;
    scene.files.write("operations/10-a", "#!/bin/sh -u\necho \"$0\"\n", 0644);
    CHECK(scene.run(scene.plan()).kind == Kind::done);
    CHECK(scene.files.read("out") == "[10-a] " + (scene.files / "operations/10-a") + "\n");
    CHECK(scene.log.has("info: operation 10-a may not be executed itself, so it runs through "
                        "/bin/sh"));
}

TEST_CASE("an operation that does not apply is no failure") {
    Scene scene;
    scene.script("10-a", "exit 77");
    scene.script("20-b", "echo two");
    CHECK(scene.run(scene.plan()).kind == Kind::done);
    CHECK(scene.files.read("out") == "[20-b] two\n");
    CHECK(scene.log.has("info: operation 10-a does not apply (status 77)"));
    CHECK_FALSE(scene.log.has("operation 10-a done"));
}

TEST_CASE("a failed operation ends the stage, with one line and its last words") {
    struct Case {
        const char* body;
        const char* text;
    };
    const Case cases[] = {
        {"exit 3", "operation 10-a failed with status 3 after "},
        {"exit 75", "operation 10-a asks to be tried again later (status 75) after "},
        {"exit 255", "operation 10-a failed with status 255 after "},
        {"kill -KILL $$", "operation 10-a was ended by signal 9 (KILL) after "},
    };
    for (const Case& one : cases) {
        CAPTURE(one.body);
        Scene scene;
        scene.script("10-a", fmt::format("seq 1 30; echo oops >&2; {}", one.body));
        scene.script("20-b", "echo never");
        const ProvisionEnd& end = scene.run(scene.plan());
        CHECK(end.kind == Kind::failed);
        CHECK(end.error.fault == Fault::operation_failed);
        CHECK(end.error.text().starts_with(one.text));
        CHECK(scene.files.read("out").find("never") == std::string::npos);
        CHECK(scene.log.has("error: the last lines of operation 10-a:\n"));
        CHECK(scene.log.has("error:   30\n"));
        CHECK(scene.log.has("error:   oops\n"));
        CHECK_FALSE(scene.log.has("error:   10\n"));
    }
}

TEST_CASE("an operation that is gone when its turn comes fails, and says so") {
    Scene scene;
    scene.script("10-a", "rm operations/20-b");
    scene.script("20-b", ":");
    const ProvisionEnd& end = scene.run(scene.plan());
    CHECK(end.kind == Kind::failed);
    CHECK(end.error.fault == Fault::operation_failed);
    CHECK(end.error.text() == "operation 20-b cannot be started: '" +
                                  (scene.files / "operations/20-b") + "' does not exist");
}

TEST_CASE("an operation whose file is being written is started when that is over") {
    Scene scene;
    scene.script("10-a", "echo started");
    const std::string path = scene.files / "operations/10-a";
    platform::Fd writer(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    scene.start(scene.plan());
    if (!scene.log.has("trying again for 10s")) {
        scene.finish();
        KG_SKIP("this kernel executes files that are being written");
    }
    CHECK(scene.log.has("operation 10-a: "));
    writer.reset();
    CHECK(scene.finish().kind == Kind::done);
    CHECK(scene.files.read("out") == "[10-a] started\n");
}

TEST_CASE("a long operation is heard of again and again") {
    Scene scene;
    scene.script("10-a", "while ! [ -e go ]; do sleep 0.01; done");
    ProvisionPlan plan = scene.plan();
    plan.progress_interval = Milliseconds(20);
    scene.start(std::move(plan));
    const auto lines = [&scene] {
        std::size_t count = 0;
        for (std::size_t at = 0;
             (at = scene.log.text().find("is still running after", at)) != std::string::npos;)
            count += at++ != 0 ? 1 : 0;
        return count;
    };
    scene.serve_until([&] { return lines() >= 3; });
    scene.files.write("go", "");
    CHECK(scene.finish().kind == Kind::done);
    CHECK(scene.log.has("info: operation 10-a is still running after "));
}

TEST_CASE("raw output is written by the operation itself") {
    Scene scene;
    scene.script("10-a", "one=$(readlink /proc/$$/fd/1); two=$(readlink /proc/$$/fd/2)\n"
                         "echo \"$one\" > stdout; echo \"$two\" > stderr");
    ProvisionPlan plan = scene.plan();
    plan.output = OutputMode::raw;
    CHECK(scene.run(std::move(plan)).kind == Kind::done);
    for (const auto& [file, link] :
         {std::pair{"stdout", "/proc/self/fd/1"}, std::pair{"stderr", "/proc/self/fd/2"}}) {
        char target[4096] = {};
        REQUIRE(::readlink(link, target, sizeof target - 1) > 0);
        CHECK(scene.files.read(file) == std::string(target) + "\n");
    }
}

TEST_CASE("a failure is told without last lines when the output is raw") {
    Scene scene;
    scene.script("10-a", "exit 1");
    ProvisionPlan plan = scene.plan();
    plan.output = OutputMode::raw;
    CHECK(scene.run(std::move(plan)).kind == Kind::failed);
    CHECK_FALSE(scene.log.has("last lines"));
}

TEST_CASE("output in JSON is one object a line") {
    Scene scene;
    scene.script("10-a", "echo 'say \"hi\"'");
    ProvisionPlan plan = scene.plan();
    plan.output = OutputMode::json;
    CHECK(scene.run(std::move(plan)).kind == Kind::done);
    const std::string out = scene.files.read("out");
    CHECK(out.starts_with("{\"time\":\"20"));
    CHECK(out.ends_with("Z\",\"operation\":\"10-a\",\"line\":\"say \\\"hi\\\"\"}\n"));
}

TEST_CASE("the provisioner may be destroyed when it says that it is done") {
    for (const char* body : {"echo hi", "exit 1"}) {
        Scene scene;
        scene.destroys_when_done = true;
        scene.script("10-a", body);
        scene.run(scene.plan());
        CHECK(scene.provisioner == nullptr);
    }
}

TEST_CASE("the end of an operation is known however many orphans end with it") {
    Scene scene;
    scene.script("10-a", "for i in $(seq 50); do (sleep 0.01 & ) ; done; echo done");
    CHECK(scene.run(scene.plan()).kind == Kind::done);
    CHECK(scene.files.read("out") == "[10-a] done\n");
}

}  // TEST_SUITE("provision")
