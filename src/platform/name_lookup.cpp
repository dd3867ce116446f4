// SPDX-License-Identifier: Apache-2.0
#include "platform/name_lookup.h"

#include <ares.h>

#include <array>
#include <cerrno>

#include "base/text.h"

// c-ares asks the C library for the numbers and names of services, which is NSS (law 11). It is
// never given any, so the linker hands these calls to functions that know none.
extern "C" {
struct servent* __wrap_getservbyname(const char* name, const char* protocol);
int __wrap_getservbyport_r(int port, const char* protocol, struct servent* entry, char* buffer,
                           std::size_t size, struct servent** found);

struct servent* __wrap_getservbyname(const char* /*name*/, const char* /*protocol*/) {
    return nullptr;
}
int __wrap_getservbyport_r(int /*port*/, const char* /*protocol*/, struct servent* /*entry*/,
                           char* /*buffer*/, std::size_t /*size*/, struct servent** found) {
    *found = nullptr;
    return ENOENT;
}
}

namespace kaigara::platform {

namespace {

std::string reason_of_status(int status) {
    switch (status) {
    case ARES_ENOTFOUND: return "name not found";
    case ARES_ENODATA: return "the name has no address";
    case ARES_EBADNAME: return "is no host's name";
    case ARES_ETIMEOUT: return "the name servers do not answer";
    case ARES_ECONNREFUSED: return "no name server can be reached";
    case ARES_ESERVFAIL: return "the name servers cannot tell the address";
    case ARES_EREFUSED: return "the name servers refuse to answer";
    default: break;
    }
    return "cannot look up the name: " + text::lower(::ares_strerror(status));
}

// RFC 6761: these names are always this host. c-ares knows that only where there is an /etc/hosts,
// and version 1.18 forgets some memory then.
bool is_localhost(std::string_view host) {
    if (host.ends_with('.')) host.remove_suffix(1);
    const std::string name = text::lower(host);
    return name == "localhost" || name.ends_with(".localhost");
}

Error no_address(int status) { return {Fault::unavailable, 0, reason_of_status(status), ""}; }

}  // namespace

NameLookup::NameLookup(Loop& loop, std::string host, std::uint16_t port, OnDone on_done,
                       Resolver resolver)
    : loop_(loop), host_(std::move(host)), port_(port), on_done_(std::move(on_done)),
      resolver_(std::move(resolver)), timer_(loop, [this] { on_time(); }) {}

NameLookup::~NameLookup() {
    // Calls back for what is still being asked; on_answer() knows.
    if (channel_ != nullptr) ::ares_destroy(channel_);
}

int NameLookup::make_channel() {
    if (const int status = ::ares_library_init(ARES_LIB_INIT_ALL); status != ARES_SUCCESS)
        return status;
    std::array<char, 3> lookups{"fb"};  // the file, then the name servers; whatever nsswitch says
    ares_options options{};
    options.flags = ARES_FLAG_NOALIASES;  // HOSTALIASES of the environment is no business of ours
    options.timeout = static_cast<int>(resolver_.patience.count());
    options.tries = 2;
    options.lookups = lookups.data();
    options.udp_port = options.tcp_port = resolver_.port;
    options.resolvconf_path = resolver_.configuration.data();
    options.sock_state_cb = [](void* self, int socket, int readable, int writable) {
        static_cast<NameLookup*>(self)->on_socket(socket, readable != 0, writable != 0);
    };
    options.sock_state_cb_data = this;
    int chosen = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
                 ARES_OPT_SOCK_STATE_CB | ARES_OPT_RESOLVCONF;
    if (resolver_.port != 53) chosen |= ARES_OPT_UDP_PORT | ARES_OPT_TCP_PORT;
    return ::ares_init_options(&channel_, &options, chosen);
}

void NameLookup::start() {
    if (is_localhost(host_))
        return deliver_soon(
            std::vector{*literal_address("::1", port_), *literal_address("127.0.0.1", port_)});
    if (const int status = make_channel(); status != ARES_SUCCESS) {
        channel_ = nullptr;
        return on_answer(status, nullptr);
    }
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    ::ares_getaddrinfo(
        channel_, host_.c_str(), nullptr, &hints,
        [](void* self, int status, int, ares_addrinfo* answer) {
            static_cast<NameLookup*>(self)->on_answer(status, answer);
        },
        this);
    arm();
}

void NameLookup::on_answer(int status, ares_addrinfo* answer) {
    if (status == ARES_EDESTRUCTION) return;
    if (status != ARES_SUCCESS) return deliver_soon(no_address(status));
    std::vector<SocketAddress> addresses;
    for (const auto* node = answer->nodes; node != nullptr; node = node->ai_next) {
        if (addresses.size() == most_addresses) break;
        const auto address = with_port(node->ai_addr, node->ai_addrlen, port_);
        if (address) addresses.push_back(*address);
    }
    ::ares_freeaddrinfo(answer);
    if (addresses.empty()) return deliver_soon(no_address(ARES_ENODATA));
    deliver_soon(std::move(addresses));
}

// c-ares calls this from within its own functions, so the channel has to live on: the timer tells.
void NameLookup::deliver_soon(Result<std::vector<SocketAddress>> result) {
    result_ = std::move(result);
    timer_.start(Milliseconds(0));
}

void NameLookup::on_socket(int socket, bool readable, bool writable) {
    // libuv watches a descriptor only once, and before c-ares closes it this is called with
    // neither.
    polls_.erase(socket);
    if (!readable && !writable) return;
    // While it has something to write it can wait with reading; an error is readiness of any kind.
    if (writable)
        polls_.try_emplace(socket, loop_, socket, Poll::Readiness::writable,
                           [this, socket] { process(ARES_SOCKET_BAD, socket); });
    else
        polls_.try_emplace(socket, loop_, socket, Poll::Readiness::readable,
                           [this, socket] { process(socket, ARES_SOCKET_BAD); });
}

void NameLookup::on_time() {
    if (!result_) return process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    // The object may be gone when the call returns.
    const auto on_done = std::move(on_done_);
    on_done(std::move(*result_));
}

// Serves one socket, or with none the clock.
void NameLookup::process(int readable, int writable) {
    ::ares_process_fd(channel_, readable, writable);
    arm();
}

void NameLookup::arm() {
    if (result_) return;
    timeval left{};
    if (::ares_timeout(channel_, nullptr, &left) == nullptr) return;
    // One more, so that the time is over when the timer says so.
    timer_.start(Milliseconds(left.tv_sec * 1000 + left.tv_usec / 1000 + 1));
}

}  // namespace kaigara::platform
