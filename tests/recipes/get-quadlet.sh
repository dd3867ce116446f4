#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Prints the path of a quadlet to test against, podman's generator of units, which Debian 12 has not:
#
#     sh tests/recipes/get-quadlet.sh
#
# It is the machine's own, else that of Debian 13, fetched by apt in a private configuration into a
# directory of the cache; nothing is installed.
set -eu
cd "$(dirname "$0")/../.."
. packaging/apt.sh

own=/usr/libexec/podman/quadlet
if [ -x "$own" ]; then
    echo "$own"
    exit 0
fi
cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/kaigara-tests
if [ ! -x "$cache$own" ]; then
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    private_apt "$scratch" deb trixie >&2
    (cd "$scratch" && private_apt_get download podman && dpkg -x podman_*.deb unpacked) >&2
    mkdir -p "$(dirname "$cache$own")"
    # By a rename: another run may be here at the same time.
    cp "$scratch/unpacked$own" "$cache$own.$$"
    mv "$cache$own.$$" "$cache$own"
fi
echo "$cache$own"
