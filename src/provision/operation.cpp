// SPDX-License-Identifier: Apache-2.0
#include "provision/operation.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "platform/files.h"
#include "provision/annotation.h"
#include "provision/program_head.h"

namespace kaigara::provision {

namespace {

Error refusal(const std::string& path, std::string message, int code = 0) {
    return Error{Fault::configuration, code, std::move(message), path};
}

// Why a file of that name is no operation; empty where it may be one.
std::string_view skip_reason(std::string_view name) {
    if (name.starts_with('.')) return "a dot file";
    if (name.starts_with("README") || name.ends_with(".md")) return "documentation";
    if (name.ends_with('~') || name.ends_with(".bak") || name.ends_with(".orig"))
        return "a backup copy";
    if (name.ends_with(".swp") || name.ends_with(".tmp")) return "a temporary file";
    if (name.find(".dpkg-") != std::string_view::npos) return "left by the package manager";
    return {};
}

// faccessat(2) with AT_EACCESS asks for the ids that execve(2) will use, and says no for a regular
// file on a file system that is mounted noexec.
bool may_execute(const std::string& path) {
    return ::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0;
}

std::string denied_reason(const std::string& path, mode_t mode) {
    if ((mode & 0111) == 0)
        return "has neither an execute bit nor a '#!' line: chmod +x it, or begin it with "
               "#!/bin/sh";
    struct statvfs file_system;
    if (::statvfs(path.c_str(), &file_system) == 0 && (file_system.f_flag & ST_NOEXEC) != 0)
        return "lies on a file system mounted noexec and has no '#!' line: begin it with "
               "#!/bin/sh, or mount the volume with exec";
    return fmt::format("may not be executed by this user (uid {}): chmod a+x it, or give it to "
                       "that user",
                       ::geteuid());
}

Result<void> check_interpreter(const std::string& path, const ProgramHead& head) {
    if (head.has_carriage_return)
        return refusal(path, "has Windows line ends: the carriage return in its '#!' line is taken "
                             "for a part of the interpreter; convert the file to Unix line ends");
    if (head.interpreter.empty())
        return refusal(path, "names no interpreter in its '#!' line: write #!/bin/sh");
    const std::string shown = text::printable(head.interpreter);
    if (head.is_cut)
        return refusal(path, fmt::format("has a '#!' line that is longer than the {} bytes that "
                                         "the kernel reads",
                                         program_head_size));
    struct stat status;
    if (::stat(head.interpreter.c_str(), &status) != 0)
        return refusal(path,
                       fmt::format("exists, but its interpreter '{}' does not: install it or "
                                   "correct the first line ({})",
                                   shown, errno_text(errno)),
                       errno);
    if (!S_ISREG(status.st_mode) || !may_execute(head.interpreter))
        return refusal(path,
                       fmt::format("has an interpreter '{}' that may not be executed", shown));
    return {};
}

Result<void> check_head(const std::string& path, const ProgramHead& head) {
    switch (head.kind) {
    case ProgramHead::Kind::script: return check_interpreter(path, head);
    case ProgramHead::Kind::script_with_mark:
        return refusal(path, "begins with a byte order mark, so the kernel does not see its "
                             "'#!' line: save the file as UTF-8 without one");
    case ProgramHead::Kind::elf:
        if (may_run_on(own_machine(), head.machine)) return {};
        return refusal(path, fmt::format("is a program for {}, and this is {}: build it for "
                                         "the architecture of the image",
                                         machine_name(head.machine), machine_name(own_machine())));
    case ProgramHead::Kind::other: return {};
    }
    return {};
}

// The kernel takes a name without a slash as one in the working directory, spawn() as one in PATH.
std::string interpreter_path(const std::string& interpreter) {
    return interpreter.find('/') == std::string::npos ? "./" + interpreter : interpreter;
}

// The operation that a file is; nothing for a directory. Leaves the file's `beginning`, as far as
// it could be read, whether the operation is good or not.
Result<std::optional<Operation>> examine(const std::string& path, const std::string& name,
                                         std::string& beginning) {
    struct stat status;
    if (::stat(path.c_str(), &status) != 0) {
        if (errno == ENOENT)
            return refusal(path,
                           "is a symbolic link that leads nowhere: remove it, or create what "
                           "it points to",
                           ENOENT);
        return system_error(Fault::configuration, errno, "cannot be examined", path);
    }
    if (S_ISDIR(status.st_mode)) return std::optional<Operation>();
    if (!S_ISREG(status.st_mode)) return refusal(path, "is no regular file, so it cannot be run");

    Operation operation{name, path, {path}, false, {}};
    const bool executable = may_execute(path);
    auto bytes = platform::read_beginning(path, annotation_bytes);
    if (!bytes) {
        // A program that may be executed and not read is rare and right.
        if (executable) return std::optional(std::move(operation));
        return refusal(path, fmt::format("may be neither executed nor read by this user (uid {})",
                                         ::geteuid()));
    }
    beginning = std::move(*bytes);
    const ProgramHead head = parse_program_head(beginning);
    KG_TRY(check_head(path, head));
    if (executable) return std::optional(std::move(operation));
    if (head.kind != ProgramHead::Kind::script)
        return refusal(path, denied_reason(path, status.st_mode), EACCES);
    operation.through_interpreter = true;
    operation.command = {interpreter_path(head.interpreter)};
    if (!head.argument.empty()) operation.command.push_back(head.argument);
    operation.command.push_back(path);
    return std::optional(std::move(operation));
}

// Adds the operation that a file is, or all that is wrong with it.
void add_operation(const std::string& path, const std::string& name,
                   std::vector<Operation>& operations, Errors& errors) {
    std::string beginning;
    auto found = examine(path, name, beginning);
    if (found && !*found) {
        log::debug("{} is passed over: a directory", text::printable(path));
        return;
    }
    if (!found) errors.push_back(std::move(found).error());
    OperationOptions options;
    for (Error& error : read_annotations(beginning, path, options))
        errors.push_back(std::move(error));
    if (const auto line = late_annotation(beginning))
        log::warn("{}:{}: this annotation is not read: annotations stand in the first {} lines",
                  text::printable(path), *line, annotation_lines);
    if (!found) return;
    (*found)->options = std::move(options);
    operations.push_back(std::move(**found));
}

Operation* find_operation(std::vector<Operation>& operations, std::string_view name) {
    const auto found = std::ranges::find(operations, name, &Operation::name);
    return found == operations.end() ? nullptr : &*found;
}

Error no_such_operation(const std::vector<Operation>& operations, const OperationEntry& entry) {
    std::vector<std::string_view> names;
    for (const Operation& operation : operations) names.emplace_back(operation.name);
    return refusal(entry.where,
                   fmt::format("there is no operation '{}' in the image{}",
                               text::printable(entry.name), text::did_you_mean(entry.name, names)));
}

void override_operation(Operation& operation, const OperationEntry& entry, Errors& errors) {
    for (const OperationEntry::Value& value : entry.values) {
        if (auto assigned = value.option->assign(operation.options, value.text); !assigned)
            errors.push_back(refusal(
                value.where, fmt::format("{}: {}", value.option->name, assigned.error().message)));
    }
}

}  // namespace

Result<std::vector<Operation>, Errors> find_operations(const std::string& directory, bool named) {
    std::vector<Operation> operations;
    const auto names = platform::list_directory(directory);
    if (!names && names.error().code == ENOENT && !named) {
        log::debug("{} does not exist, so there are no operations", directory);
        return operations;
    }
    if (!names)
        return Errors{system_error(Fault::configuration, names.error().code,
                                   "the directory of operations cannot be read", directory)};
    Errors errors;
    for (const std::string& name : *names) {
        const std::string path = fmt::format("{}/{}", directory, name);
        if (const std::string_view reason = skip_reason(name); !reason.empty())
            log::debug("{} is passed over: {}", text::printable(path), reason);
        else
            add_operation(path, name, operations, errors);
    }
    if (!errors.empty()) return errors;
    return operations;
}

Errors override_options(std::vector<Operation>& operations,
                        const std::vector<OperationEntry>& entries) {
    Errors errors;
    for (const OperationEntry& entry : entries) {
        if (Operation* operation = find_operation(operations, entry.name))
            override_operation(*operation, entry, errors);
        else
            errors.push_back(no_such_operation(operations, entry));
    }
    for (const Operation& operation : operations) {
        if (auto suits = check_combination(operation.options); !suits)
            errors.push_back(refusal(operation.path, suits.error().message));
    }
    return errors;
}

}  // namespace kaigara::provision
