# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034  # read by the scripts that include this one
#
# What the machines of a release are called, by Debian, by GCC and musl, by Meson, by RPM and by the kernel.

# architecture NAME: sets gnu_triplet (of Debian's compiler), musl_machine, meson_family, meson_cpu
# and control_flow (what the machine has against a return or a jump that somebody bent).
architecture() {
    case $1 in
    amd64)
        gnu_triplet=x86_64-linux-gnu musl_machine=x86_64
        meson_family=x86_64 meson_cpu=x86_64
        control_flow=-fcf-protection=full
        ;;
    i386)
        gnu_triplet=i686-linux-gnu musl_machine=i386
        meson_family=x86 meson_cpu=i686
        # Shadow stacks and IBT are of 64-bit programs alone (the kernel's Documentation/arch/x86/shstk.rst).
        control_flow=-fcf-protection=none
        ;;
    arm64)
        gnu_triplet=aarch64-linux-gnu musl_machine=aarch64
        meson_family=aarch64 meson_cpu=aarch64
        control_flow=-mbranch-protection=standard
        ;;
    *)
        echo "no release is made for '$1': amd64, i386 and arm64 are known" >&2
        return 64
        ;;
    esac
}

# compiler_package: the package of Debian with the compiler for it.
compiler_package() {
    case $(dpkg --print-architecture)-$gnu_triplet in
    amd64-x86_64-linux-gnu | i386-i686-linux-gnu | arm64-aarch64-linux-gnu) echo g++ ;;
    *) echo "g++-$gnu_triplet" | tr _ - ;;
    esac
}
