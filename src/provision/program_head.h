// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the first bytes of a file say about how it is executed. Pure: the bytes are handed in.

#include <cstdint>
#include <string>
#include <string_view>

namespace kaigara::provision {

// The kernel looks at no more (BINPRM_BUF_SIZE, linux/binfmts.h).
inline constexpr std::size_t program_head_size = 256;

// What an ELF header says about the machine.
struct Machine {
    std::uint16_t number = 0;     // e_machine
    std::uint8_t word = 0;        // EI_CLASS
    std::uint8_t byte_order = 0;  // EI_DATA
    bool operator==(const Machine&) const = default;
};

// The machine that kaigara itself was compiled for.
Machine own_machine() noexcept;

// For a person: "x86-64 (64-bit, little-endian)".
std::string machine_name(const Machine& machine);

// Whether a kernel that runs programs of `here` is expected to run those of `other`: the same, or
// the 32-bit and 64-bit kinds of one family.
bool may_run_on(const Machine& here, const Machine& other) noexcept;

struct ProgramHead {
    enum class Kind : std::uint8_t {
        other,   // a text, or nothing that we know
        script,  // `#!`
        elf,
        script_with_mark,  // a byte order mark and then `#!`, which the kernel does not see
    };
    Kind kind = Kind::other;

    // Of a script, as binfmt_script takes its first line apart: the word behind `#!`, and all that
    // follows it without blanks at both ends, which is passed as one argument.
    std::string interpreter;
    std::string argument;
    bool has_carriage_return = false;  // the line ends as on Windows
    bool is_cut = false;               // the interpreter's name does not end within the head

    Machine machine;  // of an ELF file
};

ProgramHead parse_program_head(std::string_view bytes);

}  // namespace kaigara::provision
