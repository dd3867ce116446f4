#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Whether the programs of a release are as small as they have to be, and whether the one without TLS says so:
#
#     sh tests/release/figures.sh BINARY BINARY_WITHOUT_TLS
#
# Prints TAP. Nothing is asked of any server.
set -u
if [ $# -ne 2 ]; then
    echo "usage: sh tests/release/figures.sh BINARY BINARY_WITHOUT_TLS" >&2
    exit 64
fi
whole=$(realpath "$1")
without=$(realpath "$2")
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# at_most LIMIT FILE
at_most() {
    size=$(stat -c %s "$2")
    if [ "$size" -le "$1" ]; then echo yes; else echo "$size bytes"; fi
}

is "with TLS it is 2.5 MB at most" "$(at_most 2500000 "$whole")" yes
is "without TLS it is 1.8 MB at most" "$(at_most 1800000 "$without")" yes
is "they are of one version" "$("$without" version)" "$("$whole" version)"
printf 'metadata:\n  - http: {url: "https://127.0.0.1:1/"}\n' >"$work/kaigara.yml"
answer=$("$without" metadata --config "$work/kaigara.yml" 2>&1)
is "without TLS https is refused, at once and for good" "$? $answer" "69 kaigara: error: $work/kaigara.yml:2:5: \
https://127.0.0.1:1/: this kaigara was built without https (-Dtls=disabled): take one that has it"
done_testing
