// SPDX-License-Identifier: Apache-2.0
#include "provision/template_files.h"

#include <doctest/doctest.h>

#include "support/scratch.h"

using namespace kaigara;
using namespace kaigara::provision;

TEST_SUITE("provision") {
TEST_CASE("a template is found with and without its suffix, the exact name first") {
    const test::ScratchDir scratch;
    scratch.write("resources/a.conf.tmpl", "suffixed");
    scratch.write("resources/b.conf", "exact");
    scratch.write("resources/b.conf.tmpl", "suffixed");
    const TemplateFiles files(scratch / "resources");
    CHECK(files.find("a.conf")->text == "suffixed");
    CHECK(files.find("a.conf")->path == scratch / "resources/a.conf.tmpl");
    CHECK(files.find("a.conf.tmpl")->text == "suffixed");
    CHECK(files.find("b.conf")->text == "exact");
}

TEST_CASE("a path is a template too") {
    const test::ScratchDir scratch;
    const std::string path = scratch.write("elsewhere.tmpl", "text");
    CHECK(TemplateFiles(scratch / "resources").find(path)->text == "text");
}

TEST_CASE("a template that is nowhere is a configuration error that says where was looked") {
    const test::ScratchDir scratch;
    const auto missing = TemplateFiles(scratch.path()).find("no.conf");
    REQUIRE_FALSE(missing.has_value());
    CHECK(missing.error().fault == Fault::configuration);
    CHECK(missing.error().message.find(scratch.path()) != std::string::npos);
}

TEST_CASE("an include stays inside the resources directory") {
    const test::ScratchDir scratch;
    scratch.write("secret", "secret");
    scratch.write("resources/part.tmpl", "part");
    scratch.write("resources/sub/part", "below");
    const TemplateFiles files(scratch / "resources");
    CHECK(files.include("part").value() == "part");
    CHECK(files.include("sub/part").value() == "below");
    CHECK_FALSE(files.include("../secret").has_value());
    CHECK_FALSE(files.include("sub/../../secret").has_value());
    CHECK_FALSE(files.include(scratch / "secret").has_value());
    CHECK_FALSE(files.include("").has_value());
    CHECK_FALSE(files.include("none").has_value());
}
}  // TEST_SUITE("provision")
