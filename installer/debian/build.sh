#!/bin/sh
# Builds the Debian packages of this tree: build.sh OUTDIR
# x400mta, x400mta-tools, x400mta-doc and their debug symbols, in OUTDIR with the .changes file. Installs what
# the build needs. The tree itself is left as it is.
set -eu
[ $# -eq 1 ] || { echo "usage: sh installer/debian/build.sh OUTDIR" >&2; exit 2; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."

sh tests/install-deps.sh build
missing=""
for package in debhelper dpkg-dev fakeroot; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' $package 2>/dev/null || true)" = installed ] || missing="$missing $package"
done
if [ -n "$missing" ]; then
    as_root=""
    [ "$(id -u)" -eq 0 ] || as_root="sudo"
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=500 install -q -y --no-install-recommends $missing
fi

version=$(sed -n 's/^project(x400mta VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
packaged=$(dpkg-parsechangelog -l installer/debian/changelog -S Version)
case $packaged in
"$version" | "$version"[-+~]*) ;;
*) echo "installer/debian/changelog is of version $packaged, CMakeLists.txt of $version" >&2; exit 1 ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/x400mta-$version
sh installer/copy-tree.sh "$tree"
cp -r installer/debian "$tree/debian"
rm "$tree/debian/build.sh"
(cd "$tree" && dpkg-buildpackage -b -us -uc)
cp "$work"/*.deb "$work"/*.changes "$work"/*.buildinfo "$out"
ls "$out"
