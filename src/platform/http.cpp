// SPDX-License-Identifier: Apache-2.0
#include "platform/http.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include <array>
#include <cstdlib>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "platform/files.h"
#include "platform/hidden_memory.h"
#include "platform/http_failure.h"

namespace kaigara::platform {

namespace {

constexpr std::size_t most_headers = 128;
constexpr std::size_t longest_header = 8'192;
constexpr long most_connections = 16;  // that are kept for later
constexpr long keep_alive_seconds = 30;

// Where images keep the certificates of authorities.
constexpr std::array bundles = {
    "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Alpine, Arch, distroless
    "/etc/pki/tls/certs/ca-bundle.crt",                   // Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",                             // SUSE
    "/etc/ssl/cert.pem",                                  // Alpine without ca-certificates, BSD
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // Fedora, RHEL
};

// A list of libcurl's.
class StringList {
public:
    ~StringList() { ::curl_slist_free_all(list_); }
    StringList() = default;
    StringList(const StringList&) = delete;
    StringList& operator=(const StringList&) = delete;

    bool add(const std::string& text) {
        curl_slist* longer = ::curl_slist_append(list_, text.c_str());
        if (longer != nullptr) list_ = longer;
        return longer != nullptr;
    }
    curl_slist* get() const noexcept { return list_; }

private:
    curl_slist* list_ = nullptr;
};

bool has_header(const std::vector<std::string>& headers, std::string_view name) {
    for (const std::string& header : headers) {
        if (text::lower(std::string_view(header).substr(0, name.size())) == name) return true;
    }
    return false;
}

Error out_of_memory() { return {Fault::unavailable, 0, "libcurl has no memory", ""}; }

}  // namespace

std::string_view HttpAnswer::header(std::string_view name) const noexcept {
    for (const auto& [key, value] : headers) {
        if (key == name) return value;
    }
    return {};
}

Authorities find_authorities(const std::function<const char*(const char* name)>& environment,
                             const std::function<bool(const std::string& path)>& exists) {
    const char* const file = environment("SSL_CERT_FILE");
    const char* const directory = environment("SSL_CERT_DIR");
    Authorities found{file == nullptr ? "" : file, directory == nullptr ? "" : directory};
    if (!found.file.empty() || !found.directory.empty()) return found;
    for (const char* bundle : bundles) {
        if (exists(bundle)) return {bundle, ""};
    }
    return {};
}

// The multi handle, the timer it asks for and the sockets it wants to be watched.
struct HttpClient::Multi {
    explicit Multi(Loop& a_loop)
        : loop(a_loop), timer(a_loop, [this] { act(CURL_SOCKET_TIMEOUT, 0); }),
          handle(::curl_multi_init()) {
        if (handle == nullptr) return;
        ::curl_multi_setopt(handle, CURLMOPT_SOCKETFUNCTION, &Multi::on_socket);
        ::curl_multi_setopt(handle, CURLMOPT_SOCKETDATA, this);
        ::curl_multi_setopt(handle, CURLMOPT_TIMERFUNCTION, &Multi::on_timer);
        ::curl_multi_setopt(handle, CURLMOPT_TIMERDATA, this);
        ::curl_multi_setopt(handle, CURLMOPT_MAXCONNECTS, most_connections);
    }
    ~Multi() {
        if (handle != nullptr) ::curl_multi_cleanup(handle);
    }
    Multi(const Multi&) = delete;
    Multi& operator=(const Multi&) = delete;

    static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) {
        static_cast<Multi*>(self)->watch(socket, what);
        return 0;
    }
    static int on_timer(CURLM*, long milliseconds, void* self) {
        Timer& timer = static_cast<Multi*>(self)->timer;
        if (milliseconds < 0)
            timer.stop();
        else
            timer.start(Milliseconds(milliseconds));
        return 0;
    }

    void watch(curl_socket_t socket, int what) {
        // libuv watches a descriptor once.
        polls.erase(socket);
        switch (what) {
        case CURL_POLL_IN:
            polls.try_emplace(socket, loop, socket, Poll::Readiness::readable,
                              [this, socket] { act(socket, CURL_CSELECT_IN); });
            break;
        case CURL_POLL_OUT:
            polls.try_emplace(socket, loop, socket, Poll::Readiness::writable,
                              [this, socket] { act(socket, CURL_CSELECT_OUT); });
            break;
        case CURL_POLL_INOUT:
            // Without a direction libcurl looks itself.
            polls.try_emplace(socket, loop, socket, Poll::Readiness::either,
                              [this, socket] { act(socket, 0); });
            break;
        default: break;
        }
    }

    void act(curl_socket_t socket, int readiness);

    Loop& loop;
    Timer timer;
    std::map<curl_socket_t, Poll> polls;
    CURLM* handle;
    // Expires with this object, which a callback may end.
    std::shared_ptr<int> life = std::make_shared<int>(0);
};

