// SPDX-License-Identifier: Apache-2.0

// No bytes may crash, hang or confuse the template language. A fixed seed makes a failure the same
// everywhere; the mutated source is shown when a check fails.

#include "provision/template.h"

#include <array>
#include <random>

#include <doctest/doctest.h>

#include "base/text.h"
#include "unit/provision/template_fixture.h"

using namespace kaigara;
using namespace kaigara::test;
using namespace std::string_literals;

namespace {

constexpr std::array samples{
    "a {{app.db.host}} {{ .app.db.port | upper }} {{app.gone:default=\"x:}}\\\"\":quote}}\n",
    "{{#servers}}\n - {{name}} {{@index}}{{#ports}}{{.}}{{#ports_separator}},{{/ports_separator}}"
    "{{/ports}}\n{{#servers_separator}}\n{{/servers_separator}}{{/servers}}\n",
    "{{#each:users}}{{@key}}={{.}}{{/each:users}}{{^app.gone}}none{{/app.gone}}{{! c\nd }}\\\n",
    "  {{>one}}\n{{#app.on:optional}}{{>two}}{{/app.on}}\r\n{{=<% %>=}}<%name%><%={{ }}=%>{{name}}",
    "{{app:json}}{{app.db:yaml:indent=2}}{{hosts:join=, }}{{app.motd:xml:url:base64:unbase64}}",
    "{{{name}}} {{#matrix}}{{#.}}{{.}}{{/.}}{{/matrix}} \x01V0\x02 {{hosts.0}}{{app.conf}}\n",
};

constexpr std::array pieces{
    "{{",    "}}",       "{{#",        "{{/",        "{{^",       "{{>",       "{{!",
    "{{=",   "=}}",      ":",          "=",          "|",         "\"",        "\\",
    "\n",    ".",        "each:",      "_separator", ":optional", ":default=", "@index",
    "app",   "hosts",    "name",       "\x01",       "\x02",      "%",         " ",
    "{{.}}", "{{>one}}", "{{#hosts}}", "{{/hosts}}", "\r\n",      "\xff",      "indent=9",
};

class Mutator {
public:
    explicit Mutator(std::uint32_t seed) : random_(seed) {}

    std::string mutated() {
        std::string text = samples[below(samples.size())];
        if (below(3) == 0) text += samples[below(samples.size())];
        for (std::size_t rounds = 1 + below(6); rounds > 0; --rounds) mutate(text);
        return text;
    }

    std::string noise() {
        std::string text;
        for (std::size_t count = below(60); count > 0; --count) {
            if (below(4) == 0)
                text += static_cast<char>(below(256));
            else
                text += pieces[below(pieces.size())];
        }
        return text;
    }

private:
    std::size_t below(std::size_t limit) { return random_() % limit; }

    void mutate(std::string& text) {
        const std::size_t at = below(text.size() + 1);
        const std::size_t length = std::min(text.size() - at, 1 + below(12));
        switch (below(5)) {
        case 0: text.erase(at, length); break;
        case 1: text.insert(at, pieces[below(pieces.size())]); break;
        case 2: text.insert(below(text.size() + 1), text.substr(at, length)); break;
        case 3:
            if (at < text.size()) text[at] = static_cast<char>(below(256));
            break;
        default: text.replace(at, length, pieces[below(pieces.size())]); break;
        }
    }

    std::mt19937 random_;  // its sequence is fixed by the C++ standard
};

// Every outcome is a text, or errors that are told properly.
void check_outcome(const std::string& source, const Tree& tree, const Files& files) {
    const auto rendered = render(source, tree, files);
    CAPTURE(text::printable(source, 2000));
    if (rendered) return;
    CHECK_FALSE(rendered.error().empty());
    for (const Error& error : rendered.error()) {
        CHECK(error.fault == Fault::bad_data);
        CHECK_FALSE(error.message.empty());
        CHECK(error.text().find('\n') == std::string::npos);
        CHECK_FALSE(text::invalid_utf8(error.text()).has_value());
        CHECK((error.where.starts_with("main.tmpl") || error.where.starts_with("one") ||
               error.where.starts_with("two")));
    }
}

}  // namespace

TEST_SUITE("provision") {

TEST_CASE("no mutation of a template crashes, hangs or is a bug of ours") {
    const Tree tree = sample_tree();
    const Files files{{"one", "x {{name}}\n{{#hosts}}{{.}}{{>two}}\n{{/hosts}}"},
                      {"two", "{{@index}}\n"}};
    Mutator mutator(20260117);
    for (int i = 0; i < 4000; ++i) {
        check_outcome(mutator.mutated(), tree, files);
        check_outcome(mutator.noise(), tree, files);
    }
}

TEST_CASE("text without markers comes out as it went in, whatever its bytes are") {
    const Tree tree = sample_tree();
    std::mt19937 random(7);
    for (int i = 0; i < 500; ++i) {
        std::string text;
        for (std::size_t length = random() % 300; length > 0; --length)
            text += "\x01\x02\\\n\0 {}ab\r"s[random() % 12];
        for (std::size_t at = text.find("{{"); at != std::string::npos; at = text.find("{{"))
            text.erase(at, 1);
        CHECK(text_of(text, tree) == text);
        // A marker in front that leaves nothing behind must not change what follows.
        CHECK(text_of("{{#app.on}}x{{/app.on}}" + text, tree) == "x" + text);
    }
}

}  // TEST_SUITE("provision")
