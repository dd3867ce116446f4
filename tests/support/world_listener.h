// SPDX-License-Identifier: Apache-2.0
#pragma once

// What comes before the first test of a program that needs a world (world.h): the mode is entered,
// and a first program has to run to its end. Where that cannot be had the whole run is a skip, or
// with KAIGARA_MUST_WORK=1 a failure. To be registered with doctest:
//
//     DOCTEST_REGISTER_LISTENER("world", 0, WorldListener<prepare>);

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "support/scenes.h"
#include "support/world.h"

namespace kaigara::test {

// `Prepare` is what else there is to do when the mode is entered; it returns the reason for a skip.
template <std::optional<std::string> (*Prepare)()>
class WorldListener : public doctest::IReporter {
public:
    explicit WorldListener(const doctest::ContextOptions& /*options*/) {}

    void test_run_start() override {
        constexpr int meson_takes_it_for_a_skip = 77;
        const std::optional<std::string> reason = why_not();
        if (!reason) return;
        const char* const must_work = std::getenv("KAIGARA_MUST_WORK");
        const bool is_failure = must_work != nullptr && std::string_view(must_work) == "1";
        std::fprintf(stderr, "all tests skipped: %s\n", reason->c_str());
        std::exit(is_failure ? EXIT_FAILURE : meson_takes_it_for_a_skip);
    }

    void report_query(const doctest::QueryData& /*data*/) override {}
    void test_run_end(const doctest::TestRunStats& /*stats*/) override {}
    void test_case_start(const doctest::TestCaseData& /*data*/) override {}
    void test_case_reenter(const doctest::TestCaseData& /*data*/) override {}
    void test_case_end(const doctest::CurrentTestCaseStats& /*stats*/) override {}
    void test_case_exception(const doctest::TestCaseException& /*exception*/) override {}
    void subcase_start(const doctest::SubcaseSignature& /*signature*/) override {}
    void subcase_end() override {}
    void log_assert(const doctest::AssertData& /*data*/) override {}
    void log_message(const doctest::MessageData& /*data*/) override {}
    void test_case_skipped(const doctest::TestCaseData& /*data*/) override {}

private:
    static std::optional<std::string> why_not() {
        try {
            if (std::optional<std::string> reason = enter_world()) return reason;
            if (std::optional<std::string> reason = Prepare()) return reason;
            const Outcome trial = run({.words = with_actor({}, {"exit", "7"})});
            if (trial.ending != "exit 7") return "a trial program ended with " + trial.ending;
        } catch (const std::exception& error) {
            return std::string("namespaces: ") + error.what();
        }
        return std::nullopt;
    }
};

}  // namespace kaigara::test
