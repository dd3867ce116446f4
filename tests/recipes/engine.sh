# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Read by the tests of docs/examples/supervision that run containers: podman and runc with a folder of
# their own, and the image of that example over busybox. Prints TAP. KAIGARA_BINARY is the static binary.
#
# No container has a network but its own loopback. What is waited for is a line of a container's log.

binary=${KAIGARA_BINARY:-}
recipes=$(cd "$(dirname "$0")/../../docs/examples/supervision" && pwd)
. "$(dirname "$0")/../support/tap.sh"

for tool in podman runc busybox python3; do
    command -v "$tool" >/dev/null || cannot "needs $tool"
done
[ "$(id -u)" = 0 ] || cannot "needs root"
[ -x "$binary" ] || cannot "needs KAIGARA_BINARY, a static build of kaigara"
if head -c 4096 "$binary" | busybox grep -q 'ld-linux\|ld-musl'; then
    cannot "needs a static binary: meson setup -Dstatic=true"
fi

work=$(mktemp -d)
export STORAGE_DRIVER=vfs
# The test itself asks for each health check; podman would have systemd do so.
export DISABLE_HC_SYSTEMD=true

pod() {
    podman --root "$work/root" --runroot "$work/run" --tmpdir "$work/tmp" --runtime runc \
        --cgroup-manager cgroupfs "$@"
}

# Processes of the test itself, beside containers.
helpers=
# shellcheck disable=SC2317 # the trap calls it
clean_up() {
    # shellcheck disable=SC2086 # they are words
    [ -z "$helpers" ] || kill $helpers 2>/dev/null
    pod pod rm -af -t 0 >/dev/null 2>&1
    pod rm -af -t 0 >/dev/null 2>&1
    pod rmi -af >/dev/null 2>&1
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

limits="--ulimit nofile=4096:4096 --ulimit nproc=4096:4096 --network none"

# status COMMAND...: what it exits with; its output is in $work/output.
status() {
    "$@" >"$work/output" 2>&1 </dev/null
    echo $?
}

show_output() { sed 's/^/# /' "$work/output"; }

# start NAME OPTION... IMAGE [COMMAND...]: a container whose log comes to descriptor 3, so that a line of
# it can be waited for, and all that was read to $work/log.
start() {
    container=$1
    shift
    : >"$work/log"
    rm -f "$work/fifo"
    mkfifo "$work/fifo"
    # shellcheck disable=SC2086 # the limits are words
    pod run --name "$container" --rm $limits "$@" >"$work/fifo" 2>&1 </dev/null &
    started=$!
    exec 3<"$work/fifo"
}

# await TEXT: reads the log until a line contains it. Without it nothing that follows makes sense.
await() {
    while IFS= read -r line <&3; do
        printf '%s\n' "$line" >>"$work/log"
        case $line in *"$1"*) return 0 ;; esac
    done
    sed 's/^/# /' "$work/log"
    echo "Bail out! the container has ended, and no line of its log has '$1'"
    exit 1
}

# Reads the rest of the log; the status of the container is $ended then.
finish() {
    cat <&3 >>"$work/log"
    exec 3<&-
    wait "$started"
    # shellcheck disable=SC2034 # the tests read it
    ended=$?
}

# A failed sentence shows what the container has said.
show_more() { [ ! -f "$work/log" ] || sed 's/^/#   /' "$work/log"; }

# ---- the image

mkdir -p "$work/image/bin" "$work/image/tmp" "$work/image/etc"
install -m 755 "$(command -v busybox)" "$work/image/bin/busybox"
for applet in cat chown echo grep httpd kill mkdir mv pidof sh sleep stat wc wget; do
    busybox "$applet" --help >/dev/null 2>&1 || cannot "needs a busybox with $applet"
    ln -s busybox "$work/image/bin/$applet"
done
chmod 1777 "$work/image/tmp"
printf 'FROM scratch\nCOPY image /\n' >"$work/Containerfile"
# build IMAGE DIRECTORY OPTION...
build() {
    image=$1
    directory=$2
    shift 2
    pod build -q --isolation=chroot -t "$image" "$@" "$directory" >"$work/output" 2>&1
}
if ! build busybox "$work"; then
    show_output
    cannot "podman cannot build an image here"
fi
cp -R "$recipes" "$work/web"
install -m 755 "$binary" "$work/web/kaigara"

# A gate is an operation that waits until the test lets it pass.
mkdir -p "$work/gate" "$work/operations"
mkfifo "$work/gate/fifo"
chmod 777 "$work/gate" "$work/gate/fifo"
cat >"$work/operations/05-gate" <<'SCRIPT'
#!/bin/sh
echo "the gate is closed"
read -r word </gate/fifo
echo "the gate is open: $word"
SCRIPT
chmod 755 "$work/operations/05-gate"
cp "$recipes/operations/"* "$work/operations/"
# shellcheck disable=SC2034 # the tests use it
gate="-v $work/gate:/gate -v $work/operations:/opt/provision/operations:ro"
open_gate() { echo pass >"$work/gate/fifo"; }
