// SPDX-License-Identifier: Apache-2.0
#include "support/skip.h"

#include <cstdio>
#include <cstdlib>
#include <string>

#include <doctest/doctest.h>

namespace kaigara::test {

namespace {

unsigned skip_count = 0;

bool nothing_may_be_skipped() {
    const char* value = std::getenv("KAIGARA_MUST_WORK");
    return value != nullptr && std::string_view(value) == "1";
}

}  // namespace

void skip(std::string_view reason, const char* file, int line) {
    ++skip_count;
    const std::string text(reason);
    if (nothing_may_be_skipped())
        ADD_FAIL_AT(file, line, "skipped: " << text);
    else
        std::fprintf(stderr, "%s:%d: skipped: %s\n", file, line, text.c_str());
}

unsigned skipped() noexcept { return skip_count; }

}  // namespace kaigara::test
