// SPDX-License-Identifier: Apache-2.0
#include "remote/json.h"

#include <charconv>

#define JSON_NO_IO 1
#include <nlohmann/json.hpp>

namespace kaigara::remote {

namespace {

// The member names are the library's.
class Handler {
public:
    Handler(JsonMembers& facts, const OnRow& on_row) : facts_(facts), on_row_(on_row) {}

    bool null() { return true; }
    bool boolean(bool value) { return leaf(value ? "true" : "false"); }
    bool number_integer(std::int64_t value) { return leaf(std::to_string(value)); }
    bool number_unsigned(std::uint64_t value) { return leaf(std::to_string(value)); }
    bool number_float(double, const std::string& written) { return leaf(written); }
    bool string(std::string& value) { return leaf(std::move(value)); }
    bool binary(nlohmann::json::binary_t&) { return false; }  // of other formats than JSON
    bool start_object(std::size_t) { return begin(false); }
    bool start_array(std::size_t) { return begin(true); }
    bool end_object() { return end(); }
    bool end_array() { return end(); }
    bool key(std::string& value) {
        path_.resize(frames_.back().path);
        if (!path_.empty()) path_ += '.';
        path_ += value;
        return true;
    }
    bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) {
        return false;
    }

private:
    struct Frame {
        bool is_list = false;
        bool is_row = false;
        std::size_t path = 0;    // the length of its path
        std::size_t row_at = 0;  // where paths of its row begin, as they were around it
    };

    bool in_row() const { return !rows_.empty(); }

    bool begin(bool is_list) {
        if (frames_.size() == deepest_answer) return false;
        const bool is_item = !frames_.empty() && frames_.back().is_list;
        Frame frame{is_list, is_item && !is_list, path_.size(), row_at_};
        if (frame.is_row) {
            rows_.emplace_back();
            row_at_ = path_.size();
        }
        frames_.push_back(frame);
        return true;
    }

    bool end() {
        const Frame frame = frames_.back();
        frames_.pop_back();
        path_.resize(frame.path);
        if (frame.is_row) {
            row_at_ = frame.row_at;
            const JsonMembers row = std::move(rows_.back());
            rows_.pop_back();
            if (on_row_) on_row_(path_, row);
        }
        leave_member();
        return true;
    }

    bool leaf(std::string text) {
        if (!frames_.empty() && frames_.back().is_list) {
            if (!on_row_) return true;
            JsonMembers row;
            row.add("", std::move(text));
            on_row_(path_, row);
            return true;
        }
        if (in_row()) {
            const std::size_t begin =
                row_at_ < path_.size() && row_at_ != 0 ? row_at_ + 1 : row_at_;
            rows_.back().add(path_.substr(begin), std::move(text));
        } else {
            facts_.add(path_, std::move(text));
        }
        leave_member();
        return true;
    }

    void leave_member() {
        if (!frames_.empty() && !frames_.back().is_list) path_.resize(frames_.back().path);
    }

    JsonMembers& facts_;
    const OnRow& on_row_;
    std::vector<Frame> frames_;
    std::vector<JsonMembers> rows_;
    std::string path_;
    std::size_t row_at_ = 0;
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
    Handler handler(facts, on_row);
    try {
        return nlohmann::json::sax_parse(text.data(), text.data() + text.size(), &handler);
    } catch (const std::exception&) {
        return false;
    }
}

}  // namespace kaigara::remote
