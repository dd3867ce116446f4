#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# kaigara as the ENTRYPOINT of containers: podman and runc, an image from scratch with busybox.
# Prints TAP. KAIGARA_BINARY is the static binary to test.
#
# All that podman keeps lies in a temporary folder, and no container has a network. What is waited
# for comes through a FIFO or as the end of a process; the test runner's timeout bounds it all.
set -u

binary=${KAIGARA_BINARY:-}
. "$(dirname "$0")/../support/tap.sh"

for tool in podman runc busybox script; do
    command -v "$tool" >/dev/null || cannot "needs $tool"
done
[ "$(id -u)" = 0 ] || cannot "needs root"
[ -x "$binary" ] || cannot "needs KAIGARA_BINARY, a static build of kaigara"
# A binary without a loader's name in it is static; busybox's grep knows no binary files.
if head -c 4096 "$binary" | busybox grep -q 'ld-linux\|ld-musl'; then
    cannot "needs a static binary: meson setup -Dstatic=true"
fi

work=$(mktemp -d)
export STORAGE_DRIVER=vfs

pod() {
    podman --root "$work/root" --runroot "$work/run" --tmpdir "$work/tmp" --runtime runc \
        --cgroup-manager cgroupfs "$@"
}

# shellcheck disable=SC2317 # the trap calls it
clean_up() {
    pod rm -af -t 0 >/dev/null 2>&1
    pod rmi -af >/dev/null 2>&1
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

limits="--ulimit nofile=4096:4096 --ulimit nproc=4096:4096 --network none"

# run OPTION... IMAGE COMMAND...
run() {
    # shellcheck disable=SC2086 # the limits are words
    pod run --rm $limits "$@"
}

# status COMMAND...: what it exits with; its output is in $work/output.
status() {
    "$@" >"$work/output" 2>&1 </dev/null
    echo $?
}

show_output() { sed 's/^/# /' "$work/output"; }

# Starts `run` with its output at descriptor 3, so that a line of it can be waited for.
start() {
    rm -f "$work/fifo"
    mkfifo "$work/fifo"
    run "$@" >"$work/fifo" 2>"$work/errors" </dev/null &
    started=$!
    exec 3<"$work/fifo"
}

# Reads lines from descriptor 3 until one begins with the text; fails at their end.
await() {
    while read -r line <&3; do
        case $line in "$1"*) return 0 ;; esac
    done
    sed 's/^/# /' "$work/errors"
    return 1
}

# Reads the rest of the lines; the status is $ended then. A subshell could not wait for it.
finish() {
    cat <&3 >"$work/output"
    exec 3<&-
    wait "$started"
    ended=$?
}

# ---- images

mkdir -p "$work/image/bin" "$work/image/tmp" "$work/image/opt/provision/resources" \
    "$work/image/opt/provision/operations" "$work/image/etc"
install -m 755 "$binary" "$work/image/kaigara"
install -m 755 "$(command -v busybox)" "$work/image/bin/busybox"
for applet in sh cat echo grep id kill mkdir ps sleep stty test true; do
    ln -s busybox "$work/image/bin/$applet"
done
chmod 1777 "$work/image/tmp"
ln -s ../kaigara "$work/image/bin/kaigara"
printf 'text\n' >"$work/image/etc/text"
printf 'app:\n  port: 80\n  name: image\n' >"$work/image/opt/provision/metadata.yml"
printf '{{app.name}} listens on {{app.port}}\n' >"$work/image/opt/provision/resources/page.tmpl"
cat >"$work/image/opt/provision/operations/10-page" <<'SCRIPT'
#!/bin/sh
set -e
test "${BROKEN:-no}" = no || exit 3
kaigara render page >/tmp/page
echo "page rendered"
SCRIPT
chmod 755 "$work/image/opt/provision/operations/10-page"

build() {
    printf 'FROM scratch\nCOPY image /\nENTRYPOINT %s\n' "$2" >"$work/Containerfile"
    if ! pod build -q --isolation=chroot -t "$1" "$work" >"$work/output" 2>&1; then
        show_output
        cannot "podman cannot build an image here"
    fi
}

build exec '["/kaigara", "exec", "--"]'
build start '["/kaigara", "--"]'
build plain '[]'

trial=$(status run --entrypoint /bin/true plain)
if [ "$trial" != 0 ]; then
    show_output
    cannot "podman cannot run a container here"
fi

# ---- exit status

for code in 0 1 7 125 255; do
    is "the container's status is the application's: $code" \
        "$(status run exec /bin/sh -c "exit $code")" "$code"
