// SPDX-License-Identifier: Apache-2.0

// Any bytes as the output of an operation, in pieces as a pipe brings them: the first byte says of
// which size. The byte 0xFE stands for a long run of letters, so that lines pass the limit.

#include "check.h"
#include "metadata/json.h"
#include "provision/operation_lines.h"

using namespace kaigara;
using provision::LineFormat;
using provision::OutputMode;

namespace {

constexpr std::string_view head = "[op] ";
constexpr std::string_view continued_head = "[op+] ";

std::string expanded(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\xFE')
            out.append(provision::longest_line / 3, 'x');
        else
            out += c;
    }
    return out;
}

// All that is printed when never more than `step` new bytes come.
std::string formatted(std::string_view input, OutputMode mode, std::size_t step) {
    LineFormat format(mode, "op");
    provision::OutputBlock block;
    std::string out;
    std::size_t done = 0;
    std::size_t come = 0;
    for (bool at_end = false; !at_end || done < input.size();) {
        come = std::min(input.size(), come + step);
        at_end = come == input.size();
        block.prepare();
        const std::size_t used = format.format(input.substr(done, come - done), at_end, 0, block);
        fuzz::check(used <= come - done, "no more is used than came");
        const std::size_t most = provision::longest_line;
        fuzz::check(used > 0 || (!at_end && come - done <= most) || done == come,
                    "the output goes on");
        done += used;
        out += block.content();
        block.clear();
    }
    return out;
}

// Takes the heads off: what the operation wrote, but that its last line has an end.
void check_prefixed(std::string_view out, std::string_view input) {
    std::string text;
    for (bool is_first = true; !out.empty(); is_first = false) {
        const bool continues = out.starts_with(continued_head);
        fuzz::check(continues || out.starts_with(head), "each line has a head", {out});
        if (!continues && !is_first) text += '\n';
        out.remove_prefix(continues ? continued_head.size() : head.size());
        const std::size_t end = out.find('\n');
        fuzz::check(end != std::string_view::npos && end <= provision::longest_line,
                    "each line ends within the limit");
        text += out.substr(0, end);
        out.remove_prefix(end + 1);
    }
    if (input.ends_with('\n')) input.remove_suffix(1);
    fuzz::check(text == input, "nothing is lost or added", {text, input});
}

void check_json(std::string_view out, std::string_view input) {
    std::string text;
    bool continues = true;
    while (!out.empty()) {
        const std::size_t end = out.find('\n');
        fuzz::check(end != std::string_view::npos, "each object has a line", {out});
        const auto object = metadata::read_json(out.substr(0, end), 0, "line");
        fuzz::check(object.has_value(), "each line is an object", {out.substr(0, end)});
        if (!continues) text += '\n';
        continues = object->find("partial") != nullptr;
        text += object->find("line")->text();
        out.remove_prefix(end + 1);
    }
    if (input.ends_with('\n')) input.remove_suffix(1);
    fuzz::check(text == input, "nothing is lost or added", {text, input});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::size_t step = std::size_t{1} + data[0] * 64U;
    const std::string input = expanded(fuzz::input(data + 1, size - 1).substr(0, 64));
    for (const OutputMode mode : {OutputMode::prefix, OutputMode::json}) {
        const std::string out = formatted(input, mode, input.size() + 1);
        fuzz::check(formatted(input, mode, step) == out, "the pieces make no difference", {out});
        if (mode == OutputMode::prefix)
            check_prefixed(out, input);
        else if (!text::invalid_utf8(input) && input.find('\0') == std::string::npos)
            check_json(out, input);
    }
    return 0;
}
