// SPDX-License-Identifier: Apache-2.0
#include "platform/executable.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/text.h"
#include "platform/fd.h"

namespace kaigara::platform {

namespace {

std::string read_head(const std::string& file) {
    const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    std::array<char, 256> head;
    const ssize_t size = fd.is_open() ? ::read(fd.get(), head.data(), head.size()) : 0;
    return std::string(head.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
}

bool exists(const std::string& file) {
    struct stat status;
    return ::stat(file.c_str(), &status) == 0;
}

Error missing_interpreter(const std::string& file, const std::string& interpreter) {
    if (interpreter.ends_with('\r')) {
        const std::string name = interpreter.substr(0, interpreter.size() - 1);
        return {Fault::not_found, ENOENT,
                fmt::format("'{}' has Windows line ends: the kernel looks for an interpreter "
                            "'{}\\r'; convert the file to Unix line ends",
                            file, name),
                ""};
    }
    return {Fault::not_found, ENOENT,
            fmt::format("'{}' exists, but its interpreter '{}' does not: install it or correct "
                        "the first line",
                        file, text::printable(interpreter)),
            ""};
}

Error not_found(const std::string& argv0, const char* path) {
    if (argv0.empty()) return {Fault::not_found, ENOENT, "the name of the program is empty", ""};
    const auto file = find_in_path(argv0, path);
    if (!file) {
        if (argv0.find('/') != std::string::npos)
            return {Fault::not_found, ENOENT, fmt::format("'{}' does not exist", argv0), ""};
        return {Fault::not_found, ENOENT,
                fmt::format("'{}' is not found in PATH ({})", argv0, path), ""};
    }
    if (const auto interpreter = interpreter_of(*file))
        return missing_interpreter(*file, *interpreter);
    if (read_head(*file).starts_with("\177ELF"))
        return {Fault::not_found, ENOENT,
                fmt::format("'{}' exists, but the dynamic loader that it names does not: it was "
                            "built for another C library or machine",
                            *file),
                ""};
    return {Fault::not_found, ENOENT, fmt::format("'{}' is not found", argv0), ""};
}

std::string denied_reason(const std::string& file) {
    struct stat status;
    if (::stat(file.c_str(), &status) != 0) return "a directory on its way may not be searched";
    if (S_ISDIR(status.st_mode)) return "it is a directory";
    if (!S_ISREG(status.st_mode)) return "it is no regular file";
    if ((status.st_mode & 0111) == 0) return "it has no execute bit: chmod +x";
    if (const auto interpreter = interpreter_of(file); interpreter && exists(*interpreter))
        return fmt::format("its interpreter '{}' or the file itself may not be executed by this "
                           "user, or lies on a file system mounted noexec",
                           text::printable(*interpreter));
    return "this user may not execute it, or its file system is mounted noexec";
}

}  // namespace

const char* path_of(char* const* environment) noexcept {
    for (; *environment != nullptr; ++environment) {
        if (std::strncmp(*environment, "PATH=", 5) == 0) return *environment + 5;
    }
    return "/bin:/usr/bin";
}

std::optional<std::string> find_in_path(const std::string& name, const char* path) {
    if (name.find('/') != std::string::npos)
        return exists(name) ? std::optional(name) : std::nullopt;
    for (const std::string_view directory : text::split(path, ':')) {
        std::string file = directory.empty() ? name : fmt::format("{}/{}", directory, name);
        struct stat status;
        if (::stat(file.c_str(), &status) == 0 && S_ISREG(status.st_mode)) return file;
    }
    return std::nullopt;
}

std::optional<std::string> interpreter_of(const std::string& file) {
    const std::string head = read_head(file);
    if (!head.starts_with("#!")) return std::nullopt;
    const std::size_t begin = head.find_first_not_of(" \t", 2);
    if (begin == std::string::npos) return std::string();
    return head.substr(begin, head.find_first_of(" \t\n", begin) - begin);
}

Error explain_execution(int code, const std::string& argv0, const char* path) {
    if (code == ENOENT) return not_found(argv0, path);
    const std::string file = find_in_path(argv0, path).value_or(argv0);
    if (code == EACCES)
        return {Fault::not_executable, code,
                fmt::format("'{}' cannot be executed: {}", file, denied_reason(file)), ""};
    if (code == ENOEXEC)
        return {Fault::not_executable, code,
                fmt::format("'{}' is no program of this machine: neither a binary of its "
                            "architecture nor a script",
                            file),
                ""};
    if (code == E2BIG)
        return {Fault::not_executable, code,
                fmt::format("'{}' cannot be executed: its arguments and environment are too "
                            "large for the kernel (128 KiB for one string)",
                            file),
                ""};
    return system_error(Fault::not_executable, code, fmt::format("'{}' cannot be executed", file));
}

}  // namespace kaigara::platform
