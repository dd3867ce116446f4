// SPDX-License-Identifier: Apache-2.0

// What comes before the first test: these tests need root, since each run gets namespaces without a
// user namespace, and a trial.

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>

#include <doctest/doctest.h>
#include <sched.h>
#include <sys/mount.h>

#include "support/scenes.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

constexpr int meson_takes_it_for_a_skip = 77;

// What is mounted here is seen by nobody else, and goes with this program.
std::optional<std::string> why_not() {
    try {
        if (std::optional<std::string> reason = enter_world()) return reason;
        if (mode() != Mode::root) return "needs root";
        if (::unshare(CLONE_NEWNS) != 0 ||
            ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
            return "needs namespaces";
        const Outcome trial = run({.words = with_actor({}, {"exit", "7"})});
        if (trial.ending != "exit 7") return "a trial program ended with " + trial.ending;
    } catch (const std::exception& error) {
        return std::string("namespaces: ") + error.what();
    }
    return std::nullopt;
}

class WorldListener : public doctest::IReporter {
public:
    explicit WorldListener(const doctest::ContextOptions& /*options*/) {}

    void test_run_start() override {
        const std::optional<std::string> reason = why_not();
        if (!reason) return;
        const char* const must_work = std::getenv("KAIGARA_MUST_WORK");
        const bool is_failure = must_work != nullptr && std::string_view(must_work) == "1";
        std::fprintf(stderr, "crash tests skipped: %s\n", reason->c_str());
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
};

DOCTEST_REGISTER_LISTENER("world", 0, WorldListener);

}  // namespace
