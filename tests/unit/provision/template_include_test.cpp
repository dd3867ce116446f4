// SPDX-License-Identifier: Apache-2.0
#include "provision/template.h"

#include <doctest/doctest.h>

#include "unit/provision/template_fixture.h"

using namespace kaigara;
using namespace kaigara::test;

TEST_SUITE("provision") {

TEST_CASE("an included template sees the names of the place that includes it") {
    CHECK(text_of("{{#servers}}{{>server.tmpl}};{{/servers}}", {{"server.tmpl", "{{name}}"}}) ==
          "one;two;");
    CHECK(text_of("{{> a }}", {{"a", "{{>b}}"}, {"b", "{{name}}"}}) == "outside");
}

TEST_CASE("an include is indented as its marker is") {
    const Files files{{"i", "x:\n  y\n\nz\n"}};
    CHECK(text_of("a:\n  {{>i}}\nb", files) == "a:\n  x:\n    y\n\n  z\nb");
    CHECK(text_of("a:\n\t{{>i}}", files) == "a:\n\tx:\n\t  y\n\n\tz\n");
    CHECK(text_of("  {{>i}}!", files) == "  x:\n    y\n\n  z\n!");
}

TEST_CASE("indentations of includes within includes add up") {
    CHECK(text_of("1\n  {{>a}}\n1\n", {{"a", "2\n {{>b}}\n2\n"}, {"b", "3\n3\n"}}) ==
          "1\n  2\n   3\n   3\n  2\n1\n");
}

TEST_CASE("values of several lines are indented with the include") {
    const Tree tree(Value::map({{"pem", Value::quoted("BEGIN\nMII\nEND")}}));
    CHECK(text_of("k: |\n  {{>p}}\n", tree, {{"p", "{{pem}}\n"}}) ==
          "k: |\n  BEGIN\n  MII\n  END\n");
}

TEST_CASE("an include behind text is not indented") {
    CHECK(text_of("  a: {{>i}}\n", {{"i", "x\ny"}}) == "  a: x\ny\n");
}

TEST_CASE(
    "an include with a line for itself ends its line once, and leaves none when it is empty") {
    CHECK(text_of("a\n{{>i}}\nb\n", {{"i", "x"}}) == "a\nx\nb\n");
    CHECK(text_of("a\n{{>i}}\nb\n", {{"i", "x\n"}}) == "a\nx\nb\n");
    CHECK(text_of("a\n  {{>i}}\nb\n", {{"i", ""}}) == "a\nb\n");
    CHECK(text_of("a\r\n{{>i}}\r\nb\r\n", {{"i", "x"}}) == "a\r\nx\r\nb\r\n");
    CHECK(text_of("{{#hosts}}{{>i}}{{/hosts}}\nb", {{"i", "- {{.}}"}}) == "- h1\n- h2\n- h3\nb");
}

TEST_CASE("other delimiters hold for their file alone") {
    CHECK(text_of("{{=<% %>=}}<%>i%> <%name%>", {{"i", "{{name}}"}}) == "outside outside");
    CHECK(text_of("{{>i}} {{name}}", {{"i", "{{=<% %>=}}<%name%>"}}) == "outside outside");
}

TEST_CASE("errors name the included file") {
    CHECK(errors_of("a\n{{>i}}", {{"i", "\n {{app.db.hots}}"}}) ==
          "i:2:2: no value for 'app.db.hots' (did you mean 'app.db.host'?)");
    CHECK(errors_of("{{>i}}", {{"i", "{{#a}}"}}) ==
          "i:1:1: section is not closed: '{{/a}}' is missing");
}

TEST_CASE("a file that cannot be loaded is an error at its first include, shown or not") {
    CHECK(errors_of("a\n {{>gone}}{{>gone}}") ==
          "main.tmpl:2:2: cannot include 'gone': no such file");
    CHECK(errors_of("{{#app.off}}{{>gone}}{{/app.off}}") ==
          "main.tmpl:1:13: cannot include 'gone': no such file");
    const auto rendered = provision::render_template("{{>x}}", "m", sample_tree(), {});
    REQUIRE_FALSE(rendered.has_value());
    CHECK(rendered.error().front().text() ==
          "m:1:1: cannot include 'x': nothing can be included here");
}

TEST_CASE("a file is loaded once, however often it is included") {
    int loads = 0;
    provision::TemplateOptions options;
    options.load_include = [&loads](std::string_view) -> Result<std::string> {
        ++loads;
        return std::string("x");
    };
    const auto rendered = provision::render_template("{{>i}}{{>i}}{{#hosts}}{{>i}}{{/hosts}}", "m",
                                                     sample_tree(), options);
    REQUIRE(rendered.has_value());
    CHECK(rendered->text == "xxxxx");
    CHECK(loads == 1);
}

TEST_CASE("files may include each other as deep as the data goes") {
    const Tree tree(Value::map(
        {{"node",
          Value::map({{"v", plain("1")},
                      {"next", Value::map({{"v", plain("2")}, {"next", Value::null()}})}})}}));
    CHECK(text_of("{{#node}}{{>n}}{{/node}}", tree, {{"n", "{{v}}{{#next}}>{{>n}}{{/next}}"}}) ==
          "1>2");
}

TEST_CASE("a circle of includes is an error that names it") {
    CHECK(errors_of("{{>a}}", {{"a", "x\n {{>b}}"}, {"b", "{{>a}}"}}) ==
          "b:1:1: files are included deeper than 32: a includes b includes a");
    CHECK(errors_of("{{>main.tmpl}}") ==
          "main.tmpl:1:1: files are included deeper than 32: main.tmpl includes main.tmpl");
}

TEST_CASE("a circle with many branches ends as soon") {
    CHECK(errors_of("{{>a}}", {{"a", "{{>a}}{{>a}}{{>a}}{{>a}}"}}) ==
          "a:1:1: files are included deeper than 32: a includes a");
}

TEST_CASE("32 files within each other are fine, 33 are not") {
    Files files;
    for (int i = 1; i < 32; ++i)
        files["f" + std::to_string(i)] = "{{>f" + std::to_string(i + 1) + "}}";
    files["f32"] = "deep";
    CHECK(text_of("{{>f1}}", files) == "deep");
    files["f32"] = "{{>f33}}";
    files["f33"] = "deeper";
    CHECK(errors_of("{{>f1}}", files) ==
          "f32:1:1: files are included deeper than 32: f30 includes f31 includes f32 includes f33");
}

}  // TEST_SUITE("provision")
