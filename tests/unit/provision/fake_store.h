// SPDX-License-Identifier: Apache-2.0
#pragma once

// A store in memory whose answers come from the loop, and can be lost or changed at will: for
// orderings that no real server lets a test have. It keeps its locks as the real ones do.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "platform/loop.h"
#include "remote/store.h"

namespace kaigara::test {

class FakeStore : public remote::Store {
public:
    explicit FakeStore(platform::Loop& loop) : loop_(loop) {}

    // What the test changes.
    std::map<std::string, std::string> keys;  // whole ones
    std::string holder_session;               // that the lock belongs to
    int sessions = 0;
    int renewals = 0;
    int writes = 0;
    int closed = 0;
    std::function<Result<bool, remote::Failure>()> on_renew = [] { return true; };
    // The number of a write -> what its answer becomes, after it was carried out.
    std::function<Result<remote::Written, remote::Failure>(int, remote::Written)> on_write =
        [](int, remote::Written written) { return written; };
    std::function<void()> before_list = [] {};
    bool is_silent = false;  // nothing that is asked from now on is answered

    static remote::Failure failure(bool is_final = false) {
        return {{Fault::unavailable, 0, "the answer was lost", "fake"}, is_final};
    }

    std::string name() const override { return "fake"; }
    remote::CallPtr list(const std::string& prefix,
                         remote::Answered<remote::Listing> on_done) override {
        before_list();
        remote::Listing listing;
        for (const auto& [key, value] : keys) {
            if (key.starts_with(prefix + "/"))
                listing.entries.push_back({key.substr(prefix.size() + 1), value});
        }
        return answer<remote::Listing>(std::move(listing), std::move(on_done));
    }
    remote::CallPtr await_change(const std::string& /*prefix*/, const remote::Listing& /*seen*/,
                                 remote::Answered<void> on_done) override {
        return answer<void>({}, std::move(on_done));
    }
    remote::CallPtr open_session(const std::string& /*name*/, Milliseconds /*ttl*/,
                                 remote::Answered<remote::Session> on_done) override {
        return answer<remote::Session>(remote::Session{std::to_string(++sessions)},
                                       std::move(on_done));
    }
    remote::CallPtr renew_session(const remote::Session& /*session*/,
                                  remote::Answered<bool> on_done) override {
        ++renewals;
        return answer<bool>(on_renew(), std::move(on_done));
    }
    remote::CallPtr close_session(const remote::Session& session,
                                  remote::Answered<void> on_done) override {
        ++closed;
        if (holder_session == session.id) holder_session.clear();
        return answer<void>({}, std::move(on_done));
    }
    remote::CallPtr try_lock(const std::string& key, const remote::Session& session,
                             const std::string& value,
                             remote::Answered<remote::LockAttempt> on_done) override {
        remote::LockAttempt attempt;
        if (holder_session.empty()) {
            holder_session = session.id;
            keys[key] = value;
            attempt.held = remote::HeldLock{key, session, "1"};
        } else {
            attempt.holder = keys[key];
        }
        return answer<remote::LockAttempt>(std::move(attempt), std::move(on_done));
    }
    remote::CallPtr unlock(const remote::HeldLock& lock, remote::Answered<void> on_done) override {
        if (holder_session == lock.session.id) keys.erase(lock.key);
        return answer<void>({}, std::move(on_done));
    }
    remote::CallPtr write(const remote::HeldLock& lock, remote::WriteMode mode,
                          const std::string& key, const std::string& value,
                          remote::Answered<remote::Written> on_done) override {
        const remote::Written written = carry_out(lock, mode, key, value);
        return answer<remote::Written>(on_write(++writes, written), std::move(on_done));
    }

private:
    remote::Written carry_out(const remote::HeldLock& lock, remote::WriteMode mode,
                              const std::string& key, const std::string& value) {
        if (holder_session != lock.session.id) return remote::Written::lost_lock;
        if (mode == remote::WriteMode::make && keys.contains(key)) return remote::Written::exists;
        if (mode == remote::WriteMode::remove)
            keys.erase(key);
        else
            keys[key] = value;
        if (mode == remote::WriteMode::remove && key == lock.key) holder_session.clear();
        return remote::Written::yes;
    }

    template <class T>
    class Answering : public remote::Call {
    public:
        Answering(platform::Loop& loop, Result<T, remote::Failure> result,
                  remote::Answered<T> on_done)
            : result_(std::move(result)), on_done_(std::move(on_done)),
              timer_(loop, [this] { finish(); }) {
            timer_.start(Milliseconds(0));
        }

    private:
        void finish() {
            const auto on_done = std::move(on_done_);
            on_done(std::move(result_));
        }

        Result<T, remote::Failure> result_;
        remote::Answered<T> on_done_;
        platform::Timer timer_;
    };

    template <class T>
    remote::CallPtr answer(Result<T, remote::Failure> result, remote::Answered<T> on_done) {
        if (is_silent) return std::make_unique<remote::Call>();
        return std::make_unique<Answering<T>>(loop_, std::move(result), std::move(on_done));
    }

    platform::Loop& loop_;
};

}  // namespace kaigara::test
