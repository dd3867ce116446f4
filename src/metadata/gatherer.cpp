// SPDX-License-Identifier: Apache-2.0
#include "metadata/gatherer.h"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "metadata/bounds.h"
#include "metadata/layer.h"
#include "metadata/merge.h"
#include "metadata/redaction.h"
#include "metadata/sources/assignment.h"
#include "metadata/sources/command.h"
#include "metadata/sources/directory.h"
#include "metadata/sources/environment.h"
#include "platform/files.h"

namespace kaigara::metadata {

namespace {

Result<std::string> read_value_file(const std::string& path) {
    return platform::read_file(path, max_value_bytes);
}

// ENOTDIR is told of a path through a file, and of a file in the place of the directory.
bool is_absent(const Error& error) {
    return error.code == ENOENT || (error.code == ENOTDIR && !platform::exists(error.where));
}

bool holds_null(const Value& value) {
    return value.is_null() ||
           std::ranges::any_of(value.entries(), holds_null, &Value::Entry::value);
}

// The tree so far, and all that was wrong so far.
class Pile {
public:
    const Tree& tree() const noexcept { return tree_; }
    bool is_complete() const noexcept { return errors_.empty(); }

    void lay(Result<Tree, Errors> layer, std::string_view name) {
        if (!layer) return note(std::move(layer).error());
        if (holds_null(layer->root())) remember_secrets();
        note(merge(tree_, std::move(layer).value()));
        // Each document is within the limit; together they need not be.
        if (is_complete() && tree_.root().size() > max_nodes) {
            note({{Fault::bad_data, 0,
                   fmt::format("with this layer the metadata has more than {} values", max_nodes),
                   std::string(name)}});
        }
    }

    void note(Errors errors) { std::ranges::move(errors, std::back_inserter(errors_)); }

    Result<Tree, Errors> take() {
        if (!errors_.empty()) return std::move(errors_);
        for (const std::string& path : secret_paths_) {
            if (Value* value = find_exactly(path)) make_secret(*value);
        }
        return std::move(tree_);
    }

private:
    // A null between two layers deletes a secret, and the one above sets its path anew: it is the
    // path that is secret.
    void remember_secrets() {
        const auto paths = secret_paths(tree_.root());
        secret_paths_.insert(paths.begin(), paths.end());
    }

    // By pointers through the tree that is ours to write.
    Value* find_exactly(const std::string& path) { return const_cast<Value*>(tree_.find(path)); }

