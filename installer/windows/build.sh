#!/bin/sh
# Makes the MSI: build.sh BUILD VERSION FILE.msi. BUILD is the folder of the Windows build. Needs wixl, msitools and
# python3-pefile. Any warning of wixl fails: it only warns about attributes that it leaves out.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$1
version=$2
msi=$3
case $msi in /*) ;; *) msi=$PWD/$msi ;; esac
stage=$(mktemp -d)
warnings=$stage/warnings
trap 'rm -rf "$stage"' EXIT
rm -f "$msi"
cp "$build"/bin/*.exe "$build"/bin/*.dll "$build"/bin/*.man "$here/cluster.ps1" "$here/x400mta.conf.default" "$here/x400mta.wxs" "$here"/../../docs/*.md "$stage/"
cp "$here/../../LICENSE" "$stage/LICENSE.txt"
# The terms of what the programs have inside, as Debian tells them of the sources that tests/windows/deps.sh takes.
for package in libapr1 libaprutil1 libexpat1 libsqlite3-0 libpcre2-8-0 libconfuse2 libjansson4 libmicrohttpd12 \
    mingw-w64-common; do
    installed=$(dpkg-query -W -f '${Package}\n' "$package" "${package}t64" 2>/dev/null | head -1)
    printf '==== %s\n\n' "$package"
    cat "/usr/share/doc/${installed:-$package}/copyright"
done >"$stage/third-party.txt"
(cd "$stage" && wixl -a x64 -D Version="$version" -o "$msi" x400mta.wxs) 2>"$warnings" || { cat "$warnings" >&2; exit 1; }
if [ -s "$warnings" ]; then
    cat "$warnings" >&2
    echo "build.sh: wixl left something out" >&2
    rm -f "$msi"
    exit 1
fi
# What wixl has no element for.
for table in "$here"/tables/*.idt; do
    msibuild "$msi" -i "$table"
done
query() { msibuild "$msi" -q "$1"; }
query "INSERT INTO \`InstallExecuteSequence\` (\`Action\`, \`Condition\`, \`Sequence\`) VALUES ('MsiConfigureServices', 'VersionMsi >= \"5.00\"', 5850)"
query "INSERT INTO \`Property\` (\`Property\`, \`Value\`) VALUES ('MsiHiddenProperties', 'PASSWORD')"
secure=$(msiinfo export "$msi" Property | tr -d '\r' | sed -n 's/^SecureCustomProperties\t//p')
# What AppSearch finds with dialogs is passed on too: it looks once only.
properties="PORT;DATAFOLDER;ACCOUNT;PASSWORD;FIREWALL;PURGE;OLDDATAFOLDER;OLDACCOUNT"
if [ -n "$secure" ]; then
    query "UPDATE \`Property\` SET \`Value\` = '$secure;$properties' WHERE \`Property\` = 'SecureCustomProperties'"
else
    query "INSERT INTO \`Property\` (\`Property\`, \`Value\`) VALUES ('SecureCustomProperties', '$properties')"
fi
query "UPDATE \`ServiceInstall\` SET \`ErrorControl\` = 32769 WHERE \`ServiceInstall\` = 'x400mta'"
# Versions and languages of files, by which Windows judges which of two is newer; wixl says neither, and a file that
# says none loses against an installed one that does. Hashes are for files without a version.
msiinfo export "$msi" File | tr -d '\r' | sed 1,3d | cut -f1,3 | while IFS="$(printf '\t')" read -r file name; do
    file_version=$(/usr/bin/python3 "$here/version.py" "$stage/$name")
    [ -n "$file_version" ] || continue
    query "UPDATE \`File\` SET \`Version\` = '$file_version', \`Language\` = '1033' WHERE \`File\` = '$file'"
    query "DELETE FROM \`MsiFileHash\` WHERE \`File_\` = '$file'"
done
# The rule of the firewall: netsh, without a window, whatever it says. 3170: in a folder, deferred, as the system.
rule='[System64Folder]netsh.exe advfirewall firewall'
query "INSERT INTO \`CustomAction\` (\`Action\`, \`Type\`, \`Source\`, \`Target\`) VALUES ('OpenFirewall', 3170, 'TARGETDIR', '$rule add rule name=x400mta dir=in action=allow protocol=TCP localport=[PORT] program=\"[INSTALLDIR]x400mta.exe\"')"
query "INSERT INTO \`CustomAction\` (\`Action\`, \`Type\`, \`Source\`, \`Target\`) VALUES ('CloseFirewall', 3170, 'TARGETDIR', '$rule delete rule name=x400mta')"
query "INSERT INTO \`InstallExecuteSequence\` (\`Action\`, \`Condition\`, \`Sequence\`) VALUES ('OpenFirewall', 'FIREWALL=\"1\" AND NOT REMOVE', 5860)"
query "INSERT INTO \`InstallExecuteSequence\` (\`Action\`, \`Condition\`, \`Sequence\`) VALUES ('CloseFirewall', 'REMOVE=\"ALL\" AND NOT UPGRADINGPRODUCTCODE', 1910)"
# The counters: Windows is told of them, and that they are gone, likewise.
counters='/m:"[INSTALLDIR]x400mta-counters.man"'
query "INSERT INTO \`CustomAction\` (\`Action\`, \`Type\`, \`Source\`, \`Target\`) VALUES ('TellCounters', 3170, 'TARGETDIR', '[System64Folder]lodctr.exe $counters')"
query "INSERT INTO \`CustomAction\` (\`Action\`, \`Type\`, \`Source\`, \`Target\`) VALUES ('ForgetCounters', 3170, 'TARGETDIR', '[System64Folder]unlodctr.exe $counters')"
query "INSERT INTO \`InstallExecuteSequence\` (\`Action\`, \`Condition\`, \`Sequence\`) VALUES ('TellCounters', 'NOT REMOVE', 5870)"
query "INSERT INTO \`InstallExecuteSequence\` (\`Action\`, \`Condition\`, \`Sequence\`) VALUES ('ForgetCounters', 'REMOVE=\"ALL\"', 1915)"
# Where wixl would put the actions that set properties, and the removal of the old product, they come too early or too
# late: properties after AppSearch, the old product before anything is changed.
at() { query "UPDATE \`InstallExecuteSequence\` SET \`Sequence\` = $2 WHERE \`Action\` = '$1'"; }
at KeepDataFolder 60
at KeepAccount 61
at DefaultAccount 62
at RemoveExistingProducts 1450
# wixl puts them anywhere that their neighbours allow, and another place each time: the first needs files and the service,
# whose name the rights of the folder have; the second needs the program, which RemoveFiles (3500) takes away.
at Prepare 5810
at Purge 1920
for action in KeepDataFolder KeepAccount DefaultAccount; do
    query "UPDATE \`CustomAction\` SET \`Type\` = 51 WHERE \`Action\` = '$action'"
done
