#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Makes the build directory of the fuzz targets, or keeps the one that is there.
#
#     sh tests/fuzz/configure.sh DIRECTORY
#
# All of kaigara is compiled by clang with the sanitizers and with what libFuzzer steers by. The
# libraries are Debian's, without either.
set -eu
cd "$(dirname "$0")/../.."

if [ -f "$1/build.ninja" ]; then
    meson setup --reconfigure "$1"
    exit
fi
rm -rf "$1"
CC=clang-19 CXX=clang++-19 meson setup "$1" -Dfuzz=true -Dtests=true -Dbuildtype=debugoptimized \
    -Doptimization=1 -Db_sanitize=address,undefined -Db_lundef=false
