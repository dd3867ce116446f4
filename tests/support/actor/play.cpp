// SPDX-License-Identifier: Apache-2.0
#include "support/actor/play.h"

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

#include <unistd.h>

namespace kaigara::actor {

namespace {

constexpr int bad_play = 99;

const Word* find(const char* name) {
    for (const Word* list : {looking_words, process_words, plain_words, telling_words}) {
        for (const Word* word = list; word->name != nullptr; ++word) {
            if (std::strcmp(word->name, name) == 0) return word;
        }
    }
    return nullptr;
}

}  // namespace

void spoil(const char* what, const char* detail) {
    char text[512];
    const int size =
        std::snprintf(text, sizeof text, "actor: %s %s: %s\n", what, detail, std::strerror(errno));
    if (size > 0 && ::write(STDERR_FILENO, text, static_cast<std::size_t>(size)) < 0) _exit(98);
    _exit(bad_play);
}

void write_all(int descriptor, const char* data, std::size_t size) {
    while (size > 0) {
        const ssize_t count = ::write(descriptor, data, size);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN) {
            // Somebody made the descriptor non-blocking, which tests look for.
            const char complaint[] = "actor: write: would block\n";
            if (::write(STDERR_FILENO, complaint, sizeof complaint - 1) < 0) _exit(98);
            _exit(bad_play);
        }
        if (count < 0) _exit(97);
        data += count;
        size -= static_cast<std::size_t>(count);
    }
}

void print(const char* format, ...) {
    char text[4096];
    va_list arguments;
    va_start(arguments, format);
    const int size = std::vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (size < 0) spoil("print", format);
    const std::size_t length = static_cast<std::size_t>(size);
    write_all(STDOUT_FILENO, text, length < sizeof text ? length : sizeof text - 1);
}

char* take(Play& play) {
    if (*play.next == nullptr) spoil("play", "a word lacks its argument");
    return *play.next++;
}

long take_number(Play& play) {
    const char* word = take(play);
    char* end = nullptr;
    const long number = std::strtol(word, &end, 10);
    if (end == word || *end != '\0') spoil("number", word);
    return number;
}

char** take_block(Play& play) {
    if (std::strcmp(take(play), "{") != 0) spoil("play", "a block starts with {");
    char** const inside = play.next;
    for (int depth = 1; depth > 0;) {
        char* const word = take(play);
        if (std::strcmp(word, "{") == 0) ++depth;
        if (std::strcmp(word, "}") == 0) --depth;
    }
    return inside;
}

void perform(Play play) {
    while (*play.next != nullptr && std::strcmp(*play.next, "}") != 0) {
        const Word* const word = find(take(play));
        if (word == nullptr) {
            errno = EINVAL;
            spoil("no such word:", play.next[-1]);
        }
        word->act(play);
    }
    _exit(0);
}

}  // namespace kaigara::actor
