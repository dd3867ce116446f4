// SPDX-License-Identifier: Apache-2.0
#pragma once

// What went wrong, in the words that the user will read.
//
// `fault` says whose fault it is and so decides the exit status, in app/exit_code alone. `message`
// says what was attempted and why it failed; `where` is "file:line:column", a key or a variable.
// Callers put their own words in front with while_doing(); nobody logs an error and returns it too.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kaigara {

enum class Fault : std::uint8_t {
    usage,              // the command line
    bad_data,           // metadata, a template, a ledger
    unavailable,        // a source or a peer does not answer
    internal,           // a bug in kaigara
    cannot_create,      // an output file cannot be made
    input_output,       // reading or writing failed half-way
    lock,               // a lock was not had in time
    configuration,      // kaigara.yml, a path that was named and is absent, an operation's file
    operation_failed,   // an operation ended with a failure
    operation_timeout,  // an operation was ended by its timeout
    not_executable,     // the application exists and cannot be executed
    not_found,          // the application does not exist
};

struct Error {
    Fault fault = Fault::internal;
    int code = 0;         // an errno, or 0 where the system said nothing
    std::string message;  // one line, no full stop
    std::string where;    // empty, or file[:line[:column]], a variable, an option

    // The same error with the caller's words in front: "reading a.yml: <message>".
    Error while_doing(std::string_view words) &&;

    // One line for a person: "where: message".
    std::string text() const;
};

// Several errors of one kind of work, reported in one go.
using Errors = std::vector<Error>;

// `message` with ": <text of errno>" behind it. `code` is an errno, positive.
Error system_error(Fault fault, int code, std::string message, std::string where = {});

// The text of an errno, as strerror(3) in the C locale, without its static buffer.
std::string_view errno_text(int code);

}  // namespace kaigara
