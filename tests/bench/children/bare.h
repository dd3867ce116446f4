/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* System calls for children that carry no C library: what they cost to start is then next to
   nothing, and the same for every init that is compared. The kernel enters at _start with argc and
   argv on the stack, see execve(2) and the psABI of each architecture. */

#if defined(__x86_64__)

__asm__(".globl _start\n"
        "_start:\n"
        "    xor %ebp, %ebp\n"
        "    mov %rsp, %rdi\n"
        "    and $-16, %rsp\n"
        "    call bare_main\n");

enum {
    CALL_READ = 0,
    CALL_WRITE = 1,
    CALL_PAUSE = 34,
    CALL_FORK = 57,
    CALL_EXIT = 60,
    CALL_WAIT4 = 61
};

static inline long bare_call(long number, long a, long b, long c, long d) {
    register long fourth __asm__("r10") = d;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "0"(number), "D"(a), "S"(b), "d"(c), "r"(fourth)
                     : "rcx", "r11", "memory");
    return result;
}

static inline long bare_fork(void) { return bare_call(CALL_FORK, 0, 0, 0, 0); }
static inline void bare_pause(void) { bare_call(CALL_PAUSE, 0, 0, 0, 0); }

#elif defined(__aarch64__)

__asm__(".globl _start\n"
        "_start:\n"
        "    mov x29, #0\n"
        "    mov x0, sp\n"
        "    bl bare_main\n");

enum {
    CALL_READ = 63,
    CALL_WRITE = 64,
    CALL_PPOLL = 73,
    CALL_EXIT = 93,
    CALL_CLONE = 220,
    CALL_WAIT4 = 260
};

static inline long bare_call(long number, long a, long b, long c, long d) {
    register long call __asm__("x8") = number;
    register long first __asm__("x0") = a;
    register long second __asm__("x1") = b;
    register long third __asm__("x2") = c;
    register long fourth __asm__("x3") = d;
    __asm__ volatile("svc 0"
                     : "+r"(first)
                     : "r"(call), "r"(second), "r"(third), "r"(fourth)
                     : "memory");
    return first;
}

/* This architecture has neither fork nor pause; 17 is SIGCHLD. */
static inline long bare_fork(void) { return bare_call(CALL_CLONE, 17, 0, 0, 0); }
static inline void bare_pause(void) { bare_call(CALL_PPOLL, 0, 0, 0, 0); }

#else
#error "the children of the benchmark know x86_64 and aarch64"
#endif

__attribute__((noreturn)) static inline void bare_exit(int status) {
    for (;;) bare_call(CALL_EXIT, status, 0, 0, 0);
}