// One transfer: the easy handle and all that it points to.
struct HttpTransfer::Easy {
    Easy(HttpClient& a_client, HttpRequest a_request, OnDone a_on_done, OnBody a_on_body)
        : client(a_client), request(std::move(a_request)), on_done(std::move(a_on_done)),
          on_body(std::move(a_on_body)), soon(client.loop_, [this] { finish(*refused); }) {}
    ~Easy() {
        if (handle == nullptr) return;
        if (is_added) ::curl_multi_remove_handle(client.multi_->handle, handle);
        ::curl_easy_cleanup(handle);
    }
    Easy(const Easy&) = delete;
    Easy& operator=(const Easy&) = delete;

    static std::size_t on_piece(char* bytes, std::size_t, std::size_t size, void* self) {
        return static_cast<Easy*>(self)->take({bytes, size}) ? size : 0;
    }
    static std::size_t on_header(char* bytes, std::size_t, std::size_t size, void* self) {
        static_cast<Easy*>(self)->note_header({bytes, size});
        return size;
    }

    std::optional<Error> prepare();
    std::optional<Error> prepare_tls();
    std::optional<Error> pretend_host();
    void prepare_body();
    bool take(std::string_view piece);
    void note_header(std::string_view line);
    void on_end(CURLcode code);
    Error failure(CURLcode code) const;
    void finish(Result<HttpAnswer> result);

    template <class T>
    void set(CURLoption option, T value) {
        ::curl_easy_setopt(handle, option, value);
    }

    HttpClient& client;
    HttpRequest request;
    OnDone on_done;
    OnBody on_body;
    Timer soon;
    std::optional<Error> refused;
    CURL* handle = nullptr;
    bool is_added = false;
    bool is_too_large = false;
    bool has_enough = false;
    StringList headers;
    StringList connect_to;
    std::string authorities;
    std::array<char, CURL_ERROR_SIZE> words{};
    HttpAnswer answer;
};

void HttpClient::Multi::act(curl_socket_t socket, int readiness) {
    const std::weak_ptr<int> alive = life;
    int running = 0;
    ::curl_multi_socket_action(handle, socket, readiness, &running);
    int left = 0;
    while (!alive.expired()) {
        const CURLMsg* message = ::curl_multi_info_read(handle, &left);
        if (message == nullptr) return;
        if (message->msg != CURLMSG_DONE) continue;
        void* transfer = nullptr;
        ::curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        static_cast<HttpTransfer::Easy*>(transfer)->on_end(message->data.result);
    }
}

std::optional<Error> HttpTransfer::Easy::prepare() {
    handle = ::curl_easy_init();
    if (handle == nullptr) return out_of_memory();
    set(CURLOPT_PRIVATE, static_cast<void*>(this));
    set(CURLOPT_ERRORBUFFER, words.data());
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_USERAGENT, "kaigara/" KAIGARA_VERSION);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout.count()));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
    // A stream has no other way to learn that its peer is gone.
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    set(CURLOPT_TCP_KEEPIDLE, keep_alive_seconds);
    set(CURLOPT_TCP_KEEPINTVL, keep_alive_seconds / 3);
    set(CURLOPT_TCP_KEEPCNT, 3L);
    // A key may be called "..".
    set(CURLOPT_PATH_AS_IS, 1L);
    if (!request.unix_socket.empty()) set(CURLOPT_UNIX_SOCKET_PATH, request.unix_socket.c_str());
    set(CURLOPT_WRITEFUNCTION, &Easy::on_piece);
    set(CURLOPT_WRITEDATA, static_cast<void*>(this));
    set(CURLOPT_HEADERFUNCTION, &Easy::on_header);
    set(CURLOPT_HEADERDATA, static_cast<void*>(this));
    prepare_body();
    for (const std::string& header : request.headers) {
        if (!headers.add(header)) return out_of_memory();
    }
    set(CURLOPT_HTTPHEADER, headers.get());
    return prepare_tls();
}

void HttpTransfer::Easy::prepare_body() {
    if (request.method == "GET") return;
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(CURLOPT_POSTFIELDS, request.body.data());
    // libcurl would call it a form, and would wait for a 100 before a large one.
    if (!has_header(request.headers, "content-type:")) headers.add("Content-Type:");
    headers.add("Expect:");
}

std::optional<Error> HttpTransfer::Easy::prepare_tls() {
    if (!text::lower(request.url.substr(0, 8)).starts_with("https://")) return std::nullopt;
    if ((::curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_SSL) == 0)
        return Error{Fault::configuration, 0,
                     "this kaigara was built without https (-Dtls=disabled): take one that has it",
                     ""};
    const HttpTls& tls = request.tls;
    Authorities trusted{tls.authorities_file, tls.authorities_directory};
    if (trusted.file.empty() && trusted.directory.empty())
        trusted = find_authorities(::secure_getenv, exists);
    authorities = trusted.file.empty() ? trusted.directory : trusted.file;
    if (!trusted.file.empty()) set(CURLOPT_CAINFO, trusted.file.c_str());
    if (!trusted.directory.empty()) set(CURLOPT_CAPATH, trusted.directory.c_str());
    if (!tls.certificate.empty()) set(CURLOPT_SSLCERT, tls.certificate.c_str());
    if (!tls.key.empty()) set(CURLOPT_SSLKEY, tls.key.c_str());
    set(CURLOPT_SSL_VERIFYPEER, tls.verify ? 1L : 0L);
    set(CURLOPT_SSL_VERIFYHOST, tls.verify ? 2L : 0L);
    return tls.server_name.empty() ? std::nullopt : pretend_host();
}

