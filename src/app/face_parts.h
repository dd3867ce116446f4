// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the faces of other inits share. Their messages are plain writes that never wait: nothing of
// base/log appears in them, because a user of tini reads tini's words.

#include <signal.h>

#include <string>
#include <string_view>
#include <vector>

#include "platform/output.h"
#include "platform/signals.h"
#include "platform/spawn.h"

namespace kaigara::app {

// A face that ends before it starts anything: help, a version, a mistake on the command line.
struct FaceEnd {
    int status = 0;
    int stream = 2;
    std::string text;
};

// Writes the text; the result is the status.
int end_face(const FaceEnd& end);

// The value of NAME; nullptr where the environment has none.
const char* variable(char* const* environment, std::string_view name) noexcept;

// The child that would have said why it cannot become the program, had it been the original's; we
// ourselves where there was not even a child.
pid_t child_of(const platform::SpawnFailure& failure) noexcept;

// The last part of a path, as basename(3) of GNU.
std::string_view last_part(std::string_view path) noexcept;

// The entries, with the null behind them.
std::vector<char*> entries_of(char* const* environment);

// 32 and 33: the C library of the originals keeps them for itself, so they have their default
// action.
inline constexpr platform::SignalSet library_signals = platform::SignalSet{}.with(32).with(33);

// Those, and the ones that the kernel sends for a fault in the program: an init that has one should
// end by it.
inline constexpr platform::SignalSet fault_signals = library_signals.with(SIGFPE)
                                                         .with(SIGILL)
                                                         .with(SIGSEGV)
                                                         .with(SIGBUS)
                                                         .with(SIGABRT)
                                                         .with(SIGTRAP)
                                                         .with(SIGSYS);

// The number that a text begins with, as strtol(3) reads one: blanks, a sign, digits. `rest` is
// where the digits ended, or `text` where there are none. atoi(3) and scanf(3) cut it to an int.
long leading_number(const char* text, const char** rest) noexcept;

// "Terminated" for 15, "Real-time signal 3" for 37, as strsignal(3) in the C locale.
std::string signal_text(int signal);

}  // namespace kaigara::app
