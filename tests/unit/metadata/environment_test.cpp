// SPDX-License-Identifier: Apache-2.0
#include "metadata/sources/environment.h"

#include <cerrno>
#include <map>

#include "metadata/merge.h"
#include "reading.h"

using namespace kaigara;
using namespace kaigara::metadata;
using namespace std::string_view_literals;

namespace {

using Variables = std::vector<std::string_view>;

// A few files that exist nowhere else.
Result<std::string> read_fake(const std::string& path) {
    static const std::map<std::string, std::string> files{
        {"/secret", "hunter2\n"},         {"/two", "a\n\n"},  {"/bare", "bare"}, {"/crlf", "x\r\n"},
        {"/nul", std::string("a\0b", 3)}, {"/latin", "\xE9"}, {"/empty", ""}};
    if (path == "/locked") return system_error(Fault::bad_data, EACCES, "cannot be opened", path);
    const auto file = files.find(path);
    if (file == files.end()) return system_error(Fault::bad_data, ENOENT, "cannot be opened", path);
    return file->second;
}

// The environment laid over `lower`.
Result<Tree, Errors> laid(const Variables& variables, std::string_view lower = "{}") {
    Tree tree = tree_of(lower);
    const FileReader read_file = read_fake;
    KG_LET(layer, read_environment({variables, tree, read_file}));
    if (Errors errors = merge(tree, std::move(layer)); !errors.empty()) return errors;
    return tree;
}

std::string over(const Variables& variables, std::string_view lower = "{}") {
    auto tree = laid(variables, lower);
    return tree ? json_of(*tree) : lines(tree.error());
}

}  // namespace

