// SPDX-License-Identifier: Apache-2.0
#pragma once

// Stage 1: all layers of metadata, merged into one tree.
//
//     metadata defaults  <  sources, in their order  <  KAIGARA_META_*  <  --set, in their order
//
// It has two parts. What has to be waited for (commands, stores, servers) is fetched first, all at
// the same time, by the Gatherer on the loop; then gather() reads what is at hand and piles the
// layers up, each seeing the tree below it. Without anything to wait for, gather() alone does it.
//
// A layer that cannot be read does not stop the search for errors: all are collected. What depends
// on the layers below is not said of a layer above a broken one, since it might not be so.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/duration.h"
#include "base/result.h"
#include "metadata/sources/fetch.h"
#include "metadata/sources/file.h"
#include "metadata/sources/source.h"
#include "metadata/tree.h"
#include "platform/http.h"
#include "platform/loop.h"
#include "platform/reaper.h"

namespace kaigara::metadata {

struct GatherPlan {
    std::string defaults_path;  // a file or a directory; empty for none
    Presence defaults_presence = Presence::optional;
    std::vector<Source> sources;
    std::vector<std::string_view> environment;  // "NAME=value"
    std::vector<std::string> sets;              // "path=value"
    Milliseconds timeout{60'000};               // of all that has to be waited for
};

struct Gathered {
    Tree tree;
    std::vector<std::string> warnings;  // optional sources that were left out
    std::vector<std::string> skipped;   // names of the sources that there was no answer of
};

// Whether a source of the plan has to be waited for.
bool has_to_wait(const GatherPlan& plan) noexcept;

// `answers` belong to the sources by their place; where it is shorter, or an answer is nothing, a
// source that had to be asked is skipped and so noted.
Result<Gathered, Errors> gather(const GatherPlan& plan, std::vector<Answer> answers = {});

class Gatherer {
public:
    // Everything outlives it. `environment` is what commands get. `on_done` is called once, from
    // the loop or from within start(); the gatherer may be destroyed in it. A gatherer that goes
    // away before that ends all that is under way, commands by KILL.
    Gatherer(platform::Loop& loop, platform::Reaper& reaper, GatherPlan plan,
             char* const* environment, std::function<void(Result<Gathered, Errors>)> on_done);

    void start();
    // After each round of reaping.
    void on_reaped();

private:
    void answered(std::size_t source, Result<Tree, Errors> answer);
    void finish();
    void refuse_recursion();

    platform::Loop& loop_;
    platform::Reaper& reaper_;
    GatherPlan plan_;
    std::vector<char*> environment_;  // of the commands
    std::function<void(Result<Gathered, Errors>)> on_done_;
    std::vector<Answer> answers_;
    platform::HttpClient http_;
    std::vector<std::unique_ptr<Fetch>> fetches_;
    std::size_t awaited_ = 0;
};

}  // namespace kaigara::metadata
