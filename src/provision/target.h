// SPDX-License-Identifier: Apache-2.0
#pragma once

// One file that is to have a certain content, in two steps, so that a set of files can first be
// prepared and checked as a whole and then be put in place:
//
//     prepare()   finds out what has to be done and does all that can fail for want of room: the
//                 content lies on the disk, in a temporary file beside the target that has the
//                 final mode and owner already
//     commit()    renames it; from then on every reader finds the whole of the new content, and
//                 found the whole of the old one before
//
// An object that goes away without commit() takes its temporary file with it, and the old file is
// as it was. What a killed kaigara left is removed by the next prepare() of the same target.
//
// A symbolic link is followed and stays. A file that cannot be replaced (it is a mount of its own,
// or only it and not its directory may be written, or its owner would be lost) is written in place,
// with a warning, since a reader may then see half of it. Devices, FIFOs and descriptors
// (/dev/stdout) are simply written to. Directories are never made.
//
// target_set.h puts several targets in place, all or none. It takes commit() apart:
//
//     replace() rewrite()   put the file in place, and keep what undo() needs to bring the old one
//                           back: the old file itself, which has changed names with the new one
//                           (renameat2(2)), or its content in memory where that is not possible
//     pass_on()             cannot be undone
//     settle()              lets go of the old file
//
// examine() tells what would be done and touches nothing.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "platform/fd.h"
#include "provision/made_directories.h"
#include "provision/staged_file.h"

namespace kaigara::provision {

struct Owner {
    uid_t uid = 0;
    gid_t gid = 0;
    bool operator==(const Owner&) const = default;
};

struct TargetSpec {
    std::string path;
    // What the user asked for. Without it an existing file keeps what it has.
    std::optional<mode_t> mode;
    std::optional<Owner> owner;
    // A new file's, exactly, whatever the umask is; 0600 in its place when the content is secret.
    mode_t mode_when_new = 0644;
    bool has_secret = false;
};

struct Examination;

class Target {
public:
    enum class Outcome : std::uint8_t {
        unchanged,         // it was so already, and was not touched
        replaced,          // atomically; also when it is new
        written_in_place,  // not atomically
        passed_on,         // to a device, a FIFO or a descriptor
    };
    // Whether prepare() removes what dead kaigaras left of this target.
    enum class Leftovers : std::uint8_t { remove, keep };

    // Fault::cannot_create when the file cannot be made or may not be written, input_output when
    // writing fails, with the path as `where`.
    static Result<Target> prepare(TargetSpec spec, std::string_view content,
                                  Leftovers leftovers = Leftovers::remove);

    // What prepare() and commit() would do, found out without an effect on anything. Of
    // `directories`, those that are missing count as made.
    static Examination examine(const TargetSpec& spec, std::string_view content,
                               std::span<const RootDirectory> directories = {});

    Target(Target&&) = default;
    Target& operator=(Target&&) = delete;
    Target(const Target&) = delete;
    Target& operator=(const Target&) = delete;
    ~Target() = default;

    // A file with the new content, for a check before commit().
    std::string staged_path() const;
    // What staged_path() is a name of, for whoever has that descriptor under the same number; -1
    // where it is the path of a file. That of our own in /proc would not do: nobody may follow it
    // while our memory is hidden (platform/hidden_memory.h).
    int staged_in_memory() const noexcept { return memory_.get(); }
    // What commit() will try to do, and has done.
    Outcome outcome() const noexcept { return outcome_; }
    // The path behind all links.
    const std::string& path() const noexcept { return found_.path; }

    // To be called once.
    Result<Outcome> commit();

    // The steps of a commit that can be undone. replace() finds a mount only when it tries: then
    // nothing is done, and the outcome is written_in_place from there on.
    Result<void> replace();
    Result<void> rewrite();
    Result<void> pass_on();
    // Brings back what was there; nothing to be done when no step was taken. Also to be called for
    // the target whose step failed.
    Result<void> undo();
    void settle() { staged_ = StagedFile(); }

    // What the user should know, also after a success; each is a line for log::warn.
    const std::vector<std::string>& warnings() const noexcept { return warnings_; }

private:
    // What the path was found to be.
    struct Found {
        std::string path;     // behind all links
        int descriptor = -1;  // of ours, that the path names
        bool exists = false;
        bool is_direct = false;  // not a regular file, or one that is reached through a descriptor
        mode_t mode = 0;
        Owner owner;
    };

    // How the new file came into its place, and so what undo() has to do.
    enum class Placed : std::uint8_t {
        no,
        made,       // it is new: removed again
        exchanged,  // the old file has the temporary name: exchanged again
        written,    // the old content is in memory: written back
    };

    struct Identity {
        dev_t device = 0;
        ino_t inode = 0;
        bool operator==(const Identity&) const = default;
    };

    explicit Target(TargetSpec spec) : spec_(std::move(spec)) {}

    Result<void> find();
    Result<void> stage(std::string_view content);
    Result<void> stage_beside(std::string_view content);
    Result<void> stage_in_memory(std::string_view content);
    Error no_temporary_file(int code) const;
    Result<bool> take_owner(int fd);
    mode_t wanted_mode() const;
    bool has_wanted_status() const;
    void warn_of_wide_mode();
    void fall_back(std::string_view reason);

    Result<void> rename_over();
    Result<void> replace_refused(int code);
    Result<void> remember();
    Result<void> accept_exchange();
    Result<void> write_in_place();
    Result<void> write_back();
    bool is_still_ours() const;
    int staged_descriptor() const;

    void examine_owner(Examination& examination, const Owner& born);
    void examine_place(Examination& examination, std::span<const RootDirectory> directories);
    Error error(Fault fault, int code, std::string_view message) const;

    TargetSpec spec_;
    Found found_;
    Outcome outcome_ = Outcome::replaced;
    Placed placed_ = Placed::no;
    Identity identity_;    // of the new file
    StagedFile staged_;    // the new file; the old one after an exchange
    platform::Fd memory_;  // the new content, where there is no temporary file
    platform::Fd old_;     // the old content, for write_back()
    std::vector<std::string> warnings_;
};

// What would become of a target.
struct Examination {
    Target::Outcome outcome = Target::Outcome::unchanged;
    bool is_new = false;
    bool content_differs = false;
    // Equal where nothing changes, and for a new file.
    mode_t old_mode = 0;
    mode_t new_mode = 0;
    Owner old_owner;
    Owner new_owner;
    // What is in the file now; nothing for a new one, for one that cannot be read, and for what is
    // no regular file or larger than 64 MiB.
    std::optional<std::string> old_content;
    std::vector<std::string> directories;  // that would be made, outermost first
    std::vector<std::string> warnings;
    // Why it could not be written; the rest is what is known all the same.
    std::optional<Error> error;
};

}  // namespace kaigara::provision
