// SPDX-License-Identifier: Apache-2.0
#pragma once

// The play that an actor performs, and what its words are made of. actor.cpp tells the language.

#include <cstddef>

namespace kaigara::actor {

// The words that are still to be done.
struct Play {
    char** next;
};

struct Word {
    const char* name;
    void (*act)(Play&);
};

// Ends the actor with 99, and with errno's text on stderr.
[[noreturn]] void spoil(const char* what, const char* detail);

// All of it, to the last byte; a descriptor that somebody made non-blocking spoils the play.
void write_all(int descriptor, const char* data, std::size_t size);

// One write of at most 4095 bytes to stdout.
__attribute__((format(printf, 1, 2))) void print(const char* format, ...);

char* take(Play& play);
long take_number(Play& play);

// Steps over a block, braces included, and leaves `play` behind it. What is returned starts inside.
char** take_block(Play& play);

// Does the words up to the end of the play, or of the block, and ends well.
[[noreturn]] void perform(Play play);

// Words, by what they are about; each list ends with a null name.
extern const Word looking_words[];
extern const Word process_words[];
extern const Word plain_words[];
extern const Word telling_words[];

}  // namespace kaigara::actor
