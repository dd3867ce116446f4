# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Read by tests that are shell programs: results as TAP, and the way to end before they began.

must_work=${KAIGARA_MUST_WORK:-0}
number=0
failures=0

# Ends the run before it began: a skip, or a failure where nothing may be skipped.
cannot() {
    if [ "$must_work" = 1 ]; then
        echo "Bail out! $1"
        exit 1
    fi
    echo "1..0 # SKIP $1"
    exit 0
}

# What else a failed sentence shows, on lines that begin with #; a test may define it anew.
show_more() { :; }

# is NAME GOT WANTED
is() {
    number=$((number + 1))
    if [ "$2" = "$3" ]; then
        echo "ok $number - $1"
        return
    fi
    failures=$((failures + 1))
    echo "not ok $number - $1"
    printf '%s\n' "got:    $2" "wanted: $3" | sed 's/^/# /'
    show_more
}

done_testing() {
    echo "1..$number"
    exit $((failures != 0))
}
