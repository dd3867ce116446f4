// SPDX-License-Identifier: Apache-2.0
#include "provision/file_plan.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "metadata/redaction.h"
#include "platform/files.h"
#include "platform/users.h"
#include "provision/root_tree.h"
#include "provision/template_files.h"

namespace kaigara::provision {

namespace {

// A file that is copied has to fit into memory beside the others.
constexpr std::size_t largest_copy = std::size_t{64} << 20U;
constexpr std::size_t largest_set = std::size_t{512} << 20U;

class Planner {
public:
    Planner(const FilePlanRequest& request, const metadata::Tree& tree)
        : request_(request), tree_(tree), files_(request.resources) {}

    void add(const RootFile& root) {
        PlannedFile planned;
        planned.source = root.source;
        planned.file.spec.path = root.target;
        planned.file.directories = root.directories;
        planned.file.where = root.source;
        if (root.is_template) {
            auto text = platform::read_file(root.source, largest_copy);
            if (!text) return note({std::move(text).error()});
            render({root.source, std::move(*text)}, std::move(planned));
            return;
        }
        planned.file.spec.mode_when_new = root.mode;
        auto content = platform::read_file(root.source, largest_copy);
        if (!content) return note({std::move(content).error()});
        planned.file.content = std::move(*content);
        planned.is_hidden = (root.mode & 0004U) == 0;
        if (request_.with_masked)
            planned.masked = planned.is_hidden ? metadata::mask_lines(planned.file.content)
                                               : planned.file.content;
        keep(std::move(planned));
    }

    void add(const FileEntry& entry) {
        PlannedFile planned;
        planned.check = entry.check;
        planned.file.spec.path = entry.target;
        planned.file.directories = directories_above(entry.target);
        planned.file.spec.mode = entry.mode;
        planned.file.where = entry.where;
        if (!entry.owner.empty()) {
            const auto user = platform::find_user(entry.owner);
            if (user)
                planned.file.spec.owner = Owner{user->credentials.uid, user->credentials.gid};
            else
                note({{Fault::configuration, 0, "owner: " + user.error().message, entry.where}});
        }
        auto source = files_.find(entry.source);
        if (!source) {
            Error error = std::move(source).error();
            note({{error.fault, error.code, error.text(), entry.where}});
            return;
        }
        planned.source = source->path;
        render(std::move(*source), std::move(planned));
    }

    Result<std::vector<PlannedFile>, Errors> take() {
        std::vector<const TargetFile*> files;
        for (const PlannedFile& planned : planned_) files.push_back(&planned.file);
        note(find_conflicts(files));
        if (!errors_.empty()) return std::move(errors_);
        return std::move(planned_);
    }

    void note(Errors errors) { std::ranges::move(errors, std::back_inserter(errors_)); }

private:
    void render(const TemplateSource& source, PlannedFile planned) {
        TemplateOptions options = files_.options();
        options.missing = request_.missing;
        if (request_.included != nullptr) files_.note_includes(options, *request_.included);
        auto rendered = render_template(source.text, source.path, tree_, options);
        if (!rendered) return note(std::move(rendered).error());
        planned.file.content = std::move(rendered->text);
        planned.file.spec.has_secret = rendered->used_secret;
        if (request_.with_masked && rendered->used_secret) {
            options.mask_secrets = true;
            auto masked = render_template(source.text, source.path, tree_, options);
            if (!masked) return note(std::move(masked).error());
            planned.masked = std::move(masked->text);
        } else if (request_.with_masked) {
            planned.masked = planned.file.content;
        }
        keep(std::move(planned));
    }

    void keep(PlannedFile planned) {
        bytes_ += planned.file.content.size();
        if (bytes_ > largest_set) {
            if (!is_too_large_)
                note({{Fault::bad_data, 0,
                       fmt::format("with this file the files to be made are larger than {} MiB",
                                   largest_set >> 20U),
                       planned.file.where}});
            is_too_large_ = true;
            return;
        }
        planned_.push_back(std::move(planned));
    }

    const FilePlanRequest& request_;
    const metadata::Tree& tree_;
    TemplateFiles files_;
    std::vector<PlannedFile> planned_;
    std::size_t bytes_ = 0;
    bool is_too_large_ = false;
    Errors errors_;
};

}  // namespace

Result<std::vector<PlannedFile>, Errors> plan_files(const FilePlanRequest& request,
                                                    const metadata::Tree& tree) {
    Planner planner(request, tree);
    auto root_files = find_root_files(request.resources + "/root");
    if (root_files) {
        for (const RootFile& file : *root_files) planner.add(file);
    } else {
        planner.note(std::move(root_files).error());
    }
    for (const FileEntry& entry : request.entries) planner.add(entry);
    return planner.take();
}

}  // namespace kaigara::provision
