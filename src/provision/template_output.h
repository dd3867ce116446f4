// SPDX-License-Identifier: Apache-2.0
#pragma once

// The text that a rendering makes: counts it, and indents what an indented {{>include}} brings.
//
// An indentation is put before each line that is begun while it holds; empty lines stay empty. Past
// max_output_bytes everything is swallowed, since the engine cannot be stopped by its output.

#include <cstddef>
#include <string>
#include <string_view>

namespace kaigara::provision {

class TemplateOutput {
public:
    void append(std::string_view text);

    // For the text of an include. pop_indentation() takes the length that push gave back.
    std::size_t push_indentation(std::string_view blanks);
    void pop_indentation(std::size_t length);

    std::size_t size() const noexcept { return text_.size(); }
    bool is_full() const noexcept { return full_; }
    bool at_line_begin() const noexcept { return text_.empty() || text_.back() == '\n'; }
    std::string take() && { return std::move(text_); }

private:
    void write(std::string_view text);

    std::string text_;
    std::string indentation_;
    bool full_ = false;
};

}  // namespace kaigara::provision
