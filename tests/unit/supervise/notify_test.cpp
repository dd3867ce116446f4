// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>

#include "base/log.h"
#include "base/text.h"
#include "supervise/notify_message.h"
#include "supervise/notify_relay.h"
#include "supervise/warning_limit.h"
#include "support/scratch.h"

using namespace kaigara;
using namespace kaigara::supervise;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::microseconds at_seven{7};

// Whether it says anything but its complaint.
bool says_anything(const NotifyMessage& message) {
    return message.ready || message.reloading || message.stopping || message.watchdog ||
           message.watchdog_trigger || message.barrier || message.status || message.main_pid ||
           message.watchdog_interval || message.extend_timeout;
}

std::string complaint_of(std::string_view datagram) {
    return parse_notify_message(datagram).complaint;
}

// A service manager's socket; nothing is waited for.
class Manager {
public:
    explicit Manager(const platform::SocketAddress& address)
        : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        REQUIRE(::bind(fd_.get(), address.get(), address.size) == 0);
    }
    // Empty where nothing is there.
    std::string next() {
        std::array<char, 8'192> buffer;
        const ssize_t got = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
        return got > 0 ? std::string(buffer.data(), static_cast<std::size_t>(got)) : "";
    }

private:
    platform::Fd fd_;
};

std::string logged;

// Keeps what is logged down to level debug.
class Log {
public:
    Log() {
        logged.clear();
        log::settings().level = log::Level::debug;
        log::settings().sink = [](std::string_view line) noexcept { logged += line; };
    }
    ~Log() { log::settings() = before_; }

private:
    log::Settings before_ = log::settings();
};

}  // namespace

