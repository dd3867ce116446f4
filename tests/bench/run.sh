#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Measures the program of a release (packaging/build-static.sh) beside the peers that are installed. Prints the
# machine, the versions, a table, and the details.
#
#     sh tests/bench/run.sh [FIGURE]... [OPTION]...    as of `bench --help`
#
# KAIGARA_BINARY names another program. BUILD_DIR is where the benchmark is built, build-bench beside the sources
# unless set.

set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
build=${BUILD_DIR:-$root/build-bench}

if [ ! -f "$build/build.ninja" ]; then
    meson setup "$build" "$root" --buildtype=release -Dstatic=true >&2
fi
ninja -C "$build" bench >&2
if [ -z "${KAIGARA_BINARY:-}" ]; then
    machine=$(dpkg --print-architecture)
    (cd "$root" && sh packaging/build-static.sh "$machine") >&2
    KAIGARA_BINARY=${KAIGARA_BUILD:-$root/build-static}/kaigara-$machine
fi

processor=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
echo "Machine: $(getconf _NPROCESSORS_ONLN) x ${processor:-unknown processor}, $(uname -srm)"
echo "Compiler: $(c++ --version | head -n 1)"
for package in tini dumb-init catatonit debianutils valgrind python3-jinja2 python3-yaml ruby gettext-base; do
    version=$(dpkg-query -W -f '${Version}' "$package" 2>/dev/null || true)
    echo "$package: ${version:-not installed}"
done
echo "kaigara: $("$KAIGARA_BINARY" version | head -n 1)"
echo "Command: sh tests/bench/run.sh $*"
echo "Load before: $(cut -d ' ' -f 1-3 /proc/loadavg)"
echo
exec "$build/tests/bench/bench" --kaigara "$KAIGARA_BINARY" "$@"
