// SPDX-License-Identifier: Apache-2.0

// CONTRACT 6 and 5, the rights of whoever runs as another user: what setpriv and gosu leave, and no
// more. And --no-new-privs, which takes away the ways to get some back.

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>

#include "ledger_scene.h"
#include "support/expect.h"
#include "support/skip.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

constexpr const char* passwd = "root:x:0:0:root:/root:/bin/sh\n"
                               "web:x:1200:1300:Web server:/srv/web:/bin/sh\n";
constexpr const char* group = "root:x:0:\nweb:x:1300:\ndisk:x:1400:web\naudio:x:1401:web\n";
constexpr const char* gosu = "/usr/sbin/gosu";
constexpr const char* nothing = "0000000000000000";
const Strings rights = {"Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapAmb", "CapBnd"};
const Strings show_status = {"/bin/cat", "/proc/self/status"};

using Facts = std::map<std::string, std::string>;

// The lines of a /proc/PID/status, with one blank between numbers.
Facts facts_of(const std::string& status) {
    Facts facts;
    for (const std::string& line : lines_of(status)) {
        const std::size_t colon = line.find(":\t");
        if (colon == std::string::npos) continue;
        std::string value = line.substr(colon + 2);
        for (char& c : value)
            if (c == '\t') c = ' ';
        while (value.ends_with(' ')) value.pop_back();
        facts[line.substr(0, colon)] = value;
    }
    return facts;
}

Facts facts_of(pid_t process) {
    std::ifstream file(fmt::format("/proc/{}/status", process));
    return facts_of(std::string(std::istreambuf_iterator<char>(file), {}));
}

// The groups beside the user's own, which gosu does not repeat among them and initgroups(3) does.
std::string further_groups(const Facts& facts) {
    const std::string own = facts.at("Gid").substr(0, facts.at("Gid").find(' ')) + ' ';
    std::string groups = facts.at("Groups") + ' ';
    if (groups.starts_with(own)) groups.erase(0, own.size());
    return groups.substr(0, groups.find_last_not_of(' ') + 1);
}

Facts rights_of(const Facts& facts) {
    Facts out;
    for (const std::string& name : rights) out[name] = facts.at(name);
    out["Groups"] = further_groups(facts);
    return out;
}

