#!/bin/sh
# Installs what the Windows build and its tests need beyond tests/install-deps.sh, on Debian 12 or newer.
set -eu
sh "$(dirname "$0")/../install-deps.sh" build
packages="gcc-mingw-w64-x86-64-win32 mingw-w64-tools wine64 wine wixl msitools dpkg-dev flex tcl bzip2 xz-utils python3 python3-pefile bash libxml2-utils"
missing=""
for package in $packages; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
echo "Installing:$missing"
as_root=""
[ "$(id -u)" -eq 0 ] || as_root="sudo"
$as_root apt-get -o DPkg::Lock::Timeout=500 update -q
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=500 install -q -y --no-install-recommends $missing
