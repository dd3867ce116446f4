#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Packs one static binary as a tarball, a .deb and a .rpm:
#
#     sh packaging/package.sh BINARY VERSION ARCH OUT        ARCH: amd64, i386, arm64
#
#     OUT/kaigara-linux-ARCH-vVERSION.tar.gz    one file, kaigara: tar -C /usr/local/bin -xzf
#     OUT/kaigara_VERSION-1_ARCH.deb
#     OUT/kaigara-VERSION-1.MACHINE.rpm
#
# LIBRARIES names the manifest of what the binary is linked with (packaging/sbom.py), whose licences go along.
# COMPLETIONS names a folder with kaigara.bash, _kaigara and kaigara.fish; without it the binary is asked,
# which has to run here then. SOURCE_DATE_EPOCH is the time of everything; without it, that of the last
# commit. The same input gives the same bytes, wherever and by whomever it is packed. Needs no root.
set -eu
umask 022
LC_ALL=C
TZ=UTC
export LC_ALL TZ

if [ $# -ne 4 ] || [ -z "${LIBRARIES:-}" ]; then
    echo "usage: LIBRARIES=MANIFEST sh packaging/package.sh BINARY VERSION ARCH OUT" >&2
    exit 64
fi
binary=$(realpath "$1")
version=$2
arch=$3
mkdir -p "$4"
out=$(realpath "$4")
libraries=$(realpath "$LIBRARIES")
completions=${COMPLETIONS:+$(realpath "$COMPLETIONS")}
cd "$(dirname "$0")/.."
maintainer='kaigara maintainers <maintainers@kaigara.invalid>'

case $arch in
amd64) machine=x86_64 ;;
i386) machine=i686 ;;
arm64) machine=aarch64 ;;
*)
    echo "no package is made for '$arch': amd64, i386 and arm64 are known" >&2
    exit 64
    ;;
esac
case $version in
'' | *[!0-9.]*)
    echo "'$version' is no version: digits and dots" >&2
    exit 64
    ;;
esac
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A file that is made beside its place and moved there is whole or absent.
finish() {
    mv "$1" "$out/.new"
    mv "$out/.new" "$out/$2"
}

# releases: VERSION DATE of each head of CHANGELOG.md, the newest first, and this one in any case.
releases() {
    sed -n 's/^## \[\{0,1\}\([0-9][0-9.]*\)\]\{0,1\} - \([0-9-]*\)$/\1 \2/p' CHANGELOG.md >"$work/heads"
    grep -q "^$version " "$work/heads" || echo "$version @$SOURCE_DATE_EPOCH"
    cat "$work/heads"
}

# What both packages have; $1 is the tree, $2 where zsh looks for completions.
fill() {
    mkdir -p "$1/usr/bin" "$1/usr/share/man/man1" "$1/usr/share/man/man5" "$1/usr/share/doc/kaigara" \
        "$1/usr/share/bash-completion/completions" "$1/$2" "$1/usr/share/fish/vendor_completions.d"
    install -m 755 "$binary" "$1/usr/bin/kaigara"
    gzip -9nc docs/man/kaigara.1 >"$1/usr/share/man/man1/kaigara.1.gz"
    gzip -9nc docs/man/kaigara.yml.5 >"$1/usr/share/man/man5/kaigara.yml.5.gz"
    install -m 644 "$completions/kaigara.bash" "$1/usr/share/bash-completion/completions/kaigara"
    install -m 644 "$completions/_kaigara" "$1/$2/_kaigara"
    install -m 644 "$completions/kaigara.fish" "$1/usr/share/fish/vendor_completions.d/kaigara.fish"
}

same_time() {
    find "$1" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
}

make_tarball() {
    mkdir "$work/tar"
    install -m 755 "$binary" "$work/tar/kaigara"
    tar -C "$work/tar" --format=gnu --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
        -cf "$work/kaigara.tar" kaigara
    gzip -9n "$work/kaigara.tar"
    finish "$work/kaigara.tar.gz" "kaigara-linux-$arch-v$version.tar.gz"
}