TEST_SUITE("metadata") {

TEST_CASE("two underscores are a step and one is literal") {
    CHECK(over({"KAIGARA_META_app__db__user_name=x"}) == R"({"app":{"db":{"user_name":"x"}}})");
    CHECK(over({"KAIGARA_META_port=80"}) == R"({"port":80})");
    CHECK(over({"KAIGARA_META__x_=1"}) == R"({"_x_":1})");
}

TEST_CASE("variables without the prefix are not metadata") {
    CHECK(over({"PATH=/bin", "KAIGARA_METADATA=/x", "KAIGARA_LOG=1", "kaigara_meta_a=1",
                "KAIGARA_META=1", "KAIGARA_META_without_value"}) == "{}");
}

TEST_CASE("a value keeps its text and has its core schema type for truth and JSON") {
    const auto tree = laid({"KAIGARA_META_a=1.10", "KAIGARA_META_b=no", "KAIGARA_META_c=false",
                            "KAIGARA_META_d=x=y", "KAIGARA_META_e=null"});
    REQUIRE(tree);
    CHECK(at(*tree, "a").text() == "1.10");
    CHECK(at(*tree, "b").is_true());
    CHECK_FALSE(at(*tree, "c").is_true());
    CHECK(at(*tree, "d").text() == "x=y");
    CHECK(at(*tree, "e").text() == "null");
    CHECK(json_of(*tree) == R"({"a":1.10,"b":"no","c":false,"d":"x=y","e":null})");
}

TEST_CASE("empty text is an empty string, not a null") {
    const auto tree = laid({"KAIGARA_META_a="}, "a: 1\n");
    REQUIRE(tree);
    CHECK(at(*tree, "a").is_scalar());
    CHECK(json_of(*tree) == R"({"a":""})");
}

TEST_CASE("a new key is lower case") {
    CHECK(over({"KAIGARA_META_APP__New_Key=x"}) == R"({"app":{"new_key":"x"}})");
}

TEST_CASE("the one existing key that differs in case only is found") {
    CHECK(over({"KAIGARA_META_APP__CACHE1__MAXITEMS=99"}, "app: {cache1: {maxItems: 10}}\n") ==
          R"({"app":{"cache1":{"maxItems":99}}})");
    CHECK(over({"KAIGARA_META_app__MAXITEMS=1"}, "App: {maxItems: 10}\n") ==
          R"({"App":{"maxItems":1}})");
}

TEST_CASE("an exact spelling wins over others that differ in case") {
    CHECK(over({"KAIGARA_META_maxItems=1"}, "maxItems: 0\nMAXITEMS: 0\nmaxitems: 0\n") ==
          R"({"MAXITEMS":0,"maxItems":1,"maxitems":0})");
}

TEST_CASE("two keys that differ in case only are an error when neither is spelt exactly") {
    CHECK(over({"KAIGARA_META_app__MAXitems=1"}, "app: {maxItems: 0, MaxItems: 0}\n") ==
          "KAIGARA_META_app__MAXitems: 'MAXitems' may be the key 'MaxItems' or 'maxItems'; spell "
          "it exactly");
}

TEST_CASE("digits index a list that exists, and the rest of it stays with its origins") {
    const auto tree = laid({"KAIGARA_META_HOSTS__1__NAME=new", "KAIGARA_META_hosts__0__port=1"},
                           "hosts: [{name: a, port: 80}, {name: b}]\n");
    REQUIRE(tree);
    CHECK(json_of(*tree) == R"({"hosts":[{"name":"a","port":1},{"name":"new"}]})");
    CHECK(tree->origin_text(at(*tree, "hosts.0.name").origin()) == "m.yml:1:16");
    CHECK(tree->origin_text(at(*tree, "hosts.1.name").origin()) == "KAIGARA_META_HOSTS__1__NAME");
    CHECK(over({"KAIGARA_META_l__0=x"}, "l: [a, b]\n") == R"({"l":["x","b"]})");
    CHECK(over({"KAIGARA_META_l__00=x"}, "l: [a, b]\n") == R"({"l":["x","b"]})");
    CHECK(over({"KAIGARA_META_l__1__0=x"}, "l: [a, [b]]\n") == R"({"l":["a",["x"]]})");
    CHECK(over({"KAIGARA_META_l__0__k=x"}, "l: [~]\n") == R"({"l":[{"k":"x"}]})");
}

TEST_CASE("an index past a list's end is an error") {
    CHECK(over({"KAIGARA_META_l__2=x"}, "l: [a, b]\n") ==
          "KAIGARA_META_l__2: index 2 is past the end of the list 'l', which has 2 items "
          "(m.yml:1:4)");
    CHECK(over({"KAIGARA_META_l__99999999999999999999=x"}, "l: [a]\n").find("past the end") !=
          std::string::npos);
    CHECK(over({"KAIGARA_META_l__x=1"}, "l: [a]\n") ==
          "KAIGARA_META_l__x: 'l' is a list (m.yml:1:4); 'x' is no index of it");
}

TEST_CASE("an index does not make a list, and digits are a key of a map that exists") {
    CHECK(over({"KAIGARA_META_l__0=x"}) ==
          "KAIGARA_META_l__0: there is no list 'l' to have an item 0; give the list in a file");
    CHECK(over({"KAIGARA_META_ports__8080=x"}, "ports: {}\n") == R"({"ports":{"8080":"x"}})");
}

TEST_CASE(
    "a scalar replaces a list, and a map against a scalar is an error that names both origins") {
    CHECK(over({"KAIGARA_META_l=x"}, "l: [a]\n") == R"({"l":"x"})");
    CHECK(over({"KAIGARA_META_a__b=x"}, "a: text\n")
              .starts_with("KAIGARA_META_a__b: 'a' is a map here and a text in m.yml:1:4"));
    CHECK(over({"KAIGARA_META_A=x"}, "a: {b: 1}\n")
              .starts_with("KAIGARA_META_A: 'a' is a text here and a map in m.yml:1:4"));
    CHECK(over({"KAIGARA_META_l__0=x"}, "l: [{a: 1}]\n").find("'l.0' is a text here and a map") !=
          std::string::npos);
    CHECK(over({"KAIGARA_META_a__b=x"}, "a: ~\n") == R"({"a":{"b":"x"}})");
}

TEST_CASE("_FILE reads the value from a file, drops one newline, and makes it secret") {
    const auto tree = laid({"KAIGARA_META_db__password_FILE=/secret", "KAIGARA_META_two_FILE=/two",
                            "KAIGARA_META_bare_FILE=/bare", "KAIGARA_META_crlf_FILE=/crlf",
                            "KAIGARA_META_empty_FILE=/empty"});
    REQUIRE(tree);
    CHECK(at(*tree, "db.password").text() == "hunter2");
    CHECK(at(*tree, "db.password").is_secret());
    CHECK(at(*tree, "two").text() == "a\n");
    CHECK(at(*tree, "bare").text() == "bare");
    CHECK(at(*tree, "crlf").text() == "x\r");
    CHECK(at(*tree, "empty").text().empty());
    CHECK(tree->origin_text(at(*tree, "bare").origin()) == "KAIGARA_META_bare_FILE");
}

TEST_CASE("a plain variable makes no secret, but over a secret its value is one") {
    Tree lower = tree_of("password: x\nuser: y\n");
    lower.root().find("password")->set_secret(true);
    const Variables variables{"KAIGARA_META_password=p", "KAIGARA_META_user=u"};
    const FileReader read_file = read_fake;
    auto layer = read_environment({variables, lower, read_file});
    REQUIRE(layer);
    REQUIRE(merge(lower, std::move(layer).value()).empty());
    CHECK(at(lower, "password").is_secret());
    CHECK_FALSE(at(lower, "user").is_secret());
}

TEST_CASE("a key that is called file needs no trick, and one that ends in _file is lower case") {
    CHECK(over({"KAIGARA_META_APP__FILE=/x"}) == R"({"app":{"file":"/x"}})");
    CHECK(over({"KAIGARA_META_log_file=/x"}) == R"({"log_file":"/x"})");
    CHECK(over({"KAIGARA_META__FILE=/x"}) == R"({"_file":"/x"})");
}

TEST_CASE("an absent _FILE is a configuration error, one that cannot be used is bad data") {
    const auto fault = [](std::string_view variable) {
        const auto tree = laid({variable});
        REQUIRE_FALSE(tree);
        REQUIRE(tree.error().size() == 1);
        CHECK(tree.error()[0].where == variable.substr(0, variable.find('=')));
        return tree.error()[0].fault;
    };
    CHECK(fault("KAIGARA_META_a_FILE=/absent") == Fault::configuration);
    CHECK(fault("KAIGARA_META_a_FILE=") == Fault::configuration);
    CHECK(fault("KAIGARA_META_a_FILE=/locked") == Fault::bad_data);
    CHECK(fault("KAIGARA_META_a_FILE=/nul") == Fault::bad_data);
    CHECK(fault("KAIGARA_META_a_FILE=/latin") == Fault::bad_data);
    CHECK(over({"KAIGARA_META_a_FILE=/absent"}) ==
          "KAIGARA_META_a_FILE: the file /absent cannot be opened: No such file or directory");
}

TEST_CASE("both forms of one variable are an error, in any spelling") {
    CHECK(over({"KAIGARA_META_a_FILE=/secret", "KAIGARA_META_a=x"}) ==
          "KAIGARA_META_a_FILE: sets 'a', and so does KAIGARA_META_a; keep one of them");
    CHECK(over({"KAIGARA_META_app__pw=x", "KAIGARA_META_APP__PW_FILE=/secret"}).find("so does") !=
          std::string::npos);
}

TEST_CASE("two variables that name one path in different spelling are an error") {
    CHECK(over({"KAIGARA_META_app__x=1", "KAIGARA_META_APP__X=2"}) ==
          "KAIGARA_META_app__x: sets 'app.x', and so does KAIGARA_META_APP__X; keep one of them");
    CHECK(over({"KAIGARA_META_L__0=1", "KAIGARA_META_l__00=2"}, "l: [a]\n").find("so does") !=
          std::string::npos);
}

TEST_CASE("a variable within the path of another is an error") {
    CHECK(over({"KAIGARA_META_a__b__c=1", "KAIGARA_META_a=2"}) ==
          "KAIGARA_META_a__b__c: sets a part of 'a', which KAIGARA_META_a sets as a whole; keep "
          "one of them");
    CHECK(over({"KAIGARA_META_l=x", "KAIGARA_META_l__0=y"}, "l: [a]\n").find("as a whole") !=
          std::string::npos);
}

TEST_CASE("of one name that stands twice the last counts") {
    CHECK(over({"KAIGARA_META_a=1", "KAIGARA_META_b=2", "KAIGARA_META_a=3"}) == R"({"a":3,"b":2})");
}

TEST_CASE("an empty step and an ambiguous run of underscores are errors") {
    for (const std::string_view name :
         {"KAIGARA_META_=x"sv, "KAIGARA_META___a=x"sv, "KAIGARA_META_a__=x"sv,
          "KAIGARA_META_a____b=x"sv, "KAIGARA_META_a___b=x"sv, "KAIGARA_META_a___FILE=x"sv}) {
        CAPTURE(name);
        const auto tree = laid({name});
        REQUIRE_FALSE(tree);
        CHECK(tree.error()[0].fault == Fault::bad_data);
        CHECK(tree.error()[0].where == name.substr(0, name.find('=')));
    }
}

TEST_CASE("invalid UTF-8 in a name or a value is an error that does not print the value") {
    CHECK(over({"KAIGARA_META_a=x\xff"}) == "KAIGARA_META_a: its value is invalid UTF-8");
    CHECK(over({"KAIGARA_META_\xff=x"}) ==
          "KAIGARA_META_\\xff: the variable's name is invalid UTF-8");
}

TEST_CASE("all errors of the environment are collected") {
    const auto tree = laid({"KAIGARA_META_a__=x", "KAIGARA_META_l__5=x",
                            "KAIGARA_META_f_FILE=/absent", "KAIGARA_META_b=1", "KAIGARA_META_B=2"},
                           "l: [a]\n");
    REQUIRE_FALSE(tree);
    CHECK(tree.error().size() == 4);
}

TEST_CASE("a path of more than 64 steps is an error") {
    std::string name = "KAIGARA_META_a";
    for (int i = 1; i < 64; ++i) name += "__a";
    CHECK(over({name + "=x"}).starts_with("{"));
    CHECK(over({name + "__a=x"}).find("65 steps; 64 are the limit") != std::string::npos);
}

TEST_CASE("above a broken layer nothing is said about what it may have held") {
    const Tree lower;
    const FileReader read_file = read_fake;
    const Variables item{"KAIGARA_META_l__0=x"};
    CHECK(read_environment({item, lower, read_file, false}).has_value());
    const Variables empty_step{"KAIGARA_META_l__=x"};
    CHECK_FALSE(read_environment({empty_step, lower, read_file, false}).has_value());
}

TEST_CASE("any prefix can be read, and others are left alone") {
    const Tree lower = tree_of("app: {maxItems: 1, list: [a, b]}\n");
    const FileReader read_file = read_fake;
    const Variables variables{"MYAPP_APP__MAXITEMS=2", "MYAPP_app__list__1=c",
                              "MYAPP_app__password_FILE=/secret", "KAIGARA_META_x=y", "MYAPPX=1"};
    auto layer = read_environment({variables, lower, read_file}, "MYAPP_");
    REQUIRE(layer);
    CHECK(to_json(layer->root(), 0, Secrets::shown) ==
          R"({"app":{"list":["a","c"],"maxItems":2,"password":"hunter2"}})");
    CHECK(at(*layer, "app.password").is_secret());
    CHECK(layer->origin_text(at(*layer, "app.maxItems").origin()) == "MYAPP_APP__MAXITEMS");
    const Variables empty{"MYAPP_=x"};
    CHECK(lines(read_environment({empty, lower, read_file}, "MYAPP_").error()) ==
          "MYAPP_: an empty step; write MYAPP_app__key for app.key");
}

TEST_CASE("a plain name sets the path that it is bound to") {
    const Tree lower = tree_of("app: {db: {host: x, Port: 1}, list: [a, b]}\na.b: {c: 1}\n");
    const FileReader read_file = read_fake;
    const Variables variables{"DB_HOST=first", "DB_HOST=last",  "DB_PORT=5432",
                              "ITEM=c",        "UNBOUND=x",     "DOTTED=2",
                              "EMPTY=",        "NEW_VALUE=new", "DB_PASSWORD_FILE=/secret"};
    const std::vector<Binding> bindings{
        {"DB_HOST", "app.db.host"}, {"DB_PORT", ".app.db.Port"},
        {"ITEM", "app.list.0"},     {"UNSET", "app.db.host"},
        {"DOTTED", "a.b.c"},        {"EMPTY", "app.empty"},
        {"NEW_VALUE", "New.Value"}, {"DB_PASSWORD_FILE", "app.db.password"}};
    const auto layer = read_bindings({variables, lower, read_file}, bindings);
    REQUIRE(layer);
    CHECK(to_json(layer->root(), 0, Secrets::shown) ==
          R"({"New":{"Value":"new"},"a.b":{"c":2},"app":{"db":{"Port":5432,"host":"last",)"
          R"("password":"hunter2"},"empty":"","list":["c","b"]}})");
    CHECK(at(*layer, "app.db.password").is_secret());
    CHECK_FALSE(at(*layer, "app.db.host").is_secret());
    CHECK(layer->origin_text(at(*layer, "app.db.host").origin()) == "DB_HOST");
}

TEST_CASE("a bound name in _FILE is a path itself where its path says so") {
    const Tree lower;
    const FileReader read_file = read_fake;
    const Variables variables{"SSL_CERT_FILE=/etc/ssl/a.pem"};
    const std::vector<Binding> bindings{{"SSL_CERT_FILE", "tls.cert_file"}};
    const auto layer = read_bindings({variables, lower, read_file}, bindings);
    REQUIRE(layer);
    CHECK(at(*layer, "tls.cert_file").text() == "/etc/ssl/a.pem");
    CHECK_FALSE(at(*layer, "tls.cert_file").is_secret());
}

TEST_CASE("two bound names that set one path are an error, and so is an absent file") {
    const Tree lower = tree_of("l: [a]\n");
    const FileReader read_file = read_fake;
    const Variables variables{"A=1", "A_FILE=/secret", "B_FILE=/absent", "C=3"};
    const std::vector<Binding> bindings{{"A", "x"}, {"A_FILE", "x"}, {"B_FILE", "y"}, {"C", "l.5"}};
    const auto layer = read_bindings({variables, lower, read_file}, bindings);
    REQUIRE_FALSE(layer);
    const std::string all = lines(layer.error());
    CHECK(all.find("A_FILE: sets 'x', and so does A; keep one of them") != std::string::npos);
    CHECK(all.find("B_FILE: the file /absent cannot be opened") != std::string::npos);
    CHECK(all.find("C: index 5 is past the end of the list 'l'") != std::string::npos);
}

}  // TEST_SUITE("metadata")
