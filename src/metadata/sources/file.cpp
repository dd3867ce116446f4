// SPDX-License-Identifier: Apache-2.0
#include "metadata/sources/file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "metadata/bounds.h"
#include "metadata/json.h"
#include "metadata/merge.h"
#include "metadata/yaml.h"
#include "platform/files.h"

namespace kaigara::metadata {

namespace {

constexpr std::array<std::string_view, 3> extensions{".yml", ".yaml", ".json"};

bool has_extension(std::string_view name) {
    return std::ranges::any_of(extensions, [name](std::string_view extension) {
        return name.size() > extension.size() && name.ends_with(extension);
    });
}

bool is_absent(const Error& error) { return error.code == ENOENT || error.code == ENOTDIR; }

std::string join(const std::string& directory, const std::string& name) {
    return directory.ends_with('/') ? directory + name : directory + '/' + name;
}

// Adds the metadata files of one directory to `files`, by their paths below `top`, and those of its
// directories when it is `top` itself.
void list_files(const std::string& top, const std::string& below, std::vector<std::string>& files,
                Errors& errors) {
    const std::string directory = below.empty() ? top : join(top, below);
    auto names = platform::list_directory(directory);
    if (!names) {
        errors.push_back(std::move(names).error());
        return;
    }
    for (const std::string& name : *names) {
        if (name.starts_with('.') || name == "lost+found") continue;
        const std::string relative = below.empty() ? name : join(below, name);
        const auto inner = platform::list_directory(join(top, relative));
        // Of what is no directory the kernel says so before it looks at permissions.
        const bool is_directory = inner || inner.error().code == EACCES;
        if (is_directory && below.empty())
            list_files(top, relative, files, errors);
        else if (!is_directory && has_extension(name))
            files.push_back(relative);
    }
}

Result<Tree, Errors> load_directory(const std::string& path) {
    std::vector<std::string> files;
    Errors errors;
    list_files(path, "", files, errors);
    if (files.size() > max_files) {
        return Errors{
            {Fault::bad_data, 0,
             fmt::format("{} metadata files, more than the limit of {}", files.size(), max_files),
             path}};
    }
    std::ranges::sort(files);
    Tree tree;
    for (const std::string& name : files) {
        auto layer = load_file(join(path, name));
        Errors found = layer ? merge(tree, std::move(layer).value()) : std::move(layer).error();
        std::ranges::move(found, std::back_inserter(errors));
    }
    if (!errors.empty()) return errors;
    return tree;
}

}  // namespace

Result<Tree, Errors> load_file(const std::string& path) {
    auto content = platform::read_file(path, max_document_bytes);
    if (!content) return Errors{std::move(content).error()};
    auto root =
        path.ends_with(".json") ? read_json(*content, 0, path) : read_yaml(*content, 0, path);
    if (!root) return std::move(root).error();
    return Tree(std::move(root).value(), {path});
}

Result<Tree, Errors> load_path(const std::string& path, Presence presence) {
    if (platform::list_directory(path)) return load_directory(path);
    auto file = load_file(path);
    if (file) return file;
    Error& first = file.error().front();
    if (!is_absent(first)) return file;
    if (presence == Presence::optional) return Tree();
    first.fault = Fault::configuration;
    first.message = "no such file or directory; it was named as the metadata";
    return file;
}

}  // namespace kaigara::metadata
