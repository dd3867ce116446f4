// SPDX-License-Identifier: Apache-2.0
#include "support/pids_group.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/descriptor.h"

namespace kaigara::test {

namespace {

bool put(const std::string& path, const std::string& text) {
    const Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    return file &&
           ::write(file.number(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

}  // namespace

std::optional<PidsGroup> PidsGroup::make(int limit) {
    static int serial = 0;
    const std::string name =
        "/kaigara-test-" + std::to_string(::getpid()) + '-' + std::to_string(++serial);
    for (const char* root : {"/sys/fs/cgroup/pids", "/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
        const std::string path = root + name;
        if (::mkdir(path.c_str(), 0755) != 0) continue;
        PidsGroup group(path);
        if (put(path + "/pids.max", std::to_string(limit))) return group;
    }
    return std::nullopt;
}

PidsGroup::PidsGroup(PidsGroup&& other) noexcept : path_(std::exchange(other.path_, {})) {}

PidsGroup::~PidsGroup() {
    if (path_.empty()) return;
    // The last process leaves the group a moment after it can be waited for.
    for (int tries = 0; ::rmdir(path_.c_str()) != 0 && errno == EBUSY && tries < 1000; ++tries) {
        ::poll(nullptr, 0, 1);
    }
}

bool PidsGroup::add(pid_t process) const {
    return put(path_ + "/cgroup.procs", std::to_string(process));
}

}  // namespace kaigara::test
