// SPDX-License-Identifier: Apache-2.0
#include "platform/socket_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>

#include <fmt/format.h>

#include "platform/files.h"
#include "platform/socket_address.h"
#include "platform/umask_scope.h"

namespace kaigara::platform {

namespace {

constexpr int backlog = 128;

Error refuse(std::string message) { return {Fault::cannot_create, 0, std::move(message), ""}; }

Error refuse(int code, std::string message) {
    return system_error(Fault::cannot_create, code, std::move(message));
}

Result<Fd> make_socket() {
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd.is_open()) return refuse(errno, "no socket can be made");
    return fd;
}

// Makes it where it is absent, and keeps others out of it for as long as the descriptor is open.
Result<Fd> lock_directory(const std::string& directory) {
    {
        const UmaskScope open_to_all(0022);
        if (::mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST && !exists(directory))
            return refuse(errno, fmt::format("the directory '{}' cannot be made", directory));
    }
    Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.is_open())
        return refuse(errno, fmt::format("the directory '{}' cannot be opened", directory));
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) return refuse("another kaigara is making its own there just now");
        return refuse(errno, fmt::format("the directory '{}' cannot be locked", directory));
    }
    return fd;
}

// Whether the path is free now: a socket that a dead process left is removed, nothing else is.
Result<void> free_path(const std::string& path, const SocketAddress& address) {
    struct stat found;
    if (::lstat(path.c_str(), &found) != 0) {
        if (errno == ENOENT) return {};
        return refuse(errno, "it cannot be examined");
    }
    if (!S_ISSOCK(found.st_mode))
        return refuse("something that is no socket stands there, and is left alone");
    KG_LET(probe, make_socket());
    if (::connect(probe.get(), address.get(), address.size) == 0 || errno == EAGAIN)
        return refuse("another process, most likely another kaigara, listens there");
    if (errno == EPROTOTYPE) return refuse("a socket of another kind stands there");
    if (errno != ECONNREFUSED) return refuse(errno, "the socket that stands there cannot be asked");
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
        return refuse(errno, "the socket that a dead process left there cannot be removed");
    return {};
}

// Two guards, because a umask means nothing below a directory with a default ACL, and the mode of a
// socket that is not bound yet, which bind(2) passes on, is cut by the umask.
int bind_private(int fd, const SocketAddress& address) {
    ::fchmod(fd, 0600);
    const UmaskScope owner_alone(0177);
    return ::bind(fd, address.get(), address.size) == 0 ? 0 : errno;
}

}  // namespace

Result<SocketFile> SocketFile::listen(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    const std::string name = path.substr(slash == std::string::npos ? 0 : slash + 1);
    std::string directory = slash == std::string::npos ? "." : path.substr(0, slash);
    if (directory.empty()) directory = "/";
    if (name.empty() || name == "." || name == "..")
        return refuse("it names a directory, not a socket");
    const auto address = unix_address(path);
    if (!address)
        return refuse(fmt::format("the path has {} bytes, the kernel takes 107", path.size()));

    KG_LET(lock, lock_directory(directory));
    KG_TRY(free_path(path, *address));
    KG_LET(socket, make_socket());
    if (const int code = bind_private(socket.get(), *address); code != 0)
        return refuse(code, "it cannot be made");
    SocketFile file(std::move(socket), real_path(directory) + "/" + name);
    KG_TRY(file.begin());
    return file;
}

Result<void> SocketFile::begin() {
    struct stat made;
    if (::lstat(path_.c_str(), &made) != 0) return refuse(errno, "it cannot be examined");
    device_ = made.st_dev;
    inode_ = made.st_ino;
    if (::listen(socket_.get(), backlog) != 0) return refuse(errno, "nobody can listen on it");
    return {};
}

SocketFile::~SocketFile() {
    struct stat found;
    if (!socket_.is_open() || inode_ == 0 || ::lstat(path_.c_str(), &found) != 0) return;
    if (found.st_dev == device_ && found.st_ino == inode_) ::unlink(path_.c_str());
}

}  // namespace kaigara::platform
