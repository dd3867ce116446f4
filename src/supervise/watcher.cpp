// SPDX-License-Identifier: Apache-2.0
#include "supervise/watcher.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "platform/processes.h"
#include "platform/random.h"
#include "platform/signals.h"
#include "platform/spawn.h"

namespace kaigara::supervise {

namespace {

// One that has lived so long died of something new.
constexpr Milliseconds healthy_life{60'000};
constexpr std::size_t records_a_round = 64;

// Empty where it has none that could be named, or that this user may not look at.
std::string working_directory() {
    std::array<char, PATH_MAX> path;
    return ::getcwd(path.data(), path.size()) != nullptr ? path.data() : "";
}

std::string end_text(const platform::ChildEnd& end) {
    if (end.by_signal)
        return fmt::format("was ended by signal {} ({})", end.number,
                           platform::signal_name(end.number));
    return fmt::format("ended with status {}", end.number);
}

}  // namespace

Watcher::Watcher(platform::Loop& loop, platform::Reaper& reaper, WatcherRequest request,
                 std::function<void(const std::vector<std::size_t>&)> on_changed)
    : loop_(loop), reaper_(reaper), request_(std::move(request)),
      on_changed_(std::move(on_changed)), directory_(working_directory()),
      timer_(loop, [this] { start(); }), backoff_(request_.first_delay, request_.longest_delay) {}

Watcher::~Watcher() {
    *self_ = nullptr;
    kill();
}

void Watcher::kill() {
    is_ending_ = true;
    timer_.stop();
    if (pid_ == 0) return;
    // As PID 1 the kernel ends what the watcher has started; elsewhere nobody would.
    if (::getpid() != 1) {
        for (const pid_t pid : platform::descendants_of(pid_, platform::list_processes()))
            ::kill(pid, SIGKILL);
    }
    ::kill(pid_, SIGKILL);
}

void Watcher::start() {
    if (pid_ != 0 || is_ending_) return;
    if (auto started = spawn(); !started) start_later(started.error().text());
}

Result<void> Watcher::spawn() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        return system_error(Fault::internal, errno, "cannot make the watcher's channel");
    platform::Fd reading(ends[0]);
    const platform::Fd writing(ends[1]);
    const platform::Fd input(::open("/dev/null", O_RDWR | O_CLOEXEC));

    std::vector<char*> argv;
    for (std::string& word : request_.words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const platform::SignalInheritance& born = platform::take_signals();
    platform::SpawnRequest request;
    request.argv = argv.data();
    request.environment = request_.environment;
    request.group = platform::ProcessGroup::own_session;
    if (input.is_open()) request.stdio[0] = input.get();
    request.passed = writing.get();
    request.passed_as = watch_channel;
    request.close_others = true;
    if (!directory_.empty()) request.directory = directory_.c_str();
    request.mask = born.mask;
    request.ignore_child_signal = born.child_ignored;
    const auto pid = platform::spawn(request);
    if (!pid) return platform::explain(pid.error(), request_.words.front(), "");

    pid_ = *pid;
    started_ = Clock::now();
    has_greeted_ = false;
    announced_.clear();
    reaper_.expect(pid_, [self = self_](const platform::ChildEnd& end) {
        if (*self != nullptr) (*self)->on_end(end);
    });
    channel_ = std::move(reading);
    poll_.emplace(loop_, channel_.get(), platform::Poll::Readiness::readable,
                  [this] { on_readable(); });
    return {};
}

void Watcher::on_readable() { (void)read_records(); }

// Whether there was anything.
bool Watcher::read_records() {
    // Each record is written in one piece, so only a whole number of them can be there.
    std::array<unsigned char, WatchRecord::size * records_a_round> buffer;
    const ssize_t got = ::read(channel_.get(), buffer.data(), buffer.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (got <= 0) {
        // Its end is told by the reaper.
        poll_.reset();
        channel_.reset();
        return false;
    }
    const auto size = static_cast<std::size_t>(got);
    if (size % WatchRecord::size != 0) {
        give_up_on("sent half a message");
        return false;
    }
    for (std::size_t at = 0; at < size; at += WatchRecord::size) {
        WatchRecord::Bytes bytes;
        std::memcpy(bytes.data(), buffer.data() + at, bytes.size());
        const auto record = WatchRecord::read(bytes);
        if (record && take(*record)) continue;
        give_up_on("sent a message that is none");
        return false;
    }
    return true;
}

// False for what may not come here.
bool Watcher::take(const WatchRecord& record) {
    using Kind = WatchRecord::Kind;
    if ((record.kind == Kind::hello) == has_greeted_) return false;
    switch (record.kind) {
    case Kind::hello:
        has_greeted_ = true;
        is_outdated_ = record.number != (request_.digest & WatchRecord::largest);
        if (!is_outdated_) return true;
        log::warn(
            "kaigara.yml has changed since the start, so files are no longer kept up to date; "
            "restart the container to use it");
        end();
        return true;
    case Kind::will:
        if (record.number >= request_.rows || announced_.size() >= request_.rows) return false;
        announced_.push_back(record.number);
        return true;
    case Kind::done: settle(); return true;
    case Kind::kept: announced_.clear(); return true;
    }
    return false;
}

void Watcher::settle() {
    const auto rows = std::exchange(announced_, {});
    if (!rows.empty() && !is_ending_) on_changed_(rows);
}

void Watcher::give_up_on(const char* reason) {
    log::warn("the watcher {}; it is started anew", reason);
    poll_.reset();
    channel_.reset();
    announced_.clear();
    // It may have ended already, and kill(2) of 0 would be the end of ourselves.
    if (pid_ != 0) ::kill(pid_, SIGKILL);
}

void Watcher::on_end(const platform::ChildEnd& end) {
    pid_ = 0;
    // What it said before it died; somebody else may hold the other end even so.
    while (poll_ && read_records()) continue;
    poll_.reset();
    channel_.reset();
    if (is_ending_) return;
    settle();
    start_later("the watcher " + end_text(end));
}

void Watcher::start_later(const std::string& reason) {
    if (Clock::now() - started_ > healthy_life) backoff_.reset();
    const Milliseconds delay = backoff_.next(platform::random_number());
    log::warn("{}; the application is not touched, and the watcher is started again in {}", reason,
              format_duration(delay));
    timer_.start(delay);
}

void Watcher::end() {
    is_ending_ = true;
    timer_.stop();
    if (pid_ != 0) ::kill(pid_, SIGTERM);
}

}  // namespace kaigara::supervise
