// SPDX-License-Identifier: Apache-2.0

// Any bytes as what a store answers: to every question, with every status that is looked at.

#include "check.h"
#include "metadata/output.h"
#include "metadata/sources/key_value.h"
#include "remote/base64.h"
#include "remote/consul_wire.h"
#include "remote/etcd_wire.h"
#include "remote/json.h"

using namespace kaigara;
using platform::HttpAnswer;

namespace {

void check_base64(std::string_view text) {
    const auto bytes = remote::from_base64(text);
    fuzz::check(!bytes || remote::to_base64(*bytes) == text, "base64 has one spelling", {text});
    fuzz::check(remote::from_base64(remote::to_base64(text)) == std::string(text),
                "what is encoded comes back", {text});
}

void check_listing(const remote::Listing& listing) {
    metadata::Source source;
    source.kind = metadata::SourceKind::etcd;
    source.prefix = "/app";
    source.where = "kaigara.yml:1:1";
    const auto tree = metadata::read_listing(listing, source);
    if (tree)
        (void)metadata::to_json(tree->root());
    else
        for (const Error& error : tree.error()) fuzz::check_words(error);
}

template <class Refusal>
void check_words(const Refusal& refusal) {
    fuzz::check_words({Fault::unavailable, 0, refusal.message, "etcd"});
}

void check_consul(const HttpAnswer& answer) {
    namespace consul = remote::consul;
    for (const char* prefix : {"", "app"}) {
        const auto listing = consul::parse_tree(answer, prefix);
        if (listing)
            check_listing(*listing);
        else
            check_words(listing.error());
    }
    fuzz::check(consul::index_of(answer) >= 1, "an index is never 0", {answer.body});
    (void)consul::parse_session(answer);
    (void)consul::parse_flag(answer);
    (void)consul::parse_value(answer);
    (void)consul::parse_transaction(answer);
    check_words(consul::refuse(answer));
}

void check_etcd(const HttpAnswer& answer) {
    namespace etcd = remote::etcd;
    const auto page = etcd::parse_page(answer, "/app");
    if (page) {
        fuzz::check(!page->has_more || !page->last.empty(), "pages come to an end", {answer.body});
        check_listing(page->listing);
    } else {
        check_words(page.error());
    }
    const remote::HeldLock lock{"/app/lock", {"42"}, "49"};
    (void)etcd::parse_token(answer);
    (void)etcd::parse_lease(answer);
    (void)etcd::parse_renewal(answer);
    (void)etcd::parse_lock(answer, lock.key, lock.session);
    (void)etcd::parse_write(answer, lock);
    (void)etcd::judge_line(answer.body, {{}, 10, "7"});
    check_words(etcd::refuse(answer));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::input(data, size);
    check_base64(text);
    for (const int status : {200, 400, 403, 404, 409}) {
        const HttpAnswer answer{
            status, {{"x-consul-index", std::string(text.substr(0, 20))}}, std::string(text)};
        check_consul(answer);
        check_etcd(answer);
    }
    return 0;
}
