#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Installs what is needed, builds, and runs the test suites of kaigara. The last line is
# `N passed, N failed`, and the exit status is 0 only when nothing failed.
#
#     sh tests/run.sh                  all suites but tidy
#     sh tests/run.sh unit lint        only these
#
# suite             build directory    what it runs
# unit              build-sanitize     the modules, under the address and undefined sanitizers
# contract          build-sanitize     the program as PID 1 of a namespace, under the sanitizers
# contract-release  build-release      the same against the program of a release, static and stripped
# crash             build-release      the release killed at each system call, full and failing disks
# backend           build-release      the release against real etcd and Consul, and servers that misbehave
# container         build-release      the release in containers of podman and runc
# examples          build-release      docs/examples with the real applications, in namespaces
# manual            build-release      what real shells complete, and the manual pages
# soak              build-release      great numbers, random kills, each system call that fails, shortened
# release           build-static       packaging/release.sh for this machine, with tests/release
# fuzz              build-fuzz         every parser on input that libFuzzer makes up, 30 s each
# lint              build-release      checks of the source: includes, sizes, layout, scripts
# tidy              build-release      clang-tidy: half an hour of two processors, so by name only
#
# The suites of build-release run the program of a release, build-static/kaigara-ARCHITECTURE, which is linked with
# musl (packaging/build-static.sh); build-release has their helpers, and the program as Debian's libraries make it.
#
# A suite that cannot run something here says so and skips it. With CI=true nothing may be skipped: a
# skip is a failure.
set -eu
cd "$(dirname "$0")/.."

all_suites='unit contract contract-release crash backend container examples manual soak release fuzz lint tidy'
[ $# -gt 0 ] || set -- unit contract contract-release crash backend container examples manual soak release fuzz lint
for suite in "$@"; do
    case " $all_suites " in
    *" $suite "*) ;;
    *)
        echo "no suite is called '$suite'; there are: $all_suites" >&2
        exit 64
        ;;
    esac
done

if [ "${CI:-}" = true ]; then
    KAIGARA_MUST_WORK=1
    export KAIGARA_MUST_WORK
fi
must_work=${KAIGARA_MUST_WORK:-0}

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
passed=0
failed=0

heading() {
    printf '\n== %s\n' "$*"
}

# configure DIRECTORY OPTION...: makes the build directory, or gives an existing one these options.
configure() {
    directory=$1
    shift
    if [ -f "$directory/build.ninja" ]; then
        meson setup --reconfigure "$directory" "$@"
    else
        rm -rf "$directory"
        meson setup "$directory" "$@"
    fi
}

configure_sanitize() {
    configure build-sanitize -Dbuildtype=debugoptimized -Doptimization=1 -Dtests=true \
        -Db_sanitize=address,undefined -Db_lundef=false -Dcpp_args=-fno-sanitize-recover=all
}

# The same directory and options as packaging/quickstart.sh, and the tests.
configure_release() {
    werror=false
    [ "$must_work" != 1 ] || werror=true
    sh packaging/install-release-deps.sh
    sh packaging/build-static.sh "$machine"
    configure build-release --buildtype=release -Dstatic=true -Db_ndebug=false -Dcpp_link_args=-s \
        -Dtests=true -Dwerror="$werror" -Dtest_program="$PWD/build-static/kaigara-$machine"
}

configure_fuzz() {
    sh tests/fuzz/configure.sh build-fuzz
}

# prepare DIRECTORY CONFIGURE: configures once for all suites of the directory.
prepare() {
    [ ! -e "$results/configured-$1" ] || return 0
    heading "configuring $1"
    if ! "$2" >"$results/configure" 2>&1; then
        cat "$results/configure"
        return 1
    fi
    grep -E '^(Build targets|C\+\+ compiler|.*dependency)' "$results/configure" || true
    : >"$results/configured-$1"
}

# figure NAME: a number of the summary that meson ended with, 0 when there is none.
figure() {
    sed -n "s/^$1: *\([0-9][0-9]*\) *$/\1/p" "$results/output" | tail -n 1 | grep . || echo 0
}

# row NAME DIRECTORY PASSED FAILED SKIPPED SECONDS: a line of the table, added to the sums.
row() {
    printf '%-18s %-16s %6s %6s %7s %7s\n' "$@" >>"$results/table"
    passed=$((passed + $3))
    failed=$((failed + $4))
}

# run_suite NAME DIRECTORY CONFIGURE MESON_SUITE
run_suite() {
    begin=$(date +%s)
    if ! prepare "$2" "$3"; then
        row "$1" "$2" 0 1 0 0
        return 0
    fi
    heading "suite $1 ($2)"
    {
        meson test -C "$2" --suite "$4" --print-errorlogs && echo 0 >"$results/status" ||
            echo $? >"$results/status"
    } 2>&1 | tee "$results/output"
    good=$(($(figure Ok) + $(figure 'Expected Fail')))
    bad=$(($(figure Fail) + $(figure 'Unexpected Pass') + $(figure Timeout)))
    skipped=$(figure Skipped)
    [ "$must_work" != 1 ] || bad=$((bad + skipped))
    if [ "$bad" = 0 ]; then
        # It did not build, or it has no test: neither is a success.
        [ "$(cat "$results/status")" = 0 ] && [ $((good + skipped)) -gt 0 ] || bad=1
    fi
    row "$1" "$2" "$good" "$bad" "$skipped" $(($(date +%s) - begin))
}

# run_release: no suite of Meson's. What is made here is for this machine alone, and not dist/.
run_release() {
    begin=$(date +%s)
    heading 'suite release (build-static)'
    {
        KAIGARA_DIST=$PWD/build-static/dist sh packaging/release.sh "$machine" && echo 0 >"$results/status" ||
            echo $? >"$results/status"
    } 2>&1 | tee "$results/output"
    skipped=$(grep -c '^ok .* # SKIP' "$results/output" || true)
    good=$(($(grep -c '^ok ' "$results/output" || true) - skipped))
    bad=$(grep -c '^not ok ' "$results/output" || true)
    [ "$must_work" != 1 ] || bad=$((bad + skipped))
    if [ "$bad" = 0 ]; then
        [ "$(cat "$results/status")" = 0 ] && [ "$good" -gt 0 ] || bad=1
    fi
    row release build-static "$good" "$bad" "$skipped" $(($(date +%s) - begin))
}

heading 'packages'
sh packaging/install-build-deps.sh
sh tests/install-test-deps.sh
machine=$(dpkg --print-architecture)

for suite in "$@"; do
    case $suite in
    unit) run_suite unit build-sanitize configure_sanitize unit ;;
    contract) run_suite contract build-sanitize configure_sanitize contract ;;
    contract-release) run_suite contract-release build-release configure_release contract ;;
    crash) run_suite crash build-release configure_release crash ;;
    backend) run_suite backend build-release configure_release backend ;;
    container) run_suite container build-release configure_release container ;;
    examples) run_suite examples build-release configure_release examples ;;
    manual) run_suite manual build-release configure_release manual ;;
    soak) run_suite soak build-release configure_release soak ;;
    release) run_release ;;
    fuzz) run_suite fuzz build-fuzz configure_fuzz fuzz ;;
    lint) run_suite lint build-release configure_release lint ;;
    tidy) run_suite tidy build-release configure_release tidy ;;
    esac
done

heading 'results'
printf '%-18s %-16s %6s %6s %7s %7s\n' suite build passed failed skipped seconds
cat "$results/table"
printf '\n%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
