// SPDX-License-Identifier: Apache-2.0
#include "metadata/gatherer.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "metadata/bounds.h"
#include "metadata/merge.h"
#include "metadata/sources/assignment.h"
#include "metadata/sources/environment.h"
#include "platform/files.h"

namespace kaigara::metadata {

namespace {

Result<std::string> read_value_file(const std::string& path) {
    return platform::read_file(path, max_value_bytes);
}

// The tree so far, and all that was wrong so far.
class Pile {
public:
    const Tree& tree() const noexcept { return tree_; }
    bool is_complete() const noexcept { return errors_.empty(); }

    void lay(Result<Tree, Errors> layer, std::string_view name) {
        if (!layer) return note(std::move(layer).error());
        note(merge(tree_, std::move(layer).value()));
        // Each document is within the limit; together they need not be.
        if (is_complete() && tree_.root().size() > max_nodes) {
            note({{Fault::bad_data, 0,
                   fmt::format("with this layer the metadata has more than {} values", max_nodes),
                   std::string(name)}});
        }
    }

    Result<Tree, Errors> take() {
        if (!errors_.empty()) return std::move(errors_);
        return std::move(tree_);
    }

private:
    void note(Errors errors) { std::ranges::move(errors, std::back_inserter(errors_)); }

    Tree tree_;
    Errors errors_;
};

Result<Tree, Errors> as_layer(Result<Tree> layer) {
    if (!layer) return Errors{std::move(layer).error()};
    return std::move(layer).value();
}

}  // namespace

Result<Tree, Errors> gather(const GatherPlan& plan) {
    Pile pile;
    if (!plan.defaults_path.empty())
        pile.lay(load_path(plan.defaults_path, plan.defaults_presence), plan.defaults_path);
    pile.lay(read_environment(plan.environment, pile.tree(), read_value_file, pile.is_complete()),
             "the environment");
    for (const std::string& set : plan.sets)
        pile.lay(as_layer(read_set(set, pile.tree(), pile.is_complete())), "--set");
    return pile.take();
}

}  // namespace kaigara::metadata
