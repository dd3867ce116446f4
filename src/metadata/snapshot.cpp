// SPDX-License-Identifier: Apache-2.0
#include "metadata/snapshot.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "metadata/bounds.h"

namespace kaigara::metadata::snapshot {

namespace {

constexpr std::string_view magic("kaigara\x01", 8);
constexpr std::uint32_t version = 1;
constexpr std::size_t header_size = 8 + 4 + 8 + 8;

constexpr std::uint8_t kind_mask = 0x03;
constexpr std::uint8_t plain_flag = 0x04;
constexpr std::uint8_t secret_flag = 0x08;
constexpr std::uint8_t known_bits = kind_mask | plain_flag | secret_flag;

// A count is believed only so far before the things themselves come.
constexpr std::size_t most_reserved = 4096;

std::uint64_t read_fixed(std::string_view bytes, std::size_t at, std::size_t size) {
    std::uint64_t number = 0;
    for (std::size_t i = size; i-- > 0;)
        number = number << 8 | static_cast<unsigned char>(bytes[at + i]);
    return number;
}

void append_fixed(std::string& out, std::uint64_t number, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i, number >>= 8) out += static_cast<char>(number & 0xFF);
}

class Writer {
public:
    void number(std::uint64_t number) {
        for (; number >= 0x80; number >>= 7) out_ += static_cast<char>(0x80 | (number & 0x7F));
        out_ += static_cast<char>(number);
    }
    void text(std::string_view text) {
        number(text.size());
        out_ += text;
    }
    void value(const Value& value) {
        std::uint8_t head = static_cast<std::uint8_t>(value.kind());
        if (value.is_plain()) head |= plain_flag;
        if (value.is_secret()) head |= secret_flag;
        out_ += static_cast<char>(head);
        number(value.origin().source);
        number(value.origin().line);
        number(value.origin().column);
        if (value.is_scalar()) text(value.text());
        if (value.is_list()) {
            number(value.items().size());
            for (const Value& item : value.items()) this->value(item);
        }
        if (value.is_map()) {
            number(value.entries().size());
            for (const Value::Entry& entry : value.entries()) {
                text(entry.key);
                this->value(entry.value);
            }
        }
    }
    std::string take() { return std::move(out_); }

private:
    std::string out_;
};

// Reads until something does not fit; from then on `failed` is true and all that comes is empty.
class Reader {
public:
    explicit Reader(std::string_view bytes) : bytes_(bytes) {}

    bool failed() const noexcept { return failed_; }
    bool at_end() const noexcept { return bytes_.empty(); }

    std::uint64_t number() {
        std::uint64_t number = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            if (bytes_.empty()) break;
            const auto byte = static_cast<unsigned char>(bytes_.front());
            bytes_.remove_prefix(1);
            number |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
            // A number has one form: no zeros at its end, and nothing above its 64 bits.
            if ((shift > 0 && byte == 0) || (shift == 63 && byte > 1)) break;
            if ((byte & 0x80) == 0) return number;
        }
        fail();
        return 0;
    }
    std::uint32_t small_number() {
        const std::uint64_t wide = number();
        if (wide <= std::numeric_limits<std::uint32_t>::max())
            return static_cast<std::uint32_t>(wide);
        fail();
        return 0;
    }
    // The number of things that follow, each of which takes a byte at least.
    std::size_t count() {
        const std::uint64_t count = number();
        if (count <= bytes_.size()) return static_cast<std::size_t>(count);
        fail();
        return 0;
    }
    std::string text() {
        const std::size_t size = count();
        std::string text(bytes_.substr(0, size));
        bytes_.remove_prefix(size);
        return text;
    }
    void value(Value& out, std::size_t depth);

private:
    void fail() {
        failed_ = true;
        bytes_ = {};
    }
    Value list(Origin origin, std::size_t depth);
    Value map(Origin origin, std::size_t depth);

    std::string_view bytes_;
    std::size_t nodes_ = 0;
    bool failed_ = false;
};

