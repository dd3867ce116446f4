// SPDX-License-Identifier: Apache-2.0
#include "metadata/value.h"

#include <doctest/doctest.h>

using namespace kaigara::metadata;

TEST_SUITE("metadata") {

TEST_CASE("the core schema makes null of four spellings and of nothing") {
    for (const char* text : {"null", "Null", "NULL", "~", ""})
        CHECK(core_schema_type(text) == ScalarType::null);
    for (const char* text : {"nULL", "nil", "none", "~~"})
        CHECK(core_schema_type(text) == ScalarType::text);
}

TEST_CASE("the core schema makes booleans of true and false alone") {
    for (const char* text : {"true", "True", "TRUE", "false", "False", "FALSE"})
        CHECK(core_schema_type(text) == ScalarType::boolean);
    for (const char* text : {"yes", "no", "on", "off", "y", "n", "tRUE", "truer", "fals"})
        CHECK(core_schema_type(text) == ScalarType::text);
}

TEST_CASE("the core schema knows decimal, octal and hexadecimal integers") {
    for (const char* text :
         {"0", "014", "-7", "+12", "0o17", "0x1F", "0xff", "123456789012345678901234567890"})
        CHECK(core_schema_type(text) == ScalarType::integer);
    for (const char* text : {"-", "+", "0o8", "0xg", "0o", "0x", "-0x1", "1_000", "1,000", "12a",
                             "0b1", "--1", " 1", "1 "})
        CHECK(core_schema_type(text) == ScalarType::text);
}

TEST_CASE("the core schema knows floats, infinity and not-a-number") {
    for (const char* text : {"1.10", ".5", "5.", "-.5", "1e3", "1.5E-3", "+1.0", "12e03", ".inf",
                             "-.Inf", "+.INF", ".nan", ".NaN", ".NAN"})
        CHECK(core_schema_type(text) == ScalarType::floating);
    for (const char* text : {".", "-.", "1.2.3", "1e", "e3", ".e3", "1e3.5", "-.nan", "inf", "nan",
                             "1.10.", "2001-01-01", "10:30"})
        CHECK(core_schema_type(text) == ScalarType::text);
}

TEST_CASE("quoted text is text whatever it looks like, and empty plain text is a string") {
    CHECK(Value::quoted("12").scalar_type() == ScalarType::text);
    CHECK(Value::plain("12").scalar_type() == ScalarType::integer);
    CHECK(Value::plain("").scalar_type() == ScalarType::text);
    CHECK(Value::null().scalar_type() == ScalarType::null);
    CHECK(Value::plain("1.10").text() == "1.10");
}

TEST_CASE("untrue are null, false, empty text, an empty list and an empty map; 0 is true") {
    CHECK_FALSE(Value::null().is_true());
    CHECK_FALSE(Value::plain("").is_true());
    CHECK_FALSE(Value::quoted("").is_true());
    CHECK_FALSE(Value::list({}).is_true());
    CHECK_FALSE(Value::map({}).is_true());
    for (const char* text : {"false", "False", "FALSE", "null", "~"}) {
        CHECK_FALSE(Value::plain(text).is_true());
        CHECK(Value::quoted(text).is_true());
    }
    for (const char* text : {"0", "0.0", "no", "off", "true"}) CHECK(Value::plain(text).is_true());
    CHECK(Value::list({Value::null()}).is_true());
    CHECK(Value::map({{"a", Value::null()}}).is_true());
}

TEST_CASE("a map is in bytewise order of its keys, whatever order it was made in") {
    Value map =
        Value::map({{"b", Value::plain("1")}, {"B", Value::plain("2")}, {"a", Value::plain("3")}});
    REQUIRE(map.entries().size() == 3);
    CHECK(map.entries()[0].key == "B");
    CHECK(map.entries()[1].key == "a");
    CHECK(map.entries()[2].key == "b");
    CHECK(map.find("a")->text() == "3");
    CHECK(map.find("c") == nullptr);
}

TEST_CASE("an entry is added in its place, replaced, and erased") {
    Value map = Value::map({{"a", Value::plain("1")}, {"c", Value::plain("3")}});
    map.put("b", Value::plain("2"));
    CHECK(map.entries()[1].key == "b");
    map.put("b", Value::plain("two"));
    CHECK(map.entries().size() == 3);
    CHECK(map.find("b")->text() == "two");
    CHECK(map.erase("b"));
    CHECK_FALSE(map.erase("b"));
    CHECK(map.find("b") == nullptr);
    CHECK(map.find("c")->text() == "3");
}

TEST_CASE("the size counts every node, the root included") {
    const Value value =
        Value::map({{"a", Value::list({Value::null(), Value::plain("x")})}, {"b", Value::map({})}});
    CHECK(value.size() == 5);
}

TEST_CASE("a duplicate key is found in entries that are in no order") {
    CHECK(find_duplicate({{"b", {}}, {"a", {}}}) == nullptr);
    const std::vector<Value::Entry> entries{{"b", {}}, {"a", {}}, {"b", {}}};
    CHECK(find_duplicate(entries) == &entries[2]);
}

}  // TEST_SUITE("metadata")
