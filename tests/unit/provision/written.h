// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the tests of target.h share.

#include <sys/stat.h>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "platform/files.h"
#include "provision/target.h"
#include "support/scratch.h"

namespace kaigara::test {

struct Written {
    Result<provision::Target::Outcome> outcome;
    std::vector<std::string> warnings;
};

inline Written write(provision::TargetSpec spec, std::string_view content) {
    auto target = provision::Target::prepare(std::move(spec), content);
    if (!target) return {std::move(target).error(), {}};
    auto outcome = target->commit();
    return {std::move(outcome), target->warnings()};
}

inline Written write(const std::string& path, std::string_view content) {
    return write(provision::TargetSpec{.path = path}, content);
}

inline struct stat status_of(const std::string& path) {
    struct stat status = {};
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    return status;
}

inline std::size_t entries(const ScratchDir& files, const char* folder = ".") {
    return platform::list_directory(files / folder).value().size();
}

inline bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace kaigara::test
