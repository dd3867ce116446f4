// SPDX-License-Identifier: Apache-2.0
#include "metadata/snapshot.h"

#include "metadata/bounds.h"
#include "reading.h"

using namespace kaigara;
using namespace kaigara::metadata;

namespace {

bool same(const Value& a, const Value& b) {
    if (a.kind() != b.kind() || a.text() != b.text() || a.is_plain() != b.is_plain() ||
        a.is_secret() != b.is_secret() || !(a.origin() == b.origin()) ||
        a.items().size() != b.items().size() || a.entries().size() != b.entries().size())
        return false;
    for (std::size_t i = 0; i < a.items().size(); ++i)
        if (!same(a.items()[i], b.items()[i])) return false;
    for (std::size_t i = 0; i < a.entries().size(); ++i) {
        if (a.entries()[i].key != b.entries()[i].key) return false;
        if (!same(a.entries()[i].value, b.entries()[i].value)) return false;
    }
    return true;
}

Tree sample() {
    Tree tree = tree_of(
        "app:\n  db: {host: h, port: 5432, password: hunter2}\n  list: [a, 'b', ~, [], {}]\n"
        "  text: |\n    " +
        std::string(300, 'x') + "\n  é: ü\n");
    tree.root().find("app")->find("db")->find("password")->set_secret(true);
    tree.add_source("KAIGARA_META_X");
    tree.root().find("app")->find("list")->set_origin({1, 0, 0});
    return tree;
}

std::string message(std::string_view bytes) {
    const auto tree = snapshot::decode(bytes);
    if (tree) return "decoded";
    CHECK(tree.error().fault == Fault::bad_data);
    return tree.error().message;
}

void append_number(std::string& out, std::uint64_t number) {
    for (int i = 0; i < 8; ++i) out += static_cast<char>(number >> (8 * i) & 0xFF);
}

// A snapshot with this body, and with a length and a digest that fit it.
std::string forged(const std::string& body) {
    std::string bytes = snapshot::encode(Tree()).substr(0, 12);
    append_number(bytes, body.size());
    append_number(bytes, snapshot::digest(body));
    return bytes + body;
}

}  // namespace

TEST_SUITE("metadata") {

TEST_CASE("a snapshot holds the tree with origins, secrecy and source text") {
    const Tree tree = sample();
    const auto again = snapshot::decode(snapshot::encode(tree));
    REQUIRE(again);
    CHECK(same(tree.root(), again->root()));
    CHECK(again->sources() == tree.sources());
    CHECK(at(*again, "app.db.password").is_secret());
    CHECK_FALSE(at(*again, "app.list.1").is_plain());
    CHECK(again->origin_text(at(*again, "app.db.host").origin()) == "m.yml:2:14");
    CHECK(again->origin_text(at(*again, "app.list").origin()) == "KAIGARA_META_X");
}

TEST_CASE("an empty tree has a snapshot too") {
    const auto again = snapshot::decode(snapshot::encode(Tree()));
    REQUIRE(again);
    CHECK(json_of(*again) == "{}");
    CHECK(again->sources().empty());
}

TEST_CASE("equal trees have equal snapshots") {
    CHECK(snapshot::encode(sample()) == snapshot::encode(sample()));
}

TEST_CASE("every truncation of a snapshot is refused") {
    const std::string bytes = snapshot::encode(sample());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        CAPTURE(size);
        CHECK_FALSE(snapshot::decode(std::string_view(bytes).substr(0, size)).has_value());
    }
    CHECK_FALSE(snapshot::decode(bytes + '\0').has_value());
}

TEST_CASE("every change of a single byte is refused") {
    const std::string bytes = snapshot::encode(sample());
    std::size_t accepted = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        for (int difference = 1; difference < 256; ++difference) {
            std::string changed = bytes;
            changed[i] = static_cast<char>(changed[i] ^ difference);
            if (snapshot::decode(changed)) ++accepted;
        }
    }
    CHECK(accepted == 0);
}

