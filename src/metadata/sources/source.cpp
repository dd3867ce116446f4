// SPDX-License-Identifier: Apache-2.0
#include "metadata/sources/source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"

namespace kaigara::metadata {

std::string name_of(const Source& source) {
    constexpr std::size_t widest = 60;
    switch (source.kind) {
    case SourceKind::file: return "file " + text::printable(source.path);
    case SourceKind::directory: return "directory " + text::printable(source.path);
    case SourceKind::environment:
        return source.prefix.empty() ? "environment"
                                     : "environment " + text::printable(source.prefix) + "*";
    case SourceKind::command: break;
    }
    return "command " + text::printable(fmt::format("{}", fmt::join(source.command, " ")), widest);
}

}  // namespace kaigara::metadata
