// SPDX-License-Identifier: Apache-2.0
#include "provision/operation_output.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <stdexcept>

#include <doctest/doctest.h>

#include "platform/fd.h"
#include "platform/files.h"
#include "platform/signals.h"

using namespace kaigara;
using provision::OperationOutput;
using provision::OutputMode;

namespace {

// A pipe whose two ends block, as a container's log pipe does.
struct Pipe {
    Pipe() {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
        reader.reset(ends[0]);
        writer.reset(ends[1]);
    }

    std::size_t held() const {
        int size = 0;
        ::ioctl(reader.get(), FIONREAD, &size);
        return static_cast<std::size_t>(size);
    }
    // What is in it now.
    std::string take() const {
        std::string text(held(), '\0');
        if (!text.empty() && ::read(reader.get(), text.data(), text.size()) < 0)
            throw std::runtime_error("no read");
        return text;
    }

    platform::Fd reader;
    platform::Fd writer;
};

// An output between two ends that the test holds: it plays the operation and the reader.
struct Desk {
    explicit Desk(OutputMode mode = OutputMode::prefix)
        : output(loop, mode, {out.writer.get(), err.writer.get()}, [this] { ++flushed; }) {
        platform::take_signals();  // a pipe without a reader makes SIGPIPE
    }

    // Opens it for an operation that holds its ends by itself.
    void open(std::string_view name) {
        const auto ends = output.open(name);
        operation_out.reset(::fcntl(ends->out, F_DUPFD_CLOEXEC, 3));
        operation_err.reset(::fcntl(ends->err, F_DUPFD_CLOEXEC, 3));
        output.close_ends();
    }
    void write(std::string_view text) { write_to(operation_out, text); }
    static void write_to(const platform::Fd& fd, std::string_view text) {
        platform::write_all(fd.get(), text).value();
    }
    // Writes without waiting, as much as there is room for.
    std::size_t fill() {
        ::fcntl(operation_out.get(), F_SETFL, O_NONBLOCK);
        const std::string line(1023, 'x');
        std::size_t written = 0;
        for (;;) {
            const ssize_t size = ::write(operation_out.get(), (line + "\n").data(), 1024);
            if (size <= 0) return written;
            written += static_cast<std::size_t>(size);
        }
    }
    void serve() {
        for (int round = 0; round < 8; ++round) loop.run_ready();
    }
    void end() {
        operation_out.reset();
        operation_err.reset();
    }

    platform::Loop loop;
    Pipe out;
    Pipe err;
    int flushed = 0;
    OperationOutput output;
    platform::Fd operation_out;
    platform::Fd operation_err;
};

bool is_non_blocking(const platform::Fd& fd) {
    return (::fcntl(fd.get(), F_GETFL) & O_NONBLOCK) != 0;
}

}  // namespace

