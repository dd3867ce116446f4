// SPDX-License-Identifier: Apache-2.0
#pragma once

// One entry of `metadata:` in kaigara.yml: where a layer of metadata comes from.
//
// Every kind uses the members that its comment names, and all of them the common ones.

#include <cstdint>
#include <string>
#include <vector>

#include "base/duration.h"

namespace kaigara::metadata {

enum class SourceKind : std::uint8_t {
    file,         // `path`: YAML or JSON
    directory,    // `path`: a key a file
    environment,  // `bindings`, or `prefix`
    command,      // `command`: its stdout is YAML or JSON
};

// The plain environment variable `variable` sets the path `path`.
struct Binding {
    std::string variable;
    std::string path;
};

struct Source {
    SourceKind kind = SourceKind::file;
    std::string path;
    std::vector<Binding> bindings;
    std::string prefix;
    std::vector<std::string> command;
    std::string directory;  // that the command runs in; empty: kaigara's own

    std::string at;           // the path that the layer is mounted at; empty for the root
    bool optional = false;    // absent or unreachable is a warning
    bool secret = false;      // every value of the layer
    Milliseconds timeout{0};  // of one attempt; 0: the plan's
    unsigned retries = 0;     // further attempts
    std::string where;        // "kaigara.yml:4:5", for messages
};

// "file app.yml", "command sops -d secrets.yml": what messages call it. Long commands are cut.
std::string name_of(const Source& source);

}  // namespace kaigara::metadata
