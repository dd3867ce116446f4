#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Prints the path of a Consul to test against, which Debian 12 has not:
#
#     sh tests/backend/get-consul.sh
#
# It is $KAIGARA_CONSUL_BINARY, else the one in PATH, else that of Debian 11, fetched by apt in a
# private configuration into a directory of the cache; nothing is installed.
set -eu
cd "$(dirname "$0")/../.."
. packaging/apt.sh

if [ -n "${KAIGARA_CONSUL_BINARY:-}" ]; then
    echo "$KAIGARA_CONSUL_BINARY"
    exit 0
fi
if command -v consul; then
    exit 0
fi
cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/kaigara-tests
if [ ! -x "$cache/usr/bin/consul" ]; then
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    private_apt "$scratch" deb bullseye >&2
    (cd "$scratch" && private_apt_get download consul && dpkg -x consul_*.deb unpacked) >&2
    mkdir -p "$cache/usr/bin"
    # By a rename: another run may be here at the same time.
    cp "$scratch/unpacked/usr/bin/consul" "$cache/usr/bin/consul.$$"
    mv "$cache/usr/bin/consul.$$" "$cache/usr/bin/consul"
fi
echo "$cache/usr/bin/consul"
