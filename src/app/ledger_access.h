// SPDX-License-Identifier: Apache-2.0
#pragma once

// The ledger that the settings name, for `start` and `provision`, which have a loop, and for the
// commands that read and mend it, which have none.
//
// Only for a ledger in a cluster a client of HTTP is made.

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "app/own_loop.h"
#include "app/settings.h"
#include "base/result.h"
#include "platform/http.h"
#include "platform/loop.h"
#include "provision/ledger.h"

namespace kaigara::app {

// What --ledger names.
struct LedgerAddress {
    enum class Kind : std::uint8_t { file, consul, etcd };
    Kind kind = Kind::file;
    std::string place;  // the path, or the prefix
};

// Fault::usage with what is expected.
Result<LedgerAddress> parse_ledger_address(std::string_view text);

class LedgerAccess {
public:
    // The loop outlives it. Fault::configuration, which names a variable of the store's.
    static Result<LedgerAccess> open(platform::Loop& loop, const Settings& settings,
                                     char** environment);
    provision::Ledger& get() noexcept { return *ledger_; }

private:
    LedgerAccess() = default;

    std::unique_ptr<platform::HttpClient> client_;
    std::unique_ptr<provision::Ledger> ledger_;
};

// The same on a loop of its own, one step after the other. Nothing: a signal has ended the step,
// and stop_signal() says which.
class LedgerClient {
public:
    static Result<std::unique_ptr<LedgerClient>> open(const Settings& settings, char** environment);
    ~LedgerClient();
    LedgerClient(const LedgerClient&) = delete;
    LedgerClient& operator=(const LedgerClient&) = delete;

    template <class T>
    using Answer = std::optional<Result<T>>;

    const std::string& name() noexcept { return access_->get().name(); }
    Answer<provision::LedgerState> read();
    Answer<std::optional<std::string>> read_text();
    Answer<provision::TakenLedger> take(Milliseconds limit);
    Answer<void> append(provision::HeldLedger& held, const provision::LedgerRecord& record);
    Answer<provision::SalvageReport> salvage(Milliseconds limit);
    int stop_signal() const noexcept { return stop_signal_; }

private:
    LedgerClient() : loop_([] {}) {}

    template <class T>
    Answer<T> await(const std::function<void(std::function<void(Result<T>)>)>& begin);
    void settle();

    OwnLoop loop_;
    std::optional<LedgerAccess> access_;
    int stop_signal_ = 0;
};

}  // namespace kaigara::app