void Reader::value(Value& out, std::size_t depth) {
    if (bytes_.empty() || ++nodes_ > max_nodes) return fail();
    const auto head = static_cast<std::uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    if ((head & ~known_bits) != 0) return fail();
    const auto kind = static_cast<Kind>(head & kind_mask);
    const bool plain = (head & plain_flag) != 0;
    const bool nested = kind == Kind::list || kind == Kind::map;
    if ((plain && kind != Kind::scalar) || (nested && depth == max_depth)) return fail();
    Origin origin;
    origin.source = small_number();
    origin.line = small_number();
    origin.column = small_number();
    switch (kind) {
    case Kind::null: out = Value::null(origin); break;
    case Kind::list: out = list(origin, depth + 1); break;
    case Kind::map: out = map(origin, depth + 1); break;
    case Kind::scalar:
        out = plain ? Value::plain(text(), origin) : Value::quoted(text(), origin);
        break;
    }
    out.set_secret((head & secret_flag) != 0);
}

Value Reader::list(Origin origin, std::size_t depth) {
    const std::size_t size = count();
    std::vector<Value> items;
    items.reserve(std::min(size, most_reserved));
    for (std::size_t i = 0; i < size && !failed_; ++i) value(items.emplace_back(), depth);
    return Value::list(std::move(items), origin);
}

Value Reader::map(Origin origin, std::size_t depth) {
    const std::size_t size = count();
    std::vector<Value::Entry> entries;
    entries.reserve(std::min(size, most_reserved));
    for (std::size_t i = 0; i < size && !failed_; ++i) {
        Value::Entry& entry = entries.emplace_back();
        entry.key = text();
        // In order and without duplicates, as look-ups need it.
        if (i > 0 && entry.key <= entries[i - 1].key) fail();
        value(entry.value, depth);
    }
    return Value::map(std::move(entries), origin);
}

Error damaged(std::string_view how) {
    return {Fault::bad_data, 0,
            fmt::format("this is no snapshot of metadata that can be used: {}", how), ""};
}

}  // namespace

// Eight bytes a round. Each round is a bijection of the state for a given word, and of the word for
// a given state: no change within one word can get lost.
std::uint64_t digest(std::string_view bytes) noexcept {
    constexpr std::uint64_t odd = 0x9E3779B97F4A7C15;
    std::uint64_t state = odd ^ bytes.size();
    const auto round = [&state](std::uint64_t word) {
        state = (state ^ word) * odd;
        state ^= state >> 32;
    };
    for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data(), 8);  // a snapshot never leaves the machine
        round(word);
    }
    round(read_fixed(bytes, 0, bytes.size()));
    return state;
}

std::string encode(const Tree& tree) {
    Writer writer;
    writer.number(tree.sources().size());
    for (const std::string& source : tree.sources()) writer.text(source);
    writer.value(tree.root());
    const std::string body = writer.take();

    std::string out(magic);
    out.reserve(header_size + body.size());
    append_fixed(out, version, 4);
    append_fixed(out, body.size(), 8);
    append_fixed(out, digest(body), 8);
    out += body;
    return out;
}

Result<Tree> decode(std::string_view bytes) {
    if (bytes.substr(0, magic.size()) != magic.substr(0, bytes.size()) || bytes.empty())
        return damaged("it was not written by kaigara");
    if (bytes.size() < header_size) return damaged("it is cut off");
    const std::uint64_t found = read_fixed(bytes, 8, 4);
    if (found != version) {
        return damaged(fmt::format("its layout is {}, this kaigara reads {}; another version of "
                                   "kaigara wrote it",
                                   found, version));
    }
    const std::string_view body = bytes.substr(header_size);
    const std::uint64_t length = read_fixed(bytes, 12, 8);
    if (body.size() < length) return damaged("it is cut off");
    if (body.size() > length) return damaged("there are bytes behind its end");
    if (digest(body) != read_fixed(bytes, 20, 8))
        return damaged("its digest does not fit its content");

    Reader reader(body);
    std::vector<std::string> sources;
    for (std::size_t left = reader.count(); left > 0 && !reader.failed(); --left)
        sources.push_back(reader.text());
    Value root;
    reader.value(root, 0);
    if (reader.failed() || !reader.at_end() || !root.is_map())
        return damaged("its content does not fit its layout");
    return Tree(std::move(root), std::move(sources));
}

}  // namespace kaigara::metadata::snapshot
