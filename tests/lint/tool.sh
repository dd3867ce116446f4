# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Read by the lint scripts: what to do when the tool that a check needs is not there.

# need TOOL: goes on when it is installed. Else the check is skipped (status 77, which Meson shows as
# a skip), or fails where nothing may be skipped.
need() {
    command -v "$1" >/dev/null 2>&1 && return 0
    echo "$1 is not installed; sh tests/install-test-deps.sh installs it" >&2
    if [ "${KAIGARA_MUST_WORK:-}" = 1 ]; then
        exit 1
    fi
    exit 77
}
