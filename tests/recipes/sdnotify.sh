#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# docs/examples/supervision/systemd: `podman run --sdnotify container`, with this test in the place of
# systemd at the other end of NOTIFY_SOCKET. See engine.sh.
set -u
. "$(dirname "$0")/engine.sh"

build kaigara-web "$work/web" --format docker --build-arg BASE=localhost/busybox
is "the Dockerfile builds" $? 0

listener="$(dirname "$0")/notify_listener.py"
# listen: makes the socket; what comes to it can be read from descriptor 4.
listen() {
    rm -f "$work/notify" "$work/said"
    mkfifo "$work/said"
    python3 "$listener" "$work/notify" >"$work/said" &
    helpers=$!
    exec 4<"$work/said"
    hear listening
}
# hear TEXT: reads until a line begins so; the lines before it are in $heard.
hear() {
    heard=
    while IFS= read -r line <&4; do
        case $line in "$1"*) return 0 ;; esac
        heard="$heard$line "
    done
    echo "Bail out! the listener has ended without '$1'"
    exit 1
}
stop_listening() {
    kill "$helpers"
    wait "$helpers" 2>/dev/null
    helpers=
    exec 4<&-
}
# A word of the test's own among what the container says: what came before it, what after.
mark() { python3 "$listener" "$work/notify" "$1"; }

# service NAME OPTION... IMAGE [COMMAND...]: as ExecStart of the unit has it. podman ends when the
# application is ready, therefore in the background; conmon keeps the log.
service() {
    name=$1
    shift
    # shellcheck disable=SC2086 # the limits are words
    NOTIFY_SOCKET="$work/notify" pod run --detach --replace --name "$name" --sdnotify container $limits \
        "$@" >"$work/output" 2>&1 4<&- </dev/null &
    started=$!
}
for way in http:http://127.0.0.1:8080/ tcp:8080 exec:'wget -q -O /dev/null http://127.0.0.1:8080/'; do
    kind=${way%%:*}
    [ "$kind" != http ] || way=${way#http:}
    listen
    # shellcheck disable=SC2086 # the gate is words
    service "web-$kind" $gate --read-only --tmpfs /run -v "$kind-data:/data" -e "KAIGARA_READY=$way" \
        kaigara-web
    # The operation opens the FIFO for reading: writing to it waits for that, so the mark is older than
    # all that follows the gate.
    exec 5>"$work/gate/fifo"
    mark X_GATE=1
    echo pass >&5
    exec 5>&-
    hear X_GATE=1
    is "$kind: nothing says READY before the application is" "$(echo "$heard" | grep -c READY)" 0
    hear READY=1
    wait "$started"
    is "$kind: READY=1 comes when it is, and podman run ends then" $? 0
    is "$kind: the application answers" \
        "$(status pod exec "web-$kind" wget -q -O /dev/null http://127.0.0.1:8080/catalogue.txt)" 0
    is "$kind: kaigara says so, too" "$(status pod exec "web-$kind" kaigara health)" 0
    is "$kind: the stop of the unit" "$(status pod stop -t 100 "web-$kind")" 0
    is "$kind: ends it with 0" "$(pod inspect --format '{{.State.ExitCode}}' "web-$kind")" 0
    status pod rm -f -t 0 "web-$kind" >/dev/null
    stop_listening
done

# ---- one that is never ready

listen
service never --read-only --tmpfs /run -v never-data:/data -e KAIGARA_START_TIMEOUT=1s \
    -e KAIGARA_RESTART=no -e KAIGARA_SUCCESS= kaigara-web sleep 1000
wait "$started"
mark X_END=1
hear X_END=1
is "of an application that is never ready nothing says that it is" "$(echo "$heard" | grep -c READY)" 0
is "and its container ends with the application's status" \
    "$(pod wait never)" 143
status pod rm -f -t 0 never >/dev/null
stop_listening

done_testing