done
is "a signal that ends the application gives 128 and its number" \
    "$(status run exec /bin/sh -c 'kill -TERM $$')" 143
is "a program that is not there is 127" "$(status run exec /no/such/program)" 127
is "a file that may not be executed is 126" "$(status run exec /etc/text)" 126
is "an unknown option is 64" "$(status run --entrypoint /kaigara exec exec --sucess 1 true)" 64

# ---- stopping

start --name stopped exec /bin/sh -c 'trap "exit 9" TERM; echo up; while :; do sleep 1; done'
await up
before=$(date +%s)
pod stop -t 100 stopped >/dev/null 2>&1
finish
is "podman stop ends with the application's status" "$ended" 9
after=$(date +%s)
is "podman stop does not wait for its timeout" "$([ $((after - before)) -lt 50 ] && echo yes)" yes

start --name default exec /bin/sh -c 'echo up; exec sleep 1000'
await up
pod stop -t 100 default >/dev/null 2>&1
finish
is "podman stop ends an application that has no handler" "$ended" 143

start --name signalled exec /bin/sh -c \
    'trap "echo got usr1" USR1; trap "exit 5" HUP; echo up; while :; do sleep 1; done'
await up
pod kill -s USR1 signalled >/dev/null 2>&1
is "podman kill's signal comes to the application" "$(await "got usr1" && echo yes)" yes
pod kill -s HUP signalled >/dev/null 2>&1
finish
is "the next one too" "$ended" 5

# ---- reaping

# shellcheck disable=SC2016 # for the container's shell
orphans='
i=0
while [ $i -lt 1000 ]; do (true &); i=$((i + 1)); done
tries=0
while grep -sq "^State:.Z" /proc/[0-9]*/status && [ $tries -lt 300 ]; do
    tries=$((tries + 1)); sleep 0.1
done
grep -s "^State:.Z" /proc/[0-9]*/status && exit 1
exit 0'
is "no zombie is left of 1,000 orphans" "$(status run exec /bin/sh -c "$orphans")" 0

# ---- terminal

rm -f "$work/keys" "$work/fifo"
mkfifo "$work/keys" "$work/fifo"
cat >"$work/interactive" <<SCRIPT
#!/bin/sh
exec podman --root "$work/root" --runroot "$work/run" --tmpdir "$work/tmp" --runtime runc \
    --cgroup-manager cgroupfs run --rm -it $limits exec \
    /bin/sh -c 'trap "exit 42" INT; test -t 0 && echo up; while :; do sleep 1; done'
SCRIPT
chmod 755 "$work/interactive"
script -qefc "$work/interactive" /dev/null <"$work/keys" >"$work/fifo" 2>&1 &
started=$!
exec 4>"$work/keys" 3<"$work/fifo"
: >"$work/errors"
await up
printf '\003' >&4
finish
is "on a terminal Ctrl-C comes to the application" "$ended" 42
exec 4>&-

# ---- few rights

# shellcheck disable=SC2016 # for the container's shell
is "a user, a read-only root and no capability are enough for exec" \
    "$(status run --user 65534:65534 --read-only --cap-drop all \
        --security-opt no-new-privileges exec /bin/sh -c 'test "$(id -u)" = 65534')" 0
is "a user, a read-only root and no capability are enough for start" \
    "$(status run --user 65534:65534 --read-only --cap-drop all --tmpfs /tmp \
        --security-opt no-new-privileges start /bin/cat /tmp/page)" 0
is "and it is provisioned" "$(grep -c '^image listens on 80' "$work/output")" 1
is "a user without an entry in /etc/passwd will do" "$(status run --user 4711 start /bin/true)" 0

# ---- provisioning

is "start renders, then runs the application" "$(status run start /bin/cat /tmp/page)" 0
is "the operation's output is passed on" "$(grep -c '\[10-page\] page rendered' "$work/output")" 1
is "metadata comes from the environment" \
    "$(status run -e KAIGARA_META_app__port=8080 start /bin/cat /tmp/page &&
        grep -c '^image listens on 8080' "$work/output")" "0
1"
is "a failed operation is 80, and the application is not started" \
    "$(status run -e BROKEN=yes start /bin/echo started)" 80
is "which is told" "$(grep -c '10-page' "$work/output" | sed 's/^[1-9].*/yes/')" yes
is "nothing was started" "$(grep -c '^started' "$work/output")" 0

