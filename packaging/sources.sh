#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Fetches the sources of everything that a static release is made of, out of Debian's archive alone:
#
#     sh packaging/sources.sh SOURCES
#
#     SOURCES/libuv1-1.44.2 ...   each unpacked, with Debian's patches, those of security among them
#     SOURCES/gcc-12.2.0          of GCC what its C++ library needs
#     SOURCES/subprojects/        links to them, called as subprojects/*.wrap want it
#     SOURCES/manifest            what they are, for packaging/sbom.py
#
# libcurl, mbedTLS and musl are those of Debian 13, for its TLS 1.3 and its musl with packed relocations; the
# rest is of Debian 12, as is what the tests have been linked with. apt verifies all of it. What is there
# stays: a release is made again from the same bytes until the folder is removed.
set -eu
mkdir -p "$1"
sources=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
top=$PWD
. packaging/apt.sh

# A line for each: the library in the bill of materials, Debian's suite and source package, and what a wrap
# calls its folder.
libraries='musl trixie musl -
libcurl trixie curl curl
mbedtls trixie mbedtls mbedtls
libuv bookworm libuv1 libuv
yaml-cpp bookworm yaml-cpp yaml-cpp
fmt bookworm fmtlib fmt
c-ares bookworm c-ares c-ares
libmd bookworm libmd libmd
simdjson bookworm simdjson simdjson
nlohmann-json bookworm nlohmann-json3 nlohmann_json
ctemplate bookworm ctemplate ctemplate'

# tree_of PACKAGE: where dpkg-source has unpacked it.
tree_of() {
    find "$sources" -mindepth 1 -maxdepth 1 -type d -name "$1-[0-9]*"
}

# unpack_upstream PACKAGE WRAP: the tarball of its authors alone, which the wrap has a digest of.
unpack_upstream() {
    digest=$(sed -n 's/^source_hash = //p' "$top/subprojects/$2.wrap" 2>/dev/null)
    tarball=$(find "$sources" -maxdepth 1 -name "$1_*.orig.tar.*" ! -name '*.asc')
    if [ -z "$digest" ] || [ "$(sha256sum <"${tarball:-/dev/null}")" != "$digest  -" ]; then
        return 1
    fi
    version=${tarball##*/"$1"_}
    rm -rf "$sources/new"
    mkdir "$sources/new"
    tar -C "$sources/new" --strip-components=1 -xf "$tarball"
    mv "$sources/new" "$sources/$1-${version%.orig.tar.*}"
}

# fetch SUITE PACKAGE WRAP: apt has a configuration for the suite already. A mirror that is being updated can
# lack the patches that its own index names.
fetch() {
    private_apt_directory=$scratch/$1
    private_apt_architecture=$(dpkg --print-architecture)
    if (cd "$sources" && private_apt_get source "$2") >"$scratch/log" 2>&1; then
        return 0
    fi
    if unpack_upstream "$2" "$3"; then
        echo "warning: the mirror has no patches of Debian for $2 now: it is as its authors released it" >&2
        return 0
    fi
    tail -n 5 "$scratch/log" >&2
    echo "the source of $2 in $1 is not to be had from the mirror" >&2
    return 1
}

fetch_missing() {
    echo "$libraries" | while read -r _ suite package wrap; do
        [ -z "$(tree_of "$package")" ] || continue
        if [ ! -d "$scratch/$suite" ]; then
            mkdir "$scratch/$suite"
            private_apt "$scratch/$suite" deb-src "$suite"
        fi
        fetch "$suite" "$package" "$wrap"
    done
}

unpack_gcc() {
    [ -z "$(tree_of gcc)" ] || return 0
    tarball=$(echo /usr/src/gcc-12/gcc-*-dfsg.tar.xz)
    rm -rf "$sources/new"
    mkdir "$sources/new"
    tar -C "$sources/new" -xf "$tarball" --wildcards --no-wildcards-match-slash --strip-components=1 \
        '*/libstdc++-v3' '*/libgcc' '*/libiberty' '*/gcc/BASE-VER' '*/gcc/DATESTAMP' '*/gcc/DEV-PHASE' '*/config' '*/include' '*/[!/]*.*' '*/COPYING*' '*/install-sh' '*/missing' \
        '*/mkinstalldirs' '*/symlink-tree' '*/compile' '*/depcomp' '*/libtool-ldflags'
    name=${tarball##*/}
    mv "$sources/new" "$sources/${name%-dfsg.tar.xz}"
}

# link_subprojects: under the names that Meson looks for.
link_subprojects() {
    rm -rf "$sources/subprojects"
    mkdir "$sources/subprojects"
    echo "$libraries" | while read -r _ _ package wrap; do
        [ "$wrap" != - ] || continue
        name=$(sed -n 's/^directory = //p' "subprojects/$wrap.wrap")
        ln -s "$(tree_of "$package")" "$sources/subprojects/$name"
    done
}

write_manifest() {
    echo "$libraries" | while read -r library suite package _; do
        tree=$(tree_of "$package")
        origin=$(find "$sources" -maxdepth 1 -name "${package}_*.dsc")
        [ -d "$tree/debian" ] || origin=$(find "$sources" -maxdepth 1 -name "${package}_*.orig.tar.*" ! -name '*.asc')
        python3 packaging/sbom.py record "$library" "$tree" "$origin" "$suite"
    done >"$sources/manifest.new"
    for library in libstdc++/gcc-12-source libgcc/libgcc-12-dev; do
        python3 packaging/sbom.py record "${library%/*}" "$(tree_of gcc)" "dpkg:${library#*/}" bookworm
    done >>"$sources/manifest.new"
    mv "$sources/manifest.new" "$sources/manifest"
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
fetch_missing
unpack_gcc
link_subprojects
write_manifest
