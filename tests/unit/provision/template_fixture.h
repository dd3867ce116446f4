// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the tests of the template language share: a small tree, and rendering in one line.

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metadata/tree.h"
#include "provision/template.h"

namespace kaigara::test {

using metadata::Tree;
using metadata::Value;

inline Value plain(std::string text) { return Value::plain(std::move(text)); }
inline Value words(std::initializer_list<const char*> texts) {
    std::vector<Value> items;
    for (const char* text : texts) items.push_back(plain(text));
    return Value::list(std::move(items));
}
inline Value secret(std::string text) {
    Value value = plain(std::move(text));
    value.set_secret(true);
    return value;
}

// app.db.{host,port,name}, app.{motd,empty,nothing,off,zero}, hosts, servers (only the first has a
// `tls`), users (a map), matrix, and a key with dots.
inline Tree sample_tree() {
    Value db = Value::map({{"host", plain("db.example.org")}, {"port", plain("5432")}});
    Value app = Value::map({{"db", db},
                            {"motd", plain("hello {{you}} & <all>")},
                            {"version", plain("1.10")},
                            {"empty", Value::quoted("")},
                            {"nothing", Value::null()},
                            {"off", plain("false")},
                            {"on", plain("true")},
                            {"zero", plain("0")},
                            {"no_items", Value::list({})},
                            {"password", secret("hunter2")}});
    Value first = Value::map({{"name", plain("one")},
                              {"tls", Value::map({{"cert", plain("one.pem")}})},
                              {"ports", words({"80", "443"})}});
    Value second = Value::map({{"name", plain("two")}, {"ports", words({"8080"})}});
    Value users = Value::map({{"bob", plain("1001")}, {"alice", plain("1000")}});
    Value matrix = Value::list({words({"a", "b"}), words({"c", "d"})});
    return Tree(Value::map({{"app", app},
                            {"hosts", words({"h1", "h2", "h3"})},
                            {"servers", Value::list({first, second})},
                            {"users", users},
                            {"matrix", matrix},
                            {"app.conf", plain("a key with dots")},
                            {"name", plain("outside")}}));
}

using Files = std::map<std::string, std::string, std::less<>>;

inline Result<provision::Rendered, Errors> render(std::string_view source, const Tree& tree,
                                                  const Files& files = {}) {
    provision::TemplateOptions options;
    options.load_include = [&files](std::string_view name) -> Result<std::string> {
        const auto file = files.find(name);
        if (file == files.end()) return Error{Fault::configuration, 0, "no such file", {}};
        return file->second;
    };
    return provision::render_template(source, "main.tmpl", tree, options);
}

inline std::string joined(const Errors& errors) {
    std::string out;
    for (const Error& error : errors) out += (out.empty() ? "" : "\n") + error.text();
    return out;
}

// The text, or the errors, a line each: a test that expects one sees the other.
inline std::string text_of(std::string_view source, const Tree& tree, const Files& files = {}) {
    const auto rendered = render(source, tree, files);
    return rendered ? rendered->text : "ERRORS: " + joined(rendered.error());
}
inline std::string text_of(std::string_view source, const Files& files = {}) {
    return text_of(source, sample_tree(), files);
}

inline std::string errors_of(std::string_view source, const Tree& tree, const Files& files = {}) {
    const auto rendered = render(source, tree, files);
    return rendered ? "TEXT: " + rendered->text : joined(rendered.error());
}
inline std::string errors_of(std::string_view source, const Files& files = {}) {
    return errors_of(source, sample_tree(), files);
}

}  // namespace kaigara::test
