// SPDX-License-Identifier: Apache-2.0
#pragma once

// The objects of kaigara.yml: the entries of `metadata:` and of `templates:`. Each is a table of
// keys, as settings_table is for the options; reading, checking and the JSON Schema follow from the
// rows. A new key is a member and a row.

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "metadata/sources/source.h"
#include "metadata/value.h"
#include "provision/file_entry.h"

namespace kaigara::app {

template <class T>
struct ObjectKey {
    std::string_view name;
    std::string_view schema;  // of settings_kinds.h, or a JSON Schema of its own
    std::string_view help;    // one line, no full stop
    // An error's message does not name the key; its `where` is filled in by the reader.
    Result<void> (*assign)(T&, const metadata::Value& value);
    bool is_kind = false;    // of these keys an entry has exactly one
    bool is_needed = false;  // an entry has it
};

std::span<const ObjectKey<metadata::Source>> source_keys() noexcept;
std::span<const ObjectKey<provision::FileEntry>> file_entry_keys() noexcept;

// The words of a command: a list of them, or one text that /bin/sh runs.
Result<std::vector<std::string>> read_command_words(const metadata::Value& value);

// The source of KAIGARA_CONSUL=prefix or KAIGARA_ETCD=prefix, which `where` names.
Result<metadata::Source> read_store_source(metadata::SourceKind kind, std::string_view prefix,
                                           std::string_view where);

// A metadata path, as it was written.
Result<std::string> read_metadata_path(const metadata::Value& value);

}  // namespace kaigara::app