TEST_CASE("a refused snapshot says what is wrong with it") {
    std::string bytes = snapshot::encode(sample());
    CHECK(message("").ends_with("it was not written by kaigara"));
    CHECK(message("app:\n  db: 1\n").ends_with("it was not written by kaigara"));
    CHECK(message(std::string_view(bytes).substr(0, 10)).ends_with("it is cut off"));
    CHECK(message(std::string_view(bytes).substr(0, bytes.size() - 1)).ends_with("it is cut off"));
    CHECK(message(bytes + "x").ends_with("there are bytes behind its end"));
    bytes[8] = 9;
    CHECK(message(bytes).find("another version of kaigara") != std::string::npos);
    bytes = snapshot::encode(sample());
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    CHECK(message(bytes).ends_with("its digest does not fit its content"));
}

TEST_CASE("a body with the right digest is trusted in nothing either") {
    const std::string body = snapshot::encode(sample()).substr(28);
    REQUIRE(snapshot::decode(forged(body)).has_value());
    std::size_t refused = 0;
    for (std::size_t i = 0; i < body.size(); ++i) {
        CHECK_FALSE(snapshot::decode(forged(body.substr(0, i))).has_value());
        for (int difference = 1; difference < 256; ++difference) {
            std::string changed = body;
            changed[i] = static_cast<char>(changed[i] ^ difference);
            const auto tree = snapshot::decode(forged(changed));
            if (!tree)
                ++refused;
            else
                CHECK(tree->root().is_map());
        }
    }
    CHECK(refused > 0);
}

TEST_CASE("a body that nests too deeply, claims too much or is out of order is refused") {
    using namespace std::string_literals;
    const std::string list = "\x02\x00\x00\x00\x01"s;  // a list of one item
    const std::string map = "\x00\x03\x00\x00\x00"s;   // no sources, and a map
    const std::string null = "\x00\x00\x00\x00"s;
    const auto nested = [&](std::size_t levels) {
        std::string body = map + "\x01\x01k"s;
        for (std::size_t i = 1; i < levels; ++i) body += list;
        return body + null;
    };
    CHECK(snapshot::decode(forged(nested(max_depth))).has_value());
    CHECK_FALSE(snapshot::decode(forged(nested(max_depth + 1))).has_value());
    CHECK_FALSE(snapshot::decode(forged(nested(100'000))).has_value());
    CHECK_FALSE(
        snapshot::decode(forged(map + "\xff\xff\xff\xff\xff\xff\xff\xff\x7f"s)).has_value());
    CHECK_FALSE(
        snapshot::decode(forged(map + "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s)).has_value());
    CHECK(snapshot::decode(forged(map + "\x02\x01"s + "a" + null + "\x01"s + "b" + null))
              .has_value());
    CHECK_FALSE(snapshot::decode(forged(map + "\x02\x01"s + "b" + null + "\x01"s + "a" + null))
                    .has_value());
    CHECK_FALSE(snapshot::decode(forged(map + "\x02\x01"s + "a" + null + "\x01"s + "a" + null))
                    .has_value());
    CHECK_FALSE(snapshot::decode(forged("\x00"s + null)).has_value());
    CHECK_FALSE(snapshot::decode(forged("\xff\xff\x03"s)).has_value());
}

TEST_CASE("a snapshot whose numbers are written in more bytes than they need is refused") {
    using namespace std::string_literals;
    const std::string head = "\x00\x03\x00\x00"s;  // no sources, a map, its source and line
    const std::string column = head + "\x05\x00"s;
    CHECK(snapshot::decode(forged(column)).has_value());
    CHECK_FALSE(snapshot::decode(forged(head + "\x85\x00\x00"s)).has_value());
    CHECK_FALSE(snapshot::decode(forged(head + "\x85\x80\x00\x00"s)).has_value());
    // The tenth byte holds the last of 64 bits; one above it would be lost.
    const std::string lost = "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02"s;
    CHECK_FALSE(snapshot::decode(forged(head + "\x05"s + lost)).has_value());
}

}  // TEST_SUITE("metadata")
