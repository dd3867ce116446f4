// SPDX-License-Identifier: Apache-2.0
#pragma once

// HTTP and HTTPS on the loop, by libcurl's multi-socket interface. Only http.cpp knows libcurl.
//
//     HttpTransfer(client, request, on_done) ─► start() ─► connects, asks, reads ─► on_done(answer)
//                                                              │ on_body(piece), where it streams
//                                                              └─► the destructor ends it at once
//
// An HttpClient keeps connections that were used before for the next transfer to the same place.
// libcurl is not touched before the first transfer starts, so a kaigara that asks no server pays
// nothing; certificates of authorities are read when the first https connection is made. Names are
// looked up by c-ares, HTTP/1.1 is spoken, redirects are not followed: who wants to, sees the
// answer's `location`. http_proxy, https_proxy and no_proxy of the environment are honoured, for
// literal addresses of this host's loopback as well, as curl does it.
//
// Whose certificates are trusted: `authorities_file` and `authorities_directory` of the request;
// else SSL_CERT_FILE and SSL_CERT_DIR; else the first bundle that the image has, of the places
// where Debian, Alpine, Fedora, SUSE and others keep it (find_authorities).

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/duration.h"
#include "base/result.h"
#include "platform/loop.h"

namespace kaigara::platform {

struct HttpTls {
    std::string authorities_file;       // a PEM bundle
    std::string authorities_directory;  // of PEM files
    std::string certificate;            // ours, a PEM file
    std::string key;                    // ours, a PEM file
    std::string server_name;            // that the certificate is for; empty: the URL's host
    bool verify = true;
};

struct HttpRequest {
    std::string method = "GET";
    std::string url;  // http://... or https://..., every byte encoded that has to be
    std::vector<std::string> headers;  // "Name: value"
    std::string body;                  // sent with any method but GET
    std::string unix_socket;  // the path of a socket to connect to, whatever the URL's host
    HttpTls tls;
    Milliseconds connect_timeout{5'000};
    Milliseconds timeout{10'000};  // of all of it; 0 for none, as a stream needs it
    bool status_only = false;      // the answer is over when its body begins
    // An answer with more is an error.
    std::size_t body_limit = std::size_t{16} * 1024 * 1024;
};

struct HttpAnswer {
    int status = 0;
    // Names in lower case, in the order of the answer. At most 128 of at most 8 KiB are kept.
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;  // empty of a stream

    // The first header of that lower-case name; empty where there is none.
    std::string_view header(std::string_view name) const noexcept;
};

class HttpClient {
public:
    // The loop outlives the client, the client its transfers.
    explicit HttpClient(Loop& loop);
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    Loop& loop() noexcept { return loop_; }

private:
    friend class HttpTransfer;
    struct Multi;
    Loop& loop_;
    std::unique_ptr<Multi> multi_;  // made by the first transfer
};

class HttpTransfer {
public:
    // Every answer is one, whatever its status. Fault::unavailable when there is none, with a
    // message that stands behind the address: "connection refused"; Fault::configuration when
    // another attempt would end the same way: files of certificates, a certificate that is not
    // trusted, a malformed URL. Where there was no connection, so that no byte of the request was
    // sent, `code` says so: ENOTCONN, or what connect(2) said; EMSGSIZE says that the answer was
    // too large. The error never shows the request.
    using OnDone = std::function<void(Result<HttpAnswer>)>;
    // A piece of the body of an answer with status 200, as it came. Must not destroy the transfer.
    using OnBody = std::function<void(std::string_view piece)>;

    // `on_done` is called once, never by start(); the object may be destroyed in it. With `on_body`
    // the body is not kept where the status is 200, and has no limit.
    HttpTransfer(HttpClient& client, HttpRequest request, OnDone on_done, OnBody on_body = {});
    // Ends what is under way; the connection is closed.
    ~HttpTransfer();
    HttpTransfer(const HttpTransfer&) = delete;
    HttpTransfer& operator=(const HttpTransfer&) = delete;

    void start();

private:
    friend class HttpClient;
    struct Easy;
    std::unique_ptr<Easy> easy_;
};

// The bundle and the directory that hold the certificates of authorities here; empty where there is
// none. `environment` is asked for SSL_CERT_FILE and SSL_CERT_DIR, `exists` for paths.
struct Authorities {
    std::string file;
    std::string directory;
};
Authorities find_authorities(const std::function<const char*(const char* name)>& environment,
                             const std::function<bool(const std::string& path)>& exists);

}  // namespace kaigara::platform
