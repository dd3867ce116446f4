// SPDX-License-Identifier: Apache-2.0
#include "provision/target_path.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <string_view>

#include <fmt/format.h>

#include "base/text.h"

namespace kaigara::provision {

namespace {

constexpr int most_links = 40;  // the kernel's own limit, see path_resolution(7)
constexpr std::size_t highest_descriptor = 1U << 30U;

std::optional<int> number_behind(std::string_view path, std::string_view directory) {
    if (!path.starts_with(directory)) return std::nullopt;
    const auto number = text::parse_number(path.substr(directory.size()), highest_descriptor);
    return number ? std::optional<int>(static_cast<int>(*number)) : std::nullopt;
}

// What the kernel does for open(2) where fs.protected_symlinks is set, see proc(5): in a sticky
// directory that everybody may write to, a link is followed only when it is ours or the directory's
// owner's. We follow links ourselves, so the kernel is not asked.
bool is_planted(const std::string& link) {
    struct stat of_link;
    struct stat of_directory;
    if (::lstat(link.c_str(), &of_link) != 0 ||
        ::stat(directory_of(link).c_str(), &of_directory) != 0)
        return false;
    constexpr mode_t shared = S_ISVTX | S_IWOTH;
    return (of_directory.st_mode & shared) == shared && of_link.st_uid != ::geteuid() &&
           of_link.st_uid != of_directory.st_uid;
}

}  // namespace

std::optional<int> own_descriptor(const std::string& path) {
    if (path == "/dev/stdin") return STDIN_FILENO;
    if (path == "/dev/stdout") return STDOUT_FILENO;
    if (path == "/dev/stderr") return STDERR_FILENO;
    if (const auto number = number_behind(path, "/dev/fd/")) return number;
    return number_behind(path, "/proc/self/fd/");
}

bool is_descriptor_of_a_process(const std::string& path) {
    constexpr std::string_view processes = "/proc/";
    if (!path.starts_with(processes)) return false;
    const std::size_t end = path.find('/', processes.size());
    if (end == std::string::npos) return false;
    const std::string_view process(path.data() + processes.size(), end - processes.size());
    return text::parse_number(process, highest_descriptor).has_value() &&
           number_behind(std::string_view(path).substr(end), "/fd/").has_value();
}

std::string directory_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

bool may_write(const std::string& path) {
    return ::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) == 0;
}

Result<std::string> follow_links(const std::string& path) {
    if (path.empty())
        return Error{Fault::cannot_create, ENOENT, "the name of the file to write is empty", ""};
    if (path.ends_with('/'))
        return system_error(Fault::cannot_create, EISDIR, "cannot be written", path);
    std::string behind = path;
    for (int links = 0; links <= most_links; ++links) {
        if (own_descriptor(behind) || is_descriptor_of_a_process(behind)) return behind;
        std::array<char, PATH_MAX> content;
        const ssize_t size = ::readlink(behind.c_str(), content.data(), content.size());
        if (size < 0) return behind;  // it is no link, or whoever opens it will say what is wrong
        if (is_planted(behind))
            return system_error(Fault::cannot_create, EACCES,
                                fmt::format("{} is a link that another user has put into a "
                                            "directory where everybody may",
                                            behind),
                                path);
        const std::string_view link(content.data(), static_cast<std::size_t>(size));
        if (link.starts_with('/'))
            behind = link;
        else
            behind = directory_of(behind) + "/" + std::string(link);
    }
    return system_error(Fault::cannot_create, ELOOP, "cannot be written", path);
}

}  // namespace kaigara::provision
