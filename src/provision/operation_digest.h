// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the ledger remembers of an operation's file, so that a later start can tell whether it is
// still the same one.
//
// `content` is of the file as it is: on-change asks for it, and `sha256sum FILE` shows it. `code`
// is of what the file does: the same text without comments, blanks at line ends, blank lines,
// carriage returns and byte order mark. on-edit asks for that, because who corrects a comment in a
// migration that ran years ago has not changed the migration. Which lines are comments follows from
// the interpreter; only whole lines count, as whatever stands behind code may be part of a text. A
// program, and a text of more than 4 MiB, is all code.

#include <string>
#include <string_view>

#include "base/result.h"

namespace kaigara::provision {

// 64 hexadecimal digits each; `inputs` is empty for an operation without inputs.
struct OperationDigests {
    std::string content;
    std::string code;
    std::string inputs;  // see OperationInputs of operation_condition.h

    bool operator==(const OperationDigests&) const = default;
};

// The lines that are code, each with a line end. Pure, and of its own result the same again.
std::string without_comments(std::string_view text);

// Reads the file once. Fault::configuration with the path as `where` when it cannot be read or is
// no regular file. `inputs` stays empty.
Result<OperationDigests> digest_operation(const std::string& path);

}  // namespace kaigara::provision
