// SPDX-License-Identifier: Apache-2.0
#include "app/ledger_access.h"

#include <vector>

#include "base/text.h"
#include "provision/ledger_cluster.h"
#include "provision/ledger_local.h"
#include "remote/consul.h"
#include "remote/etcd.h"

namespace kaigara::app {

namespace {

constexpr std::string_view consul = "consul:";
constexpr std::string_view etcd = "etcd:";

Result<LedgerAddress> cluster_address(LedgerAddress::Kind kind, std::string_view prefix) {
    if (prefix.size() > 1 && prefix.ends_with('/')) prefix.remove_suffix(1);
    const bool is_rooted = prefix.starts_with('/');
    if (prefix.empty() || prefix == "/" || prefix.find("//") != std::string_view::npos)
        return Error{Fault::usage, 0,
                     "a prefix of keys is needed, with single slashes: etcd:app/ledger", ""};
    if (kind == LedgerAddress::Kind::consul && is_rooted)
        return Error{Fault::usage, 0,
                     "a key of Consul does not begin with a slash: consul:app/ledger", ""};
    return LedgerAddress{kind, std::string(prefix)};
}

Result<std::unique_ptr<remote::Store>> connect(platform::HttpClient& client,
                                               LedgerAddress::Kind kind, char** environment) {
    std::vector<std::string_view> entries;
    for (; *environment != nullptr; ++environment) entries.emplace_back(*environment);
    return kind == LedgerAddress::Kind::consul ? remote::connect_consul(client, entries)
                                               : remote::connect_etcd(client, entries);
}

}  // namespace

Result<LedgerAddress> parse_ledger_address(std::string_view text) {
    if (text.starts_with(consul))
        return cluster_address(LedgerAddress::Kind::consul, text.substr(consul.size()));
    if (text.starts_with(etcd))
        return cluster_address(LedgerAddress::Kind::etcd, text.substr(etcd.size()));
    if (text.empty() || text.ends_with('/'))
        return Error{Fault::usage, 0,
                     "the path of a file is needed, or consul:PREFIX or etcd:PREFIX", ""};
    return LedgerAddress{LedgerAddress::Kind::file, std::string(text)};
}

Result<LedgerAccess> LedgerAccess::open(platform::Loop& loop, const Settings& settings,
                                        char** environment) {
    LedgerAccess access;
    KG_LET(address, parse_ledger_address(settings.ledger.path));
    if (address.kind == LedgerAddress::Kind::file) {
        access.ledger_ = std::make_unique<provision::LocalLedger>(loop, address.place);
        return access;
    }
    access.client_ = std::make_unique<platform::HttpClient>(loop);
    KG_LET(store, connect(*access.client_, address.kind, environment));
    provision::ClusterOptions options;
    options.prefix = address.place;
    options.name =
        std::string(address.kind == LedgerAddress::Kind::consul ? consul : etcd) + address.place;
    options.lock_ttl = settings.lock_ttl;
    options.patience = settings.resolve_timeout;
    access.ledger_ =
        std::make_unique<provision::ClusterLedger>(loop, std::move(store), std::move(options));
    return access;
}

Result<std::unique_ptr<LedgerClient>> LedgerClient::open(const Settings& settings,
                                                         char** environment) {
    std::unique_ptr<LedgerClient> client(new LedgerClient());
    KG_LET(access, LedgerAccess::open(client->loop_.get(), settings, environment));
    client->access_.emplace(std::move(access));
    return client;
}

LedgerClient::~LedgerClient() {
    if (access_) settle();
}

// The lock is given back, so that nobody has to wait for its time to pass. The ledger itself limits
// that to a second.
void LedgerClient::settle() {
    provision::Ledger& ledger = access_->get();
    ledger.cancel();
    if (ledger.is_settled()) return;
    ledger.on_settled([this] { loop_.stop(); });
    loop_.run();
}

template <class T>
LedgerClient::Answer<T>
LedgerClient::await(const std::function<void(std::function<void(Result<T>)>)>& begin) {
    Answer<T> answer;
    begin([this, &answer](Result<T> result) {
        answer.emplace(std::move(result));
        loop_.stop();
    });
    stop_signal_ = loop_.run();
    if (!answer) access_->get().cancel();
    return answer;
}

LedgerClient::Answer<provision::LedgerState> LedgerClient::read() {
    return await<provision::LedgerState>(
        [this](auto on_done) { access_->get().read(std::move(on_done)); });
}

LedgerClient::Answer<std::optional<std::string>> LedgerClient::read_text() {
    return await<std::optional<std::string>>(
        [this](auto on_done) { access_->get().read_text(std::move(on_done)); });
}

LedgerClient::Answer<provision::TakenLedger> LedgerClient::take(Milliseconds limit) {
    return await<provision::TakenLedger>(
        [this, limit](auto on_done) { access_->get().take(limit, {}, std::move(on_done)); });
}

LedgerClient::Answer<void> LedgerClient::append(provision::HeldLedger& held,
                                                const provision::LedgerRecord& record) {
    return await<void>([&held, &record](auto on_done) { held.append(record, std::move(on_done)); });
}

LedgerClient::Answer<provision::SalvageReport> LedgerClient::salvage(Milliseconds limit) {
    return await<provision::SalvageReport>(
        [this, limit](auto on_done) { access_->get().salvage(limit, std::move(on_done)); });
}

}  // namespace kaigara::app
