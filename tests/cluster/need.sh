# need.sh: what the tests of the cluster need on a fresh Debian machine: programs and packages. To be sourced, with ROOT
# and BIN set.
#
#   need_programs             builds them if they are not in BIN
#   need_packages PACKAGE...  installs them; none of their services is started
need_programs() {
    [ ! -x "$BIN/x400mta" ] || [ ! -x "$BIN/mtacheck" ] || [ ! -x "$BIN/p1sink" ] || return 0
    [ "$BIN" = "$ROOT/build/release/bin" ] || { echo "no programs in $BIN" && return 1; }
    sh "$ROOT/tests/install-deps.sh" build &&
        (cd "$ROOT" && cmake --preset linux-release && cmake --build --preset linux-release --target x400mta x400ctl mtacheck p1source p1sink)
}

need_packages() {
    local package missing="" made=no status
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    echo "Installing:$missing"
    [ -e /usr/sbin/policy-rc.d ] || { printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d; made=yes; }
    # shellcheck disable=SC2086
    apt-get -o DPkg::Lock::Timeout=500 update -q &&
        DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=500 install -q -y --no-install-recommends $missing
    status=$?
    [ $made = no ] || rm -f /usr/sbin/policy-rc.d
    return $status
}
