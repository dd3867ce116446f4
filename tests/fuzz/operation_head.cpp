// SPDX-License-Identifier: Apache-2.0

// Any bytes as the beginning of an operation's file.

#include "check.h"
#include "provision/program_head.h"

using namespace kaigara;
using Kind = provision::ProgramHead::Kind;

namespace {

// The word and the argument stand in the first line, in this order and with nothing of theirs lost.
void check_script(const provision::ProgramHead& head, std::string_view bytes) {
    std::string_view line = bytes.substr(2, bytes.find('\n') - 2);
    fuzz::check(head.interpreter.find_first_of(" \t\n") == std::string::npos,
                "the interpreter is one word", {head.interpreter});
    fuzz::check(!head.argument.starts_with(' ') && !head.argument.ends_with(' '),
                "the argument has no blanks around it", {head.argument});
    fuzz::check(!head.is_cut || bytes.size() >= provision::program_head_size,
                "only a full head is cut");
    const std::size_t word = line.find(head.interpreter);
    fuzz::check(word != std::string_view::npos, "the interpreter is of the first line",
                {head.interpreter});
    line.remove_prefix(word + head.interpreter.size());
    fuzz::check(line.find(head.argument) != std::string_view::npos,
                "the argument follows the interpreter", {head.interpreter, head.argument});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes = fuzz::input(data, size);
    const auto head = provision::parse_program_head(bytes);
    const std::string_view first = bytes.substr(0, provision::program_head_size);
    fuzz::check((head.kind == Kind::script) == bytes.starts_with("#!"), "'#!' makes a script");
    if (head.kind == Kind::script)
        check_script(head, first);
    else
        fuzz::check(head.interpreter.empty() && head.argument.empty() && !head.has_carriage_return,
                    "only a script has an interpreter");
    if (head.kind == Kind::elf) {
        const std::string name = provision::machine_name(head.machine);
        fuzz::check(!name.empty() && !text::invalid_utf8(name), "a machine has a name", {name});
        fuzz::check(provision::may_run_on(head.machine, head.machine), "a machine runs its own");
        const auto here = provision::own_machine();
        fuzz::check(provision::may_run_on(here, head.machine) ==
                        provision::may_run_on(head.machine, here),
                    "machines of a family run each other's");
    }
    const auto again = provision::parse_program_head(first);
    fuzz::check(again.kind == head.kind && again.interpreter == head.interpreter &&
                    again.argument == head.argument && again.is_cut == head.is_cut,
                "nothing behind the head is read");
    return 0;
}
