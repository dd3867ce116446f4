// SPDX-License-Identifier: Apache-2.0
#pragma once

// The addresses of a host's name, by c-ares on the loop: /etc/hosts first, then the name servers of
// /etc/resolv.conf with its search domains, both families at once. No thread, no NSS (law 11).
//
// "localhost" and what ends in ".localhost" is this host whatever files say (RFC 6761). Without
// /etc/resolv.conf the name server is the one of this host. c-ares reads its files when a lookup
// starts, so that what changed meanwhile counts, and it is not touched before one does: a literal
// address needs none of this (platform/socket_address).
//
//     start() ─► asks ─► on_done(addresses, or why there is none)
//
// The destructor forgets everything at once.

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/duration.h"
#include "base/result.h"
#include "platform/loop.h"
#include "platform/socket_address.h"

struct ares_channeldata;
struct ares_addrinfo;

namespace kaigara::platform {

// Where names are asked for. Tests have a name server of their own.
struct Resolver {
    std::string configuration = "/etc/resolv.conf";
    std::uint16_t port = 53;
    // For the first answer of a name server; it is asked once more and then has twice as long. With
    // two servers that are both silent this ends within the time of an attempt to connect.
    Milliseconds patience{750};
};

class NameLookup {
public:
    // At most so many addresses are answered.
    static constexpr std::size_t most_addresses = 16;

    using OnDone = std::function<void(Result<std::vector<SocketAddress>>)>;

    // The loop outlives it. `on_done` is called once, never by start(); the object may be destroyed
    // in it. The error's message is a reason to stand behind the name: "name not found".
    NameLookup(Loop& loop, std::string host, std::uint16_t port, OnDone on_done,
               Resolver resolver = {});
    ~NameLookup();
    NameLookup(const NameLookup&) = delete;
    NameLookup& operator=(const NameLookup&) = delete;

    void start();

private:
    int make_channel();
    void on_answer(int status, ares_addrinfo* answer);
    void on_socket(int socket, bool readable, bool writable);
    void on_time();
    void process(int readable, int writable);
    void arm();
    void deliver_soon(Result<std::vector<SocketAddress>> result);

    Loop& loop_;
    std::string host_;
    std::uint16_t port_;
    OnDone on_done_;
    Resolver resolver_;
    Timer timer_;
    std::map<int, Poll> polls_;
    ares_channeldata* channel_ = nullptr;
    std::optional<Result<std::vector<SocketAddress>>> result_;
};

}  // namespace kaigara::platform
