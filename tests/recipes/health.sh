#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# HEALTHCHECK of docs/examples/supervision/Dockerfile, by `podman healthcheck run`: see engine.sh.
set -u
. "$(dirname "$0")/engine.sh"

build kaigara-web "$work/web" --format docker --build-arg BASE=localhost/busybox
is "the Dockerfile builds" $? 0
is "its image has the health check" \
    "$(pod inspect --format '{{json .HealthCheck.Test}}' kaigara-web)" '["CMD","kaigara","health"]'
# shellcheck disable=SC2086 # the limits are words
is "kaigara check finds nothing wrong in it" \
    "$(status pod run --rm $limits --entrypoint kaigara kaigara-web check)" 0

# checked: the status of podman's health check.
checked() { status pod healthcheck run web; }
# asked OPTION...: what kaigara itself says.
asked() { status pod exec web kaigara health "$@"; }

# tell SIGNAL: to the application itself.
tell() { status pod exec web sh -c "kill -$1 \$(pidof httpd)"; }

# ---- while operations run

# shellcheck disable=SC2086 # the gate is words
start web $gate -v web-data:/data kaigara-web
await "the gate is closed"
is "while operations run the container is not healthy" "$(checked)" 1
is "nor is it ready" "$(asked --ready)" 1
is "which is told why" "$(grep -c 'not ready' "$work/output")" 1
is "it has not started up" "$(asked --startup)" 1
is "but it is live, however long they take" "$(asked --live)" 0
is "Docker's third status does not occur" "$(asked)" 1

# ---- when the application is ready

open_gate
await "the application is ready"
is "when the application is ready the container is healthy" "$(checked)" 0
is "podman knows" "$(pod inspect --format '{{.State.Health.Status}}' web)" healthy
is "it is ready" "$(asked --ready)" 0
is "it has started up" "$(asked --startup)" 0
is "it is live" "$(asked --live)" 0
is "health that is asked says nothing when all is well" "$(asked && cat "$work/output")" 0
is "the application answers" "$(status pod exec web wget -q -O - http://127.0.0.1:8080/catalogue.txt &&
    cat "$work/output")" "0
chair
lamp
table"
is "it is reloaded, and stays what it is" "$(status pod exec web kaigara reload && checked)" "0
0"
is "it runs without rights" "$(status pod exec web sh -c "grep '^Uid:' /proc/1/status" &&
    tr -s '\t' ' ' <"$work/output")" "0
Uid: 65534 65534 65534 65534"
pod stop -t 100 web >/dev/null 2>&1
finish
is "podman stop ends it with 0" "$ended" 0

# ---- an application that is there and not ready

# The command replaces the one of kaigara.yml, its checks stay.
start web -v "$work/gate:/gate" -v web-data:/data kaigara-web \
    sh -c 'echo "it starts"; read -r word </gate/fifo; exec httpd -f -p 8080 -h /data/www'
await "it starts"
is "an application that starts is not healthy" "$(checked)" 1
is "it is live" "$(asked --live)" 0
open_gate
await "the application is ready"
is "until it answers" "$(checked)" 0
is "the catalogue of the volume was not made again" "$(grep -c 'the catalogue has' "$work/log")" 0
pod stop -t 100 web >/dev/null 2>&1
finish

# ---- an application that hangs

start web -v web-data:/data -e KAIGARA_CHECK_INTERVAL=200ms -e KAIGARA_CHECK_TIMEOUT=500ms kaigara-web
await "the application is ready"
is "a hanging application" "$(tell STOP)" 0
await "the application is not ready"
is "is not healthy" "$(checked)" 1
is "and, where a port is all that is asked for, live" "$(asked --live)" 0
is "an application that goes on" "$(tell CONT)" 0
await "the application is ready"
is "is healthy again" "$(checked)" 0
pod stop -t 100 web >/dev/null 2>&1
finish

start web -v web-data:/data -e KAIGARA_CHECK_INTERVAL=200ms -e KAIGARA_CHECK_TIMEOUT=500ms \
    -e KAIGARA_STOP_TIMEOUT=1s -e KAIGARA_LIVE=http://127.0.0.1:8080/ kaigara-web
await "the application is ready"
is "an application that hangs and is not live" "$(tell STOP)" 0
await "not live"
await "the application is ready"
is "is started again in the same container, and healthy" "$(checked)" 0
is "which kaigara has counted" \
    "$(status pod exec web kaigara status --json && grep -c '"restarts":1,' "$work/output")" "0
1"
pod stop -t 100 web >/dev/null 2>&1
finish
is "a stop then ends it with 0, too" "$ended" 0

# ---- without a place for the socket

mkdir -p "$work/any/data" "$work/any/app" "$work/any/run"
chmod 777 "$work/any/"*
start web --user 4711 --read-only --read-only-tmpfs=false -v "$work/any/data:/data" \
    -v "$work/any/app:/run/app" kaigara-web
await "the application is ready"
is "without a control socket nothing is answered, so it is not healthy" "$(checked)" 1
pod stop -t 100 web >/dev/null 2>&1
finish
start web --user 4711 --read-only --read-only-tmpfs=false -v "$work/any/data:/data" \
    -v "$work/any/run:/run" kaigara-web
await "the application is ready"
is "a /run that can be written to is enough, for any user and a read-only root" "$(checked)" 0
pod stop -t 100 web >/dev/null 2>&1
finish

done_testing
