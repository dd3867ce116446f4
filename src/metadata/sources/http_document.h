// SPDX-License-Identifier: Apache-2.0
#pragma once

// Metadata from a document of an HTTP server: Vault, Spring Cloud Config, a cloud's metadata.
//
//     http: {url: "https://vault:8200/v1/secret/data/app", headers: {X-Vault-Token:
//     "${VAULT_TOKEN}"},
//            path: data.data}
//
// `${NAME}` in the URL and in headers is the variable of that name, which has to be set; `$${` is
// `${` itself. Pure.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "metadata/sources/source.h"
#include "metadata/tree.h"
#include "platform/http.h"
#include "remote/store.h"

namespace kaigara::metadata {

// Fault::configuration for a variable that is not set, a URL that is none or has a password in it,
// and what no header may hold. Values are never shown.
Result<platform::HttpRequest> document_request(const Source& source,
                                               std::span<const std::string_view> environment);

// Why the answer is none; nothing where its status is 200 to 299.
std::optional<remote::Failure> judge_answer(const platform::HttpAnswer& answer);

// The part of the document that the source asks for, which has to be a map; a body of nothing but
// blanks is an empty one.
Result<Tree, Errors> read_document_part(std::string_view body, const Source& source);

}  // namespace kaigara::metadata
