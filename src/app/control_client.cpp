// SPDX-License-Identifier: Apache-2.0
#include "app/control_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>

#include <fmt/format.h>

#include "app/control_request.h"
#include "app/exit_code.h"
#include "app/report.h"
#include "app/status_text.h"
#include "base/log.h"
#include "base/text.h"
#include "metadata/json.h"
#include "platform/connection_attempt.h"
#include "platform/files.h"
#include "platform/signals.h"
#include "platform/socket_address.h"
#include "platform/terminal.h"
#include "platform/wall_clock.h"

namespace kaigara::app {

namespace {

using Clock = std::chrono::steady_clock;

constexpr Milliseconds health_timeout{900};
constexpr Milliseconds usual_timeout{5'000};
constexpr std::size_t longest_answer = std::size_t{4} << 20;

// One question and its answer on a socket, within a time.
class Exchange {
public:
    Exchange(const std::string& path, Milliseconds timeout)
        : path_(path), timeout_(timeout), deadline_(Clock::now() + timeout) {}

    Result<std::string> ask(std::string_view line) {
        KG_TRY(connect());
        KG_TRY(send(fmt::format("{}\n", line)));
        return receive();
    }

private:
    Error no_answer(std::string_view why) const {
        return {Fault::unavailable, 0,
                fmt::format("no kaigara answers on {}: {}; is it running here, and is its --socket "
                            "the same?",
                            text::printable(path_), why),
                ""};
    }

    Error too_late() const {
        return no_answer(fmt::format("it took longer than {}", format_duration(timeout_)));
    }

    Milliseconds left() const { return std::chrono::ceil<Milliseconds>(deadline_ - Clock::now()); }

    // Where its queue is full, only a blocking connect(2) waits for room in it; SO_SNDTIMEO is how
    // long.
    Result<void> connect() {
        const auto address = platform::unix_address(path_);
        if (!address)
            return no_answer(
                fmt::format("the path has {} bytes, the kernel takes 107", path_.size()));
        socket_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (!socket_.is_open()) return no_answer(platform::reason_of(errno));
        for (;;) {
            const auto time = left();
            if (time.count() <= 0) return too_late();
            const timeval limit{.tv_sec = time.count() / 1000,
                                .tv_usec = time.count() % 1000 * 1000};
            ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
            if (::connect(socket_.get(), address->get(), address->size) == 0) return {};
            if (errno == EAGAIN) return too_late();
            if (errno != EINTR) return no_answer(platform::reason_of(errno));
        }
    }

    // A line is far below what the kernel keeps for a reader that is busy.
    Result<void> send(std::string_view line) {
        const ssize_t sent =
            ::send(socket_.get(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        // Whoever closes at once may have said why before.
        if (sent < 0 && errno != EPIPE) return no_answer(platform::reason_of(errno));
        return {};
    }

    Result<void> wait_readable() {
        for (;;) {
            const auto time = left();
            if (time.count() <= 0) return too_late();
            pollfd ready{.fd = socket_.get(), .events = POLLIN, .revents = 0};
            const int count = ::poll(&ready, 1, static_cast<int>(time.count()));
            if (count > 0) return {};
            if (count < 0 && errno != EINTR) return no_answer(platform::reason_of(errno));
        }
    }

    Result<std::string> receive() {
        std::string answer;
        std::array<char, 16'384> piece;
        for (;;) {
            KG_TRY(wait_readable());
            const ssize_t got = ::recv(socket_.get(), piece.data(), piece.size(), MSG_DONTWAIT);
            if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
            // A reset: it has not read the question.
            if (got == 0 || (got < 0 && errno == ECONNRESET))
                return no_answer("it closed the connection");
            if (got < 0) return no_answer(platform::reason_of(errno));
            const std::string_view taken(piece.data(), static_cast<std::size_t>(got));
            const std::size_t end = taken.find('\n');
            answer += taken.substr(0, end);
            if (end != std::string_view::npos) return answer;
            if (answer.size() > longest_answer)
                return no_answer("its answer has no end within 4 MiB");
        }
    }

    const std::string& path_;
    Milliseconds timeout_;
    Clock::time_point deadline_;
    platform::Fd socket_;
};

// All signals are blocked since the first instruction; a command that waits for somebody else is to
// be ended by Ctrl-C.
void take_signals_as_usual() { platform::set_signal_mask(platform::take_signals().mask); }

Result<std::string> ask(const Settings& settings, ControlRequest request, Milliseconds timeout) {
    if (settings.socket.path == socket_off)
        return Error{Fault::unavailable, 0,
                     "the control socket is turned off: there is no kaigara to ask (--socket PATH, "
                     "KAIGARA_SOCKET)",
                     ""};
    take_signals_as_usual();
    return ask_control(settings.socket.path, word_of(request), timeout);
}

// Of an answer that is no status.
struct Outcome {
    bool ok = false;
    std::string why{};  // fit for a person
};

Outcome read_outcome(std::string_view answer, std::string_view member) {
    const auto read = metadata::read_json(answer, 0, "the answer");
    const metadata::Value* ok = read ? read->find("ok") : nullptr;
    if (ok == nullptr) return {false, "it answered " + text::printable(answer)};
    const metadata::Value* why = read->find(member);
    if (why == nullptr) why = read->find("error");
    return {ok->is_plain() && ok->text() == "true",
            why == nullptr ? std::string() : text::printable(why->text())};
}

// Asks for something that is accepted or not.
int request(const Settings& settings, ControlRequest what) {
    const auto answer = ask(settings, what, usual_timeout);
    if (!answer) return report(answer.error());
    const Outcome outcome = read_outcome(*answer, "error");
    if (outcome.ok) return exit_ok;
    log::error("no {} now: {}", word_of(what), outcome.why);
    return exit_try_again;
}

bool wants_colour() {
    const char* no_colour = ::secure_getenv("NO_COLOR");
    return platform::is_terminal(1) && (no_colour == nullptr || *no_colour == '\0');
}

struct HealthQuestion {
    ControlRequest request = ControlRequest::health_ready;
    std::string_view refused = "not ready";
};

Result<HealthQuestion> health_question(const Settings& settings) {
    const int switches = (settings.health_ready ? 1 : 0) + (settings.health_live ? 1 : 0) +
                         (settings.health_startup ? 1 : 0);
    if (switches > 1)
        return Error{Fault::usage, 0, "one of --ready, --live and --startup can be asked at a time",
                     ""};
    if (settings.health_live) return HealthQuestion{ControlRequest::health_live, "not live"};
    if (settings.health_startup)
        return HealthQuestion{ControlRequest::health_startup, "not started"};
    return HealthQuestion{};
}

}  // namespace

Result<std::string> ask_control(const std::string& path, std::string_view line,
                                Milliseconds timeout) {
    return Exchange(path, timeout).ask(line);
}

int run_status(const Settings& settings) {
    const auto answer = ask(settings, ControlRequest::status, usual_timeout);
    if (!answer) return report(answer.error());
    const std::string text = settings.as_json
                                 ? *answer + "\n"
                                 : status_summary(*answer, platform::wall_clock(), wants_colour());
    const auto written = platform::write_all(1, text);
    return written ? exit_ok : report(written.error());
}

int run_health(const Settings& settings) {
    const auto question = health_question(settings);
    if (!question) return report(question.error());
    const auto answer = ask(settings, question->request, health_timeout);
    if (!answer) {
        report(answer.error());
        return exit_not_healthy;
    }
    const Outcome outcome = read_outcome(*answer, "reason");
    if (outcome.ok) return exit_ok;
    log::error("{}: {}", question->refused, outcome.why);
    return exit_not_healthy;
}

int run_reload(const Settings& settings) { return request(settings, ControlRequest::reload); }

int run_restart(const Settings& settings) { return request(settings, ControlRequest::restart); }

int run_control(const CommandLine& line, const Settings& settings) {
    if (line.command == command::status) return run_status(settings);
    if (line.command == command::health) return run_health(settings);
    return line.command == command::reload ? run_reload(settings) : run_restart(settings);
}

}  // namespace kaigara::app
