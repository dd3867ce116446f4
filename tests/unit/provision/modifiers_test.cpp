// SPDX-License-Identifier: Apache-2.0
#include "provision/modifiers.h"

#include <algorithm>
#include <array>

#include <doctest/doctest.h>

#include "provision/template_formats.h"
#include "unit/provision/template_fixture.h"

using namespace kaigara;
using namespace kaigara::provision;
using namespace kaigara::test;
using namespace std::string_literals;

namespace {

// Has the files /open and /secret.
Result<FileText> read_fake(const std::string& path) {
    if (path == "/open") return FileText{"open\n", false};
    if (path == "/secret") return FileText{"hidden", true};
    return Error{Fault::bad_data, 2, "cannot be opened", path};
}

Result<Value> applied(const Value* value, std::span<const ModifierCall> calls) {
    const std::function<Result<FileText>(const std::string&)> read_file = read_fake;
    ModifierContext context{read_file};
    return apply_modifiers(value, calls, context);
}

// The text that one modifier makes of a value, or "ERROR: why".
std::string modified(const Value& value, std::string_view name, std::string argument = "") {
    const Modifier* modifier = find_modifier(name);
    REQUIRE(modifier != nullptr);
    const std::array calls{ModifierCall{modifier, std::move(argument)}};
    const auto result = applied(&value, calls);
    return result ? result->text() : "ERROR: " + result.error().message;
}
std::string modified(std::string text, std::string_view name, std::string argument = "") {
    return modified(Value::quoted(std::move(text)), name, std::move(argument));
}

}  // namespace

