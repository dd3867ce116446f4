// SPDX-License-Identifier: Apache-2.0
#pragma once

// One entry of `metadata:` in kaigara.yml: where a layer of metadata comes from.
//
// Every kind uses the members that its comment names, and all of them the common ones.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/duration.h"

namespace kaigara::metadata {

enum class SourceKind : std::uint8_t {
    file,         // `path`: YAML or JSON
    directory,    // `path`: a key a file
    environment,  // `bindings`, or `prefix`
    consul,       // `prefix`, `format`
    etcd,         // `prefix`, `format`
    http,         // `url`, `headers`, `path`, `format`
    command,      // `command`: its stdout is YAML or JSON
};

// The plain environment variable `variable` sets the path `path`.
struct Binding {
    std::string variable;
    std::string path;
};

// What the values of a store, or a document, are written in.
enum class SourceFormat : std::uint8_t {
    found,   // of a document: JSON where it reads as JSON, else YAML
    scalar,  // of values: each is one text, whose type follows from its form
    yaml,
    json,
};

struct Source {
    SourceKind kind = SourceKind::file;
    std::string path;  // of http: the part of the document that is taken; empty for all of it
    std::vector<Binding> bindings;
    std::string prefix;
    SourceFormat format = SourceFormat::found;
    std::string url;                                           // with ${NAME} in it, as written
    std::vector<std::pair<std::string, std::string>> headers;  // likewise
    std::vector<std::string> command;
    std::string directory;  // that the command runs in; empty: kaigara's own

    std::string at;                   // the path that the layer is mounted at; empty for the root
    bool optional = false;            // absent or unreachable is a warning
    bool secret = false;              // every value of the layer
    Milliseconds timeout{0};          // of one attempt; 0: the kind's own
    std::optional<unsigned> retries;  // further attempts; unset: the kind's own
    std::string where;                // "kaigara.yml:4:5", for messages
};

// Whether its layer is fetched on the loop (fetch.h), and not read at once.
bool has_to_wait(const Source& source) noexcept;

// "file app.yml", "command sops -d secrets.yml", "consul app/prod": what messages call it. Long
// commands are cut, and of a URL nobody is shown the query.
std::string name_of(const Source& source);

}  // namespace kaigara::metadata
