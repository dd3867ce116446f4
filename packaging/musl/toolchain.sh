#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A C++ compiler for static programs of musl, out of Debian's packages alone:
#
#     sh packaging/musl/toolchain.sh ARCHITECTURE SOURCES TOOLCHAIN
#
# SOURCES holds the folders musl-* and gcc-*, unpacked (packaging/sources.sh). TOOLCHAIN becomes
#
#     bin/cc bin/c++      Debian's GCC of that architecture, which looks here for headers and libraries
#     include/ lib/       musl, the kernel's headers, libstdc++; dl_find_object.o, to be linked by name
#
# Debian's musl-tools has no C++ and knows one architecture. Three minutes of one processor; a toolchain
# that is there and was made of the same inputs stays.
#
# All is compiled to be small: what a release weighs is in large part the C++ library's.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/architectures.sh"
architecture "$1"
sources=$(cd "$2" && pwd)
mkdir -p "$3"
toolchain=$(cd "$3" && pwd)
musl=$(echo "$sources"/musl-*)
gcc=$(echo "$sources"/gcc-*)
compiler=$gnu_triplet-gcc-12

stamp=$({
    cat "$here/toolchain.sh" "$here/architectures.sh" "$here/dl_find_object.c"
    cat "$musl/VERSION" "$musl/debian/changelog"
    "$compiler" --version
    echo "$toolchain"
} | sha256sum)
if [ "$(cat "$toolchain/stamp" 2>/dev/null)" = "$stamp" ]; then
    exit 0
fi
find "$toolchain" -mindepth 1 -delete
mkdir "$toolchain/bin" "$toolchain/log"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# quietly NAME COMMAND...: shows what it printed only when it fails.
quietly() {
    log=$toolchain/log/$1
    shift
    if ! "$@" >>"$log" 2>&1; then
        tail -n 8 "$log" >&2
        echo "failed, all that it said is in $log: $*" >&2
        return 1
    fi
}

# No path of this machine may get into a library. musl's functions and the C library's callers of the
# stack protector are one and the same program, so its start code sees to the canary (musl, __init_ssp).
small="-Os -ffunction-sections -fdata-sections -g0 $control_flow"
small="$small -ffile-prefix-map=$sources=. -ffile-prefix-map=$work=. -ffile-prefix-map=$toolchain=."

# Debian's compiler with its own headers last and its own libraries after musl's. -nostdinc takes GCC's
# headers away, too: they come back behind musl's, in the order that a compiler made for musl has.
write_compilers() {
    own_headers=$("$compiler" -print-file-name=include)
    cat >"$toolchain/bin/cc" <<END
#!/bin/sh
exec $gnu_triplet-gcc-12 "\$@" -nostdinc -isystem $toolchain/include -isystem $own_headers \\
    -B$toolchain/lib -L$toolchain/lib
END
    cat >"$toolchain/bin/c++" <<END
#!/bin/sh
exec $gnu_triplet-g++-12 "\$@" -nostdinc -isystem $toolchain/include/c++/12 \\
    -isystem $toolchain/include/c++/12/$musl_machine-linux-musl \\
    -isystem $toolchain/include -isystem $own_headers \\
    -B$toolchain/lib -L$toolchain/lib
END
    chmod 755 "$toolchain/bin/cc" "$toolchain/bin/c++"
}

build_musl() {
    mkdir "$work/musl"
    cd "$work/musl"
    quietly musl "$musl/configure" --target="$musl_machine-linux-musl" --prefix="$toolchain" \
        --disable-shared --disable-wrapper CC="$compiler" CROSS_COMPILE="$gnu_triplet-" \
        CFLAGS="$small -fno-asynchronous-unwind-tables -fno-unwind-tables"
    quietly musl make -j"$(nproc)"
    quietly musl make install
}

# The kernel's headers are the same for all machines, but for asm.
link_kernel_headers() {
    ln -s /usr/include/linux /usr/include/asm-generic "$toolchain/include/"
    for asm in "/usr/$gnu_triplet/include/asm" "/usr/include/$gnu_triplet/asm"; do
        if [ -d "$asm" ]; then
            ln -s "$asm" "$toolchain/include/asm"
            return
        fi
    done
    echo "the kernel's headers for $1 are nowhere: install linux-libc-dev" >&2
    return 1
}

# Without the words of a terminate handler that demangles, and without wide characters: what nobody calls is
# dropped by the linker, these are always called.
build_libstdcxx() {
    mkdir "$work/libstdcxx"
    cd "$work/libstdcxx"
    # GTHREAD_USE_WEAK: weak references to pthread functions are null in a static program.
    # shellcheck disable=SC2086
    quietly libstdcxx "$gcc/libstdc++-v3/configure" --build="$(gcc -dumpmachine)" \
        --host="$musl_machine-linux-musl" --prefix="$toolchain" --libdir="$toolchain/lib" \
        --with-toolexeclibdir="$toolchain/lib" --with-gxx-include-dir="$toolchain/include/c++/12" \
        --disable-shared --disable-multilib --disable-nls --disable-libstdcxx-pch \
        --disable-libstdcxx-filesystem-ts --disable-libstdcxx-verbose --disable-wchar_t \
        CC="$toolchain/bin/cc" CXX="$toolchain/bin/c++" CPP="$toolchain/bin/cc -E" \
        AR="$gnu_triplet-ar" RANLIB="$gnu_triplet-ranlib" \
        CFLAGS="$small" CXXFLAGS="$small -DGTHREAD_USE_WEAK=0"
    quietly libstdcxx make -j"$(nproc)"
    quietly libstdcxx make install
}

write_compilers
build_musl
link_kernel_headers "$1"
# shellcheck disable=SC2086
"$toolchain/bin/cc" $small -c "$here/dl_find_object.c" -o "$toolchain/lib/dl_find_object.o"
build_libstdcxx
echo "$stamp" >"$toolchain/stamp"
