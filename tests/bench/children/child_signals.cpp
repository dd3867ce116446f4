// SPDX-License-Identifier: Apache-2.0

// A child that handles every signal it can and writes down which came when. It is linked
// statically, so that the clock is read without a system call and the handler is as short as can
// be.

#include <csignal>
#include <ctime>
#include <sys/mman.h>
#include <unistd.h>

#include "../channel.h"

namespace {

ChannelMemory* memory = nullptr;

void on_signal(int number) {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    const unsigned long long index = memory->count;
    ChannelArrival& arrival = memory->arrivals[index % CHANNEL_ARRIVALS];
    arrival.nanoseconds = static_cast<unsigned long long>(now.tv_sec) * 1'000'000'000ULL +
                          static_cast<unsigned long long>(now.tv_nsec);
    arrival.signal = static_cast<unsigned long long>(number);
    __atomic_store_n(&memory->count, index + 1, __ATOMIC_RELEASE);
    const unsigned long long one = 1;
    if (write(CHANNEL_FROM_CHILD, &one, sizeof one) < 0) _exit(1);
}

// A fault of this program's own has to end it.
bool is_a_fault(int number) {
    return number == SIGSEGV || number == SIGBUS || number == SIGILL || number == SIGFPE ||
           number == SIGTRAP || number == SIGABRT || number == SIGSYS;
}

}  // namespace

int main() {
    void* area =
        mmap(nullptr, sizeof(ChannelMemory), PROT_READ | PROT_WRITE, MAP_SHARED, CHANNEL_MEMORY, 0);
    if (area == MAP_FAILED) return 1;
    memory = static_cast<ChannelMemory*>(area);
    struct sigaction action{};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    sigfillset(&action.sa_mask);  // one handler at a time: order is kept
    for (int number = 1; number <= SIGRTMAX; ++number) {
        if (!is_a_fault(number)) sigaction(number, &action, nullptr);  // KILL and STOP refuse
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    const unsigned long long one = 1;
    if (write(CHANNEL_FROM_CHILD, &one, sizeof one) < 0) return 1;
    for (;;) pause();
}
