// SPDX-License-Identifier: Apache-2.0

// CONTRACT 4, a user's view of the language: a template with each marker and each modifier goes
// through the program, byte for byte. The fine points of each are unit tests.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "support/expect.h"
#include "support/provision_scene.h"
#include "support/world.h"

using namespace kaigara::test;

namespace {

constexpr const char* sample = "app:\n"
                               "  db: {host: localhost, port: 5432}\n"
                               "  name: web\n"
                               "  motd: null\n"
                               "  empty: ''\n"
                               "  braces: 'a {{x}} <&> \"q\"'\n"
                               "  text: \"one\\n\\ntwo\"\n"
                               "  tricky: \"it's $HOME \\\"q\\\"\"\n"
                               "  pad: '  x  '\n"
                               "  code: aGVsbG8=\n"
                               "version: 1.10\n"
                               "octal: 014\n"
                               "off: no\n"
                               "zero: 0\n"
                               "not: false\n"
                               "hosts: [a, b, c]\n"
                               "none: []\n"
                               "users: {zoe: 1, adam: 2}\n"
                               "servers:\n"
                               "  - {name: one, tls: {cert: x.pem}}\n"
                               "  - {name: two}\n";

Outcome render(const std::string& text, std::string_view metadata = sample,
               Strings environment = {}) {
    const ProvisionScene scene;
    scene.metadata(metadata);
    scene.resource("t.tmpl", text);
    scene.resource("part.tmpl", "part of {{app.name}}\nsecond\n");
    return scene.outcome("render", {"t"}, std::move(environment));
}

struct Row {
    std::string text;
    std::string expected;
};

// All rows in one template, a line each; the lines that differ are told.
void check_rows(const std::vector<Row>& rows, std::string_view metadata = sample) {
    std::string text;
    for (const Row& row : rows) text += row.text + "|\n";
    const Strings lines = lines_of(quiet_success(render(text, metadata)));
    REQUIRE(lines.size() == rows.size());
    for (std::size_t at = 0; at < rows.size(); ++at) {
        CAPTURE(rows[at].text);
        CHECK(lines[at] == rows[at].expected + "|");
    }
}

void check_bad(const std::string& text, const Strings& texts) {
    CAPTURE(text);
    check_refused(render(text), "exit 65", texts);
}

}  // namespace

