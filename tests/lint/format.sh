#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Checks the layout of all C++ files against .clang-format. Version 19 decides, for every version
# breaks lines a little differently.
#
#     tests/lint/format.sh           names the files that differ, and what differs
#     tests/lint/format.sh --fix     rewrites them
set -eu
cd "$(dirname "$0")/../.."
. tests/lint/tool.sh

need clang-format-19
list=$(mktemp)
trap 'rm -f "$list" "$list.differ"' EXIT
find src tests -type f \( -name '*.h' -o -name '*.cpp' -o -name '*.c' \) | sort >"$list"
if [ ! -s "$list" ]; then
    echo "no source file found" >&2
    exit 1
fi

if [ "${1:-}" = --fix ]; then
    xargs clang-format-19 -i <"$list"
    exit 0
fi
if ! xargs clang-format-19 --dry-run -Werror --ferror-limit=1 <"$list" 2>"$list.differ"; then
    # It says more: the line itself and a caret. The first place of each file is enough.
    grep -E '^[^ ]+:[0-9]+:[0-9]+: ' "$list.differ" >&2 || cat "$list.differ" >&2
    echo "tests/lint/format.sh --fix rewrites these files" >&2
    exit 1
fi
echo "$(wc -l <"$list") files are laid out as .clang-format says"
