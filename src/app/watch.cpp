// SPDX-License-Identifier: Apache-2.0
#include "app/watch.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "app/exit_code.h"
#include "app/options.h"
#include "app/own_loop.h"
#include "app/report.h"
#include "app/resolve.h"
#include "app/watch_pass.h"
#include "metadata/bounds.h"
#include "metadata/sources/command.h"
#include "metadata/sources/environment.h"
#include "metadata/sources/follower.h"
#include "platform/fd.h"
#include "platform/file_follower.h"
#include "platform/files.h"
#include "platform/hidden_memory.h"
#include "platform/http.h"
#include "platform/reaper.h"
#include "platform/streams.h"

namespace kaigara::app {

namespace {

using Clock = std::chrono::steady_clock;
using supervise::WatchRecord;

constexpr int longest_quiet = 5;  // times the quiet time
constexpr Milliseconds least_gap{100};

// The channel to PID 1, which nobody else has.
bool has_channel() {
    struct stat facts = {};
    return ::fstat(supervise::watch_channel, &facts) == 0 && S_ISFIFO(facts.st_mode);
}

// prctl(2): the signal is not sent for a parent that died before the call. Then nobody reads.
bool has_reader() {
    pollfd channel = {supervise::watch_channel, 0, 0};
    return ::poll(&channel, 1, 0) == 0;
}

void add_value_file(std::string_view entry, std::vector<platform::FollowedPath>& paths) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string_view::npos || !entry.substr(0, equals).ends_with("_FILE")) return;
    if (equals + 1 < entry.size()) paths.push_back({std::string(entry.substr(equals + 1)), 0});
}

// The files that variables of metadata name.
void add_value_files(const metadata::GatherPlan& plan, std::string_view prefix,
                     std::vector<platform::FollowedPath>& paths) {
    for (const std::string_view entry : plan.environment)
        if (entry.starts_with(prefix)) add_value_file(entry, paths);
}

void add_bound_files(const metadata::GatherPlan& plan, const metadata::Source& source,
                     std::vector<platform::FollowedPath>& paths) {
    for (const metadata::Binding& binding : source.bindings)
        add_value_files(plan, binding.variable + "=", paths);
}

std::vector<platform::FollowedPath> followed_paths(const metadata::GatherPlan& plan) {
    using metadata::SourceKind;
    // Metadata lies in a directory and in those in it.
    std::vector<platform::FollowedPath> paths = {{plan.defaults_path, 2}};
    for (const metadata::Source& source : plan.sources) {
        if (source.kind == SourceKind::file) paths.push_back({source.path, 0});
        if (source.kind == SourceKind::directory)
            paths.push_back({source.path, metadata::max_depth});
        if (source.kind != SourceKind::environment) continue;
        if (!source.prefix.empty())
            add_value_files(plan, source.prefix, paths);
        else
            add_bound_files(plan, source, paths);
    }
    add_value_files(plan, metadata::environment_prefix, paths);
    return paths;
}

class Watch {
public:
    Watch(const Settings& settings, char** environment, supervise::ChangeActions actions)
        : settings_(settings), actions_(std::move(actions)),
          plan_(gather_plan(settings, environment)), loop_([this] { on_child(); }),
          http_(loop_.get()),
          pass_(
              loop_.get(), reaper_, {settings_, plan_, environment, actions_},
              [this](WatchRecord record) { tell(record); }, [this] { on_pass_done(); }),
          files_(loop_.get(), followed_paths(plan_), [this] { on_news(); }),
          quiet_(loop_.get(), [this] { begin_pass(); }),
          polling_(loop_.get(), [this] { on_news(); }), answers_(plan_.sources.size()) {
        for (; *environment != nullptr; ++environment) environment_.push_back(*environment);
        environment_.push_back(
            const_cast<char*>(metadata::resolving_variable.data()));  // execve(2) only reads it
        environment_.push_back(nullptr);
    }

    int run() {
        tell({WatchRecord::Kind::hello, actions_.digest() & WatchRecord::largest});
        for (std::size_t i = 0; i < plan_.sources.size(); ++i) {
            if (metadata::has_to_wait(plan_.sources[i])) follow_source(i);
        }
        // What has changed since the start is found by a first pass, which waits for the quiet time
        // as every other one does: a burst may just be going on.
        files_.arm();
        on_news();
        loop_.run();
        return exit_ok;
    }

private:
    void follow_source(std::size_t place) {
        const metadata::FollowContext context{loop_.get(),
                                              reaper_,
                                              http_,
                                              environment_.data(),
                                              plan_.environment,
                                              settings_.resolve_timeout,
                                              settings_.watch_interval};
        followers_.push_back(metadata::make_follower(
            context, plan_.sources[place], [this, place](Result<metadata::Tree, Errors> answer) {
                on_answer(place, std::move(answer));
            }));
        followers_.back()->start();
    }

