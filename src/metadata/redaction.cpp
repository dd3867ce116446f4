// SPDX-License-Identifier: Apache-2.0
#include "metadata/redaction.h"

#include <algorithm>

#include "base/secret.h"
#include "base/text.h"

namespace kaigara::metadata {

namespace {

constexpr std::size_t surely_a_secret = 4;

void collect(const Value& value, std::vector<std::string>& secrets) {
    if (value.is_secret()) {
        for (const std::string_view line : text::split(value.text(), '\n')) {
            const std::string_view trimmed = text::trim(line);
            if (!trimmed.empty()) secrets.emplace_back(trimmed);
        }
    }
    for (const Value& item : value.items()) collect(item, secrets);
    for (const Value::Entry& entry : value.entries()) collect(entry.value, secrets);
}

bool is_word_character(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

bool stands_alone(std::string_view text, std::size_t at, std::size_t length) {
    const bool free_before = at == 0 || !is_word_character(text[at - 1]);
    return free_before && (at + length == text.size() || !is_word_character(text[at + length]));
}

}  // namespace

Redaction::Redaction(const Tree& tree) {
    collect(tree.root(), secrets_);
    std::ranges::sort(secrets_, [](const std::string& a, const std::string& b) {
        return a.size() != b.size() ? a.size() > b.size() : a < b;
    });
    const auto repeated = std::ranges::unique(secrets_);
    secrets_.erase(repeated.begin(), repeated.end());
}

std::string Redaction::operator()(std::string text) const {
    constexpr std::string_view mask = Secret::mask;
    for (const std::string& secret : secrets_) {
        for (std::size_t at = text.find(secret); at != std::string::npos;
             at = text.find(secret, at)) {
            if (secret.size() >= surely_a_secret || stands_alone(text, at, secret.size())) {
                text.replace(at, secret.size(), mask);
                at += mask.size();
            } else {
                at += secret.size();
            }
        }
    }
    return text;
}

std::string mask_lines(std::string_view text) {
    std::string masked;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        if (end != 0) masked += Secret::mask;
        if (end == std::string_view::npos) break;
        masked += '\n';
        text.remove_prefix(end + 1);
    }
    return masked;
}

std::string without_quoted(std::string_view message) {
    constexpr std::size_t shortest = 3;
    std::string out;
    while (!message.empty()) {
        const std::size_t open = message.find('\'');
        const std::size_t close =
            open == std::string_view::npos ? open : message.find('\'', open + 1);
        if (close == std::string_view::npos) break;
        out += message.substr(0, open + 1);
        const std::string_view quoted = message.substr(open + 1, close - open - 1);
        out += quoted.size() < shortest ? quoted : std::string_view(Secret::mask);
        out += '\'';
        message.remove_prefix(close + 1);
    }
    return out += message;
}

}  // namespace kaigara::metadata
