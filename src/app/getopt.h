// SPDX-License-Identifier: Apache-2.0
#pragma once

// Options as getopt(3) and getopt_long(3) read them, with glibc's words for a mistake: what the
// faces of other inits need, because their users have written command lines for exactly that.
//
// The C library's own is not used: glibc's goes on behind the first operand and musl's getopt(3)
// does not, so the same kaigara would read one command line in two ways; it keeps its state in
// globals, and writes its complaints to stderr by itself, where a full pipe would block it.
//
//     Getopt options(argc, argv, "hp:", longs, Getopt::Order::first_operand_ends);
//     while (const int letter = options.next()) ...

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kaigara::app {

class Getopt {
public:
    // A long option and the letter that means the same. Any unambiguous beginning will do.
    struct Long {
        std::string_view name;
        bool has_argument;
        char letter;
    };

    enum class Order {
        // The first word that is no option, and all behind it, are operands (POSIX).
        first_operand_ends,
        // Options count wherever they stand before a `--`; operands keep their order (GNU).
        permute,
    };

    // What next() answers beside a letter.
    static constexpr int end = 0;
    static constexpr int mistake = '?';

    // `letters` as for getopt(3), a colon behind a letter for a required argument. argv is not
    // changed, and outlives this.
    Getopt(int argc, char** argv, std::string_view letters, std::span<const Long> longs,
           Order order);

    int next();

    // The argument of the option that next() answered; nullptr where it takes none.
    const char* argument() const noexcept { return argument_; }
    // After a mistake: the line that getopt(3) writes to stderr.
    const std::string& complaint() const noexcept { return complaint_; }
    // After the end: the words that are no options, null-terminated.
    std::vector<char*> operands() const;
    // After the end: it was marked by a `--`.
    bool ended_by_mark() const noexcept { return ended_by_mark_; }

private:
    int next_letter();
    int next_long(std::string_view word);
    const Long* find_long(std::string_view name, std::string_view word);
    int complain(std::string text);
    bool is_operand(const char* word) const noexcept;

    std::span<char*> words_;
    std::string_view letters_;
    std::span<const Long> longs_;
    Order order_;
    std::size_t index_ = 1;
    const char* cluster_ = "";   // what is left of a word of letters
    std::vector<char*> passed_;  // operands that options may still follow
    const char* argument_ = nullptr;
    std::string complaint_;
    bool ended_by_mark_ = false;
};

}  // namespace kaigara::app
