// SPDX-License-Identifier: Apache-2.0
#include "provision/cluster_writer.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "base/log.h"
#include "platform/random.h"

namespace kaigara::provision {

namespace {

constexpr Milliseconds first_delay{100};
constexpr Milliseconds longest_delay{1'000};

}  // namespace

ClusterWriter::ClusterWriter(const ClusterAccess& access, remote::HeldLock lock)
    : access_(access), lock_(std::move(lock)), timer_(access.loop, [this] { ask(); }),
      backoff_(first_delay, longest_delay) {}

void ClusterWriter::write(std::vector<ClusterWrite> writes, OnDone on_done) {
    writes_.assign(std::make_move_iterator(writes.begin()), std::make_move_iterator(writes.end()));
    on_done_ = std::move(on_done);
    backoff_.reset();
    is_uncertain_ = has_lost_lock_ = false;
    ask();
}

void ClusterWriter::cancel() noexcept {
    timer_.stop();
    call_.reset();
    writes_.clear();
}

void ClusterWriter::ask() {
    const ClusterWrite& write = writes_.front();
    call_ = access_.store.write(lock_, write.mode, access_.key(write.key), write.value,
                                [this](Result<remote::Written, remote::Failure> written) {
                                    on_written(std::move(written));
                                });
}

void ClusterWriter::on_written(Result<remote::Written, remote::Failure> written) {
    const auto over = std::move(call_);  // until we return: it is our caller
    if (!written) {
        is_uncertain_ = true;
        on_failure(written.error());
        return;
    }
    has_lost_lock_ = *written == remote::Written::lost_lock;
    if (*written == remote::Written::yes)
        passed();
    else if (has_lost_lock_ && !is_uncertain_)
        finish(Error{Fault::lock, 0, "the lock is not ours any more", access_.name});
    else
        settle();
}

// Is it there, and ours?
void ClusterWriter::settle() {
    call_ = access_.store.list(access_.prefix,
                               [this](Result<remote::Listing, remote::Failure> listing) {
                                   on_listing(std::move(listing));
                               });
}

void ClusterWriter::on_listing(Result<remote::Listing, remote::Failure> listing) {
    const auto over = std::move(call_);  // until we return: it is our caller
    if (!listing) {
        on_failure(listing.error());
        return;
    }
    const ClusterWrite& write = writes_.front();
    const auto found = std::ranges::find(listing->entries, write.key, &remote::KeyValue::key);
    if (found != listing->entries.end() && found->value == write.value) {
        passed();
    } else if (has_lost_lock_) {
        finish(Error{Fault::lock, 0, "the lock is not ours any more", access_.name});
    } else {
        finish(Error{Fault::input_output, 0,
                     fmt::format("the ledger has a record {} that we did not write: another "
                                 "program has changed it while it was in use",
                                 write.key),
                     access_.name});
    }
}

void ClusterWriter::on_failure(const remote::Failure& failure) {
    if (failure.is_final) {
        finish(Error{Fault::input_output, failure.error.code,
                     fmt::format("the ledger cannot be written: {}", failure.error.text()),
                     access_.name});
        return;
    }
    log::debug("the ledger {}: {}; trying again", access_.name, failure.error.text());
    timer_.start(backoff_.next(platform::random_number()));
}

void ClusterWriter::passed() {
    writes_.pop_front();
    is_uncertain_ = false;
    backoff_.reset();
    if (writes_.empty())
        finish({});
    else
        ask();
}

void ClusterWriter::finish(Result<void> result) {
    const auto on_done = std::move(on_done_);
    on_done(std::move(result));
}

}  // namespace kaigara::provision
