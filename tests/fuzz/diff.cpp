// SPDX-License-Identifier: Apache-2.0

// Any two texts and the difference between them. The input is the old text, a line `====`, and the
// new one. The byte $ stands for a secret, % for the one that was there before it.

#include <vector>

#include "check.h"
#include "provision/text_diff.h"

using namespace kaigara;

namespace {

// Neither begins as the escape of a byte ends (\x10 and lDq... would make one that is none).
constexpr std::string_view new_secret = "n3wQsEcReT";
constexpr std::string_view old_secret = "zLdQpAsSwO";

std::string replaced(std::string_view text, char mark, std::string_view by) {
    std::string out;
    for (const char c : text) {
        if (c == mark)
            out += by;
        else
            out += c;
    }
    return out;
}

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
        lines.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return lines;
}

// The numbers of `@@ -3,2 +4 @@`: the first old line, from 0.
std::size_t hunk_begin(std::string_view head) {
    std::size_t first = 0;
    std::size_t at = head.find('-') + 1;
    for (; at < head.size() && head[at] >= '0' && head[at] <= '9'; ++at)
        first = first * 10 + static_cast<std::size_t>(head[at] - '0');
    const bool is_empty_range = head.substr(at).starts_with(",0 ");
    return is_empty_range ? first : first - 1;
}

// What patch(1) makes of the old text.
std::string patched(std::string_view old_text, std::string_view diff) {
    const auto old_lines = lines_of(old_text);
    const auto diff_lines = lines_of(diff);
    std::string out;
    std::size_t at = 0;
    const auto take_old = [&old_lines, &at](std::string_view wanted) {
        fuzz::check(at < old_lines.size() && old_lines[at] == wanted,
                    "the diff holds the old lines", {wanted});
        ++at;
    };
    for (std::size_t i = 2; i < diff_lines.size(); ++i) {
        const std::string_view line = diff_lines[i];
        if (line.starts_with('@')) {
            const std::size_t begin = hunk_begin(line);
            fuzz::check(begin >= at && begin <= old_lines.size(), "hunks ascend", {line});
            while (at < begin) out += old_lines[at++];
            continue;
        }
        std::string_view body = line.substr(1);
        if (i + 1 < diff_lines.size() && diff_lines[i + 1].starts_with('\\')) body.remove_suffix(1);
        if (line.starts_with(' ') || line.starts_with('-')) take_old(body);
        if (line.starts_with(' ') || line.starts_with('+')) out += body;
    }
    while (at < old_lines.size()) out += old_lines[at++];
    return out;
}

// Whether a diff shows the text as it is.
bool is_printable(std::string_view text) {
    for (const std::string_view line : text::split(text, '\n'))
        for (const std::string_view part : text::split(line, '\t'))
            if (text::printable(part, part.size()) != part) return false;
    return true;
}

void check_open(std::string_view old_text, std::string_view new_text) {
    const std::string diff = provision::unified_diff(old_text, {new_text, {}, false}, "a", "b");
    fuzz::check(diff.empty() == (old_text == new_text), "a difference is shown, and only one");
    if (diff.empty()) return;
    fuzz::check(!text::invalid_utf8(diff), "a diff is UTF-8", {diff});
    const bool drives = std::ranges::any_of(
        diff, [](char c) { return c >= 0 && c < ' ' && c != '\n' && c != '\t'; });
    fuzz::check(!drives, "a diff drives no terminal", {diff});
    // A character that is shown as \xNN, or by its own escape, cannot be put back.
    if (is_printable(old_text) && is_printable(new_text))
        fuzz::check(patched(old_text, diff) == new_text, "a diff patches the old text", {diff});
}

void check_secret(std::string_view old_template, std::string_view new_template) {
    const std::string old_text = replaced(replaced(old_template, '$', new_secret), '%', old_secret);
    const std::string open = replaced(new_template, '%', "?");
    const std::string new_text = replaced(open, '$', new_secret);
    const std::string masked = replaced(open, '$', "***");
    for (const std::string& shown : {masked, masked + "one line more\nand one\n", std::string()}) {
        const std::string diff =
            provision::unified_diff(old_text, {new_text, shown, true}, "a", "b");
        fuzz::check(diff.empty() == (old_text == new_text), "a difference is shown, and only one");
        fuzz::check(diff.find(new_secret) == std::string::npos, "no secret is shown", {diff});
        fuzz::check(diff.find(old_secret) == std::string::npos, "no old secret is shown", {diff});
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::input(data, size);
    constexpr std::string_view middle = "====\n";
    const std::size_t end = std::min(text.find(middle), text.size());
    const std::string_view old_text = text.substr(0, end);
    const std::string_view new_text = text.substr(std::min(end + middle.size(), text.size()));
    check_open(old_text, new_text);
    check_open(old_text, old_text);
    if (text.find(new_secret) == std::string::npos && text.find(old_secret) == std::string::npos)
        check_secret(old_text, new_text);
    return 0;
}
