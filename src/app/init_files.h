// SPDX-License-Identifier: Apache-2.0
#pragma once

// The texts that `kaigara init` writes.

#include <sys/types.h>

#include <span>
#include <string_view>

namespace kaigara::app {

struct InitFile {
    std::string_view path;  // below the directory
    mode_t mode;
    std::string_view text;
};

std::span<const InitFile> init_files() noexcept;

}  // namespace kaigara::app
