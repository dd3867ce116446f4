// SPDX-License-Identifier: Apache-2.0
#include "app/settings_schema.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "app/settings_structure.h"
#include "app/settings_table.h"

using namespace kaigara;
using namespace kaigara::app;

namespace {

constexpr const char* file = KAIGARA_SOURCE_ROOT "/docs/kaigara.schema.json";

}  // namespace

TEST_SUITE("app") {

// KAIGARA_UPDATE_DOCS=1 writes it anew.
TEST_CASE("docs/kaigara.schema.json is what the settings tables say") {
    if (std::getenv("KAIGARA_UPDATE_DOCS") != nullptr) std::ofstream(file) << settings_schema();
    std::ostringstream written;
    written << std::ifstream(file).rdbuf();
    CHECK(written.str() == settings_schema());
}

TEST_CASE("every key of kaigara.yml is in the schema, with its help") {
    const std::string schema = settings_schema();
    for (const Setting& setting : settings_table()) {
        if (setting.key.empty()) continue;
        CAPTURE(setting.key);
        const std::string_view last = setting.key.substr(setting.key.rfind('.') + 1);
        CHECK(schema.find("\"" + std::string(last) + "\": {") != std::string::npos);
        CHECK(schema.find(setting.help) != std::string::npos);
        CHECK_FALSE(setting.schema.empty());
    }
    for (const StructuredKey& key : structured_keys()) {
        CAPTURE(key.name);
        CHECK(schema.find(key.help) != std::string::npos);
    }
}

}  // TEST_SUITE("app")