TEST_SUITE("provision") {

TEST_CASE("a line is passed on as soon as it is whole, to the stream that it came from") {
    Desk desk;
    desk.open("10-a");
    desk.write("half");
    desk.serve();
    CHECK(desk.out.take().empty());
    desk.write(" and half\n");
    Desk::write_to(desk.operation_err, "oops\n");
    desk.serve();
    CHECK(desk.out.take() == "[10-a] half and half\n");
    CHECK(desk.err.take() == "[10-a] oops\n");
    desk.end();
    CHECK(desk.output.finish());
}

TEST_CASE("the end of the output ends its last line") {
    Desk desk;
    desk.open("10-a");
    desk.write("no line end");
    SUBCASE("when the operation closes its output and goes on") {
        desk.operation_out.reset();
        desk.serve();
        CHECK(desk.out.take() == "[10-a] no line end\n");
        CHECK(desk.output.finish());
    }
    SUBCASE("when the operation is over") {
        desk.end();
        CHECK(desk.output.finish());
        CHECK(desk.out.take() == "[10-a] no line end\n");
    }
}

TEST_CASE("a daemon that holds the pipe is not waited for and not heard any more") {
    Desk desk;
    desk.open("10-a");
    desk.write("the last words");
    CHECK(desk.output.finish());
    CHECK(desk.out.take() == "[10-a] the last words\n");
    CHECK(::write(desk.operation_out.get(), "x", 1) < 0);
    CHECK(errno == EPIPE);
}

TEST_CASE("one output serves many operations") {
    Desk desk;
    for (const char* name : {"10-a", "20-b", "30-c"}) {
        desk.open(name);
        desk.write("hello\n");
        desk.end();
        CHECK(desk.output.finish());
        CHECK(desk.out.take() == std::string("[") + name + "] hello\n");
    }
}

TEST_CASE("a reader that has stalled stops the operation, and costs no memory") {
    Desk desk;
    desk.open("10-a");
    std::size_t written = 0;
    for (int round = 0; round < 20; ++round) {
        written += desk.fill();
        desk.serve();
    }
    // The two pipes, the raw bytes and the block: far from a megabyte.
    CHECK(written < 600 * 1024);
    CHECK(desk.fill() == 0);
    CHECK_FALSE(is_non_blocking(desk.out.writer));

    SUBCASE("when it reads again, nothing is lost") {
        desk.end();
        CHECK_FALSE(desk.output.finish());
        std::string got;
        while (desk.flushed == 0) {
            got += desk.out.take();
            desk.serve();
        }
        got += desk.out.take();
        const std::string line = "[10-a] " + std::string(1023, 'x') + "\n";
        CHECK(got.size() == written / 1024 * line.size());
        CHECK(got.starts_with(line));
        CHECK(got.ends_with(line));
        CHECK(desk.flushed == 1);
    }
    SUBCASE("when it reads while the operation runs, the operation goes on") {
        desk.out.take();
        desk.serve();
        CHECK(desk.fill() > 0);
        desk.output.abandon();
    }
    SUBCASE("what is abandoned is gone, and nobody is called") {
        desk.end();
        CHECK_FALSE(desk.output.finish());
        desk.output.abandon();
        const std::size_t before = desk.out.take().size();
        CHECK(before > 0);
        desk.serve();
        CHECK(desk.out.take().empty());
        CHECK(desk.flushed == 0);
    }
}

TEST_CASE("a reader that is gone does not stop the operation") {
    Desk desk;
    desk.open("10-a");
    desk.out.reader.reset();
    for (int round = 0; round < 20; ++round) {
        CHECK(desk.fill() > 0);
        desk.serve();
    }
    desk.end();
    CHECK(desk.output.finish());
    CHECK(desk.output.last_lines().count() == 20);
}

TEST_CASE("the failure report has the last lines of this operation alone, from both streams") {
    Desk desk;
    desk.open("10-a");
    desk.write("from the first\n");
    desk.end();
    CHECK(desk.output.finish());
    desk.open("20-b");
    desk.write("one\n");
    desk.serve();
    Desk::write_to(desk.operation_err, "two");
    desk.end();
    CHECK(desk.output.finish());
    CHECK(desk.output.last_lines().text() == "  one\n  two");
}

TEST_CASE("the operation's ends block, as those of any pipe") {
    Desk desk;
    desk.open("10-a");
    CHECK_FALSE(is_non_blocking(desk.operation_out));
    CHECK_FALSE(is_non_blocking(desk.operation_err));
    desk.end();
    CHECK(desk.output.finish());
}

TEST_CASE("without descriptors the operation is refused, and none is left open") {
    Desk desk;
    rlimit before = {};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    const platform::Fd next(::fcntl(0, F_DUPFD_CLOEXEC, 3));
    rlimit tight = before;
    tight.rlim_cur = static_cast<rlim_t>(next.get()) + 3;  // room for one pipe and a half
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
    const auto ends = desk.output.open("10-a");
    const platform::Fd after(::fcntl(0, F_DUPFD_CLOEXEC, 3));
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    REQUIRE_FALSE(ends.has_value());
    CHECK(ends.error().fault == Fault::operation_failed);
    CHECK(after.get() == next.get() + 1);
    desk.open("20-b");
    desk.end();
    CHECK(desk.output.finish());
}

}  // TEST_SUITE("provision")
