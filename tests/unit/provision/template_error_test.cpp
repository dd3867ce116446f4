// SPDX-License-Identifier: Apache-2.0
#include "provision/template.h"

#include <chrono>

#include <doctest/doctest.h>

#include "provision/template_program.h"
#include "unit/provision/template_fixture.h"

using namespace kaigara;
using namespace kaigara::test;
using namespace std::string_literals;

TEST_SUITE("provision") {

TEST_CASE("a misspelt name is told with its place and the nearest name") {
    CHECK(errors_of("x\n  {{app.db.hots}}") ==
          "main.tmpl:2:3: no value for 'app.db.hots' (did you mean 'app.db.host'?)");
    CHECK(errors_of("{{ .ap.db.host }}") ==
          "main.tmpl:1:1: no value for 'ap.db.host' (did you mean 'app.db.host'?)");
    CHECK(errors_of("{{zzzzzz}}") == "main.tmpl:1:1: no value for 'zzzzzz'");
}

TEST_CASE("inside a list the item is told too") {
    CHECK(errors_of("{{#servers}}{{nme}}{{/servers}}") ==
          "main.tmpl:1:13: no value for 'nme' in 'servers.0' (did you mean 'name'?)");
    CHECK(errors_of("{{#servers}}{{tls.cert}}{{/servers}}") ==
          "main.tmpl:1:13: no value for 'tls.cert' in 'servers.1'");
    CHECK(errors_of("{{#each:users}}{{.}}{{uid}}{{/each:users}}")
              .starts_with("main.tmpl:1:21: no value for 'uid' in 'users.alice'"));
    CHECK(errors_of("{{#servers}}{{#ports}}{{x}}{{/ports}}{{/servers}}") ==
          "main.tmpl:1:23: no value for 'x' in 'servers.0.ports.0'");
}

TEST_CASE("all errors are told in one go, each marker once, in their order") {
    CHECK(errors_of("{{app.zzz}}\n{{#hosts}}{{zzz}}{{/hosts}}\n{{app.nothing}}\n{{app}}") ==
          "main.tmpl:1:1: no value for 'app.zzz'\n"
          "main.tmpl:2:11: no value for 'zzz' in 'hosts.0'\n"
          "main.tmpl:3:1: no value for 'app.nothing': it is null\n"
          "main.tmpl:4:1: 'app' is a map: name one of its values, or use json or yaml");
}

TEST_CASE("all errors are the data's fault") {
    const auto rendered = render("{{gone}}{{#gone}}{{/gone}}", sample_tree());
    REQUIRE_FALSE(rendered.has_value());
    CHECK(rendered.error().size() == 2);
    for (const Error& error : rendered.error()) CHECK(error.fault == Fault::bad_data);
}

TEST_CASE("a map or a list is not printed as it is") {
    CHECK(errors_of("{{app.db}}") ==
          "main.tmpl:1:1: 'app.db' is a map: name one of its values, or use json or yaml");
    CHECK(errors_of("{{hosts}}") ==
          "main.tmpl:1:1: 'hosts' is a list: walk it with {{#hosts}}, or use join= or json");
    CHECK(errors_of("{{#servers}}{{.}}{{/servers}}").starts_with("main.tmpl:1:13: '.' is a map"));
    CHECK(errors_of("{{hosts:upper}}")
              .starts_with("main.tmpl:1:1: 'hosts': 'upper' needs text, this is a list"));
}

TEST_CASE("required= says what its author wrote") {
    CHECK(errors_of("{{app.db.pass:required=set KAIGARA_META_app__db__pass}}")
              .ends_with(": set KAIGARA_META_app__db__pass"));
    CHECK(errors_of("{{app.nothing:required=fill it}}") ==
          "main.tmpl:1:1: no value for 'app.nothing': it is null: fill it");
    CHECK(text_of("{{name:required=x}}[{{app.empty:required=x}}]") == "outside[]");
}

TEST_CASE("sections that multiply end at a limit of steps, and the error is told once") {
    provision::TemplateOptions options;
    options.most_steps = 1000;
    const std::string_view nested = "{{#hosts}}{{#hosts}}{{#hosts}}{{#hosts}}{{#hosts}}{{#hosts}}x"
                                    "{{/hosts}}{{/hosts}}{{/hosts}}{{/hosts}}{{/hosts}}{{/hosts}}";
    const auto rendered = provision::render_template(nested, "main.tmpl", sample_tree(), options);
    REQUIRE_FALSE(rendered);
    REQUIRE(rendered.error().size() == 1);
    CHECK(rendered.error().front().where.starts_with("main.tmpl:1:"));
    CHECK(rendered.error().front().message.starts_with("rendering takes more than 1000 steps"));
    CHECK(provision::render_template("{{#hosts}}x{{/hosts}}", "main.tmpl", sample_tree(), options)
              ->text == "xxx");
}

TEST_CASE("required= shows bytes that are no text as what they are") {
    CHECK(errors_of("{{app.db.pass:required=a\xff\x1b[2Jb}}").ends_with(": a\\xff\\x1b[2Jb"));
    CHECK(errors_of("{{app.db.pass:required=\"a\\nb\"}}").ends_with(": a\\x0ab"));
}

TEST_CASE("counters stand in sections only") {
    CHECK(errors_of("{{@index}}") ==
          "main.tmpl:1:1: '@index' stands outside of any section over a list or map");
    CHECK(errors_of("{{#hosts}}{{@key}}{{/hosts}}") ==
          "main.tmpl:1:11: '@key' stands outside of any {{#each:map}}");
    CHECK(errors_of("{{@indx}}") == "main.tmpl:1:1: '@indx' is unknown (did you mean '@index'?)");
    CHECK(errors_of("{{#@index}}{{/@index}}")
              .starts_with("main.tmpl:1:1: '@index' is a value, not a section"));
    CHECK(errors_of("{{#each:name}}{{/each:name}}") ==
          "main.tmpl:1:1: 'each:' needs a map or a list, 'name' is text");
}

TEST_CASE("a section has to be closed, once, and in its turn") {
    CHECK(errors_of("a\n {{#app}}x") ==
          "main.tmpl:2:2: section is not closed: '{{/app}}' is missing");
    CHECK(errors_of("{{#each:users}}") ==
          "main.tmpl:1:1: section is not closed: '{{/each:users}}' is missing");
    CHECK(errors_of("x{{/app}}") == "main.tmpl:1:2: '{{/app}}' closes nothing: no section is open");
    CHECK(errors_of("{{#app}}\n{{#hosts}}\n{{/app}}\n{{/hosts}}") ==
          "main.tmpl:3:1: '{{/app}}' stands where '{{/hosts}}' has to close the section opened at "
          "main.tmpl:2:1");
    CHECK(errors_of("{{#app}}{{/apq}}{{/app}}") ==
          "main.tmpl:1:9: '{{/apq}}' stands where '{{/app}}' has to close the section opened at "
          "main.tmpl:1:1");
    CHECK(errors_of("{{#each:users}}{{/users}}{{/each:users}}")
              .starts_with("main.tmpl:1:16: '{{/users}}' stands where '{{/each:users}}' has to"));
}

TEST_CASE("a marker that is not closed on its line is an error where it begins") {
    for (const char* source : {"a {{app.db.host\n}}", "a {{", "a {{ ", "a {{app.db.host}",
                               "a {{#app\n}}", "a {{>x", "a {{name:default=x", "a {{name:upper"}) {
        CAPTURE(source);
        CHECK(errors_of(source).starts_with(
            "main.tmpl:1:3: marker is not closed on its line: '}}' is missing"));
    }
    CHECK(errors_of("a {{! b\nc").starts_with("main.tmpl:1:3: comment is not closed"));
    CHECK(
        errors_of("{{name:default=\"x}}").starts_with("main.tmpl:1:1: the quotes of an argument"));
    CHECK(errors_of("{{=<% %>=}}<%name}}")
              .starts_with("main.tmpl:1:12: marker is not closed on its line: '%>' is missing"));
}

TEST_CASE("a bad name is an error, and other languages' actions are known") {
    CHECK(errors_of("{{}}") == "main.tmpl:1:1: marker without a name");
    CHECK(errors_of("{{a..b}}").starts_with("main.tmpl:1:1: 'a..b' is no name"));
    CHECK(errors_of("{{a.}}").starts_with("main.tmpl:1:1: 'a.' is no name"));
    CHECK(errors_of("{{a\xff}}").starts_with("main.tmpl:1:1: 'a\\xff' is no name"));
    CHECK(errors_of("{{a$b}}").starts_with("main.tmpl:1:1: 'a$b' is no name; a name has letters"));
    CHECK(errors_of("{{range .hosts}}").find("sections are written {{#name}}") !=
          std::string::npos);
    CHECK(errors_of("{{- .name -}}").find("are not needed") != std::string::npos);
    CHECK(errors_of("{{upper .name}}").find("{{name:upper}}") != std::string::npos);
    CHECK(errors_of("{{/* c */}}").find("{{! ... }}") != std::string::npos);
    CHECK(errors_of("{{%AUTOESCAPE context=\"HTML\"}}")
              .starts_with("main.tmpl:1:1: '{{%' is no marker"));
    CHECK(errors_of("{{>}}") == "main.tmpl:1:1: the include names no file");
}

TEST_CASE("an unknown modifier or a wrong argument is an error, in hidden sections too") {
    CHECK(errors_of("{{#app.off}}\n{{name:uper}}{{/app.off}}") ==
          "main.tmpl:2:1: unknown modifier 'uper' (did you mean 'upper'?)");
    CHECK(errors_of("{{name:b64enc}}") ==
          "main.tmpl:1:1: unknown modifier 'b64enc' (did you mean 'base64'?)");
    CHECK(errors_of("{{name:default}}") ==
          "main.tmpl:1:1: 'default' needs an argument: default=TEXT");
    CHECK(errors_of("{{name:upper=x}}") == "main.tmpl:1:1: 'upper' takes no argument");
    CHECK(errors_of("{{name:indent=x}}") ==
          "main.tmpl:1:1: 'indent' needs a number from 0 to 1000, not 'x'");
    CHECK(errors_of("{{name:}}") == "main.tmpl:1:1: a modifier's name is missing");
    CHECK(errors_of("{{name:upper x}}") == "main.tmpl:1:1: unexpected 'x' in a marker");
    CHECK(errors_of("{{name:default=\"\\q\"}}").starts_with("main.tmpl:1:1: unknown escape"));
    CHECK(errors_of("{{name:default=\"a\"b}}") == "main.tmpl:1:1: unexpected 'b' in a marker");
}

TEST_CASE("sections take no modifier but :optional") {
    CHECK(errors_of("{{#name:upper}}{{/name}}") ==
          "main.tmpl:1:1: a section takes ':optional' and no other modifier, not 'upper'");
    CHECK(errors_of("{{^name:optional}}{{/name}}")
              .starts_with("main.tmpl:1:1: ':optional' is not needed"));
    CHECK(errors_of("{{^each:name}}").starts_with("main.tmpl:1:1: '{{^each:...}}' does not exist"));
}

TEST_CASE("delimiters have to be two, without blanks or equal signs") {
    for (const char* source :
         {"{{=}}", "{{==}}", "{{=<%=}}", "{{=a b c=}}", "{{=a=b c=}}", "{{=<% %>}}"}) {
        CAPTURE(source);
        CHECK(errors_of(source).starts_with("main.tmpl:1:1: "));
    }
}

TEST_CASE("messages show no secret") {
    const Tree tree(
        Value::map({{"key", secret("hunter2")}, {"keys", Value::list({secret("hunter2")})}}));
    for (const char* source : {"{{key.x}}", "{{key:unbase64}}", "{{keys}}", "{{key:join=,}}",
                               "{{#each:key}}{{/each:key}}", "{{hunter}}"}) {
        CAPTURE(source);
        CHECK(errors_of(source, tree).starts_with("main.tmpl:1:1: "));
        CHECK(errors_of(source, tree).find("hunter2") == std::string::npos);
    }
}

TEST_CASE("a template past 16 MiB is refused") {
    std::string source(provision::max_template_bytes, 'x');
    CHECK(text_of(source).size() == source.size());
    source += 'x';
    CHECK(errors_of(source) == "main.tmpl: the template is larger than 16 MiB");
    CHECK(errors_of("{{>big}}", {{"big", source}}) == "big: the template is larger than 16 MiB");
}

TEST_CASE("a text past 64 MiB is refused, and nothing goes on after that") {
    const Tree tree(Value::map({{"big", Value::quoted(std::string(1 << 20, 'x'))},
                                {"many", Value::list(std::vector<Value>(1000, plain("i")))}}));
    CHECK(errors_of("{{#many}}{{#many}}{{#many}}\n{{big}}{{/many}}{{/many}}{{/many}}", tree) ==
          "main.tmpl:2:1: the output grows past 64 MiB");
    CHECK(errors_of(std::string(64, ' ') + "{{#many}}{{big}}{{/many}}", tree)
              .ends_with("the output grows past 64 MiB"));
    const std::string chunk(provision::max_output_bytes / 8, 'x');
    const Tree large(Value::map({{"chunk", Value::quoted(chunk)}}));
    std::string source;
    for (int i = 0; i < 8; ++i) source += "{{chunk}}";
    CHECK(text_of(source, large).size() == provision::max_output_bytes);
    CHECK(errors_of(source + "x", large) == "main.tmpl: the output grows past 64 MiB");
}

TEST_CASE("100 sections within each other are fine, 101 are not") {
    const auto nested = [](std::size_t count) {
        std::string source;
        for (std::size_t i = 0; i < count; ++i) source += "{{#app.on}}";
        source += "x";
        for (std::size_t i = 0; i < count; ++i) source += "{{/app.on}}";
        return source;
    };
    CHECK(text_of(nested(100)) == "x");
    CHECK(errors_of(nested(101)).find("sections are nested deeper than 100") != std::string::npos);
    CHECK(errors_of(nested(50'000)).find("sections are nested deeper than 100") !=
          std::string::npos);
    std::string around;
    for (int i = 0; i < 60; ++i) around += "{{#app.on}}";
    around += "{{>i}}";
    for (int i = 0; i < 60; ++i) around += "{{/app.on}}";
    CHECK(text_of(around, {{"i", nested(40)}}) == "x");
    CHECK(errors_of(around, {{"i", nested(41)}}) ==
          "i:1:441: sections are nested deeper than 100, includes counted");
}

TEST_CASE("sections that multiply without end are an error, not a hang") {
    const Tree tree(Value::map({{"l", Value::list(std::vector<Value>(1000, plain("i")))}}));
    std::string source;
    for (int i = 0; i < 10; ++i) source += "{{#l}}";
    for (int i = 0; i < 10; ++i) source += "{{/l}}";
    CHECK(errors_of(source, tree).find("rendering takes more than") != std::string::npos);
}

TEST_CASE("a modifier cannot grow a value without end") {
    const Tree tree(Value::map({{"q", Value::quoted(std::string(1000, '"'))}}));
    std::string source = "{{q";
    for (int i = 0; i < 40; ++i) source += ":json";
    CHECK(errors_of(source + "}}", tree) ==
          "main.tmpl:1:1: 'q': the value grows past the limit of the output, 64 MiB");
}

TEST_CASE("a thousand errors are enough") {
    std::string source;
    for (int i = 0; i < 5000; ++i) source += "{{gone" + std::to_string(i) + "}}\n";
    const auto missing = render(source, sample_tree());
    REQUIRE_FALSE(missing.has_value());
    CHECK(missing.error().size() == provision::max_template_errors + 1);
    CHECK(missing.error().back().message == "there are more errors, which are not shown");
    source.clear();
    for (int i = 0; i < 5000; ++i) source += "{{a b}}\n";
    const auto bad = render(source, sample_tree());
    REQUIRE_FALSE(bad.has_value());
    CHECK(bad.error().size() == provision::max_template_errors + 1);
}

}  // TEST_SUITE("provision")
