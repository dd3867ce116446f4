/* SPDX-License-Identifier: Apache-2.0
 *
 * Where Mbed TLS takes its randomness from. Its own code opens /dev/random where the C library is not
 * glibc, and an image from scratch may have no /dev: getrandom(2) needs none. Declared in
 * mbedtls/entropy.h's entropy_poll.h. */
#include <errno.h>
#include <stddef.h>
#include <sys/random.h>

#include "mbedtls/entropy.h"

/* Fills OUTPUT with LENGTH bytes and says so in FILLED. 0, or MBEDTLS_ERR_ENTROPY_SOURCE_FAILED. Waits,
 * as getrandom(2) does, while a machine that has just been started has none yet. */
int mbedtls_hardware_poll(void *data, unsigned char *output, size_t length, size_t *filled)
{
    (void)data;
    *filled = 0;
    while (*filled < length) {
        const ssize_t count = getrandom(output + *filled, length - *filled, 0);
        if (count < 0 && errno != EINTR) {
            return MBEDTLS_ERR_ENTROPY_SOURCE_FAILED;
        }
        if (count > 0) {
            *filled += (size_t)count;
        }
    }
    return 0;
}