TEST_SUITE("contract") {

TEST_CASE("values are printed as they are written, in both spellings, and never escaped") {
    check_rows({{"{{app.db.host}}", "localhost"},
                {"{{ .app.db.host }}", "localhost"},
                {"{{ .app.name | upper }}", "WEB"},
                {"{{version}} {{octal}} {{off}}", "1.10 014 no"},
                {"{{app.braces}}", "a {{x}} <&> \"q\""},
                {"{{hosts.1}}", "b"},
                {"{{app.empty}}", ""},
                {"{{! a comment }}x", "x"},
                {"{{=<% %>=}}<%app.name%> {{app.name}}<%={{ }}=%>", "web {{app.name}}"}});
}

TEST_CASE("sections are for items, maps and true values, their inverse for all others") {
    check_rows(
        {{"{{#hosts}}[{{.}}]{{/hosts}}", "[a][b][c]"},
         {"{{#app}}{{name}}{{/app}}", "web"},
         {"{{#zero}}0 is true{{/zero}}", "0 is true"},
         {"{{#off}}no is text{{/off}}", "no is text"},
         {"{{#not}}x{{/not}}{{#none}}x{{/none}}", ""},
         {"{{^not}}a{{/not}}{{^none}}b{{/none}}{{^gone}}c{{/gone}}", "abc"},
         {"{{^app.motd}}d{{/app.motd}}{{^app.empty}}e{{/app.empty}}", "de"},
         {"{{#gone:optional}}x{{/gone}}", ""},
         {"{{#servers}}{{name}}@{{app.db.host}} {{/servers}}", "one@localhost two@localhost "},
         {"{{#servers}}{{#tls}}{{cert}}{{/tls}}{{/servers}}", "x.pem"},
         {"{{#hosts}}{{.}}{{#hosts_separator}}, {{/hosts_separator}}{{/hosts}}", "a, b, c"},
         {"{{#hosts}}{{@index}}{{/hosts}}", "012"},
         {"{{#each:users}}{{@key}}={{.}} {{/each:users}}", "adam=2 zoe=1 "}});
}

TEST_CASE("each modifier does what it says, through the program") {
    check_rows({{"{{gone:default=hello:quote}}", "\"hello\""},
                {"{{gone:default= a }}", " a "},
                {"{{app.motd:default=d}}{{app.empty:default=d}}", "d"},
                {"{{gone:default=\"a:b}}c\"}}", "a:b}}c"},
                {"{{app.name:required=say a name}}", "web"},
                {"{{app.db:json}}", "{\"host\":\"localhost\",\"port\":5432}"},
                {"{{octal:json}} {{off:json}} {{version:json}}", "14 \"no\" 1.10"},
                {"{{app.name:yaml}} {{off:yaml}}", "web \"no\""},
                {"{{hosts:toml}}", "[\"a\", \"b\", \"c\"]"},
                {"{{app.tricky:shell}}", "'it'\\''s $HOME \"q\"'"},
                {"{{app.tricky:quote}}", "\"it's $HOME \\\"q\\\"\""},
                {"{{app.braces:xml}}", "a {{x}} &lt;&amp;&gt; &quot;q&quot;"},
                {"{{app.braces:html}}", "a {{x}} &lt;&amp;&gt; &quot;q&quot;"},
                {"{{app.pad:url}}", "%20%20x%20%20"},
                {"{{app.name:base64}} {{app.code:unbase64}}", "d2Vi hello"},
                {"{{app.name:upper}} {{app.name:upper:lower}}", "WEB web"},
                {"{{app.pad:trim}}", "x"},
                {"{{app.name:indent=3}}", "   web"},
                {"{{hosts:join=, }}", "a, b, c"},
                {"{{hosts:join=\"\\t\"}}", "a\tb\tc"},
                {"{{app.name:sha256}}",
                 "4b5e57f6eb2f42b9039b3d1e13929295f231749c510cbe341cd68036d9af97e2"}});
}

TEST_CASE("sha256 is that of sha256sum, and file the contents of the file it names") {
    const ProvisionScene scene;
    const std::string file = scene.folder().write("named", "first\n{{second}}\n");
    scene.metadata("path: " + file + "\n");
    scene.resource("t.tmpl", "{{path:file}}{{path:file:sha256}}\n");
    const Outcome sum = run({.words = {"/usr/bin/sha256sum", file}});
    CHECK(quiet_success(scene.outcome("render", {"t"})) ==
          "first\n{{second}}\n" + sum.output.substr(0, 64) + "\n");
    scene.metadata("path: " + file + "-gone\n");
    check_refused(scene.outcome("render", {"t"}), "exit 65", {"t.tmpl:1:1", file + "-gone"});
}

TEST_CASE("indent indents the first line too, and no empty one") {
    CHECK(quiet_success(render("{{app.text:indent=2}}\n")) == "  one\n\n  two\n");
    CHECK(quiet_success(render("x:\n{{users:yaml:indent=2}}\n")) == "x:\n  adam: 2\n  zoe: 1\n");
}

TEST_CASE("an include is indented as its marker is, and leaves no line of its own") {
    CHECK(quiet_success(render("a:\n  {{>part.tmpl}}\nb\n")) == "a:\n  part of web\n  second\nb\n");
    CHECK(quiet_success(render("{{#servers}}\n{{>part.tmpl}}\n{{/servers}}\n")) ==
          "part of web\nsecond\npart of web\nsecond\n");
}

TEST_CASE("a line of section and comment markers leaves no blank line, others stay") {
    CHECK(quiet_success(render("a\n{{#hosts}}\n  {{! comment }}\n{{.}}\n\n  {{/hosts}}\nz\n")) ==
          "a\na\n\nb\n\nc\n\nz\n");
    CHECK(quiet_success(render("{{^none}}\r\nx\r\n{{/none}}\r\n")) == "x\r\n");
    CHECK(quiet_success(render("{{#not}}\nx\n{{/not}}")) == "");
}

TEST_CASE("every byte outside of markers comes out as it went in") {
    const std::string bytes = std::string("\0\x01\xff \t{ } }} \\\n\r\n", 15) + "last";
    CHECK(quiet_success(render(bytes)) == bytes);
}

TEST_CASE("a misspelt name is one line with file:line:column, the name and the nearest") {
    const Outcome outcome = render("x\n  {{app.db.hots}}\n");
    check_refused(outcome, "exit 65", {});
    REQUIRE(lines_of(outcome.errors).size() == 1);
    for (const std::string& text : Strings{"t.tmpl:2:3", "'app.db.hots'", "'app.db.host'"}) {
        CAPTURE(text);
        CHECK_MESSAGE(has(outcome.errors, text), outcome.errors);
    }
}

TEST_CASE("what is missing or does not fit is told with its place, all in one go") {
    check_bad("{{#hots}}x{{/hots}}\n{{app.motd}}\n{{gone:required=say a name}}\n{{app.db}}\n",
              {"t.tmpl:1:1", "'hosts'", "t.tmpl:2:1", "t.tmpl:3:1", "say a name", "t.tmpl:4:1"});
    check_bad("{{#servers}}{{tsl}}{{/servers}}", {"t.tmpl:1:13", "'tls'"});
    check_bad("{{app.name:uper}}", {"t.tmpl:1:1", "upper"});
    check_bad("{{app.name:indent=x}}", {"t.tmpl:1:1", "indent"});
    check_bad("{{app.name:unbase64}}", {"t.tmpl:1:1"});
    check_bad("{{app.db:join=,}}", {"t.tmpl:1:1"});
    check_bad("{{app.motd:toml:required=x}}", {"t.tmpl:1:1"});
}

TEST_CASE("broken markers are told with their places") {
    check_bad("x\n{{#hosts}}\n", {"t.tmpl:2:1", "hosts"});
    check_bad("{{/hosts}}", {"t.tmpl:1:1"});
    check_bad("{{#hosts}}{{#app}}{{/hosts}}{{/app}}", {"t.tmpl:1:19"});
    check_bad("x {{app.name\n", {"t.tmpl:1:3"});
    check_bad("{{==}}", {"t.tmpl:1:1"});
    check_bad("{{}}", {"t.tmpl:1:1"});
    check_bad("{{range .hosts}}{{end}}", {"t.tmpl:1:1", "{{#name}}"});
    check_bad("{{>gone.tmpl}}", {"t.tmpl:1:1", "gone.tmpl"});
    check_bad("{{>../../etc/passwd}}", {"t.tmpl:1:1"});
}

TEST_CASE("a message about a secret does not show it") {
    const ProvisionScene scene;
    const std::string secret = scene.folder().write("secret", "hunter2\n");
    scene.resource("t.tmpl", "{{password:unbase64:json}} {{password.x}}\n");
    const Outcome outcome =
        scene.outcome("render", {"t"}, {"KAIGARA_META_password_FILE=" + secret});
    check_refused(outcome, "exit 65", {"t.tmpl:1:"});
    CHECK_MESSAGE(!has(outcome.errors, "hunter2"), outcome.errors);
}

}  // TEST_SUITE("contract")