// libcurl knows no name of a server but the URL's: so that becomes the name, and the connection is
// made to where the URL led before.
std::optional<Error> HttpTransfer::Easy::pretend_host() {
    const std::unique_ptr<CURLU, decltype(&::curl_url_cleanup)> url(::curl_url(),
                                                                    &::curl_url_cleanup);
    const std::string& name = request.tls.server_name;
    char* host = nullptr;
    char* port = nullptr;
    char* changed = nullptr;
    bool good = url &&
                ::curl_url_set(url.get(), CURLUPART_URL, request.url.c_str(), 0) == CURLUE_OK &&
                ::curl_url_get(url.get(), CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                ::curl_url_get(url.get(), CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                ::curl_url_set(url.get(), CURLUPART_HOST, name.c_str(), 0) == CURLUE_OK &&
                ::curl_url_get(url.get(), CURLUPART_URL, &changed, 0) == CURLUE_OK;
    if (good) {
        good = connect_to.add(fmt::format("{}:{}:{}:{}", name, port, host, port));
        set(CURLOPT_CONNECT_TO, connect_to.get());
        set(CURLOPT_URL, changed);
    }
    ::curl_free(host);
    ::curl_free(port);
    ::curl_free(changed);
    if (good) return std::nullopt;
    return Error{Fault::configuration, 0,
                 fmt::format("'{}' cannot stand for the name of the server", text::printable(name)),
                 ""};
}

bool HttpTransfer::Easy::take(std::string_view piece) {
    has_enough = request.status_only;
    if (has_enough) return false;
    if (on_body && answer.status == 200) {
        on_body(piece);
        return true;
    }
    is_too_large = answer.body.size() + piece.size() > request.body_limit;
    if (!is_too_large) answer.body.append(piece);
    return !is_too_large;
}

// Each answer begins with its status line: that of a proxy, or a 100, comes before the real one.
void HttpTransfer::Easy::note_header(std::string_view line) {
    if (line.starts_with("HTTP/")) {
        answer.headers.clear();
        const std::size_t blank = line.find(' ');
        const std::string_view digits =
            blank == std::string_view::npos ? "" : line.substr(blank + 1, 3);
        answer.status = static_cast<int>(text::parse_number(digits, 999).value_or(0));
        return;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || answer.headers.size() == most_headers ||
        line.size() > longest_header)
        return;
    answer.headers.emplace_back(text::lower(line.substr(0, colon)),
                                text::trim(line.substr(colon + 1)));
}

Error HttpTransfer::Easy::failure(CURLcode code) const {
    long system = 0;
    ::curl_easy_getinfo(handle, CURLINFO_OS_ERRNO, &system);
    curl_off_t connected = 0;
    ::curl_easy_getinfo(handle, CURLINFO_PRETRANSFER_TIME_T, &connected);
    return explain({code, static_cast<int>(system), connected == 0, words.data(), authorities,
                    request.connect_timeout, request.timeout, request.body_limit, is_too_large});
}

void HttpTransfer::Easy::on_end(CURLcode code) {
    ::curl_multi_remove_handle(client.multi_->handle, handle);
    is_added = false;
    if (code == CURLE_OK || has_enough)
        finish(std::move(answer));
    else
        finish(failure(code));
}

void HttpTransfer::Easy::finish(Result<HttpAnswer> result) {
    // The object may be gone when the call returns.
    const auto told = std::move(on_done);
    told(std::move(result));
}

HttpClient::HttpClient(Loop& loop) : loop_(loop) {}
HttpClient::~HttpClient() = default;

HttpTransfer::HttpTransfer(HttpClient& client, HttpRequest request, OnDone on_done, OnBody on_body)
    : easy_(std::make_unique<Easy>(client, std::move(request), std::move(on_done),
                                   std::move(on_body))) {}

HttpTransfer::~HttpTransfer() = default;

void HttpTransfer::start() {
    // Once for the process; its memory is the process's. Answers and tokens are secrets.
    static const CURLcode begun = ::curl_global_init_mem(
        CURL_GLOBAL_DEFAULT, std::malloc, wipe_and_free, wiping_realloc, ::strdup, std::calloc);
    if (begun != CURLE_OK)
        easy_->refused = Error{Fault::unavailable, 0, "libcurl cannot be initialised", ""};
    HttpClient& client = easy_->client;
    if (!client.multi_) client.multi_ = std::make_unique<HttpClient::Multi>(client.loop_);
    if (client.multi_->handle == nullptr) easy_->refused = out_of_memory();
    if (!easy_->refused) easy_->refused = easy_->prepare();
    if (!easy_->refused) {
        easy_->is_added = ::curl_multi_add_handle(client.multi_->handle, easy_->handle) == CURLM_OK;
        if (!easy_->is_added) easy_->refused = out_of_memory();
    }
    if (easy_->refused) easy_->soon.start(Milliseconds(0));
}

}  // namespace kaigara::platform
