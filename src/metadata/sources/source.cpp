// SPDX-License-Identifier: Apache-2.0
#include "metadata/sources/source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"

namespace kaigara::metadata {

bool has_to_wait(const Source& source) noexcept {
    switch (source.kind) {
    case SourceKind::file:
    case SourceKind::directory:
    case SourceKind::environment: return false;
    case SourceKind::consul:
    case SourceKind::etcd:
    case SourceKind::http:
    case SourceKind::command: break;
    }
    return true;
}

std::string name_of(const Source& source) {
    constexpr std::size_t widest = 60;
    switch (source.kind) {
    case SourceKind::file: return "file " + text::printable(source.path);
    case SourceKind::directory: return "directory " + text::printable(source.path);
    case SourceKind::environment:
        return source.prefix.empty() ? "environment"
                                     : "environment " + text::printable(source.prefix) + "*";
    case SourceKind::consul: return "consul " + text::printable(source.prefix);
    case SourceKind::etcd: return "etcd " + text::printable(source.prefix);
    case SourceKind::http:
        return text::printable(source.url.substr(0, source.url.find_first_of("?#")), widest * 2);
    case SourceKind::command: break;
    }
    return "command " + text::printable(fmt::format("{}", fmt::join(source.command, " ")), widest);
}

}  // namespace kaigara::metadata
