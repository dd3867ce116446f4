// SPDX-License-Identifier: Apache-2.0
#include "provision/template_output.h"

#include "provision/modifiers.h"

namespace kaigara::provision {

void TemplateOutput::write(std::string_view text) {
    if (text.size() > max_output_bytes - text_.size()) full_ = true;
    if (!full_) text_ += text;
}

void TemplateOutput::append(std::string_view text) {
    if (indentation_.empty()) {
        write(text);
        return;
    }
    while (!text.empty() && !full_) {
        const std::size_t end = text.find('\n');
        const std::string_view line = text.substr(0, end == text.npos ? end : end + 1);
        if (at_line_begin() && line != "\n" && line != "\r\n") write(indentation_);
        write(line);
        text.remove_prefix(line.size());
    }
}

std::size_t TemplateOutput::push_indentation(std::string_view blanks) {
    const std::size_t before = indentation_.size();
    indentation_ += blanks;
    return before;
}

void TemplateOutput::pop_indentation(std::size_t length) { indentation_.resize(length); }

}  // namespace kaigara::provision
