// SPDX-License-Identifier: Apache-2.0

// The first instructions of the program: all signals are blocked here, before the C library starts.
//
// glibc's static start reads CPU features with some fifty `cpuid`s before it runs any constructor,
// and in a virtual machine each of them costs microseconds. A TERM that PID 1 gets in that time is
// dropped by the kernel, and the container runs on until it is killed. So the ELF entry point is
// ours: one rt_sigprocmask(2), then the C library's _start with every register as it was.
//
// On other machines the earliest constructor does the same, a little later.

#include "platform/signals.h"

#if defined(__x86_64__)

// rdx holds the dynamic linker's exit function and must survive (System V ABI, AMD64 supplement);
// a system call destroys only rax, rcx and r11.
__asm__(R"(
    .text
    .globl kaigara_entry
    .type kaigara_entry, @function
kaigara_entry:
    mov  %rdx, %r8
    mov  $14, %eax                           # rt_sigprocmask
    xor  %edi, %edi                          # SIG_BLOCK
    lea  kaigara_every_signal(%rip), %rsi
    lea  kaigara_inherited_mask(%rip), %rdx
    mov  $8, %r10d                           # sizeof(kernel_sigset_t)
    syscall
    movq $1, kaigara_signals_taken(%rip)
    mov  %r8, %rdx
    jmp  _start
    .size kaigara_entry, . - kaigara_entry
    .section .rodata
    .balign 8
kaigara_every_signal:
    .quad -1
    .text
)");

#else

[[gnu::constructor(101)]] static void take_signals_early() { kaigara::platform::take_signals(); }

#endif
