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
// as it was.
//
// A symbolic link is followed and stays. A file that cannot be replaced (it is a mount of its own,
// or only it and not its directory may be written, or its owner would be lost) is written in place,
// with a warning, since a reader may then see half of it. Devices, FIFOs and descriptors
// (/dev/stdout) are simply written to. Directories are never made.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "platform/fd.h"

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

class Target {
public:
    enum class Outcome : std::uint8_t {
        unchanged,         // it was so already, and was not touched
        replaced,          // atomically; also when it is new
        written_in_place,  // not atomically
        passed_on,         // to a device, a FIFO or a descriptor
    };

    // Fault::cannot_create when the file cannot be made or may not be written, input_output when
    // writing fails, with the path as `where`.
    static Result<Target> prepare(TargetSpec spec, std::string_view content);

    Target(Target&&) = default;
    Target& operator=(Target&&) = delete;
    Target(const Target&) = delete;
    Target& operator=(const Target&) = delete;
    ~Target() = default;

    // A file with the new content, for a check before commit().
    std::string staged_path() const;

    // To be called once.
    Result<Outcome> commit();

    // What the user should know, also after a success; each is a line for log::warn.
    const std::vector<std::string>& warnings() const noexcept { return warnings_; }

private:
    // A file that is removed with its object, unless it was renamed away.
    class Temporary {
    public:
        Temporary() = default;
        explicit Temporary(std::string path) : path_(std::move(path)) {}
        Temporary(Temporary&& other) noexcept : path_(std::exchange(other.path_, {})) {}
        Temporary& operator=(Temporary&& other) noexcept {
            std::swap(path_, other.path_);
            return *this;
        }
        ~Temporary();
        const std::string& path() const noexcept { return path_; }
        bool is_there() const noexcept { return !path_.empty(); }
        void forget() noexcept { path_.clear(); }

    private:
        std::string path_;
    };

    // What the path was found to be.
    struct Found {
        std::string path;     // behind all links
        int descriptor = -1;  // of ours, that the path names
        bool exists = false;
        bool is_direct = false;  // not a regular file, or one that is reached through a descriptor
        mode_t mode = 0;
        Owner owner;
    };

    explicit Target(TargetSpec spec) : spec_(std::move(spec)) {}

    Result<void> find();
    Result<void> stage(std::string_view content);
    Result<void> stage_beside(std::string_view content);
    Result<void> stage_in_memory(std::string_view content);
    Result<bool> take_owner(int fd);
    bool is_as_wanted(std::string_view content) const;
    void warn_of_wide_mode();
    Result<Outcome> write_in_place();
    Result<Outcome> pass_on();
    Result<void> copy_staged(int destination) const;
    Error error(Fault fault, int code, std::string_view message) const;

    TargetSpec spec_;
    Found found_;
    Outcome outcome_ = Outcome::replaced;  // what commit() will try to do
    Temporary temporary_;
    platform::Fd staged_;
    std::vector<std::string> warnings_;
};

}  // namespace kaigara::provision
