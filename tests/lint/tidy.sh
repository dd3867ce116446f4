#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Runs clang-tidy over src/ with the checks of .clang-tidy; any finding is an error.
#
#     tests/lint/tidy.sh BUILD [FILE...]
#
# BUILD is a configured build directory: its compile_commands.json says how each file is compiled.
set -eu
if [ $# -eq 0 ]; then
    echo "usage: tests/lint/tidy.sh BUILD [FILE...]" >&2
    exit 64
fi
build=$(cd "$1" && pwd)
shift
cd "$(dirname "$0")/../.."
. tests/lint/tool.sh

need clang-tidy-19
if [ ! -f "$build/compile_commands.json" ]; then
    echo "$build/compile_commands.json is not there; is it a configured build directory?" >&2
    exit 1
fi
if [ $# -eq 0 ]; then
    # shellcheck disable=SC2046  # no name of ours has a blank
    set -- $(find src -name '*.cpp' | sort)
fi

# GCC's own warning options mean nothing to clang. Two at once: more would fill a small machine.
noise=$(mktemp)
trap 'rm -f "$noise"' EXIT
failed=0
printf '%s\0' "$@" |
    xargs -0 -n 1 -P 2 clang-tidy-19 --quiet -p "$build" --extra-arg=-Wno-unknown-warning-option \
        2>"$noise" || failed=1
grep -Ev '^[0-9]+ warnings? (and [0-9]+ errors? )?generated' "$noise" >&2 || true
echo "$# files"
exit "$failed"
