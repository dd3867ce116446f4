#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Runs one fuzz target over a copy of its corpus, and says in one line of TAP how it went.
#
#     one.sh PROGRAM      PROGRAM is the built fuzz_TARGET
#
# KAIGARA_FUZZ_SECONDS   how long, 30 when unset
# KAIGARA_FUZZ_KEEP      a directory where the grown corpus and what failed are left
set -eu
here=$(cd "$(dirname "$0")" && pwd)
program=$1
target=${program##*/fuzz_}
seconds=${KAIGARA_FUZZ_SECONDS:-30}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
keep=${KAIGARA_FUZZ_KEEP:-$scratch}/$target
mkdir -p "$keep/corpus" "$keep/failed"

case $target in
operation_head) longest=512 ;;
*) longest=4096 ;;
esac
set -- -max_total_time="$seconds" -max_len="$longest" -rss_limit_mb=2048 -timeout=10 \
    -artifact_prefix="$keep/failed/" -print_final_stats=1 -use_value_profile=1 -print_funcs=0
[ ! -f "$here/$target.dict" ] || set -- "$@" -dict="$here/$target.dict"

# New inputs go to the first directory; the committed one is only read.
ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 \
    ASAN_SYMBOLIZER_PATH=$(command -v llvm-symbolizer-19 || true) \
    "$program" "$@" "$keep/corpus" "$here/corpus/$target" >"$scratch/log" 2>&1 && status=0 || status=$?
runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$scratch/log")
if [ "$status" = 0 ] && [ "${runs:-0}" -gt 0 ]; then
    echo "ok - $target # $runs inputs in $seconds s"
    exit 0
fi

echo "not ok - $target # status $status"
grep -vE '^#[0-9]+[[:space:]]+(NEW|REDUCE|pulse|RELOAD)' "$scratch/log" | tail -n 60 | sed 's/^/# /'
for file in "$keep"/failed/*; do
    [ -f "$file" ] || continue
    echo "# the input, in base64 (${file##*/}):"
    base64 "$file" | head -n 100 | sed 's/^/#   /'
done
exit 1
