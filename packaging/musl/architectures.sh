# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034  # read by the scripts that include this one
#
# What the machines of a release are called, by Debian, by GCC and musl, by Meson, by RPM and by the kernel.

# architecture NAME: sets gnu_triplet (of Debian's compiler), musl_machine, meson_family, meson_cpu,
# control_flow (what the machine has against a return or a jump that somebody bent) and cross_packages.
architecture() {
    case $1 in
    amd64)
        gnu_triplet=x86_64-linux-gnu musl_machine=x86_64
        meson_family=x86_64 meson_cpu=x86_64
        control_flow=-fcf-protection=full
        cross_packages=
        ;;
    i386)
        gnu_triplet=i686-linux-gnu musl_machine=i386
        meson_family=x86 meson_cpu=i686
        # Shadow stacks and IBT are of 64-bit programs alone (the kernel's Documentation/arch/x86/shstk.rst).
        control_flow=-fcf-protection=none
        cross_packages=g++-i686-linux-gnu
        ;;
    arm64)
        gnu_triplet=aarch64-linux-gnu musl_machine=aarch64
        meson_family=aarch64 meson_cpu=aarch64
        control_flow=-mbranch-protection=standard
        cross_packages=g++-aarch64-linux-gnu
        ;;
    *)
        echo "no release is made for '$1': amd64, i386 and arm64 are known" >&2
        return 64
        ;;
    esac
}
