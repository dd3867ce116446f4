/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the benchmark and its children share, through an init that hands descriptors on. Read by C
   without a library and by C++, hence these plain forms. */

enum {
    CHANNEL_TO_CHILD = 7,   /* an eventfd: the benchmark lets the child go on */
    CHANNEL_FROM_CHILD = 8, /* an eventfd: the child has come to a point, or got a signal */
    CHANNEL_MEMORY = 9,     /* a memfd with a struct ChannelMemory */
    CHANNEL_ARRIVALS = 4096
};

struct ChannelArrival {
    unsigned long long nanoseconds; /* CLOCK_MONOTONIC at the first line of the handler */
    unsigned long long signal;
};

/* The signals that a child has handled, in order. `count` is stored after the arrival it counts. */
struct ChannelMemory {
    unsigned long long count;
    struct ChannelArrival arrivals[CHANNEL_ARRIVALS];
};
