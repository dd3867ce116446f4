// SPDX-License-Identifier: Apache-2.0
#include "metadata/output.h"

#include <array>
#include <cstdio>

#include <fmt/format.h>

#include "reading.h"
#include "support/scratch.h"

using namespace kaigara;
using namespace kaigara::metadata;

namespace {

// Texts that a YAML writer has to be careful with.
// clang-format off
constexpr std::array tricky_texts{
    "", " ", " x", "x ", "a: b", "a #b", "#a", "- a", "-", "---", "...", "a:", "@x", "`", "!t",
    "&a", "*a", "%", "|", ">", "'", "\"", "it's", "[a]", "{a}", "a, b", "?", "? a", "<<", "null",
    "~", "true", "1.10", "0x1F", "é", "\xC2\x85", "\xE2\x80\xA8", "\xEF\xBB\xBFx", "a\nb",
    "a\nb\n", "a\n\nb\n\n", "\na", "  a\nb", "a \nb", "a\n  b\n", "\t", "a\tb", "a\r\nb", "\x1b",
    "\x7f", "\\", "\\n", "--x", "-1", "+", "=", "a\n#b\n", "a\n---\nb", "x\n\ty\n", ": a", ",",
    "]", "key: |\n  text\n"
};
// clang-format on

std::string json_of_plain(std::string_view text) {
    return to_json(Value::plain(std::string(text)));
}

Tree with_secret() {
    Tree tree = tree_of("db: {host: h, password: hunter2}\n");
    tree.root().find("db")->find("password")->set_secret(true);
    return tree;
}

// The tree again, after it was written and read.
void check_yaml_round_trip(const Tree& tree) {
    const std::string yaml = to_yaml(tree.root());
    CAPTURE(yaml);
    CHECK(read(yaml) == json_of(tree));
}

std::string shell_output(const std::string& script) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(
        ::popen(("sh " + script).c_str(), "re"), ::pclose);
    std::string out;
    for (int c = 0; (c = std::fgetc(pipe.get())) != EOF;) out += static_cast<char>(c);
    return out;
}

}  // namespace

TEST_SUITE("metadata") {

TEST_CASE("a plain number comes out as a number that JSON allows") {
    for (const auto& [written, expected] :
         std::initializer_list<std::pair<const char*, const char*>>{
             {"014", "14"},
             {"0o17", "15"},
             {"0x1F", "31"},
             {"1.10", "1.10"},
             {".5", "0.5"},
             {"+1", "1"},
             {"-007", "-7"},
             {"0", "0"},
             {"000", "0"},
             {"-0", "-0"},
             {"5.", "5.0"},
             {"5.e3", "5.0e3"},
             {"-.5E-2", "-0.5E-2"},
             {"1e3", "1e3"},
             {"01.50", "1.50"},
             {"0xFFFFFFFFFFFFFFFF", "18446744073709551615"},
             {"123456789012345678901234567890", "123456789012345678901234567890"},
             {"0123456789012345678901234567890", "123456789012345678901234567890"}}) {
        CAPTURE(written);
        CHECK(json_of_plain(written) == expected);
    }
}

TEST_CASE("what JSON has no number for is a string") {
    for (const char* written :
         {".inf", "-.Inf", ".nan", "0x10000000000000000", "0o7777777777777777777777"})
        CHECK(json_of_plain(written) == fmt::format("\"{}\"", written));
}

TEST_CASE("plain booleans and null are JSON's, quoted ones and YAML 1.1's are strings") {
    CHECK(json_of_plain("True") == "true");
    CHECK(json_of_plain("FALSE") == "false");
    CHECK(json_of_plain("~") == "null");
    CHECK(json_of_plain("no") == "\"no\"");
    CHECK(json_of_plain("") == "\"\"");
    CHECK(to_json(Value::quoted("014")) == "\"014\"");
    CHECK(to_json(Value::quoted("true")) == "\"true\"");
    CHECK(to_json(Value::null()) == "null");
}

TEST_CASE("JSON is one line, or indented") {
    const Tree tree = tree_of("a: [1, {b: x}]\nc: {}\nd: []\n");
    CHECK(json_of(tree) == R"({"a":[1,{"b":"x"}],"c":{},"d":[]})");
    CHECK(to_json(tree.root(), 2) == R"({
  "a": [
    1,
    {
      "b": "x"
    }
  ],
  "c": {},
  "d": []
})");
}

TEST_CASE("YAML output is block style and keeps the text of plain scalars") {
    const Tree tree =
        tree_of("app:\n  version: 1.10\n  mode: 014\n  answer: no\n  quoted: '014'\n"
                "  motd: |\n    one\n    two\n  hosts: [a, {name: b, port: 1}, [c, d]]\n"
                "  none: ~\n  empty: {}\n  nothing: []\n");
    CHECK(to_yaml(tree.root()) == R"(app:
  answer: no
  empty: {}
  hosts:
    - a
    - name: b
      port: 1
    - - c
      - d
  mode: 014
  motd: |
    one
    two
  none: null
  nothing: []
  quoted: "014"
  version: 1.10
)");
    CHECK(to_yaml(Value::map({})) == "{}\n");
}

