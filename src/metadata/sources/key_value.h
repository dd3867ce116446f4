// SPDX-License-Identifier: Apache-2.0
#pragma once

// Metadata from the keys below a prefix of etcd or Consul: `consul: {prefix: app/prod}`.
//
//     app/prod/db/host = db.internal     ->  db.host
//     app/prod/nginx.conf = ...          ->  the one key 'nginx.conf'
//     app/prod/db/       (empty)         ->  skipped: the web page of Consul makes folders so
//
// A value is one text, whose type follows from its form; with `format: yaml` or `json` it is a
// document of its own, of any kind, and an empty one an empty text. A key that is a value and a
// folder, or has an empty step, is an error that names it.

#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"
#include "metadata/sources/source.h"
#include "metadata/tree.h"
#include "platform/http.h"
#include "remote/store.h"

namespace kaigara::metadata {

// The store that the source is in; the settings come from the environment ("NAME=value"). The
// client outlives it. Fault::configuration, which names the variable.
Result<std::unique_ptr<remote::Store>> connect(platform::HttpClient& client, const Source& source,
                                               std::span<const std::string_view> environment);

// All that is wrong, each with the key. Each value's origin is its key.
Result<Tree, Errors> read_listing(const remote::Listing& listing, const Source& source);

}  // namespace kaigara::metadata
