#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh TEST.py: runs one of the backend tests, with a Consul at hand. harness.py says what it needs.
set -eu
directory=$(dirname "$0")
if ! KAIGARA_CONSUL_BINARY=$(sh "$directory/get-consul.sh"); then
    KAIGARA_CONSUL_BINARY=
fi
export KAIGARA_CONSUL_BINARY PYTHONDONTWRITEBYTECODE=1
# The servers are on loopback.
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
exec python3 "$@"
