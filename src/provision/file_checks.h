// SPDX-License-Identifier: Apache-2.0
#pragma once

// Asks the checks of `templates:` whether the staged files are good, before any of them is put in
// place: `nginx -t -c {{target}}`. One after the other, each a child of PID 1 that sh runs, with
// kaigara's environment and directory. A check that fails is told with what it said.
//
// A file that stays as it is needs no check.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "metadata/redaction.h"
#include "platform/captured_command.h"
#include "platform/loop.h"
#include "platform/reaper.h"

namespace kaigara::provision {

struct FileCheck {
    std::string command;  // with {{target}}
    std::string path;     // of the staged file, for {{target}}
    std::string target;   // the file's own path, for messages
    std::string where;    // "kaigara.yml:12:5"
    int descriptor = -1;  // that `path` is a name of, which the check gets then
};

struct FileChecksRequest {
    std::vector<FileCheck> checks;
    char* const* environment = nullptr;
    metadata::Redaction redact;  // of what a check says
};

// `command` with the path in the place of {{target}}; quoted for sh where it has to be.
std::string check_command(std::string_view command, std::string_view path);

class FileChecks {
public:
    // Everything outlives it. `on_done` is called once, from the loop or from within start(), with
    // all that was refused (Fault::bad_data); the object may be destroyed in it. One that goes away
    // before that ends its check by KILL.
    FileChecks(platform::Loop& loop, platform::Reaper& reaper, FileChecksRequest request,
               std::function<void(Errors)> on_done);

    void start() { next(); }
    // After each round of reaping.
    void on_reaped();

private:
    void next();
    void on_end(const platform::CapturedEnd& end);
    void refuse(std::string reason, std::string_view said);

    platform::Loop& loop_;
    platform::Reaper& reaper_;
    FileChecksRequest request_;
    std::function<void(Errors)> on_done_;
    std::size_t index_ = 0;
    std::unique_ptr<platform::CapturedCommand> command_;
    // The one that has just ended, until its call has returned.
    std::unique_ptr<platform::CapturedCommand> ended_;
    Errors errors_;
};

}  // namespace kaigara::provision
