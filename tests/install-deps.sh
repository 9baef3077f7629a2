#!/bin/sh
# Installs what building and testing need, on Debian 12 or newer. Quick when everything is there already.
#
#   install-deps.sh          everything
#   install-deps.sh build    what a build needs
set -eu

build="gcc libc6-dev cmake ninja-build pkg-config libapr1-dev libaprutil1-dev libaprutil1-dbd-sqlite3 libsqlite3-dev libpcre2-dev
    libconfuse-dev libjansson-dev libmicrohttpd-dev libsystemd-dev libssl-dev"
run="python3 ca-certificates"
test="postgresql libaprutil1-dbd-pgsql clang clang-format clang-tidy cppcheck libclang-rt-14-dev libcunit1-dev tshark valgrind postfix iproute2 procps"

packages="$build $run"
[ "${1:-all}" = build ] || packages="$packages $test"

missing=""
for package in $packages; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "These packages are missing; install them as root:$missing" >&2; exit 1; }
    as_root="sudo"
fi
echo "Installing:$missing"
export DEBIAN_FRONTEND=noninteractive

# Postfix is measured against, never run as this machine's mail system: no service may start with its package.
policy=/usr/sbin/policy-rc.d
made_policy=no
if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
    $as_root chmod 755 $policy
    made_policy=yes
fi
give_back() { [ $made_policy = no ] || $as_root rm -f $policy; }
trap give_back EXIT

printf 'postfix postfix/main_mailer_type select No configuration\nwireshark-common wireshark-common/install-setuid boolean false\n' |
    $as_root debconf-set-selections 2>/dev/null || true
$as_root apt-get -o DPkg::Lock::Timeout=500 update -q
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=500 install -q -y --no-install-recommends $missing
