// SPDX-License-Identifier: Apache-2.0
#include "metadata/document.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "metadata/bounds.h"

namespace kaigara::metadata {

namespace {

// A placeholder is a null from this source; its line is the anchor.
constexpr std::uint32_t placeholder_source = std::numeric_limits<std::uint32_t>::max();

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// A C0 control or DEL that is neither a tab nor part of a line end.
std::optional<std::size_t> find_control(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if ((c >= 0x20 && c != 0x7F) || c == '\n' || c == '\t') continue;
        if (c != '\r' || text.substr(i + 1, 1) != "\n") return i;
    }
    return std::nullopt;
}

bool is_placeholder(const Value& value) noexcept {
    return value.is_null() && value.origin().source == placeholder_source;
}

}  // namespace

std::string place_text(std::string_view name, Position at) {
    return fmt::format("{}:{}:{}", name, at.line, at.column);
}

Position position_at(std::string_view text, std::size_t offset) {
    Position at;
    for (const char c : text.substr(0, offset)) {
        if (c == '\n')
            at = {at.line + 1, 1};
        else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U)
            ++at.column;
    }
    return at;
}

Result<std::string_view> checked_text(std::string_view text, std::string_view name,
                                      Controls controls) {
    const auto refuse = [&](std::string message, std::string where) {
        return Error{Fault::bad_data, 0, std::move(message), std::move(where)};
    };
    if (text.size() > max_document_bytes) {
        return refuse(fmt::format("more than {} bytes", max_document_bytes), std::string(name));
    }
    if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
        return refuse("UTF-16; it has to be UTF-8", place_text(name, {}));
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    if (const auto bad = text::invalid_utf8(text)) {
        return refuse(
            fmt::format("invalid UTF-8 (byte 0x{:02x})", static_cast<unsigned char>(text[*bad])),
            place_text(name, position_at(text, *bad)));
    }
    if (controls == Controls::left) return text;
    if (const auto bad = find_control(text)) {
        return refuse(text[*bad] == '\r' ? std::string("a carriage return without a line feed")
                                         : fmt::format("control character 0x{:02x}",
                                                       static_cast<unsigned char>(text[*bad])),
                      place_text(name, position_at(text, *bad)));
    }
    return text;
}

DocumentBuilder::DocumentBuilder(std::uint32_t source, std::string_view name, Root root)
    : source_(source), name_(name), allowed_(root) {}

bool DocumentBuilder::fail(Position at, std::string message) {
    if (complaints_.size() < max_errors) complaints_.push_back({at, std::move(message)});
    return complaints_.size() < max_errors;
}

std::string DocumentBuilder::here(std::string_view before) const {
    std::string path;
    for (const Frame& frame : frames_) {
        if (frame.kind == Kind::map && !frame.keyed) break;
        if (!path.empty()) path += '.';
        path += frame.kind == Kind::list ? std::to_string(frame.items.size()) : frame.key;
    }
    return path.empty() ? path : fmt::format("{}'{}'", before, text::printable(path));
}

bool DocumentBuilder::wants_key() const noexcept {
    return !frames_.empty() && frames_.back().kind == Kind::map && !frames_.back().keyed;
}

bool DocumentBuilder::wants_value() const noexcept {
    return !frames_.empty() && frames_.back().kind == Kind::map && frames_.back().keyed;
}

bool DocumentBuilder::count(Position at, std::size_t nodes, std::size_t text) {
    nodes_ += nodes;
    text_ += text;
    if (nodes_ > max_nodes) {
        (void)fail(at, fmt::format("more than {} values, with aliases expanded{}", max_nodes,
                                   here(", reached in ")));
        return false;
    }
    if (text_ > max_text_bytes) {
        (void)fail(at, fmt::format("more than {} bytes of text, with aliases expanded{}",
                                   max_text_bytes, here(", reached in ")));
        return false;
    }
    return true;
}

bool DocumentBuilder::key(Position at, std::string text, Anchor anchor) {
    if (!count(at, 0, text.size())) return false;
    if (anchor != no_anchor)
        set_aside(Value::quoted(text, origin(at)), {{}, 0, 1, text.size(), true}, anchor);
    Frame& frame = frames_.back();
    frame.keyed = true;
    frame.dropped = false;
    frame.key_at = at;
    frame.key = std::move(text);
    return true;
}

void DocumentBuilder::no_key(Position at) {
    Frame& frame = frames_.back();
    frame.keyed = true;
    frame.dropped = true;
    frame.key_at = at;
    frame.key.assign(1, '?');  // GCC 12 warns of = "?" by mistake
}

bool DocumentBuilder::leaf(Position at, Value value, Anchor anchor) {
    const std::size_t length = value.text().size();
    if (!count(at, 1, length)) return false;
    if (frames_.empty()) {
        if (allowed_ == Root::any) {
            value.set_origin(origin(at));
            root_ = std::move(value);
            return true;
        }
        // A file of comments only, or `null`, is an empty document.
        if (value.is_null()) return true;
        return fail(at, "a single value; the document has to be a map, of 'key: value'");
    }
    value.set_origin(origin(at));
    if (anchor != no_anchor) value = set_aside(std::move(value), {{}, 0, 1, length, true}, anchor);
    attach(std::move(value), 0);
    return true;
}

bool DocumentBuilder::begin_map(Position at, Anchor anchor) { return begin(at, Kind::map, anchor); }

bool DocumentBuilder::begin_list(Position at, Anchor anchor) {
    const bool refused = frames_.empty() && allowed_ == Root::map;
    if (refused && !fail(at, "a list; the document has to be a map, of 'key: value'")) return false;
    return begin(at, Kind::list, anchor);
}

