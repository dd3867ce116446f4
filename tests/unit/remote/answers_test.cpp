// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "remote/base64.h"
#include "remote/json.h"

using namespace kaigara::remote;

namespace {

// "facts | list: row | list: row", with the members that are asked for.
std::string seen(std::string_view text, const std::vector<std::string>& facts,
                 const std::vector<std::string>& members) {
    std::string out;
    JsonMembers read;
    std::string rows;
    const auto on_row = [&](std::string_view list, const JsonMembers& row) {
        rows += " | " + std::string(list) + ":";
        for (const std::string& name : members) {
            if (row.has(name)) rows += " " + name + "=" + std::string(row.get(name));
        }
    };
    if (!read_json_answer(text, read, on_row)) return "no JSON";
    for (const std::string& name : facts) out += name + "=" + std::string(read.get(name)) + " ";
    return out + rows;
}

}  // namespace

TEST_SUITE("remote") {

TEST_CASE("base64 is that of RFC 4648, in both directions") {
    const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                     {"f", "Zg=="},
                                                                     {"fo", "Zm8="},
                                                                     {"foo", "Zm9v"},
                                                                     {"foob", "Zm9vYg=="},
                                                                     {"fooba", "Zm9vYmE="},
                                                                     {"foobar", "Zm9vYmFy"}};
    for (const auto& [bytes, text] : vectors) {
        CHECK(to_base64(bytes) == text);
        CHECK(from_base64(text) == std::string(bytes));
    }
    std::string all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    CHECK(from_base64(to_base64(all)) == all);
}

TEST_CASE("what is no base64 is refused") {
    for (const std::string_view bad : {"Zg", "Zg=", "Z===", "====", "Zm9v\n", "Zm 9v", "Zm9_",
                                       "Zg==Zg==", "=Zg=", "Zh==", "Zm9="})
        CHECK_MESSAGE(!from_base64(bad), bad);
}

TEST_CASE("what lies in no list is a fact, by its dotted path") {
    CHECK(seen(R"({"header": {"revision": "5", "deep": {"x": 1}}, "more": true, "no": null})",
               {"header.revision", "header.deep.x", "more", "no", "header"},
               {}) == "header.revision=5 header.deep.x=1 more=true no= header= ");
}

TEST_CASE("an item of a list is a row, and its own maps belong to it") {
    CHECK(
        seen(
            R"({"kvs": [{"key": "a", "value": "b"}, {"key": "c", "m": {"n": -150, "o": 1.5}}], "z": 1})",
            {"z"}, {"key", "value", "m.n"}) == "z=1  | kvs: key=a value=b | kvs: key=c m.n=-150");
    CHECK(seen(R"([{"Key": "a", "Value": null}, "text", 7])", {}, {"", "Key", "Value"}) ==
          " | : Key=a | : =text | : =7");
}

TEST_CASE("a list within a row makes rows of its own, told before the row it lies in") {
    CHECK(seen(R"({"responses": [{"response_range": {"kvs": [{"key": "k"}], "count": "1"}}]})", {},
               {"key", "response_range.count"}) ==
          " | responses.response_range.kvs: key=k | responses: response_range.count=1");
}

TEST_CASE("numbers keep 64 bits, and what is none is 0") {
    JsonMembers facts;
    REQUIRE(read_json_answer(
        R"({"a": "18446744073709551615", "b": 5, "c": "x", "d": "-1", "e": ""})", facts));
    CHECK(facts.number("a") == 18446744073709551615ULL);
    CHECK(facts.number("b") == 5);
    for (const std::string_view none : {"c", "d", "e", "f"}) CHECK(facts.number(none) == 0);
}

TEST_CASE("what is no JSON, or too deep, is refused") {
    for (const std::string_view bad :
         {"", "{", "[1,", "{\"a\": tru}", "<html>", "{} {}", "\xff", "nan"})
        CHECK_MESSAGE(seen(bad, {}, {}) == "no JSON", bad);
    const std::string deep(deepest_answer, '[');
    CHECK(seen(deep + std::string(deepest_answer, ']'), {}, {}) == "");
    CHECK(seen('[' + deep + std::string(deepest_answer + 1, ']'), {}, {}) == "no JSON");
}

}  // TEST_SUITE("remote")
