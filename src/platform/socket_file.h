// SPDX-License-Identifier: Apache-2.0
#pragma once

// A listening unix socket and the file that leads to it.
//
// The file has mode 0600 from its first moment on. Its path is taken over only from a socket on
// which nobody listens, under a lock on the directory: so of two who begin at the same moment one
// wins and the other is told. Whatever else stands there is left alone. The file goes with the
// object, if it is still the same one.

#include <sys/types.h>

#include <string>

#include "base/result.h"
#include "platform/fd.h"

namespace kaigara::platform {

class SocketFile {
public:
    // Non-blocking. Makes the last directory of the path, mode 0755, where it is absent.
    // Fault::cannot_create, with nothing of ours left. The error does not name the path.
    static Result<SocketFile> listen(const std::string& path);

    SocketFile(SocketFile&&) = default;
    SocketFile& operator=(SocketFile&&) = delete;
    ~SocketFile();

    int fd() const noexcept { return socket_.get(); }

private:
    SocketFile(Fd socket, std::string path) : socket_(std::move(socket)), path_(std::move(path)) {}

    Result<void> begin();

    Fd socket_;         // closed: moved from
    std::string path_;  // absolute: kaigara leaves the directory that it was started in
    dev_t device_ = 0;
    ino_t inode_ = 0;  // 0: there is no file of ours
};

}  // namespace kaigara::platform
