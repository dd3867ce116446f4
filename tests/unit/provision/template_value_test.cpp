// SPDX-License-Identifier: Apache-2.0
#include "provision/template.h"

#include <doctest/doctest.h>

#include "unit/provision/template_fixture.h"

using namespace kaigara;
using namespace kaigara::test;
using namespace std::string_literals;

TEST_SUITE("provision") {

TEST_CASE("a value is printed by its path, in the original's form too") {
    CHECK(text_of("host={{app.db.host}};") == "host=db.example.org;");
    CHECK(text_of("host={{ .app.db.host }};") == "host=db.example.org;");
    CHECK(text_of("{{.app.db.port}}{{ app.db.port }}") == "54325432");
}

TEST_CASE("a scalar is printed as its author wrote it") {
    CHECK(text_of("{{app.version}} {{app.off}} {{app.zero}}") == "1.10 false 0");
}

TEST_CASE("an empty value prints nothing and is no error") {
    CHECK(text_of("[{{app.empty}}]") == "[]");
}

TEST_CASE("a digit step indexes a list, and a key with dots is found") {
    CHECK(text_of("{{hosts.0}} {{servers.1.name}} {{matrix.1.0}}") == "h1 two c");
    CHECK(text_of("{{app.conf}}") == "a key with dots");
}

TEST_CASE("nothing is escaped, and braces in a value stay as they are") {
    CHECK(text_of("{{app.motd}}") == "hello {{you}} & <all>");
}

TEST_CASE("modifiers chain from left to right, behind colons or pipes") {
    CHECK(text_of("{{name:upper:quote}}") == "\"OUTSIDE\"");
    CHECK(text_of("{{ .name | upper | quote }}") == "\"OUTSIDE\"");
    CHECK(text_of("{{name:upper | quote}}") == "\"OUTSIDE\"");
}

TEST_CASE("a default serves a missing and a null value, not an empty one") {
    CHECK(text_of("{{app.gone:default=hello}}") == "hello");
    CHECK(text_of("{{app.nothing:default=hello}}") == "hello");
    CHECK(text_of("[{{app.empty:default=hello}}]") == "[]");
    CHECK(text_of("{{name:default=hello}}") == "outside");
    CHECK(text_of("[{{app.gone:default=}}]") == "[]");
}

TEST_CASE("a default may stand behind other modifiers") {
    CHECK(text_of("{{app.gone:upper:default=hello:quote}}") == "\"hello\"");
}

TEST_CASE("blanks in an argument count, colons and delimiters in it are quoted") {
    CHECK(text_of("[{{app.gone:default= a b }}]") == "[ a b ]");
    CHECK(text_of(R"({{app.gone:default="http://h:80/}}":upper}})") == "HTTP://H:80/}}");
    CHECK(text_of(R"({{app.gone:default="a \"b\" \\ c\td"}})") == "a \"b\" \\ c\td");
    CHECK(text_of("{{hosts:join= | }}") == "h1 | h2 | h3");
}

TEST_CASE("an argument may be written as Go writes it") {
    CHECK(text_of(R"({{ .app.gone | default "hello you" | upper }})") == "HELLO YOU");
    CHECK(text_of("{{ .name | indent 2 }}") == "  outside");
    CHECK(text_of("{{ .app.gone | default=hello | upper }}") == "HELLO");
}

TEST_CASE("other delimiters leave the usual ones alone, until they are set back") {
    CHECK(text_of("{{=<% %>=}}<% name %> {{name}}<%={{ }}=%> {{name}}") ==
          "outside {{name}} outside");
    CHECK(text_of("{{=| |=}}|name||name|") == "outsideoutside");
}

TEST_CASE("of three braces the last two open, so that JSON's own may stand before") {
    CHECK(text_of(R"({"v":{{{app.version:json}}}})") == R"({"v":{1.10}})");
}

TEST_CASE("comments print nothing, over several lines too") {
    CHECK(text_of("a{{! one }}b{{! two\nthree }}c") == "abc");
}

TEST_CASE("every byte of the text comes out as it went in") {
    std::string all;
    for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
    CHECK(text_of(all + all) == all + all);
    CHECK(text_of("{{!x}}"s + all + "{{name}}" + all) == all + "outside" + all);
}

TEST_CASE("a backslash behind a marker stays, at a line's end too") {
    CHECK(text_of("{{#app.on}}\\\nx{{/app.on}}\\\n") == "\\\nx\\\n");
    CHECK(text_of("\\\n{{#app.on}}\\{{! c }}\ny{{/app.on}}") == "\\\n\\\ny");
    CHECK(text_of("{{name}}\\\n") == "outside\\\n");
}

TEST_CASE("what looks like the engine's own markers is text") {
    const std::string fake = "\x01V0\x02 \x01#V0\x02 {{=\x01 \x02=";
    CHECK(text_of("{{=<% %>=}}" + fake + "<%name%>") == fake + "outside");
}

TEST_CASE("an empty template makes an empty text") {
    CHECK(text_of("").empty());
    CHECK(text_of("\n") == "\n");
}

TEST_CASE("line ends are kept as they are") {
    CHECK(text_of("a\r\n{{name}}\r\nb") == "a\r\noutside\r\nb");
}

TEST_CASE("printing a secret, or deciding by one, is told") {
    const Tree tree = sample_tree();
    const auto used = [&tree](std::string_view source) {
        const auto rendered = render(source, tree);
        REQUIRE(rendered.has_value());
        return rendered->used_secret;
    };
    CHECK_FALSE(used("{{name}} {{#app.on}}x{{/app.on}}{{#app}}{{db.host}}{{/app}}"));
    CHECK(used("{{app.password}}"));
    CHECK(used("{{app.password:default=x:quote}}"));
    CHECK(used("{{#app.password}}set{{/app.password}}"));
    CHECK(used("{{^app.password}}not set{{/app.password}}"));
    CHECK(used("{{app:json}}"));
    CHECK_FALSE(used("{{app.db:json}}"));
}

}  // TEST_SUITE("provision")
