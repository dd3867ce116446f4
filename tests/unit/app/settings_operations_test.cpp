// SPDX-License-Identifier: Apache-2.0

// The key `operations` of kaigara.yml.

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "app/options.h"
#include "app/settings_schema.h"
#include "platform/wait_target.h"
#include "support/scratch.h"

using namespace kaigara;
using namespace kaigara::app;
using provision::OperationEntry;

namespace {

Result<Settings, Errors> read(std::string_view text) {
    const test::ScratchDir scratch;
    std::string program = "kaigara";
    std::string command = "provision";
    std::string config = "--config=" + scratch.write("kaigara.yml", text);
    std::array<char*, 4> argv{program.data(), command.data(), config.data(), nullptr};
    const auto line = parse_command_line(3, argv.data());
    REQUIRE(line.has_value());
    char* environment = nullptr;
    auto settings = load_settings(*line, &environment);
    // The directory has another name each time.
    const auto shorten = [&scratch](std::string& where) {
        if (where.starts_with(scratch.path())) where.erase(0, scratch.path().size() + 1);
    };
    if (!settings) {
        for (Error& error : settings.error()) shorten(error.where);
        return settings;
    }
    for (OperationEntry& entry : settings->operation_entries) {
        shorten(entry.where);
        for (OperationEntry::Value& value : entry.values) shorten(value.where);
    }
    return settings;
}

// The entries as text: "NAME@WHERE option=text@where ..." and a line end for each.
std::string entries(std::string_view text) {
    const auto settings = read(text);
    REQUIRE(settings.has_value());
    std::string all;
    for (const OperationEntry& entry : settings->operation_entries) {
        all += entry.name + "@" + entry.where;
        for (const OperationEntry::Value& value : entry.values)
            all += " " + std::string(value.option->name) + "=" + value.text + "@" + value.where;
        all += "\n";
    }
    return all;
}

std::string complaints(std::string_view text) {
    const auto settings = read(text);
    if (settings) return "none";
    std::string all;
    for (const Error& error : settings.error()) {
        CHECK(error.fault == Fault::configuration);
        all += error.text() + "\n";
    }
    return all;
}

}  // namespace

TEST_SUITE("app") {

TEST_CASE("the options of operations are read with the places where they stand") {
    CHECK(entries("operations:\n"
                  "  10-schema.sql:\n"
                  "    run: once\n"
                  "    timeout: 90\n"
                  "    barrier: yes\n"
                  "  20-x: {user: 1000, when: '!a.b'}\n") ==
          "10-schema.sql@kaigara.yml:2:3 barrier=yes@kaigara.yml:5:14 run=once@kaigara.yml:3:10 "
          "timeout=90@kaigara.yml:4:14\n"
          "20-x@kaigara.yml:6:3 user=1000@kaigara.yml:6:16 when=!a.b@kaigara.yml:6:28\n");
}

TEST_CASE("lists are lists, or texts with commas") {
    CHECK(entries("operations: {a: {inputs: [a.b, /etc/x], wait: 'tcp:a:1, tcp:b:2'}}\n") ==
          "a@kaigara.yml:1:14 inputs=a.b,/etc/x@kaigara.yml:1:26 "
          "wait=tcp:a:1, tcp:b:2@kaigara.yml:1:47\n");
    CHECK(entries("operations: {a: {inputs: []}}\n") ==
          "a@kaigara.yml:1:14 inputs=@kaigara.yml:1:26\n");
}

TEST_CASE("an operation without options, and no operations, are no error") {
    CHECK(entries("operations: {a: {}, b: }\n") == "a@kaigara.yml:1:14\nb@kaigara.yml:1:21\n");
    CHECK(entries("operations:\n").empty());
    CHECK(entries("").empty());
}

TEST_CASE("all that is wrong about operations is said at once, in the order of the file") {
    CHECK(complaints("operations:\n"
                     "  b:\n"
                     "    rnu: once\n"
                     "    run: onc\n"
                     "    retries: [1]\n"
                     "  a:\n"
                     "    inputs: {a: b}\n"
                     "    wait: [[a]]\n"
                     "    when:\n"
                     "  c: once\n"
                     "  d: {inputs: ['a,b', c]}\n"
                     "  e: {wait: [db]}\n") ==
          "kaigara.yml:3:5: unknown option 'rnu' (did you mean 'run'?)\n"
          "kaigara.yml:4:10: run: 'onc' is not accepted: always, once or on-change (did you mean "
          "'once'?)\n"
          "kaigara.yml:5:14: 'retries' needs a value\n"
          "kaigara.yml:7:13: 'inputs' needs a list, or a text with commas between its items\n"
          "kaigara.yml:8:11: 'wait' has an item that is no text\n"
          "kaigara.yml:9:5: 'when' needs a value\n"
          "kaigara.yml:10:6: the options of 'c' must be a map\n"
          "kaigara.yml:11:15: 'inputs' has an item with a comma in it; commas separate items\n"
          "kaigara.yml:12:13: wait: " +
              platform::parse_wait_target("db").error().message + "\n");
    CHECK(complaints("operations: [a]\n") ==
          "kaigara.yml:1:13: 'operations' must be a map of NAME: {option: value}\n");
    CHECK(complaints("operation: {}\n").find("did you mean 'operations'?") != std::string::npos);
}

TEST_CASE("every option of an operation has a form of its own in the schema") {
    const std::string schema = settings_schema();
    for (const auto& option : provision::operation_options()) {
        CAPTURE(option.name);
        CHECK(schema.find("\"" + std::string(option.name) + "\": {") != std::string::npos);
        CHECK(schema.find(option.help) != std::string::npos);
    }
}

}  // TEST_SUITE("app")
