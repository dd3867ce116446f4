// SPDX-License-Identifier: Apache-2.0
#include "supervise/notify_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "platform/files.h"
#include "platform/random.h"
#include "platform/socket_address.h"
#include "platform/umask_scope.h"

namespace kaigara::supervise {

namespace {

constexpr std::chrono::seconds pause_between_warnings{10};
// Names are made by chance; one that is taken is not used.
constexpr int tries_for_a_name = 8;
constexpr std::size_t most_descriptors = 253;  // SCM_MAX_FD of the kernel

void close_received(int fd) noexcept {
    // The last one to close a TCP socket that lingers would wait, and all that we have with it.
    linger lingering = {};
    socklen_t size = sizeof lingering;
    if (::getsockopt(fd, SOL_SOCKET, SO_LINGER, &lingering, &size) == 0 && lingering.l_onoff != 0 &&
        lingering.l_linger != 0) {
        lingering = {};
        ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &lingering, sizeof lingering);
    }
    ::close(fd);
}

// One datagram, with what came along; the descriptors are closed with it.
class Datagram {
public:
    Datagram() = default;
    ~Datagram();
    Datagram(const Datagram&) = delete;
    Datagram& operator=(const Datagram&) = delete;

    // False where none was there, or with an errno.
    bool receive(int fd) noexcept;
    std::string_view text() const noexcept { return {text_.data(), size_}; }
    bool is_cut() const noexcept { return (header_.msg_flags & MSG_TRUNC) != 0; }
    bool has_lost_descriptors() const noexcept { return (header_.msg_flags & MSG_CTRUNC) != 0; }
    // A pid of 0 where the kernel has not said.
    ucred sender() noexcept;

private:
    static constexpr std::size_t control_size =
        CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(most_descriptors * sizeof(int));

    msghdr header_ = {};
    std::size_t size_ = 0;
    alignas(cmsghdr) std::array<unsigned char, control_size> control_;
    std::array<char, longest_notify_datagram> text_;
};

bool Datagram::receive(int fd) noexcept {
    iovec piece = {text_.data(), text_.size()};
    header_.msg_iov = &piece;
    header_.msg_iovlen = 1;
    header_.msg_control = control_.data();
    header_.msg_controllen = control_.size();
    ssize_t got = -1;
    do {
        got = ::recvmsg(fd, &header_, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    header_.msg_iov = nullptr;
    if (got < 0) {
        header_.msg_controllen = 0;
        return false;
    }
    size_ = static_cast<std::size_t>(got);
    return true;
}

ucred Datagram::sender() noexcept {
    ucred sender = {};
    for (cmsghdr* one = CMSG_FIRSTHDR(&header_); one != nullptr; one = CMSG_NXTHDR(&header_, one)) {
        if (one->cmsg_level != SOL_SOCKET || one->cmsg_type != SCM_CREDENTIALS) continue;
        if (one->cmsg_len == CMSG_LEN(sizeof sender))
            std::memcpy(&sender, CMSG_DATA(one), sizeof sender);
    }
    return sender;
}

Datagram::~Datagram() {
    for (cmsghdr* one = CMSG_FIRSTHDR(&header_); one != nullptr; one = CMSG_NXTHDR(&header_, one)) {
        if (one->cmsg_level != SOL_SOCKET || one->cmsg_type != SCM_RIGHTS) continue;
        for (std::size_t at = 0; CMSG_LEN(at + sizeof(int)) <= one->cmsg_len; at += sizeof(int)) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(one) + at, sizeof fd);
            close_received(fd);
        }
    }
}

// Whether the application could come to a file there. Those above are the container's own.
Result<void> check_reach(const std::string& directory, std::optional<uid_t> uid) {
    struct stat status;
    if (::stat(directory.c_str(), &status) != 0)
        return system_error(Fault::cannot_create, errno, "cannot be examined", directory);
    const uid_t user = uid.value_or(::geteuid());
    if (user == 0 || user == status.st_uid || (status.st_mode & S_IXOTH) != 0) return {};
    return Error{Fault::cannot_create, EACCES,
                 fmt::format("has mode {:04o}, so user {} would not get to a socket in it",
                             status.st_mode & 07777U, user),
                 directory};
}

}  // namespace

NotifySocket::NotifySocket(platform::Loop& loop, NotifySocketRequest request,
                           std::function<void(const NotifyMessage&)> on_message)
    : loop_(loop), request_(std::move(request)), on_message_(std::move(on_message)),
      own_uid_(::geteuid()), limit_(pause_between_warnings) {}

NotifySocket::~NotifySocket() {
    *is_there_ = false;
    if (!path_.empty()) ::unlink(path_.c_str());
    if (const std::size_t left_out = limit_.left_out(); left_out > 0)
        log::warn("{} about notify messages {} left out",
                  text::counted(left_out, "further warning"), left_out == 1 ? "was" : "were");
}

