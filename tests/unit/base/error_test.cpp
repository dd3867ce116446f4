// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <cerrno>
#include <clocale>
#include <utility>

#include <doctest/doctest.h>

using namespace kaigara;

TEST_SUITE("base") {

TEST_CASE("an error reads as its place and its message") {
    CHECK(Error{Fault::bad_data, 0, "no such key", "a.yml:3:7"}.text() == "a.yml:3:7: no such key");
    CHECK(Error{Fault::bad_data, 0, "no such key", {}}.text() == "no such key");
}

TEST_CASE("a caller's words go in front of the message and change nothing else") {
    Error inner{Fault::input_output, EIO, "read failed", "a.yml"};
    const Error outer = std::move(inner).while_doing("loading metadata");
    CHECK(outer.text() == "a.yml: loading metadata: read failed");
    CHECK(outer.fault == Fault::input_output);
    CHECK(outer.code == EIO);
}

TEST_CASE("a system error ends with the words of its errno") {
    const Error error = system_error(Fault::configuration, ENOENT, "cannot open x", "option");
    CHECK(error.text() == "option: cannot open x: No such file or directory");
    CHECK(error.code == ENOENT);
    CHECK(error.fault == Fault::configuration);
}

TEST_CASE("an errno that does not exist has words too") {
    CHECK(errno_text(EACCES) == "Permission denied");
    CHECK(errno_text(99'999) == "unknown error");
    CHECK(errno_text(-1) == "unknown error");
}

}  // TEST_SUITE("base")
