#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The manual pages as those see them who read them: man(1), and mandoc(1) of Alpine and the BSDs. Prints TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
for tool in man mandoc; do
    command -v "$tool" >/dev/null || cannot "needs $tool"
done
output=$(mktemp)
trap 'rm -f "$output"' EXIT
show_more() { sed 's/^/# /' "$output"; }

for page in kaigara.1 kaigara.yml.5; do
    LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -E UTF-8 -l "docs/man/$page" 2>"$output" | wc -l >"$output.lines"
    is "man has no warning for $page" "$(cat "$output")" ""
    is "and shows it" "$(($(cat "$output.lines") > 100))" 1
    mandoc -T lint -W warning "docs/man/$page" >"$output" 2>&1
    is "mandoc has no warning for $page" "$(cat "$output")" ""
done
rm -f "$output.lines"
done_testing
