// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads what a store has answered: JSON of a known shape, of which a few members are of interest.
// Nothing is built but those: an answer of ten thousand keys is read in one pass.
//
//     {"header": {"revision": "5"}, "kvs": [{"key": "...", "value": "..."}], "more": true}
//
//     facts:  header.revision = 5, more = true          whatever lies in no list
//     rows:   of "kvs":  key = ..., value = ...         one for each item of a list
//
// An item's own members are the row's; a list within it makes rows of its own, told before the row
// that it lies in: "responses.response_range.kvs". An item that is no map is a row whose one member
// has an empty name. Null is no member, and neither is a number with a point. Whole numbers are
// texts, and so are "true" and "false".

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kaigara::remote {

class JsonMembers {
public:
    // The first member of that dotted path; empty where there is none.
    std::string_view get(std::string_view path) const noexcept;
    bool has(std::string_view path) const noexcept;
    // The number; 0 where there is none, or none that fits.
    std::uint64_t number(std::string_view path) const noexcept;

    void add(std::string path, std::string text) {
        members_.emplace_back(std::move(path), std::move(text));
    }
    void clear() noexcept { members_.clear(); }

private:
    const std::string* find(std::string_view path) const noexcept;

    std::vector<std::pair<std::string, std::string>> members_;
};

using OnRow = std::function<void(std::string_view list, const JsonMembers& row)>;

// Deeper answers are refused.
inline constexpr std::size_t deepest_answer = 16;

// False when the text is no JSON; rows may have been told by then.
bool read_json_answer(std::string_view text, JsonMembers& facts, const OnRow& on_row = {});

}  // namespace kaigara::remote
