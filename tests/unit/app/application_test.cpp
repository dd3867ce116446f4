// SPDX-License-Identifier: Apache-2.0
#include "app/application.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "app/exit_code.h"

using namespace kaigara;
using namespace kaigara::app;

namespace {

using Words = std::vector<std::string>;

Result<Application> make(const Settings& settings, Words& variables) {
    static char program[] = "app";
    static char* argv[] = {program, nullptr};
    std::vector<char*> environment;
    for (std::string& variable : variables) environment.push_back(variable.data());
    environment.push_back(nullptr);
    return make_application(settings, {argv, environment.data()});
}

Words environment_of(const Application& application) {
    Words entries;
    for (char* entry : application.launch.environment) {
        if (entry != nullptr) entries.emplace_back(entry);
    }
    return entries;
}

}  // namespace

TEST_SUITE("app") {
TEST_CASE("the application never sees KAIGARA_*") {
    Words variables{"A=1", "KAIGARA_META_x=secret", "KAIGARA_GRACE=1s", "KAIGARAX=2"};
    CHECK(environment_of(*make({}, variables)) == Words{"A=1", "KAIGARAX=2"});
}

TEST_CASE("HOME, USER and LOGNAME follow the user") {
    Words variables{"HOME=/elsewhere", "USER=x", "LOGNAME=x", "A=1"};
    Settings settings;
    settings.user = "root";
    const auto application = make(settings, variables);
    REQUIRE(application.has_value());
    const Words entries = environment_of(*application);
    CHECK(entries.size() == 4);
    CHECK(std::ranges::count(entries, "HOME=/root") == 1);
    CHECK(std::ranges::count(entries, "USER=root") == 1);
    CHECK(std::ranges::count(entries, "LOGNAME=root") == 1);
}

TEST_CASE("an id without an entry keeps USER and gets the root directory as HOME") {
    Words variables{"HOME=/elsewhere", "USER=x"};
    Settings settings;
    settings.user = "4711";
    CHECK(environment_of(*make(settings, variables)) == Words{"USER=x", "HOME=/"});
}

TEST_CASE("an unknown user is a configuration error that names the option") {
    Words variables;
    Settings settings;
    settings.user = "no-such-user";
    const auto application = make(settings, variables);
    REQUIRE_FALSE(application.has_value());
    CHECK(application.error().fault == Fault::configuration);
    CHECK(application.error().text().find("--user") != std::string::npos);
}

TEST_CASE("a LISTEN_PID that names kaigara will name the application, another stays") {
    Words own{"LISTEN_PID=" + std::to_string(::getpid())};
    const auto changed = make({}, own);
    REQUIRE(changed.has_value());
    CHECK(changed->launch.listen_pid != nullptr);
    Words other{"LISTEN_PID=1"};
    CHECK(make({}, other)->launch.listen_pid == nullptr);
    CHECK(environment_of(*make({}, other)) == Words{"LISTEN_PID=1"});
}

TEST_CASE("TERM becomes the stop signal, unless a rewrite says otherwise") {
    Words variables;
    Settings settings;
    settings.stop_signal = SIGQUIT;
    CHECK(make(settings, variables)->launch.signals[SIGTERM] == SIGQUIT);
    settings.signals.rewrite(SIGTERM, SIGINT);
    CHECK(make(settings, variables)->launch.signals[SIGTERM] == SIGINT);
}

TEST_CASE("each fault has its exit status") {
    constexpr std::pair<Fault, int> table[] = {{Fault::usage, 64},
                                               {Fault::bad_data, 65},
                                               {Fault::unavailable, 69},
                                               {Fault::internal, 70},
                                               {Fault::cannot_create, 73},
                                               {Fault::input_output, 74},
                                               {Fault::lock, 75},
                                               {Fault::configuration, 78},
                                               {Fault::operation_failed, 80},
                                               {Fault::operation_timeout, 81},
                                               {Fault::not_executable, 126},
                                               {Fault::not_found, 127}};
    for (const auto& [fault, status] : table) CHECK(exit_code(fault) == status);
}

TEST_CASE("a status in the success set is 0, a signal's too") {
    supervise::Launch launch;
    launch.success.set(143);
    launch.success.set(3);
    CHECK(exit_code(platform::ChildEnd{true, SIGTERM}, launch) == 0);
    CHECK(exit_code(platform::ChildEnd{false, 3}, launch) == 0);
    CHECK(exit_code(platform::ChildEnd{false, 4}, launch) == 4);
    CHECK(exit_code(platform::ChildEnd{true, SIGKILL}, launch) == 137);
}
}  // TEST_SUITE("app")