    Tree tree_;
    std::set<std::string> secret_paths_;
    Errors errors_;
};

Result<Tree, Errors> as_layer(Result<Tree> layer) {
    if (!layer) return Errors{std::move(layer).error()};
    return std::move(layer).value();
}

// The values of one source, not mounted yet.
Result<Tree, Errors> read_source(const Source& source, const EnvironmentView& view,
                                 Answer& answer) {
    switch (source.kind) {
    case SourceKind::file: return load_file(source.path);
    case SourceKind::directory: return load_key_directory(source.path);
    case SourceKind::environment:
        return source.prefix.empty() ? read_bindings(view, source.bindings)
                                     : read_environment(view, source.prefix);
    case SourceKind::consul:
    case SourceKind::etcd:
    case SourceKind::http:
    case SourceKind::command: break;
    }
    return std::move(*answer);
}

// Why an optional source is left out; nothing where it has to be an error.
std::optional<std::string> excuse(const Source& source, const Errors& errors) {
    const Error& error = errors.front();
    if (!source.optional || errors.size() != 1) return std::nullopt;
    if (error.fault == Fault::unavailable) return error.text();
    const bool is_file = source.kind == SourceKind::file || source.kind == SourceKind::directory;
    // An absent file within a directory is another matter: a link that leads nowhere.
    if (!is_file || !is_absent(error) || error.where != source.path) return std::nullopt;
    return fmt::format("{}: {} does not exist; it is optional", source.where, name_of(source));
}

// A path that kaigara.yml names must be there, as one of the command line must.
void blame_settings(const Source& source, Errors& errors) {
    for (Error& error : errors) {
        if (!is_absent(error) || error.where != source.path) continue;
        error.fault = Fault::configuration;
        error.message =
            fmt::format("{} does not exist (optional: true would allow it)", name_of(source));
        error.where = source.where;
    }
}

// What is wrong within a secret document is told without its words.
void hide_words(const Source& source, Errors& errors) {
    for (Error& error : errors) {
        const bool is_about_content = error.fault == Fault::bad_data && error.code == 0 &&
                                      (source.kind == SourceKind::file || has_to_wait(source));
        if (is_about_content) error.message = without_quoted(error.message);
    }
}

void lay_source(const GatherPlan& plan, const Source& source, Answer& answer, Pile& pile,
                Gathered& gathered) {
    if (has_to_wait(source) && !answer) {
        gathered.skipped.push_back(fmt::format("{} ({})", name_of(source), source.where));
        return;
    }
    // Only variables look at what is below them.
    const bool looks_below = source.kind == SourceKind::environment;
    const Tree lower = looks_below ? part_at(source.at, pile.tree()) : Tree();
    const FileReader read_file = read_value_file;
    auto layer =
        read_source(source, {plan.environment, lower, read_file, pile.is_complete()}, answer);
    if (!layer) {
        if (auto reason = excuse(source, layer.error())) {
            gathered.warnings.push_back(*std::move(reason));
            return;
        }
        blame_settings(source, layer.error());
        if (source.secret) hide_words(source, layer.error());
        pile.note(std::move(layer).error());
        return;
    }
    if (source.secret) make_secret(layer->root());
    pile.lay(mounted_at(source.at, std::move(*layer)), source.where);
}

}  // namespace

bool has_to_wait(const GatherPlan& plan) noexcept {
    return std::ranges::any_of(plan.sources,
                               [](const Source& source) { return has_to_wait(source); });
}

Result<Gathered, Errors> gather(const GatherPlan& plan, std::vector<Answer> answers) {
    answers.resize(plan.sources.size());
    Pile pile;
    Gathered gathered;
    if (!plan.defaults_path.empty())
        pile.lay(load_path(plan.defaults_path, plan.defaults_presence), plan.defaults_path);
    for (std::size_t i = 0; i < plan.sources.size(); ++i)
        lay_source(plan, plan.sources[i], answers[i], pile, gathered);
    const FileReader read_file = read_value_file;
    pile.lay(read_environment({plan.environment, pile.tree(), read_file, pile.is_complete()}),
             "the environment");
    for (const std::string& set : plan.sets)
        pile.lay(as_layer(read_set(set, pile.tree(), pile.is_complete())), "--set");
    KG_LET(tree, pile.take());
    gathered.tree = std::move(tree);
    return gathered;
}

Gatherer::Gatherer(platform::Loop& loop, platform::Reaper& reaper, GatherPlan plan,
                   char* const* environment, std::function<void(Result<Gathered, Errors>)> on_done)
    : loop_(loop), reaper_(reaper), plan_(std::move(plan)), on_done_(std::move(on_done)),
      answers_(plan_.sources.size()), http_(loop), fetches_(plan_.sources.size()) {
    for (; *environment != nullptr; ++environment) environment_.push_back(*environment);
    environment_.push_back(
        const_cast<char*>(resolving_variable.data()));  // execve(2) only reads it
    environment_.push_back(nullptr);
}

void Gatherer::start() {
    const bool runs_commands =
        std::ranges::find(plan_.sources, SourceKind::command, &Source::kind) != plan_.sources.end();
    if (runs_commands &&
        std::ranges::find(plan_.environment, resolving_variable) != plan_.environment.end()) {
        refuse_recursion();
        return;
    }
    const FetchContext context{loop_,
                               reaper_,
                               http_,
                               environment_.data(),
                               plan_.environment,
                               FetchContext::Clock::now() + plan_.timeout};
    for (std::size_t i = 0; i < plan_.sources.size(); ++i) {
        if (!has_to_wait(plan_.sources[i])) continue;
        ++awaited_;
        fetches_[i] = make_fetch(context, plan_.sources[i], [this, i](Result<Tree, Errors> answer) {
            answered(i, std::move(answer));
        });
        fetches_[i]->start();
    }
    if (awaited_ == 0) finish();
}

void Gatherer::refuse_recursion() {
    const auto on_done = std::move(on_done_);
    on_done(Errors{{Fault::configuration, 0,
                    "a command of 'metadata:' has called kaigara, which would start that command "
                    "again, and so on; a command has to read its own files",
                    ""}});
}

void Gatherer::on_reaped() {
    // The last answer may end this object.
    for (std::size_t i = 0; awaited_ != 0 && i < fetches_.size(); ++i) {
        const bool is_last = awaited_ == 1;
        if (!fetches_[i] || answers_[i]) continue;
        fetches_[i]->on_reaped();
        if (is_last) return;
    }
}

void Gatherer::answered(std::size_t source, Result<Tree, Errors> answer) {
    answers_[source] = std::move(answer);
    if (--awaited_ == 0) finish();
}

void Gatherer::finish() {
    auto gathered = gather(plan_, std::move(answers_));
    const auto on_done = std::move(on_done_);
    on_done(std::move(gathered));
}

}  // namespace kaigara::metadata
