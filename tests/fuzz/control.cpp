// SPDX-License-Identifier: Apache-2.0

// Any bytes as a request, as what an application says of itself, and as the answer that
// `kaigara status` shows.

#include "app/control_request.h"
#include "app/status_text.h"
#include "check.h"
#include "metadata/json.h"

using namespace kaigara;
using namespace kaigara::app;

namespace {

constexpr std::int64_t now = 1'700'000'000'000;

bool is_fit_for_a_terminal(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if ((byte < 0x20 && byte != '\n') || byte == 0x7F) return false;
        const bool is_c1 =
            byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
        if (is_c1) return false;
    }
    return !text::invalid_utf8(text);
}

Result<void> accept_it() { return {}; }

void check_request(std::string_view line) {
    const ControlActions actions{[] { return Status{}; }, accept_it, accept_it};
    const std::string answer = answer_control(line, actions);
    fuzz::check(answer.find('\n') == std::string::npos, "an answer is one line", {answer});
    const auto read = metadata::read_json(answer, 0, "answer");
    fuzz::check(read.has_value() && read->is_map(), "an answer is a JSON object", {answer});
    const auto request = parse_control_request(line);
    fuzz::check(!request || word_of(*request) == line, "a request has one spelling", {line});
    const metadata::Value* ok = read->find("ok");
    fuzz::check(request || (ok != nullptr && ok->text() == "false"), "garbage is refused", {line});
}

// NUL cannot be in the name of a file, nor does read_json() take it.
void check_names(std::string_view text) {
    if (text.find('\0') != std::string_view::npos) return;
    Status status;
    status.message = std::string(text);
    status.operations = {{std::string(text), "done", Milliseconds(1), 1}};
    const std::string json = status_json(status);
    fuzz::check(json.find('\n') == std::string::npos, "a status is one line", {json});
    const auto read = metadata::read_json(json, 0, "status");
    fuzz::check(read.has_value(), "a status is JSON", {json});
    fuzz::check(read->find("message")->text() == text::valid_utf8(text), "a text comes back",
                {text});
    const auto lines = [](std::string_view all) { return std::ranges::count(all, '\n'); };
    Status plain = status;
    plain.operations[0].name = "x";
    fuzz::check(lines(metrics_text(status)) == lines(metrics_text(plain)),
                "a label is part of its line", {text});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::input(data, size);
    check_request(text);
    check_names(text);
    const std::string summary = status_summary(text, now, false);
    fuzz::check(is_fit_for_a_terminal(summary), "a summary is fit for a terminal", {summary});
    fuzz::check(summary.ends_with('\n'), "a summary ends its last line", {summary});
    return 0;
}
