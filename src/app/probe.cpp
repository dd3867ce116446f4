// SPDX-License-Identifier: Apache-2.0
#include "app/probe.h"

#include <list>
#include <optional>
#include <string>
#include <string_view>

#include "app/exit_code.h"
#include "app/own_loop.h"
#include "base/text.h"
#include "platform/files.h"
#include "platform/http.h"
#include "platform/reaper.h"
#include "platform/wait_attempt.h"

namespace kaigara::app {

namespace {

constexpr unsigned longest_milliseconds = 86'400'000;

class Probe {
public:
    explicit Probe(Milliseconds limit)
        : limit_(limit), loop_([this] { reaper_.reap(); }), client_(loop_.get()) {}

    void add(platform::WaitTarget target) { targets_.push_back(std::move(target)); }

    int run() {
        unanswered_ = targets_.size();
        for (const platform::WaitTarget& target : targets_) {
            attempts_.emplace_back(loop_.get(), client_, target, limit_,
                                   [this](const std::string& reason) { on_end(reason); });
            attempts_.back().start();
        }
        if (const int signal = loop_.run(); signal != 0) return exit_code_of_signal(signal);
        if (has_answered_) return exit_ok;
        // Where it is lost, the status says enough.
        (void)platform::write_all(2, reason_ + "\n");
        return exit_code(Fault::unavailable);
    }

private:
    void on_end(const std::string& reason) {
        has_answered_ = has_answered_ || reason.empty();
        if (reason_.empty()) reason_ = reason;
        --unanswered_;
        if (has_answered_ || unanswered_ == 0) loop_.stop();
    }

    Milliseconds limit_;
    platform::Reaper reaper_;
    OwnLoop loop_;
    platform::HttpClient client_;
    std::list<platform::WaitTarget> targets_;
    std::list<platform::WaitAttempt> attempts_;
    std::size_t unanswered_ = 0;
    bool has_answered_ = false;
    std::string reason_;  // of the first that has failed
};

}  // namespace

bool is_probe(int argc, char** argv) noexcept {
    return argc > 3 && std::string_view(argv[1]) == "probe";
}

int run_probe(int argc, char** argv) {
    const auto limit = text::parse_number(argv[2], longest_milliseconds);
    Probe probe{Milliseconds(limit.value_or(1))};
    for (int i = 3; i < argc; ++i) {
        auto target = platform::parse_wait_target(argv[i]);
        if (!limit || !target) return exit_code(Fault::usage);
        probe.add(std::move(*target));
    }
    return probe.run();
}

}  // namespace kaigara::app
