// SPDX-License-Identifier: Apache-2.0
#include "metadata/yaml.h"

#include <fmt/format.h>

#include "metadata/bounds.h"
#include "reading.h"

using namespace kaigara;
using namespace kaigara::metadata;
using namespace std::string_view_literals;

namespace {

std::string repeat(std::string_view text, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += text;
    return out;
}

bool starts_with(const std::string& text, std::string_view beginning) {
    CAPTURE(text);
    return text.starts_with(beginning);
}

}  // namespace

TEST_SUITE("metadata") {

TEST_CASE("maps, lists and scalars of a YAML file become the tree") {
    CHECK(read("app:\n  db: {host: h, port: 5432}\n  list:\n  - a\n  - [b, c]\n") ==
          R"({"app":{"db":{"host":"h","port":5432},"list":["a",["b","c"]]}})");
}

TEST_CASE("a scalar keeps its source text") {
    const Tree tree = tree_of("a: 1.10\nb: 014\nc: no\nd: 0x1F\ne: '007'\nf: True\ng: 1e3\n");
    CHECK(at(tree, "a").text() == "1.10");
    CHECK(at(tree, "b").text() == "014");
    CHECK(at(tree, "c").text() == "no");
    CHECK(at(tree, "d").text() == "0x1F");
    CHECK(at(tree, "e").text() == "007");
    CHECK(at(tree, "f").text() == "True");
    CHECK(at(tree, "g").text() == "1e3");
    CHECK_FALSE(at(tree, "e").is_plain());
    CHECK(at(tree, "a").is_plain());
}

TEST_CASE("null is what the core schema calls null, and quoted it is text") {
    const Tree tree = tree_of("a:\nb: ~\nc: null\nd: Null\ne: NULL\nf: 'null'\ng: !!str null\n"
                              "h: ''\ni: !!null ''\nj: [~, x]\nk: \"~\"\n");
    for (const char* path : {"a", "b", "c", "d", "e", "i", "j.0"}) CHECK(at(tree, path).is_null());
    for (const char* path : {"f", "g", "h", "k"}) CHECK(at(tree, path).is_scalar());
    CHECK(at(tree, "f").text() == "null");
    CHECK(at(tree, "h").text().empty());
}

TEST_CASE("a file without values is an empty map") {
    for (const std::string_view text : {""sv, "\n"sv, "# only a comment\n"sv, "---\n"sv,
                                        "--- ~\n"sv, "null\n"sv, "{}\n"sv, "---\n...\n"sv}) {
        CAPTURE(text);
        CHECK(read(text) == "{}");
    }
}

TEST_CASE("a byte order mark is skipped and does not move the columns") {
    const Tree tree = tree_of("\xEF\xBB\xBF"
                              "a: 1\n");
    CHECK(tree.origin_text(at(tree, "a").origin()) == "m.yml:1:4");
}

TEST_CASE("line ends of either kind are read") {
    CHECK(read("a: 1\r\nb:\r\n- x\r\n") == R"({"a":1,"b":["x"]})");
}

TEST_CASE("every value knows its line and column, counted in characters") {
    const Tree tree = tree_of("a: 1\nb:\n  c: x\nd: [é, y]\nü: {ö: z, e: }\n");
    CHECK(tree.origin_text(at(tree, "a").origin()) == "m.yml:1:4");
    CHECK(tree.origin_text(at(tree, "b.c").origin()) == "m.yml:3:6");
    CHECK(tree.origin_text(at(tree, "d.1").origin()) == "m.yml:4:8");
    CHECK(tree.origin_text(at(tree, "ü.ö").origin()) == "m.yml:5:8");
    CHECK(tree.origin_text(at(tree, "ü.e").origin()) == "m.yml:5:11");
}

TEST_CASE("an empty value has the origin of its key") {
    const Tree tree = tree_of("a: 1\nb:\n\n\nc: 2\n");
    CHECK(tree.origin_text(at(tree, "b").origin()) == "m.yml:2:1");
}

TEST_CASE("block scalars keep their line ends as they say") {
    const Tree tree = tree_of("a: |\n  x\n  y\nb: |-\n  x\nc: >\n  x\n  y\nd: |+\n  x\n\n");
    CHECK(at(tree, "a").text() == "x\ny\n");
    CHECK(at(tree, "b").text() == "x");
    CHECK(at(tree, "c").text() == "x y\n");
    CHECK(at(tree, "d").text() == "x\n\n");
}

TEST_CASE("an alias is a copy of what its anchor names, anchors in it included") {
    CHECK(read("a: &x {b: &y [1, 2], c: *y}\nd: *x\ne: *y\n") ==
          R"({"a":{"b":[1,2],"c":[1,2]},"d":{"b":[1,2],"c":[1,2]},"e":[1,2]})");
    CHECK(read("a: &x 1\nb: *x\nc: &x 2\nd: *x\n") == R"({"a":1,"b":1,"c":2,"d":2})");
    CHECK(read("&k a: 1\nb: *k\n") == R"({"a":1,"b":"a"})");
    CHECK(read("a: &n\nb: *n\n") == R"({"a":null,"b":null})");
}

TEST_CASE("a duplicate key is an error that names file, line, column and key") {
    const auto root = read_yaml("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n", 0, "dir/m.yml");
    REQUIRE_FALSE(root);
    REQUIRE(root.error().size() == 1);
    CHECK(root.error()[0].fault == Fault::bad_data);
    CHECK(root.error()[0].where == "dir/m.yml:5:3");
    CHECK(root.error()[0].message == "duplicate key 'c' in 'b', first in line 3");
}

TEST_CASE("duplicate keys are found however they are spelt") {
    CHECK(read("a: 1\n'a': 2\n") == "m.yml:2:1: duplicate key 'a', first in line 1");
    CHECK(read("{b: 1, a: 2, \"b\": 3}") == "m.yml:1:14: duplicate key 'b', first in line 1");
    CHECK(read("l:\n- {k: 1, k: 2}\n") ==
          "m.yml:2:10: duplicate key 'k' in 'l.0', first in line 2");
}

TEST_CASE("errors are collected, in the order of the file") {
    CHECK(read("z: 1\na: 1\na: 2\nb: !t x\nc: {d: 1, d: 2}\n<<: x\nz: 2\n") ==
          "m.yml:3:1: duplicate key 'a', first in line 2\n"
          "m.yml:4:4: unknown tag '!t' on a scalar, in 'b'\n"
          "m.yml:5:11: duplicate key 'd' in 'c', first in line 5\n"
          "m.yml:6:1: the merge key '<<' is not supported; write the keys out, or merge two files\n"
          "m.yml:7:1: duplicate key 'z', first in line 1");
}

TEST_CASE("a file full of errors reports a hundred of them and says so") {
    const auto root = read_yaml("a: 1\n" + repeat("a: 2\n", 1000), 0, "m.yml");
    REQUIRE_FALSE(root);
    CHECK(root.error().size() == max_errors);
    CHECK(root.error().back().message.ends_with("they are not shown)"));
}

TEST_CASE("an alias bomb is an error before it goes off") {
    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 10; ++i) {
        bomb += fmt::format("a{0}: &a{0} [{1}]\n", i, repeat(fmt::format("*a{}, ", i - 1), 10));
    }
    CHECK(read(bomb) ==
          "m.yml:5:45: more than 100000 values, with aliases expanded, reached in 'a4.7'");
}

