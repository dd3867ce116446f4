// SPDX-License-Identifier: Apache-2.0
#include "provision/program_head.h"

#include <elf.h>

#include <string>

#include <doctest/doctest.h>

using namespace kaigara::provision;
using Kind = ProgramHead::Kind;

namespace {

// The first 20 bytes of an ELF file.
std::string elf_header(unsigned char word, unsigned char order, unsigned machine) {
    std::string bytes(20, '\0');
    bytes.replace(0, 4, ELFMAG);
    bytes[EI_CLASS] = static_cast<char>(word);
    bytes[EI_DATA] = static_cast<char>(order);
    const auto low = static_cast<char>(machine & 0xFFU);
    const auto high = static_cast<char>(machine >> 8U);
    bytes[18] = order == ELFDATA2MSB ? high : low;
    bytes[19] = order == ELFDATA2MSB ? low : high;
    return bytes;
}

constexpr Machine x86_64{EM_X86_64, ELFCLASS64, ELFDATA2LSB};

}  // namespace

TEST_SUITE("provision") {

TEST_CASE("a '#!' line is taken apart as the kernel does it") {
    struct Case {
        const char* bytes;
        const char* interpreter;
        const char* argument;
    };
    const Case cases[] = {
        {"#!/bin/sh\necho\n", "/bin/sh", ""},
        {"#!/bin/sh", "/bin/sh", ""},
        {"#! \t/bin/sh -e\n", "/bin/sh", "-e"},
        {"#!/usr/bin/env -S python3 -u  \nx\n", "/usr/bin/env", "-S python3 -u"},
        {"#!/bin/sh   \n", "/bin/sh", ""},
        {"#!\n", "", ""},
        {"#!   \n/bin/sh\n", "", ""},
    };
    for (const Case& one : cases) {
        CAPTURE(one.bytes);
        const ProgramHead head = parse_program_head(one.bytes);
        CHECK(head.kind == Kind::script);
        CHECK(head.interpreter == one.interpreter);
        CHECK(head.argument == one.argument);
        CHECK_FALSE(head.has_carriage_return);
        CHECK_FALSE(head.is_cut);
    }
}

TEST_CASE("a carriage return at the end of the '#!' line is seen, with an argument or without") {
    CHECK(parse_program_head("#!/bin/sh\r\n").has_carriage_return);
    CHECK(parse_program_head("#!/bin/sh\r\n").interpreter == "/bin/sh");
    CHECK(parse_program_head("#!/usr/bin/env bash\r\n").has_carriage_return);
    CHECK_FALSE(parse_program_head("#!/bin/sh\necho a\r\n").has_carriage_return);
}

TEST_CASE("an interpreter that does not end within what the kernel reads is cut") {
    const std::string longest(program_head_size - 3, 'i');
    CHECK_FALSE(parse_program_head("#!" + longest + "\n").is_cut);
    CHECK(parse_program_head("#!" + longest + "i\n").is_cut);
    const ProgramHead argument = parse_program_head("#!/bin/sh " + longest);
    CHECK_FALSE(argument.is_cut);
}

TEST_CASE("a byte order mark in front of '#!' is told from a script and from a text") {
    CHECK(parse_program_head("\xEF\xBB\xBF#!/bin/sh\n").kind == Kind::script_with_mark);
    CHECK(parse_program_head("echo a\n").kind == Kind::other);
    CHECK(parse_program_head("").kind == Kind::other);
}

TEST_CASE("the machine of an ELF file is read in its own byte order") {
    const ProgramHead little = parse_program_head(elf_header(ELFCLASS64, ELFDATA2LSB, EM_AARCH64));
    CHECK(little.kind == Kind::elf);
    CHECK(little.machine == Machine{EM_AARCH64, ELFCLASS64, ELFDATA2LSB});
    const ProgramHead big = parse_program_head(elf_header(ELFCLASS64, ELFDATA2MSB, EM_S390));
    CHECK(big.machine == Machine{EM_S390, ELFCLASS64, ELFDATA2MSB});
    CHECK(parse_program_head(std::string(ELFMAG)).kind == Kind::other);
}

TEST_CASE("a kernel runs its own machine and the other width of its family, nothing else") {
    const Machine i386{EM_386, ELFCLASS32, ELFDATA2LSB};
    const Machine arm{EM_ARM, ELFCLASS32, ELFDATA2LSB};
    const Machine aarch64{EM_AARCH64, ELFCLASS64, ELFDATA2LSB};
    const Machine powerpc{EM_PPC64, ELFCLASS64, ELFDATA2MSB};
    const Machine powerpc_little{EM_PPC64, ELFCLASS64, ELFDATA2LSB};
    CHECK(may_run_on(own_machine(), own_machine()));
    CHECK(may_run_on(x86_64, i386));
    CHECK(may_run_on(aarch64, arm));
    CHECK_FALSE(may_run_on(x86_64, aarch64));
    CHECK_FALSE(may_run_on(aarch64, i386));
    CHECK_FALSE(may_run_on(powerpc, powerpc_little));
    CHECK(machine_name(powerpc) != machine_name(powerpc_little));
}

TEST_CASE("the own machine is the one that the compiler says") {
#if defined(__x86_64__) && defined(__LP64__)
    CHECK(own_machine() == x86_64);
#elif defined(__aarch64__) && defined(__AARCH64EL__)
    CHECK(own_machine() == Machine{EM_AARCH64, ELFCLASS64, ELFDATA2LSB});
#endif
    CHECK(own_machine().word == (sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32));
}

}  // TEST_SUITE("provision")
