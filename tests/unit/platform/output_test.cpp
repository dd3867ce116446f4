// SPDX-License-Identifier: Apache-2.0
#include "platform/output.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "support/scratch.h"

using namespace kaigara;
using namespace kaigara::platform;

namespace {

struct Pair {
    Fd reader;
    Fd writer;
};

Pair make_pipe() {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    return {Fd(ends[0]), Fd(ends[1])};
}

bool is_non_blocking(int fd) { return (::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0; }

void drain(int fd) {
    std::vector<char> buffer(1 << 20);
    REQUIRE(::read(fd, buffer.data(), buffer.size()) > 0);
}

}  // namespace

TEST_SUITE("platform") {
TEST_CASE("a full pipe takes what it has room for, and stays blocking for everyone else") {
    const Pair pipe = make_pipe();
    Output output(pipe.writer.get());
    const std::string much(1 << 20, 'x');
    const auto written = output.write(much);
    CHECK(written.state == Output::State::full);
    CHECK(written.bytes > 0);
    CHECK(written.bytes < much.size());
    CHECK(output.write("y").bytes == 0);
    CHECK_FALSE(is_non_blocking(pipe.writer.get()));
    drain(pipe.reader.get());
    CHECK(output.write("y").bytes == 1);
}

TEST_CASE("a full socket does not block either") {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    const Fd one(ends[0]);
    const Fd other(ends[1]);
    Output output(one.get());
    CHECK(output.write(std::string(8 << 20, 'x')).state == Output::State::full);
    CHECK_FALSE(is_non_blocking(one.get()));
}

TEST_CASE("a pipe without a reader is closed, not an end of ours") {
    Pair pipe = make_pipe();
    Output output(pipe.writer.get());
    pipe.reader.reset();
    ::signal(SIGPIPE, SIG_IGN);
    CHECK(output.write("x").state == Output::State::closed);
    ::signal(SIGPIPE, SIG_DFL);
}

TEST_CASE("a descriptor that is not open is closed") {
    CHECK(Output(1000).write("x").state == Output::State::closed);
}

TEST_CASE("room in a pipe is told once for each time that it is asked for") {
    Loop loop;
    const Pair pipe = make_pipe();
    Output output(pipe.writer.get());
    REQUIRE(output.write(std::string(1 << 20, 'x')).state == Output::State::full);
    int told = 0;
    RoomWatch watch(loop, pipe.writer.get(), [&told] { ++told; });
    watch.ask();
    loop.run_ready();
    CHECK(told == 0);
    drain(pipe.reader.get());
    loop.run_ready();
    CHECK(told == 1);
    loop.run_ready();
    CHECK(told == 1);
    watch.ask();
    loop.run_ready();
    CHECK(told == 2);
    CHECK_FALSE(is_non_blocking(pipe.writer.get()));
}

TEST_CASE("a regular file always has room") {
    Loop loop;
    const test::ScratchDir scratch;
    const Fd file(::open((scratch / "file").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    int told = 0;
    RoomWatch watch(loop, file.get(), [&told] { ++told; });
    watch.ask();
    loop.run();
    CHECK(told == 1);
}
}  // TEST_SUITE("platform")
