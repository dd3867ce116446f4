// SPDX-License-Identifier: Apache-2.0
#pragma once

// What tests of files need root for: another user, and mounts of their own.

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <string>
#include <utility>

#include <doctest/doctest.h>

namespace kaigara::test {

inline constexpr uid_t nobody = 65534;

// Whether this is a root that may become another user: in some user namespaces it may not.
inline bool may_become_another() {
    if (::geteuid() != 0 || ::seteuid(nobody) != 0) return false;
    REQUIRE(::seteuid(0) == 0);
    return true;
}

// A mount that goes with the object, seen by this process alone.
class Mount {
public:
    Mount(const char* source, std::string target, const char* type, unsigned long flags,
          const char* options)
        : target_(std::move(target)) {
        REQUIRE(::unshare(CLONE_NEWNS) == 0);
        REQUIRE(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
        REQUIRE(::mount(source, target_.c_str(), type, flags, options) == 0);
    }
    ~Mount() { ::umount2(target_.c_str(), MNT_DETACH); }
    Mount(const Mount&) = delete;
    Mount& operator=(const Mount&) = delete;

private:
    std::string target_;
};

// As another user for a while; only root can.
class AsUser {
public:
    explicit AsUser(uid_t uid) { REQUIRE(::seteuid(uid) == 0); }
    ~AsUser() { (void)!::seteuid(0); }
    AsUser(const AsUser&) = delete;
    AsUser& operator=(const AsUser&) = delete;
};

}  // namespace kaigara::test
