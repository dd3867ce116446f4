// SPDX-License-Identifier: Apache-2.0
#include "app/exports.h"

#include <doctest/doctest.h>

#include "metadata/yaml.h"

using namespace kaigara;
using namespace kaigara::app;
using provision::MissingNames;

namespace {

metadata::Tree tree() {
    auto root = metadata::read_yaml(
        "app: {url: http://x, list: [a, b], none: null, nested: {k: 1}}\n", 0, "m.yml");
    REQUIRE(root);
    return metadata::Tree(std::move(*root), {"m.yml"});
}

Settings exporting(std::vector<Export> exports) {
    Settings settings;
    settings.exports = std::move(exports);
    return settings;
}

std::string error_of(const std::string& path) {
    const auto refused = exported_variables(exporting({{"X", path, "k.yml:2:3"}}), tree());
    REQUIRE_FALSE(refused);
    CHECK(refused.error().front().fault == Fault::bad_data);
    return refused.error().front().text();
}

}  // namespace

TEST_SUITE("app") {

TEST_CASE("named values become variables") {
    const auto entries = exported_variables(
        exporting({{"DB_URL", "app.url", ""}, {"FIRST", "app.list.0", ""}}), tree());
    REQUIRE(entries);
    CHECK(*entries == std::vector<std::string>{"DB_URL=http://x", "FIRST=a"});
}

TEST_CASE("all exports every scalar by its path") {
    Settings settings;
    settings.export_all = true;
    const auto entries = exported_variables(settings, tree());
    REQUIRE(entries);
    CHECK(*entries == std::vector<std::string>{"APP_LIST_0=a", "APP_LIST_1=b", "APP_NESTED_K=1",
                                               "APP_URL=http://x"});
}

TEST_CASE("what cannot be a variable is an error at its place in kaigara.yml") {
    CHECK(error_of("app.ulr") ==
          "k.yml:2:3: no value for 'app.ulr', to be exported as X (did you mean 'app.url'?)");
    CHECK(error_of("app.none").starts_with("k.yml:2:3: no value for 'app.none'"));
    CHECK(error_of("app.nested") == "k.yml:2:3: 'app.nested' is a map; X can be one of its values");
}

TEST_CASE("for a check a declared name is enough") {
    const Settings settings = exporting({{"X", "app.none", "k.yml:2:3"}});
    CHECK(exported_variables(settings, tree(), MissingNames::may_be_declared));
    const Settings unknown = exporting({{"X", "app.ulr", "k.yml:2:3"}});
    CHECK_FALSE(exported_variables(unknown, tree(), MissingNames::may_be_declared));
    CHECK(exported_variables(unknown, tree(), MissingNames::are_left_out));
}

}  // TEST_SUITE("app")
