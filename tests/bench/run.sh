#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Builds the release as it is compared (optimised, static, stripped) and measures it beside the
# peers that are installed. Prints the machine, the versions, a table, and the details.
#
#     sh tests/bench/run.sh [FIGURE]... [OPTION]...    as of `bench --help`
#
# BUILD_DIR is where it is built, build-bench beside the sources unless set.

set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
build=${BUILD_DIR:-$root/build-bench}

if [ ! -f "$build/build.ninja" ]; then
    meson setup "$build" "$root" --buildtype=release -Dstatic=true >&2
fi
ninja -C "$build" src/kaigara bench >&2
strip -o "$build/kaigara-stripped" "$build/src/kaigara"

processor=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
echo "Machine: $(getconf _NPROCESSORS_ONLN) x ${processor:-unknown processor}, $(uname -srm)"
echo "Compiler: $(c++ --version | head -n 1)"
for package in tini dumb-init catatonit debianutils valgrind python3-jinja2 python3-yaml ruby gettext-base; do
    version=$(dpkg-query -W -f '${Version}' "$package" 2>/dev/null || true)
    echo "$package: ${version:-not installed}"
done
echo "kaigara: $("$build/kaigara-stripped" version | head -n 1)"
echo "Command: sh tests/bench/run.sh $*"
echo "Load before: $(cut -d ' ' -f 1-3 /proc/loadavg)"
echo
exec "$build/tests/bench/bench" --kaigara "$build/kaigara-stripped" "$@"