    void on_answer(std::size_t place, Result<metadata::Tree, Errors> answer) {
        const bool is_unavailable =
            !answer && std::ranges::any_of(answer.error(), [](const Error& error) {
                return error.fault == Fault::unavailable || error.fault == Fault::configuration;
            });
        // Without it there is no tree; files stay as they are until it answers.
        if (is_unavailable && !plan_.sources[place].optional) return;
        answers_[place] = std::move(answer);
        on_news();
    }

    // The quiet time begins anew.
    void on_news() {
        const auto now = Clock::now();
        if (!first_news_) first_news_ = now;
        if (pass_.is_running()) return;  // on_pass_done() goes on
        const auto latest = *first_news_ + longest_quiet * settings_.watch_quiet;
        auto when = std::min(now + settings_.watch_quiet, latest);
        when = std::max(when, last_pass_ + least_gap);
        quiet_.start(std::chrono::ceil<Milliseconds>(when - now));
    }

    void begin_pass() {
        if (is_incomplete()) return;
        first_news_.reset();
        last_pass_ = Clock::now();
        // Before anything is read, so that no change is lost between the two.
        files_.arm();
        if (files_.needs_polling())
            polling_.start(settings_.watch_interval);
        else
            polling_.stop();
        pass_.start(answers_);
    }

    // A source that there must be an answer of has never given one.
    bool is_incomplete() const {
        for (std::size_t i = 0; i < answers_.size(); ++i)
            if (!answers_[i] && metadata::has_to_wait(plan_.sources[i])) return true;
        return false;
    }

    void on_pass_done() {
        if (first_news_) on_news();
    }

    void on_child() {
        reaper_.reap();
        for (const auto& follower : followers_) follower->on_reaped();
        pass_.on_reaped();
    }

    void tell(WatchRecord record) {
        const auto bytes = record.bytes();
        const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        if (!platform::write_all(supervise::watch_channel, text)) loop_.stop();  // PID 1 has gone
    }

    const Settings& settings_;
    supervise::ChangeActions actions_;
    metadata::GatherPlan plan_;
    std::vector<char*> environment_;  // of commands
    OwnLoop loop_;
    platform::Reaper reaper_;
    platform::HttpClient http_;
    WatchPass pass_;
    platform::FileFollower files_;
    platform::Timer quiet_;
    platform::Timer polling_;  // where inotify cannot serve
    std::vector<metadata::Answer> answers_;
    std::vector<std::unique_ptr<metadata::Follower>> followers_;
    std::optional<Clock::time_point> first_news_;
    Clock::time_point last_pass_;
};

}  // namespace

bool is_watch(int argc, char** argv) noexcept {
    return argc > 1 && std::string_view(argv[1]) == "watch";
}

int run_watch(int argc, char** argv, char** environment) {
    // Whoever follows the sources holds their values for good.
    platform::hide_memory();
    std::string start = "start";
    std::vector<char*> words(argv, argv + argc);
    words[1] = start.data();
    const auto line = parse_command_line(argc, words.data());
    platform::initialise_streams_once();
    const auto settings =
        line ? load_settings(*line, environment) : Result<Settings, Errors>(Errors{line.error()});
    set_up_log(settings.has_value() ? *settings : Settings{}, command::start, environment);
    log::settings().stage = log::Stage::watch;
    if (!has_channel())
        return report(Error{Fault::usage, 0,
                            "'watch' is what kaigara starts itself; to follow the sources call "
                            "'kaigara start --watch'",
                            ""});
    if (!settings) return report(settings.error());
    // Whatever ends PID 1 ends its watcher.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!has_reader()) return exit_ok;
    const platform::Fd channel(supervise::watch_channel);
    ::fcntl(channel.get(), F_SETFD, FD_CLOEXEC);
    std::vector<std::string> on_change;
    for (const provision::FileEntry& file : settings->files) on_change.push_back(file.on_change);
    auto actions = supervise::ChangeActions::make(on_change);
    if (!actions) return report(actions.error());
    return Watch(*settings, environment, std::move(*actions)).run();
}

}  // namespace kaigara::app
