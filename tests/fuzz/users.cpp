// SPDX-License-Identifier: Apache-2.0

// Any bytes as /etc/passwd and /etc/group, and as what is looked for in them: three parts, with
// lines `====` between them.

#include <array>

#include "check.h"
#include "platform/users.h"

using namespace kaigara;

namespace {

bool has_line(std::string_view text, std::string_view begin) {
    const auto lines = text::split(text, '\n');
    return std::ranges::any_of(lines, [begin](auto line) { return line.starts_with(begin); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest = fuzz::input(data, size);
    std::array<std::string_view, 3> parts;
    for (std::string_view& part : parts) {
        constexpr std::string_view middle = "\n====\n";
        const std::size_t end = std::min(rest.find(middle), rest.size());
        part = rest.substr(0, end);
        rest.remove_prefix(std::min(end + middle.size(), rest.size()));
    }
    const auto [spec, passwd, group] = parts;
    const auto user = platform::find_user(spec, passwd, group);
    if (!user) {
        fuzz::check_words(user.error());
        fuzz::check(user.error().fault == Fault::configuration, "an unknown user is configuration",
                    {user.error().text()});
        return 0;
    }
    const std::string_view name = spec.substr(0, spec.find(':'));
    const auto id = text::parse_number(name, ~std::size_t{0});
    const bool is_named = has_line(passwd, std::string(name) + ":");
    fuzz::check(id || is_named, "a name has an entry", {spec});
    fuzz::check(is_named || *id == user->credentials.uid, "an id is what it is", {spec});
    fuzz::check(user->name.empty() || has_line(passwd, user->name + ":"), "an entry has a name",
                {spec, user->name});
    const auto& groups = user->credentials.groups;
    fuzz::check(!groups.empty() && groups.front() == user->credentials.gid,
                "the group is the first one", {spec});
    const bool has_group = spec.find(':') != std::string_view::npos && !spec.ends_with(':');
    fuzz::check(groups.size() == 1 || (!has_group && !user->name.empty()),
                "only an entry has supplementary groups", {spec});
    const auto none = static_cast<uid_t>(-1);
    fuzz::check(user->credentials.uid != none && user->credentials.gid != static_cast<gid_t>(none),
                "-1 is no id, it means none", {spec});
    return 0;
}
