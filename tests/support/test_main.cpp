// SPDX-License-Identifier: Apache-2.0

// main() of every unit test program.
//
// It is doctest's own, but for two things: a filter that chose no test is an error (status 3),
// since a test that was renamed or lost would otherwise go on "passing" without a word; and signals
// that were ignored are not.

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <csignal>
#include <cstdio>

#include "support/skip.h"

namespace {

constexpr int no_test_was_chosen = 3;

unsigned chosen_tests = 0;

// Sees what happens in a run beside the reporter that writes it.
class Witness : public doctest::IReporter {
public:
    explicit Witness(const doctest::ContextOptions& /*options*/) {}

    void test_run_end(const doctest::TestRunStats& stats) override {
        chosen_tests = stats.numTestCasesPassingFilters;
    }

    void report_query(const doctest::QueryData& /*data*/) override {}
    void test_run_start() override {}
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

DOCTEST_REGISTER_LISTENER("witness", 1, Witness);

// A shell ignores INT and QUIT for what it starts in the background, nohup(1) HUP; children would
// inherit that, and a shell cannot even trap what was ignored when it began.
void forget_ignored_signals() {
    for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM}) {
        if (std::signal(signal, SIG_DFL) == SIG_ERR) std::perror("signal");
    }
}

}  // namespace

int main(int argc, char** argv) {
    forget_ignored_signals();
    doctest::Context context;
    context.applyCommandLine(argc, argv);
    const int status = context.run();
    if (context.shouldExit()) return status;  // it was only asked for a list or for help
    if (chosen_tests == 0) {
        std::fputs("error: the filter chose no test case\n", stderr);
        return no_test_was_chosen;
    }
    if (const unsigned skipped = kaigara::test::skipped(); skipped != 0) {
        std::fprintf(stderr, "%u skipped (set KAIGARA_MUST_WORK=1 to make that a failure)\n",
                     skipped);
    }
    return status;
}