TEST_SUITE("supervise") {
TEST_CASE("what a notify message says is taken from its lines, in any order") {
    const auto message = parse_notify_message("STATUS=all well\nMAINPID=123\nREADY=1\nWATCHDOG=1\n"
                                              "WATCHDOG_USEC=20000000\nRELOADING=1\nSTOPPING=1\n"
                                              "EXTEND_TIMEOUT_USEC=5000000\nBARRIER=1");
    CHECK(message.ready);
    CHECK(message.reloading);
    CHECK(message.stopping);
    CHECK(message.watchdog);
    CHECK_FALSE(message.watchdog_trigger);
    CHECK(message.barrier);
    CHECK(message.status == "all well");
    CHECK(message.main_pid == 123);
    CHECK(message.watchdog_interval == 20s);
    CHECK(message.extend_timeout == 5s);
    CHECK(message.complaint.empty());
}

TEST_CASE("a notify message says nothing that does not stand in it") {
    const auto message = parse_notify_message("READY=1");
    CHECK(message.ready);
    CHECK_FALSE(message.reloading);
    CHECK_FALSE(message.stopping);
    CHECK_FALSE(message.watchdog);
    CHECK_FALSE(message.barrier);
    CHECK_FALSE(message.status);
    CHECK_FALSE(message.main_pid);
    CHECK_FALSE(message.watchdog_interval);
    CHECK_FALSE(message.extend_timeout);
}

TEST_CASE("only 1 says yes: 0 is no, and anything else is complained about") {
    for (const std::string name : {"READY", "RELOADING", "STOPPING", "WATCHDOG", "BARRIER"}) {
        CAPTURE(name);
        const auto no = parse_notify_message(name + "=0");
        CHECK_FALSE(says_anything(no));
        CHECK(no.complaint.empty());
        for (const std::string value : {"", "yes", "01", "1 ", " 1", "2", "true"}) {
            const auto odd = parse_notify_message(name + "=" + value);
            CHECK_FALSE(says_anything(odd));
            CHECK(odd.complaint.find("'" + name + "=" + value + "'") != std::string::npos);
        }
    }
}

TEST_CASE("a watchdog that is triggered is no sign of life") {
    const auto message = parse_notify_message("WATCHDOG=trigger");
    CHECK(message.watchdog_trigger);
    CHECK_FALSE(message.watchdog);
    CHECK(message.complaint.empty());
}

TEST_CASE("what else systemd knows, and what nobody knows, is passed over in silence") {
    const auto message =
        parse_notify_message("ERRNO=2\nBUSERROR=x\nMONOTONIC_USEC=5\nFDSTORE=1\nFDSTOREREMOVE=1\n"
                             "FDNAME=a\nFDPOLL=0\nNOTIFYACCESS=all\nX_MINE=\nready=1\nREADY =1");
    CHECK_FALSE(says_anything(message));
    CHECK(message.complaint.empty());
}

TEST_CASE("line ends may be CRLF, doubled, or at the end, and a NUL may end it all") {
    for (const std::string_view text :
         {"READY=1\r\nSTATUS=on\r\n", "\n\nREADY=1\n\nSTATUS=on\n\n"}) {
        const auto message = parse_notify_message(text);
        CHECK(message.ready);
        CHECK(message.status == "on");
        CHECK(message.complaint.empty());
    }
    const auto ended = parse_notify_message(std::string_view("READY=1\0", 8));
    CHECK(ended.ready);
    CHECK(ended.complaint.empty());
}

TEST_CASE("times have limits, and outside of them nothing is taken") {
    struct Row {
        std::string text;
        bool good;
    };
    const std::array rows = {
        Row{"WATCHDOG_USEC=99999", false},
        Row{"WATCHDOG_USEC=100000", true},
        Row{"WATCHDOG_USEC=86400000000", true},
        Row{"WATCHDOG_USEC=86400000001", false},
        Row{"WATCHDOG_USEC=18446744073709551616", false},
        Row{"WATCHDOG_USEC=-1", false},
        Row{"WATCHDOG_USEC=+200000", false},
        Row{"WATCHDOG_USEC=1e6", false},
        Row{"WATCHDOG_USEC=", false},
        Row{"EXTEND_TIMEOUT_USEC=0", false},
        Row{"EXTEND_TIMEOUT_USEC=1", true},
        Row{"EXTEND_TIMEOUT_USEC=3600000000", true},
        Row{"EXTEND_TIMEOUT_USEC=3600000001", false},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        const auto message = parse_notify_message(row.text);
        CHECK(says_anything(message) == row.good);
        CHECK(message.complaint.empty() == row.good);
        CHECK(
            (row.good || message.complaint.find("no number of microseconds") != std::string::npos));
    }
}

TEST_CASE("a main process has a number above 0 that a process can have") {
    CHECK(parse_notify_message("MAINPID=1").main_pid == 1);
    CHECK(parse_notify_message("MAINPID=4194304").main_pid == 4'194'304);
    for (const std::string bad : {"0", "-1", "4194305", "12a", "", "99999999999999999999"}) {
        const auto message = parse_notify_message("MAINPID=" + bad);
        CHECK_FALSE(message.main_pid);
        CHECK(message.complaint == "says 'MAINPID=" + bad + "', and that is no process");
    }
}

TEST_CASE("a status is for a person's eyes, at most 1 KiB, and an empty one takes it back") {
    CHECK(parse_notify_message("STATUS=a=b \x1b[31mc").status == "a=b \\x1b[31mc");
    CHECK(parse_notify_message("STATUS=na\xc3\xafve \xff").status == "na\xc3\xafve \\xff");
    CHECK(parse_notify_message("STATUS=").status == "");
    const std::string whole(1'024, 'x');
    CHECK(parse_notify_message("STATUS=" + whole).status == whole);
    CHECK(parse_notify_message("STATUS=" + whole + "x").status == whole.substr(3) + "...");
}

TEST_CASE("of a line that stands there twice the first counts") {
    const auto message = parse_notify_message("STATUS=a\nMAINPID=7\nWATCHDOG_USEC=x\nSTATUS=b\n"
                                              "MAINPID=8\nWATCHDOG_USEC=200000\n");
    CHECK(message.status == "a");
    CHECK(message.main_pid == 7);
    CHECK(message.watchdog_interval == 200ms);
}

TEST_CASE("a malformed line is named, and the good ones of its message count") {
    const auto message = parse_notify_message("READY\nREADY=1\n=x\nMAINPID=me\nSTATUS=on");
    CHECK(message.ready);
    CHECK(message.status == "on");
    CHECK(message.complaint ==
          "says 'READY', and NAME=VALUE is needed; 2 further lines of it cannot be right, either");
    CHECK(complaint_of("=1") == "says '=1', and no name stands before the '='");
    CHECK(complaint_of("READY=yes") == "says 'READY=yes', and that means nothing (READY=1 does)");
    CHECK(complaint_of("WATCHDOG=no") ==
          "says 'WATCHDOG=no', and that means nothing (WATCHDOG=1 or WATCHDOG=trigger does)");
}

TEST_CASE("a NUL byte spoils its line and no other") {
    const auto message = parse_notify_message(std::string_view("READY=1\0\nSTOPPING=1", 19));
    CHECK_FALSE(message.ready);
    CHECK(message.stopping);
    CHECK(message.complaint == "says 'READY=1\\x00', and there is a NUL byte in it");
}

TEST_CASE("an empty notify message is complained about") {
    for (const std::string_view text :
         {std::string_view(), std::string_view("\n\r\n"), std::string_view("\0", 1)})
        CHECK(complaint_of(text) == "is empty");
}

TEST_CASE("a notify message that is too long says nothing, because its end may be missing") {
    std::string text = "READY=1\nX_FILL=";
    text.resize(longest_notify_datagram, 'x');
    CHECK(parse_notify_message(text).ready);
    CHECK(complaint_of(text).empty());
    text += 'x';
    CHECK_FALSE(says_anything(parse_notify_message(text)));
    CHECK(complaint_of(text) == "has more than 4096 bytes");
}

TEST_CASE("a complaint is one short line, whatever was sent") {
    const std::string complaint = complaint_of(std::string(4'000, '\x01'));
    CHECK(complaint.size() < 200);
    CHECK(text::printable(complaint, 1'000) == complaint);
}

TEST_CASE("a service manager outside gets what is its business, and no pids and times of ours") {
    CHECK(relayed_text(parse_notify_message("MAINPID=7\nREADY=1\nSTATUS=on\nWATCHDOG_USEC=200000\n"
                                            "EXTEND_TIMEOUT_USEC=1\nBARRIER=1\nX_Y=1\nWATCHDOG=1"),
                       at_seven) == "READY=1\nSTATUS=on\nWATCHDOG=1");
    CHECK(relayed_text(parse_notify_message("STOPPING=1"), at_seven) == "STOPPING=1");
    CHECK(relayed_text(parse_notify_message("STATUS="), at_seven) == "STATUS=");
    for (const std::string_view text :
         {"MAINPID=7", "BARRIER=1", "WATCHDOG=trigger", "READY=0", "", "WATCHDOG_USEC=200000"})
        CHECK(relayed_text(parse_notify_message(text), at_seven).empty());
}

TEST_CASE("that it reloads is told with the time of our clock") {
    CHECK(relayed_text(parse_notify_message("RELOADING=1\nMONOTONIC_USEC=1"), at_seven) ==
          "RELOADING=1\nMONOTONIC_USEC=7");
}

TEST_CASE("no status adds a line to what is relayed") {
    const auto message = parse_notify_message("STATUS=a\rREADY=1\x85\x0b");
    CHECK(relayed_text(message, at_seven) == "STATUS=a\\x0dREADY=1\\x85\\x0b");
}

TEST_CASE("of many warnings the first is written, then one in a while with the number left out") {
    WarningLimit limit(10s);
    const WarningLimit::Clock::time_point start{};
    CHECK(limit.pass(start) == 0);
    CHECK_FALSE(limit.pass(start));
    CHECK_FALSE(limit.pass(start + 9999ms));
    CHECK(limit.left_out() == 2);
    CHECK(limit.pass(start + 10s) == 2);
    CHECK(limit.left_out() == 0);
    CHECK_FALSE(limit.pass(start + 11s));
    CHECK(limit.pass(start + 60s) == 1);
    CHECK(limit.pass(start + 90s) == 0);
}

TEST_CASE("a relay reaches the socket of a path and that of an abstract name") {
    const test::ScratchDir scratch;
    const std::string path = scratch / "manager.sock";
    const std::string name = "kaigara-test-" + std::to_string(::getpid());
    Manager at_path(*platform::unix_address(path));
    Manager at_name(*platform::abstract_address(name));
    auto to_path = NotifyRelay::make(path);
    auto to_name = NotifyRelay::make("@" + name);
    REQUIRE(to_path);
    REQUIRE(to_name);
    to_path->send("READY=1\nSTATUS=on");
    to_path->send("");
    to_path->send("STOPPING=1");
    to_name->send("READY=1");
    CHECK(at_path.next() == "READY=1\nSTATUS=on");
    CHECK(at_path.next() == "STOPPING=1");
    CHECK(at_name.next() == "READY=1");
}

TEST_CASE("a relay to what is no local socket is refused, with what would be one") {
    for (const std::string bad : {"vsock:2:1234", "run/notify", "", "unix:/run/notify"}) {
        auto relay = NotifyRelay::make(bad);
        REQUIRE_FALSE(relay);
        CHECK(relay.error().fault == Fault::configuration);
    }
    auto vsock = NotifyRelay::make("vsock:2:1234");
    CHECK(vsock.error().message ==
          "'vsock:2:1234' is neither an absolute path nor '@' and the name of an abstract socket, "
          "and only these can be notified");
    for (const std::string& bad : {"/" + std::string(107, 'x'), "@" + std::string(108, 'x'),
                                   std::string("@"), std::string("/a\0b", 4)})
        CHECK_FALSE(NotifyRelay::make(bad));
    CHECK(NotifyRelay::make("/" + std::string(106, 'x')));
    CHECK(NotifyRelay::make("@" + std::string(107, 'x')));
}

TEST_CASE("a manager that is not there, or is new, is no trouble to a relay, and told of once") {
    const Log log;
    const test::ScratchDir scratch;
    const std::string path = scratch / "manager.sock";
    auto relay = NotifyRelay::make(path);
    REQUIRE(relay);
    relay->send("READY=1");
    relay->send("STOPPING=1");
    CHECK(logged == "kaigara: debug: cannot notify " + path +
                        " of 'READY=1': No such file or directory; what fails after this is not "
                        "told\n");
    Manager manager(*platform::unix_address(path));
    relay->send("READY=1");
    CHECK(manager.next() == "READY=1");
}

TEST_CASE("a manager that does not read is not waited for") {
    const Log log;
    const test::ScratchDir scratch;
    Manager manager(*platform::unix_address(scratch / "manager.sock"));
    auto relay = NotifyRelay::make(scratch / "manager.sock");
    REQUIRE(relay);
    for (int count = 0; count < 2'000; ++count) relay->send("WATCHDOG=1");
    CHECK(logged.find("temporarily unavailable") != std::string::npos);
    CHECK(manager.next() == "WATCHDOG=1");
}
}  // TEST_SUITE("supervise")
