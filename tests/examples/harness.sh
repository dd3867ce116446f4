# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Read by the tests of docs/examples, which set `example` and `needs`, the programs of its packages.
# Prints TAP. KAIGARA_BINARY is the program to test.
#
# A test takes no image and no container engine, but the same pieces of the kernel. It runs in a mount,
# a network and an IPC namespace of its own, where only loopback is up, and there /opt/provision is the
# example, /run is empty, and what else a container has for itself is made anew by `fresh`. In it each
# `start` is one container: kaigara as process 1 of a PID namespace. What a test mounts over the volume
# of the example outlives them. The machine's own files are neither changed nor read, but for those of
# the packages.

binary=${KAIGARA_BINARY:-}
. "$(dirname "$0")/../support/tap.sh"

if [ "${KAIGARA_EXAMPLE_INSIDE:-no}" = no ]; then
    [ "$(id -u)" = 0 ] || cannot "needs root"
    [ -x "$binary" ] || cannot "needs KAIGARA_BINARY, the program"
    # shellcheck disable=SC2154 # the test sets it
    for tool in $needs unshare setpriv ip pgrep ps; do
        command -v "$tool" >/dev/null || cannot "needs $tool"
    done
    unshare --mount --net --ipc --pid --fork --mount-proc ip link set lo up 2>/dev/null ||
        cannot "needs namespaces"
    export KAIGARA_EXAMPLE_INSIDE=yes
    exec unshare --mount --net --ipc --propagation private -- "$0"
fi

work=$(mktemp -d)
container=
# shellcheck disable=SC2317 # the trap calls it
clean_up() {
    [ -z "$container" ] || kill -KILL "$container" 2>/dev/null
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

# ---- what the containers see

set -e
chmod 755 "$work"
mkdir "$work/bin" "$work/volume"
install -m 755 "$binary" "$work/bin/kaigara"
# shellcheck disable=SC2154 # the test sets it
cp -R "$(dirname "$0")/../../docs/examples/$example" "$work/provision"
chmod -R u=rwX,go=rX "$work/provision"
mount -t tmpfs -o mode=755 none /opt
mkdir /opt/provision
mount --bind "$work/provision" /opt/provision
mount -t tmpfs -o mode=1777 none /dev/shm
mount -t tmpfs -o mode=755 none /run
ip link set lo up
PATH=$work/bin:$PATH

# volume DIRECTORY: what lies there stays from container to container. It is empty and root's at first.
volume() {
    mount --bind "$work/volume" "$1"
}

# fresh DIRECTORY...: makes them as a new container has them, with the files of the packages and no
# others. /run is empty, but for the directory of the secrets.
fresh() {
    umount /run
    mount -t tmpfs -o mode=755 none /run
    mkdir -m 700 /run/secrets
    for directory; do
        if [ -d "$work/image$directory" ]; then
            umount "$directory"
        else
            mkdir -p "$work/image$directory"
            cp -aT "$directory" "$work/image$directory"
        fi
        mount -t tmpfs none "$directory"
        cp -aT "$work/image$directory" "$directory"
    done
}

# secret NAME VALUE: as a container engine mounts it.
secret() {
    printf '%s\n' "$2" >"/run/secrets/$1"
    chmod 400 "/run/secrets/$1"
}
set +e

# ---- containers

# start [NAME=VALUE]...: a container with these variables. Its output comes to descriptor 3, so that a
# line of it can be waited for, and all of it to $work/log.
start() {
    rm -f "$work/fifo"
    mkfifo "$work/fifo"
    : >"$work/log"
    shown=no
    env -i PATH="$PATH" HOME=/root "$@" \
        unshare --pid --fork --mount-proc --kill-child=KILL kaigara start \
        >"$work/fifo" 2>&1 </dev/null &
    container=$!
    exec 3<"$work/fifo"
}

# await PATTERN: reads lines until one is like the pattern of the shell. Without such a line nothing that
# follows makes sense.
await() {
    while IFS= read -r line <&3; do
        printf '%s\n' "$line" >>"$work/log"
        # shellcheck disable=SC2254 # it is a pattern
        case $line in $1) return 0 ;; esac
    done
    finish
    show_more
    echo "Bail out! the container ended with status $ended and no line like $1"
    exit 1
}

# Reads the rest of the lines; the status is $ended then. A subshell could not wait for it.
finish() {
    cat <&3 >>"$work/log"
    exec 3<&-
    wait "$container"
    # shellcheck disable=SC2034 # the tests read it too
    ended=$?
    container=
    cat "$work/log" >>"$work/logs"
}

# The process 1 of the container, by the number that it has here.
init() { pgrep -P "$container"; }

# signal SIGNAL: to process 1, as the engine sends it.
signal() { kill -s "$1" "$(init)"; }

# application COLUMN: of ps, for the application that process 1 runs.
application() { ps -o "$1=" --ppid "$(init)" | sed 's/ *$//'; }

# The environment of the application.
environment() { tr '\0' '\n' <"/proc/$(pgrep -P "$(init)")/environ"; }

# processes NAMESPACE: those of a PID namespace, as `namespace` has told it.
processes() {
    for process in /proc/[0-9]*; do
        [ "$(readlink "$process/ns/pid")" != "$1" ] || cat "$process/comm" 2>/dev/null
    done
}

# The PID namespace of the container.
namespace() { readlink "/proc/$(init)/ns/pid"; }

# ---- results

# logged TEXT: yes, when the container has printed a line with this text.
logged() {
    if grep -qF -e "$1" "$work/log"; then echo yes; else echo no; fi
}

# ever_logged TEXT: the same for all containers that have ended.
ever_logged() {
    if grep -qF -e "$1" "$work/logs"; then echo yes; else echo no; fi
}

# The log of the container, once.
show_more() {
    [ "$shown" = no ] || return 0
    sed 's/^/#   /' "$work/log"
    shown=yes
}
