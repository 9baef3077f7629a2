#!/bin/sh
# The tables of the MSI: each is compared whole with tests/windows/tables.expected, and what administrators rely on is looked
# for row by row, in the words of the format of MSI.
#
#   tables.sh           the tests
#   tables.sh renew     writes tables.expected anew, for whoever has changed the MSI and has read what git diff shows then
. "$(dirname "$0")/../scenario/lib.sh"
MSI=${X400_MSI_FOLDER:-$ROOT/build/windows/msi}
OLD=$MSI/x400mta-1.0.0.msi
NEW=$MSI/x400mta-1.1.0.msi
EXPECTED=$ROOT/tests/windows/tables.expected

listing() { python3 "$ROOT/tests/windows/tables.py" "$1"; }
if [ "${1:-}" = renew ]; then
    {
        echo '# The tables of the MSI: what "sh tests/windows/tables.sh renew" writes, and each test run compares.'
        echo
        listing "$OLD"
    } >"$EXPECTED"
    trap - EXIT
    exit
fi

listing "$OLD" >"$WORK/old"
listing "$NEW" >"$WORK/new"
sed 1,2d "$EXPECTED" >"$WORK/expected"
table() { sed -n "/^\[$2\]/,/^\$/p" "$1"; }
same_table() {
    table "$WORK/expected" "$1" >"$WORK/table.expected"
    table "$WORK/old" "$1" >"$WORK/table.is"
    diff -u "$WORK/table.expected" "$WORK/table.is"
}
for name in $(cat "$WORK/old" "$WORK/expected" | sed -n 's/^\[\(.*\)\].*/\1/p' | sort -u); do
    check "MSI: the table $name is what is expected, row by row" same_table "$name"
done
check "MSI: another version has the same tables, but for versions and codes" diff -u "$WORK/old" "$WORK/new"

row() { # TABLE LINE, a regular expression with TAB for the end of a field
    msiinfo export "$OLD" "$1" | tr -d '\r' | grep -q -E -- "$(printf '%s' "$2" | sed 's/TAB/\t/g')"
}
event_source='SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\MSExchangeMTA'
check "MSI: a service of its own process, started by itself, vital, with its account and configuration" row ServiceInstall \
    '^x400mtaTABx400mtaTAB[^TAB]*TAB16TAB2TAB32769TABTABTcpip\[~\].*TAB\[ACCOUNT\]TAB\[PASSWORD\]TABservice run -c "\[DATAFOLDER\]x400mta\.conf"TABServiceTAB'
check "MSI: it starts at installation, stops before files change, goes at removal" row ServiceControl '^x400mtaTABx400mtaTAB(161|163|171)TABTAB1TABService$'
check "MSI: it starts after the others" row MsiServiceConfig '^DelayedStartTABx400mtaTAB1TAB3TAB1TABService$'
check "MSI: it has a security identifier" row MsiServiceConfig '^ServiceSidTABx400mtaTAB1TAB5TAB1TABService$'
check "MSI: an end with an error is a failure too" row MsiServiceConfig '^RestartAfterErrorsTABx400mtaTAB1TAB4TAB1TABService$'
check "MSI: it keeps one privilege" row MsiServiceConfig '^PrivilegesTABx400mtaTAB1TAB6TABSeChangeNotifyPrivilegeTABService$'
check "MSI: it is started again after 5 and 60 seconds" row MsiServiceConfigFailureActions \
    '^RestartTABx400mtaTAB1TAB86400TABTABTAB1\[~\]1TAB5000\[~\]60000TABService$'
for value in 'EventMessageFileTAB#%\[INSTALLDIR\]x400mta-events\.dll' 'CategoryMessageFileTAB#%\[INSTALLDIR\]x400mta-events\.dll' \
    'CategoryCountTAB#12' 'TypesSupportedTAB#7'; do
    check "MSI: the source of events: ${value%%TAB*}" row Registry "^[^TAB]*TAB2TAB${event_source}TAB${value}TABEvents\$"
done
for property in PORTTAB102 FIREWALLTAB0 PURGETAB0 'MsiHiddenPropertiesTABPASSWORD'; do
    check "MSI: the property ${property%%TAB*}" row Property "^$property\$"
done
for property in PORT DATAFOLDER ACCOUNT PASSWORD FIREWALL PURGE OLDDATAFOLDER OLDACCOUNT; do
    check "MSI: $property is passed on to the installer service" row Property "^SecureCustomPropertiesTAB(.*;)?$property(;|\$)"
done
check "MSI: older versions are found, to be removed" row Upgrade '^\{0B7C5B8E-6C0B-4E57-9C0B-6D3A3C7A4C10\}TAB[^TAB]*TAB1\.0\.0TAB'
check "MSI: newer versions are found, to be left" row Upgrade '^\{0B7C5B8E-6C0B-4E57-9C0B-6D3A3C7A4C10\}TAB1\.0\.0TABTAB[^TAB]*TAB2TAB'
check "MSI: the rule of the firewall is made on demand only" row InstallExecuteSequence '^OpenFirewallTABFIREWALL="1" AND NOT REMOVETAB5860$'
check "MSI: and is for the port and the program" row CustomAction 'OpenFirewallTAB3170TAB.*add rule name=x400mta dir=in action=allow protocol=TCP localport=\[PORT\] program="\[INSTALLDIR\]x400mta\.exe"'
check "MSI: Windows is told of the counters" row InstallExecuteSequence '^TellCountersTABNOT REMOVETAB5870$'
check "MSI: and that they are gone, before the files are" row InstallExecuteSequence '^ForgetCountersTABREMOVE="ALL"TAB1915$'
check "MSI: by the manifest of the counters" row CustomAction \
    '^TellCountersTAB3170TABTARGETDIRTAB\[System64Folder\]lodctr\.exe /m:"\[INSTALLDIR\]x400mta-counters\.man"'
check "MSI: the resource type of clusters is a feature for those who ask for it" row Feature '^ClusterTAB.*TAB1000TAB'
check "MSI: the documentation is in the start menu" row Shortcut \
    '^DocumentationTABMENUTAB[^TAB]*TABMenuTAB\[System64Folder\]notepad\.exeTAB"\[DOCS\]administrator\.md"TAB'
# An attribute that wixl does not know would be left out with no more than a warning.
mkdir -p "$WORK/tree/installer"
cp -r "$ROOT/installer/windows" "$WORK/tree/installer/"
ln -s "$ROOT/docs" "$ROOT/LICENSE" "$WORK/tree/"
sed -i 's/<Property Id="PORT" /&Secure="yes" /' "$WORK/tree/installer/windows/x400mta.wxs"
check_not "MSI: an attribute that is left out fails the build" \
    sh "$WORK/tree/installer/windows/build.sh" "$ROOT/build/windows" 1.0.0 "$WORK/tree/x400mta.msi"
cp "$WORK/check.out" "$WORK/build.out"
check "MSI: and the build names it" grep -q -i 'no property named .*secure' "$WORK/build.out"
check "MSI: and leaves no MSI" test ! -e "$WORK/tree/x400mta.msi"
check "the MSI is for 64 bits" sh -c "msiinfo suminfo '$OLD' | grep -q 'Template: x64'"
finish
