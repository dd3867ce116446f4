#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The units and the Compose file of docs/examples/supervision, as their own programs read them:
# systemd-analyze, podman's quadlet and docker-compose. No engine is asked. Prints TAP.
set -u
. "$(dirname "$0")/../support/tap.sh"

recipes=$(cd "$(dirname "$0")/../../docs/examples/supervision" && pwd)
for tool in systemd-analyze docker-compose podman; do
    command -v "$tool" >/dev/null || cannot "needs $tool"
done
if ! quadlet=$(sh "$(dirname "$0")/get-quadlet.sh"); then
    cannot "needs quadlet"
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

show_more() { [ ! -f "$work/output" ] || sed 's/^/#   /' "$work/output"; }
status() {
    "$@" >"$work/output" 2>&1 </dev/null
    echo $?
}
said() { grep -c -e "$1" "$work/output"; }

# ---- systemd

# verified FILE: what systemd says about a unit; it warns with the status 0.
verified() {
    status systemd-analyze verify --man=no "$1"
    cat "$work/output"
}
unit=$recipes/systemd/kaigara-web.service
is "systemd has nothing to say about the unit" "$(verified "$unit")" 0
# spoilt NAME SCRIPT: a copy that is wrong.
spoilt() {
    sed "$2" "$unit" >"$work/$1.service"
    verified "$work/$1.service" | grep -c -e "$1\.service:"
}
is "it does about a key that it does not know" "$(spoilt key s/TimeoutStopSec/TimeoutStop/)" 1
is "about a type that it does not know" "$(spoilt type s/=notify/=notifi/)" 1
is "about a program that is not there" "$(spoilt program 's,^ExecStop=/usr/bin/podman,ExecStop=/no/podman,')" 1

# ---- quadlet

mkdir "$work/quadlet" "$work/spoilt"
cp "$recipes/systemd/kaigara-web.container" "$work/quadlet/"
# Its messages may come after the unit or before.
QUADLET_UNIT_DIRS="$work/quadlet" "$quadlet" -dryrun >"$work/generated" 2>"$work/output" </dev/null
is "quadlet makes a service of kaigara-web.container" $? 0
is "of this name" "$(sed -n 's/^---\(.*\)---$/\1/p' "$work/generated")" kaigara-web.service
sed -e '/^---/d' "$work/generated" >"$work/kaigara-web.service"
is "which systemd takes, too" "$(verified "$work/kaigara-web.service")" 0
is "kaigara's READY=1 is the service's" "$(grep -c -e '^ExecStart=.*--sdnotify=container ' "$work/generated")" 1
is "systemd waits for it" "$(grep -c -e '^Type=notify$' "$work/generated")" 1
is "and hears processes of the container" "$(grep -c -e '^NotifyAccess=all$' "$work/generated")" 1
is "the health check is kaigara's" \
    "$(grep -c -F -e '--health-cmd "[\"kaigara\",\"health\"]"' "$work/generated")" 1
sed 's/^PublishPort/PublishPorts/' "$recipes/systemd/kaigara-web.container" >"$work/spoilt/a.container"
QUADLET_UNIT_DIRS="$work/spoilt" "$quadlet" -dryrun >"$work/output" 2>&1 </dev/null
is "a key that quadlet does not know is told" "$(said 'unsupported key .PublishPorts.')" 1

# ---- Compose

# composed FILE: docker-compose's answer, the file as it has understood it.
composed() { status docker-compose --project-name web --file "$1" config; }
cp "$recipes/compose.yaml" "$work/compose.yaml"
is "docker-compose takes compose.yaml" "$(composed "$work/compose.yaml")" 0
is "the client waits until the page is healthy" "$(said 'condition: service_healthy')" 1
is "for which kaigara is asked" "$(tr '\n' ' ' <"$work/output" | grep -c 'test: *- CMD *- kaigara *- health ')" 1
sed 's/service_healthy/service_health/' "$recipes/compose.yaml" >"$work/broken.yaml"
is "a condition that there is not is refused" "$(composed "$work/broken.yaml")" 1
sed 's/start_period/start-period/' "$recipes/compose.yaml" >"$work/broken.yaml"
is "so is a key that there is not" "$(composed "$work/broken.yaml")" 1

done_testing
