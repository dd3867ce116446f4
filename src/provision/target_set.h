// SPDX-License-Identifier: Apache-2.0
#pragma once

// A set of files that is put in place all or none.
//
//     prepare()   makes the missing directories and stages every file; all errors are told, and
//                 after one nothing is left behind
//     commit()    puts them in place in an order that goes from what is easily undone to what
//                 cannot be:
//
//         replace     each file changes names with the old one; undone by changing names again
//         rewrite     what can only be written in place (a mount); undone by writing the old
//                     content back
//         flush       each directory once
//         pass on     devices, FIFOs and descriptors; what went there cannot be taken back
//
//                 When a step fails, those before it are undone, the last one first. What cannot
//                 be undone, and why, stands in warnings().
//
// Between the first renaming and the last one a reader may find some files new and some old: no
// file system has a step for all of them. A kaigara that is killed there leaves each file whole,
// old or new, and the next one that prepares the set brings it to its end.
//
// An object that goes away without commit() takes its staged files and directories with it.

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "provision/descriptor_room.h"
#include "provision/made_directories.h"
#include "provision/target.h"

namespace kaigara::provision {

struct TargetFile {
    TargetSpec spec;
    std::string content;
    // Made where they are missing, outermost first.
    std::vector<RootDirectory> directories;
    // Who wants the file, for messages: its source, or a place in kaigara.yml.
    std::string where;
};

// Files that make the same target, also by different paths, and files where another one needs a
// directory: Fault::configuration, each with its `where`.
Errors find_conflicts(const std::vector<const TargetFile*>& files);

class TargetSet {
public:
    // All errors. Two files with one target are an error of Fault::configuration, the rest is as
    // Target::prepare() tells it.
    static Result<TargetSet, Errors> prepare(std::vector<TargetFile> files);

    TargetSet(TargetSet&&) = default;
    TargetSet& operator=(TargetSet&&) = delete;
    TargetSet(const TargetSet&) = delete;
    TargetSet& operator=(const TargetSet&) = delete;
    ~TargetSet() = default;

    // In the order of the files that were given to prepare().
    std::size_t size() const noexcept { return targets_.size(); }
    // `unchanged` needs no check; else what commit() will try to do.
    Target::Outcome outcome(std::size_t index) const { return targets_.at(index).outcome(); }
    // A file with the new content, for a check before commit().
    std::string staged_path(std::size_t index) const { return targets_.at(index).staged_path(); }
    int staged_in_memory(std::size_t index) const { return targets_.at(index).staged_in_memory(); }

    // To be called once. After an error the set is empty, and nothing of it is left on the disk.
    Result<std::vector<Target::Outcome>> commit();

    // Lines for log::warn, of prepare() and of commit().
    std::vector<std::string> warnings() const;

private:
    explicit TargetSet(std::size_t files);

    void make_directories(const std::vector<TargetFile>& files, Errors& errors);
    Result<void> place();
    Result<void> flush_directories() const;
    void roll_back();

    // In this order: what is staged goes before the directory that it lies in.
    DescriptorRoom room_;
    MadeDirectories directories_;
    std::vector<Target> targets_;
    std::vector<std::string> warnings_;  // of what is no longer in targets_
};

}  // namespace kaigara::provision
