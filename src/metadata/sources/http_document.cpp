// SPDX-License-Identifier: Apache-2.0
#include "metadata/sources/http_document.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "metadata/layer.h"
#include "metadata/sources/fetch.h"

namespace kaigara::metadata {

namespace {

Error refuse(std::string message) { return {Fault::configuration, 0, std::move(message), ""}; }

std::optional<std::string_view> variable(std::span<const std::string_view> environment,
                                         std::string_view name) {
    // Of a name that stands there twice the last counts.
    for (std::size_t i = environment.size(); i-- > 0;) {
        const std::string_view entry = environment[i];
        if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=')
            return entry.substr(name.size() + 1);
    }
    return std::nullopt;
}

Result<std::string> expand(std::string_view text, std::span<const std::string_view> environment) {
    std::string out;
    while (!text.empty()) {
        const std::size_t dollar = text.find('$');
        out += text.substr(0, dollar);
        if (dollar == std::string_view::npos) return out;
        text.remove_prefix(dollar);
        if (text.starts_with("$${")) {
            out += "${";
            text.remove_prefix(3);
            continue;
        }
        if (!text.starts_with("${")) {
            out += '$';
            text.remove_prefix(1);
            continue;
        }
        const std::size_t end = text.find('}');
        if (end == std::string_view::npos) return refuse("'${' has no '}'");
        const std::string_view name = text.substr(2, end - 2);
        const auto value = variable(environment, name);
        if (!value) return refuse(fmt::format("the variable {} is not set", text::printable(name)));
        out += *value;
        text.remove_prefix(end + 1);
    }
    return out;
}

bool has_control(std::string_view text) {
    return std::ranges::any_of(text, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 || byte == 0x7f;
    });
}

Result<void> check_url(std::string_view url) {
    const std::string scheme = text::lower(url.substr(0, url.find("://")));
    if (url.find("://") == std::string_view::npos || (scheme != "http" && scheme != "https"))
        return refuse("the URL has to begin with http:// or https://");
    const std::string_view rest = url.substr(scheme.size() + 3);
    const std::string_view host = rest.substr(0, rest.find_first_of("/?#"));
    if (host.find('@') != std::string_view::npos)
        return refuse("a user and a password do not belong into a URL: send the header "
                      "Authorization instead");
    const bool is_clean = !host.empty() && !has_control(url) && url.find(' ') == url.npos;
    if (!is_clean) return refuse("the URL has no host, or holds blanks or control characters");
    return {};
}

// What another moment may mend: the server's own trouble, too many requests, Vault's "not yet".
bool may_pass(int status) {
    return status >= 500 || status == 408 || status == 412 || status == 425 || status == 429 ||
           status == 472 || status == 473;
}

std::string without_query(std::string_view url) {
    return text::printable(url.substr(0, url.find_first_of("?#")));
}

}  // namespace

Result<platform::HttpRequest> document_request(const Source& source,
                                               std::span<const std::string_view> environment) {
    platform::HttpRequest request;
    KG_LET(url, expand(source.url, environment));
    KG_TRY(check_url(url));
    request.url = std::move(url);
    for (const auto& [name, text] : source.headers) {
        KG_LET(value, expand(text, environment));
        if (has_control(value))
            return refuse(fmt::format("the header {} would hold a line end or another control "
                                      "character",
                                      text::printable(name)));
        // Without a value libcurl would leave the header out; it is sent empty by a semicolon.
        request.headers.push_back(value.empty() ? name + ";" : name + ": " + value);
    }
    return request;
}

std::optional<remote::Failure> judge_answer(const platform::HttpAnswer& answer) {
    const int status = answer.status;
    if (status >= 200 && status <= 299) return std::nullopt;
    std::string message = fmt::format("answers with status {}", status);
    const std::string_view location = answer.header("location");
    if (status >= 300 && status <= 399 && !location.empty())
        message += fmt::format(": it redirects to {}, which is not followed; name that URL",
                               without_query(location));
    return remote::Failure{{Fault::unavailable, 0, std::move(message), ""}, !may_pass(status)};
}

Result<Tree, Errors> read_document_part(std::string_view body, const Source& source) {
    const std::string name = fmt::format("{}: {}", source.where, name_of(source));
    KG_LET(tree, read_document(body, source.format, name));
    if (source.path.empty()) return tree;
    const Value* part = tree.find(source.path);
    if (part != nullptr && part->is_map()) return part_at(source.path, tree);
    const auto near = tree.nearest_path(source.path);
    return Errors{{Fault::bad_data, 0,
                   part != nullptr
                       ? fmt::format("'{}' of the document is no map", source.path)
                       : fmt::format("the document has no '{}'{}", source.path,
                                     near ? fmt::format("; did you mean '{}'?", *near) : ""),
                   name}};
}

}  // namespace kaigara::metadata
