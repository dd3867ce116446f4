#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Builds the static kaigara of a release, against musl, for one machine:
#
#     sh packaging/build-static.sh ARCHITECTURE [MESON OPTION...]
#
#     build-static/sources            what it is made of (sources.sh)
#     build-static/tree               the files of the checkout that git does not ignore, and the libraries' sources
#     build-static/toolchain-amd64    the compiler (musl/toolchain.sh)
#     build-static/amd64              Meson's build; with an option, as -Dtls=disabled, amd64-variant
#     build-static/kaigara-amd64      the program, stripped
#
# KAIGARA_BUILD names another folder than build-static. Ten minutes of one processor the first time, the
# toolchain being most of it. The bytes depend on what is built and on the compilers, neither on the folder nor on
# the time.
set -eu
cd "$(dirname "$0")/.."
. packaging/musl/architectures.sh
if [ $# -eq 0 ]; then
    echo "usage: sh packaging/build-static.sh ARCHITECTURE [MESON OPTION...]" >&2
    exit 64
fi
arch=$1
shift
architecture "$arch"
name=$arch
[ $# -eq 0 ] || name=$arch-variant
mkdir -p "${KAIGARA_BUILD:-build-static}"
build=$(cd "${KAIGARA_BUILD:-build-static}" && pwd)
sources=$build/sources
toolchain=$build/toolchain-$arch
tree=$build/tree

# quietly COMMAND...: shows what it printed only when it fails.
quietly() {
    if ! "$@" >"$build/log-$name" 2>&1; then
        tail -n 12 "$build/log-$name" >&2
        echo "failed, all that it said is in $build/log-$name: $*" >&2
        return 1
    fi
}

# The files of the checkout that git does not ignore; of an archive of the sources, which has no git, all but the same.
files_of_checkout() {
    if [ -e .git ]; then
        git -c safe.directory="$PWD" ls-files -z --cached --others --exclude-standard
    else
        find . -mindepth 1 \( -path './build*' -o -path ./dist -o -path './subprojects/*/*' \
            ! -path './subprojects/packagefiles/*' \) -prune -o -type f -printf '%P\0'
    fi
}

# The tree is made anew, so that nothing which git ignores gets into a release; times of files are kept,
# so that a second build compiles what has changed.
make_tree() {
    rm -rf "$tree"
    mkdir "$tree"
    files_of_checkout | xargs -0 cp -p --parents -t "$tree"
    for library in "$sources"/subprojects/*; do
        name_of_library=${library##*/}
        cp -pr "$(realpath "$library")" "$tree/subprojects/$name_of_library"
        own=$(grep -l "^directory = $name_of_library\$" subprojects/*.wrap)
        own=subprojects/packagefiles/$(basename "$own" .wrap)
        [ ! -d "$own" ] || cp -pr "$own/." "$tree/subprojects/$name_of_library/"
    done
}

# list WORD...: as a list of Meson's; an empty word is none.
list() { printf "['%s']" "$(echo "$*" | sed "s/^ *//; s/  */', '/g")"; }

# Small is what counts: nobody waits for a hot loop of a library. Strict aliasing is off, since the libraries have
# not been written for an optimiser of the whole program: libmd's SHA-256, inlined, lost every write to its state.
# Hardening: docs/security.md.
write_cross_file() {
    cache=$(command -v ccache || true)
    hardening="-fstack-protector-strong -D_FORTIFY_SOURCE=2 $control_flow"
    common="-Oz -fno-strict-aliasing $hardening -ffile-prefix-map=$tree=. -ffile-prefix-map=$build=. -ffile-prefix-map=$sources=."
    link="-static $toolchain/lib/dl_find_object.o -Wl,--eh-frame-hdr -Wl,-z,relro,-z,now,-z,noexecstack"
    cat <<END
[binaries]
c = $(list "$cache" "$toolchain/bin/cc")
cpp = $(list "$cache" "$toolchain/bin/c++")
ar = '$gnu_triplet-gcc-ar-12'
strip = '$gnu_triplet-strip'
pkgconfig = 'false'

[built-in options]
c_args = $(list "$common -fno-asynchronous-unwind-tables -fno-unwind-tables")
cpp_args = $(list "$common -DGTHREAD_USE_WEAK=0")
c_link_args = ['-static']
cpp_link_args = $(list "$link")

[properties]
needs_exe_wrapper = true

[host_machine]
system = 'linux'
cpu_family = '$meson_family'
cpu = '$meson_cpu'
endian = 'little'
END
}

configure() {
    write_cross_file >"$build/$name.ini.new"
    if ! cmp -s "$build/$name.ini.new" "$build/$name.ini"; then
        mv "$build/$name.ini.new" "$build/$name.ini"
        rm -rf "${build:?}/$name"
    fi
    rm -f "$build/$name.ini.new"
    [ ! -f "$build/$name/build.ninja" ] || return 0
    quietly meson setup "$build/$name" "$tree" --cross-file "$build/$name.ini" --buildtype=release \
        -Dstatic=true -Dtests=false -Db_ndebug=false -Ddebug=false -Db_lto=true -Db_lto_threads="$(nproc)" \
        -Db_staticpic=false --wrap-mode=nodownload \
        --force-fallback-for=libuv,yaml-cpp,fmt,libcares,libmd,libctemplate_nothreads,nlohmann_json,mbedtls "$@"
}

sh packaging/sources.sh "$sources"
sh packaging/musl/toolchain.sh "$arch" "$sources" "$toolchain"
make_tree
configure "$@"
quietly ninja -C "$build/$name" src/kaigara
"$gnu_triplet-strip" --strip-all --remove-section=.comment -o "$build/kaigara-$name.new" "$build/$name/src/kaigara"
mv "$build/kaigara-$name.new" "$build/kaigara-$name"
echo "$build/kaigara-$name, $(stat -c %s "$build/kaigara-$name") bytes"
