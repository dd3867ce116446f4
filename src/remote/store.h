// SPDX-License-Identifier: Apache-2.0
#pragma once

// A key-value store of a cluster, as kaigara uses it: etcd (etcd.h) or Consul (consul.h).
//
// All of it happens on the loop. Each call hands back a Call, and answers once through its
// callback, never before it has returned; destroying the Call, also within its callback, ends it at
// once and nothing more is heard of it. The store outlives its calls.
//
// A call is one attempt: who wants to repeat it looks at Failure::is_final and waits a while
// (base/backoff.h). Of several endpoints the one that answered last is asked; an attempt that finds
// it dead asks the next ones before it fails, but a write that may have been carried out is never
// sent twice.
//
// Keys are whole: a prefix is matched by whole segments ("app" has app/x, never apple/x), and keys
// are answered without the prefix and the slash behind it. What a store is called in messages is
// name(): "etcd http://10.0.0.1:2379".
//
// Locks. A session is the store's promise to forget us `ttl` after our last renewal (Consul: after
// up to twice that, and its lock delay). A lock is a key that belongs to a session. What is written
// under a lock is written in one transaction that proves that the lock is still that of the session
// and that the key is new, so a holder that was forgotten writes nothing.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/duration.h"
#include "base/result.h"

namespace kaigara::remote {

struct Failure {
    Error error;            // Fault::unavailable; `where` is the name of the store
    bool is_final = false;  // another attempt would end like this one: refused, misconfigured
};

// Something that is under way. Destroying it ends it.
class Call {
public:
    virtual ~Call() = default;
};
using CallPtr = std::unique_ptr<Call>;

template <class T>
using Answered = std::function<void(Result<T, Failure>)>;

struct KeyValue {
    std::string key;  // without the prefix
    std::string value;
};

struct Listing {
    std::vector<KeyValue> entries;  // in bytewise order of the keys
    // What await_change() needs to miss nothing.
    std::uint64_t revision = 0;
    std::string cluster;  // that the revision belongs to; empty where the store has no such name
};

struct Session {
    std::string id;
};

// A lock that is held.
struct HeldLock {
    std::string key;
    Session session;
    std::string proof;  // the store's own: etcd's revision of the key's creation
};

struct LockAttempt {
    std::optional<HeldLock> held;
    std::string holder;  // what the holder wrote, when somebody else has it
};

enum class WriteMode : std::uint8_t {
    make,     // the key must be new
    replace,  // whatever is there
    remove,   // the key goes; `value` is not looked at
};

enum class Written : std::uint8_t {
    yes,
    lost_lock,  // the lock is not ours any more: nothing was written
    exists,     // the key is there already: nothing was written
};

class Store {
public:
    virtual ~Store() = default;
    virtual std::string name() const = 0;

    // All keys below `prefix`, at one revision, by a read that every earlier write is seen by. A
    // prefix that may be read and has no keys is an empty listing; one that may not be read is a
    // final failure.
    virtual CallPtr list(const std::string& prefix, Answered<Listing> on_done) = 0;

    // Answers when a key below `prefix`, or the key `prefix` itself, may have changed since `seen`,
    // or when that cannot be known any more (compaction, another cluster, an index that went
    // backwards): list again. Waits without an end. A failure says that the wait was cut off.
    virtual CallPtr await_change(const std::string& prefix, const Listing& seen,
                                 Answered<void> on_done) = 0;

    // `name` is for people who look at the store. `ttl`: 10 s to 24 h.
    virtual CallPtr open_session(const std::string& name, Milliseconds ttl,
                                 Answered<Session> on_done) = 0;
    // False: the store has forgotten it.
    virtual CallPtr renew_session(const Session& session, Answered<bool> on_done) = 0;
    // What it held is free. One that is gone already is no failure.
    virtual CallPtr close_session(const Session& session, Answered<void> on_done) = 0;

    // Takes the lock `key` for the session, if nobody has it; `value` says who we are.
    virtual CallPtr try_lock(const std::string& key, const Session& session,
                             const std::string& value, Answered<LockAttempt> on_done) = 0;
    // Gives it back, at once for whoever waits; the session stays.
    virtual CallPtr unlock(const HeldLock& lock, Answered<void> on_done) = 0;
    // One key, in one transaction that proves the lock. Where the answer was lost nobody knows
    // whether it was written: a failure, which the caller settles by reading.
    virtual CallPtr write(const HeldLock& lock, WriteMode mode, const std::string& key,
                          const std::string& value, Answered<Written> on_done) = 0;
};

}  // namespace kaigara::remote
