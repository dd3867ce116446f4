#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Builds the fuzz targets with clang and runs them, two at a time. A line of TAP for each target; the
# exit status is 0 when all of them are good.
#
#     sh tests/fuzz/run.sh [SECONDS [TARGET...]]      30 seconds, all targets
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$root/build-fuzz

KAIGARA_FUZZ_SECONDS=${1:-30}
export KAIGARA_FUZZ_SECONDS
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- yaml json template operation_head settings environment diff tree snapshot \
    lines users annotation wait_target ledger store_answer notify control

sh "$here/configure.sh" "$build" >&2
programs=
for target in "$@"; do
    programs="$programs tests/fuzz/fuzz_$target"
done
# shellcheck disable=SC2086  # no name of a target has a blank
ninja -C "$build" $programs >&2

echo "1..$#"
printf '%s\n' "$@" | xargs -P 2 -I '{}' sh "$here/one.sh" "$build/tests/fuzz/fuzz_{}"
