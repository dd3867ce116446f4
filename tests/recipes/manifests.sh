#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# manifests.sh ROOT: runs manifests.py with the schema of Kubernetes at hand.
set -eu
directory=$(dirname "$0")
if ! schemas=$(sh "$directory/get-kubernetes-schema.sh"); then
    echo "the schema of Kubernetes cannot be had here" >&2
    [ "${KAIGARA_MUST_WORK:-0}" = 1 ] || exit 77
    exit 1
fi
PYTHONDONTWRITEBYTECODE=1 exec python3 "$directory/manifests.py" "$schemas" "$1"