TEST_SUITE("provision") {

TEST_CASE("the table of modifiers is in order of names, each once") {
    CHECK(std::ranges::is_sorted(modifiers(), {}, &Modifier::name));
    CHECK(std::ranges::adjacent_find(modifiers(), {}, &Modifier::name) == modifiers().end());
    for (const Modifier& modifier : modifiers()) CHECK(find_modifier(modifier.name) == &modifier);
    CHECK(find_modifier("upperr") == nullptr);
    CHECK(find_modifier("") == nullptr);
}

TEST_CASE("upper, lower and trim change ASCII alone") {
    CHECK(modified("aZ\u00e4 1", "upper") == "AZ\u00e4 1");
    CHECK(modified("aZ\u00c4 1", "lower") == "az\u00c4 1");
    CHECK(modified(" \t a b \r\n", "trim") == "a b");
}

TEST_CASE("quote writes a string in double quotes on one line") {
    CHECK(modified("a \"b\" \\ c", "quote") == R"("a \"b\" \\ c")");
    CHECK(modified("1\n2\r\t\x01\x7f", "quote") == R"("1\n2\r\t\x01\x7f")");
    CHECK(modified("", "quote") == R"("")");
}

TEST_CASE("shell writes one word for sh") {
    CHECK(modified("it's $HOME", "shell") == R"('it'\''s $HOME')");
    CHECK(modified("", "shell") == "''");
    CHECK(modified("a\0b"s, "shell") == "ERROR: a shell word cannot hold NUL");
}

TEST_CASE("json writes any value, typed as the core schema says") {
    CHECK(modified("a \"b\"\n", "json") == R"("a \"b\"\n")");
    CHECK(modified(plain("014"), "json") == "14");
    CHECK(modified(plain("no"), "json") == R"("no")");
    CHECK(modified(plain("true"), "json") == "true");
    CHECK(modified(Value::quoted("5"), "json") == R"("5")");
    CHECK(modified(words({"1", "x"}), "json") == R"([1,"x"])");
    CHECK(modified(Value::map({{"b", Value::null()}, {"a", Value::list({})}}), "json") ==
          R"({"a":[],"b":null})");
}

TEST_CASE("json shows a secret, since it was asked to") {
    CHECK(modified(Value::map({{"a", secret("s3")}}), "json") == R"({"a":"s3"})");
}

TEST_CASE("sha256 is what sha256sum prints") {
    CHECK(modified("", "sha256") ==
          "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(modified("abc", "sha256") ==
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("file makes of a path what the file holds") {
    CHECK(modified("/open", "file") == "open\n");
    CHECK(modified("/absent", "file") == "ERROR: the file /absent cannot be opened");
    CHECK(modified(words({"/open"}), "file").starts_with("ERROR: 'file' needs text"));
}

TEST_CASE("a secret file makes the text secret, another one does not") {
    const std::function<Result<FileText>(const std::string&)> read_file = read_fake;
    const std::array calls{ModifierCall{find_modifier("file"), ""}};
    const Value open = Value::quoted("/open");
    const Value hidden = Value::quoted("/secret");
    ModifierContext context{read_file};
    REQUIRE(apply_modifiers(&open, calls, context));
    CHECK_FALSE(context.read_secret);
    REQUIRE(apply_modifiers(&hidden, calls, context));
    CHECK(context.read_secret);
    CHECK(context.bytes_read == 11);
}

TEST_CASE("where no file can be read, file is an error") {
    const std::function<Result<FileText>(const std::string&)> read_file;
    const std::array calls{ModifierCall{find_modifier("file"), ""}};
    const Value value = Value::quoted("/open");
    ModifierContext context{read_file};
    CHECK(apply_modifiers(&value, calls, context).error().message == "no file can be read here");
}

TEST_CASE("a default is typed as plain text is") {
    const std::array calls{ModifierCall{find_modifier("default"), "8080"},
                           ModifierCall{find_modifier("json"), ""}};
    const auto number = applied(nullptr, calls);
    REQUIRE(number.has_value());
    CHECK(number->text() == "8080");
}

TEST_CASE("a missing value passes through what does not serve it") {
    const std::array calls{ModifierCall{find_modifier("upper"), ""}};
    const auto missing = applied(nullptr, calls);
    REQUIRE(missing.has_value());
    CHECK(missing->is_null());
    const Value null_text = plain("null");
    const auto null = applied(&null_text, calls);
    REQUIRE(null.has_value());
    CHECK(null->is_null());
}

TEST_CASE("join needs a list of scalars") {
    CHECK(modified(words({"a", "b", "c"}), "join", ", ") == "a, b, c");
    CHECK(modified(Value::list({}), "join", ",").empty());
    CHECK(modified("a", "join", ",") == "ERROR: 'join' needs a list, this is text");
    CHECK(modified(Value::list({plain("a"), words({"b"})}), "join", ",") ==
          "ERROR: 'join' needs a list of scalars, item 1 is a list");
}

TEST_CASE("indent puts blanks before each line, the first one too, empty ones aside") {
    CHECK(modified("a\n\nb\n", "indent", "2") == "  a\n\n  b\n");
    CHECK(modified("a", "indent", "0") == "a");
    CHECK(modified("", "indent", "4").empty());
}

TEST_CASE("yaml writes blocks, and strings that no reader takes for something else") {
    CHECK(modified(plain("1.10"), "yaml") == "1.10");
    CHECK(modified(plain("no"), "yaml") == "\"no\"");
    CHECK(modified(Value::quoted("1.10"), "yaml") == "\"1.10\"");
    CHECK(modified("plain-text/1", "yaml") == "plain-text/1");
    CHECK(modified("two words", "yaml") == "\"two words\"");
    CHECK(modified("two\nlines", "yaml") == R"("two\nlines")");
    CHECK(modified("", "yaml") == "\"\"");
    const Value nested =
        Value::map({{"list", words({"a", "1"})},
                    {"empty", Value::map({})},
                    {"none", Value::null()},
                    {"maps", Value::list({Value::map({{"x", plain("1")}, {"y", words({"2"})}}),
                                          Value::list({}), Value::list({words({"3"})})})}});
    CHECK(modified(nested, "yaml") == "empty: {}\n"
                                      "list:\n"
                                      "  - a\n"
                                      "  - 1\n"
                                      "maps:\n"
                                      "  - x: 1\n"
                                      "    \"y\":\n"
                                      "      - 2\n"
                                      "  - []\n"
                                      "  - - - 3\n"
                                      "none: null");
}

TEST_CASE("toml writes the right side of an assignment") {
    CHECK(modified("a \"b\"\x7f", "toml") == R"("a \"b\"\u007f")");
    CHECK(modified(plain("014"), "toml") == "14");
    CHECK(modified(plain("True"), "toml") == "true");
    CHECK(modified(plain("1e3"), "toml") == "1e3");
    CHECK(modified(plain("-.inf"), "toml") == "-inf");
    CHECK(modified(words({"1", "x"}), "toml") == R"([1, "x"])");
    CHECK(modified(Value::map({{"a b", plain("1")}, {"c", Value::map({})}}), "toml") ==
          R"({"a b" = 1, c = {}})");
    CHECK(modified(Value::list({Value::null()}), "toml") == "ERROR: TOML has no null");
}

TEST_CASE("xml and html escape what is markup") {
    CHECK(modified("<a b=\"c\">'&</a>", "xml") == "&lt;a b=&quot;c&quot;&gt;&apos;&amp;&lt;/a&gt;");
    CHECK(modified("<'&>", "html") == "&lt;&#39;&amp;&gt;");
    CHECK(modified("a\x02", "xml") == "ERROR: XML cannot carry the control character 0x02");
    CHECK(modified("a\xff", "xml") == "ERROR: XML cannot carry bytes that are not UTF-8");
}

TEST_CASE("url encodes all but unreserved characters") {
    CHECK(modified("a b/c?d=\u00e4&e~f-g.h_i", "url") == "a%20b%2Fc%3Fd%3D%C3%A4%26e~f-g.h_i");
}

TEST_CASE("base64 and back gives the same bytes") {
    // The examples of RFC 4648 section 10.
    constexpr std::array<std::array<const char*, 2>, 7> examples{{{"", ""},
                                                                  {"f", "Zg=="},
                                                                  {"fo", "Zm8="},
                                                                  {"foo", "Zm9v"},
                                                                  {"foob", "Zm9vYg=="},
                                                                  {"fooba", "Zm9vYmE="},
                                                                  {"foobar", "Zm9vYmFy"}}};
    for (const auto& [text, encoded] : examples) {
        CHECK(modified(text, "base64") == encoded);
        CHECK(modified(encoded, "unbase64") == text);
    }
    std::string all;
    for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
    CHECK(modified(modified(all, "base64"), "unbase64") == all);
    CHECK(modified("Zm9v\r\nYmFy\n", "unbase64") == "foobar");
}

TEST_CASE("what is not base64 is an error") {
    for (const char* text : {"Z", "Zg", "Zg=", "Zg===", "====", "Zm9v=", "Zg==Zg==", "Zh==", "Zm9=",
                             "Zm9_", "Z!==", "=Zg="}) {
        CAPTURE(text);
        CHECK(modified(text, "unbase64").starts_with("ERROR: it is not base64"));
    }
}

TEST_CASE("an unknown modifier suggests the nearest, Go's functions their counterparts") {
    CHECK(unknown_modifier("quot") == "unknown modifier 'quot' (did you mean 'quote'?)");
    CHECK(unknown_modifier("toYaml") == "unknown modifier 'toYaml' (did you mean 'yaml'?)");
    CHECK(unknown_modifier("zzzzzzzz") == "unknown modifier 'zzzzzzzz'");
}

TEST_CASE("arguments are checked against the table") {
    const std::string text = "x";
    const std::string number = "1000";
    const std::string large = "1001";
    CHECK(argument_fault(*find_modifier("upper"), nullptr).empty());
    CHECK_FALSE(argument_fault(*find_modifier("upper"), &text).empty());
    CHECK(argument_fault(*find_modifier("default"), &text).empty());
    CHECK_FALSE(argument_fault(*find_modifier("default"), nullptr).empty());
    CHECK(argument_fault(*find_modifier("indent"), &number).empty());
    CHECK_FALSE(argument_fault(*find_modifier("indent"), &large).empty());
    CHECK_FALSE(argument_fault(*find_modifier("indent"), &text).empty());
}

}  // TEST_SUITE("provision")