bool DocumentBuilder::begin(Position at, Kind kind, Anchor anchor) {
    if (frames_.size() == max_depth) {
        (void)fail(at, fmt::format("nesting past {} levels{}", max_depth, here(", in ")));
        return false;
    }
    Frame frame;
    frame.kind = kind;
    frame.at = at;
    frame.anchor = anchor;
    frame.nodes_before = nodes_;
    frame.text_before = text_;
    if (!count(at, 1, 0)) return false;
    frames_.push_back(std::move(frame));
    return true;
}

bool DocumentBuilder::end() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    bool go_on = true;
    if (frame.kind == Kind::map) go_on = close_map(frame);
    Value value = frame.kind == Kind::map ? Value::map(std::move(frame.entries), origin(frame.at))
                                          : Value::list(std::move(frame.items), origin(frame.at));
    if (frame.anchor != no_anchor) {
        value = set_aside(
            std::move(value),
            {{}, frame.height, nodes_ - frame.nodes_before, text_ - frame.text_before, true},
            frame.anchor);
    }
    if (frames_.empty())
        root_ = std::move(value);
    else
        attach(std::move(value), frame.height);
    return go_on;
}

// Reports keys that stand twice and keeps the first of each.
bool DocumentBuilder::close_map(Frame& frame) {
    if (frame.sorted) return true;  // strictly ascending as it was read
    const auto key = [&frame](std::size_t i) -> const std::string& { return frame.entries[i].key; };
    std::vector<std::size_t> order(frame.entries.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, key);
    bool go_on = true;
    std::vector<Value::Entry> kept;
    kept.reserve(order.size());
    std::size_t first = 0;
    for (const std::size_t i : order) {
        if (!kept.empty() && kept.back().key == key(i)) {
            const std::string parent = here("in ");
            go_on = go_on && fail(frame.places[i],
                                  fmt::format("duplicate key '{}'{}{}, first in line {}",
                                              text::printable(key(i)), parent.empty() ? "" : " ",
                                              parent, frame.places[first].line));
        } else {
            kept.push_back(std::move(frame.entries[i]));
            first = i;
        }
    }
    frame.entries = std::move(kept);
    return go_on;
}

void DocumentBuilder::attach(Value value, std::size_t height) {
    Frame& frame = frames_.back();
    frame.height = std::max(frame.height, height + 1);
    if (frame.kind == Kind::list) {
        frame.items.push_back(std::move(value));
        return;
    }
    frame.keyed = false;
    if (frame.dropped) return;
    if (!frame.entries.empty() && frame.entries.back().key >= frame.key) frame.sorted = false;
    frame.entries.push_back({std::move(frame.key), std::move(value), origin(frame.key_at)});
    frame.places.push_back(frame.key_at);
}

Value DocumentBuilder::set_aside(Value value, Anchored facts, Anchor anchor) {
    if (anchored_.size() <= anchor) anchored_.resize(anchor + 1);
    facts.value = std::move(value);
    anchored_[anchor] = std::move(facts);
    return Value::null({placeholder_source, static_cast<std::uint32_t>(anchor), 0});
}

bool DocumentBuilder::alias(Position at, Anchor anchor) {
    if (anchor >= anchored_.size() || !anchored_[anchor].complete) {
        if (!fail(at, fmt::format("an alias of a node that contains it{}", here(", in "))))
            return false;
        return leaf(at, Value::null());
    }
    const Anchored& target = anchored_[anchor];
    if (!count(at, target.nodes, target.text)) return false;
    if (frames_.size() + target.height > max_depth) {
        (void)fail(at, fmt::format("nesting past {} levels, with the alias expanded{}", max_depth,
                                   here(", in ")));
        return false;
    }
    attach(Value::null({placeholder_source, static_cast<std::uint32_t>(anchor), 0}), target.height);
    return true;
}

Value DocumentBuilder::expanded_copy(const Value& value) const {
    if (is_placeholder(value)) return expanded_copy(anchored_[value.origin().line].value);
    if (value.is_list()) {
        std::vector<Value> items;
        items.reserve(value.items().size());
        for (const Value& item : value.items()) items.push_back(expanded_copy(item));
        return Value::list(std::move(items), value.origin());
    }
    if (value.is_map()) {
        std::vector<Value::Entry> entries;
        entries.reserve(value.entries().size());
        for (const Value::Entry& entry : value.entries())
            entries.push_back({entry.key, expanded_copy(entry.value), entry.key_origin});
        return Value::map(std::move(entries), value.origin());
    }
    return value;
}

void DocumentBuilder::expand(Value& value) const {
    if (is_placeholder(value)) {
        value = expanded_copy(value);
        return;
    }
    for (Value& item : value.items()) expand(item);
    for (Value::Entry& entry : value.entries()) expand(entry.value);
}

Result<Value, Errors> DocumentBuilder::finish() && {
    if (complaints_.empty()) {
        if (!anchored_.empty()) expand(root_);
        return std::move(root_);
    }
    // A map tells of its duplicate keys when it ends, behind the errors within it.
    const bool cut = complaints_.size() == max_errors;
    std::ranges::stable_sort(complaints_, {}, &Complaint::at);
    Errors errors;
    errors.reserve(complaints_.size());
    for (Complaint& complaint : complaints_) {
        errors.push_back(
            {Fault::bad_data, 0, std::move(complaint.message), place_text(name_, complaint.at)});
    }
    if (cut) errors.back().message += " (there may be more errors, they are not shown)";
    return errors;
}

}  // namespace kaigara::metadata
