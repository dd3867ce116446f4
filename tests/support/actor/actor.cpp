// SPDX-License-Identifier: Apache-2.0

// actor: plays whatever role a test needs of a process. Its arguments are a play: words, done one
// after the other, each with its own arguments behind it. What it finds it prints, a line a fact.
//
//     actor say hello exit 7
//     actor daemon { say "left behind" pause } log-signals 15 exit 0
//
// Where order matters a word announces itself: `log-signals` prints "ready" when everything is
// blocked and will be logged. A word that is not known, or that fails, ends the play with 99.
//
// The actor is linked statically and uses raw system calls where glibc hides something (signals 32
// and 33), so what it prints is what the kernel gave it. A text of one write is at most a line.
//
//   output      say TEXT · complain TEXT (to stderr) · lines N · bytes N · flood (until killed)
//   ending      exit N · raise N · become PROGRAM ARG... (execvp)
//   looking     signals · descriptors · stdio · environment · variable NAME · arguments REST... ·
//               cwd · ids · umask · place · parent · zombies · window
//   signals     ignore N · block N · log-signals UNTIL · send N (to its parent) · send-group N
//   time        pause · linger MS · await FILE
//   processes   fork { } · group { } · session { } · daemon { } · orphans N · reap · reap-one
//   input       read-line · read-all
//   files       touch FILE
//   telling     clock · notify TEXT · notify-bytes N · notify-pipe TEXT

#include "support/actor/play.h"

int main(int, char** argv) { kaigara::actor::perform({argv + 1}); }
