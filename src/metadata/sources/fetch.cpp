// SPDX-License-Identifier: Apache-2.0
#include "metadata/sources/fetch.h"

#include "base/text.h"
#include "metadata/json.h"
#include "metadata/sources/command.h"
#include "metadata/sources/remote_fetch.h"
#include "metadata/yaml.h"

namespace kaigara::metadata {

namespace {

Result<Tree, Errors> as_tree(Result<Value, Errors> root, const std::string& name) {
    if (!root) return std::move(root).error();
    return Tree(std::move(*root), {name});
}

}  // namespace

Result<Tree, Errors> read_document(std::string_view text, SourceFormat format,
                                   const std::string& name) {
    if (format == SourceFormat::json) return as_tree(read_json(text, 0, name), name);
    const bool looks_like_json = format == SourceFormat::found && text::trim(text).starts_with('{');
    if (!looks_like_json) return as_tree(read_yaml(text, 0, name), name);
    auto as_json = as_tree(read_json(text, 0, name), name);
    if (as_json) return as_json;
    // A map in braces may be YAML, too; where it is neither, it was meant to be JSON.
    auto as_yaml = as_tree(read_yaml(text, 0, name), name);
    return as_yaml ? std::move(as_yaml) : std::move(as_json);
}

std::unique_ptr<Fetch> make_fetch(const FetchContext& context, const Source& source,
                                  Fetch::OnDone on_done) {
    switch (source.kind) {
    case SourceKind::consul:
    case SourceKind::etcd: return std::make_unique<StoreFetch>(context, source, std::move(on_done));
    case SourceKind::http:
        return std::make_unique<DocumentFetch>(context, source, std::move(on_done));
    case SourceKind::file:
    case SourceKind::directory:
    case SourceKind::environment:
    case SourceKind::command: break;
    }
    return std::make_unique<CommandFetch>(context, source, std::move(on_done));
}

}  // namespace kaigara::metadata
