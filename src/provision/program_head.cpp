// SPDX-License-Identifier: Apache-2.0
#include "provision/program_head.h"

#include <elf.h>
#include <link.h>

#include <array>
#include <cstring>

#include <fmt/format.h>

// The linker's name for the header of the program that it makes (GNU ld, gold and lld alike). It
// knows the machine for which we were compiled without a list of compiler macros.
// NOLINTNEXTLINE(bugprone-reserved-identifier): the linker chose the name
extern "C" [[gnu::visibility("hidden")]] const ElfW(Ehdr) __ehdr_start;

namespace kaigara::provision {

namespace {

constexpr std::string_view blanks = " \t";

struct NamedMachine {
    std::uint16_t number;
    std::string_view name;
};

constexpr std::array machines = {
    NamedMachine{EM_386, "i386"},
    NamedMachine{EM_X86_64, "x86-64"},
    NamedMachine{EM_ARM, "arm"},
    NamedMachine{EM_AARCH64, "aarch64"},
    NamedMachine{EM_PPC, "powerpc"},
    NamedMachine{EM_PPC64, "powerpc64"},
    NamedMachine{EM_S390, "s390"},
    NamedMachine{EM_RISCV, "risc-v"},
    NamedMachine{EM_MIPS, "mips"},
    NamedMachine{EM_SPARCV9, "sparc64"},
    NamedMachine{EM_LOONGARCH, "loongarch"},
};

Machine machine_of(const unsigned char* header) noexcept {
    constexpr std::size_t machine_offset = 18;  // of e_machine, in both classes
    const unsigned first = header[machine_offset];
    const unsigned second = header[machine_offset + 1];
    const bool big = header[EI_DATA] == ELFDATA2MSB;
    return {static_cast<std::uint16_t>(big ? first << 8U | second : second << 8U | first),
            header[EI_CLASS], header[EI_DATA]};
}

void parse_first_line(std::string_view line, bool is_whole, ProgramHead& head) {
    head.has_carriage_return = line.ends_with('\r');
    if (head.has_carriage_return) line.remove_suffix(1);
    const std::size_t begin = line.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return;
    line.remove_prefix(begin);
    const std::size_t end = line.find_first_of(blanks);
    head.is_cut = end == std::string_view::npos && !is_whole;
    head.interpreter = line.substr(0, end);
    if (end == std::string_view::npos) return;
    line.remove_prefix(end);
    const std::size_t argument = line.find_first_not_of(blanks);
    if (argument == std::string_view::npos) return;
    head.argument = line.substr(argument, line.find_last_not_of(blanks) - argument + 1);
}

}  // namespace

Machine own_machine() noexcept {
    return machine_of(reinterpret_cast<const unsigned char*>(&__ehdr_start));
}

std::string machine_name(const Machine& machine) {
    const int bits = machine.word == ELFCLASS64 ? 64 : 32;
    const char* order = machine.byte_order == ELFDATA2MSB ? "big" : "little";
    for (const NamedMachine& known : machines) {
        if (known.number == machine.number)
            return fmt::format("{} ({}-bit, {}-endian)", known.name, bits, order);
    }
    return fmt::format("machine {} ({}-bit, {}-endian)", machine.number, bits, order);
}

bool may_run_on(const Machine& here, const Machine& other) noexcept {
    if (here == other) return true;
    if (here.byte_order != other.byte_order) return false;
    const auto both = [&here, &other](std::uint16_t narrow, std::uint16_t wide) {
        return (here.number == narrow && other.number == wide) ||
               (here.number == wide && other.number == narrow);
    };
    return both(EM_386, EM_X86_64) || both(EM_ARM, EM_AARCH64);
}

ProgramHead parse_program_head(std::string_view bytes) {
    ProgramHead head;
    bytes = bytes.substr(0, program_head_size);
    if (bytes.size() >= 20 && bytes.starts_with(ELFMAG)) {
        head.kind = ProgramHead::Kind::elf;
        head.machine = machine_of(reinterpret_cast<const unsigned char*>(bytes.data()));
    } else if (bytes.starts_with("#!")) {
        head.kind = ProgramHead::Kind::script;
        const std::size_t end = bytes.find('\n');
        const bool is_whole = end != std::string_view::npos || bytes.size() < program_head_size;
        parse_first_line(bytes.substr(2, end == std::string_view::npos ? end : end - 2), is_whole,
                         head);
    } else if (bytes.starts_with("\xEF\xBB\xBF#!")) {
        head.kind = ProgramHead::Kind::script_with_mark;
    }
    return head;
}

}  // namespace kaigara::provision
