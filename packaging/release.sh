#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Makes a release, from a clean checkout on Debian 12, as root:
#
#     sh packaging/release.sh [ARCHITECTURE]...        default: amd64 i386 arm64
#
# The version is that of meson.build; dist/ holds then
#
#     kaigara-linux-ARCH-vVERSION.tar.gz      one file, kaigara: tar -C /usr/local/bin -xzf
#     kaigara_VERSION-1_ARCH.deb, kaigara-VERSION-1.MACHINE.rpm
#     kaigara-linux-ARCH-vVERSION.spdx.json   the bill of materials
#     kaigara-VERSION-licences.txt            the licences of the libraries in it
#     kaigara-VERSION-manual.tar.gz           manual pages and completions
#     kaigara-vVERSION.oci.tar                an image for all three machines (when all are made)
#     SHA256SUMS
#
# Every time in it is that of the last commit, and no byte depends on the folder or on the day: two checkouts
# give the same release, as long as Debian's packages of compilers and sources are the same. After a release has
# been made it is tested, tests/release. About 20 minutes on two processors. KAIGARA_BUILD and KAIGARA_DIST name
# other folders than build-static and dist.
set -eu
cd "$(dirname "$0")/.."
. packaging/apt.sh
. packaging/musl/architectures.sh
[ $# -gt 0 ] || set -- amd64 i386 arm64
umask 022

# That of the last commit; of an archive of the sources, the day of the newest head of the changelog.
time_of_sources() {
    if [ -e .git ]; then
        git -c safe.directory="$PWD" log -1 --format=%ct
    else
        date -u -d "$(sed -n 's/^## .* - \([0-9-]*\)$/\1/p' CHANGELOG.md | head -n 1)" +%s
    fi
}

version=$(sed -n "s/^  version: '\([0-9.]*\)',.*/\1/p" meson.build)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(time_of_sources)}
export SOURCE_DATE_EPOCH
build=${KAIGARA_BUILD:-$PWD/build-static}
dist=${KAIGARA_DIST:-$PWD/dist}
export KAIGARA_BUILD="$build"

heading() { printf '\n== %s\n' "$*"; }

heading "What the release of $version needs"
sh packaging/install-release-deps.sh
for arch; do
    architecture "$arch"
    install_packages "$(compiler_package)"
done

# The completions are printed by the first program that runs here.
host=$(dpkg --print-architecture)
LIBRARIES=$build/sources/manifest
COMPLETIONS=$build/completions
export LIBRARIES COMPLETIONS
rm -rf "$dist" "$COMPLETIONS"
mkdir -p "$dist" "$COMPLETIONS"

for arch; do
    heading "$arch"
    sh packaging/build-static.sh "$arch"
done
case " $* " in *" $host "*) ;; *) sh packaging/build-static.sh "$host" ;; esac
program=$build/kaigara-$host
"$program" completion bash >"$COMPLETIONS/kaigara.bash"
"$program" completion zsh >"$COMPLETIONS/_kaigara"
"$program" completion fish >"$COMPLETIONS/kaigara.fish"

heading 'Packages'
for arch; do
    sh packaging/package.sh "$build/kaigara-$arch" "$version" "$arch" "$dist"
    python3 packaging/sbom.py spdx "$LIBRARIES" "$build/kaigara-$arch" "$version" "$arch" \
        >"$dist/kaigara-linux-$arch-v$version.spdx.json"
done
python3 packaging/sbom.py licences "$LIBRARIES" >"$dist/kaigara-$version-licences.txt"
tar --format=gnu --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --sort=name --mode=go=rX,u+rw \
    -cf - -C docs/man kaigara.1 kaigara.yml.5 -C "$COMPLETIONS" _kaigara kaigara.bash kaigara.fish |
    gzip -9n >"$dist/kaigara-$version-manual.tar.gz"
if [ "$*" = 'amd64 i386 arm64' ]; then
    sh packaging/image.sh "$version" "$dist" "$build/kaigara-amd64" "$build/kaigara-i386" "$build/kaigara-arm64"
fi
(cd "$dist" && sha256sum -- * >"$build/SHA256SUMS" && mv "$build/SHA256SUMS" SHA256SUMS)
ls -l "$dist"

heading 'Tests of the release'
failed=0
for arch; do
    sh tests/release/smoke.sh "$build/kaigara-$arch" "$arch" || failed=1
done
if [ "$host" = amd64 ]; then
    sh packaging/build-static.sh amd64 -Dtls=disabled
    sh tests/release/figures.sh "$build/kaigara-amd64" "$build/kaigara-amd64-variant" || failed=1
fi
if [ "$*" = 'amd64 i386 arm64' ]; then
    sh tests/release/packages.sh "$dist" || failed=1
fi
sh tests/release/stranger.sh "$dist" || failed=1
exit "$failed"
