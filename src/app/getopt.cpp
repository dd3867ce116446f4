// SPDX-License-Identifier: Apache-2.0
#include "app/getopt.h"

#include <cstring>

#include <fmt/format.h>

namespace kaigara::app {

Getopt::Getopt(int argc, char** argv, std::string_view letters, std::span<const Long> longs,
               Order order)
    : words_(argv, static_cast<std::size_t>(argc)), letters_(letters), longs_(longs),
      order_(order) {}

int Getopt::next() {
    argument_ = nullptr;
    if (*cluster_ != '\0') return next_letter();
    if (order_ == Order::permute) {
        while (index_ < words_.size() && is_operand(words_[index_]))
            passed_.push_back(words_[index_++]);
    }
    if (index_ >= words_.size() || is_operand(words_[index_])) return end;
    const char* word = words_[index_++];
    if (std::strcmp(word, "--") == 0) {
        ended_by_mark_ = true;
        return end;
    }
    if (word[1] == '-' && !longs_.empty()) return next_long(word + 2);
    cluster_ = word + 1;
    return next_letter();
}

int Getopt::next_letter() {
    const char letter = *cluster_++;
    const std::size_t place = letters_.find(letter);
    if (letter == ':' || place == std::string_view::npos)
        return complain(fmt::format("invalid option -- '{}'", letter));
    const bool has_argument = place + 1 < letters_.size() && letters_[place + 1] == ':';
    if (!has_argument) return letter;
    if (*cluster_ != '\0') {
        argument_ = cluster_;
    } else if (index_ < words_.size()) {
        argument_ = words_[index_++];
    } else {
        return complain(fmt::format("option requires an argument -- '{}'", letter));
    }
    cluster_ = "";
    return letter;
}

int Getopt::next_long(std::string_view word) {
    const std::size_t equals = word.find('=');
    const Long* found = find_long(word.substr(0, equals), word);
    if (found == nullptr) return mistake;
    if (equals != std::string_view::npos) {
        if (!found->has_argument)
            return complain(fmt::format("option '--{}' doesn't allow an argument", found->name));
        argument_ = word.data() + equals + 1;  // a word of argv, and so null-terminated
    } else if (found->has_argument) {
        if (index_ >= words_.size())
            return complain(fmt::format("option '--{}' requires an argument", found->name));
        argument_ = words_[index_++];
    }
    return found->letter;
}

const Getopt::Long* Getopt::find_long(std::string_view name, std::string_view word) {
    const Long* found = nullptr;
    std::string possibilities;
    int count = 0;
    for (const Long& candidate : longs_) {
        if (candidate.name == name) return &candidate;
        if (!candidate.name.starts_with(name)) continue;
        found = &candidate;
        ++count;
        possibilities += fmt::format(" '--{}'", candidate.name);
    }
    if (count == 1) return found;
    complain(count == 0 ? fmt::format("unrecognized option '--{}'", word)
                        : fmt::format("option '--{}' is ambiguous; possibilities:{}", word,
                                      possibilities));
    return nullptr;
}

int Getopt::complain(std::string text) {
    complaint_ = fmt::format("{}: {}\n", words_[0], text);
    return mistake;
}

// A single dash is the name of a file by custom.
bool Getopt::is_operand(const char* word) const noexcept {
    return word[0] != '-' || word[1] == '\0';
}

std::vector<char*> Getopt::operands() const {
    std::vector<char*> all;
    all.reserve(passed_.size() + words_.size() - index_ + 1);
    all.insert(all.end(), passed_.begin(), passed_.end());
    all.insert(all.end(), words_.begin() + static_cast<std::ptrdiff_t>(index_), words_.end());
    all.push_back(nullptr);
    return all;
}

}  // namespace kaigara::app
