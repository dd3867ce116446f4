#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Whether a finished release is what it promises to be:
#
#     sh tests/release/packages.sh DIST
#
# DIST is the folder that packaging/release.sh has filled. Prints TAP. Nothing is installed: packages go
# into scratch roots in a user namespace, the image into a store of its own, and no container has a network.
set -u
if [ $# -ne 1 ] || [ ! -d "$1" ]; then
    echo "usage: sh tests/release/packages.sh DIST" >&2
    exit 64
fi
dist=$(realpath "$1")
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
PATH=$PATH:/usr/sbin:/sbin

for tool in lintian rpm rpmlint podman runc readelf python3 man unshare; do
    command -v "$tool" >/dev/null || cannot "needs $tool; sh packaging/install-release-deps.sh"
done
# shellcheck disable=SC2012 # names of ours
version=$(ls "$dist" | sed -n 's/^kaigara-linux-amd64-v\(.*\)\.tar\.gz$/\1/p')
case $version in
'' | *[!0-9.]*) cannot "no release in $dist: one kaigara-linux-amd64-vVERSION.tar.gz is looked for" ;;
esac
host=$(dpkg --print-architecture)

work=$(mktemp -d)
export STORAGE_DRIVER=vfs

pod() {
    podman --root "$work/store/root" --runroot "$work/store/run" --tmpdir "$work/store/tmp" --runtime runc \
        --cgroup-manager cgroupfs "$@"
}

