#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# From a clean checkout to a running application, on Debian 12, as root:
#
#     sh packaging/quickstart.sh
#
# It installs what the build needs, builds the static release into build-release, and shows kaigara at
# its work: as process 1 of a new PID namespace it provisions and supervises a real nginx
# (docs/examples/nginx). The page is fetched, nginx is stopped, and the exit status is shown.
set -eu
cd "$(dirname "$0")/.."
. packaging/apt.sh

heading() {
    printf '\n== %s\n' "$*"
}

# quietly COMMAND...: shows what it printed only when it fails.
quietly() {
    if ! "$@" >"$scratch/log" 2>&1; then
        tail -n 40 "$scratch/log" >&2
        echo "failed: $*" >&2
        exit 1
    fi
}

scratch=$(mktemp -d)
namespace=
# shellcheck disable=SC2317  # the trap calls it
clean_up() {
    [ -z "$namespace" ] || kill -KILL "$namespace" 2>/dev/null || true
    rm -rf "$scratch"
}
trap clean_up EXIT

heading 'What the build needs'
sh packaging/install-build-deps.sh

heading 'Build'
# tests/run.sh uses this directory too, with these options.
set -- --buildtype=release -Dstatic=true -Db_ndebug=false -Dcpp_link_args=-s
if [ -f build-release/build.ninja ]; then
    quietly meson setup --reconfigure build-release "$@"
else
    rm -rf build-release
    quietly meson setup build-release "$@" -Dtests=false
fi
quietly ninja -C build-release src/kaigara
PATH=$PWD/build-release/src:$PATH
export PATH
echo "build-release/src/kaigara, $(stat -c %s build-release/src/kaigara) bytes, $(kaigara version)"

if [ "$(id -u)" != 0 ]; then
    echo "a new PID namespace needs root; run this script as root to see the rest" >&2
    exit 1
fi

heading 'What the example needs'
install_packages nginx-light curl procps util-linux

heading 'kaigara as process 1: resolve, provision, supervise'
export KAIGARA_CONFIG="$PWD/docs/examples/nginx/kaigara.yml"
export KAIGARA_METADATA="$PWD/docs/examples/nginx/metadata.yml"
export KAIGARA_RESOURCES="$PWD/docs/examples/nginx/resources"
export KAIGARA_OPERATIONS="$PWD/docs/examples/nginx/operations"
# What a container has for itself: the places that the example writes to. Nothing of this machine's own
# nginx is touched.
# shellcheck disable=SC2016 # for the shell in the namespace, which becomes kaigara
unshare --mount --pid --fork --mount-proc --kill-child=KILL sh -euc '
    for directory in /etc/nginx /var/www/html /run; do
        mount -t tmpfs -o mode=755 none "$directory"
    done
    exec kaigara start' &
namespace=$!

address=$(kaigara get nginx.listen)
tries=0
until curl --silent --fail --output "$scratch/page" "http://$address/"; do
    tries=$((tries + 1))
    if [ "$tries" -ge 150 ] || ! kill -0 "$namespace" 2>/dev/null; then
        echo "no page at http://$address/" >&2
        exit 1
    fi
    sleep 0.1
done

heading "The page at http://$address/"
cat "$scratch/page"

heading 'The processes of the namespace, as seen from outside'
pid=$(pgrep -P "$namespace")
ps -o pid,ppid,args --pid "$pid" --ppid "$pid"

heading 'TERM to process 1'
kill -TERM "$pid"
status=0
wait "$namespace" || status=$?
namespace=
echo "kaigara has ended with the status of nginx: $status"
exit "$status"
