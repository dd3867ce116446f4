// SPDX-License-Identifier: Apache-2.0
#pragma once

// Room for many open files. Each staged file of a set is open, for its lock, and the usual limit of
// 1024 descriptors is fewer than a tree may have files. Only the soft limit is raised, and only as
// long as the object lives: no application is to inherit it. The checks of the files do.

#include <sys/resource.h>

#include <cstddef>
#include <optional>

namespace kaigara::provision {

class DescriptorRoom {
public:
    DescriptorRoom() = default;
    explicit DescriptorRoom(std::size_t descriptors);
    DescriptorRoom(DescriptorRoom&& other) noexcept;
    DescriptorRoom& operator=(DescriptorRoom&&) = delete;
    DescriptorRoom(const DescriptorRoom&) = delete;
    DescriptorRoom& operator=(const DescriptorRoom&) = delete;
    ~DescriptorRoom();

private:
    std::optional<rlimit> before_;
};

}  // namespace kaigara::provision
