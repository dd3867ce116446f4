// SPDX-License-Identifier: Apache-2.0
#pragma once

// Builds one document's Value from a parser's events, and guards it.
//
// The YAML and the JSON reader speak the same events, so that both formats have the same limits and
// the same errors: duplicate keys, nesting, number of nodes, amount of text, aliases that contain
// themselves or expand without end, a root that is no map. What is wrong is collected, each error
// with file:line:column and the dotted path; each event answers whether the parser should go on.
//
//   key(..)    then one of  leaf  begin_map  begin_list  alias     inside a map
//              any of       leaf  begin_map  begin_list  alias     inside a list, and once as root
//   begin_*    ... end()
//
// Ownership: open maps and lists stand on a stack of frames; a closed one moves into the frame
// below it. A node with an anchor moves into a table instead, and a placeholder takes its place;
// finish() puts copies where placeholders are. So an anchor costs nothing until it is used, and all
// counting is done when an alias is met, before anything is copied.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metadata/value.h"

namespace kaigara::metadata {

// Counted from 1.
struct Position {
    std::uint32_t line = 1;
    std::uint32_t column = 1;

    auto operator<=>(const Position&) const = default;
};

// "the name of the document:line:column", as errors of all readers give it.
std::string place_text(std::string_view name, Position at);

// The place of a byte; columns count characters. Reads the text from its beginning.
Position position_at(std::string_view text, std::size_t offset);

// Whether the control characters that YAML forbids in its source are refused here, or left to a
// parser that refuses its own.
enum class Controls : std::uint8_t { refused, left };

// `text` without a byte order mark, when it is UTF-8 and within the limit of size.
Result<std::string_view> checked_text(std::string_view text, std::string_view name,
                                      Controls controls);

// What a document may be as a whole.
enum class Root : std::uint8_t {
    map,
    any,  // a scalar or a list as well: the value of one key of a store
};

class DocumentBuilder {
public:
    using Anchor = std::size_t;
    static constexpr Anchor no_anchor = 0;

    // `source` goes into the origins, `name` into the errors; `name` has to outlive the builder.
    DocumentBuilder(std::uint32_t source, std::string_view name, Root root = Root::map);

    [[nodiscard]] bool leaf(Position at, Value value, Anchor anchor = no_anchor);
    [[nodiscard]] bool begin_map(Position at, Anchor anchor = no_anchor);
    [[nodiscard]] bool begin_list(Position at, Anchor anchor = no_anchor);
    [[nodiscard]] bool end();
    [[nodiscard]] bool alias(Position at, Anchor anchor);

    [[nodiscard]] bool key(Position at, std::string text, Anchor anchor = no_anchor);
    // Instead of key(), after fail(): the value that follows is checked and dropped.
    void no_key(Position at);
    // The innermost open node is a map, and its next event has to be a key.
    bool wants_key() const noexcept;
    // The position of the key whose value is awaited; only after key() or no_key().
    Position key_position() const noexcept { return frames_.back().key_at; }
    // Whether a value is awaited for a key.
    bool wants_value() const noexcept;

    // Notes an error; false when there are so many that the rest does not matter.
    [[nodiscard]] bool fail(Position at, std::string message);
    // The dotted path of the node that is being read, quoted and with `before` in front; empty at
    // the root.
    std::string here(std::string_view before = "in ") const;

    // The root; an empty map when there were no events.
    Result<Value, Errors> finish() &&;

private:
    struct Frame {
        Kind kind = Kind::map;
        bool keyed = false;    // a key was read, its value was not yet
        bool dropped = false;  // and that value is not to be kept
        bool sorted = true;
        Position at;
        Position key_at;
        Anchor anchor = no_anchor;
        std::size_t height = 1;  // levels of nesting, this one included
        std::size_t nodes_before = 0;
        std::size_t text_before = 0;
        std::string key;
        std::vector<Value> items;
        std::vector<Value::Entry> entries;
        std::vector<Position> places;  // of the keys of `entries`
    };
    struct Anchored {
        Value value;
        std::size_t height = 0;
        std::size_t nodes = 0;
        std::size_t text = 0;
        bool complete = false;
    };

    struct Complaint {
        Position at;
        std::string message;
    };

    bool begin(Position at, Kind kind, Anchor anchor);
    bool count(Position at, std::size_t nodes, std::size_t text);
    bool close_map(Frame& frame);
    void attach(Value value, std::size_t height);
    Value set_aside(Value value, Anchored facts, Anchor anchor);
    void expand(Value& value) const;
    Value expanded_copy(const Value& value) const;
    Origin origin(Position at) const noexcept { return {source_, at.line, at.column}; }

    std::uint32_t source_;
    std::string_view name_;
    Root allowed_;
    std::vector<Frame> frames_;
    std::vector<Anchored> anchored_;
    std::size_t nodes_ = 0;
    std::size_t text_ = 0;
    Value root_ = Value::map({});
    std::vector<Complaint> complaints_;
};

}  // namespace kaigara::metadata