make_deb() {
    tree=$work/deb
    documents=$tree/usr/share/doc/kaigara
    fill "$tree" usr/share/zsh/vendor-completions
    { cat packaging/deb/copyright.head && python3 packaging/sbom.py copyright "$libraries"; } >"$documents/copyright"
    gzip -9nc CHANGELOG.md >"$documents/changelog.gz"
    releases | while read -r release date; do
        printf 'kaigara (%s-1) unstable; urgency=medium\n\n' "$release"
        printf '  * Version %s; what is new in it is in changelog.gz.\n\n' "$release"
        printf ' -- %s  %s\n\n' "$maintainer" "$(date -u -R -d "$date")"
    done | gzip -9nc >"$documents/changelog.Debian.gz"
    mkdir -p "$tree/usr/share/lintian/overrides"
    install -m 644 packaging/deb/lintian-overrides "$tree/usr/share/lintian/overrides/kaigara"
    size=$(find "$tree" -type f -printf '%s\n' | awk '{ kib += int(($1 + 1023) / 1024) } END { print kib }')
    mkdir "$tree/DEBIAN"
    (cd "$tree" && find usr -type f | sort | xargs md5sum) >"$tree/DEBIAN/md5sums"
    sed "s/@VERSION@/$version/; s/@ARCH@/$arch/; s/@SIZE@/$size/; s/@MAINTAINER@/$maintainer/" \
        packaging/deb/control.in >"$tree/DEBIAN/control"
    same_time "$tree"
    dpkg-deb --root-owner-group -Zxz -z9 --build "$tree" "$work/kaigara.deb" >/dev/null
    finish "$work/kaigara.deb" "kaigara_$version-1_$arch.deb"
}

make_rpm() {
    tree=$work/rpm
    fill "$tree" usr/share/zsh/site-functions
    mkdir -p "$tree/usr/share/licenses/kaigara" "$work/top"
    install -m 644 LICENSE "$tree/usr/share/licenses/kaigara/LICENSE"
    python3 packaging/sbom.py licences "$libraries" >"$tree/usr/share/licenses/kaigara/libraries.txt"
    install -m 644 CHANGELOG.md "$tree/usr/share/doc/kaigara/CHANGELOG.md"
    releases | while read -r release date; do
        printf '* %s %s - %s-1\n' "$(date -u -d "$date" '+%a %b %d %Y')" "$maintainer" "$release"
        printf -- '- Version %s; what is new in it is in CHANGELOG.md.\n\n' "$release"
    done >"$work/changes"
    licence=$(python3 packaging/sbom.py expression "$libraries")
    sed "s/@VERSION@/$version/; s/@LICENCE@/$licence/; s/@MAINTAINER@/$maintainer/
        /@CHANGELOG@/{
            r $work/changes
            d
        }" packaging/rpm/kaigara.spec.in >"$work/kaigara.spec"
    same_time "$tree"
    # rpmbuild empties the build root that it is given, so the tree is copied within %install.
    printf '\n%%install\nmkdir -p %%{buildroot}\ncp -a %s/. %%{buildroot}/\n' "$tree" >>"$work/kaigara.spec"
    if ! HOME=$work rpmbuild -bb --quiet --target "$machine-linux" --define "_topdir $work/top" \
        --define "_dbpath $work/rpmdb" "$work/kaigara.spec" >"$work/log" 2>&1; then
        cat "$work/log" >&2
        return 1
    fi
    finish "$work/top/RPMS/$machine/kaigara-$version-1.$machine.rpm" "kaigara-$version-1.$machine.rpm"
}

if [ -z "$completions" ]; then
    completions=$work/completions
    mkdir "$completions"
    "$binary" completion bash >"$completions/kaigara.bash"
    "$binary" completion zsh >"$completions/_kaigara"
    "$binary" completion fish >"$completions/kaigara.fish"
fi
make_tarball
make_deb
make_rpm
