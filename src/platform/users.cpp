// SPDX-License-Identifier: Apache-2.0
#include "platform/users.h"

#include <fmt/format.h>

#include "base/text.h"
#include "platform/files.h"

namespace kaigara::platform {

namespace {

constexpr std::size_t largest_id =
    0xFFFFFFFEU;  // 0xFFFFFFFF means "leave as it is" to setresuid(2)
constexpr std::size_t largest_file = std::size_t{16} * 1024 * 1024;

struct Passwd {
    std::string_view name;
    std::string_view home;
    uid_t uid;
    gid_t gid;
};

std::optional<unsigned> parse_id(std::string_view text) {
    const auto id = text::parse_number(text, largest_id);
    return id ? std::optional(static_cast<unsigned>(*id)) : std::nullopt;
}

// passwd(5): name:password:uid:gid:gecos:home:shell. By `id` where there is one, else by `name`.
std::optional<Passwd> find_passwd(std::string_view file, std::string_view name,
                                  std::optional<unsigned> id) {
    for (const std::string_view line : text::split(file, '\n')) {
        const auto fields = text::split(line, ':');
        if (fields.size() < 6) continue;
        const auto uid = parse_id(fields[2]);
        const auto gid = parse_id(fields[3]);
        if (!uid || !gid) continue;
        if (id ? *uid == *id : fields[0] == name) return Passwd{fields[0], fields[5], *uid, *gid};
    }
    return std::nullopt;
}

// group(5): name:password:gid:member,member
std::optional<gid_t> find_group(std::string_view file, std::string_view name) {
    for (const std::string_view line : text::split(file, '\n')) {
        const auto fields = text::split(line, ':');
        if (fields.size() >= 3 && fields[0] == name) return parse_id(fields[2]);
    }
    return std::nullopt;
}

std::vector<gid_t> groups_of(std::string_view file, std::string_view user, gid_t primary) {
    std::vector<gid_t> groups{primary};
    // Who has no name is member of nothing: a list without members has one empty name in it.
    if (user.empty()) return groups;
    for (const std::string_view line : text::split(file, '\n')) {
        const auto fields = text::split(line, ':');
        if (fields.size() < 4) continue;
        const auto gid = parse_id(fields[2]);
        if (!gid || *gid == primary) continue;
        for (const std::string_view member : text::split(fields[3], ',')) {
            if (member == user) groups.push_back(*gid);
        }
    }
    return groups;
}

}  // namespace

Result<User> find_user(std::string_view spec, std::string_view passwd, std::string_view group) {
    const std::size_t colon = spec.find(':');
    const std::string_view user_part = spec.substr(0, colon);
    const std::string_view group_part =
        colon == std::string_view::npos ? std::string_view() : spec.substr(colon + 1);
    if (user_part.empty())
        return Error{Fault::configuration, 0,
                     fmt::format("'{}' names no user", text::printable(spec, 60)), ""};

    // A name that consists of digits is found as a name first, then as an id.
    const auto id = parse_id(user_part);
    auto entry = find_passwd(passwd, user_part, std::nullopt);
    if (!entry && id) entry = find_passwd(passwd, {}, id);
    if (!entry && !id)
        return Error{Fault::configuration, 0,
                     fmt::format("user '{}' is not in /etc/passwd: add it to the image, or give "
                                 "its number",
                                 text::printable(user_part, 60)),
                     ""};
    User user;
    user.credentials.uid = entry ? entry->uid : *id;
    user.credentials.gid = entry ? entry->gid : 0;
    if (entry) {
        user.name = entry->name;
        if (!entry->home.empty()) user.home = entry->home;
    }
    if (group_part.empty()) {
        user.credentials.groups = groups_of(group, user.name, user.credentials.gid);
        return user;
    }
    const auto gid = find_group(group, group_part);
    const auto number = parse_id(group_part);
    if (!gid && !number)
        return Error{Fault::configuration, 0,
                     fmt::format("group '{}' is not in /etc/group: add it to the image, or give "
                                 "its number",
                                 text::printable(group_part, 60)),
                     ""};
    user.credentials.gid = gid ? *gid : *number;
    user.credentials.groups = {user.credentials.gid};
    return user;
}

Result<User> find_user(std::string_view spec) {
    const auto read = [](const char* path) {
        auto content = read_file(path, largest_file);
        return content ? std::move(content).value() : std::string();
    };
    return find_user(spec, read("/etc/passwd"), read("/etc/group"));
}

}  // namespace kaigara::platform
