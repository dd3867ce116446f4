// SPDX-License-Identifier: Apache-2.0
#include "provision/operation_digest.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "platform/files.h"
#include "platform/sha256.h"
#include "provision/annotation.h"
#include "provision/program_head.h"

namespace kaigara::provision {

namespace {

constexpr std::size_t largest_text = std::size_t{4} * 1024 * 1024;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::string_view blanks = " \t\r";

// How a line of nothing but a comment begins.
struct Language {
    std::string_view interpreter;  // its name without directory and version
    std::string_view leader;
    std::string_view other_leader;
};

constexpr Language any_other{"", "#", ""};
constexpr std::array languages{
    Language{"psql", "--", ""},    Language{"sqlite", "--", ""}, Language{"mysql", "--", ""},
    Language{"mariadb", "--", ""}, Language{"lua", "--", ""},    Language{"luajit", "--", ""},
    Language{"node", "//", ""},    Language{"nodejs", "//", ""}, Language{"deno", "//", ""},
    Language{"bun", "//", ""},     Language{"php", "//", "#"},   Language{"guile", ";", ""},
    Language{"emacs", ";", ""},
};

// The program that env(1) is asked for: the first word that is neither an option of its own nor a
// variable. An option's argument (`-u NAME`) does not stand in scripts often enough to be known.
std::string_view program_of_env(std::string_view argument) {
    for (const std::string_view each : text::split(argument, ' ')) {
        const std::string_view one = text::trim(each);
        if (!one.empty() && !one.starts_with('-') && one.find('=') == std::string_view::npos)
            return one;
    }
    return {};
}

std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

const Language& language_of(std::string_view first_line) {
    const ProgramHead head = parse_program_head(first_line);
    std::string_view name = file_name(head.interpreter);
    if (name == "env") name = file_name(program_of_env(head.argument));
    // "lua5.4", "psql-15", "sqlite3"
    name = name.substr(0, name.find_last_not_of("0123456789.-") + 1);
    const auto found = std::ranges::find(languages, name, &Language::interpreter);
    return found == languages.end() ? any_other : *found;
}

bool is_comment(std::string_view line, const Language& language) {
    const std::string_view text =
        line.substr(std::min(line.find_first_not_of(blanks), line.size()));
    return text.starts_with(language.leader) ||
           (!language.other_leader.empty() && text.starts_with(language.other_leader)) ||
           is_annotation(line);
}

}  // namespace

std::string without_comments(std::string_view text) {
    std::string code;
    code.reserve(text.size());
    const Language* language = nullptr;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        // Also where lines before it were nothing: what becomes the first line has no mark.
        while (code.empty() && line.starts_with(byte_order_mark))
            line.remove_prefix(byte_order_mark.size());
        line = line.substr(0, line.find_last_not_of(blanks) + 1);
        const bool names_interpreter = language == nullptr && line.starts_with("#!");
        if (language == nullptr) language = &language_of(line);
        if (line.empty() || (!names_interpreter && is_comment(line, *language))) continue;
        code += line;
        code += '\n';
    }
    return code;
}

Result<OperationDigests> digest_operation(const std::string& path) {
    platform::Sha256 sum;
    std::string text;
    bool is_text = true;
    const auto take = [&](std::string_view piece) {
        sum.update(piece);
        is_text = is_text && text.size() + piece.size() <= largest_text &&
                  piece.find('\0') == std::string_view::npos;
        if (is_text)
            text += piece;
        else
            text.clear();
    };
    if (auto read = platform::read_in_pieces(path, take); !read) {
        Error error = std::move(read).error();
        error.fault = Fault::configuration;
        return std::move(error).while_doing("an operation that is recorded must be readable");
    }
    OperationDigests digests;
    digests.content = sum.hex();
    digests.code = is_text ? platform::sha256_hex(without_comments(text)) : digests.content;
    return digests;
}

}  // namespace kaigara::provision
