#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Whether a static binary of a release runs where it is meant to run:
#
#     sh tests/release/smoke.sh BINARY ARCH        ARCH: amd64, i386, arm64
#
# Prints TAP. All of it happens in namespaces of its own, with loopback and no other network: the binary is
# process 1 in a root that holds it, a busybox of its machine and the files that it reads (smoke.py). A
# foreign one runs under qemu-user, its children too: Linux 6.7 and later let a user namespace have its own
# binfmt_misc, so the machine's own is neither needed nor touched. i386 runs both ways. amd64 runs in roots
# of Debian 13 and 11, too, whose users and hosts are asked of systemd's modules.
#
# What is downloaded, packages of Debian, is kept in KAIGARA_CACHE (default: ~/.cache/kaigara-release).
set -u
if [ $# -ne 2 ] || [ ! -x "$1" ]; then
    echo "usage: sh tests/release/smoke.sh BINARY ARCH" >&2
    exit 64
fi
binary=$(realpath "$1")
arch=$2
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
. packaging/apt.sh

cache=${KAIGARA_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/kaigara-release}
host=$(dpkg --print-architecture)

# An interpreter for the programs of one machine: what their first 20 bytes are, and which of these count:
# programs and position-independent ones, of any ABI, so not the last bit of the type, and not byte 7.
case $arch in
amd64) qemu=qemu-x86_64-static class='\x02' machine='\x3e' ;;
i386) qemu=qemu-i386-static class='\x01' machine='\x03' ;;
arm64) qemu=qemu-aarch64-static class='\x02' machine='\xb7' ;;
*)
    echo "no release is made for '$arch': amd64, i386 and arm64 are known" >&2
    exit 64
    ;;
esac
magic="\\x7fELF$class\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00$machine\\x00"
mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'

for tool in unshare ip openssl python3; do
    command -v "$tool" >/dev/null || cannot "needs $tool; sh packaging/install-release-deps.sh"
done
unshare --user --map-root-user --net --mount --pid --fork true 2>/dev/null || cannot "needs user namespaces"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# packages FOLDER SUITE ARCHITECTURE PACKAGE...: unpacked into the folder, from the cache where they are in it.
packages() {
    target=$1 suite=$2 of=$3
    shift 3
    kept=$cache/$suite-$of
    if [ "$(cat "$kept/complete" 2>/dev/null)" != "$*" ]; then
        rm -rf "$kept"
        mkdir -p "$kept/new"
        private_apt "$kept" deb "$suite" "$of" || return 1
        # The suite is named with each, for apt takes a newer one that is installed here to be better.
        wanted=$(printf "%s/$suite " "$@")
        # shellcheck disable=SC2086 # words
        (cd "$kept/new" && private_apt_get download $wanted) || return 1
        rm -rf "$kept/apt"
        echo "$*" >"$kept/complete"
    fi
    for package in "$kept"/new/*.deb; do
        dpkg -x "$package" "$target" || return 1
    done
}

# Without a network a link of its own is needed, and without systemd its modules still answer for root,
# nobody and the machine's own name, which is what makes a libc load them.
root_of_debian() {
    root=$work/$1
    mkdir -p "$root"
    # shellcheck disable=SC2086 # words
    packages "$root" "$1" amd64 $2 || return 1
    mkdir -p "$root/etc" "$root/tmp" "$root/proc" "$root/dev"
    printf 'passwd: files systemd\ngroup: files systemd\nhosts: files myhostname dns\n' >"$root/etc/nsswitch.conf"
    printf 'root:x:0:0::/root:/bin/sh\nservant:x:1234:1235::/tmp:/bin/sh\n' >"$root/etc/passwd"
    printf 'root:x:0:\nservant:x:1235:\nhelpers:x:77:servant\n' >"$root/etc/group"
}

# smoke LABEL WAY ROOT...: in new namespaces; WAY is native, or qemu. The TAP of all of them is one.
smoke() {
    label=$1 way=$2
    shift 2
    # As root, users can be changed, and the machine's own files have their owners.
    own=
    if [ "$(id -u)" != 0 ] || [ "$way" = qemu ]; then
        own='--user --map-root-user'
    fi
    # shellcheck disable=SC2086,SC2016 # words; for the shell within
    WAY=$way QEMU=$(command -v "$qemu") MAGIC=$magic MASK=$mask unshare $own --mount --net --fork --kill-child \
        sh -c '
        set -eu
        ip link set lo up
        if [ "$WAY" = qemu ]; then
            mkdir -p "$1/binfmt"
            mount -t binfmt_misc none "$1/binfmt" || exit 77
            printf "%s" ":kaigara-smoke:M::$MAGIC:$MASK:$QEMU:PF" >"$1/binfmt/register" || exit 77
        fi
        shift
        exec python3 tests/release/smoke.py "$@"
    ' sh "$work" "$number" "$label" "$@"
    status=$?
    if [ "$status" = 77 ]; then
        reason="needs Linux 6.7, where a user namespace has a binfmt_misc of its own"
        # What ran before stands; nothing may be skipped where cannot() ends the run.
        if [ "$number" = 0 ] || [ "$must_work" = 1 ]; then
            cannot "$reason"
        fi
        number=$((number + 1))
        echo "ok $number - $label # SKIP $reason"
        return
    fi
    if [ ! -e "$work/count" ]; then
        echo "Bail out! $label: the sentences did not begin"
        exit 1
    fi
    number=$((number + $(cat "$work/count")))
    rm -f "$work/count"
    [ "$status" = 0 ] || failures=$((failures + 1))
}

mkdir -p "$cache" "$work/busybox" || exit 1
packages "$work/busybox" bookworm "$arch" busybox-static || cannot "needs a mirror of Debian, for busybox"

if [ "$arch" = "$host" ] || "$work/busybox/bin/busybox" true 2>/dev/null; then
    smoke "$arch" native scratch "$work" "$binary"
fi
if [ "$arch" != "$host" ]; then
    command -v "$qemu" >/dev/null || cannot "needs $qemu"
    smoke "$arch under qemu" qemu scratch "$work" "$binary"
fi
if [ "$arch" = amd64 ]; then
    common='libc6 libc-bin libacl1 libattr1 libgmp10 libselinux1 libpcre2-8-0 libcap2 libgcc-s1 dash coreutils'
    common="$common libnss-myhostname libnss-systemd"
    if [ "$host" = amd64 ]; then
        # Its packages know one /usr only, and the links to it come from none of those.
        mkdir -p "$work/trixie/usr/bin" "$work/trixie/usr/lib" "$work/trixie/usr/lib64"
        for folder in bin lib lib64; do
            ln -s "usr/$folder" "$work/trixie/$folder"
        done
        root_of_debian trixie "$common libssl3t64 libsystemd0 libzstd1 zlib1g" || cannot "needs a mirror of Debian 13"
        smoke 'Debian 13' native debian "$work" "$binary" "$work/trixie"
        root_of_debian bullseye "$common" || cannot "needs a mirror that still has Debian 11"
        smoke 'Debian 11' native debian "$work" "$binary" "$work/bullseye"
    fi
fi
done_testing
