// SPDX-License-Identifier: Apache-2.0
#include "base/secret.h"

#include <string>
#include <type_traits>

#include <doctest/doctest.h>

using kaigara::Secret;

TEST_SUITE("base") {

TEST_CASE("a secret formats as three stars and is had by revealing it alone") {
    const Secret secret("hunter2");
    CHECK(fmt::format("{}", secret) == "***");
    CHECK(fmt::format("{:>5}", secret) == "  ***");
    CHECK(secret.reveal() == "hunter2");
    CHECK(secret == Secret("hunter2"));
    CHECK_FALSE(secret == Secret("other"));
}

TEST_CASE("a secret is no string, and no string becomes one by accident") {
    CHECK_FALSE(std::is_convertible_v<Secret, std::string>);
    CHECK_FALSE(std::is_convertible_v<std::string, Secret>);
}

}  // TEST_SUITE("base")
