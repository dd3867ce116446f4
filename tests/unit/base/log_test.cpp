// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <string>

#include <doctest/doctest.h>

#include "base/secret.h"

using namespace kaigara;
using log::Level;

namespace {

std::string sent;

void remember(std::string_view line) noexcept { sent += line; }

std::int64_t new_year() noexcept { return 1'767'225'600'123; }

// Gives the process its settings for one test case and takes them back.
class LogTo {
public:
    LogTo() : before_(log::settings()) {
        sent.clear();
        log::settings() = log::Settings{};
        log::settings().sink = remember;
        log::settings().now = new_year;
    }
    ~LogTo() { log::settings() = before_; }
    LogTo(const LogTo&) = delete;
    LogTo& operator=(const LogTo&) = delete;

private:
    log::Settings before_;
};

}  // namespace

TEST_SUITE("base") {

TEST_CASE("a message is one line with kaigara's name and the level") {
    const LogTo log_to;
    log::error("no {}", "way");
    log::warn("careful");
    log::info("{} of {}", 1, 2);
    CHECK(sent == "kaigara: error: no way\n"
                  "kaigara: warn: careful\n"
                  "kaigara: info: 1 of 2\n");
}

TEST_CASE("a level above the threshold is not written") {
    const LogTo log_to;
    log::settings().level = Level::warn;
    CHECK(log::enabled(Level::error));
    CHECK(log::enabled(Level::warn));
    CHECK_FALSE(log::enabled(Level::info));
    log::info("not this");
    log::debug("nor that");
    log::write(Level::debug, "nor this one");
    CHECK(sent.empty());
    log::settings().level = Level::debug;
    log::debug("but this");
    CHECK(sent == "kaigara: debug: but this\n");
}

TEST_CASE("without a sink nothing is enabled and a message is dropped") {
    const LogTo log_to;
    log::settings().sink = nullptr;
    CHECK_FALSE(log::enabled(Level::error));
    log::error("nobody listens");
    CHECK(sent.empty());
}

TEST_CASE("each line of a message has its own head in the text form") {
    const LogTo log_to;
    log::error("{}", "one\ntwo\n");
    CHECK(sent == "kaigara: error: one\nkaigara: error: two\n");
    sent.clear();
    log::error("{}", "one\n\ntwo");
    CHECK(sent == "kaigara: error: one\nkaigara: error: \nkaigara: error: two\n");
    sent.clear();
    log::error("{}", "");
    CHECK(sent == "kaigara: error: \n");
}

TEST_CASE("colour is on the level alone") {
    log::Settings how;
    how.colour = true;
    const auto line = [&how](Level level) { return log::format_line(how, level, "x", {}, 0); };
    CHECK(line(Level::error) == "kaigara: \x1b[31merror\x1b[0m: x\n");
    CHECK(line(Level::warn) == "kaigara: \x1b[33mwarn\x1b[0m: x\n");
    CHECK(line(Level::info) == "kaigara: \x1b[36minfo\x1b[0m: x\n");
    CHECK(line(Level::debug) == "kaigara: \x1b[2mdebug\x1b[0m: x\n");
}

TEST_CASE("the JSON form is one object a line, without a stage before the first") {
    const LogTo log_to;
    log::settings().format = log::Format::json;
    log::settings().colour = true;
    log::warn("two\nlines \"quoted\"");
    CHECK(sent == "{\"time\":\"2026-01-01T00:00:00.123Z\",\"level\":\"warn\","
                  "\"msg\":\"two\\nlines \\\"quoted\\\"\"}\n");
}

TEST_CASE("the JSON form names the stage and holds the fields in their order") {
    const LogTo log_to;
    log::settings().format = log::Format::json;
    log::settings().stage = log::Stage::provision;
    log::write(Level::error, "failed", {{"operation", "10-a"}, {"status", "1"}});
    CHECK(sent == "{\"time\":\"2026-01-01T00:00:00.123Z\",\"level\":\"error\","
                  "\"stage\":\"provision\",\"msg\":\"failed\","
                  "\"operation\":\"10-a\",\"status\":\"1\"}\n");
}

TEST_CASE("the text form leaves fields and stage to the message") {
    log::Settings how;
    how.stage = log::Stage::resolve;
    CHECK(log::format_line(how, Level::info, "x", {{"a", "b"}}, 0) == "kaigara: info: x\n");
}

TEST_CASE("each stage has its name") {
    log::Settings how;
    how.format = log::Format::json;
    how.stage = log::Stage::resolve;
    CHECK(log::format_line(how, Level::info, "x", {}, 0).find("\"resolve\"") != std::string::npos);
    how.stage = log::Stage::supervise;
    CHECK(log::format_line(how, Level::info, "x", {}, 0).find("\"supervise\"") !=
          std::string::npos);
}

TEST_CASE("a time is written in UTC with milliseconds") {
    CHECK(log::format_time(0) == "1970-01-01T00:00:00.000Z");
    CHECK(log::format_time(1'767'323'045'678) == "2026-01-02T03:04:05.678Z");
    CHECK(log::format_time(951'782'399'999) == "2000-02-28T23:59:59.999Z");
    CHECK(log::format_time(951'782'400'000) == "2000-02-29T00:00:00.000Z");
    CHECK(log::format_time(-1) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("a secret in a message is three stars") {
    const LogTo log_to;
    log::info("password {}", Secret("hunter2"));
    CHECK(sent == "kaigara: info: password ***\n");
}

}  // TEST_SUITE("base")
