/* SPDX-License-Identifier: Apache-2.0 */

/* Says that it is there, and then
      child_work          waits until a signal ends it;
      child_work COUNT    waits for a go, leaves COUNT orphans behind by forking twice, says that it
                          has done so, waits for another go and exits with 0.
   Descriptors 7 and 8 are event counters (eventfd(2)), see channel.h. */

#include "../channel.h"
#include "bare.h"

static void say(void) {
    unsigned long long one = 1;
    bare_call(CALL_WRITE, CHANNEL_FROM_CHILD, (long)&one, sizeof one, 0);
}

static void wait_for_go(void) {
    unsigned long long count;
    bare_call(CALL_READ, CHANNEL_TO_CHILD, (long)&count, sizeof count, 0);
}

static unsigned long number_of(const char* text) {
    unsigned long number = 0;
    for (; *text >= '0' && *text <= '9'; ++text)
        number = number * 10 + (unsigned long)(*text - '0');
    return number;
}

/* Returns 0 when the orphan could not be made: a status of 1 then tells the benchmark. */
static int leave_an_orphan(void) {
    long middle = bare_fork();
    if (middle < 0) return 0;
    if (middle == 0) {
        long orphan = bare_fork();
        bare_exit(orphan < 0);
    }
    int status = 0;
    return bare_call(CALL_WAIT4, middle, (long)&status, 0, 0) == middle && status == 0;
}

__attribute__((noreturn, used)) void bare_main(const long* stack) {
    const char* const* arguments = (const char* const*)(stack + 1);
    say();
    if (stack[0] < 2) {
        for (;;) bare_pause();
    }
    wait_for_go();
    for (unsigned long left = number_of(arguments[1]); left > 0; --left) {
        if (!leave_an_orphan()) bare_exit(1);
    }
    say();
    wait_for_go();
    bare_exit(0);
}
