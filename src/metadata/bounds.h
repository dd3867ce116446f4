// SPDX-License-Identifier: Apache-2.0
#pragma once

// What metadata may grow to. Files and stores are written by others, and PID 1 must neither run out
// of memory nor of stack because of them; each limit has an error message of its own.

#include <cstddef>

namespace kaigara::metadata {

// Maps and lists within each other, the root map being the first.
inline constexpr std::size_t max_depth = 64;

// Maps, lists, scalars and nulls together, after aliases are expanded.
inline constexpr std::size_t max_nodes = 100'000;

// One YAML or JSON document.
inline constexpr std::size_t max_document_bytes = std::size_t{16} << 20;

// The keys and scalars of one document, after aliases are expanded: a hundred thousand aliases of
// one long text would stay below the limit of nodes.
inline constexpr std::size_t max_text_bytes = std::size_t{64} << 20;

// A value that a variable reads from a file.
inline constexpr std::size_t max_value_bytes = std::size_t{1} << 20;

// The files of one metadata directory.
inline constexpr std::size_t max_files = 1'000;

// The errors that one document reports; what is wrong after them is not shown.
inline constexpr std::size_t max_errors = 100;

}  // namespace kaigara::metadata
