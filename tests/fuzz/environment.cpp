// SPDX-License-Identifier: Apache-2.0

// Any bytes as an environment, a variable a line, over a fixed tree. Lines that begin with '@' are
// bindings: `@NAME=path`.

#include <cerrno>
#include <vector>

#include "document.h"
#include "metadata/merge.h"
#include "metadata/sources/environment.h"

using namespace kaigara;
using metadata::Tree;

namespace {

constexpr std::string_view lower_text = R"(
app: {name: web, db: {host: h, port: 5432}, log_file: /l, Motd: x, motd: y, none: null}
hosts: [a, b, c]
servers: [{name: one, ports: [80, 443]}, {name: two}]
app.conf: dotted
"": empty
)";

const Tree& lower() {
    static const Tree tree(*metadata::read_yaml(lower_text, 0, "lower.yml"), {"lower.yml"});
    return tree;
}

Result<std::string> read_fake(const std::string& path) {
    if (path == "/secret") return std::string("hunter2\n");
    if (path == "/nul") return std::string("a\0b", 3);
    if (path == "/latin") return std::string("\xE9");
    return system_error(Fault::bad_data, path == "/locked" ? EACCES : ENOENT, "cannot be opened",
                        path);
}

// What is set can be laid over what it was read against, and has its source.
void check_layer(const Result<Tree, Errors>& layer, bool lower_is_complete, bool may_show) {
    if (!layer) {
        fuzz::check(!layer.error().empty(), "what cannot be read has an error");
        for (const Error& error : layer.error()) {
            fuzz::check_words(error);
            fuzz::check(!error.where.empty(), "an error names its variable", {error.text()});
            fuzz::check(may_show || error.text().find("hunter2") == std::string::npos,
                        "no message holds a secret", {error.text()});
        }
        return;
    }
    fuzz::check_tree(*layer);
    for (const std::string& path : layer->leaf_paths()) {
        const auto* value = layer->find(path);
        if (value != nullptr)
            fuzz::check(!layer->origin_text(value->origin()).empty(), "a value has an origin",
                        {path});
    }
    Tree laid = lower();
    const Errors errors = metadata::merge(laid, Tree(*layer));
    fuzz::check(errors.empty() || !lower_is_complete, "the environment fits over what is below",
                {fuzz::joined(errors)});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::input(data, size);
    std::vector<std::string_view> variables;
    std::vector<metadata::Binding> bindings;
    for (const std::string_view line : text::split(text, '\n')) {
        const std::size_t equals = line.find('=');
        if (line.find('\0') != std::string_view::npos) continue;  // as the kernel has it
        if (!line.starts_with('@')) variables.push_back(line);
        // Bindings stand in a YAML file, which refuses names that are empty.
        else if (equals != std::string_view::npos && equals > 1 && !text::invalid_utf8(line))
            bindings.push_back(
                {std::string(line.substr(1, equals - 1)), std::string(line.substr(equals + 1))});
    }
    const metadata::FileReader read_file = read_fake;
    const bool may_show = text.find("hunter2") != std::string_view::npos;
    for (const bool complete : {true, false}) {
        const metadata::EnvironmentView view{variables, lower(), read_file, complete};
        check_layer(metadata::read_environment(view), complete, may_show);
        check_layer(metadata::read_environment(view, "M_"), complete, may_show);
        check_layer(metadata::read_bindings(view, bindings), complete, may_show);
    }
    return 0;
}
