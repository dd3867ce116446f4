// SPDX-License-Identifier: Apache-2.0
#include "metadata/json.h"

#include "metadata/bounds.h"
#include "reading.h"

using namespace kaigara;
using namespace kaigara::metadata;
using namespace std::string_view_literals;

namespace {

std::string parse(std::string_view text) {
    auto root = read_json(text, 0, "m.json");
    return root ? to_json(*root) : lines(root.error());
}

Tree json_tree(std::string_view text) {
    auto root = read_json(text, 0, "m.json");
    if (!root) FAIL(lines(root.error()));
    return Tree(std::move(root).value(), {"m.json"});
}

std::string nested(std::string_view open, std::string_view close, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += open;
    for (std::size_t i = 0; i < times; ++i) out += close;
    return out;
}

}  // namespace

TEST_SUITE("metadata") {

TEST_CASE("objects, arrays and values of a JSON file become the tree") {
    CHECK(parse("{\"b\": [1, \"x\", null, true, false, {}, []], \"a\": {\"k\": \"v\"}}") ==
          R"({"a":{"k":"v"},"b":[1,"x",null,true,false,{},[]]})");
}

TEST_CASE("a JSON number keeps the text that was written") {
    const Tree tree = json_tree("{\"a\":1.10,\"b\":-0,\"c\":1E+2,\"d\":"
                                "123456789012345678901234567890,\"e\":[12 ,3]\n,\"f\":5}");
    CHECK(at(tree, "a").text() == "1.10");
    CHECK(at(tree, "b").text() == "-0");
    CHECK(at(tree, "c").text() == "1E+2");
    CHECK(at(tree, "d").text() == "123456789012345678901234567890");
    CHECK(at(tree, "e.0").text() == "12");
    CHECK(at(tree, "e.1").text() == "3");
    CHECK(at(tree, "f").text() == "5");
    CHECK(at(tree, "a").is_plain());
}

TEST_CASE("a JSON string is text whatever it looks like, its escapes resolved") {
    const Tree tree = json_tree(R"({"a":"12","b":"\u00e9\ud83d\ude00\n\/","c":"true"})");
    CHECK(at(tree, "a").scalar_type() == ScalarType::text);
    CHECK(at(tree, "b").text() == "\xC3\xA9\xF0\x9F\x98\x80\n/");
    CHECK(at(tree, "c").scalar_type() == ScalarType::text);
}

TEST_CASE("every JSON value knows its line and column, counted in characters") {
    const Tree tree =
        json_tree("\xEF\xBB\xBF{\"a\": 1,\n \"é\": [ \"é\" , 22,\n  null],\"d\":{\n\"e\":true}}");
    CHECK(tree.origin_text(at(tree, "a").origin()) == "m.json:1:7");
    CHECK(tree.origin_text(at(tree, "é").origin()) == "m.json:2:7");
    CHECK(tree.origin_text(at(tree, "é.0").origin()) == "m.json:2:9");
    CHECK(tree.origin_text(at(tree, "é.1").origin()) == "m.json:2:15");
    CHECK(tree.origin_text(at(tree, "é.2").origin()) == "m.json:3:3");
    CHECK(tree.origin_text(at(tree, "d").origin()) == "m.json:3:13");
    CHECK(tree.origin_text(at(tree, "d.e").origin()) == "m.json:4:5");
}

TEST_CASE("a JSON file of blanks is an empty map, and so is null") {
    for (const std::string_view text : {""sv, " \n\t"sv, "null"sv, "{}"sv})
        CHECK(parse(text) == "{}");
}

TEST_CASE("a duplicate JSON key is an error, and all of them are collected") {
    CHECK(parse("{\"a\": 1, \"b\": {\"c\": 1,\n \"c\": 2}, \"a\": 3}") ==
          "m.json:2:2: duplicate key 'c' in 'b', first in line 1\n"
          "m.json:2:11: duplicate key 'a', first in line 1");
}

TEST_CASE("JSON is nested 64 levels deep at most") {
    CHECK(parse("{\"a\":" + nested("[", "]", 63) + "}").starts_with("{"));
    CHECK(parse("{\"a\":" + nested("[", "]", 64) + "}")
              .starts_with("m.json:1:69: nesting past 64 levels, in 'a.0.0"));
    CHECK(
        parse(nested("{\"a\":", "}", 100'000)).starts_with("m.json:1:321: nesting past 64 levels"));
}

TEST_CASE("JSON holds 100,000 values at most") {
    std::string text = "{\"a\":[0";
    for (std::size_t i = 3; i < max_nodes; ++i) text += ",0";
    CHECK(read_json(text + "]}", 0, "m.json").has_value());
    CHECK(parse(text + ",0]}") ==
          "m.json:1:200003: more than 100000 values, with aliases expanded, reached in 'a.99998'");
}

TEST_CASE("invalid UTF-8 and NUL are errors in JSON too") {
    CHECK(parse("{\"a\":\n \"x\xff\"}") == "m.json:2:4: invalid UTF-8 (byte 0xff)");
    CHECK(parse("{\"a\":\"x\\u0000\"}") == "m.json:1:6: a NUL character, in 'a'");
    CHECK(parse("{\"a\\u0000\":1}") == "m.json:1:2: a NUL character");
    CHECK(parse("{\"a\":\"x\0\"}"sv).starts_with("m.json:1:8: "));
}

TEST_CASE("a JSON root that is no object is an error") {
    CHECK(parse("[1]") == "m.json:1:1: a list; the document has to be a map, of 'key: value'");
    CHECK(parse("12") ==
          "m.json:1:1: a single value; the document has to be a map, of 'key: value'");
}

TEST_CASE("broken JSON is an error at the character that does not fit") {
    CHECK(parse("{\"a\": 1,\n  b: 2}").starts_with("m.json:2:3: syntax error"));
    CHECK(parse("{\"a\": 1} x").starts_with("m.json:1:10: "));
    CHECK(parse("{\"a\": [1, 2").starts_with("m.json:1:12: "));
    CHECK(parse("{\"a\": [1, 2").ends_with(", in 'a.2'"));
    CHECK(parse("{\"a\": 01}").starts_with("m.json:1:8: "));
    CHECK(parse("{\"a\": 1,}").starts_with("m.json:1:9: "));
    CHECK(parse("{\"a\": 1} {\"b\": 2}").starts_with("m.json:1:10: "));
    CHECK(parse("{\"a\": 1 // no comments\n}").starts_with("m.json:1:9: "));
    CHECK(parse("{\"a\": 1e999}").starts_with("m.json:1:7: "));
    CHECK(parse("{\"a\": nul").starts_with("m.json:1:7: "));
    CHECK(parse("{\"a\": \"x\\q\"}").starts_with("m.json:1:10: "));
    CHECK(parse("{\"a\": \"x").starts_with("m.json:1:7: "));
    CHECK(parse("{\"a\": 1,,}").starts_with("m.json:1:10: "));
}

TEST_CASE("an error in JSON does not show the value that it is in, which may be a secret") {
    CHECK(parse("{\"password\": \"hunter2").find("hunter2") == std::string::npos);
    CHECK(parse("{\"password\": \"hunter2\\q\"}").find("hunter2") == std::string::npos);
    CHECK(parse("{\"pin\": 1e999}") == "m.json:1:9: a number too large, in 'pin'");
    CHECK(parse("{\"password\": hunter2}").find("hunter") == std::string::npos);
    CHECK(parse("[1, x]").ends_with("invalid literal, in '1'"));
}

TEST_CASE("a key that YAML would merge is an ordinary one in JSON") {
    CHECK(parse("{\"<<\": {\"a\": 1}}") == R"({"<<":{"a":1}})");
}

TEST_CASE(
    "no cut of a JSON file and no changed byte makes the reader fail otherwise than by errors") {
    const std::string text = "{\"a\": [1, 2.5, \"\\u00e9\"], \"b\": {\"c\": null, \"d\": true}}";
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto cut = read_json(text.substr(0, i), 0, "m.json");
        CHECK((i == 0 || !cut.has_value()));
        for (int c = 0; c < 256; ++c) {
            std::string changed = text;
            changed[i] = static_cast<char>(c);
            const auto root = read_json(changed, 0, "m.json");
            CHECK((root.has_value() || root.error()[0].fault == Fault::bad_data));
        }
    }
}

}  // TEST_SUITE("metadata")
