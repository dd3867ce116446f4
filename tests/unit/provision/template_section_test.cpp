// SPDX-License-Identifier: Apache-2.0
#include "provision/template.h"

#include <doctest/doctest.h>

#include "unit/provision/template_fixture.h"

using namespace kaigara;
using namespace kaigara::test;

TEST_SUITE("provision") {

TEST_CASE("a section is walked for each item of a list") {
    CHECK(text_of("{{#hosts}}<{{.}}>{{/hosts}}") == "<h1><h2><h3>");
    CHECK(text_of("{{#servers}}{{name}};{{/servers}}") == "one;two;");
}

TEST_CASE("a section is walked once for a map or a true value") {
    CHECK(text_of("{{#app.db}}{{host}}:{{port}}{{/app.db}}") == "db.example.org:5432");
    CHECK(text_of("{{#name}}[{{.}}]{{/name}}") == "[outside]");
    CHECK(text_of("{{#app.on}}yes{{/app.on}}{{#app.zero}} zero{{/app.zero}}") == "yes zero");
}

TEST_CASE("a section is not walked when its value is null, false or empty") {
    for (const char* name : {"app.nothing", "app.off", "app.empty", "app.no_items"}) {
        CAPTURE(name);
        const std::string path(name);
        CHECK(text_of("{{#" + path + "}}x{{/" + path + "}}").empty());
        CHECK(text_of("{{^" + path + "}}x{{/" + path + "}}") == "x");
    }
}

TEST_CASE("an inverted section stands for a missing value too") {
    CHECK(text_of("{{^app.gone}}none{{/app.gone}}{{^name}}x{{/name}}") == "none");
}

TEST_CASE("names are looked for in the item, then outwards") {
    CHECK(text_of("{{#servers}}{{name}} {{app.version}} {{#ports}}{{.}}@{{name}} "
                  "{{/ports}}{{/servers}}") == "one 1.10 80@one 443@one two 1.10 8080@two ");
    CHECK(text_of("{{#hosts}}{{name}} {{/hosts}}") == "outside outside outside ");
}

TEST_CASE("the first step of a name decides where it stays") {
    const Tree tree(
        Value::map({{"tls", Value::map({{"cert", plain("c")}, {"key", plain("k")}})},
                    {"item", Value::map({{"tls", Value::map({{"cert", plain("i")}})}})}}));
    CHECK(text_of("{{#item}}{{tls.cert}}{{/item}}", tree) == "i");
    CHECK(errors_of("{{#item}}{{tls.key}}{{/item}}", tree) ==
          "main.tmpl:1:10: no value for 'tls.key'");
}

TEST_CASE("a condition is no item: the dot inside it is the item outside") {
    CHECK(text_of("{{#hosts}}{{#app.on}}{{.}} {{/app.on}}{{/hosts}}") == "h1 h2 h3 ");
}

TEST_CASE("lists of lists are walked with the dot") {
    CHECK(text_of("{{#matrix}}{{#.}}{{.}}{{/.}}|{{/matrix}}") == "ab|cd|");
    CHECK(text_of("{{#matrix}}{{1}}{{/matrix}}") == "bd");
}

TEST_CASE("a separator stands between items, not behind the last one") {
    CHECK(text_of("{{#hosts}}{{.}}{{#hosts_separator}}, {{/hosts_separator}}{{/hosts}}") ==
          "h1, h2, h3");
    CHECK(text_of("{{#servers.0.ports}}{{.}}{{#servers.0.ports_separator}}+"
                  "{{/servers.0.ports_separator}}{{/servers.0.ports}}") == "80+443");
}

TEST_CASE("separators of nested lists are told apart, and may stand deeper or twice") {
    CHECK(text_of("{{#servers}}{{#ports}}{{.}}{{#ports_separator}},{{/ports_separator}}{{/ports}}"
                  "{{#servers_separator}};{{/servers_separator}}{{/servers}}") == "80,443;8080");
    CHECK(text_of("{{#hosts}}{{.}}{{#app.on}}{{#hosts_separator}}-{{/hosts_separator}}{{/app.on}}"
                  "{{#hosts_separator}}>{{/hosts_separator}}{{/hosts}}") == "h1->h2->h3");
}

TEST_CASE("a separator may say what stands between maps' entries") {
    CHECK(text_of(
              "{{#each:users}}{{@key}}{{#users_separator}},{{/users_separator}}{{/each:users}}") ==
          "alice,bob");
}

TEST_CASE("the index counts items from 0, in the innermost list") {
    CHECK(text_of("{{#hosts}}{{@index}}={{.}} {{/hosts}}") == "0=h1 1=h2 2=h3 ");
    CHECK(text_of("{{#servers}}{{@index}}:{{#ports}}{{@index}}{{/ports}} {{/servers}}") ==
          "0:01 1:0 ");
    CHECK(text_of("{{#hosts}}{{#app.on}}{{@index}}{{/app.on}}{{/hosts}}") == "012");
}

TEST_CASE("each walks the entries of a map in key order") {
    CHECK(text_of("{{#each:users}}{{@index}} {{@key}}={{.}};{{/each:users}}") ==
          "0 alice=1000;1 bob=1001;");
    CHECK(text_of("{{#each:hosts}}{{@index}}{{.}}{{/each:hosts}}") == "0h11h22h3");
    CHECK(text_of("{{#each:users}}{{#hosts}}{{@key}}{{/hosts}} {{/each:users}}") ==
          "alicealicealice bobbobbob ");
}

TEST_CASE("a line that holds only section and comment markers is no line of the output") {
    CHECK(text_of("a\n{{#hosts}}\n- {{.}}\n{{/hosts}}\nb\n") == "a\n- h1\n- h2\n- h3\nb\n");
    CHECK(text_of("a\n  {{! comment }}  \nb") == "a\nb");
    CHECK(text_of("a\n{{! several\nlines }}\nb") == "a\nb");
    CHECK(text_of("{{#app.on}}{{^app.gone}}\nx\n{{/app.gone}} {{/app.on}}\n") == "x\n");
    CHECK(text_of("a\r\n{{#app.on}}\r\nx\r\n{{/app.on}}\r\nb") == "a\r\nx\r\nb");
    CHECK(text_of("{{=<% %>=}}\n<%name%>") == "outside");
    CHECK(text_of("a\n{{#app.on}}x\n{{/app.on}}") == "a\nx\n");
    CHECK(text_of("{{#app.on}}\nx\n  {{/app.on}}") == "x\n");
}

TEST_CASE("a line that holds more than such markers stays whole") {
    CHECK(text_of(" {{#app.on}} x\n {{/app.on}}\ny") == "  x\ny");
    CHECK(text_of("  {{app.empty}}\n") == "  \n");
    CHECK(text_of("\n\n{{! c }}\n\n") == "\n\n\n");
}

TEST_CASE("a name that only some items have is not nowhere") {
    CHECK(text_of("{{#servers}}{{#tls}}{{cert}}{{/tls}}.{{/servers}}") == "one.pem..");
    CHECK(text_of("{{#servers}}{{#app.off}}{{/app.off}}{{#tls.cert}}t{{/tls.cert}}{{/servers}}") ==
          "t");
}

TEST_CASE("that holds where the items that have it are not walked") {
    const Value backend = Value::map({{"url", plain("u")}});
    const Value rich = Value::map({{"url", plain("v")}, {"tls", plain("t")}});
    const Tree tree(Value::map(
        {{"list",
          Value::list(
              {Value::map({{"live", plain("true")}, {"backends", Value::list({backend})}}),
               Value::map({{"live", plain("false")}, {"backends", Value::list({rich})}})})}}));
    CHECK(text_of("{{#list}}{{#live}}{{#backends}}{{url}}{{#tls}}{{.}}{{/tls}}{{/backends}}{{/"
                  "live}}{{/list}}",
                  tree) == "u");
}

TEST_CASE("a section on a name that exists nowhere is an error") {
    CHECK(errors_of("{{#app.nope}}x{{/app.nope}}") ==
          "main.tmpl:1:1: section 'app.nope' names nothing that exists; where it may be absent, "
          "write {{#app.nope:optional}} or add {{^app.nope}}");
    CHECK(errors_of("{{#servers}}{{#tsl}}{{/tsl}}{{/servers}}")
              .starts_with("main.tmpl:1:13: section 'tsl' names nothing that exists"));
    CHECK(errors_of("{{#each:user}}{{/each:user}}")
              .starts_with("main.tmpl:1:1: section 'user' names nothing that exists (did you mean "
                           "'users'?); where it may be absent, write {{#each:user:optional}}"));
}

TEST_CASE("unless it is optional, or its inverse is written") {
    CHECK(text_of("{{#app.nope:optional}}x{{/app.nope}}.") == ".");
    CHECK(text_of("{{#each:nope:optional}}x{{/each:nope}}.") == ".");
    CHECK(text_of("{{#app.nope}}x{{/app.nope}}{{^app.nope}}none{{/app.nope}}") == "none");
    CHECK(text_of("{{#name:optional}}{{.}}{{/name}}") == "outside");
}

TEST_CASE("what an unwalked section holds is not asked for") {
    CHECK(text_of("{{#app.off}}{{app.gone}}{{#nowhere}}{{/nowhere}}{{/app.off}}.") == ".");
}

}  // TEST_SUITE("provision")
