#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Installs what the build of kaigara needs on Debian 12, and fetches the sources of libcurl and mbedTLS
# (fetch-sources.sh). Does nothing, and needs no root, when all of it is there.
set -eu
. "$(dirname "$0")/apt.sh"

install_packages g++ meson ninja-build pkg-config \
    libuv1-dev libyaml-cpp-dev libfmt-dev libctemplate-dev nlohmann-json3-dev libmd-dev libc-ares-dev
cd "$(dirname "$0")/.."
sh packaging/fetch-sources.sh
# A library that was unpacked for an older checkout gets the build files of this one.
meson subprojects packagefiles --apply >/dev/null 2>&1 || true
