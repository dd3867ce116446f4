// SPDX-License-Identifier: Apache-2.0
#include "metadata/redaction.h"

#include "reading.h"

using namespace kaigara;
using namespace kaigara::metadata;

namespace {

Redaction of(const std::vector<std::string>& secrets) {
    std::vector<Value> items;
    for (const std::string& text : secrets) {
        items.push_back(Value::quoted(text));
        items.back().set_secret(true);
    }
    items.push_back(Value::quoted("open"));
    return Redaction(Tree(Value::map({{"list", Value::list(std::move(items))}})));
}

}  // namespace

TEST_SUITE("metadata") {

TEST_CASE("every secret is taken out of a text, wherever it stands") {
    CHECK(of({"hunter2"})("hunter2, xhunter2x and open") == "***, x***x and open");
    CHECK(of({"hunter2", "hunter2222"})("hunter2222") == "***");
    CHECK(of({})("hunter2") == "hunter2");
    CHECK(of({""})("hunter2") == "hunter2");
}

TEST_CASE("a short secret is taken out as a word only") {
    CHECK(of({"80"})("port 80, 180 and 8080") == "port ***, 180 and 8080");
    CHECK(of({"a"})("a plan: a") == "*** plan: ***");
}

TEST_CASE("each line of a secret is one") {
    CHECK(of({"first line\nsecond line\n"})("bad: second line") == "bad: ***");
}

TEST_CASE("a message is told without the words that it quotes") {
    CHECK(without_quoted("duplicate key 'hunter2' in 'a.b'") == "duplicate key '***' in '***'");
    CHECK(without_quoted("a ':' where no value can begin") == "a ':' where no value can begin");
    CHECK(without_quoted("it's") == "it's");
}

}  // TEST_SUITE("metadata")
