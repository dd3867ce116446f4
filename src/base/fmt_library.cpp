// SPDX-License-Identifier: Apache-2.0

// The fmt library, compiled once: meson.build links it into everything.
//
// Debian ships fmt's headers and a shared library, and no static one. With FMT_HEADER_ONLY each
// file of ours would compile all of fmt again, which takes three quarters of the time of a build.
// The templates that fmt's headers only declare have to be named here; they are internals of
// version 9, so meson.build takes other versions as headers alone and this file is left out.

#include <fmt/format-inl.h>

FMT_BEGIN_NAMESPACE
namespace detail {

template auto thousands_sep_impl<char>(locale_ref) -> thousands_sep_result<char>;
template auto decimal_point_impl<char>(locale_ref) -> char;

}  // namespace detail
FMT_END_NAMESPACE
