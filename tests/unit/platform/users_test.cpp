// SPDX-License-Identifier: Apache-2.0
#include "platform/users.h"

#include <doctest/doctest.h>

using namespace kaigara;
using namespace kaigara::platform;

namespace {

constexpr std::string_view passwd = "root:x:0:0:root:/root:/bin/sh\n"
                                    "broken line\n"
                                    "app:x:1000:1000:,,,:/home/app:/bin/sh\n"
                                    "homeless:x:1001:1000:::\n"
                                    "1500:x:77:78::/srv:/bin/sh\n";
constexpr std::string_view group = "root:x:0:\n"
                                   "app:x:1000:\n"
                                   "tty:x:5:app,other\n"
                                   "video:x:44:other,app\n"
                                   "other:x:45:others\n";

using Groups = std::vector<gid_t>;

}  // namespace

TEST_SUITE("platform") {
TEST_CASE("a name gets its ids, its home and all its groups") {
    const auto user = find_user("app", passwd, group);
    REQUIRE(user.has_value());
    CHECK(user->credentials.uid == 1000);
    CHECK(user->credentials.gid == 1000);
    CHECK(user->credentials.groups == Groups{1000, 5, 44});
    CHECK(user->home == "/home/app");
    CHECK(user->name == "app");
}

TEST_CASE("an id with an entry is the same as its name") {
    CHECK(find_user("1000", passwd, group)->credentials.groups == Groups{1000, 5, 44});
    CHECK(find_user("1000", passwd, group)->name == "app");
}

TEST_CASE("an id needs no entry") {
    const auto user = find_user("4711", passwd, group);
    REQUIRE(user.has_value());
    CHECK(user->credentials.uid == 4711);
    CHECK(user->credentials.gid == 0);
    CHECK(user->home == "/");
    CHECK(user->name.empty());
    CHECK(find_user("4711:4712", "", "")->credentials.gid == 4712);
}

TEST_CASE("a group that is named leaves no supplementary ones") {
    const auto user = find_user("app:video", passwd, group);
    REQUIRE(user.has_value());
    CHECK(user->credentials.gid == 44);
    CHECK(user->credentials.groups == Groups{44});
    CHECK(find_user("app:", passwd, group)->credentials.groups == Groups{1000, 5, 44});
}

TEST_CASE("an id without an entry is in no group, whatever groups have no members") {
    const auto user = find_user("1234", passwd, "root:x:0:\ndisk:x:6:\nshadow:x:42:,\n");
    REQUIRE(user.has_value());
    CHECK(user->credentials.gid == 0);
    CHECK(user->credentials.groups == Groups{0});
}

TEST_CASE("an entry without a name is not everybody's") {
    const auto user = find_user("1234", ":x:0:0::/root:\n", "");
    REQUIRE(user.has_value());
    CHECK(user->credentials.uid == 1234);
    CHECK(find_user("1234", ":x:1234:7::/srv:\n", "staff:x:50:\n")->credentials.groups ==
          Groups{7});
}

TEST_CASE("a name of bytes that are no text is shown as what they are") {
    CHECK(find_user("a\xff\n", passwd, group).error().message.starts_with("user 'a\\xff\\x0a' is"));
    CHECK(find_user("0:\x1b", passwd, group).error().message.starts_with("group '\\x1b' is"));
}

TEST_CASE("a name of digits is a name before it is an id") {
    CHECK(find_user("1500", passwd, group)->credentials.uid == 77);
}

TEST_CASE("a home that is empty is the root directory") {
    CHECK(find_user("homeless", passwd, group)->home == "/");
}

TEST_CASE("what does not exist is named") {
    CHECK(find_user("nobody", passwd, group).error().message.find("'nobody'") != std::string::npos);
    CHECK(find_user("app:wheel", passwd, group).error().message.find("'wheel'") !=
          std::string::npos);
    CHECK_FALSE(find_user("", passwd, group).has_value());
    CHECK_FALSE(find_user(":app", passwd, group).has_value());
    CHECK_FALSE(find_user("4294967295", passwd, group).has_value());
    CHECK(find_user("nobody", passwd, group).error().fault == Fault::configuration);
}
}  // TEST_SUITE("platform")
