#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Puts the sources of libcurl, mbedTLS and simdjson where Meson looks for them, subprojects/packagecache:
#
#     sh packaging/fetch-sources.sh
#
# The first two are the tarballs of Debian 13, whose mbedTLS knows TLS 1.3 and whose libcurl asks for that;
# Debian 12's libcurl.a cannot be linked statically, and of simdjson Debian has no static library. apt fetches and verifies them with the mirror that
# it is configured with, in a private configuration: nothing is installed, no list of the machine is
# touched. Meson checks them once more, against the digests in subprojects/*.wrap.
set -eu
cd "$(dirname "$0")/.."
. packaging/apt.sh

cache=subprojects/packagecache

# is_there WRAP: whether the file that a wrap wants is in the cache, and is the right one.
is_there() {
    name=$(sed -n 's/^source_filename = //p' "subprojects/$1.wrap")
    sum=$(sed -n 's/^source_hash = //p' "subprojects/$1.wrap")
    [ -f "$cache/$name" ] && [ "$(sha256sum <"$cache/$name")" = "$sum  -" ]
}

# fetch SUITE WRAP...: the tarballs that these wraps want, from the sources of a suite of Debian.
fetch() {
    suite=$1
    shift
    mkdir -p "$scratch/$suite" "$cache"
    private_apt "$scratch/$suite" deb-src "$suite"
    (cd "$scratch/$suite" && private_apt_get source --download-only "$@") || true
    for wrap in "$@"; do
        for file in "$scratch/$suite/$wrap"_*.orig.tar.*; do
            [ -f "$file" ] || continue
            name=$(sed -n 's/^source_filename = //p' "subprojects/$wrap.wrap")
            sum=$(sed -n 's/^source_hash = //p' "subprojects/$wrap.wrap")
            if [ "$(sha256sum <"$file")" = "$sum  -" ]; then
                cp "$file" "$cache/$name.new" && mv "$cache/$name.new" "$cache/$name"
            fi
        done
        if ! is_there "$wrap"; then
            echo "the mirror has no tarball with the digest of subprojects/$wrap.wrap: put it into $cache" >&2
            return 1
        fi
    done
}

if is_there curl && is_there mbedtls && is_there simdjson; then
    exit 0
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
if ! is_there curl || ! is_there mbedtls; then
    fetch trixie curl mbedtls
fi
if ! is_there simdjson; then
    fetch bookworm simdjson
fi
