#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The soak suite in full, on the program of a release (packaging/build-static.sh): some minutes on two processors. As root:
#
#     sh tests/soak/run.sh [soak|kills|faults]...
#
# KAIGARA_BINARY names another program. What the tests judge stands in them; the table that is printed at the end
# is that of docs/performance.md.
set -eu
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- soak kills faults

build=$PWD/build-release
if [ ! -f "$build/build.ninja" ]; then
    meson setup "$build" --buildtype=release -Dstatic=true -Db_ndebug=false -Dcpp_link_args=-s -Dtests=true
fi
if [ -z "${KAIGARA_BINARY:-}" ]; then
    machine=$(dpkg --print-architecture)
    sh packaging/build-static.sh "$machine"
    KAIGARA_BINARY=${KAIGARA_BUILD:-$PWD/build-static}/kaigara-$machine
fi
ninja -C "$build" tests/soak/storm
KAIGARA_STORM=$build/tests/soak/storm
export KAIGARA_BINARY KAIGARA_STORM KAIGARA_SOAK=full PYTHONDONTWRITEBYTECODE=1

log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0
for name; do
    { python3 "tests/soak/${name}_test.py" && echo 0 >"$log.status" || echo $? >"$log.status"; } 2>&1 |
        tee -a "$log"
    [ "$(cat "$log.status")" = 0 ] || failed=1
done
rm -f "$log.status"

printf '\n%s, Linux %s, %s processors\n\n' "$("$KAIGARA_BINARY" version)" "$(uname -r)" "$(nproc)"
echo '| what | count | memory, first tenth | last | descriptors, first tenth | last | time of one (of process 1), first tenth | last |'
echo '| --- | --- | --- | --- | --- | --- | --- | --- |'
grep -o '| .* |$' "$log"
exit "$failed"
