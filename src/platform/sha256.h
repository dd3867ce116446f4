// SPDX-License-Identifier: Apache-2.0
#pragma once

// SHA-256 (FIPS 180-4), by libmd; only sha256.cpp knows it.

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kaigara::platform {

// 64 lower-case hexadecimal digits, as sha256sum(1) prints them.
std::string sha256_hex(std::string_view data);

// The same for data that comes in pieces.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;

    void update(std::string_view data) noexcept;
    // Of all that was given; the object is of no use afterwards.
    std::string hex();

private:
    struct Context;
    std::unique_ptr<Context> context_;
};

// Of a regular file of any size, a piece at a time. Error::code tells ENOENT from the rest;
// Fault::bad_data. Nothing is opened that could block or have an effect.
Result<std::string> sha256_of_file(const std::string& path);

}  // namespace kaigara::platform
