#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Installs what packaging/release.sh and the tests of a release (tests/release) need on Debian 12. Does
# nothing, and needs no root, when all of it is there.
set -eu
. "$(dirname "$0")/apt.sh"

set -- python3 git meson ninja-build make dpkg-dev linux-libc-dev gcc-12-source  # sources.sh, build-static.sh
set -- "$@" dpkg xz-utils rpm                               # package.sh
set -- "$@" podman runc uidmap ca-certificates              # image.sh
set -- "$@" lintian rpmlint man-db binutils                 # tests/release/packages.sh
set -- "$@" qemu-user-static openssl util-linux iproute2    # tests/release/smoke.sh
set -- "$@" debian-archive-keyring debootstrap              # smoke.sh, stranger.sh: roots of Debian
install_packages "$@"
