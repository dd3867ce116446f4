// SPDX-License-Identifier: Apache-2.0
#pragma once

// A test that cannot run here says why and returns.
//
//     TEST_CASE("a file that root alone may write is refused") {
//         if (::geteuid() != 0) KG_SKIP("needs root");
//
// With KAIGARA_MUST_WORK=1, as CI sets it, a skip is a failure: there everything has to be in
// place.

#include <string_view>

namespace kaigara::test {

// Reports the skip, as a failure where nothing may be skipped. KG_SKIP returns after it.
void skip(std::string_view reason, const char* file, int line);

// How many skips were reported.
unsigned skipped() noexcept;

}  // namespace kaigara::test

#define KG_SKIP(reason)                                                                            \
    do {                                                                                           \
        ::kaigara::test::skip((reason), __FILE__, __LINE__);                                       \
        return;                                                                                    \
    } while (false)