# shellcheck disable=SC2317 # the trap calls it
clean_up() {
    pod rm -af -t 0 >/dev/null 2>&1
    rm -rf "$work" 2>/dev/null || podman unshare rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

# status COMMAND...: what it exits with; its output is in $work/output.
status() {
    "$@" >"$work/output" 2>&1 </dev/null
    echo $?
}
show_more() { sed 's/^/# /' "$work/output"; }
# shellcheck disable=SC2317 # status calls it
as_root() { unshare --user --map-root-user "$@"; }

# The files of a root that are not of dpkg's or rpm's own records.
files_of() {
    (cd "$1" && find . -type f -o -type l) | grep -v '^./var/' | sort | tr '\n' ' '
}

of_tarball() {
    tarball=$dist/kaigara-linux-$arch-v$version.tar.gz
    is "$arch: the tarball holds one file, owned by root" \
        "$(tar --numeric-owner -tvzf "$tarball" | awk '{ print $1, $2, $6 }')" "-rwxr-xr-x 0/0 kaigara"
    mkdir -p "$work/$arch/usr/local/bin"
    is "$arch: and unpacks it in place" "$(status tar -C "$work/$arch/usr/local/bin" -xzf "$tarball")" 0
    binary=$work/$arch/usr/local/bin/kaigara
    readelf -hldW "$binary" >"$work/output" 2>&1
    is "$arch: the binary is one for its machine" "$(sed -n 's/^ *Machine: *//p' "$work/output")" "$elf_machine"
    is "$arch: and a static one" "$(grep -c 'INTERP\|(NEEDED)' "$work/output")" 0
    if [ "$arch" = "$host" ]; then
        is "$arch: and tells its version" "$("$binary" version)" "kaigara $version"
    fi
}

of_deb() {
    deb=$dist/kaigara_$version-1_$arch.deb
    is "$arch: lintian finds no error and no warning" "$(status lintian --fail-on error,warning "$deb")" 0
    grep -v 'root privileges' "$work/output" | sed 's/^/# /'
    root=$work/$arch-deb
    mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates"
    : >"$root/var/lib/dpkg/status"
    set -- --root="$root" --force-architecture --log=/dev/null
    is "$arch: the .deb installs" "$(status as_root dpkg "$@" --install "$deb")" 0
    is "$arch: dpkg has it as installed" \
        "$(dpkg-query --root="$root" -W -f '${Version} ${Architecture} ${db:Status-Status}' kaigara)" \
        "$version-1 $arch installed"
    is "$arch: its files are as they were packed" "$(status dpkg "$@" --verify kaigara)$(cat "$work/output")" 0
    of_files "$root" vendor-completions
    documents=$root/usr/share/doc/kaigara
    is "$arch: the licences of the libraries stand in its copyright" \
        "$(grep -c '^\(musl\|libstdc++\|libuv\|libcurl\|c-ares\|libmd\) [0-9]' "$documents/copyright")" 6
    is "$arch: its changelog is of this version" \
        "$(zcat "$documents/changelog.Debian.gz" | head -n 1)" "kaigara ($version-1) unstable; urgency=medium"
    is "$arch: the .deb goes" "$(status as_root dpkg "$@" --purge kaigara)" 0
    is "$arch: and leaves nothing" "$(files_of "$root")" ""
}

# What an installed package has, whichever it was; $2 is where its distributions' zsh looks.
of_files() {
    is "$arch: the program is the one of the tarball" "$(status cmp "$1/usr/bin/kaigara" "$binary")" 0
    for page in man1/kaigara.1 man5/kaigara.yml.5; do
        is "$arch: man reads $page without a warning" \
            "$(man --warnings -l "$1/usr/share/man/$page.gz" 2>&1 >/dev/null && echo read)" read
    done
    is "$arch: bash reads its completion" "$(status bash -n "$1/usr/share/bash-completion/completions/kaigara")" 0
    is "$arch: zsh's completion is there" "$(head -c 8 "$1/usr/share/zsh/$2/_kaigara")" "#compdef"
    is "$arch: and fish's" \
        "$(status grep -q '^complete .*kaigara' "$1/usr/share/fish/vendor_completions.d/kaigara.fish")" 0
}

of_rpm() {
    rpm=$dist/kaigara-$version-1.$rpm_machine.rpm
    is "$arch: the .rpm tells what it is" \
        "$(rpm -qp --queryformat '%{NAME} %{VERSION}-%{RELEASE} %{ARCH} %{BUILDHOST}' "$rpm")" \
        "kaigara $version-1 $rpm_machine reproducible"
    is "$arch: it asks for nothing but rpm" "$(rpm -qp --requires "$rpm" | grep -v '^rpmlib(')" ""
    is "$arch: rpmlint finds nothing that is not meant" "$(status rpmlint -c packaging/rpm/rpmlint.toml "$rpm")" 0
    root=$work/$arch-rpm
    mkdir "$root"
    is "$arch: the .rpm installs" \
        "$(status as_root rpm --root "$root" --dbpath /var/lib/rpm --install --nodeps --ignorearch "$rpm")" 0
    of_files "$root" site-functions
    licences=$root/usr/share/licenses/kaigara
    is "$arch: its licence is there" "$(status cmp "$licences/LICENSE" LICENSE)" 0
    is "$arch: and those of the libraries" \
        "$(status cmp "$licences/libraries.txt" "$dist/kaigara-$version-licences.txt")" 0
    is "$arch: the .rpm goes" "$(status as_root rpm --root "$root" --dbpath /var/lib/rpm --erase kaigara)" 0
    is "$arch: and leaves nothing" "$(files_of "$root")" ""
}

of_image() {
    archive=$dist/kaigara-v$version.oci.tar
    is "podman loads the image" "$(status pod load -i "$archive")" 0
    name=localhost/kaigara:$version
    format='{{.Config.Entrypoint}} {{index .Labels "org.opencontainers.image.version"}}'
    is "which has its labels and its entrypoint" \
        "$(pod image inspect "$name" --format "$format" 2>&1)" "[/kaigara] $version"
    limits="--rm --ulimit nofile=4096:4096 --ulimit nproc=4096:4096 --network none"
    # shellcheck disable=SC2086 # words
    is "and runs" "$(pod run $limits "$name" version 2>"$work/output")" "kaigara $version"
    cat >"$work/Containerfile" <<END
FROM scratch
COPY --from=$name /kaigara /usr/local/bin/kaigara
ENTRYPOINT ["/usr/local/bin/kaigara"]
END
    is "COPY --from takes the binary" \
        "$(status pod build -q --isolation=chroot --pull=never -t copied -f "$work/Containerfile" "$work/$host")" 0
    # shellcheck disable=SC2086 # words
    is "which runs there" \
        "$(pod run $limits copied exec -- /usr/local/bin/kaigara version 2>"$work/output")" "kaigara $version"
    is "the image is for three machines, each with its binary alone" \
        "$(status python3 tests/release/packages_image.py "$archive" "amd64=$work/amd64/usr/local/bin/kaigara" \
            "386=$work/i386/usr/local/bin/kaigara" "arm64=$work/arm64/usr/local/bin/kaigara")" 0
}

: >"$work/output"
is "SHA256SUMS is right" "$(cd "$dist" && status sha256sum --strict -c SHA256SUMS)" 0
is "and has every file of the release" \
    "$(sed 's/^[0-9a-f]* [ *]//' "$dist/SHA256SUMS" | sort | tr '\n' ' ')" \
    "$(cd "$dist" && find . -type f ! -name SHA256SUMS | sed 's,^\./,,' | sort | tr '\n' ' ')"
while read -r arch rpm_machine elf_machine; do
    of_tarball
    of_deb
    of_rpm
    is "$arch: the bill of materials is whole, and that of this binary" \
        "$(status python3 packaging/sbom.py check "$dist/kaigara-linux-$arch-v$version.spdx.json" "$binary")" 0
done <<END
amd64 x86_64 Advanced Micro Devices X86-64
i386 i686 Intel 80386
arm64 aarch64 AArch64
END
is "the licences of the libraries are beside it" \
    "$(grep -c '^Licence: ' "$dist/kaigara-$version-licences.txt" | sed 's/^1[0-9]$/all/')" all
if [ "$(status pod info)" = 0 ]; then
    of_image
else
    show_more
    is "podman works here" no yes
fi
echo "$((number - failures)) passed, $failures failed"
done_testing
