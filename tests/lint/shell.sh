#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Runs shellcheck over all shell scripts of the tree: by their name (*.sh) or by their first line.
# All of them are POSIX sh, but .ci/run.
set -eu
cd "$(dirname "$0")/../.."
. tests/lint/tool.sh

need shellcheck
list=$(mktemp)
trap 'rm -f "$list"' EXIT
find . \( -name .git -o -path './build*' -o -path './subprojects/*' \
    -o -path './tests/fuzz/corpus' \) -prune -o -type f -print | sort |
    while read -r file; do
        case $file in
        *.sh) echo "$file" ;;
        *) if head -c 64 "$file" | head -n 1 | tr -d '\000' | grep -Eq '^#! ?/(usr/)?bin/(env )?(ba|da)?sh'; then
            echo "$file"
        fi ;;
        esac
    done >"$list"
if [ ! -s "$list" ]; then
    echo "no script found" >&2
    exit 1
fi

failed=0
while read -r file; do
    first=$(head -n 1 "$file")
    case $file:$first in
    ./.ci/run:'#!/usr/bin/env bash' | ./.ci/run:'#!/bin/bash') ;;
    *:'#!/bin/sh') ;;
    *:'# SPDX'*) ;; # read by others, which says its shellcheck directive
    *)
        echo "$file:1: the first line is '$first'; scripts here are POSIX: write #!/bin/sh" >&2
        failed=1
        ;;
    esac
done <"$list"
xargs shellcheck --external-sources --source-path=SCRIPTDIR:. <"$list" || failed=1
echo "$(wc -l <"$list") scripts"
exit "$failed"
