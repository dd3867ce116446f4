#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Checks that no object file of ours runs code before main, for `kaigara exec` pays for each such
# instruction at every start of a container: globals are constexpr or constinit, streams are not used.
#
#     tests/lint/static_constructors.sh BUILD
#
# The two files that include yaml-cpp and ctemplate get some from these libraries' headers.
set -eu

if [ $# -ne 1 ]; then
    echo "usage: tests/lint/static_constructors.sh BUILD" >&2
    exit 64
fi
set -- "$1"/src/*/libkaigara_*.a

found=$(nm -A -C "$@" 2>/dev/null | grep -E '_GLOBAL__sub_I_|_GLOBAL__I_' |
    grep -Ev '(metadata_)?yaml\.cpp\.o:|template_engine\.cpp\.o:' || true)
if [ -n "$found" ]; then
    echo "$found"
    echo "these files construct globals before main; make the globals constexpr or constinit" >&2
    exit 1
fi
if ! nm "$@" 2>/dev/null | grep -q ' T '; then
    echo "no function found in: $*" >&2
    exit 1
fi
