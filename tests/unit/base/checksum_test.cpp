// SPDX-License-Identifier: Apache-2.0
#include "base/checksum.h"

#include <string>

#include <doctest/doctest.h>

using kaigara::posix_checksum;

TEST_SUITE("base") {

TEST_CASE("the checksum is that of cksum(1)") {
    CHECK(posix_checksum("") == 4294967295U);
    CHECK(posix_checksum("a") == 1220704766U);
    CHECK(posix_checksum("123456789") == 930766865U);
    CHECK(posix_checksum("kaigara keeps a ledger of its operations") == 3640794958U);
    CHECK(posix_checksum(std::string(100'000, 'x')) == 1627735810U);
}

TEST_CASE("a change of any bit is another checksum") {
    const std::string text = "7 2026-01-02T03:04:05.678Z done 10-schema.sh duration=12ms";
    for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
        std::string changed = text;
        changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
        CAPTURE(bit);
        CHECK(posix_checksum(changed) != posix_checksum(text));
    }
}

}  // TEST_SUITE("base")