Strings joined(Strings first, const Strings& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

// With the users above. The program that was asked shows its own status.
class RightsScene : public LedgerScene {
public:
    RightsScene() {
        ::chmod(folder().path().c_str(), 0755);
        folder().write("passwd", passwd);
        folder().write("group", group);
    }

    Outcome run_here(Strings words) const {
        return run(
            {.words = std::move(words),
             .binds = {{folder() / "passwd", "/etc/passwd"}, {folder() / "group", "/etc/group"}}});
    }

    Facts facts(Strings words) const {
        const Outcome outcome = run_here(std::move(words));
        CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
        return facts_of(outcome.output);
    }
};

Strings under(const Strings& options) {
    return joined(joined(joined({kaigara_path(), "exec"}, options), {"--"}), show_status);
}

// Root as runtimes and service managers may make him.
Strings setpriv(const Strings& options, const Strings& words) {
    return joined(joined({"/usr/bin/setpriv"}, options), words);
}

void check_powerless(const Facts& facts) {
    for (const char* const name : {"CapInh", "CapPrm", "CapEff", "CapAmb"}) {
        CAPTURE(name);
        CHECK(facts.at(name) == nothing);
    }
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("--user leaves what setpriv leaves, and gosu: user, groups, capabilities") {
    if (mode() != Mode::root) return;
    const RightsScene scene;
    const Facts ours = rights_of(scene.facts(under({"--user", "web"})));
    CHECK(ours.at("Uid") == "1200 1200 1200 1200");
    CHECK(ours.at("Gid") == "1300 1300 1300 1300");
    check_powerless(ours);
    CHECK(ours == rights_of(scene.facts(setpriv(
                      {"--reuid", "web", "--regid", "web", "--init-groups"}, show_status))));
    CHECK(rights_of(scene.facts(under({"--user", "web:web"}))) ==
          rights_of(scene.facts(
              setpriv({"--reuid", "web", "--regid", "web", "--clear-groups"}, show_status))));
    if (::access(gosu, X_OK) != 0) KG_SKIP("gosu is not installed");
    for (const std::string& user : Strings{"web", "web:web", "1200:1300", "root"}) {
        CAPTURE(user);
        const Facts theirs = rights_of(scene.facts(joined({gosu, user}, show_status)));
        CHECK(rights_of(scene.facts(under({"--user", user}))) == theirs);
    }
}

TEST_CASE("no group that kaigara was in is left to another user") {
    if (mode() != Mode::root) return;
    const RightsScene scene;
    const Strings before = {"--groups", "0,4,1500"};
    CHECK(scene.facts(setpriv(before, under({}))).at("Groups") == "0 4 1500");
    CHECK(further_groups(scene.facts(setpriv(before, under({"--user", "web"})))) == "1400 1401");
    CHECK(further_groups(scene.facts(setpriv(before, under({"--user", "web:web"})))) == "");
    CHECK(further_groups(scene.facts(setpriv(before, under({"--user", "4711:4712"})))) == "");
}

TEST_CASE("inheritable and ambient capabilities of the runtime do not reach another user") {
    if (mode() != Mode::root) return;
    const RightsScene scene;
    const Strings given = {"--inh-caps=+net_bind_service,+chown",
                           "--ambient-caps=+net_bind_service,+chown"};
    const Facts as_root = scene.facts(setpriv(given, under({})));
    CHECK(as_root.at("CapInh") != nothing);
    CHECK(as_root.at("CapAmb") != nothing);
    const Facts as_web = scene.facts(setpriv(given, under({"--user", "web"})));
    check_powerless(as_web);
    CHECK(as_web.at("CapBnd") == as_root.at("CapBnd"));
    // Root stays what he is.
    CHECK(rights_of(scene.facts(setpriv(given, under({"--user", "root:root"})))) ==
          rights_of(scene.facts(setpriv(joined(given, {"--clear-groups"}), under({})))));
}

TEST_CASE("a securebit that keeps capabilities when the user changes does not keep them") {
    if (mode() != Mode::root) return;
    const RightsScene scene;
    const Strings given = {"--securebits", "+no_setuid_fixup"};
    // That it would keep them: without ours, setpriv's user has root's.
    Strings theirs = joined(given, {"--reuid", "web", "--regid", "web", "--clear-groups"});
    const Strings status = setpriv(theirs, {"/usr/bin/setpriv", "--dump"});
    CHECK(!has(scene.run_here(status).output, "Effective capabilities: [none]"));
    check_powerless(scene.facts(setpriv(given, under({"--user", "web"}))));
}

TEST_CASE("the runtime's bounding set is that of the user too, as with gosu") {
    if (mode() != Mode::root) return;
    const RightsScene scene;
    const Strings bound = {"--bounding-set=-sys_admin,-net_raw"};
    const Facts web = scene.facts(setpriv(bound, under({"--user", "web"})));
    check_powerless(web);
    CHECK(web.at("CapBnd") == scene.facts(setpriv(bound, show_status)).at("CapBnd"));
    CHECK(web.at("CapBnd") != scene.facts(show_status).at("CapBnd"));
}

TEST_CASE("an operation's user has as few rights as an application's") {
    if (mode() != Mode::root) return;
    const RightsScene scene;
    scene.operation("10-op", "# kaigara: user=web\nexec cat /proc/self/status");
    const Strings given = {"--groups", "0,4", "--inh-caps=+chown", "--ambient-caps=+chown"};
    const Outcome outcome = scene.run_here(setpriv(given, scene.ledger_words("provision")));
    REQUIRE_MESSAGE(outcome.ending == "exit 0", outcome.errors);
    std::string said;
    for (const std::string& line : operation_lines(outcome)) said += line.substr(8) + '\n';
    const Facts facts = facts_of(said);
    CHECK(facts.at("Uid") == "1200 1200 1200 1200");
    CHECK(further_groups(facts) == "1400 1401");
    check_powerless(facts);
}

TEST_CASE("kaigara's own rights stay, so that it can end what is left") {
    if (mode() != Mode::root) return;
    Program program({.words = exec_actor({"say", "up", "pause"}, {"--user", "4711"})});
    program.wait_for("up\n");
    const Facts facts = facts_of(program.pid());
    CHECK(facts.at("Uid") == "0 0 0 0");
    CHECK(facts.at("CapEff") != nothing);
    program.send(15);
    program.wait();
}

TEST_CASE("a signal that the application may not be sent is told") {
    if (mode() != Mode::root) return;
    Program program({.words = setpriv({"--bounding-set=-kill"},
                                      exec_actor({"say", "up", "pause"}, {"--user", "4711"}))});
    program.wait_for("up\n");
    program.send(SIGTERM);
    program.wait_for_error(
        "kaigara: warn: cannot forward TERM: Operation not permitted; without the "
        "capability KILL only an application of our own user can be signalled\n");
    program.send(SIGKILL);
    program.wait();
}

TEST_CASE("the present user and group can be asked for without any privilege") {
    const Facts present = facts_of(run({.words = show_status}).output);
    const auto first = [&present](const char* name) {
        const std::string& text = present.at(name);
        return text.substr(0, text.find(' '));
    };
    const std::string user = first("Uid") + ":" + first("Gid");
    const Outcome outcome = run({.words = under({"--user", user})});
    CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
    CHECK(facts_of(outcome.output).at("Uid") == present.at("Uid"));
}

TEST_CASE("the present user in further groups that may not be dropped is an error") {
    if (mode() != Mode::root) return;  // who else could be in further groups
    const RightsScene scene;
    const Strings web = {"--reuid", "web", "--regid", "web"};
    const auto as_web = [&](const Strings& groups, const char* user) {
        return scene.run_here(setpriv(joined(web, groups), under({"--user", user})));
    };
    CHECK(as_web({"--init-groups"}, "web").ending == "exit 0");
    CHECK(as_web({"--clear-groups"}, "web:web").ending == "exit 0");
    CHECK(as_web({"--groups", "1300"}, "web:web").ending == "exit 0");
    CHECK(as_web({"--groups", "1401"}, "web").ending == "exit 0");
    for (const char* const user : {"web", "web:web", "1200"}) {
        CAPTURE(user);
        const Outcome outcome = as_web({"--groups", "1300,1500"}, user);
        CHECK(outcome.ending == "exit 126");
        CHECK(outcome.output == "");
        CHECK_MESSAGE(has(outcome.errors, "user 1200"), outcome.errors);
        CHECK_MESSAGE(has(outcome.errors, "setting the supplementary groups"), outcome.errors);
    }
}

TEST_CASE("--no-new-privs is set in the application alone, by option, variable and kaigara.yml") {
    const auto bit = [](const Setup& setup) { return facts_of(run(setup).output)["NoNewPrivs"]; };
    CHECK(bit({.words = under({})}) == "0");
    CHECK(bit({.words = under({"--no-new-privs"})}) == "1");
    CHECK(bit({.words = under({"--no-new-privs=0"})}) == "0");
    CHECK(bit({.words = under({}), .environment = {"KAIGARA_NO_NEW_PRIVS=1"}}) == "1");
    CHECK(bit({.words = under({"--no-new-privs=0"}), .environment = {"KAIGARA_NO_NEW_PRIVS=1"}}) ==
          "0");
    const ProvisionScene scene;
    scene.config("application: {no-new-privs: true}\n");
    scene.operation("10-op", "grep NoNewPrivs /proc/self/status");
    const Outcome outcome = scene.outcome("start", joined({"--"}, show_status));
    CHECK_MESSAGE(outcome.ending == "exit 0", outcome.errors);
    CHECK(facts_of(outcome.output).at("NoNewPrivs") == "1");
    CHECK(operation_lines(outcome) == Strings{"[10-op] NoNewPrivs:\t0"});
}

TEST_CASE("kaigara itself and the commands around the application may gain rights as before") {
    const ScratchDir scratch;
    const std::string hook =
        fmt::format("grep NoNewPrivs /proc/self/status >{}/hook", scratch.path());
    Program program(
        {.words = exec_actor({"say", "up", "pause"}, {"--no-new-privs", "--pre-stop", hook})});
    program.wait_for("up\n");
    CHECK(facts_of(program.pid()).at("NoNewPrivs") == "0");
    program.send(15);
    CHECK(program.wait() == "exit 143");
    CHECK(scratch.read("hook") == "NoNewPrivs:\t0\n");
}

TEST_CASE("a set-user-id program gains nothing under --no-new-privs") {
    if (mode() != Mode::root) return;
    const RightsScene scene;
    const std::string cat = scene.folder() / "cat";
    REQUIRE(std::filesystem::copy_file("/bin/cat", cat));
    REQUIRE(::chmod(cat.c_str(), 04755) == 0);
    const auto uid = [&](const Strings& options) {
        const Strings words = joined({kaigara_path(), "exec", "--user", "web"}, options);
        return scene.facts(joined(words, {"--", cat, "/proc/self/status"})).at("Uid");
    };
    CHECK(uid({}) == "1200 0 0 0");
    CHECK(uid({"--no-new-privs"}) == "1200 1200 1200 1200");
}

TEST_CASE("every run of an application that is restarted is without new privileges") {
    const Strings options = {"--no-new-privs",  "--restart", "on-failure", "--restart-delay", "1ms",
                             "--restart-limit", "2"};
    const Outcome outcome =
        run({.words = joined(joined(joined({kaigara_path(), "exec"}, options), {"--"}),
                             {"/bin/sh", "-c", "grep NoNewPrivs /proc/self/status; exit 3"})});
    CHECK(outcome.ending == "exit 3");
    CHECK(count(outcome.output, "NoNewPrivs:\t1\n") == 3);
}

}  // TEST_SUITE("contract")
