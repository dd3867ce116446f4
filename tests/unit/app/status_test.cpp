// SPDX-License-Identifier: Apache-2.0
#include "app/status.h"

#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <string>
#include <vector>

#include "app/status_text.h"
#include "metadata/json.h"
#include "platform/files.h"

using namespace kaigara;
using namespace kaigara::app;
using State = Status::State;

namespace {

constexpr std::int64_t now = 1'700'000'000'000;

Status in_state(State state) {
    Status status;
    status.state = state;
    status.stage = state == State::resolving      ? Status::Stage::resolve
                   : state == State::provisioning ? Status::Stage::provision
                                                  : Status::Stage::supervise;
    return status;
}

// An application that has been through something.
Status seasoned() {
    Status status = in_state(State::running);
    status.pid = 17;
    status.restarts = 2;
    status.ready = status.started = true;
    status.message = "serving 12 clients";
    status.since_ms = now - 192'000;
    status.uptime = Milliseconds(3'780'000);
    status.operations = {{"10-configure", "done", Milliseconds(312), 1},
                         {"20-database", "failed", Milliseconds(65'000), 3}};
    status.sources = {{"consul:app/prod", Milliseconds(12'000)}};
    status.add_exit({3, 0, Status::EndReason::exited, now - 400'000, Milliseconds(1'200)});
    status.add_exit(
        {137, SIGKILL, Status::EndReason::oom_kill, now - 192'100, Milliseconds(7'000)});
    status.orphans_reaped = 4;
    status.signals_forwarded = 5;
    return status;
}

// Whether startup, live and ready are well: "110" for not ready alone.
std::string health_bits(const Status& status) {
    std::string bits;
    for (const HealthKind kind : {HealthKind::startup, HealthKind::live, HealthKind::ready}) {
        const Health health = health_of(status, kind);
        CHECK(health.ok == health.reason.empty());
        bits += health.ok ? '1' : '0';
    }
    return bits;
}

metadata::Value parsed(const std::string& json) {
    const auto value = metadata::read_json(json, 0, "status");
    REQUIRE_MESSAGE(value.has_value(), json);
    return *value;
}

std::vector<std::string> keys(const metadata::Value& map) {
    std::vector<std::string> names;
    for (const auto& entry : map.entries()) names.push_back(entry.key);
    return names;
}

// That an object has the members that its schema names, no more and no fewer.
void check_members(const metadata::Value& object, const metadata::Value& schema) {
    REQUIRE(schema.find("properties") != nullptr);
    CHECK(keys(object) == keys(*schema.find("properties")));
    std::vector<std::string> required;
    for (const auto& name : schema.find("required")->items()) required.push_back(name.text());
    std::ranges::sort(required);
    CHECK(keys(object) == required);
}

bool has_control(std::string_view text) {
    return std::ranges::any_of(text, [](char c) { return c != '\n' && (c < ' ' && c >= 0); }) ||
           text.find('\x7f') != std::string_view::npos;
}

bool has_line(std::string_view text, std::string_view line) {
    const std::string whole = "\n" + std::string(text);
    return whole.find("\n" + std::string(line) + "\n") != std::string::npos;
}

}  // namespace

TEST_SUITE("app") {
TEST_CASE("before the application was ready it is live, and neither started nor ready") {
    for (const State state : {State::resolving, State::provisioning, State::starting,
                              State::waiting, State::restarting}) {
        CAPTURE(word_of(state));
        CHECK(health_bits(in_state(state)) == "010");
    }
}

TEST_CASE("an application that is ready is well in all three, also while it reloads") {
    for (const State state : {State::running, State::reloading}) {
        Status status = in_state(state);
        status.ready = status.started = true;
        CHECK(health_bits(status) == "111");
        status.ready = false;  // a check has failed since
        CHECK(health_bits(status) == "110");
    }
}

TEST_CASE("between two runs, and while a later one starts, it stays started") {
    for (const State state : {State::waiting, State::restarting, State::starting}) {
        Status status = in_state(state);
        status.started = status.ready = true;
        CHECK(health_bits(status) == "110");
    }
}

TEST_CASE("one that is stopped because it is not live stays started as it was") {
    Status status = in_state(State::stopping);
    status.live = false;
    CHECK(health_bits(status) == "000");
    status.started = true;
    CHECK(health_bits(status) == "100");
    status.state = State::restarting;
    CHECK(health_bits(status) == "100");
    status.last_reason = "connection refused";
    CHECK(health_bits(status) == "100");
    CHECK(health_of(status, HealthKind::live).reason == "connection refused");
}

TEST_CASE("one that is stopped for good is live alone") {
    Status status = in_state(State::stopping);
    status.ready = status.started = true;
    CHECK(health_bits(status) == "010");
    CHECK(health_of(status, HealthKind::ready).reason == "the application is being stopped");
}

TEST_CASE("why it is not ready is what the check said") {
    Status status = in_state(State::running);
    status.last_reason = "status 503";
    CHECK(health_of(status, HealthKind::ready).reason == "status 503");
    status.state = State::starting;
    CHECK(health_of(status, HealthKind::ready).reason == "the application is starting: status 503");
    status.state = State::waiting;
    CHECK(health_of(status, HealthKind::ready).reason.find("503") == std::string::npos);
    CHECK(health_of(in_state(State::provisioning), HealthKind::ready).reason ==
          "the files and operations are not done yet");
}

TEST_CASE("of the ends the ten newest are kept, the newest first") {
    Status status;
    for (int i = 0; i < 15; ++i) status.add_exit({i, 0, Status::EndReason::exited, i, {}});
    REQUIRE(status.last_exits.size() == 10);
    CHECK(status.last_exits.front().status == 14);
    CHECK(status.last_exits.back().status == 5);
}

TEST_CASE("the status as JSON is one line and says what the value says") {
    const std::string json = status_json(seasoned());
    CHECK(json.find('\n') == std::string::npos);
    const metadata::Value status = parsed(json);
    CHECK(status.find("stage")->text() == "supervise");
    CHECK(status.find("state")->text() == "running");
    CHECK(status.find("pid")->text() == "17");
    CHECK(status.find("ready")->text() == "true");
    CHECK(status.find("since_ms")->text() == "1699999808000");
    CHECK(status.find("next_start_ms")->is_null());
    CHECK(status.find("last_reason")->is_null());
    const auto& exits = status.find("last_exits")->items();
    REQUIRE(exits.size() == 2);
    CHECK(exits[0].find("signal")->text() == "KILL");
    CHECK(exits[0].find("reason")->text() == "oom-kill");
    CHECK(exits[1].find("signal")->is_null());
    CHECK(status.find("operations")->items()[1].find("duration_ms")->text() == "65000");
    const metadata::Value empty = parsed(status_json(Status{}));
    CHECK(empty.find("pid")->is_null());
    CHECK(empty.find("since_ms")->is_null());
    CHECK(empty.find("operations")->items().empty());
}

TEST_CASE("the status has the members that docs/status.schema.json names") {
    const auto text = platform::read_file(KAIGARA_SOURCE_ROOT "/docs/status.schema.json", 1 << 20);
    REQUIRE(text.has_value());
    const metadata::Value schema = parsed(*text);
    const metadata::Value status = parsed(status_json(seasoned()));
    check_members(status, schema);
    for (const char* list : {"last_exits", "operations", "sources"}) {
        CAPTURE(list);
        const auto& items = status.find(list)->items();
        REQUIRE_FALSE(items.empty());
        check_members(items[0], *schema.find("properties")->find(list)->find("items"));
    }
}

TEST_CASE("the words of the schema are those of the program") {
    const auto text = platform::read_file(KAIGARA_SOURCE_ROOT "/docs/status.schema.json", 1 << 20);
    const metadata::Value schema = parsed(*text);
    const metadata::Value& properties = *schema.find("properties");
    const auto& states = properties.find("state")->find("enum")->items();
    REQUIRE(states.size() == 8);
    for (std::size_t i = 0; i < states.size(); ++i)
        CHECK(states[i].text() == word_of(static_cast<State>(i)));
    const auto& stages = properties.find("stage")->find("enum")->items();
    REQUIRE(stages.size() == 3);
    for (std::size_t i = 0; i < stages.size(); ++i)
        CHECK(stages[i].text() == word_of(static_cast<Status::Stage>(i)));
    const auto& reasons = properties.find("last_exits")
                              ->find("items")
                              ->find("properties")
                              ->find("reason")
                              ->find("enum")
                              ->items();
    REQUIRE(reasons.size() == 6);
    for (std::size_t i = 0; i < reasons.size(); ++i)
        CHECK(reasons[i].text() == word_of(static_cast<Status::EndReason>(i)));
}

TEST_CASE("whatever an application or a file is called, the status stays JSON") {
    Status status = seasoned();
    status.message = "a \"quote\", a \\, a\nline \x1b[31m, \xff and \xc3\xa9";
    status.operations[0].name = std::string("x\0y", 3);
    const std::string json = status_json(status);
    CHECK_FALSE(has_control(json));
    CHECK(json.find('\n') == std::string::npos);
    CHECK(json.find("\\u0000") != std::string::npos);
    status.operations.clear();
    CHECK(parsed(status_json(status)).find("message")->text() ==
          "a \"quote\", a \\, a\nline \x1b[31m, \xef\xbf\xbd and \xc3\xa9");
}

TEST_CASE("the summary is for people") {
    CHECK(status_summary(status_json(seasoned()), now, false) ==
          "running  pid 17  since 3m12s  restarts 2\n"
          "  ready  yes\n"
          "  live   yes\n"
          "  says   serving 12 clients\n"
          "operations\n"
          "  10-configure  done    0.3s\n"
          "  20-database   failed  1m5s  3 attempts\n"
          "last ends\n"
          "  3m12s ago  status 137  signal KILL  oom-kill  after 7.0s\n"
          "  6m40s ago  status 3                           after 1.2s\n"
          "sources\n"
          "  consul:app/prod  read 12.0s ago\n"
          "kaigara " KAIGARA_VERSION "  up 1h3m  orphans reaped 4  signals forwarded 5\n");
}

TEST_CASE("the summary says why an application is not ready, and when the next one starts") {
    Status status = in_state(State::running);
    status.last_reason = "the ready check failed 3 times: connection refused";
    CHECK(has_line(status_summary(status_json(status), now, false),
                   "  ready  no: the ready check failed 3 times: connection refused"));
    status.state = State::waiting;
    status.next_start = Milliseconds(4'000);
    CHECK(has_line(status_summary(status_json(status), now, false),
                   "waiting  next start in 4.0s  restarts 0"));
}

TEST_CASE("colours are there only when asked for") {
    const std::string json = status_json(seasoned());
    CHECK_FALSE(has_control(status_summary(json, now, false)));
    CHECK(status_summary(json, now, true).find("\x1b[32mrunning\x1b[0m") == 0);
}

TEST_CASE("nothing that comes over the socket is trusted") {
    const char* answers[] = {
        "",
        "[]",
        "null",
        "nonsense \x1b[2J",
        "{\"ok\":false,\"error\":\"no\"}",
        R"({"state":{"a":1}})",
        R"({"state":"\u001b]0;x\u0007","pid":-1,"last_exits":[1,null,[],{}],"operations":{"a":1}})",
        R"({"state":"running","pid":1e9,"since_ms":99999999999999999999999,"uptime_ms":true})",
        R"({"state":"running","since_ms":9223372036854775807,"last_exits":[{"at_ms":0,"ran_ms":9223372036854775807}]})",
        R"({"state":"running","operations":[{"name":"\u009b31m\n\r"}],"message":"\u0000"})",
    };
    for (const char* answer : answers) {
        CAPTURE(answer);
        const std::string summary = status_summary(answer, now, false);
        CHECK_FALSE(summary.empty());
        CHECK(summary.ends_with('\n'));
        CHECK_FALSE(has_control(summary));
        CHECK(summary.find("\xc2\x9b") == std::string::npos);
    }
    CHECK(status_summary("garbage", now, false) == "kaigara answered what is no status: garbage\n");
}

TEST_CASE("every metric has its help and its type, and counters end in _total") {
    const std::string text = metrics_text(seasoned());
    CHECK(text.ends_with('\n'));
    std::string declared;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        const std::string line = text.substr(at, end - at);
        CAPTURE(line);
        at = end + 1;
        if (line.starts_with("# HELP ")) continue;
        if (line.starts_with("# TYPE ")) {
            declared = line.substr(7, line.find(' ', 7) - 7);
            CHECK(text.find("# HELP " + declared + " ") != std::string::npos);
            CHECK(declared.ends_with("_total") == line.ends_with(" counter"));
            continue;
        }
        CHECK(line.substr(0, line.find_first_of(" {")) == declared);
    }
}

TEST_CASE("the metrics say what the status says") {
    const std::string text = metrics_text(seasoned());
    for (const char* line :
         {"kaigara_up 1", "kaigara_ready 1", "kaigara_live 1", "kaigara_started 1",
          "kaigara_restarts_total 2", "kaigara_orphans_reaped_total 4",
          "kaigara_signals_forwarded_total 5", "kaigara_state{state=\"running\"} 1",
          "kaigara_state{state=\"waiting\"} 0",
          "kaigara_application_start_time_seconds 1699999808.000",
          "kaigara_last_exit_status{reason=\"oom-kill\"} 137",
          "kaigara_last_run_duration_seconds 7.000",
          "kaigara_operation_duration_seconds{operation=\"20-database\",result=\"failed\"} 65.000",
          "kaigara_operation_attempts{operation=\"20-database\"} 3"}) {
        CAPTURE(line);
        CHECK(has_line(text, line));
    }
    const std::string last = metrics_text(seasoned(), false);
    CHECK(has_line(last, "kaigara_up 0"));
    CHECK(has_line(last, "kaigara_ready 0"));
    CHECK(has_line(last, "kaigara_state{state=\"running\"} 0"));
    CHECK(has_line(last, "kaigara_restarts_total 2"));
}

TEST_CASE("labels are escaped, and time alone changes no metric") {
    Status status = seasoned();
    status.operations = {{"a\"b\\c\nd", "done", {}, 1}};
    CHECK(
        has_line(metrics_text(status), R"(kaigara_operation_attempts{operation="a\"b\\c\nd"} 1)"));
    Status later = status;
    later.uptime += Milliseconds(5'000);
    later.sources[0].age += Milliseconds(5'000);
    CHECK(metrics_text(later) == metrics_text(status));
}
}  // TEST_SUITE("app")
