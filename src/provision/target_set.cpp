// SPDX-License-Identifier: Apache-2.0
#include "provision/target_set.h"

#include <stdlib.h>

#include <array>
#include <cerrno>
#include <climits>
#include <map>
#include <optional>
#include <ranges>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "provision/in_place.h"
#include "provision/staged_file.h"
#include "provision/target_path.h"

namespace kaigara::provision {

namespace {

using Outcome = Target::Outcome;

// A staged file, or the new and the old content in memory; and what the process has open already.
constexpr std::size_t descriptors_per_file = 2;
constexpr std::size_t descriptors_beside = 256;

// A directory and a name in it; the same for each way to write the path of one target.
struct Place {
    std::string directory;
    std::string name;
    auto operator<=>(const Place&) const = default;
};

// Without links, "." and ".."; what is yet to be made goes by its name behind what is there.
std::string real_directory(const std::string& directory) {
    std::array<char, PATH_MAX> real;
    if (::realpath(directory.c_str(), real.data()) != nullptr) return real.data();
    const std::string name = name_of(directory);
    const std::string above = directory_of(directory);
    if (errno != ENOENT || above == directory) return directory;
    if (name.empty() || name == ".") return real_directory(above);
    const std::string place = real_directory(above);
    return place.ends_with('/') ? place + name : place + '/' + name;
}

// Nothing for a path that leads nowhere: preparing it will say why.
std::optional<Place> place_of(const std::string& path) {
    const auto behind = follow_links(path);
    if (!behind) return std::nullopt;
    if (const auto descriptor = own_descriptor(*behind))
        return Place{"/dev/fd", fmt::format("{}", *descriptor)};
    return Place{real_directory(directory_of(*behind)), name_of(*behind)};
}

// Who wants the file, in front of what is wrong with it.
Error wanted_by(const std::string& where, Error error) {
    if (where.empty()) return error;
    return {error.fault, error.code, error.text(), where};
}

// Each directory is read once, however many of the files lie in it.
void remove_all_leftovers(const std::vector<TargetFile>& files) {
    std::map<std::string, std::set<std::string>> names;
    for (const TargetFile& file : files)
        if (const auto place = place_of(file.spec.path))
            names[place->directory].insert(place->name);
    for (const auto& [directory, of_it] : names) remove_leftovers(directory, of_it);
}

}  // namespace

Errors find_conflicts(const std::vector<const TargetFile*>& files) {
    std::map<Place, const TargetFile*> seen;
    std::map<std::string, const TargetFile*> directories;
    Errors errors;
    for (const TargetFile* file : files) {
        for (const RootDirectory& directory : file->directories)
            directories.emplace(directory.path, file);
    }
    for (const TargetFile* file : files) {
        const std::string path = text::printable(file->spec.path);
        if (const auto inside = directories.find(file->spec.path); inside != directories.end()) {
            errors.push_back({Fault::configuration, 0,
                              fmt::format("{} is to be a file, and the directory of {}", path,
                                          text::printable(inside->second->spec.path)),
                              file->where});
            continue;
        }
        const auto place = place_of(file->spec.path);
        if (!place) continue;
        const auto [first, is_new] = seen.emplace(*place, file);
        if (is_new) continue;
        const TargetFile& other = *first->second;
        std::string message =
            fmt::format("{} is made from {} already", path, text::printable(other.where));
        if (other.spec.path != file->spec.path)
            message += fmt::format(", as {}", text::printable(other.spec.path));
        errors.push_back({Fault::configuration, 0, message + "; keep one of them", file->where});
    }
    return errors;
}

TargetSet::TargetSet(std::size_t files) : room_(files * descriptors_per_file + descriptors_beside) {
    targets_.reserve(files);
}

Result<TargetSet, Errors> TargetSet::prepare(std::vector<TargetFile> files) {
    TargetSet set(files.size());
    Errors errors;
    set.make_directories(files, errors);
    // Without its directories each file would only fail once more, for the same reason.
    if (!errors.empty()) return errors;
    std::vector<const TargetFile*> all;
    for (const TargetFile& file : files) all.push_back(&file);
    errors = find_conflicts(all);
    if (!errors.empty()) return errors;
    remove_all_leftovers(files);
    for (TargetFile& file : files) {
        auto target = Target::prepare(std::move(file.spec), file.content, Target::Leftovers::keep);
        std::string().swap(file.content);  // it is on the disk now
        if (target)
            set.targets_.push_back(std::move(*target));
        else
            errors.push_back(wanted_by(file.where, std::move(target).error()));
        // Without descriptors every further file would only say the same.
        if (!errors.empty() && (errors.back().code == EMFILE || errors.back().code == ENFILE)) {
            errors.back().message += "; raise the limit of open files (--ulimit nofile)";
            break;
        }
    }
    if (!errors.empty()) return errors;
    return set;
}

void TargetSet::make_directories(const std::vector<TargetFile>& files, Errors& errors) {
    std::map<std::string, bool> is_there;
    for (const TargetFile& file : files) {
        for (const RootDirectory& directory : file.directories) {
            const auto [known, is_first] = is_there.emplace(directory.path, true);
            if (is_first) {
                auto made = directories_.make(directory);
                known->second = made.has_value();
                if (!made) {
                    Error error = wanted_by(file.where, std::move(made).error());
                    if (!file.where.empty()) error = std::move(error).while_doing(file.spec.path);
                    errors.push_back(std::move(error));
                }
            }
            if (!known->second) break;  // nor can those in it be made
        }
    }
}

Result<std::vector<Outcome>> TargetSet::commit() {
    if (auto placed = place(); !placed) {
        roll_back();
        return std::move(placed).error();
    }
    std::vector<Outcome> outcomes;
    for (Target& target : targets_) {
        target.settle();
        outcomes.push_back(target.outcome());
    }
    return outcomes;
}

Result<void> TargetSet::place() {
    for (Target& target : targets_)
        if (target.outcome() == Outcome::replaced) KG_TRY(target.replace());
    for (Target& target : targets_)
        if (target.outcome() == Outcome::written_in_place) KG_TRY(target.rewrite());
    KG_TRY(flush_directories());
    for (Target& target : targets_)
        if (target.outcome() == Outcome::passed_on) KG_TRY(target.pass_on());
    return directories_.keep();
}

Result<void> TargetSet::flush_directories() const {
    std::set<std::string> changed;
    for (const Target& target : targets_)
        if (target.outcome() == Outcome::replaced) changed.insert(directory_of(target.path()));
    for (const RootDirectory& directory : directories_.made())
        changed.insert(directory_of(directory.path));
    for (const std::string& directory : changed)
        if (const int code = flush_directory(directory); code != 0)
            return system_error(Fault::input_output, code, "the directory cannot be flushed",
                                directory);
    return {};
}

void TargetSet::roll_back() {
    for (Target& target : targets_ | std::views::reverse)
        if (auto undone = target.undo(); !undone)
            warnings_.push_back(std::move(undone).error().text());
    for (const Target& target : targets_)
        warnings_.insert(warnings_.end(), target.warnings().begin(), target.warnings().end());
    // Or a power failure could bring back what has just been undone. There is nobody to tell when
    // it fails, for the error that led here is told already.
    (void)flush_directories();
    targets_.clear();
    directories_.remove();
}

std::vector<std::string> TargetSet::warnings() const {
    std::vector<std::string> all;
    for (const Target& target : targets_)
        all.insert(all.end(), target.warnings().begin(), target.warnings().end());
    all.insert(all.end(), warnings_.begin(), warnings_.end());
    return all;
}

}  // namespace kaigara::provision
