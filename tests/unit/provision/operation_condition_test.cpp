// SPDX-License-Identifier: Apache-2.0
#include "provision/operation_condition.h"

#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "support/scratch.h"
#include "template_fixture.h"

using namespace kaigara;
using namespace kaigara::provision;
using metadata::Tree;
using metadata::Value;
using test::plain;
using test::ScratchDir;
using test::words;

namespace {

Tree tree_of(std::vector<Value::Entry> entries) { return Tree(Value::map(std::move(entries))); }

Tree tree() {
    return tree_of({{"on", plain("true")},
                    {"off", plain("false")},
                    {"zero", plain("0")},
                    {"empty", Value::quoted("")},
                    {"word", Value::quoted("false")},
                    {"nothing", Value::null()},
                    {"list", words({"a"})},
                    {"no_list", Value::list({})},
                    {"map", Value::map({{"a", plain("b=c")}})},
                    {"no_map", Value::map({})},
                    {"dotted.key", plain("x")}});
}

std::string complaint(std::string_view when) {
    const auto good = check_when(when);
    if (good) return {};
    CHECK(good.error().fault == Fault::configuration);
    return good.error().message;
}

std::string digest(const std::vector<std::string>& inputs, const Tree& from = tree()) {
    auto sum = OperationInputs(inputs, from).digest();
    REQUIRE(sum.has_value());
    CHECK(sum->size() == (inputs.empty() ? 0 : 64));
    return *sum;
}

std::string digest_of(Value value) { return digest({"a"}, tree_of({{"a", std::move(value)}})); }

}  // namespace

TEST_SUITE("provision") {

TEST_CASE("a path alone is true as it is in a template, and '!' turns it round") {
    for (const char* path :
         {"on", "zero", "word", "list", "map", "map.a", ".on", "list.0", "dotted.key"}) {
        CAPTURE(path);
        CHECK(check_when(path).has_value());
        CHECK(applies(path, tree()));
        CHECK_FALSE(applies("!" + std::string(path), tree()));
    }
    for (const char* path :
         {"off", "empty", "nothing", "no_list", "no_map", "missing", "map.b", "list.1", "on.a"}) {
        CAPTURE(path);
        CHECK(check_when(path).has_value());
        CHECK_FALSE(applies(path, tree()));
        CHECK(applies("!" + std::string(path), tree()));
    }
}

TEST_CASE("a comparison asks for the text of a scalar, and for nothing else") {
    for (const char* when :
         {"on=true", "zero=0", "word=false", "off=false", "empty=", "map.a=b=c", "list.0=a"}) {
        CAPTURE(when);
        CHECK(check_when(when).has_value());
        CHECK(applies(when, tree()));
        CHECK_FALSE(applies("!" + std::string(when), tree()));
    }
    for (const char* when : {"on=True", "zero=00", "nothing=", "nothing=null", "list=a",
                             "no_list=", "map=", "missing=", "missing=x"}) {
        CAPTURE(when);
        CHECK(check_when(when).has_value());
        CHECK_FALSE(applies(when, tree()));
        CHECK(applies("!" + std::string(when), tree()));
    }
}

TEST_CASE("no condition always applies") { CHECK(applies("", tree())); }

TEST_CASE("what other languages write for a comparison is refused, with the form") {
    CHECK(complaint("a==b") ==
          "'a==b' is no condition: one '=' compares; write a.path, !a.path or a.path=text");
    CHECK(complaint("a!=b").find("'!' stands before the path") != std::string::npos);
    CHECK(complaint("!!a").find("'!' stands once") != std::string::npos);
    for (const char* when : {"", "!", ".", "=x", "!=x", "a..b", "a.", "..a", "a =b", " a"}) {
        CAPTURE(when);
        CHECK(complaint(when).find("is no condition") != std::string::npos);
    }
}

TEST_CASE("inputs that are equal have one digest, and without inputs there is none") {
    CHECK(digest({}).empty());
    CHECK(digest({"on", "map"}) == digest({"on", "map"}));
    // Where a value was written, and whether it is secret, is not what it is.
    Value secret = Value::plain("1", {1, 2, 3});
    secret.set_secret(true);
    CHECK(digest_of(std::move(secret)) == digest_of(plain("1")));
}

TEST_CASE("values of one text and different types are different inputs") {
    std::vector<std::string> sums;
    const auto all_differ = [&sums](std::string sum) {
        for (const std::string& other : sums) CHECK(sum != other);
        sums.push_back(std::move(sum));
    };
    all_differ(digest_of(plain("1")));
    all_differ(digest_of(Value::quoted("1")));
    all_differ(digest_of(plain("1.0")));
    all_differ(digest_of(words({"1"})));
    all_differ(digest_of(Value::list({words({"1"})})));
    all_differ(digest_of(plain("true")));
    all_differ(digest_of(Value::quoted("true")));
    all_differ(digest_of(Value::quoted("")));
    all_differ(digest_of(Value::null()));
    all_differ(digest_of(Value::quoted("null")));
    all_differ(digest_of(Value::list({})));
    all_differ(digest_of(Value::map({})));
    all_differ(digest_of(Value::map({{"1", Value::null()}})));
    all_differ(digest({"a"}, tree_of({})));
}

TEST_CASE("names and order of inputs count, and no two of them run together") {
    const Tree same = tree_of({{"a", plain("x")}, {"b", plain("x")}, {"aa", plain("x")}});
    CHECK(digest({"a"}, same) != digest({"b"}, same));
    CHECK(digest({"a", "b"}, same) != digest({"b", "a"}, same));
    CHECK(digest({"a", "a"}, same) != digest({"a"}, same));
    CHECK(digest({"a", "aa"}, same) != digest({"aa", "a"}, same));
    // A name that reads as two inputs with the value of the first between them.
    const Tree apart = tree_of({{"a", plain("1")}, {"b", plain("2")}, {"avalue1b", plain("2")}});
    CHECK(digest({"a", "b"}, apart) != digest({"avalue1b"}, apart));
}

TEST_CASE("a file is an input by its bytes, and its absence is a state of its own") {
    const ScratchDir files;
    const std::string path = files / "a";
    const std::string absent = digest({path});
    CHECK(OperationInputs({files / "no/such"}, tree()).digest().has_value());
    files.write("a", "");
    const std::string empty = digest({path});
    files.write("a", "x");
    const std::string one = digest({path});
    CHECK(absent != empty);
    CHECK(empty != one);
    files.write("a", "x", 0600);
    CHECK(digest({path}) == one);
    // A file where a directory was expected is on the way to nothing.
    CHECK(OperationInputs({path + "/b"}, tree()).digest().has_value());
    REQUIRE(::unlink(path.c_str()) == 0);
    CHECK(digest({path}) == absent);
}

TEST_CASE("an input that is no regular file is an error with its path") {
    const ScratchDir files;
    REQUIRE(::mkfifo((files / "fifo").c_str(), 0600) == 0);
    for (const std::string& path : {files.make_dir("dir"), files / "fifo"}) {
        const auto sum = OperationInputs({path}, tree()).digest();
        REQUIRE_FALSE(sum.has_value());
        CHECK(sum.error().fault == Fault::configuration);
        CHECK(sum.error().where == path);
    }
}

}  // TEST_SUITE("provision")
