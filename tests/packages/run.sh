#!/bin/sh
# Builds the packages and proves them: lintian; installed on a fresh Debian with a real systemd, the service runs,
# relays, is watched, is upgraded with mail queued, is removed, and a purge leaves nothing; the RPMs hold the same.
# The last line is "N passed, N failed"; the exit status is 0 only if nothing failed.
#
#   run.sh [CODENAME]    CODENAME: the Debian to prove them on; by default the one that this machine has. Packages for
#                        another one are built in a root folder of its own, and the RPMs are left out
#
# Installs what it needs (root or sudo). The fresh Debian is made once and kept in .cache/packages.
# PACKAGES=FOLDER takes the packages from there instead of building them.
set -u
if [ "$(id -u)" -ne 0 ]; then
    exec sudo -E sh "$0" "$@"
fi
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.." || exit 1
top=$(pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/x400-packages-XXXXXX")
logs=$top/build/test-logs/packages
mkdir -p "$logs"
own=$(. /etc/os-release && echo "$VERSION_CODENAME")
codename=${1:-$own}
passed=0
failed=0
box=""

pass() { passed=$((passed + 1)); echo "  ok      $1"; }
fail() { failed=$((failed + 1)); echo "  FAILED  $1"; }
check() { # WORDS COMMAND...
    words=$1
    shift
    if "$@" >"$work/check.out" 2>&1; then
        pass "$words"
    else
        fail "$words"
        tail -25 "$work/check.out" | sed 's/^/          /'
    fi
}
finish() {
    trap - EXIT INT TERM
    if [ -n "$box" ]; then sh "$here/box.sh" down "$work/box"; fi
    rm -rf "$work"
    echo "$passed passed, $failed failed"
    [ $failed -eq 0 ] && [ $passed -gt 0 ]
    exit $?
}
abandon() {
    [ $failed -gt 0 ] || failed=1
    finish
}
trap abandon EXIT INT TERM
. "$here/machine.sh"
. "$here/service.sh"

need_packages() {
    missing=""
    for package in debhelper dpkg-dev fakeroot lintian mmdebstrap rpm bash man-db; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' $package 2>/dev/null)" = installed ] || missing="$missing $package"
    done
    sh tests/install-deps.sh build || return 1
    [ -n "$missing" ] || return 0
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=500 update -q &&
        DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=500 install -q -y --no-install-recommends $missing
}

echo "== what the test needs"
if ! need_packages >"$logs/need.log" 2>&1; then
    tail -20 "$logs/need.log"
    fail "the packages that the test needs are installed"
    finish
fi
echo "== Debian packages"
if [ -n "${PACKAGES:-}" ]; then
    cp -r "$PACKAGES" "$work/new"
elif [ "$codename" = "$own" ]; then
    sh installer/debian/build.sh "$work/new" >"$logs/build-deb.log" 2>&1 || tail -30 "$logs/build-deb.log"
else
    machine_build "$work/new" >"$logs/build-deb.log" 2>&1 || tail -30 "$logs/build-deb.log"
fi
for package in x400mta x400mta-tools x400mta-doc x400mta-dbgsym x400mta-tools-dbgsym; do
    check "$package is built" sh -c "ls '$work/new/$package'_*.deb"
done
[ $failed -eq 0 ] || finish
machine_choose "$work/new"
machine_make >"$logs/machine.log" 2>&1 &
machine=$!
lint() { lintian --allow-root --fail-on error --tag-display-limit 0 "$work/new"/*.changes; }
check "lintian has no errors" lint
cp "$work/check.out" "$logs/lintian.log"
installs() { dpkg -c "$work/new/$1"_*.deb | awk '{ print $6 }' | grep -q -x "\.$2"; }
for file in /usr/sbin/x400mta /etc/x400mta/x400mta.conf /etc/logrotate.d/x400mta /lib/systemd/system/x400mta.service \
    /lib/systemd/system/x400mta.socket /usr/lib/sysusers.d/x400mta.conf /usr/lib/tmpfiles.d/x400mta.conf; do
    check "x400mta has $file" installs x400mta $file
done
check "x400mta-tools has the completion of x400ctl" installs x400mta-tools /usr/share/bash-completion/completions/x400ctl
for page in "$top"/docs/man/*.[1-9]; do
    page=$(basename "$page")
    check "the manual page $page is in a package" sh -c \
        "for deb in '$work/new'/*.deb; do dpkg -c \"\$deb\"; done | grep -q '/usr/share/man/man${page##*.}/$page.gz\$'"
done
if grep -q 'journal_catalogue' src/programs/CMakeLists.txt; then
    check "x400mta has the catalogue of the journal" installs x400mta /usr/lib/systemd/catalog/x400mta.catalog
fi

if [ -z "${PACKAGES:-}" ] && [ "$codename" = "$own" ]; then
    echo "== RPM packages"
    sh installer/rpm/build.sh "$work/rpm" >"$logs/build-rpm.log" 2>&1 || tail -30 "$logs/build-rpm.log"
    for package in x400mta-0 x400mta-tools-0 x400mta-doc-0; do
        check "the RPM ${package%-0} is built" sh -c "ls '$work/rpm/$package'*.rpm"
    done
    rpm_has() { rpm -qlp "$work/rpm/$1"*.rpm | grep -q -x "$2"; }
    for file in /usr/sbin/x400mta /usr/lib/systemd/system/x400mta.service /usr/share/man/man8/x400mta.8; do
        check "the RPM x400mta has $file" rpm_has x400mta-0 "$file"
    done
    check "the RPM x400mta-tools has x400ctl" rpm_has x400mta-tools-0 /usr/bin/x400ctl
    check "the configuration in the RPM is never replaced" sh -c \
        "rpm -qp --qf '[%{FILENAMES} %{FILEFLAGS:fflags}\n]' '$work/rpm'/x400mta-0*.rpm | grep -x '/etc/x400mta/x400mta.conf .*n.*'"
    mkdir "$work/rpmroot"
    check "the RPM unpacks, and its program runs" sh -c \
        "rpm2cpio '$work/rpm'/x400mta-0*.rpm | (cd '$work/rpmroot' && cpio -idm --quiet) && '$work/rpmroot/usr/sbin/x400mta' --version"
    check "the unit in the RPM starts the program of the RPM" grep -q '^ExecStart=/usr/sbin/x400mta' \
        "$work/rpmroot/usr/lib/systemd/system/x400mta.service"
fi

echo "== a fresh machine"
wait $machine
check "a fresh Debian is made" machine_unpack "$work/root"
[ $failed -eq 0 ] || { tail -20 "$logs/machine.log"; finish; }
mkdir "$work/root/packages"
machine_older "$work/new" "$work/root/packages"
cp "$work/new"/*.deb "$work/root/packages"
if ! sh "$here/box.sh" up "$work/root" "$work/box"; then
    fail "the fresh machine boots"
    finish
fi
box=yes
pass "the fresh machine boots"
service_test
finish
