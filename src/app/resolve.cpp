// SPDX-License-Identifier: Apache-2.0
#include "app/resolve.h"

#include <cstring>

#include "base/text.h"
#include "metadata/gatherer.h"
#include "metadata/merge.h"
#include "metadata/snapshot.h"
#include "metadata/sources/assignment.h"
#include "platform/files.h"

namespace kaigara::app {

namespace {

using metadata::Tree;

constexpr std::string_view snapshot_variable = "KAIGARA_SNAPSHOT=";
constexpr std::string_view own_descriptors = "/proc/self/fd/";
constexpr std::size_t largest_snapshot = std::size_t{256} * 1024 * 1024;

const char* find_snapshot(char** environment) {
    for (; *environment != nullptr; ++environment) {
        if (std::strncmp(*environment, snapshot_variable.data(), snapshot_variable.size()) == 0)
            return *environment + snapshot_variable.size();
    }
    return nullptr;
}

// The descriptor is read directly, so it works where /proc is not mounted.
Result<std::string> read_snapshot(const std::string& place) {
    if (!place.starts_with(own_descriptors)) return platform::read_file(place, largest_snapshot);
    const auto fd =
        text::parse_number(std::string_view(place).substr(own_descriptors.size()), 1U << 20U);
    if (!fd) return Error{Fault::bad_data, 0, "is no descriptor", ""};
    auto content = platform::read_all(static_cast<int>(*fd), largest_snapshot);
    if (!content && content.error().code == EBADF)
        return Error{Fault::bad_data, EBADF,
                     "the descriptor is closed: the operation's script must leave it open", ""};
    return content;
}

Result<Tree, Errors> load_snapshot(const std::string& place) {
    auto content = read_snapshot(place);
    if (content) {
        auto tree = metadata::snapshot::decode(*content);
        if (tree) return std::move(*tree);
        content = std::move(tree).error();
    }
    Error error = std::move(content).error();
    error.where = std::string(snapshot_variable) + place;
    return Errors{std::move(error)};
}

}  // namespace

Result<Tree, Errors> resolve(const Settings& settings, char** environment) {
    metadata::GatherPlan plan;
    plan.defaults_path = settings.metadata.path;
    plan.defaults_presence =
        settings.metadata.named ? metadata::Presence::required : metadata::Presence::optional;
    for (; *environment != nullptr; ++environment) plan.environment.emplace_back(*environment);
    plan.sets = settings.sets;
    return metadata::gather(plan);
}

Result<Tree, Errors> resolve_or_inherit(const Settings& settings, char** environment) {
    const char* place = find_snapshot(environment);
    if (place == nullptr || *place == '\0') return resolve(settings, environment);
    KG_LET(tree, load_snapshot(place));
    Errors errors;
    for (const std::string& set : settings.sets) {
        auto layer = metadata::read_set(set, tree);
        if (!layer) {
            errors.push_back(std::move(layer).error());
            continue;
        }
        for (Error& error : metadata::merge(tree, std::move(layer).value()))
            errors.push_back(std::move(error));
    }
    if (!errors.empty()) return errors;
    return tree;
}

}  // namespace kaigara::app
