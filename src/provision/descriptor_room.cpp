// SPDX-License-Identifier: Apache-2.0
#include "provision/descriptor_room.h"

#include <algorithm>
#include <utility>

namespace kaigara::provision {

DescriptorRoom::DescriptorRoom(std::size_t descriptors) {
    rlimit limit = {};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= descriptors) return;
    const rlimit before = limit;
    limit.rlim_cur = std::min<rlim_t>(descriptors, limit.rlim_max);
    // Without the room, opening a file will say so.
    if (::setrlimit(RLIMIT_NOFILE, &limit) == 0) before_ = before;
}

DescriptorRoom::DescriptorRoom(DescriptorRoom&& other) noexcept
    : before_(std::exchange(other.before_, std::nullopt)) {}

DescriptorRoom::~DescriptorRoom() {
    if (before_) ::setrlimit(RLIMIT_NOFILE, &*before_);
}

}  // namespace kaigara::provision