mkdir -p "$work/users/operations"
cat >"$work/users/operations/10-user" <<'SCRIPT'
#!/bin/sh
echo 'late:x:4242:4242::/tmp:/bin/sh' >>/etc/passwd
SCRIPT
chmod 755 "$work/users/operations/10-user"
is "an operation may make the user that the application runs as" \
    "$(status run -v "$work/users:/opt/provision:ro" --entrypoint /kaigara start \
        start --user late /bin/id -u && tail -n 1 "$work/output")" "0
4242"

# ---- files

mkdir -p "$work/files/resources/root/etc/tree"
printf 'secret: hidden\nport: 80\n' >"$work/files/metadata.yml"
printf 'port {{port}}\n' >"$work/files/resources/file.tmpl"
printf 'mirrored {{port}}\n' >"$work/files/resources/root/etc/tree/mirrored.tmpl"
cat >"$work/files/kaigara.yml" <<'YAML'
templates:
  - source: file
    target: /etc/file.conf
    check: grep -q port {{target}}
YAML
is "a tree and a template become files" \
    "$(status run -v "$work/files:/opt/provision:ro" start cat /etc/tree/mirrored /etc/file.conf &&
        grep -c '^mirrored 80\|^port 80' "$work/output")" "0
2"
printf 'old\n' >"$work/mounted.conf"
is "a file that is a mount is written in place, with a warning" \
    "$(status run -v "$work/files:/opt/provision:ro" -v "$work/mounted.conf:/etc/file.conf" \
        start true && grep -c 'written in place' "$work/output" && cat "$work/mounted.conf")" "0
1
port 80"
is "a read-only root with a volume for the files is enough" \
    "$(status run --read-only --tmpfs /etc -v "$work/files:/opt/provision:ro" start \
        cat /etc/tree/mirrored)" 0
is "a read-only root without one is told before anything runs" \
    "$(status run --read-only -v "$work/files:/opt/provision:ro" start echo started)" 73

# ---- operations that are recorded

mkdir -p "$work/once/operations" "$work/volume"
cat >"$work/once/operations/10-schema" <<'SCRIPT'
#!/bin/sh
# kaigara: run=once
echo "schema made"
SCRIPT
chmod 755 "$work/once/operations/10-schema"
printf 'a: b\n' >"$work/once/metadata.yml"
# recorded COMMAND [ARG]...: with the ledger on a volume that outlives the container.
recorded() {
    status run --read-only -v "$work/once:/opt/provision:ro" -v "$work/volume:/var/lib/kaigara" "$@"
}
is "a once operation runs in the first container of a volume" \
    "$(recorded start echo started && grep -c 'schema made' "$work/output")" "0
1"
is "and not in the next, under a read-only root" \
    "$(recorded start echo started && grep -c 'schema made' "$work/output")" "0
0"
is "its ledger is read in a container of its own" \
    "$(recorded --entrypoint /kaigara start ledger list && grep -c '^10-schema  *done ' "$work/output")" "0
1"
is "without a place for the ledger it does not run" \
    "$(status run --read-only -v "$work/once:/opt/provision:ro" start echo started &&
        grep -c 'schema made\|started$' "$work/output")" "74
0"

# ---- the scaffold

is "kaigara init makes an image" "$("$binary" init "$work/scaffold" >/dev/null && echo yes)" yes
pod build -q --isolation=chroot --build-arg BASE=localhost/plain -t scaffold "$work/scaffold" \
    >"$work/output" 2>&1
is "whose Dockerfile builds" $? 0
start --name scaffold scaffold
is "and runs" "$(await "name = my-app" && echo yes)" yes
await running
pod stop -t 100 scaffold >/dev/null 2>&1
finish
is "until it is stopped" "$ended" 143

# ---- as the engine's own init

for name in catatonit docker-init tini; do
    ln -s kaigara "$work/$name"
done
install -m 755 "$binary" "$work/kaigara"
for name in catatonit docker-init tini; do
    is "podman run --init with kaigara for $name" \
        "$(status run --init --init-path "$work/$name" --entrypoint /bin/sh plain -c 'exit 6')" 6
done
start --name init --init --init-path "$work/catatonit" --entrypoint /bin/sh plain -c \
    'trap "exit 8" TERM; echo up; while :; do sleep 1; done'
await up
pod stop -t 100 init >/dev/null 2>&1
finish
is "podman stop ends a container whose init is kaigara" "$ended" 8
is "an init that is kaigara reaps" \
    "$(status run --init --init-path "$work/catatonit" --entrypoint /bin/sh plain -c "$orphans")" 0

done_testing
