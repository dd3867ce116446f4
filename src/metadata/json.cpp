// SPDX-License-Identifier: Apache-2.0
#include "metadata/json.h"

#include <algorithm>
#include <iterator>
#include <string>

#include <fmt/format.h>
#define JSON_NO_IO 1
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "metadata/document.h"

namespace kaigara::metadata {

namespace {

constexpr std::string_view blanks = " \t\r\n";

// Hands the text to the parser and notes how far it has read: the events do not tell.
class Cursor {
public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    using Place = std::string_view::iterator;

    Cursor(Place at, Place* furthest) : at_(at), furthest_(furthest) {}

    reference operator*() const { return *at_; }
    Cursor& operator++() {
        *furthest_ = ++at_;
        return *this;
    }
    Cursor operator++(int) {
        const Cursor before = *this;
        ++*this;
        return before;
    }
    bool operator==(const Cursor& other) const { return at_ == other.at_; }

private:
    Place at_;
    Place* furthest_;
};

// The member names are the library's. Each event comes as soon as its token is read, so a token
// begins where the one before it ended, blanks and punctuation aside.
class Handler {
public:
    Handler(std::string_view text, std::uint32_t source, std::string_view name, Root root)
        : text_(text), furthest_(text.begin()), builder_(source, name, root) {}

    Cursor begin() { return {text_.begin(), &furthest_}; }
    Cursor end() { return {text_.end(), &furthest_}; }

    bool null() { return builder_.leaf(next_token(), Value::null()); }
    bool boolean(bool value) {
        return builder_.leaf(next_token(), Value::plain(value ? "true" : "false"));
    }
    bool number_integer(std::int64_t) { return number(); }
    bool number_unsigned(std::uint64_t) { return number(); }
    bool number_float(double, const std::string&) { return number(); }
    bool string(std::string& value) {
        const Position at = next_token();
        return refuse_nul(at, value) && builder_.leaf(at, Value::quoted(std::move(value)));
    }
    bool binary(nlohmann::json::binary_t&) { return false; }  // of other formats than JSON
    bool start_object(std::size_t) { return builder_.begin_map(next_token()); }
    bool start_array(std::size_t) { return builder_.begin_list(next_token()); }
    bool key(std::string& value) {
        const Position at = next_token();
        return refuse_nul(at, value) && builder_.key(at, std::move(value));
    }
    bool end_object() { return close(); }
    bool end_array() { return close(); }

    bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                     const nlohmann::json::exception& error) {
        const std::string_view theirs = error.what();
        (void)builder_.fail(position_at(text_, offender(theirs)),
                            explain(theirs) + builder_.here(", in "));
        return false;
    }

    Result<Value, Errors> finish() { return std::move(builder_).finish(); }

private:
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while parsing
    // value - invalid literal; last read: 'x'; expected ..." What was read stays out: it may be a
    // secret.
    static std::string explain(std::string_view theirs) {
        if (theirs.find("number overflow") != std::string_view::npos) return "a number too large";
        std::string_view behind = theirs;
        if (const std::size_t at = theirs.find(": "); at != std::string_view::npos) {
            theirs = theirs.substr(at + 2);
            behind = theirs;
        }
        const std::size_t read = theirs.find("; last read: ");
        if (read == std::string_view::npos) return text::printable(theirs);
        const std::size_t expected = behind.rfind("; expected ");
        const bool more = expected != std::string_view::npos && expected > read;
        return text::printable(
            fmt::format("{}{}", theirs.substr(0, read), more ? behind.substr(expected) : ""));
    }

    // The offset of what the parser refused: the token that it read last, or the character within
    // it.
    std::size_t offender(std::string_view theirs) const {
        const auto read = static_cast<std::size_t>(furthest_ - text_.begin());
        const bool in_string = theirs.find("invalid string") != std::string_view::npos &&
                               theirs.find("missing closing quote") == std::string_view::npos;
        if (in_string && read > 0) return read - 1;
        return std::min(text_.find_first_not_of(" \t\r\n,:", ended_), read);
    }

    // Where the token of this event begins; `begun_` and `ended_` are its offsets.
    Position next_token() {
        begun_ = std::min(text_.find_first_not_of(" \t\r\n,:", ended_), text_.size());
        ended_ = static_cast<std::size_t>(furthest_ - text_.begin());
        for (; counted_ < begun_; ++counted_) {
            if (text_[counted_] == '\n')
                place_ = {place_.line + 1, 1};
            else if ((static_cast<unsigned char>(text_[counted_]) & 0xC0U) != 0x80U)
                ++place_.column;
        }
        return place_;
    }

    // The parser reads one character past a number, to see that it ends.
    bool number() {
        const Position at = next_token();
        const std::size_t read = ended_ - (ended_ < text_.size() ? 1 : 0);
        ended_ = std::min(text_.find_first_not_of("+-.0123456789Ee", begun_), read);
        return builder_.leaf(at, Value::plain(std::string(text_.substr(begun_, ended_ - begun_))));
    }

    bool refuse_nul(Position at, std::string_view value) {
        if (value.find('\0') == std::string_view::npos) return true;
        return builder_.fail(at, fmt::format("a NUL character{}", builder_.here(", in ")));
    }

    bool close() {
        (void)next_token();
        return builder_.end();
    }

    std::string_view text_;
    Cursor::Place furthest_;
    DocumentBuilder builder_;
    std::size_t begun_ = 0;
    std::size_t ended_ = 0;
    std::size_t counted_ = 0;
    Position place_;
};

}  // namespace

Result<Value, Errors> read_json(std::string_view text, std::uint32_t source, std::string_view name,
                                Root root) {
    const auto checked = checked_text(text, name, Controls::left);
    if (!checked) return Errors{checked.error()};
    if (checked->find_first_not_of(blanks) == std::string_view::npos)
        return Value::map({}, {source, 1, 1});
    Handler handler(*checked, source, name, root);
    try {
        // False after an error, which the handler has noted.
        (void)nlohmann::json::sax_parse(handler.begin(), handler.end(), &handler);
    } catch (const std::exception& error) {
        return Errors{{Fault::internal, 0, fmt::format("the JSON parser failed: {}", error.what()),
                       std::string(name)}};
    }
    return handler.finish();
}

}  // namespace kaigara::metadata
