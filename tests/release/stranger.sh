#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The stranger's path: the commands of README.md, in its order, as somebody pastes them who has never seen
# kaigara. Prints TAP.
#
#     sh tests/release/stranger.sh [DIST]
#
# DIST, dist by default, is the folder that packaging/release.sh has made: a tarball for amd64 has to be in
# it, and SHA256SUMS. The line VERSION=... of README.md becomes the version in the tarball's name, which is
# what a reader writes there too who has another release than the page was written for.
#
# A block of commands of the path stands in README.md below a line <!-- stranger: NAME -->. All blocks are
# read by one shell in a clean machine: a root of Debian 12 by debootstrap with podman, in namespaces of its
# own, in which nothing of this machine is to be seen but /dev and /sys. After each block is looked at what
# README.md says that the reader sees.
#
# What is not as a reader has it: `docker` is podman, with the options that a container in a container
# needs; no container has a network; and debian:bookworm-slim, which is the base of the image, is that root
# from before podman came into it, since a test fetches nothing from a registry.
#
# The root takes a minute and a Debian mirror. KAIGARA_ROOTS names a folder that keeps it for the next run.
set -eu

# ---- inside of the machine: this script again, as `stranger.sh inside`

# seen TEXT: is it in what the block has printed?
seen() { grep -qF "$1" "/stranger/$block.output" && echo yes || echo no; }

# logged TEXT: waits until the container says a line that begins so.
logged() {
    rm -f /stranger/lines
    mkfifo /stranger/lines
    timeout 60 docker logs -f my-app >/stranger/lines 2>&1 &
    follower=$!
    logged_answer=no
    while [ "$logged_answer" = no ] && read -r line; do
        case $line in "$1"*) logged_answer=yes ;; esac
    done </stranger/lines
    kill "$follower" 2>/dev/null || true
    echo "$logged_answer"
}

# How often the application's container has said it, now that it runs.
said() { docker logs my-app 2>&1 | grep -c "$1" || true; }

# What README.md says about each block.
after_install() {
    # shellcheck disable=SC2153 # README.md's block says VERSION
    is "the checksum of the tarball is right" "$(seen "kaigara-linux-amd64-v$VERSION.tar.gz: OK")" yes
    is "kaigara lies where the shell finds it" "$(command -v kaigara)" /usr/local/bin/kaigara
    is "it tells its version" "$(seen "kaigara $VERSION")" yes
}
after_init() { is "kaigara init makes a Dockerfile" "$(seen my-image/Dockerfile)" yes; }
after_build() { is "the image is checked when it is built" "$(seen 'no errors')" yes; }
after_run() { is "the container runs" "$(logged running)" yes; }
after_look() {
    is "the file is as the metadata says" "$(seen 'greeting = Hello')" yes
    is "the operation has run" "$(seen '[20-schema] the schema is made')" yes
    is "kaigara status tells the operation" "$(grep -c '^  .*20-schema.*done' /stranger/look.output)" 1
}
after_metadata() { is "the container runs with another value" "$(logged running)" yes; }
after_see() {
    is "the file has the new value" "$(seen 'greeting = Good morning')" yes
    is "and the old one is gone" "$(seen 'greeting = Hello')" no
    is "the operation has not run again" "$(seen 'the schema is made')" no
    is "where the value comes from is told" \
        "$(grep -c 'greeting.*KAIGARA_META_APP__GREETING' /stranger/see.output)" 1
}
after_upgrade() { is "the container runs after its upgrade" "$(logged running)" yes; }
after_ledger() {
    is "the new operation has run" "$(said 'the column is added')" 1
    is "the old one has not" "$(said 'the schema is made')" 0
    is "the ledger has both" "$(grep -cE '^(20-schema|30-email) +done' /stranger/ledger.output)" 2
}
after_stop() {
    is "the container's status is that of TERM, not that of KILL" "$(tail -n 1 /stranger/stop.output)" 143
}
after_remove() { is "nothing of it is left" "$(docker ps -aq; docker volume ls -q)" ''; }

inside() {
    # shellcheck source=../support/tap.sh
    . /stranger/tap.sh
    # shellcheck disable=SC2317 # tap.sh calls it
    show_more() { sed 's/^/#   /' "/stranger/$block.output"; }
    block=none
    # shellcheck disable=SC2154 # the trap's own
    trap 'ended=$?; [ "$block" = none ] || { is "the commands of $block succeed" "$ended" 0; echo "1..$number"; }
        exit $ended' EXIT
    cd /root/release
    podman import -q /stranger/base.tar docker.io/library/debian:bookworm-slim >/dev/null
    # shellcheck disable=SC2013 # a name is a word
    for block in $(cat /stranger/names); do
        # In this shell: a reader changes the directory once, too.
        # shellcheck disable=SC1090 # it comes out of README.md
        . "/stranger/$block" >"/stranger/$block.output" 2>&1 </dev/null
        "after_$block"
    done
    block=none
    done_testing
}

