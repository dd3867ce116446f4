// SPDX-License-Identifier: Apache-2.0
#include "remote/settings.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"

namespace kaigara::remote {

namespace {

Error refuse(std::string_view variable, std::string message) {
    return {Fault::configuration, 0, std::move(message), std::string(variable)};
}

// Of a name that stands in the environment twice the last counts; an empty one is none.
class Environment {
public:
    explicit Environment(std::span<const std::string_view> entries) : entries_(entries) {}

    std::string get(std::string_view name) const {
        for (std::size_t i = entries_.size(); i-- > 0;) {
            const std::string_view entry = entries_[i];
            if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=')
                return std::string(entry.substr(name.size() + 1));
        }
        return {};
    }

    // Go's strconv.ParseBool, which both tools use.
    Result<bool> flag(std::string_view name, bool otherwise) const {
        const std::string text = get(name);
        if (text.empty()) return otherwise;
        for (const std::string_view yes : {"1", "t", "T", "TRUE", "true", "True"}) {
            if (text == yes) return true;
        }
        for (const std::string_view no : {"0", "f", "F", "FALSE", "false", "False"}) {
            if (text == no) return false;
        }
        return refuse(name, "needs true or false");
    }

private:
    std::span<const std::string_view> entries_;
};

// "scheme://host:port" of an address that may lack its scheme.
Result<std::string> base_url(std::string_view variable, std::string_view text, bool by_tls) {
    std::string_view rest = text;
    std::string scheme = by_tls ? "https" : "http";
    if (const std::size_t at = text.find("://"); at != std::string_view::npos) {
        const std::string given = text::lower(text.substr(0, at));
        if (given != "http" && given != "https")
            return refuse(variable, "needs host:port, or a URL of http:// or https://");
        if (given == "https") scheme = given;
        rest = text.substr(at + 3);
    }
    while (rest.ends_with('/')) rest.remove_suffix(1);
    if (rest.find('@') != std::string_view::npos)
        return refuse(variable, "no user and no password may stand in an address");
    const bool is_clean = std::ranges::all_of(rest, [](char c) { return c > ' ' && c < '\x7f'; });
    const std::string_view host = rest.substr(0, rest.find('/'));
    if (host.empty() || host.starts_with(':') || !is_clean ||
        rest.find_first_of("?#\\") != std::string_view::npos)
        return refuse(variable, fmt::format("'{}' is no address: it needs host:port, or a URL",
                                            text::printable(text)));
    return fmt::format("{}://{}", scheme, rest);
}

Result<void> check_pair(std::string_view certificate_variable, std::string_view key_variable,
                        const platform::HttpTls& tls) {
    if (tls.certificate.empty() == tls.key.empty()) return {};
    const bool lacks_key = tls.key.empty();
    return refuse(lacks_key ? key_variable : certificate_variable,
                  fmt::format("is not set, and {} is: a certificate and its key belong together",
                              lacks_key ? certificate_variable : key_variable));
}

Result<std::string> read_token(const Environment& environment, const FileReader& read_file) {
    constexpr std::string_view name = "CONSUL_HTTP_TOKEN";
    constexpr std::string_view file_name = "CONSUL_HTTP_TOKEN_FILE";
    std::string token = environment.get(name);
    if (token.empty()) {
        const std::string path = environment.get(file_name);
        if (path.empty()) return token;
        auto content = read_file(path);
        if (!content) {
            Error error = std::move(content).error();
            return refuse(file_name, fmt::format("the token cannot be read: {}", error.text()));
        }
        token = text::trim(*content);
    }
    const bool is_clean = std::ranges::all_of(token, [](char c) { return c > ' ' && c < '\x7f'; });
    if (!is_clean) return refuse(name, "holds what no token holds: blanks or control characters");
    return token;
}

std::string encode(std::string_view text, std::string_view literal) {
    std::string out;
    for (const char c : text) {
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || literal.find(c) != literal.npos;
        if (is_plain)
            out += c;
        else
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

}  // namespace

std::string encode_path(std::string_view path) { return encode(path, "-._~/"); }

Result<ConsulSettings> read_consul_settings(std::span<const std::string_view> entries,
                                            const FileReader& read_file) {
    const Environment environment(entries);
    ConsulSettings settings;
    KG_LET(by_tls, environment.flag("CONSUL_HTTP_SSL", false));
    KG_LET(verify, environment.flag("CONSUL_HTTP_SSL_VERIFY", true));
    const std::string given = environment.get("CONSUL_HTTP_ADDR");
    if (given.starts_with("unix://")) {
        settings.unix_socket = given.substr(7);
        if (settings.unix_socket.empty())
            return refuse("CONSUL_HTTP_ADDR", "unix:// needs the path of a socket behind it");
        settings.address = "http://localhost";
    } else {
        KG_LET(address,
               base_url("CONSUL_HTTP_ADDR", given.empty() ? "127.0.0.1:8500" : given, by_tls));
        settings.address = std::move(address);
    }
    KG_LET(token, read_token(environment, read_file));
    settings.token = std::move(token);
    settings.authorization = environment.get("CONSUL_HTTP_AUTH");
    settings.tls.authorities_file = environment.get("CONSUL_CACERT");
    settings.tls.authorities_directory = environment.get("CONSUL_CAPATH");
    settings.tls.certificate = environment.get("CONSUL_CLIENT_CERT");
    settings.tls.key = environment.get("CONSUL_CLIENT_KEY");
    settings.tls.server_name = environment.get("CONSUL_TLS_SERVER_NAME");
    settings.tls.verify = verify;
    KG_TRY(check_pair("CONSUL_CLIENT_CERT", "CONSUL_CLIENT_KEY", settings.tls));
    constexpr std::pair<std::string_view, std::string_view> parameters[] = {
        {"ns", "CONSUL_NAMESPACE"}, {"partition", "CONSUL_PARTITION"}};
    for (const auto& [parameter, variable] : parameters) {
        const std::string value = environment.get(variable);
        if (value.empty()) continue;
        if (!settings.query.empty()) settings.query += '&';
        settings.query += fmt::format("{}={}", parameter, encode(value, "-._~"));
    }
    return settings;
}

Result<EtcdSettings> read_etcd_settings(std::span<const std::string_view> entries) {
    const Environment environment(entries);
    EtcdSettings settings;
    KG_LET(skips, environment.flag("ETCDCTL_INSECURE_SKIP_TLS_VERIFY", false));
    settings.tls.verify = !skips;
    settings.tls.authorities_file = environment.get("ETCDCTL_CACERT");
    settings.tls.certificate = environment.get("ETCDCTL_CERT");
    settings.tls.key = environment.get("ETCDCTL_KEY");
    KG_TRY(check_pair("ETCDCTL_CERT", "ETCDCTL_KEY", settings.tls));
    // An endpoint without a scheme is asked by https where there is anything of TLS.
    const bool by_tls =
        !settings.tls.authorities_file.empty() || !settings.tls.certificate.empty() || skips;
    std::string given = environment.get("ETCDCTL_ENDPOINTS");
    if (given.empty()) given = "127.0.0.1:2379";
    for (const std::string_view word : text::split(given, ',')) {
        if (text::trim(word).empty()) continue;
        KG_LET(endpoint, base_url("ETCDCTL_ENDPOINTS", text::trim(word),
                                  by_tls && word.find("://") == std::string_view::npos));
        settings.endpoints.push_back(std::move(endpoint));
    }
    if (settings.endpoints.empty()) return refuse("ETCDCTL_ENDPOINTS", "names no endpoint");
    settings.user = environment.get("ETCDCTL_USER");
    settings.password = environment.get("ETCDCTL_PASSWORD");
    if (const std::size_t colon = settings.user.find(':');
        colon != std::string::npos && settings.password.empty()) {
        settings.password = settings.user.substr(colon + 1);
        settings.user.resize(colon);
    }
    if (!settings.user.empty() && settings.password.empty())
        return refuse("ETCDCTL_PASSWORD", "is not set, and ETCDCTL_USER is");
    return settings;
}

}  // namespace kaigara::remote
