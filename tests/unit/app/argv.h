// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace kaigara::test {

// Words as main() gets them, in memory that may be written.
class Argv {
public:
    explicit Argv(std::vector<std::string> words) : words_(std::move(words)) {
        for (std::string& word : words_) pointers_.push_back(word.data());
        pointers_.push_back(nullptr);
    }
    Argv(const Argv&) = delete;
    Argv& operator=(const Argv&) = delete;

    int count() const { return static_cast<int>(words_.size()); }
    char** get() { return pointers_.data(); }

private:
    std::vector<std::string> words_;
    std::vector<char*> pointers_;
};

// The words of a null-terminated list.
inline std::vector<std::string> words_of(const std::vector<char*>& list) {
    std::vector<std::string> words;
    for (const char* word : list) {
        if (word != nullptr) words.emplace_back(word);
    }
    return words;
}

}  // namespace kaigara::test
