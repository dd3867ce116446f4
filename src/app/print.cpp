// SPDX-License-Identifier: Apache-2.0
#include "app/print.h"

#include <fmt/format.h>

#include "app/exit_code.h"
#include "app/report.h"
#include "app/resolve.h"
#include "base/text.h"
#include "metadata/output.h"
#include "platform/files.h"
#include "provision/target.h"
#include "provision/template.h"
#include "provision/template_files.h"

namespace kaigara::app {

namespace {

using metadata::Secrets;
using metadata::Tree;

int print(const std::string& text) {
    const auto written = platform::write_all(1, text);
    if (written) return exit_ok;
    Error error = written.error();
    error.where = "stdout";
    return report(error);
}

int get(const CommandLine& line, const Settings& settings, const Tree& tree) {
    const std::string_view path = line.operands[0];
    const metadata::Value* value = tree.find(path);
    if (value == nullptr || value->is_null()) {
        if (settings.default_value) return print(*settings.default_value + "\n");
        const auto near = tree.nearest_path(path);
        log::error("no value for '{}'{}", text::printable(path),
                   near ? fmt::format(" (did you mean '{}'?)", *near) : "");
        return exit_missing_value;
    }
    if (value->is_scalar()) return print(value->text() + "\n");
    return print(metadata::to_json(*value, 2, Secrets::shown) + "\n");
}

int print_metadata(const Settings& settings, const Tree& tree) {
    const Secrets secrets = settings.show_secrets ? Secrets::shown : Secrets::masked;
    if (settings.origin && settings.format != MetadataFormat::yaml)
        return report(Error{Fault::usage, 0, "--origin is a form of its own: drop --format", ""});
    if (settings.origin) return print(metadata::to_origins(tree, secrets));
    if (settings.format == MetadataFormat::json)
        return print(metadata::to_json(tree.root(), 2, secrets) + "\n");
    if (settings.format == MetadataFormat::yaml)
        return print(metadata::to_yaml(tree.root(), secrets));
    const auto text = metadata::to_env(tree, secrets);
    return text ? print(*text) : report(text.error());
}

int write(const std::string& path, const provision::Rendered& rendered) {
    provision::TargetSpec spec;
    spec.path = path;
    spec.has_secret = rendered.used_secret;
    auto target = provision::Target::prepare(std::move(spec), rendered.text);
    if (!target) return report(target.error());
    const auto outcome = target->commit();
    for (const std::string& warning : target->warnings()) log::warn("{}", warning);
    return outcome ? exit_ok : report(outcome.error());
}

int render(const CommandLine& line, const Settings& settings, const Tree& tree) {
    if (const auto missing = check_resources(settings)) return report(*missing);
    const provision::TemplateFiles files(settings.resources.path);
    const auto source = files.find(std::string(line.operands[0]));
    if (!source) return report(source.error());
    const auto rendered =
        provision::render_template(source->text, source->path, tree, files.options());
    if (!rendered) return report(rendered.error());
    if (settings.output.empty()) return print(rendered->text);
    return write(settings.output, *rendered);
}

}  // namespace

int print_command(const CommandLine& line, const Settings& settings, char** environment) {
    const auto tree = resolve_or_inherit(settings, environment);
    if (!tree) return report(tree.error());
    if (line.command == command::get) return get(line, settings, *tree);
    if (line.command == command::metadata) return print_metadata(settings, *tree);
    return render(line, settings, *tree);
}

}  // namespace kaigara::app