TEST_CASE("aliases of a long text are counted by their length") {
    const std::string bomb =
        "a: &a '" + repeat("x", 1 << 20) + "'\nb: [" + repeat("*a,", 70) + "]\n";
    CHECK(starts_with(read(bomb), "m.yml:2:191: more than 67108864 bytes of text"));
}

TEST_CASE("an alias of what contains it is an error") {
    CHECK(read("a: &x [1, *x]\n") == "m.yml:1:11: an alias of a node that contains it, in 'a.1'");
    CHECK(read("a: &x {b: {c: *x}}\n") ==
          "m.yml:1:15: an alias of a node that contains it, in 'a.b.c'");
}

TEST_CASE("an alias of an anchor that does not exist is an error") {
    CHECK(starts_with(read("a: *nobody\n"), "m.yml:1:4: "));
}

TEST_CASE("64 levels of nesting are read and 65 are an error") {
    const std::string deepest = repeat("[", 63) + repeat("]", 63);
    CHECK(read("a: " + deepest) == "{\"a\":" + deepest + "}");
    CHECK(
        starts_with(read("a: [" + deepest + "]"), "m.yml:1:67: nesting past 64 levels, in 'a.0.0"));
    CHECK(starts_with(read("{a: " + repeat("{a: ", 64) + repeat("}", 65)),
                      "m.yml:1:257: nesting past 64 levels"));
    CHECK(
        starts_with(read("a:\n" + repeat("- ", 64) + "x"), "m.yml:2:127: nesting past 64 levels"));
    std::string block;
    for (std::size_t i = 0; i < 65; ++i) block += std::string(i, ' ') + "k:\n";
    CHECK(starts_with(read(block), "m.yml:65:65: nesting past 64 levels"));
    // The parser tries these as keys.
    CHECK(read(repeat("[", 100'000)) == "m.yml:1:1: nesting past what can be read");
}

TEST_CASE("an alias may not nest past 64 levels either") {
    const std::string text = "a: &a " + repeat("[", 40) + repeat("]", 40) + "\nb: ";
    CHECK(read(text + repeat("[", 23) + "*a" + repeat("]", 23)).starts_with("{"));
    CHECK(starts_with(read(text + repeat("[", 24) + "*a" + repeat("]", 24)),
                      "m.yml:2:28: nesting past 64 levels, with the alias expanded"));
}

TEST_CASE("100,000 values are read and one more is an error") {
    // The map and the list are two of them.
    const std::string most = "a: [" + repeat("x,", max_nodes - 2) + "]";
    CHECK(read_yaml(most, 0, "m.yml").has_value());
    CHECK(starts_with(read("a: [" + repeat("x,", max_nodes - 1) + "]"),
                      "m.yml:1:200001: more than 100000 values"));
}

TEST_CASE("invalid UTF-8 is an error that names the place") {
    CHECK(read("a: 1\nb: é\xff\n") == "m.yml:2:5: invalid UTF-8 (byte 0xff)");
    CHECK(read("a: \xc0\x80\n") == "m.yml:1:4: invalid UTF-8 (byte 0xc0)");
    CHECK(read("\xff\xfe"
               "a\0:\0"sv) == "m.yml:1:1: UTF-16; it has to be UTF-8");
}

TEST_CASE("NUL and other control characters are errors, tabs and line ends are not") {
    CHECK(read("a: x\0y\n"sv) == "m.yml:1:5: control character 0x00");
    CHECK(read("a: 1\nb: \"x\x1b[31m\"\n") == "m.yml:2:6: control character 0x1b");
    CHECK(read("a: \x7f\n") == "m.yml:1:4: control character 0x7f");
    // yaml-cpp takes this one for the end of the file.
    CHECK(read("a: 1\n\x04\nb: 2\n") == "m.yml:2:1: control character 0x04");
    CHECK(read("a: 1\rb: 2\r") == "m.yml:1:5: a carriage return without a line feed");
    CHECK(read("a: x\ty\n") == R"({"a":"x\ty"})");
    CHECK(read("a: \"x\\ty\\e\"\n") == R"({"a":"x\ty\u001b"})");
}

TEST_CASE("a NUL that an escape makes is an error, in a value and in a key") {
    CHECK(read("a: \"x\\0y\"\n") == "m.yml:1:4: a NUL character, in 'a'");
    CHECK(read("\"x\\0y\": 1\n") == "m.yml:1:1: a NUL character");
}

TEST_CASE("the escapes of a quoted text are whole characters") {
    // yaml-cpp makes one byte, no UTF-8, of the first two.
    CHECK(at(tree_of(R"(a: "é\Nx\_\N")"), "a").text() == "é\xC2\x85x\xC2\xA0\xC2\x85");
    CHECK(at(tree_of(R"(a: "\x85\u00e9\U0001F600\L\P\/\"")"), "a").text() ==
          "\xC2\x85é\xF0\x9F\x98\x80\xE2\x80\xA8\xE2\x80\xA9/\"");
    CHECK(starts_with(read(R"(a: "\uD800")"), "m.yml:1:"));
}

TEST_CASE("an error in an escape that the file's end cuts off is at the end, not behind it") {
    CHECK(starts_with(read(R"(a: "\uD6")"), "m.yml:1:10: bad character found"));
    CHECK(starts_with(read(R"(é: "\uD6")"), "m.yml:1:10: bad character found"));
}

TEST_CASE("a second document is an error, even an empty one") {
    const std::string message = ": a second document begins here; one file holds one";
    CHECK(read("a: 1\n---\nb: 2\n") == "m.yml:2:1" + message);
    CHECK(read("a: 1\n---\n") == "m.yml:2:1" + message);
    CHECK(read("a: 1\n...\n---\nb: 2\n") == "m.yml:3:1" + message);
    CHECK(read("---\na: 1\n...\n") == R"({"a":1})");
}

TEST_CASE("text behind the end of the document is an error") {
    const std::string message = ": the document has ended before this (is the indentation right?)";
    CHECK(read("  a: 1\nb: 2\n") == "m.yml:2:1" + message);
    CHECK(read("{a: 1}\nb: 2\n") == "m.yml:2:1" + message);
}

TEST_CASE("the merge key is an error, and a key that is quoted so is not") {
    CHECK(read("base: &b {x: 1}\napp:\n  <<: *b\n  y: 2\n") ==
          "m.yml:3:3: the merge key '<<' is not supported; write the keys out, or merge two files, "
          "in 'app'");
    CHECK(read("'<<': 1\n") == R"({"<<":1})");
}

TEST_CASE("a root that is no map is an error") {
    CHECK(read("- a\n- b\n") == "m.yml:1:1: a list; the document has to be a map, of 'key: value'");
    CHECK(read("just text\n") ==
          "m.yml:1:1: a single value; the document has to be a map, of 'key: value'");
}

TEST_CASE("a key that is no text is an error, and reading goes on behind it") {
    const std::string text = ": a key has to be text, this is ";
    CHECK(read("[a, {b: c}]: 1\nd: !t 2\n") ==
          "m.yml:1:1" + text + "a list\nm.yml:2:4: unknown tag '!t' on a scalar, in 'd'");
    CHECK(read("{a: 1}: 1\n") == "m.yml:1:1" + text + "a map");
    CHECK(read("? {a: 1}\n: x\n") == "m.yml:1:3" + text + "a map");
    CHECK(starts_with(read("~: 1\n"), "m.yml:1:1" + text + "null"));
    CHECK(starts_with(read("null: 1\n"), "m.yml:1:1" + text + "null"));
    CHECK(starts_with(read(": 1\n"), "m.yml:1:1" + text + "null"));
    CHECK(read("a: &x b\n*x : 1\n") == "m.yml:2:1" + text + "an alias");
    CHECK(read("'null': 1\n2: x\ntrue: y\n? z\n") == R"({"2":"x","null":1,"true":"y","z":null})");
}

TEST_CASE("tags of the core schema have to fit, and others are unknown") {
    CHECK(read("a: !!str 12\nb: !!int 12\nc: !!float 1\nd: !!bool true\ne: !!int \"7\"\n"
               "f: !!map {x: 1}\ng: !!seq [1]\nh: ! 12\ni: !!str\n") ==
          R"({"a":"12","b":12,"c":1,"d":true,"e":7,"f":{"x":1},"g":[1],"h":"12","i":""})");
    CHECK(read("a: !!int x\n") == "m.yml:1:4: this is no !!int, in 'a'");
    CHECK(read("a: !!null x\n") == "m.yml:1:4: this is no !!null, in 'a'");
    CHECK(read("a: !!bool yes\n") == "m.yml:1:4: this is no !!bool, in 'a'");
    CHECK(read("a: !vault x\n") == "m.yml:1:4: unknown tag '!vault' on a scalar, in 'a'");
    CHECK(read("a: !!binary x\n") == "m.yml:1:4: unknown tag '!!binary' on a scalar, in 'a'");
    CHECK(read("a: !x [1]\n") == "m.yml:1:4: unknown tag '!x' on a list, in 'a'");
    CHECK(read("a: !!set {b}\n") == "m.yml:1:4: unknown tag '!!set' on a map, in 'a'");
    CHECK(read("a: !!seq {b: 1}\n") == "m.yml:1:4: unknown tag '!!seq' on a map, in 'a'");
}

TEST_CASE("a quoted text that the file's end cuts off is an error at its opening quote") {
    const std::string message = ": a quoted text that is never closed";
    // yaml-cpp accepts these three.
    CHECK(read("a: \"x\nb: 1\n") == "m.yml:1:4" + message);
    CHECK(read("a: 'x\nb: 1\n") == "m.yml:1:4" + message);
    CHECK(read("a: 1\nb: !!str &x 'it''s\n") == "m.yml:2:13" + message);
    CHECK(read("a: \"x\\\"\n") == "m.yml:1:4" + message);
    // And it refuses these, but tells the end of the file.
    CHECK(read("a: 1\nit's: \"x") == "m.yml:2:7" + message + ", in 'it's'");
    CHECK(read("a: [1, 'x") == "m.yml:1:8" + message + ", in 'a.1'");
    CHECK(read("'a': b # it's\nc: \"x") == "m.yml:2:4" + message + ", in 'c'");
    CHECK(read("a: \"x\\") == "m.yml:1:4" + message + ", in 'a'");
    CHECK(read("a: \"x\"\nb: 'y'\n") == R"({"a":"x","b":"y"})");
    CHECK(read("a: 'it''s'") == R"({"a":"it's"})");
    CHECK(read("a: \"x\\\\\"") == R"({"a":"x\\"})");
}

TEST_CASE("a key without its colon is an error") {
    CHECK(read("a: 1\nb\n") == "m.yml:2:1: no ':' behind the key 'b'");
    CHECK(starts_with(read("a: 1\nb\nc: 2\n"), "m.yml:3:2: a ':' where no value can begin"));
    CHECK(read("{a, b: 1}") == R"({"a":null,"b":1})");
    CHECK(read("? a\nb: 1\n") == R"({"a":null,"b":1})");
}

TEST_CASE("a line without a colon does not become the value of the key above it") {
    CHECK(read("user: u\nhost: \nport\n") == "m.yml:3:1: no ':' behind the key 'port'");
    CHECK(starts_with(read("host:\nport # c\nuser: u\n"), "m.yml:2:1: no ':' behind this"));
    CHECK(starts_with(read("a: &x 1\nb:\n*x\n"), "m.yml:3:1: no ':' behind this"));
    CHECK(read("a: 1\nport\n") == "m.yml:2:1: no ':' behind the key 'port'");
    CHECK(read("a:\n b\nc:\n- d\n- e:\n   f\n") == R"({"a":"b","c":["d",{"e":"f"}]})");
    CHECK(read("? a\n: b\nc: !!map\n  d:\n   e\nf: {g:\nh}\n") ==
          R"({"a":"b","c":{"d":"e"},"f":{"g":"h"}})");
}

TEST_CASE("a list with nothing in front of a comma is an error, a comma at its end is none") {
    CHECK(read("a: [1,, 2]\n") == "m.yml:1:7: nothing in front of this ',', in 'a.1'");
    CHECK(read("a: [, 2]\n") == "m.yml:1:5: nothing in front of this ',', in 'a.0'");
    CHECK(read("a: [1, 2,]\nb: {c: 1,}\n") == R"({"a":[1,2],"b":{"c":1}})");
    CHECK(
        starts_with(read("a: {b: 1,, c: 2}\n"), "m.yml:1:10: a key has to be text, this is null"));
}

TEST_CASE("a line that the parser would drop as a directive is an error") {
    const std::string message =
        ": a line that begins with '%', which makes it a directive; put the "
        "text in quotes or indent it";
    CHECK(read("a: 1\n%b: 2\nc: 3\n") == "m.yml:2:1" + message);
    CHECK(read("a: 1\n---\n%b: 2\n").starts_with("m.yml:2:1: a second document"));
    CHECK(read("# c\n\n%YAML 1.2\n---\na: 1\n") == R"({"a":1})");
    CHECK(read("a: \"x\n%b\"\nc:\n  %d\n").starts_with("m.yml:4:3"));
    CHECK(read("a: \"x\n%b\"\nc: |\n  %d\n") == R"({"a":"x %b","c":"%d\n"})");
}

TEST_CASE("what the parser refuses is told with its place and the path that was read") {
    CHECK(starts_with(read("a:\n  b: c: d\n"), "m.yml:2:7: a ':' where no value can begin"));
    CHECK(starts_with(read("a:\n\tb: 1\n"), "m.yml:2:3: a tab in the indentation"));
    CHECK(starts_with(read("a:\n  b: 1\n\tc: 2\n"), "m.yml:3:1: a tab in the indentation"));
    CHECK(starts_with(read("a: @x\n"), "m.yml:1:4: a text cannot begin with this character"));
    CHECK(read("a: @x\n").ends_with(", in 'a'"));
    CHECK(starts_with(read("a: 1\n}\n"), "m.yml:2:1: a ']' or '}' that closes nothing"));
    CHECK(starts_with(read("a: [1, 2\nb: 3\n"), "m.yml:2:2: the list lacks its ']'"));
    CHECK(starts_with(read("a:\n  b: 1\n c: 2\n"), "m.yml:3:2: this does not belong to the map"));
    CHECK(starts_with(read("a: \"\\q\"\n"), "m.yml:1:"));
    CHECK(starts_with(read("%YAML 9.9\n---\na: 1\n"), "m.yml:1:1: "));
}

TEST_CASE("a document of more than 16 MiB is refused before it is parsed") {
    CHECK(read("a: " + repeat("x", max_document_bytes)) == "m.yml: more than 16777216 bytes");
}

TEST_CASE("ten thousand leaves are read with their paths and places") {
    std::string text;
    for (int i = 0; i < 100; ++i) {
        text += fmt::format("group{}:\n", i);
        for (int j = 0; j < 100; ++j) text += fmt::format("  key{}: value number {}\n", j, j);
    }
    const Tree tree = tree_of(text);
    CHECK(tree.leaf_paths().size() == 10'000);
    CHECK(at(tree, "group99.key99").text() == "value number 99");
    CHECK(tree.origin_text(at(tree, "group99.key99").origin()) == "m.yml:10100:10");
}

TEST_CASE(
    "no cut of a document and no changed byte makes the reader fail otherwise than by errors") {
    const std::string text =
        "a: &x {b: 'q', c: [1, \"\\u00e9\"]}\nd: *x\ne: |\n  t\nf: !!str é\n? g\n: h\n";
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto cut = read_yaml(text.substr(0, i), 0, "m.yml");
        CHECK((cut.has_value() || !cut.error().empty()));
        for (const char c :
             {'\0', ':', '"', '\'', '[', '}', '&', '*', '\n', ' ', '\xff', '-', '|'}) {
            std::string changed = text;
            changed[i] = c;
            const auto root = read_yaml(changed, 0, "m.yml");
            CHECK((root.has_value() || root.error()[0].fault == Fault::bad_data));
        }
    }
}

}  // TEST_SUITE("metadata")
