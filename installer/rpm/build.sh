#!/bin/sh
# Builds the RPM packages of this tree on Debian, with Debian's rpm: build.sh OUTDIR
# On a system of RPMs, rpmbuild takes x400mta.spec as it is. The tree itself is left as it is.
set -eu
[ $# -eq 1 ] || { echo "usage: sh installer/rpm/build.sh OUTDIR" >&2; exit 2; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."

sh tests/install-deps.sh build
if ! command -v rpmbuild >/dev/null; then
    as_root=""
    [ "$(id -u)" -eq 0 ] || as_root="sudo"
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=500 install -q -y --no-install-recommends rpm
fi
version=$(sed -n 's/^project(x400mta VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
grep -q "^Version: *$version$" installer/rpm/x400mta.spec || { echo "x400mta.spec is not of version $version" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/SOURCES"
sh installer/copy-tree.sh "$work/x400mta-$version"
tar -C "$work" -czf "$work/SOURCES/x400mta-$version.tar.gz" "x400mta-$version"
# What a build requires is there as Debian packages, which rpm does not know; debug symbols need a tool that
# Debian's rpm does not bring.
rpmbuild -bb --nodeps --define "_topdir $work" --define "debug_package %{nil}" installer/rpm/x400mta.spec
find "$work/RPMS" -name '*.rpm' -exec cp {} "$out" \;
ls "$out"
