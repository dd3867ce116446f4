// SPDX-License-Identifier: Apache-2.0
#include "provision/template_files.h"

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "base/text.h"
#include "platform/files.h"

namespace kaigara::provision {

namespace {

constexpr std::size_t largest_template = std::size_t{16} * 1024 * 1024;

bool stays_inside(std::string_view name) {
    if (name.empty() || name.starts_with('/')) return false;
    const auto parts = text::split(name, '/');
    return std::ranges::find(parts, "..") == parts.end();
}

bool is_absent(const Error& error) { return error.code == ENOENT || error.code == ENOTDIR; }

}  // namespace

Result<TemplateSource> TemplateFiles::find_in_resources(const std::string& name) const {
    const std::string path = resources_ + "/" + name;
    auto exact = platform::read_file(path, largest_template);
    if (exact) return TemplateSource{path, std::move(*exact)};
    auto suffixed = platform::read_file(path + ".tmpl", largest_template);
    if (suffixed) return TemplateSource{path + ".tmpl", std::move(*suffixed)};
    // A file that is there and cannot be read says more than one that is not there.
    return is_absent(suffixed.error()) ? std::move(exact).error() : std::move(suffixed).error();
}

Result<TemplateSource> TemplateFiles::find(const std::string& name) const {
    const bool inside = stays_inside(name);
    if (inside) {
        auto found = find_in_resources(name);
        if (found) return found;
        if (!is_absent(found.error()) && found.error().code != EISDIR)
            return std::move(found).error();
    }
    auto at_path = platform::read_file(name, largest_template);
    if (at_path) return TemplateSource{name, std::move(*at_path)};
    if (!is_absent(at_path.error())) return std::move(at_path).error();
    return Error{Fault::configuration, ENOENT,
                 inside ? fmt::format("no template '{}': neither {}/{}[.tmpl] nor a file of that "
                                      "name exists",
                                      name, resources_, name)
                        : fmt::format("no template '{}': the file does not exist", name),
                 ""};
}

Result<std::string> TemplateFiles::include(std::string_view name) const {
    if (!stays_inside(name))
        return Error{
            Fault::bad_data, 0,
            fmt::format("'{}' lies outside of the resources directory", text::printable(name)), ""};
    auto found = find_in_resources(std::string(name));
    if (!found) return std::move(found).error();
    return std::move(found->text);
}

Result<FileText> TemplateFiles::read(const std::string& path) const {
    const bool inside = stays_inside(path);
    if (!inside && !path.starts_with('/'))
        // The path may be a secret value, which no message holds.
        return Error{Fault::bad_data, 0,
                     "lies outside of the resources directory; write an absolute path", ""};
    const std::string where = inside ? resources_ + "/" + path : path;
    KG_LET(content, platform::read_file(where, largest_template));
    return FileText{std::move(content), !platform::is_readable_by_all(where)};
}

void TemplateFiles::note_includes(TemplateOptions& options, std::set<std::string>& included) const {
    options.load_include = [this, &included](std::string_view name) {
        if (const auto part = find_in_resources(std::string(name)))
            included.insert(platform::real_path(part->path));
        return include(name);
    };
}

TemplateOptions TemplateFiles::options() const {
    TemplateOptions options;
    options.load_include = [this](std::string_view name) { return include(name); };
    options.read_file = [this](const std::string& path) { return read(path); };
    return options;
}

}  // namespace kaigara::provision
