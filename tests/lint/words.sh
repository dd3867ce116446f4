#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Checks that nothing in the tree says that it is unfinished: what is missing stands in an issue,
# where somebody finds it. This file is the one that may spell the words.
set -eu
cd "$(dirname "$0")/../.."

words='\b(TODO|FIXME|XXX|HACK|WIP)\b|\b([Ff]or now|[Nn]ot (yet )?implemented|[Nn]ot implemented yet|[Ss]tub)\b'
failed=0
for folder in src tests docs packaging .ci meson.build meson_options.txt README.md CHANGELOG.md; do
    [ -e "$folder" ] || continue
    if grep -rnIE "$words" "$folder" --exclude=words.sh --exclude-dir=__pycache__; then
        failed=1
    fi
done
if [ "$failed" = 1 ]; then
    echo "finish it, or take it out and write an issue" >&2
    exit 1
fi
if [ ! -d src ]; then
    echo "no src folder here" >&2
    exit 1
fi
