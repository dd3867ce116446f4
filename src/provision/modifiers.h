// SPDX-License-Identifier: Apache-2.0
#pragma once

// The modifiers of the template language: {{app.motd:default=hello:quote}}.
//
// A modifier is a row of one table: its name, what it takes, and a function from value to value.
// Adding one is adding a row; parsing, type checks, messages and "did you mean" follow from it.
// Functions are pure, but for `file`, which asks the context; their messages never hold a value
// that may be a secret.
//
// A chain runs from left to right. A missing value (or null) passes through every modifier but
// those that take `nothing`, so that default= may stand anywhere in the chain.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metadata/value.h"

namespace kaigara::provision {

// A value printed or made by a modifier may not grow past this (the limit of the whole output).
constexpr std::size_t max_output_bytes = std::size_t{64} << 20;

// What indent= takes at most.
constexpr std::size_t max_indent = 1000;

enum class Takes : std::uint8_t {
    text,     // the text of a scalar
    list,     // a list
    any,      // a scalar, a list or a map
    nothing,  // is asked only where there is no value, or null
};

enum class Argument : std::uint8_t {
    none,
    text,    // any text, the empty one included
    number,  // 0 to max_indent
};

// A file that a template prints.
struct FileText {
    std::string text;
    bool is_secret = false;
};

// What modifiers may ask for, and what they tell.
struct ModifierContext {
    const std::function<Result<FileText>(const std::string& path)>& read_file;
    bool has_secret = false;     // the value is secret: no message may hold anything of it
    bool read_secret = false;    // a file that was read is secret
    std::size_t bytes_read = 0;  // of files
};

struct Modifier {
    std::string_view name;
    Takes takes;
    Argument argument;
    Result<metadata::Value> (*apply)(const metadata::Value& value, std::string_view argument,
                                     ModifierContext& context);
};

// One use of a modifier, with its argument unquoted.
struct ModifierCall {
    const Modifier* modifier = nullptr;
    std::string argument;
};

std::span<const Modifier> modifiers() noexcept;

// nullptr when there is none of that name.
const Modifier* find_modifier(std::string_view name) noexcept;

// "unknown modifier 'uper' (did you mean 'upper'?)"; knows the names of Go's functions too.
std::string unknown_modifier(std::string_view name);

// What is wrong with the argument, for the person who wrote the template; empty when nothing is.
// `argument` is nullptr where none was given.
std::string argument_fault(const Modifier& modifier, const std::string* argument);

// The value at the end of the chain. `value` is nullptr where there is none. A null that comes out
// means that there still is none.
Result<metadata::Value> apply_modifiers(const metadata::Value* value,
                                        std::span<const ModifierCall> calls,
                                        ModifierContext& context);

// Null, or plain text that means null.
bool is_nothing(const metadata::Value& value) noexcept;

// "a map", "a list", "text", "null".
std::string_view kind_in_words(const metadata::Value& value) noexcept;

}  // namespace kaigara::provision