TEST_CASE("YAML output reads back to the same tree, whatever is in it") {
    check_yaml_round_trip(tree_of("a: {b: [1, [2, {c: [x]}]], d: 'null', e: null, f: \"\"}\n"));
    std::vector<Value::Entry> entries;
    int number = 0;
    for (const char* text : tricky_texts) {
        entries.push_back({fmt::format("plain{}", number), Value::plain(text)});
        entries.push_back({fmt::format("quoted{}", number), Value::quoted(text)});
        entries.push_back({fmt::format("list{}", number),
                           Value::list({Value::plain(text), Value::quoted(text)})});
        if (*text != '\0') entries.push_back({text, Value::quoted("value")});
        ++number;
    }
    entries.push_back({"", Value::quoted("the empty key")});
    check_yaml_round_trip(Tree(Value::map(std::move(entries))));
}

TEST_CASE("a key that is longer than YAML expects one to be reads back, too") {
    const std::string key(1500, 'k');
    const Value map = Value::map({{key, Value::quoted("a")}, {key + '\n', Value::quoted("b")}});
    check_yaml_round_trip(Tree(Value::map({{key, Value::quoted("x")}, {"a", map}})));
    check_yaml_round_trip(Tree(Value::map({{"list", Value::list({map, map})}, {key, map}})));
    CHECK(to_yaml(Value::map({{key, Value::quoted("x")}})) == "? \"" + key + "\"\n: \"x\"\n");
}

TEST_CASE("a number stays one in YAML output, however many digits it has") {
    const std::string digits(3000, '7');
    const Tree tree(Value::map({{"a", Value::plain(digits)}, {"b", Value::quoted(digits)}}));
    CHECK(to_yaml(tree.root()) == "a: " + digits + "\nb: \"" + digits + "\"\n");
    check_yaml_round_trip(tree);
}

TEST_CASE("secret values are masked in every format unless they are asked for") {
    const Tree tree = with_secret();
    CHECK(json_of(tree) == R"({"db":{"host":"h","password":"***"}})");
    CHECK(to_yaml(tree.root()) == "db:\n  host: h\n  password: \"***\"\n");
    CHECK(to_env(tree).value() == "DB_HOST='h'\nDB_PASSWORD='***'\n");
    CHECK(to_origins(tree).find("hunter2") == std::string::npos);
    CHECK(to_json(tree.root(), 0, Secrets::shown) == R"({"db":{"host":"h","password":"hunter2"}})");
    CHECK(to_yaml(tree.root(), Secrets::shown) == "db:\n  host: h\n  password: hunter2\n");
    CHECK(to_env(tree, Secrets::shown).value() == "DB_HOST='h'\nDB_PASSWORD='hunter2'\n");
    CHECK(to_origins(tree, Secrets::shown).find("hunter2") != std::string::npos);
}

TEST_CASE("every scalar has a variable, list items by index, other characters as underscores") {
    const Tree tree =
        tree_of("app:\n  db: {url: u}\n  cache-size: 1\n  hosts: [a, {n.x: b}]\n  é: c\n"
                "  none: ~\n  map: {}\n2fa: on\n");
    CHECK(to_env(tree).value() == "_2FA='on'\nAPP_CACHE_SIZE='1'\nAPP_DB_URL='u'\nAPP_HOSTS_0='a'\n"
                                  "APP_HOSTS_1_N_X='b'\nAPP__='c'\n");
}

TEST_CASE("two values that would be one variable are an error") {
    const auto env = to_env(tree_of("a: {b: 1}\na_b: 2\n"));
    REQUIRE_FALSE(env);
    CHECK(lines(env.error()) == "m.yml:2:6: 'a.b' and 'a_b' would both be the variable A_B");
}

TEST_CASE("a shell that reads the variables has the same values") {
    const test::ScratchDir scratch;
    const std::string nasty = "it's $HOME `id` \"x\" \\ \n!*? end";
    const Tree tree(Value::map({{"v", Value::quoted(nasty)}}));
    const std::string script = scratch.write("s", to_env(tree).value() + "printf '%s' \"$V\"\n");
    CHECK(shell_output(script) == nasty);
}

TEST_CASE("the origins of all leaves stand in columns") {
    Tree tree =
        tree_of("app:\n  db: {host: h.example, pw: x}\n  motd: \"a\\nb\"\n  empty: ''\n  none:\n"
                "  list: []\n  map: {}\n");
    tree.root().find("app")->find("db")->find("pw")->set_secret(true);
    CHECK(to_origins(tree) == R"(app.db.host = h.example  (m.yml:2:14)
app.db.pw   = ***        (m.yml:2:29)
app.empty   = ""         (m.yml:4:10)
app.list    = []         (m.yml:6:9)
app.map     = {}         (m.yml:7:8)
app.motd    = "a\nb"     (m.yml:3:9)
app.none    = null       (m.yml:5:3)
)");
}

TEST_CASE("a long path or value does not widen the columns of the others, and is cut") {
    const std::string longest(100, 'k');
    const Tree tree = tree_of(fmt::format("a: 1\n{0}: {0}\n", longest));
    CHECK(to_origins(tree) == fmt::format("a = 1  (m.yml:1:4)\n{} = {}...  (m.yml:2:103)\n",
                                          longest, std::string(60, 'k')));
}

}  // TEST_SUITE("metadata")
