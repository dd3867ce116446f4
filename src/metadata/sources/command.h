// SPDX-License-Identifier: Apache-2.0
#pragma once

// Metadata from a command's stdout: `command: [sops, -d, secrets.yml]`.
//
// The command is a child of PID 1 like any other (platform/captured_command.h), with kaigara's own
// environment, in the directory of kaigara.yml. An attempt that fails is repeated as often as the
// source says, after a delay that doubles, within the time that all sources have together.
//
// A command that calls `kaigara get` would have its metadata resolved, and so itself started, over
// and over. So it finds resolving_variable in its environment, where kaigara finds it, too, and
// refuses to start commands.

#include <memory>
#include <string>
#include <string_view>

#include "base/backoff.h"
#include "metadata/sources/fetch.h"
#include "platform/captured_command.h"
#include "platform/loop.h"

namespace kaigara::metadata {

inline constexpr std::string_view resolving_variable = "KAIGARA_RESOLVING=1";

class CommandFetch : public Fetch {
public:
    CommandFetch(const FetchContext& context, const Source& source, OnDone on_done);

    void start() override;
    void on_reaped() override;

private:
    void attempt();
    void on_end(const platform::CapturedEnd& end);
    void failed(std::string reason, const std::string& err);
    Milliseconds time_left() const;

    FetchContext context_;
    const Source& source_;
    OnDone on_done_;
    Backoff backoff_;
    unsigned attempts_ = 0;
    platform::Timer timer_;
    std::unique_ptr<platform::CapturedCommand> command_;
};

}  // namespace kaigara::metadata
