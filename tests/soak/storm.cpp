// SPDX-License-Identifier: Apache-2.0

// The application of the soak tests. It has no part in what is measured, so it is small, static and
// does one thing at a word:
//
//     storm orphans           for each line `N` on its input: makes N orphans, then says a byte
//     storm signals           says the number of each signal that comes, as a byte; TERM ends it
//     storm run               says a byte, waits for one, ends: a run of a supervised program
//     storm gate PROGRAM...   says `gate`, waits for USR1, becomes PROGRAM, a path: so that a
//                             tracer can attach itself to a process before it is PROGRAM
//
// All of it goes over descriptors 0 and 1, which an init hands to its child as they are.

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>

namespace {

void say(unsigned char byte) {
    if (write(1, &byte, 1) != 1) _exit(3);
}

// The next number on the input, which ends in a line feed. 0 at the end of the input.
unsigned long next_number() {
    unsigned long number = 0;
    char digit = 0;
    while (read(0, &digit, 1) == 1 && digit != '\n') {
        number = number * 10 + static_cast<unsigned long>(digit - '0');
    }
    return number;
}

// The middle process ends while its child runs, or has just ended: both kinds come to PID 1. A
// fork may fail for want of numbers when the init lags behind.
bool leave_an_orphan() {
    const pid_t middle = fork();
    if (middle < 0) return false;
    if (middle == 0) {
        const pid_t orphan = fork();
        _exit(orphan < 0 ? 1 : 0);
    }
    int status = 0;
    return waitpid(middle, &status, 0) == middle && status == 0;
}

int make_orphans() {
    say('!');
    for (unsigned long left = next_number(); left > 0; left = next_number()) {
        while (left > 0) {
            if (leave_an_orphan()) --left;  // else it is made again, so that the count is right
        }
        say('.');
    }
    return 0;
}

int tell_signals() {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, nullptr);
    say('!');
    for (;;) {
        const int signal = sigwaitinfo(&all, nullptr);
        if (signal < 0) continue;
        if (signal == SIGTERM) return 0;
        say(static_cast<unsigned char>(signal));
    }
}

int run_once() {
    say('.');
    char byte = 0;
    return read(0, &byte, 1) == 1 ? 0 : 1;
}

int become(char** words) {
    sigset_t gate;
    sigset_t before;
    sigemptyset(&gate);
    sigaddset(&gate, SIGUSR1);
    sigprocmask(SIG_BLOCK, &gate, &before);
    if (write(1, "gate\n", 5) != 5) return 3;
    int signal = 0;
    while (signal != SIGUSR1) sigwait(&gate, &signal);
    sigprocmask(SIG_SETMASK, &before, nullptr);
    // Not execve(2), so that the tracer's first one is PROGRAM's.
    syscall(SYS_execveat, AT_FDCWD, words[0], words, environ, 0);
    return 127;
}

}  // namespace

int main(int argc, char** argv) {
    const char* mode = argc > 1 ? argv[1] : "";
    if (std::strcmp(mode, "orphans") == 0) return make_orphans();
    if (std::strcmp(mode, "signals") == 0) return tell_signals();
    if (std::strcmp(mode, "run") == 0) return run_once();
    if (std::strcmp(mode, "gate") == 0 && argc > 2) return become(argv + 2);
    return 64;
}
