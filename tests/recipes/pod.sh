#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# docs/examples/supervision/kubernetes, played by `podman play kube`: the init container, then the
# application's, on the ConfigMaps, the Secret and the volumes of the manifests. What a kubelet does with
# the probes is done by the test: it runs their commands. See engine.sh and pod.py.
set -u
. "$(dirname "$0")/engine.sh"

python3 -c 'import yaml' 2>/dev/null || cannot "needs python3-yaml"
manifests=$recipes/kubernetes
if ! python3 "$(dirname "$0")/pod.py" "$manifests" >"$work/pod.yaml"; then
    cannot "the manifests cannot be read"
fi
# podman play kube knows no --ulimit.
printf '[containers]\ndefault_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]\n' >"$work/containers.conf"
export CONTAINERS_CONF="$work/containers.conf"

build kaigara-web "$work/web" --format docker --build-arg BASE=localhost/busybox
built=$?
if [ "$(status pod play kube --network none "$work/pod.yaml")" != 0 ]; then
    show_output
    cannot "podman cannot play a pod here"
fi
is "the Dockerfile builds" $built 0
rm -f "$work/fifo"
mkfifo "$work/fifo"
pod logs --follow pod-web >"$work/fifo" 2>&1 </dev/null &
started=$!
exec 3<"$work/fifo"
: >"$work/log"
await "the application is ready"
is "the init container has left nothing to do" "$(grep -c '1 of 1 operation has nothing to do' "$work/log")" 1
is "and nothing to write" "$(grep -c 'wrote' "$work/log")" 0

# probe NAME: what a kubelet would be told.
probe() {
    command=$(python3 "$(dirname "$0")/pod.py" "$manifests" probe "$1")
    # shellcheck disable=SC2086 # a word a line, none with a blank
    status pod exec pod-web $command
}
for name in startupProbe readinessProbe livenessProbe; do
    is "the $name says that all is well" "$(probe $name)" 0
done
is "podman makes a health check of the livenessProbe, which agrees" \
    "$(status pod healthcheck run pod-web)" 0

# page PATH [OPTION...]: of the application.
page() {
    path=$1
    shift
    status pod exec pod-web wget -q -O - "$@" "http://127.0.0.1:8080$path"
}
is "a value of the ConfigMap is on the page" \
    "$(page / && grep -c '<h1>A page of the cluster&#39;s</h1>' "$work/output")" "0
1"
is "the operation has filled the volume" "$(page /catalogue.txt && grep -c lamp "$work/output")" "0
1"
is "the Secret protects the private part" "$(page /private/ && grep -c 401 "$work/output")" "1
1"
# Read there: podman 4.3 mounts what a Secret says without decoding it.
password=$(pod exec pod-web cat /etc/app/secret/web_password)
basic=$(printf 'guest:%s' "$password" | base64)
is "which its password opens" \
    "$(page /private/ --header "Authorization: Basic $basic" && grep -c 'knows the password' "$work/output")" "0
1"
is "the file that holds it is the application's alone" \
    "$(status pod exec pod-web stat -c '%a %u' /run/app/httpd.conf && cat "$work/output")" "0
600 65534"
is "no log has it" "$(grep -c -F -e change-me -e "$password" "$work/log")" 0
is "the root is read-only" "$(status pod exec pod-web sh -c 'echo >/opt/file')" 1

# ---- the stop

# The signal that the runtime sends; podman itself would let nobody in meanwhile. The application is not
# told as long as pre-stop runs, and a second signal cuts that short.
is "it is told to stop" "$(status pod exec pod-web kill -TERM 1)" 0
is "while it is told to stop it still serves" "$(page /)" 0
is "but is not ready any more" "$(probe readinessProbe)" 1
is "which is no reason to end it sooner" "$(probe livenessProbe)" 0
is "it is told once more" "$(status pod exec pod-web kill -TERM 1)" 0
finish
is "the stop ends it with 0" "$(pod inspect --format '{{.State.ExitCode}}' pod-web)" 0

done_testing
