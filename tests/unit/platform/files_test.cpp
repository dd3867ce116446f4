// SPDX-License-Identifier: Apache-2.0
#include "platform/files.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "support/scratch.h"

using namespace kaigara;
using namespace kaigara::platform;

TEST_SUITE("platform") {
TEST_CASE("a file is read whole, whatever bytes are in it") {
    const test::ScratchDir scratch;
    const std::string content("a\0b\xff\n", 5);
    CHECK(read_file(scratch.write("file", content), 5).value() == content);
    CHECK(read_file(scratch.write("empty", ""), 5).value().empty());
}

TEST_CASE("the beginning of a file is its first bytes, or all of a shorter one") {
    const test::ScratchDir scratch;
    const std::string content(10'000, 'x');
    const std::string path = scratch.write("file", content + "y");
    CHECK(read_beginning(path, 10'000).value() == content);
    CHECK(read_beginning(path, 10'001).value() == content + "y");
    CHECK(read_beginning(path, 10'002).value() == content + "y");
    CHECK(read_beginning(path, 0).value().empty());
    CHECK(read_beginning(scratch / "absent", 5).error().where == scratch / "absent");
    CHECK(read_beginning(scratch.path(), 5).error().code == EISDIR);
}

TEST_CASE("a file above the limit, a directory, a FIFO and an absent file are errors") {
    const test::ScratchDir scratch;
    const auto large = read_file(scratch.write("large", "123456"), 5);
    REQUIRE_FALSE(large.has_value());
    CHECK(large.error().code == EFBIG);
    CHECK(large.error().where == scratch / "large");
    CHECK(read_file(scratch.path(), 5).error().code == EISDIR);
    REQUIRE(::mkfifo((scratch / "fifo").c_str(), 0600) == 0);
    CHECK(read_file(scratch / "fifo", 5).error().message == "is no regular file");
    CHECK(read_file(scratch / "absent", 5).error().code == ENOENT);
}

TEST_CASE("a file that the kernel makes as it is read has no size and is read all the same") {
    CHECK(read_file("/proc/self/stat", 4096).value().size() > 10);
    // More of it than one read brings.
    CHECK(read_beginning("/proc/self/smaps", 10'000).value().size() == 10'000);
}

TEST_CASE("reading a descriptor does not move its offset where it has one") {
    const test::ScratchDir scratch;
    const Fd fd(::open(scratch.write("file", "content").c_str(), O_RDONLY | O_CLOEXEC));
    CHECK(read_all(fd.get(), 100).value() == "content");
    CHECK(read_all(fd.get(), 100).value() == "content");
    CHECK_FALSE(read_all(fd.get(), 3).has_value());
}

TEST_CASE("sealed memory can be read and never be changed") {
    const auto fd = sealed_memory("test", "content");
    REQUIRE(fd.has_value());
    CHECK(read_all(fd->get(), 100).value() == "content");
    CHECK(::pwrite(fd->get(), "x", 1, 0) == -1);
    CHECK(::ftruncate(fd->get(), 0) == -1);
    CHECK((::fcntl(fd->get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("a directory is listed in bytewise order") {
    const test::ScratchDir scratch;
    for (const char* name : {"b", "a", "B", ".c", "10", "9"}) scratch.write(name, "");
    CHECK(list_directory(scratch.path()).value() ==
          std::vector<std::string>{".c", "10", "9", "B", "a", "b"});
    CHECK(list_directory(scratch / "absent").error().code == ENOENT);
}
}  // TEST_SUITE("platform")
