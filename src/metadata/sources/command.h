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

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "metadata/sources/source.h"
#include "metadata/tree.h"
#include "platform/captured_command.h"
#include "platform/loop.h"

namespace kaigara::metadata {

inline constexpr std::string_view resolving_variable = "KAIGARA_RESOLVING=1";

// The output as a tree: JSON where it reads as JSON, else YAML. `name` is what errors call it.
Result<Tree, Errors> parse_output(std::string_view output, const std::string& name);

class CommandFetch {
public:
    using Clock = std::chrono::steady_clock;
    struct Context {
        platform::Loop& loop;
        platform::Reaper& reaper;
        char* const* environment;    // with resolving_variable
        Clock::time_point deadline;  // of all sources together
    };

    // Everything outlives it. `on_done` is called once, after start(), from the loop; the output,
    // or Fault::unavailable with the end of what the command wrote to stderr. The object may be
    // destroyed in it.
    CommandFetch(const Context& context, const Source& source,
                 std::function<void(Result<std::string>)> on_done);

    void start();
    // After each round of reaping.
    void on_reaped();

private:
    void attempt();
    void on_end(const platform::CapturedEnd& end);
    void failed(std::string reason, const std::string& err);
    Milliseconds time_left() const;

    Context context_;
    const Source& source_;
    std::function<void(Result<std::string>)> on_done_;
    unsigned attempts_ = 0;
    Milliseconds delay_{0};
    platform::Timer timer_;
    std::unique_ptr<platform::CapturedCommand> command_;
};

}  // namespace kaigara::metadata
