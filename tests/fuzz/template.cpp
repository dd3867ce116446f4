// SPDX-License-Identifier: Apache-2.0

// Any bytes as templates over a fixed tree: `main.tmpl`, and behind lines `====` the files `one`
// and `two` that it may include.

#include <array>
#include <cerrno>

#include "document.h"
#include "provision/template.h"

using namespace kaigara;
using metadata::Tree;
using metadata::Value;
using provision::MissingNames;
using provision::TemplateOptions;

namespace {

// A text that no template says by itself.
constexpr std::string_view secret_text = "s3cR3tQzXw";

constexpr std::string_view tree_text = R"(
app:
  db: {host: db.example.org, port: 5432}
  motd: "hello {{you}} & <all>\nsecond line\n"
  version: 1.10
  empty: ""
  nothing: null
  on: true
  off: false
  zero: 0
  no_items: []
  no_keys: {}
  path: /open
  encoded: aGVsbG8=
hosts: [h1, h2, "", h4]
servers:
  - {name: one, tls: {cert: one.pem}, ports: [80, 443]}
  - {name: two, ports: [8080]}
  - {name: three, ports: []}
users: {bob: 1001, alice: "a\r\nb", "": 5}
matrix: [[a, b], [c, [d, e]], {f: g}]
app.conf: a key with dots
name: outside
crlf: "a\r\nb\r"
password: s3cR3tQzXw
lines: "s3cR3tQzXw\n\n  s3cR3tQzXw\n"
keys: [plain, s3cR3tQzXw, {deep: "x s3cR3tQzXw y"}]
vault: {user: root, key: s3cR3tQzXw, path: /secret}
)";

void mark_secrets(Value& value) {
    if (value.text().find(secret_text) != std::string::npos || value.text() == "/secret")
        value.set_secret(true);
    for (Value& item : value.items()) mark_secrets(item);
    for (Value::Entry& entry : value.entries()) mark_secrets(entry.value);
}

const Tree& tree() {
    static const Tree made = [] {
        Tree read(*metadata::read_yaml(tree_text, 0, "m.yml"), {"m.yml"});
        mark_secrets(read.root());
        return read;
    }();
    return made;
}

struct Files {
    static constexpr std::array<std::string_view, 3> names{"main.tmpl", "one", "two"};
    std::array<std::string_view, 3> texts;

    explicit Files(std::string_view text) {
        constexpr std::string_view middle = "\n====\n";
        for (std::size_t i = 0; i < texts.size(); ++i) {
            const bool is_last = i + 1 == texts.size();
            const std::size_t end =
                is_last ? text.size() : std::min(text.find(middle), text.size());
            texts[i] = text.substr(0, end);
            text.remove_prefix(std::min(end + middle.size(), text.size()));
        }
    }

    Result<std::string> load(std::string_view name) const {
        for (std::size_t i = 1; i < names.size(); ++i)
            if (names[i] == name) return std::string(texts[i]);
        return Error{Fault::configuration, ENOENT, "no such file", ""};
    }
};

Result<provision::FileText> read_file(const std::string& path) {
    if (path == "/secret") return provision::FileText{std::string(secret_text) + "\n", true};
    if (path == "/open") return provision::FileText{"a\nb", false};
    return Error{Fault::configuration, ENOENT, "cannot be opened", ""};
}

Result<provision::Rendered, Errors> render(const Files& files, MissingNames missing, bool masked) {
    TemplateOptions options;
    options.load_include = [&files](std::string_view name) { return files.load(name); };
    options.read_file = read_file;
    options.missing = missing;
    options.mask_secrets = masked;
    options.most_steps =
        50'000;  // the sanitizers are slow, and the limit is not what is looked for
    return provision::render_template(files.texts[0], Files::names[0], tree(), options);
}

// These are about no single marker.
bool is_about_all(const Error& error) {
    return error.message.find("are not shown") != std::string::npos ||
           error.message.find("output grows") != std::string::npos;
}

void check_errors(const Errors& errors, const Files& files, bool may_show) {
    fuzz::check(!errors.empty(), "what cannot be rendered has an error");
    for (const Error& error : errors) {
        fuzz::check_words(error);
        fuzz::check(may_show || error.text().find(secret_text) == std::string::npos,
                    "no message holds a secret", {error.text()});
        fuzz::check(error.fault == Fault::bad_data, "a bad template is bad data", {error.text()});
        if (is_about_all(error)) continue;
        const std::string_view name =
            std::string_view(error.where).substr(0, error.where.find(':'));
        const auto* found = std::ranges::find(Files::names, name);
        fuzz::check(found != Files::names.end(), "an error names its file", {error.text()});
        fuzz::check_place(error, name,
                          files.texts[static_cast<std::size_t>(found - Files::names.begin())]);
    }
}

void check_text(const provision::Rendered& real, const Files& files, bool may_show) {
    const auto masked = render(files, MissingNames::are_errors, true);
    fuzz::check(masked.has_value(), "what can be rendered can be shown masked",
                {masked ? "" : fuzz::joined(masked.error())});
    fuzz::check(masked->used_secret == real.used_secret, "masking decides nothing");
    fuzz::check(std::ranges::count(masked->text, '\n') == std::ranges::count(real.text, '\n'),
                "masking keeps the lines", {real.text, masked->text});
    fuzz::check(real.used_secret || masked->text == real.text, "without a secret nothing is masked",
                {real.text, masked->text});
    const auto holds_secret = [](const std::string& text) {
        return text.find(secret_text) != std::string::npos;
    };
    fuzz::check(may_show || real.used_secret || !holds_secret(real.text),
                "a secret that is printed is told", {real.text});
    fuzz::check(may_show || !holds_secret(masked->text), "a secret is masked", {masked->text});
    const auto lenient = render(files, MissingNames::are_left_out, false);
    fuzz::check(lenient && lenient->text == real.text, "leniency changes nothing that is good",
                {real.text, lenient ? lenient->text : fuzz::joined(lenient.error())});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::input(data, size);
    const Files files(text);
    const bool may_show = text.find(secret_text) != std::string_view::npos;
    const auto real = render(files, MissingNames::are_errors, false);
    const auto again = render(files, MissingNames::are_errors, false);
    fuzz::check(real.has_value() == again.has_value(), "rendering is the same each time");
    if (!real) {
        check_errors(real.error(), files, may_show);
        fuzz::check(fuzz::joined(real.error()) == fuzz::joined(again.error()),
                    "errors are the same each time");
        return 0;
    }
    fuzz::check(real->text == again->text, "rendering is the same each time", {real->text});
    // Of a giant output the masked form may pass the limit where the real one does not.
    if (real->text.size() < (std::size_t{1} << 20)) check_text(*real, files, may_show);
    return 0;
}
