// SPDX-License-Identifier: Apache-2.0
#include "remote/json.h"

#include <charconv>
#include <optional>

#include <simdjson.h>

namespace kaigara::remote {

namespace {

namespace dom = simdjson::dom;

class Reader {
public:
    explicit Reader(const OnRow& on_row) : on_row_(on_row) {}

    // `members` takes what the map of an item, or the answer itself, consists of; the paths in it
    // begin behind `begin` bytes of path_.
    void read(const dom::element& value, JsonMembers& members, std::size_t begin) {
        switch (value.type()) {
        case dom::element_type::OBJECT: return read_map(value, members, begin);
        case dom::element_type::ARRAY: return read_list(value);
        default: break;
        }
        if (auto text = text_of(value)) members.add(path_.substr(begin), std::move(*text));
    }

private:
    void read_map(const dom::element& value, JsonMembers& members, std::size_t begin) {
        const std::size_t length = path_.size();
        for (const auto field : dom::object(value.get_object().value_unsafe())) {
            if (length > begin) path_ += '.';
            path_ += field.key;
            read(field.value, members, begin);
            path_.resize(length);
        }
    }

    void read_list(const dom::element& value) {
        const std::string list = path_;
        for (const dom::element item : dom::array(value.get_array().value_unsafe())) {
            JsonMembers row;
            // The paths of lists within a row begin with that of the row's own.
            if (item.type() == dom::element_type::OBJECT && !list.empty()) path_ += '.';
            read(item, row, path_.size());
            path_ = list;
            if (on_row_ && item.type() != dom::element_type::ARRAY) on_row_(list, row);
        }
    }

    static std::optional<std::string> text_of(const dom::element& value) {
        switch (value.type()) {
        case dom::element_type::STRING: return std::string(value.get_string().value_unsafe());
        case dom::element_type::INT64: return std::to_string(value.get_int64().value_unsafe());
        case dom::element_type::UINT64: return std::to_string(value.get_uint64().value_unsafe());
        case dom::element_type::BOOL: return value.get_bool().value_unsafe() ? "true" : "false";
        default: return std::nullopt;
        }
    }

    const OnRow& on_row_;
    std::string path_;
};

}  // namespace

const std::string* JsonMembers::find(std::string_view path) const noexcept {
    for (const auto& [name, text] : members_) {
        if (name == path) return &text;
    }
    return nullptr;
}

std::string_view JsonMembers::get(std::string_view path) const noexcept {
    const std::string* text = find(path);
    return text == nullptr ? std::string_view() : *text;
}

bool JsonMembers::has(std::string_view path) const noexcept { return find(path) != nullptr; }

std::uint64_t JsonMembers::number(std::string_view path) const noexcept {
    const std::string_view text = get(path);
    std::uint64_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    return read.ec == std::errc() && read.ptr == text.data() + text.size() ? number : 0;
}

bool read_json_answer(std::string_view text, JsonMembers& facts, const OnRow& on_row) {
    dom::parser parser;
    const simdjson::padded_string padded(text);
    if (parser.allocate(text.size(), deepest_answer) != simdjson::SUCCESS) return false;
    dom::element root;
    if (parser.parse(padded).get(root) != simdjson::SUCCESS) return false;
    Reader(on_row).read(root, facts, 0);
    return true;
}

}  // namespace kaigara::remote
