// SPDX-License-Identifier: Apache-2.0
#pragma once

// Users and groups, read from /etc/passwd and /etc/group by ourselves: the C library's functions
// load NSS modules of the image, and a static glibc binary is killed by those of another release
// (law 11). Images whose users come from LDAP or systemd need ids.

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "platform/spawn.h"

namespace kaigara::platform {

struct User {
    Credentials credentials;
    std::string name;        // empty when there is no entry for the id
    std::string home = "/";  // where there is no entry, "/", as docker run --user has it
};

// `spec` is `user`, `user:group`, with names or ids; `user:` is the user alone. Ids need no entry.
// Without a group, the group is the user's of passwd and supplementary groups are those of group;
// an id without an entry has group 0, as docker run --user has it. With a group there are no
// supplementary ones (gosu's rule).
// Fault::configuration when a name has no entry.
Result<User> find_user(std::string_view spec, std::string_view passwd, std::string_view group);

// The same, with the contents of /etc/passwd and /etc/group; absent files are empty.
Result<User> find_user(std::string_view spec);

}  // namespace kaigara::platform
