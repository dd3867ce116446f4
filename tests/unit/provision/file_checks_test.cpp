// SPDX-License-Identifier: Apache-2.0
#include "provision/file_checks.h"

#include <doctest/doctest.h>

#include <optional>

#include <fmt/format.h>

#include "support/scratch.h"
#include "unit/platform/children.h"

using namespace kaigara;
using namespace kaigara::provision;

namespace {

Errors checked(std::vector<FileCheck> checks, const metadata::Tree& tree = {}) {
    test::Children children;
    std::optional<Errors> refused;
    FileChecks driver(children.loop, children.reaper,
                      {std::move(checks), environ, metadata::Redaction(tree)},
                      [&refused](Errors errors) { refused = std::move(errors); });
    driver.start();
    const bool ended = children.wait_until([&] {
        driver.on_reaped();
        return refused.has_value();
    });
    REQUIRE(ended);
    return *refused;
}

FileCheck check(std::string command, std::string path = "/staged") {
    return {std::move(command), std::move(path), "/etc/app.conf", "k.yml:4:5"};
}

}  // namespace

TEST_SUITE("provision") {

TEST_CASE("the path takes the place of {{target}}, quoted where it has to be") {
    CHECK(check_command("nginx -t -c {{target}}", "/etc/.a.conf") == "nginx -t -c /etc/.a.conf");
    CHECK(check_command("cmp {{target}} '{{target}}'", "/a") == "cmp /a '/a'");
    CHECK(check_command("cat {{target}}", "/a b") == "cat '/a b'");
    CHECK(check_command("cat {{target}}", "/a;reboot") == "cat '/a;reboot'");
    CHECK(check_command("true", "/a") == "true");
    CHECK(check_command("test -s {{ target }} && echo '{{x}}' {{", "/a") ==
          "test -s /a && echo '{{x}}' {{");
}

TEST_CASE("files that their checks accept are no errors, and no checks are none") {
    CHECK(checked({}).empty());
    CHECK(checked({check("true"), check("test {{target}} = /staged")}).empty());
}

TEST_CASE("all that is refused is told, with what the checks said") {
    const Errors refused = checked(
        {check("echo 'line 3: bad' >&2; exit 1"), check("true"), check("echo on stdout; exit 2")});
    REQUIRE(refused.size() == 2);
    CHECK(refused[0].fault == Fault::bad_data);
    CHECK(refused[0].text() ==
          "k.yml:4:5: the check of /etc/app.conf failed with status 1, so no file is "
          "written; it said:\n    line 3: bad");
    CHECK(refused[1].message.ends_with("failed with status 2, so no file is written; it said:\n"
                                       "    on stdout"));
}

TEST_CASE("a check that prints the file brings no secret along") {
    metadata::Value password = metadata::Value::quoted("hunter2");
    password.set_secret(true);
    const metadata::Tree tree(metadata::Value::map({{"password", password}}));
    const Errors refused = checked({check("echo 'requirepass hunter2 is bad' >&2; false")}, tree);
    REQUIRE(refused.size() == 1);
    CHECK(refused[0].message.ends_with("requirepass *** is bad"));
}

TEST_CASE("checks run one after the other") {
    const test::ScratchDir scratch;
    const std::string turn =
        fmt::format("cd {} && mkdir busy && sleep 0.05 && rmdir busy", scratch.path());
    CHECK(checked({check(turn), check(turn), check(turn)}).empty());
}

}  // TEST_SUITE("provision")