if [ "${1:-}" = inside ]; then
    inside
fi

# ---- outside

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
. "$here/../support/tap.sh"
. "$top/packaging/apt.sh"
dist=$(cd "${1:-$top/dist}" 2>/dev/null && pwd) || cannot "needs a release: sh packaging/release.sh"

[ "$(id -u)" = 0 ] || cannot "needs root"
for tool in debootstrap unshare pivot_root; do
    command -v "$tool" >/dev/null || cannot "needs $tool"
done

# What `docker` is in the machine.
write_docker() {
    cat >"$1" <<'SCRIPT'
#!/bin/sh
export STORAGE_DRIVER=vfs
few='--ulimit nofile=4096:4096 --ulimit nproc=4096:4096 --network none'
command=$1
shift
case $command in
build) set -- --isolation=chroot --layers=false "$@" ;;
# shellcheck disable=SC2086 # they are words
run) set -- $few "$@" ;;
esac
exec podman --runtime runc --cgroup-manager cgroupfs "$command" "$@"
SCRIPT
    chmod 755 "$1"
}

# make_roots FOLDER: base.tar, a small Debian 12, and machine.tar, the same with podman.
make_roots() {
    mirror=$(debian_mirror)
    [ -n "$mirror" ] || cannot "apt knows no mirror of Debian: run 'apt-get update'"
    {
        debootstrap --variant=minbase bookworm "$1/root" "$mirror"
        rm -rf "$1"/root/var/cache/apt/archives/*.deb
        tar -C "$1/root" --exclude='./usr/share/locale/*' --exclude='./usr/share/doc/*' \
            --exclude='./var/lib/apt/lists/*' --exclude='./dev/*' -cf "$1/base.tar" .
        DEBIAN_FRONTEND=noninteractive chroot "$1/root" apt-get install -qqy --no-install-recommends \
            podman runc golang-github-containers-image ca-certificates
        rm -rf "$1"/root/var/cache/apt/archives/*.deb
        tar -C "$1/root" --exclude='./dev/*' -cf "$1/machine.tar" .
        rm -rf "$1/root"
    } >"$1/log" 2>&1 || {
        tail -n 5 "$1/log" | sed 's/^/# /'
        cannot "no root of Debian could be made"
    }
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

roots=${KAIGARA_ROOTS:-$work/roots}
if [ ! -e "$roots/machine.tar" ]; then
    mkdir -p "$work/new" "$roots"
    make_roots "$work/new"
    mv "$work/new/base.tar" "$work/new/machine.tar" "$roots/"
fi
machine=$work/machine
mkdir -p "$machine"
tar -C "$machine" -xf "$roots/machine.tar"
mkdir -p "$machine/stranger" "$machine/root/release" "$machine/old"
cp "$roots/base.tar" "$here/stranger.sh" "$here/../support/tap.sh" "$machine/stranger/"
cp "$dist"/*.tar.gz "$dist/SHA256SUMS" "$machine/root/release/"
for archive in "$dist"/kaigara-linux-amd64-v*.tar.gz; do
    version=${archive##*-v}
    version=${version%.tar.gz}
done
[ "$version" != '*' ] || cannot "needs a tarball for amd64 in $dist"
write_docker "$machine/usr/bin/docker"

# The blocks: a line <!-- stranger: NAME -->, then one fence.
awk -v folder="$machine/stranger" '
    /^<!-- stranger: [a-z]+ -->$/ { name = $3; next }
    name != "" && /^```sh$/ { inside = 1; print name >>(folder "/names"); next }
    inside && /^```$/ { inside = 0; name = ""; next }
    inside { print >>(folder "/" name) }' "$top/README.md"
[ -s "$machine/stranger/names" ] || { echo "Bail out! README.md has no block of the path"; exit 1; }
sed -i "s/^VERSION=.*/VERSION=$version/" "$machine/stranger/install"

# The machine sees a /proc, /tmp and /run of its own, and /dev and /sys of this one.
# shellcheck disable=SC2016 # for the shell in the namespaces
unshare --mount --pid --net --ipc --uts --fork --kill-child=KILL sh -euc '
    mount --rbind "$1" "$1"
    cd "$1"
    mount --rbind /dev dev
    mount --rbind /sys sys
    mount -t proc none proc
    mount -t tmpfs none run
    mount -t tmpfs none tmp
    pivot_root . old
    umount -l /old
    exec env -i HOME=/root TERM=dumb STORAGE_DRIVER=vfs KAIGARA_MUST_WORK=1 \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        sh /stranger/stranger.sh inside' sh "$machine"
