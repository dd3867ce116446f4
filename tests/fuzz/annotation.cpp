// SPDX-License-Identifier: Apache-2.0

// Any bytes as an operation's file: its annotations, and what of it is code.

#include <fmt/format.h>

#include "check.h"
#include "metadata/tree.h"
#include "provision/annotation.h"
#include "provision/operation_condition.h"
#include "provision/operation_digest.h"

using namespace kaigara;
using namespace kaigara::provision;

namespace {

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + "\"";
}

std::string listed(const std::vector<std::string>& items) {
    std::string all;
    for (const std::string& item : items) all += (all.empty() ? "" : ",") + item;
    return quoted(all);
}

// The annotation that says what the options say.
std::string written(const OperationOptions& options) {
    const auto duration = [](Milliseconds value) { return format_duration(value); };
    std::string line =
        fmt::format("# kaigara: run={} inputs={} when={} wait={}", run_kind_name(options.run),
                    listed(options.inputs), quoted(options.when), listed(options.wait));
    line +=
        fmt::format(" wait-timeout={} timeout={} kill-after={} retries={} retry-delay={}",
                    duration(options.wait_timeout), duration(options.timeout),
                    duration(options.kill_after), options.retries, duration(options.retry_delay));
    line += fmt::format(" user={} on-failure={} interrupted={} barrier={}", quoted(options.user),
                        options.on_failure == OnFailure::stop ? "stop" : "continue",
                        options.interrupted == OnInterrupt::rerun ? "rerun" : "fail",
                        options.barrier ? "yes" : "no");
    const char* edit = options.on_edit == OnEdit::warn ? "warn" : "rerun";
    return line + " on-edit=" + (options.on_edit == OnEdit::fail ? "fail" : edit);
}

std::string_view first_lines(std::string_view text, std::size_t number) {
    std::size_t end = 0;
    for (; number != 0 && end < text.size(); --number)
        end = std::min(text.find('\n', end), text.size() - 1) + 1;
    return text.substr(0, end);
}

std::string all_text(const Errors& errors) {
    std::string all;
    for (const Error& error : errors) all += error.text() + "\n";
    return all;
}

void check_condition(const std::string& when) {
    if (when.empty()) return;
    fuzz::check(check_when(when).has_value(), "what was taken is a condition", {when});
    const metadata::Tree none;
    fuzz::check(applies(when, none) == when.starts_with('!'), "what is missing is false", {when});
}

void check_annotations(std::string_view text) {
    OperationOptions options;
    const Errors errors = read_annotations(text, "op", options);
    for (const Error& error : errors) {
        fuzz::check_words(error);
        fuzz::check_place(error, "op", text);
        fuzz::check(error.fault == Fault::configuration, "a bad annotation is bad configuration");
    }
    if (text.find('\0') == std::string_view::npos) {
        OperationOptions same;
        const Errors fewer = read_annotations(first_lines(text, annotation_lines), "op", same);
        fuzz::check(same == options && all_text(fewer) == all_text(errors),
                    "nothing behind the first lines is read");
    }
    if (errors.empty()) {
        OperationOptions again;
        const std::string line = written(options);
        const Errors none = read_annotations(line, "op", again);
        fuzz::check(none.empty() && again == options, "what was taken is taken again",
                    {line, all_text(none)});
        check_condition(options.when);
    }
    if (const auto late = late_annotation(text)) {
        const std::string_view before = first_lines(text, *late - 1);
        std::string_view line = text.substr(before.size());
        line = line.substr(0, line.find('\n'));
        fuzz::check(*late > annotation_lines && is_annotation(line), "a late annotation is one",
                    {line});
    }
}

void check_code(std::string_view text) {
    const std::string code = without_comments(text);
    fuzz::check(without_comments(code) == code, "what is code once is code for good", {code});
    fuzz::check(code.empty() || code.ends_with('\n'), "every line of code has its end", {code});
    std::size_t at = 0;
    for (const std::string_view line : text::split(code, '\n')) {
        if (line.empty()) continue;
        const std::size_t found = text.find(line, at);
        fuzz::check(found != std::string_view::npos, "the code is of the text, in its order",
                    {line});
        at = found + line.size();
        fuzz::check(!is_annotation(line), "no annotation is code", {line});
        fuzz::check(std::string_view(" \t\r").find(line.back()) == std::string_view::npos,
                    "no line of code ends with a blank", {line});
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::input(data, size);
    check_annotations(text);
    check_code(text);
    return 0;
}
