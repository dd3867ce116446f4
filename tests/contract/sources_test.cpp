// SPDX-License-Identifier: Apache-2.0

// CONTRACT 3, the sources of kaigara.yml: what each gives, what stands beside it, and which wins.
// Commands have a file of their own, and so have variables.

#include <filesystem>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "support/expect.h"
#include "support/file_facts.h"
#include "support/provision_scene.h"
#include "support/world.h"

using namespace kaigara::test;
// Not const where it is indexed: a missing key is null then, and ends no test program.
using nlohmann::json;

namespace {

// What `get` prints, without the newline.
std::string value(const ProvisionScene& scene, const std::string& path, Strings environment = {},
                  Strings options = {}) {
    options.insert(options.begin(), path);
    std::string text =
        quiet_success(scene.outcome("get", std::move(options), std::move(environment)));
    if (text.ends_with('\n')) text.pop_back();
    return text;
}

json tree(const ProvisionScene& scene) {
    return json::parse(quiet_success(scene.outcome("metadata", {"--format", "json"})), nullptr,
                       false);
}

// A volume as the kubelet makes it of a ConfigMap: keys are links through ..data to a version.
void mount_config_map(const ProvisionScene& scene) {
    const std::string& root = scene.folder().path();
    scene.folder().write("volume/..2026_01_01/port", "8080\n");
    scene.folder().write("volume/..2026_01_01/app.conf", "a\n\n");
    std::filesystem::create_symlink("..2026_01_01", root + "/volume/..data");
    std::filesystem::create_symlink("..data/port", root + "/volume/port");
    std::filesystem::create_symlink("..data/app.conf", root + "/volume/app.conf");
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("each source lies over those before it, and the environment over all of them") {
    const ProvisionScene scene;
    scene.metadata("app: {a: default, b: default, c: default, d: default, e: default, f: default, "
                   "g: default}\n");
    scene.folder().write("more.yml",
                         "app: {b: file, c: file, d: file, e: file, f: file, g: file}\n");
    for (const char* key : {"c", "d", "e", "f", "g"}) {
        scene.folder().write(fmt::format("keys/app/{}", key), "directory");
    }
    scene.config("metadata:\n"
                 "  - file: more.yml\n"
                 "  - directory: keys\n"
                 "  - command: [echo, 'app: {d: command, e: command, f: command, g: command}']\n"
                 "  - environment: {E: app.e, F: app.f, G: app.g}\n");
    const Outcome outcome =
        scene.outcome("metadata", {"--format", "json", "--set", "app.g=set"},
                      {"E=bound", "F=bound", "G=bound", "KAIGARA_META_app__f=environment",
                       "KAIGARA_META_app__g=environment"});
    CHECK(json::parse(quiet_success(outcome), nullptr, false)["app"] == json({{"a", "default"},
                                                                              {"b", "file"},
                                                                              {"c", "directory"},
                                                                              {"d", "command"},
                                                                              {"e", "bound"},
                                                                              {"f", "environment"},
                                                                              {"g", "set"}}));
}

TEST_CASE("the order of the list is the order of precedence, whatever the kinds are") {
    const ProvisionScene scene;
    scene.folder().write("one.yml", "x: file\n");
    scene.folder().write("keys/x", "directory");
    const std::string file = "  - file: one.yml\n";
    const std::string directory = "  - directory: keys\n";
    const std::string command = "  - command: \"echo 'x: command'\"\n";
    const std::string bound = "  - environment: {X: x}\n";
    const Strings environment = {"X=bound"};
    scene.config("metadata:\n" + bound + command + directory + file);
    CHECK(value(scene, "x", environment) == "file");
    scene.config("metadata:\n" + file + bound + command + directory);
    CHECK(value(scene, "x", environment) == "directory");
    scene.config("metadata:\n" + directory + file + bound + command);
    CHECK(value(scene, "x", environment) == "command");
    scene.config("metadata:\n" + command + directory + file + bound);
    CHECK(value(scene, "x", environment) == "bound");
}

TEST_CASE("maps of sources merge deeply, a list replaces, and null deletes") {
    const ProvisionScene scene;
    scene.metadata("app: {keep: 1, list: [a, b, c], gone: {x: 1}, sub: {one: 1}}\n");
    scene.folder().write("more.json",
                         R"({"app": {"list": ["z"], "gone": null, "sub": {"two": 2}}})");
    scene.config("metadata: [{file: more.json}]\n");
    CHECK(tree(scene)["app"] ==
          json({{"keep", 1}, {"list", {"z"}}, {"sub", {{"one", 1}, {"two", 2}}}}));
}

TEST_CASE("a map of one source against a scalar or a list of another names both") {
    const ProvisionScene scene;
    scene.metadata("app:\n  db: {host: x}\n  list: [1]\n");
    scene.folder().write("more.yml", "app:\n  db: flat\n  list: {a: 1}\n");
    scene.config("metadata: [{file: more.yml}]\n");
    check_refused(
        scene.outcome("metadata"), "exit 65",
        {"app.db", "app.list", "metadata.yml:2:", "metadata.yml:3:", "more.yml:2:", "more.yml:3:"});
}

TEST_CASE("a file is YAML or JSON, and keeps the text of its scalars") {
    const ProvisionScene scene;
    scene.folder().write("a.yml", "version: 1.10\nmode: 014\n");
    scene.folder().write("b.json", R"({"big": 1e3, "text": "é"})");
    scene.config("metadata: [{file: a.yml}, {file: b.json}]\n");
    CHECK(value(scene, "version") == "1.10");
    CHECK(value(scene, "mode") == "014");
    CHECK(value(scene, "big") == "1e3");
    CHECK(value(scene, "text") == "\xc3\xa9");
}

TEST_CASE("a directory is a key a file, nests, and drops one newline") {
    const ProvisionScene scene;
    scene.folder().write("keys/user", "root\n");
    scene.folder().write("keys/two", "line\n\n");
    scene.folder().write("keys/none", "bare");
    scene.folder().write("keys/empty", "");
    scene.folder().write("keys/tls.crt", "-----BEGIN\nx\n");
    scene.folder().write("keys/db/port", "5432\n");
    scene.folder().write("keys/.hidden", "x");
    scene.folder().write("keys/..data/user", "x");
    scene.config("metadata: [{directory: keys}]\n");
    CHECK(tree(scene) == json({{"user", "root"},
                               {"two", "line\n"},
                               {"none", "bare"},
                               {"empty", ""},
                               {"tls.crt", "-----BEGIN\nx"},
                               {"db", {{"port", 5432}}}}));
    CHECK(value(scene, "tls.crt") == "-----BEGIN\nx");
}

TEST_CASE("a ConfigMap's volume is read through its links") {
    const ProvisionScene scene;
    mount_config_map(scene);
    scene.config("metadata: [{directory: volume}]\n");
    CHECK(tree(scene) == json({{"port", 8080}, {"app.conf", "a\n"}}));
}

TEST_CASE("a Docker secret is a file of /run/secrets, masked with secret: true") {
    const ProvisionScene scene;
    scene.folder().write("run/db_password", "hunter2\n");
    scene.config("metadata:\n  - {directory: run, at: secrets, secret: true}\n");
    CHECK(value(scene, "secrets.db_password") == "hunter2");
    for (const std::string& format : Strings{"yaml", "json", "env"}) {
        CAPTURE(format);
        const std::string masked = quiet_success(scene.outcome("metadata", {"--format", format}));
        CHECK_MESSAGE(!has(masked, "hunter2"), masked);
        CHECK(has(quiet_success(scene.outcome("metadata", {"--format", format, "--show-secrets"})),
                  "hunter2"));
    }
    const Outcome origins = scene.outcome("metadata", {"--origin"});
    CHECK_MESSAGE(!has(origins.output, "hunter2"), origins.output);
}

TEST_CASE("secret: true holds for each kind of source, and for values that lie over it") {
    const ProvisionScene scene;
    scene.folder().write("a.yml", "a: hunter2\nlist: [hunter2]\n");
    scene.config("metadata:\n"
                 "  - {file: a.yml, secret: true}\n"
                 "  - {command: \"echo 'b: hunter2'\", secret: true}\n"
                 "  - {environment: {C: c}, secret: true}\n"
                 "  - {file: a.yml, at: open, secret: false}\n");
    const Outcome outcome =
        scene.outcome("metadata", {"--format", "json", "--set", "a=hunter2"}, {"C=hunter2"});
    json shown = json::parse(quiet_success(outcome), nullptr, false);
    for (const std::string& key : Strings{"a", "b", "c", "list"}) {
        CAPTURE(key);
        CHECK(!has(shown[key].dump(), "hunter2"));
    }
    CHECK(shown["open"]["a"] == "hunter2");
}

TEST_CASE("at mounts a source at a path, beside what is there") {
    const ProvisionScene scene;
    scene.metadata("app: {deep: {own: 1}}\n");
    scene.folder().write("a.yml", "file: 1\n");
    scene.folder().write("keys/directory", "1");
    scene.config("metadata:\n"
                 "  - {file: a.yml, at: app.deep}\n"
                 "  - {directory: keys, at: app.deep}\n"
                 "  - {command: \"echo 'command: 1'\", at: app.deep}\n"
                 "  - {environment: {prefix: MINE_}, at: app.deep}\n");
    const Outcome outcome = scene.outcome("metadata", {"--format", "json"}, {"MINE_bound=1"});
    CHECK(json::parse(quiet_success(outcome), nullptr, false) ==
          json({{"app",
                 {{"deep",
                   {{"own", 1}, {"file", 1}, {"directory", 1}, {"command", 1}, {"bound", 1}}}}}}));
}

TEST_CASE("at a path that is no map is an error that names both") {
    const ProvisionScene scene;
    scene.metadata("app:\n  db: flat\n");
    scene.folder().write("a.yml", "host: x\n");
    scene.config("metadata: [{file: a.yml, at: app.db}]\n");
    check_refused(scene.outcome("metadata"), "exit 65", {"app.db", "metadata.yml:2:", "a.yml"});
}

TEST_CASE("a file that prints a value of a secret source is 0600") {
    const ProvisionScene scene;
    scene.folder().write("keys/password", "hunter2\n");
    scene.config("metadata: [{directory: keys, at: secrets, secret: true}]\n");
    scene.root("out.tmpl", "{{secrets.password}}\n");
    CHECK(scene.outcome("provision").ending == "exit 0");
    CHECK(scene.folder().read("out") == "hunter2\n");
    CHECK(scene.folder().mode("out") == 0600);
}

TEST_CASE("an absent source is an error with its path, an optional one a warning") {
    for (const std::string& source : Strings{"file: gone.yml", "directory: gone.yml"}) {
        CAPTURE(source);
        const ProvisionScene scene;
        scene.metadata("a: 1\n");
        scene.config("metadata:\n  - " + source + "\n");
        check_refused(scene.outcome("get", {"a"}), "exit 78", {scene.folder() / "gone.yml"});
        check_refused(scene.outcome("provision"), "exit 78", {scene.folder() / "gone.yml"});

        scene.config("metadata:\n  - " + source + "\n    optional: true\n");
        const Outcome skipped = scene.outcome("get", {"a"});
        CHECK(skipped.ending == "exit 0");
        CHECK(skipped.output == "1\n");
        check_message(skipped, "warn", {"gone.yml"});
    }
}

TEST_CASE("optional is no excuse for a source that is there and broken") {
    const ProvisionScene scene;
    scene.folder().write("bad.yml", "a: 1\na: 2\n");
    scene.config("metadata: [{file: bad.yml, optional: true}]\n");
    check_refused(scene.outcome("get", {"a"}), "exit 65", {(scene.folder() / "bad.yml") + ":2:1"});
}

TEST_CASE("what is wrong in several sources is told in one go") {
    const ProvisionScene scene;
    scene.metadata("a: 1\na: 2\n");
    scene.folder().write("one.yml", "b: [\n");
    scene.folder().write("two.json", "{\"c\": 1, \"c\": 2}");
    scene.folder().write("keys/bad", "\xff");
    scene.config("metadata:\n  - file: one.yml\n  - file: two.json\n  - directory: keys\n"
                 "  - command: \"printf 'd: 1\\nd: 2\\n'\"\n");
    const Outcome outcome = scene.outcome("metadata");
    check_refused(outcome, "exit 65",
                  {"metadata.yml:2:1", "one.yml:", "two.json:1:", "keys/bad", "2:1"});
}

TEST_CASE("bombs, depth and numbers of nodes are refused at once") {
    const ProvisionScene scene;
    std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n";
    for (char name = 'b'; name <= 'i'; ++name) {
        const char below = static_cast<char>(name - 1);
        bomb +=
            fmt::format("{0}: &{0} [*{1},*{1},*{1},*{1},*{1},*{1},*{1},*{1},*{1}]\n", name, below);
    }
    std::string many = "l: [";
    for (int item = 0; item < 100'001; ++item) many += "1,";
    const std::string deep = std::string(65, '[') + std::string(65, ']');
    for (const std::string& text : {bomb, many + "]\n", "a: " + deep + "\n"}) {
        scene.folder().write("bad.yml", text);
        scene.config("metadata: [{file: bad.yml}]\n");
        check_refused(scene.outcome("get", {"a"}), "exit 65", {"bad.yml:"});
    }
}

TEST_CASE("the origin of each leaf is told for each kind of source") {
    const ProvisionScene scene;
    scene.folder().write("a.yml", "a: 1\n");
    scene.folder().write("keys/b", "1");
    scene.config("metadata:\n  - file: a.yml\n  - directory: keys\n"
                 "  - command: [echo, \"c: 1\"]\n  - environment: {D_BOUND: d}\n");
    const std::string origins =
        quiet_success(scene.outcome("metadata", {"--origin"}, {"D_BOUND=1"}));
    for (const std::string& text : Strings{"a.yml:1", "keys/b", "echo", "D_BOUND"}) {
        CAPTURE(text);
        CHECK_MESSAGE(has(origins, text), origins);
    }
}

TEST_CASE("--set is above all for get, render, metadata, plan, provision and start") {
    const ProvisionScene scene;
    scene.metadata("a: default\n");
    scene.resource("t.tmpl", "{{a}}\n");
    scene.root("out.tmpl", "{{a}}\n");
    const Strings environment = {"KAIGARA_META_a=environment"};
    const auto with = [&](std::string_view command, Strings options) {
        options.insert(options.end(), {"--set", "a=set"});
        return scene.outcome(command, std::move(options), environment);
    };
    CHECK(with("get", {"a"}).output == "set\n");
    CHECK(with("render", {"t"}).output == "set\n");
    CHECK(with("metadata", {"--format=json"}).output.find("set") != std::string::npos);
    CHECK(has(with("plan", {}).output, "+set"));
    CHECK(with("provision", {}).ending == "exit 0");
    CHECK(scene.folder().read("out") == "set\n");
    CHECK(run({.words = scene.start({"--set", "a=start"})}).ending == "exit 0");
    CHECK(scene.folder().read("out") == "start\n");
}

}  // TEST_SUITE("contract")
