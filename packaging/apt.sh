# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Read by the scripts that install Debian packages.

# missing_packages PACKAGE...: prints those that are not installed.
missing_packages() {
    for package in "$@"; do
        status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
        [ "$status" = installed ] || echo "$package"
    done
}

# install_packages PACKAGE...: installs those that are missing, and starts no service of theirs.
install_packages() {
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "this is no Debian: install by hand what stands for: $*" >&2
        return 1
    fi
    # shellcheck disable=SC2046  # no package name has a blank
    set -- $(missing_packages "$@")
    if [ $# -eq 0 ]; then
        echo "all packages are there"
        return 0
    fi
    if [ "$(id -u)" != 0 ]; then
        echo "these packages are missing, and only root can install them: $*" >&2
        echo "run as root: apt-get install --no-install-recommends $*" >&2
        return 1
    fi
    echo "installing $*"
    (
        # Debian's own way to say that a package's service must not be started: status 101.
        if [ ! -e /usr/sbin/policy-rc.d ]; then
            trap 'rm -f /usr/sbin/policy-rc.d' EXIT
            printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
            chmod +x /usr/sbin/policy-rc.d
        fi
        export DEBIAN_FRONTEND=noninteractive
        log=$(mktemp)
        if { apt-get update && apt-get install -y --no-install-recommends "$@"; } >"$log" 2>&1; then
            rm -f "$log"
        else
            tail -n 20 "$log" >&2
            echo "apt-get failed; all that it said is in $log" >&2
            return 1
        fi
    )
}

# debian_mirror: the mirror that apt is configured with; nothing where apt has no lists yet.
debian_mirror() {
    # shellcheck disable=SC2016  # apt fills it in
    apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' 'Created-By: Packages' 2>/dev/null |
        sed -n 's/ Debian Debian$//p' | head -n 1
}

# private_apt DIRECTORY TYPE SUITE [ARCHITECTURE]: a configuration of apt of its own in DIRECTORY, which
# knows TYPE (deb or deb-src) of another Debian SUITE on the same mirror; then private_apt_get uses it. What
# is fetched is verified with Debian's keys, and the machine's own lists stay as they are. With another
# ARCHITECTURE than the machine's, its packages can be downloaded, not installed.
private_apt() {
    private_apt_directory=$1
    private_apt_architecture=${4:-$(dpkg --print-architecture)}
    mirror=$(debian_mirror)
    if [ -z "$mirror" ] && [ "$(id -u)" = 0 ]; then
        apt-get -qq update >/dev/null
        mirror=$(debian_mirror)
    fi
    if [ -z "$mirror" ]; then
        echo "apt knows no mirror of Debian: run 'apt-get update' as root, and see /etc/apt" >&2
        return 1
    fi
    mkdir -p "$1/apt/lists/partial" "$1/apt/cache/archives/partial"
    keys=/usr/share/keyrings/debian-archive-keyring.gpg
    echo "$2 [signed-by=$keys] $mirror $3 main" >"$1/apt/sources.list"
    private_apt_get -qq update
}

private_apt_get() {
    apt-get -o "Dir::Etc::sourcelist=$private_apt_directory/apt/sources.list" -o Dir::Etc::sourceparts=- \
        -o "Dir::State::lists=$private_apt_directory/apt/lists" \
        -o "Dir::Cache=$private_apt_directory/apt/cache" \
        -o "APT::Architecture=$private_apt_architecture" -o "APT::Architectures=$private_apt_architecture" \
        -o "APT::Sandbox::User=$(id -un)" -o Acquire::Languages=none -qq "$@"
}
