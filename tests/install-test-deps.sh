#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Installs what the tests of kaigara need on Debian 12, beside what the build needs. Does nothing, and
# needs no root, when all of it is there.
set -eu
. "$(dirname "$0")/../packaging/apt.sh"

set -- doctest-dev python3                                             # every suite
set -- "$@" util-linux procps iproute2 strace                          # contract, crash, soak: namespaces, what is seen of processes
set -- "$@" tini dumb-init catatonit gosu valgrind                     # contract and bench: the peers
set -- "$@" busybox-static podman runc uidmap ca-certificates          # container
set -- "$@" docker-compose systemd                                     # container: the recipes, as those read them
set -- "$@" nginx-light redis-server postgresql curl                   # examples, soak
set -- "$@" etcd-server etcd-client jq openssl                        # backend and bench: servers, certificates
set -- "$@" zsh fish bash-completion man-db mandoc                        # manual
set -- "$@" clang-19 libclang-rt-19-dev llvm-19                        # fuzz
set -- "$@" clang-format-19 clang-tidy-19 shellcheck binutils          # lint and tidy
set -- "$@" python3-jsonschema python3-yaml                            # lint: the schema
install_packages "$@"
