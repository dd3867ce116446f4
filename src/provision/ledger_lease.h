// SPDX-License-Identifier: Apache-2.0
#pragma once

// How long the lock of a cluster's ledger may be trusted, and what is done to keep it.
//
//     0 .......... 1/3 ................ 2/3 ............... 9/10 ..... 1   of the TTL
//     proof        renewed, and again   no proof: lost.     KILL at    others may
//                  and again            TERM                the latest have it
//
// The store counts from the moment at which a renewal reaches it, we count from the moment before
// it was sent, by CLOCK_BOOTTIME, which goes on while the machine sleeps. So we are always the
// first to know. A holder that was stopped (SIGSTOP, a frozen container, a suspended machine) for
// longer finds that out with the first thing it does.

#include <functional>
#include <memory>
#include <string>

#include "base/backoff.h"
#include "base/duration.h"
#include "platform/loop.h"
#include "remote/store.h"

namespace kaigara::provision {

// When what is due. Pure; times are those of one clock that never stops.
class Lease {
public:
    // `proven`: when the renewal, or the session, was asked for that was had.
    Lease(Milliseconds ttl, Milliseconds proven);

    enum class Step {
        wait,     // for as long as wait_from() says
        renew,    // a renewal is to be sent
        abandon,  // the one that is under way has taken too long: another may come through
        lost,     // nothing may rely on the lock any more
    };
    Step step(Milliseconds now) const noexcept;
    // Until step() may say something else.
    Milliseconds wait_from(Milliseconds now) const noexcept;
    bool is_trusted(Milliseconds now) const noexcept { return now < trusted_until(); }
    // Until all that relies on the lock must have ended; 0 where that time has passed.
    Milliseconds time_to_end(Milliseconds now) const noexcept;
    Milliseconds since_proof(Milliseconds now) const noexcept { return now - proven_; }
    Milliseconds ttl() const noexcept { return ttl_; }

    void sent(Milliseconds now) noexcept;
    void renewed() noexcept;  // the one that was sent last
    // It was not, or it was abandoned. `chance` spreads the attempts.
    void failed(Milliseconds now, std::uint32_t chance) noexcept;

private:
    Milliseconds trusted_until() const noexcept { return proven_ + ttl_ * 2 / 3; }
    Milliseconds attempt_limit() const noexcept;

    Milliseconds ttl_;
    Milliseconds proven_;
    Milliseconds due_;  // the next renewal
    Milliseconds sent_{0};
    bool is_sent_ = false;
    Backoff backoff_;
};

// Keeps the lease of a session.
class LeaseKeeper {
public:
    using Clock = std::function<Milliseconds()>;
    // Why it is lost, and within which time all that relies on it must have ended.
    using OnLost = std::function<void(std::string why, Milliseconds within)>;

    // `on_lost` is called once, from the loop; the object may be destroyed in it.
    LeaseKeeper(platform::Loop& loop, remote::Store& store, remote::Session session, Lease lease,
                OnLost on_lost, Clock clock = boot_time);

    // Asked before and after each thing that relies on the lock.
    bool is_trusted() const { return !is_lost_ && lease_.is_trusted(clock_()); }
    Milliseconds time_to_end() const {
        return is_forgotten_ ? Milliseconds(0) : lease_.time_to_end(clock_());
    }

    static Milliseconds boot_time() noexcept;

private:
    void look();
    void renew();
    void on_renewed(Result<bool, remote::Failure> renewed);
    void lose(std::string why);

    remote::Store& store_;
    remote::Session session_;
    Lease lease_;
    OnLost on_lost_;
    Clock clock_;
    platform::Timer timer_;
    remote::CallPtr renewal_;
    std::string last_failure_;
    bool is_lost_ = false;
    bool is_forgotten_ = false;  // the store has said so
};

}  // namespace kaigara::provision
