// SPDX-License-Identifier: Apache-2.0
#pragma once

// Fetches the layer of one source that has to be waited for: of a command, of etcd or Consul, of an
// HTTP server.
//
//     start() ─► attempt ─► failed ─► delay ─► attempt ─► ... ─► on_done(layer)
//                              │ final, no time left, no attempt left
//                              └─► on_done(why not)
//
// An attempt of a server has 10 s, one of a command all the time that is left, unless the source
// says `timeout`; a server is tried until the deadline of all sources, a command once, unless the
// source says `retries`. Delays double, with chance in them (base/backoff.h). What is wrong in what
// was answered is never tried again.
//
// The layer is not mounted yet, and its secrets are not marked. The destructor ends what is under
// way.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "metadata/sources/source.h"
#include "metadata/tree.h"
#include "platform/http.h"
#include "platform/loop.h"
#include "platform/reaper.h"

namespace kaigara::metadata {

// What the source has said; nothing where it was not asked.
using Answer = std::optional<Result<Tree, Errors>>;

struct FetchContext {
    using Clock = std::chrono::steady_clock;

    platform::Loop& loop;
    platform::Reaper& reaper;
    platform::HttpClient& http;
    char* const* command_environment;               // of commands, see command.h
    std::span<const std::string_view> environment;  // "NAME=value": addresses, tokens, ${NAME}
    Clock::time_point deadline;                     // of all sources together
};

class Fetch {
public:
    // Called once, never by start(), from the loop or from on_reaped(); the fetch may be destroyed
    // in it. Fault::unavailable when there was no answer: one error, which has the source's
    // `where`.
    using OnDone = std::function<void(Result<Tree, Errors>)>;

    virtual ~Fetch() = default;
    virtual void start() = 0;
    // After each round of reaping.
    virtual void on_reaped() {}
};

// The source has to be waited for, and outlives the fetch, as all of the context does.
std::unique_ptr<Fetch> make_fetch(const FetchContext& context, const Source& source,
                                  Fetch::OnDone on_done);

// A document as a tree; `name` is what errors call it.
Result<Tree, Errors> read_document(std::string_view text, SourceFormat format,
                                   const std::string& name);

}  // namespace kaigara::metadata
