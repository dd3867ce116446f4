// SPDX-License-Identifier: Apache-2.0
#include "app/resolve.h"

#include <cstring>
#include <memory>
#include <optional>

#include "app/own_loop.h"
#include "base/log.h"
#include "base/text.h"
#include "metadata/merge.h"
#include "metadata/snapshot.h"
#include "metadata/sources/assignment.h"
#include "platform/files.h"
#include "platform/reaper.h"

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

// The snapshot with --set on top.
Result<Tree, Errors> inherit(const Settings& settings, const std::string& place) {
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

// A loop for the sources that have to be waited for.
class Waiting {
public:
    Waiting(metadata::GatherPlan plan, char** environment)
        : loop_([this] { on_child(); }), gatherer_(std::make_unique<metadata::Gatherer>(
                                             loop_.get(), reaper_, std::move(plan), environment,
                                             [this](Result<metadata::Gathered, Errors> gathered) {
                                                 gathered_ = std::move(gathered);
                                                 loop_.stop();
                                             })) {}

    Result<Tree, Unresolved> run() {
        gatherer_->start();
        const int stop_signal = loop_.run();
        gatherer_.reset();
        if (!gathered_) return Unresolved{{}, stop_signal};
        if (!*gathered_) return Unresolved{std::move(*gathered_).error()};
        return accept(std::move(**gathered_));
    }

private:
    void on_child() {
        reaper_.reap();
        if (gatherer_) gatherer_->on_reaped();
    }

    OwnLoop loop_;
    platform::Reaper reaper_;
    std::unique_ptr<metadata::Gatherer> gatherer_;
    std::optional<Result<metadata::Gathered, Errors>> gathered_;
};

}  // namespace

metadata::GatherPlan gather_plan(const Settings& settings, char** environment) {
    metadata::GatherPlan plan;
    plan.defaults_path = settings.metadata.path;
    plan.defaults_presence =
        settings.metadata.named ? metadata::Presence::required : metadata::Presence::optional;
    plan.sources = settings.sources;
    for (; *environment != nullptr; ++environment) plan.environment.emplace_back(*environment);
    plan.sets = settings.sets;
    plan.timeout = settings.resolve_timeout;
    return plan;
}

Tree accept(metadata::Gathered gathered) {
    for (const std::string& warning : gathered.warnings) log::warn("{}", warning);
    return std::move(gathered.tree);
}

Result<Tree, Unresolved> resolve(const Settings& settings, char** environment) {
    metadata::GatherPlan plan = gather_plan(settings, environment);
    if (metadata::has_to_wait(plan)) return Waiting(std::move(plan), environment).run();
    auto gathered = metadata::gather(plan);
    if (!gathered) return Unresolved{std::move(gathered).error()};
    return accept(std::move(*gathered));
}

Result<Tree, Unresolved> resolve_or_inherit(const Settings& settings, char** environment) {
    const char* place = find_snapshot(environment);
    if (place == nullptr || *place == '\0') return resolve(settings, environment);
    auto tree = inherit(settings, place);
    if (!tree) return Unresolved{std::move(tree).error()};
    return std::move(*tree);
}

std::optional<Error> check_resources(const Settings& settings) {
    if (!settings.resources.named) return std::nullopt;
    const auto listed = platform::list_directory(settings.resources.path);
    if (listed) return std::nullopt;
    Error error = listed.error();
    error.fault = Fault::configuration;
    error.message += "; it was named as the resources directory";
    return error;
}

}  // namespace kaigara::app
