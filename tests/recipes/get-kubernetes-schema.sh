#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Prints the path of a directory with the OpenAPI documents of Kubernetes, v1.json and apps.json:
#
#     sh tests/recipes/get-kubernetes-schema.sh
#
# They are the ones that the Kubernetes project publishes with the source of kubectl (OpenAPI 3, of
# Kubernetes 1.27), from the source package of Debian 13, fetched and verified by apt in a private
# configuration into a directory of the cache; nothing is installed.
set -eu
cd "$(dirname "$0")/../.."
. packaging/apt.sh

cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/kaigara-tests/kubernetes
if [ ! -s "$cache/v1.json" ] || [ ! -s "$cache/apps.json" ]; then
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    private_apt "$scratch" deb-src trixie >&2
    (cd "$scratch" && private_apt_get source --download-only --only-source kubernetes) >&2
    tar -xzf "$scratch"/kubernetes_*.orig.tar.gz -C "$scratch" --wildcards \
        '*/staging/src/k8s.io/kubectl/testdata/openapi/v3/api*'
    documents=$(find "$scratch" -path '*/kubectl/testdata/openapi/v3' -type d)
    mkdir -p "$cache"
    # By a rename: another run may be here at the same time.
    cp "$documents/api/v1.json" "$cache/v1.json.$$"
    mv "$cache/v1.json.$$" "$cache/v1.json"
    cp "$documents/apis/apps/v1.json" "$cache/apps.json.$$"
    mv "$cache/apps.json.$$" "$cache/apps.json"
fi
echo "$cache"
