// SPDX-License-Identifier: Apache-2.0
#include "app/check.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/exit_code.h"
#include "app/exports.h"
#include "app/operation_set.h"
#include "app/report.h"
#include "app/resolve.h"
#include "base/text.h"
#include "platform/files.h"
#include "platform/users.h"
#include "provision/file_plan.h"
#include "provision/template_files.h"

namespace kaigara::app {

namespace {

using provision::MissingNames;

constexpr std::size_t deepest_directory = 64;
constexpr std::size_t most_templates = 10'000;

class Check {
public:
    Check(const Settings& settings, Errors errors, char** environment)
        : settings_(settings), environment_(environment), errors_(std::move(errors)),
          files_(settings.resources.path) {
        // What was wrong in kaigara.yml is not there, and with it the values that it would give.
        if (!errors_.empty()) missing_ = MissingNames::are_left_out;
    }

    int run() {
        check_metadata();
        check_application();
        check_files();
        check_other_templates();
        check_operations();
        if (!errors_.empty()) return report(errors_);
        const auto written = platform::write_all(1, summary());
        return written ? exit_ok : report(written.error());
    }

private:
    void note(Errors errors) { std::ranges::move(errors, std::back_inserter(errors_)); }

    void check_metadata() {
        auto gathered = metadata::gather(gather_plan(settings_, environment_));
        if (!gathered) {
            note(std::move(gathered).error());
            missing_ = MissingNames::are_left_out;
            return;
        }
        skipped_ = std::move(gathered->skipped);
        if (!skipped_.empty()) missing_ = MissingNames::are_left_out;
        tree_ = accept(std::move(*gathered));
    }

    void check_application() {
        if (settings_.user) {
            if (auto user = platform::find_user(*settings_.user); !user)
                note({std::move(user).error().while_doing("application.user")});
        }
        if (auto exported = exported_variables(settings_, tree_, missing_); !exported)
            note(std::move(exported).error());
    }

    void check_files() {
        if (auto missing = check_resources(settings_)) {
            note({*std::move(missing)});
            return;
        }
        const provision::FilePlanRequest request{
            .resources = settings_.resources.path,
            .entries = settings_.files,
            .missing = missing_,
            .included = &known_,
        };
        auto planned = provision::plan_files(request, tree_);
        if (!planned)
            note(std::move(planned).error());
        else
            file_count_ = planned->size();
        for (const provision::FileEntry& entry : settings_.files) {
            if (const auto source = files_.find(entry.source))
                known_.insert(platform::real_path(source->path));
        }
    }

    // Templates that neither lie in resources/root nor become a file of `templates:`: operations
    // render them, or other templates include them.
    void check_other_templates() {
        std::vector<std::string> paths;
        list_templates(settings_.resources.path, 0, paths);
        std::vector<Errors> found_errors;
        for (const std::string& path : paths) {
            const bool is_known = known_.contains(platform::real_path(path));
            found_errors.push_back(is_known ? Errors() : errors_of(path));
        }
        for (std::size_t i = 0; i < paths.size(); ++i) {
            if (known_.contains(platform::real_path(paths[i]))) continue;
            ++template_count_;
            note(std::move(found_errors[i]));
        }
    }

    // All *.tmpl below a directory, but for resources/root and what begins with "..": a ConfigMap
    // keeps its versions there. What is no readable directory holds none.
    void list_templates(const std::string& directory, std::size_t depth,
                        std::vector<std::string>& paths) {
        const auto names = platform::list_directory(directory);
        if (!names || depth > deepest_directory || paths.size() > most_templates) return;
        for (const std::string& name : *names) {
            if (name.starts_with("..") || (depth == 0 && name == "root")) continue;
            const std::string path = directory + "/" + name;
            if (name.ends_with(".tmpl") && name != ".tmpl")
                paths.push_back(path);
            else
                list_templates(path, depth + 1, paths);
        }
    }

    Errors errors_of(const std::string& path) {
        const auto source = files_.find(path);
        if (!source) return {source.error()};
        provision::TemplateOptions options = files_.options();
        options.missing = missing_;
        files_.note_includes(options, known_);
        auto rendered = provision::render_template(source->text, source->path, tree_, options);
        return rendered ? Errors() : std::move(rendered).error();
    }

    void check_operations() {
        const auto operations = find_operations(settings_);
        if (!operations) {
            note(operations.error());
            return;
        }
        operation_count_ = operations->size();
        for (const provision::Operation& operation : *operations) {
            if (operation.options.user.empty()) continue;
            if (auto user = platform::find_user(operation.options.user); !user) {
                Error error = std::move(user).error().while_doing("user");
                error.where = operation.path;
                note({std::move(error)});
            }
        }
    }

    std::string summary() const {
        std::string text = fmt::format("no errors: {}, {}, {}, {}\n",
                                       text::counted(tree_.leaf_paths().size(), "metadata value"),
                                       text::counted(file_count_, "file"),
                                       text::counted(template_count_, "other template"),
                                       text::counted(operation_count_, "operation"));
        if (!skipped_.empty())
            text += fmt::format("not asked, so missing values were not looked for: {}\n",
                                fmt::join(skipped_, ", "));
        return text;
    }

    const Settings& settings_;
    char** environment_;
    Errors errors_;
    provision::TemplateFiles files_;
    metadata::Tree tree_;
    MissingNames missing_ = MissingNames::may_be_declared;
    std::set<std::string> known_;  // real paths of templates that are checked elsewhere
    std::vector<std::string> skipped_;
    std::size_t file_count_ = 0;
    std::size_t template_count_ = 0;
    std::size_t operation_count_ = 0;
};

}  // namespace

int run_check(const Settings& settings, Errors errors, char** environment) {
    return Check(settings, std::move(errors), environment).run();
}

}  // namespace kaigara::app
