// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include <memory>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

using namespace kaigara;

namespace {

Result<int> halved(int number) {
    if (number % 2 != 0) return Error{Fault::bad_data, 0, "odd", {}};
    return number / 2;
}

Result<std::string> quartered(int number) {
    KG_LET(half, halved(number));
    KG_LET(quarter, halved(half));
    return std::to_string(quarter);
}

Result<void> both_even(int a, int b) {
    KG_TRY(halved(a));
    KG_TRY(halved(b));
    return {};
}

}  // namespace

TEST_SUITE("base") {

TEST_CASE("a result holds a value or an error, never both") {
    const Result<int> good = 7;
    CHECK(good.has_value());
    CHECK(static_cast<bool>(good));
    CHECK(*good == 7);
    const Result<int> bad = Error{Fault::lock, 11, "held", "ledger"};
    CHECK_FALSE(bad.has_value());
    CHECK(bad.error().fault == Fault::lock);
    CHECK(bad.error().code == 11);
}

TEST_CASE("an error falls through KG_LET to the caller, a value is declared") {
    CHECK(*quartered(12) == "3");
    CHECK(quartered(6).error().message == "odd");
    CHECK(quartered(3).error().message == "odd");
}

TEST_CASE("an error falls through KG_TRY to the caller") {
    CHECK(both_even(2, 4).has_value());
    CHECK_FALSE(both_even(1, 2).has_value());
    CHECK_FALSE(both_even(2, 1).has_value());
}

TEST_CASE("a value that can only be moved comes out by moving") {
    Result<std::unique_ptr<int>> result = std::make_unique<int>(5);
    std::unique_ptr<int> value = std::move(result).value();
    CHECK(*value == 5);
}

TEST_CASE("a fallback serves where there is no value") {
    CHECK(halved(4).value_or(-1) == 2);
    CHECK(halved(5).value_or(-1) == -1);
}

TEST_CASE("an arrow reaches into the value") {
    Result<std::string> result = std::string("abc");
    CHECK(result->size() == 3);
    result->push_back('d');
    CHECK(*result == "abcd");
}

}  // TEST_SUITE("base")
