// SPDX-License-Identifier: Apache-2.0
#include "metadata/sources/http_document.h"

#include "reading.h"

using namespace kaigara;
using namespace kaigara::metadata;

namespace {

constexpr std::string_view environment[] = {"HOST=vault", "TOKEN=old", "TOKEN=s3cret", "BAD=a\nb",
                                            "EMPTY="};

Source document(const std::string& url) {
    Source source;
    source.kind = SourceKind::http;
    source.url = url;
    source.where = "kaigara.yml:2:5";
    return source;
}

std::string refused(const Source& source) {
    const auto request = document_request(source, environment);
    REQUIRE_FALSE(request);
    CHECK(request.error().fault == Fault::configuration);
    return request.error().message;
}

std::string part(std::string_view body, const std::string& path) {
    Source source = document("http://web/");
    source.path = path;
    const auto tree = read_document_part(body, source);
    return tree ? json_of(*tree) : lines(tree.error());
}

}  // namespace

TEST_SUITE("metadata") {

TEST_CASE("variables of the environment stand in URL and headers, the last of a name counts") {
    Source source = document("https://${HOST}:8200/v1?x=$1&y=$${HOST}");
    source.headers = {{"X-Vault-Token", "${TOKEN}"}, {"X-Empty", "${EMPTY}"}};
    const auto request = document_request(source, environment);
    REQUIRE(request);
    CHECK(request->url == "https://vault:8200/v1?x=$1&y=${HOST}");
    CHECK(request->headers == std::vector<std::string>{"X-Vault-Token: s3cret", "X-Empty;"});
    CHECK(name_of(source) == "https://${HOST}:8200/v1");
}

TEST_CASE("what is wrong with them is told without their values") {
    CHECK(refused(document("http://${NOBODY}/")) == "the variable NOBODY is not set");
    CHECK(refused(document("http://${HOST/")) == "'${' has no '}'");
    CHECK(refused(document("ftp://web/")).find("http:// or https://") != std::string::npos);
    CHECK(refused(document("web/")).find("http:// or https://") != std::string::npos);
    CHECK(refused(document("http:///x")).find("no host") != std::string::npos);
    CHECK(refused(document("http://web/a b")).find("blanks") != std::string::npos);
    const std::string with_password = refused(document("http://me:pass@web/"));
    CHECK(with_password.find("Authorization") != std::string::npos);
    CHECK(with_password.find("pass@") == std::string::npos);
    Source header = document("http://web/");
    header.headers = {{"X-A", "${BAD}"}};
    CHECK(refused(header).starts_with("the header X-A would hold a line end"));
}

TEST_CASE("an answer is one from 200 to 299; what may pass is asked again") {
    const struct {
        int status;
        bool is_final;
    } cases[] = {{301, true},  {400, true},  {401, true},  {403, true},
                 {404, true},  {408, false}, {412, false}, {425, false},
                 {429, false}, {473, false}, {500, false}, {503, false}};
    for (const auto& [status, is_final] : cases) {
        CAPTURE(status);
        const auto failure = judge_answer({status, {}, ""});
        REQUIRE(failure);
        CHECK(failure->is_final == is_final);
        CHECK(failure->error.fault == Fault::unavailable);
        CHECK(failure->error.message == "answers with status " + std::to_string(status));
    }
    for (const int status : {200, 204, 299}) CHECK_FALSE(judge_answer({status, {}, ""}));
}

TEST_CASE("a redirect is told with where it leads, without the query") {
    const auto failure = judge_answer({302, {{"location", "https://other/x?token=1"}}, ""});
    REQUIRE(failure);
    CHECK(failure->error.message ==
          "answers with status 302: it redirects to https://other/x, which is not followed; name "
          "that URL");
}

TEST_CASE("a document is JSON or YAML, whole or the part that is asked for") {
    CHECK(part(R"({"a": {"b": "1"}})", "") == R"({"a":{"b":"1"}})");
    CHECK(part("a: {b: 1}\n", "a") == R"({"b":1})");
    CHECK(part("", "") == "{}");
    CHECK(part(R"({"data": {"data": {"k": "v"}}})", "data.data") == R"({"k":"v"})");
}

TEST_CASE("a part that is absent or no map is an error that names the source") {
    CHECK(part("data: {a: 1}\n", "dta") ==
          "kaigara.yml:2:5: http://web/: the document has no 'dta'; did you mean 'data'?");
    CHECK(part("data: [1]\n", "data") ==
          "kaigara.yml:2:5: http://web/: 'data' of the document is no map");
    CHECK(part("{\"a\": ", "").starts_with("kaigara.yml:2:5: http://web/:1:"));
}

}  // TEST_SUITE("metadata")
