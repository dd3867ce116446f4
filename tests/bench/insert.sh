#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Puts what run.sh printed between the two marks of docs/performance.md:
#
#     sh tests/bench/run.sh >results.txt && sh tests/bench/insert.sh results.txt

set -eu

results=$1
page=$(cd "$(dirname "$0")/../.." && pwd)/docs/performance.md

if ! grep -q '^| figure' "$results"; then
    echo "insert.sh: $results holds no table; run.sh did not succeed" >&2
    exit 1
fi
awk -v results="$results" '
    # The table is Markdown as it is; the lines above and below it are shown as they were printed.
    function leave_fence() {
        if (fenced) print "```\n"
        fenced = 0
        blanks = 0
    }
    function show(line) {
        if (line ~ /^\|/) {
            leave_fence()
            print line
            in_table = 1
            return
        }
        if (line == "") {
            blanks++
            return
        }
        if (!fenced) print (in_table ? "\n" : "") "```text"
        else for (; blanks > 0; blanks--) print ""
        fenced = 1
        blanks = 0
        in_table = 0
        print line
    }
    /^<!-- results: end -->$/ { inside = 0 }
    !inside { print }
    /^<!-- results: begin -->$/ {
        inside = 1
        print ""
        while ((getline line < results) > 0) show(line)
        leave_fence()
    }
' "$page" >"$page.new"
mv "$page.new" "$page"
