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
#include "app/report.h"
#include "app/resolve.h"
#include "base/text.h"
#include "platform/files.h"
#include "platform/users.h"
#include "provision/file_plan.h"
#include "provision/operation.h"
#include "provision/root_tree.h"
#include "provision/template_files.h"

namespace kaigara::app {

namespace {

using provision::MissingNames;

class Check {
public:
    Check(const Settings& settings, Errors errors, char** environment)
        : settings_(settings), environment_(environment), errors_(std::move(errors)),
          files_(settings.resources.path) {}

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
        missing_ = skipped_.empty() ? MissingNames::may_be_declared : MissingNames::are_left_out;
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
        auto planned =
            provision::plan_files({settings_.resources.path, settings_.files, missing_}, tree_);
        if (!planned)
            note(std::move(planned).error());
        else
            file_count_ = planned->size();
    }

    // Templates that neither lie in resources/root nor become a file of `templates:`: operations
    // render them.
    void check_other_templates() {
        auto found = provision::find_root_files(settings_.resources.path);
        if (!found) {
            // What lies in resources/root is told by check_files().
            std::erase_if(found.error(), [this](const Error& error) {
                return error.where.starts_with(settings_.resources.path + "/root/");
            });
            note(std::move(found).error());
            return;
        }
        std::vector<provision::TemplateSource> sources;
        for (const provision::RootFile& file : *found) {
            if (!file.is_template || file.target.starts_with("/root/") || is_entry(file.source))
                continue;
            if (auto source = files_.find(file.source))
                sources.push_back(std::move(*source));
            else
                note({std::move(source).error()});
        }
        std::set<std::string> included;
        std::vector<Errors> found_errors;
        for (const provision::TemplateSource& source : sources)
            found_errors.push_back(errors_of(source, included));
        for (std::size_t i = 0; i < sources.size(); ++i) {
            if (included.contains(sources[i].path)) continue;
            ++template_count_;
            note(std::move(found_errors[i]));
        }
    }

    bool is_entry(const std::string& path) const {
        return std::ranges::any_of(settings_.files, [&](const provision::FileEntry& entry) {
            const auto source = files_.find(entry.source);
            return source && source->path == path;
        });
    }

    Errors errors_of(const provision::TemplateSource& source, std::set<std::string>& included) {
        provision::TemplateOptions options = files_.options();
        options.missing = missing_;
        options.load_include = [&](std::string_view name) {
            const auto part = files_.find(std::string(name));
            if (part) included.insert(part->path);
            return files_.include(name);
        };
        auto rendered = provision::render_template(source.text, source.path, tree_, options);
        return rendered ? Errors() : std::move(rendered).error();
    }

    void check_operations() {
        auto operations =
            provision::find_operations(settings_.operations.path, settings_.operations.named);
        if (!operations)
            note(std::move(operations).error());
        else
            operation_count_ = operations->size();
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
