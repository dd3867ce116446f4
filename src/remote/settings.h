// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where the stores are, and who we are to them: the variables that Consul's and etcd's own tools
// read. Pure, but for CONSUL_HTTP_TOKEN_FILE, which is read by the function that is passed in.
//
// Errors are Fault::configuration, with the variable as `where`; values are never shown.

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "platform/http.h"

namespace kaigara::remote {

using FileReader = std::function<Result<std::string>(const std::string& path)>;

struct ConsulSettings {
    std::string address;      // "http://127.0.0.1:8500", without a slash at its end
    std::string unix_socket;  // where Consul listens on one
    std::string token;
    std::string authorization;  // "user:password", for a proxy in front
    std::string query;          // "ns=a&partition=b", encoded
    platform::HttpTls tls;
};

// CONSUL_HTTP_ADDR, _TOKEN, _TOKEN_FILE, _AUTH, _SSL, _SSL_VERIFY; CONSUL_CACERT, _CAPATH,
// _CLIENT_CERT, _CLIENT_KEY, _TLS_SERVER_NAME, _NAMESPACE, _PARTITION.
Result<ConsulSettings> read_consul_settings(std::span<const std::string_view> environment,
                                            const FileReader& read_file);

struct EtcdSettings {
    std::vector<std::string> endpoints;  // "http://127.0.0.1:2379", without a slash at their end
    std::string user;                    // empty: no authentication
    std::string password;
    platform::HttpTls tls;
};

// ETCDCTL_ENDPOINTS, _USER, _PASSWORD, _CACERT, _CERT, _KEY, _INSECURE_SKIP_TLS_VERIFY.
Result<EtcdSettings> read_etcd_settings(std::span<const std::string_view> environment);

// Every byte that may not stand in a segment of a URL's path is encoded; slashes stay.
std::string encode_path(std::string_view path);

}  // namespace kaigara::remote
