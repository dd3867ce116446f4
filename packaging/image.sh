#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# An image for three machines that holds the binary and nothing else, to be copied from:
#
#     sh packaging/image.sh VERSION OUT BINARY_amd64 BINARY_i386 BINARY_arm64
#
# makes OUT/kaigara-vVERSION.oci.tar, an OCI archive. `podman load -i` and `skopeo copy oci-archive:` know it as
# localhost/kaigara:VERSION; then, in a Dockerfile,
#
#     COPY --from=localhost/kaigara:VERSION /kaigara /usr/local/bin/kaigara
#
# Nothing of an image runs while it is built, so no emulation is needed. SOURCE_DATE_EPOCH is the time of
# everything; without it, that of the last commit. The same binaries give the same bytes: podman's
# --timestamp sees to the layers and their descriptions, and the archive is packed anew, in order. All that
# podman keeps lies in a temporary folder. SOURCE, if set, becomes the label org.opencontainers.image.source.
set -eu
umask 022

if [ $# -ne 5 ]; then
    echo "usage: sh packaging/image.sh VERSION OUT BINARY_amd64 BINARY_i386 BINARY_arm64" >&2
    exit 64
fi
version=$1
mkdir -p "$2"
out=$(realpath "$2")
amd64=$(realpath "$3")
i386=$(realpath "$4")
arm64=$(realpath "$5")
cd "$(dirname "$0")/.."
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
# Not exported: podman would take it twice, and refuse it beside --timestamp.
epoch=$SOURCE_DATE_EPOCH
unset SOURCE_DATE_EPOCH
name=localhost/kaigara:$version

work=$(mktemp -d)
export STORAGE_DRIVER=vfs

pod() {
    podman --root "$work/root" --runroot "$work/run" --tmpdir "$work/tmp" --runtime runc \
        --cgroup-manager cgroupfs "$@"
}

# As a user's own, podman's files belong to users that only its own namespace can remove.
# shellcheck disable=SC2317 # the trap calls it
clean_up() {
    rm -rf "$work" 2>/dev/null || podman unshare rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

# quietly COMMAND...: shows what it printed only when it fails.
quietly() {
    if ! "$@" >"$work/log" 2>&1; then
        cat "$work/log" >&2
        echo "failed: $*" >&2
        return 1
    fi
}

# add PLATFORM BINARY: one more image of the list.
add() {
    rm -rf "$work/context"
    mkdir "$work/context"
    install -m 755 "$2" "$work/context/kaigara"
    cat >"$work/context/Containerfile" <<END
FROM scratch
COPY kaigara /kaigara
LABEL org.opencontainers.image.title="kaigara" \\
      org.opencontainers.image.description="First process of a container: resolve, provision, supervise" \\
      org.opencontainers.image.version="$version" \\
${SOURCE:+      org.opencontainers.image.source="$SOURCE" \\
}      org.opencontainers.image.licenses="Apache-2.0"
ENTRYPOINT ["/kaigara"]
END
    # --identity-label would write the version of podman into the image.
    quietly pod build --platform "$1" --timestamp "$epoch" --format oci --isolation=chroot \
        --identity-label=false --manifest "$name" "$work/context"
}

add linux/amd64 "$amd64"
add linux/386 "$i386"
add linux/arm64 "$arm64"
quietly pod manifest push --all --format oci "$name" "oci:$work/layout:$name"
tar -C "$work/layout" --format=gnu --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner \
    --mode=u=rwX,go=rX -cf "$out/.image" blobs index.json oci-layout
mv "$out/.image" "$out/kaigara-v$version.oci.tar"
