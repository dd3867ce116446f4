// SPDX-License-Identifier: Apache-2.0
#include "platform/captured_command.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>

#include "base/text.h"
#include "platform/files.h"
#include "platform/signals.h"

namespace kaigara::platform {

namespace {

constexpr std::size_t read_size = 65'536;

// Appends what `pipe` holds, as long as `text` does not exceed `limit`; false at the end of the
// stream.
bool append_readable(int pipe, std::string& text, std::size_t limit) {
    std::array<char, read_size> buffer;
    while (text.size() <= limit) {
        const ssize_t got = ::read(pipe, buffer.data(), buffer.size());
        if (got > 0)
            text.append(buffer.data(), static_cast<std::size_t>(got));
        else if (got == 0)
            return false;
        else if (errno != EINTR)
            return errno == EAGAIN;
    }
    return true;
}

struct Pipe {
    Fd read;
    Fd write;
};

// The reading end does not block: the child's is another description.
Result<Pipe, SpawnFailure> make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return SpawnFailure{SpawnStep::descriptors, errno};
    Pipe pipe{Fd(ends[0]), Fd(ends[1])};
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
    return pipe;
}

}  // namespace

std::string CapturedEnd::failure_text(const CapturedRequest& request) const {
    if (timed_out) return fmt::format("was ended after {}", format_duration(request.timeout));
    if (overflowed)
        return fmt::format("was ended: it wrote more than {} MiB", request.out_limit >> 20U);
    if (child.by_signal)
        return fmt::format("was ended by signal {} ({})", child.number, signal_name(child.number));
    return child.number == 0 ? "" : fmt::format("failed with status {}", child.number);
}

std::string what_it_said(std::string_view output) {
    constexpr std::size_t shown_lines = 20;
    constexpr std::size_t widest_line = 500;
    output = text::trim(output);
    if (output.empty()) return {};
    const auto lines = text::split(output, '\n');
    const std::size_t first = lines.size() > shown_lines ? lines.size() - shown_lines : 0;
    std::string out = "; it said:";
    for (std::size_t i = first; i < lines.size(); ++i) {
        std::string line(lines[i]);
        while (line.ends_with('\r')) line.pop_back();
        // Of a line that was written over and over, the last state is what a person saw.
        line.erase(0, line.rfind('\r') + 1);
        std::ranges::replace(line, '\t', ' ');
        out += "\n    " + text::printable(line, widest_line);
    }
    return out;
}

CapturedCommand::CapturedCommand(Loop& loop, Reaper& reaper, CapturedRequest request,
                                 std::function<void(CapturedEnd)> on_end)
    : loop_(loop), reaper_(reaper), request_(std::move(request)), on_end_(std::move(on_end)),
      session_(reaper), timer_(loop, [this] { on_timeout(); }) {}

CapturedCommand::~CapturedCommand() {
    if (is_running_) kill();
}

Result<void, SpawnFailure> CapturedCommand::start() {
    KG_LET(out, make_pipe());
    KG_LET(err, make_pipe());
    const int out_end = request_.out_is_err ? err.write.get() : out.write.get();
    KG_TRY(spawn_child(out_end, err.write.get()));
    is_running_ = true;
    out_.pipe = std::move(out.read);
    err_.pipe = std::move(err.read);
    out_.poll.emplace(loop_, out_.pipe.get(), Poll::Readiness::readable, [this] { read_out(); });
    err_.poll.emplace(loop_, err_.pipe.get(), Poll::Readiness::readable, [this] { read_err(); });
    if (request_.timeout.count() != 0) timer_.start(request_.timeout);
    return {};
}

Result<void, SpawnFailure> CapturedCommand::spawn_child(int out, int err) {
    // A container without /dev: an empty file reads the same.
    Fd input(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!input.is_open()) {
        auto empty = sealed_memory("no-input", "");
        if (!empty) return SpawnFailure{SpawnStep::descriptors, empty.error().code};
        input = std::move(*empty);
    }
    std::vector<char*> argv;
    for (std::string& word : request_.argv) argv.push_back(word.data());
    argv.push_back(nullptr);

    const SignalInheritance& born = take_signals();
    SpawnRequest request;
    request.argv = argv.data();
    request.environment = request_.environment;
    request.group = ProcessGroup::own_session;
    if (!request_.directory.empty()) request.directory = request_.directory.c_str();
    request.stdio[0] = input.get();
    request.stdio[1] = out;
    request.stdio[2] = err;
    request.passed = request_.passed;
    request.passed_as = request_.passed;
    request.close_others = true;
    request.mask = born.mask;
    request.ignore_child_signal = born.child_ignored;
    KG_LET(pid, spawn(request));
    reaper_.expect(pid, [told = told_](const ChildEnd& end) { *told = end; });
    session_.begin(pid);
    return {};
}

void CapturedCommand::read_out() {
    if (!append_readable(out_.pipe.get(), out_.text, request_.out_limit)) out_.poll.reset();
    if (out_.text.size() <= request_.out_limit || end_.overflowed) return;
    end_.overflowed = true;
    kill();
    out_.poll.reset();
}

void CapturedCommand::read_err() {
    const std::size_t limit = request_.err_tail;
    if (!append_readable(err_.pipe.get(), err_.text, limit)) err_.poll.reset();
    if (err_.text.size() > limit) err_.text.erase(0, err_.text.size() - limit);
}

void CapturedCommand::on_timeout() {
    end_.timed_out = true;
    kill();
}

void CapturedCommand::kill() { session_.send(SIGKILL); }

void CapturedCommand::on_reaped() {
    if (!is_running_ || !*told_) return;
    is_running_ = false;
    end_.child = **told_;
    if (out_.poll) read_out();
    if (err_.poll) read_err();
    out_.poll.reset();
    err_.poll.reset();
    timer_.stop();
    if (!session_.is_empty()) kill();
    end_.out = std::move(out_.text);
    end_.err = std::move(err_.text);
    // The object may be gone when the call returns.
    const auto on_end = std::move(on_end_);
    on_end(std::move(end_));
}

}  // namespace kaigara::platform