Result<void> NotifySocket::open() {
    socket_ = platform::Fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket_.is_open())
        return system_error(Fault::cannot_create, errno,
                            "cannot make the socket that the application is to notify");
    // Before it has a name, so that there is no message without its sender.
    const int on = 1;
    if (::setsockopt(socket_.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0)
        return system_error(Fault::cannot_create, errno,
                            "cannot have the senders of notify messages named");
    if (auto made = bind_file(); !made) {
        log::debug("{}; the application is given an abstract socket to notify",
                   made.error().text());
        KG_TRY(bind_abstract());
    }
    poll_.emplace(loop_, socket_.get(), platform::Poll::Readiness::readable,
                  [this] { on_readable(); });
    return {};
}

Result<void> NotifySocket::bind_file() {
    const std::string& directory = request_.directory;
    if (!directory.starts_with('/'))
        return Error{Fault::cannot_create, EINVAL, "is no absolute path", directory};
    if (!platform::exists(directory)) {
        const platform::UmaskScope mask(0022);
        KG_TRY(platform::make_directories(directory));
    }
    KG_TRY(check_reach(directory, request_.uid));
    for (int tries = 0; tries < tries_for_a_name; ++tries) {
        std::string path = fmt::format("{}/notify-{}-{:08x}.sock", directory, ::getpid(),
                                       platform::random_number());
        const auto address = platform::unix_address(path);
        if (!address)
            return system_error(Fault::cannot_create, ENAMETOOLONG, "no socket can be made", path);
        // Mode 0777 less this. A name that exists, even as a link to nothing, is never used.
        const platform::UmaskScope mask(0111);
        if (::bind(socket_.get(), address->get(), address->size) == 0) {
            address_ = path;
            path_ = std::move(path);
            return {};
        }
        if (errno != EADDRINUSE)
            return system_error(Fault::cannot_create, errno, "no socket can be made", path);
    }
    return system_error(Fault::cannot_create, EADDRINUSE, "no socket can be made", directory);
}

Result<void> NotifySocket::bind_abstract() {
    for (int tries = 0; tries < tries_for_a_name; ++tries) {
        std::string name = "kaigara-";
        for (int part = 0; part < 4; ++part)
            name += fmt::format("{:08x}", platform::random_number());
        const auto address = platform::abstract_address(name);
        if (address && ::bind(socket_.get(), address->get(), address->size) == 0) {
            address_ = '@' + name;
            return {};
        }
        if (errno != EADDRINUSE) break;
    }
    return system_error(Fault::cannot_create, errno,
                        "cannot name the socket that the application is to notify");
}

void NotifySocket::on_readable() {
    const auto is_there = is_there_;
    // What is left makes the socket readable again, after all else has had its turn.
    for (std::size_t count = 0; count < notify_datagrams_a_round && *is_there; ++count)
        if (!receive()) return;
}

// Whether there was any. The object may be gone then.
bool NotifySocket::receive() {
    Datagram datagram;
    if (!datagram.receive(socket_.get())) {
        if (errno != EAGAIN)
            warn(fmt::format("a notify message cannot be received: {}", errno_text(errno)));
        return false;
    }
    const ucred sender = datagram.sender();
    if (!may_speak(sender.pid, sender.uid)) {
        if (sender.pid == 0)
            warn("a notify message is left out: its process is none of this container");
        else
            warn(fmt::format("a notify message of process {} is left out: it runs as user {}, and "
                             "root, kaigara's user and the application's are heard",
                             sender.pid, sender.uid));
    } else if (datagram.is_cut()) {
        warn(fmt::format("a notify message of process {} is left out: it has more than {} bytes",
                         sender.pid, longest_notify_datagram));
    } else if (datagram.has_lost_descriptors()) {
        warn(fmt::format("a notify message of process {} is left out: not all of the descriptors "
                         "that came with it could be received",
                         sender.pid));
    } else {
        hear(sender.pid, datagram.text());
    }
    return true;
}

bool NotifySocket::may_speak(pid_t pid, uid_t uid) const noexcept {
    return pid > 0 && (uid == 0 || uid == own_uid_ || uid == request_.uid);
}

void NotifySocket::hear(pid_t sender, std::string_view text) {
    const NotifyMessage message = parse_notify_message(text);
    if (!message.complaint.empty())
        warn(fmt::format("a notify message of process {} {}", sender, message.complaint));
    const auto is_there = is_there_;
    auto on_message = std::move(on_message_);
    on_message(message);
    if (*is_there) on_message_ = std::move(on_message);
}

void NotifySocket::warn(std::string_view what) {
    const auto left_out = limit_.pass(WarningLimit::Clock::now());
    if (!left_out) return;
    if (*left_out == 0)
        log::warn("{}", what);
    else
        log::warn("{} ({} left out before)", what, text::counted(*left_out, "warning"));
}

}  // namespace kaigara::supervise
