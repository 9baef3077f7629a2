#!/bin/sh
# TP-06, OP-04: addresses that come and go, in two networks of their own: MTA-C has a virtual address, as the node of a
# cluster, MTA-P is its peer and knows it by that address only. The failure of Q169113 cannot be provoked: without the
# virtual address C neither listens nor calls. With the old behaviour forced, P logs 9301 as the article has it.
. "$(dirname "$0")/lib.sh"

net=x4a$$
node=10.77.0.1 virtual=10.77.0.100 peer=10.77.0.50 virtual6=2001:db8:77::100 peer6=2001:db8:77::50
if [ "$(id -u)" -ne 0 ] || ! ip netns add "$net-C" 2>/dev/null; then
    say "needs root and network namespaces; nothing could be tested"
    fail "network namespaces"
    finish
fi
ip netns add "$net-P"
clean() {
    ip netns del "$net-C" 2>/dev/null
    ip netns del "$net-P" 2>/dev/null
}
trap 'clean; abandon' EXIT INT TERM
ip -n "$net-C" link add x0 type veth peer name x0 netns "$net-P"
for who in C P; do ip -n "$net-$who" link set lo up; ip -n "$net-$who" link set x0 up; done
ip -n "$net-C" addr add $node/24 dev x0
ip -n "$net-P" addr add $peer/24 dev x0
ip -n "$net-P" addr add $peer6/64 dev x0 nodad
in_net() {
    in_who=$1
    shift
    ip netns exec "$net-$in_who" "$@"
}
address() { # add|del ADDRESS [OPTION...]
    what=$1
    which=$2
    shift 2
    ip -n "$net-C" addr "$what" "$which" dev x0 "$@"
}

# As in lib.sh, each in its network.
launch() {
    for who; do
        ip netns exec "$net-$who" "$BIN/x400mta" -c "$WORK/$who/x400mta.conf" >>"$WORK/$who/output" 2>&1 &
        put "pid_$who" $!
        case " $STARTED " in *" $who "*) ;; *) STARTED="$STARTED $who" ;; esac
    done
}
ctl() {
    ctl_who=$1
    shift
    in_net "$ctl_who" "$BIN/x400ctl" -c "$WORK/$ctl_who/x400mta.conf" "$@"
}

for who in C P; do
    mta $who
    sed -i '/^listener/,/^}/d' "$WORK/$who/x400mta.conf"
    put port_$who 10102
done
printf 'listener "tcp" {\n    port = 10102\n}\ncluster {\n    virtual-addresses = { "%s" }\n    use-any-address = off\n}\n' \
    $virtual >>"$WORK/C/x400mta.conf"
printf 'listener "tcp" {\n    address = "%s"\n    port = 10102\n}\nlistener "six" {\n    address = "%s"\n    port = 10102\n}\n' \
    $peer $peer6 >>"$WORK/P/x400mta.conf"
link C P "1988 normal"
LINK_SPACES='"C=GB;A= ;P=C"' link P C "1988 normal"
sed -i "s/remote-host-name = \"127.0.0.1\"/remote-host-name = \"$peer\"/" "$WORK/C/x400mta.conf"
sed -i "s/remote-host-name = \"127.0.0.1\"/remote-host-name = \"$virtual\"\n        allowed-callers = { \"$virtual\" }\n        tell-other-callers = off/" \
    "$WORK/P/x400mta.conf"
mailbox C jim
mailbox P ann

from_c() { ctl C send -f "$(user C jim)" -r "$(user P ann)" -s one -t hello; }
from_p() { ctl P send -f "$(user P ann)" -r "$(user C jim)" -s one -t hello; }
plan() { ctl C bind --json | python3 -c "
import json,sys
plan = json.load(sys.stdin)
sys.exit(not (plan['cluster'] and any($1 for l in plan['listeners'] for c in plan['connectors'])))"; }
open_to() { ctl "$1" associations --json | python3 -c "
import json,sys
sys.exit(not any(a['state'] == 'open' and a['$2'].startswith('$3:') for a in json.load(sys.stdin)['associations']))"; }

say "The node without its virtual address"
start P C
check "OP_04 an address that is not here is no error at the start" running C
check "OP_04 12110 says what the listener waits for" logged C " 12110 .*$virtual:10102: it is not on this machine"
check "OP_04 the plan says so" plan "l['address'] == '$virtual' and l['state'] == 'absent' and not l['open'] and l['by'] == 'cluster'"
check "OP_04 and for calls" plan "c['address'] == '$virtual' and c['state'] == 'absent' and c['kind'] == 'IPv4'"
check "OP_04 people read it too" sh -c "ip netns exec '$net-C' '$BIN/x400ctl' -c '$WORK/C/x400mta.conf' bind | grep -q '$virtual .*absent .*virtual-addresses of cluster'"
check "a message of the peer waits" from_p
check "a message for the peer waits" from_c
check "OP_04 12111 says for which address" wait_for logged C " 12111 .*P .*$virtual"
last_error() { ctl C connectors P --json | grep -q "last_error.*no call without the address $virtual"; }
check "OP_04 and so does the connector's last error" last_error
check "OP_04 the peer finds nobody at the virtual address" wait_for logged P " 4284 "
check_not "TP_06 the failure of the article cannot be provoked: no call came from the node" logged P " 9301 "
check_not "C did not call at all" logged C " 4284 "

say "The address comes"
address add $virtual/24
check "OP_04 12112 tells of it" wait_for logged C " 12112 .*$virtual has come"
check "OP_04 the listener is open" plan "l['address'] == '$virtual' and l['open']"
check "TP_06 the message goes out" wait_for has_delivered P ann 1
check "TP_06 the peer's message comes in" wait_for has_delivered C jim 1
check "TP_06 the peer sees the virtual address" wait_for open_to P peer $virtual
check_not "and no other" open_to P peer $node
check_not "nobody was refused" logged P " 9301 "

say "The address leaves under load, and comes back"
random_file "$WORK/large" 3000000
for i in 1 2 3; do
    check "large message $i of C" ctl C send -f "$(user C jim)" -r "$(user P ann)" -s "large $i" -t large --attach "$WORK/large"
    check "large message $i of P" ctl P send -f "$(user P ann)" -r "$(user C jim)" -s "large $i" -t large --attach "$WORK/large"
done
address del $virtual/24
check "TP_06 12113 tells of it" wait_for logged C " 12113 .*$virtual has left"
no_association() { ctl C associations --json | python3 -c 'import json,sys; sys.exit(len(json.load(sys.stdin)["associations"]))'; }
check "TP_06 its associations have ended" wait_for no_association
check "TP_06 its listener is closed" plan "l['address'] == '$virtual' and not l['open']"
check "a message waits" from_c
address add $virtual/24
check "TP_06 all messages arrive" wait_for has_delivered P ann 5
check "TP_06 in both directions" wait_for has_delivered C jim 4
check "nothing is left" wait_for queue_is_empty C
check "there either" wait_for queue_is_empty P
check "TP_06 nothing came twice" test "$(delivered P ann)" -eq 5 -a "$(delivered C jim)" -eq 4
check_not "and still nobody was refused" logged P " 9301 "

say "IPv6, which the system checks first"
sed -i "s/virtual-addresses = { .* }/virtual-addresses = { \"$virtual\", \"$virtual6\" }/" "$WORK/C/x400mta.conf"
sed -i "/connector \"P\"/,/^}/s/remote-host-name = \".*\"/remote-host-name = \"$peer6\"/" "$WORK/C/x400mta.conf"
sed -i "s/allowed-callers = .*/allowed-callers = { \"$virtual6\", \"$virtual\" }/" "$WORK/P/x400mta.conf"
check "reload" ctl P reload
check "reload" ctl C reload
check "OP_04 the second address is waited for" wait_for logged C " 12110 .*$virtual6"
address add $virtual6/64
check "TP_06 it is bound when it has been checked" wait_for plan "l['address'] == '$virtual6' and l['open']"
check "disable the link" ctl C connectors disable P
check "enable it" ctl C connectors enable P
check "a message" from_c
check "TP_06 goes over IPv6" wait_for has_delivered P ann 6
check "TP_06 from the virtual address of that kind" wait_for open_to P peer "[$virtual6]"

say "Names for addresses"
sed -i "s/virtual-addresses = { .* }/virtual-addresses = { \"$virtual\" }/" "$WORK/C/x400mta.conf"
sed -i "/connector \"P\"/,/^}/s/remote-host-name = \".*\"/remote-host-name = \"$peer\"/" "$WORK/C/x400mta.conf"
printf 'listener "name" {\n    address = "localhost"\n    port = 10103\n}\n' >>"$WORK/C/x400mta.conf"
check "reload" ctl C reload
check "TP_06 a listener by name opens when the name is known" wait_for plan "l['name'] == 'name' and l['open'] and l['address'] == '127.0.0.1'"

say "The old behaviour, forced"
sed -i 's/use-any-address = off/use-any-address = on/' "$WORK/C/x400mta.conf"
check "reload" ctl C reload
check "disable the link" ctl C connectors disable P
check "enable it" ctl C connectors enable P
check "a message" from_c
seed='The message transfer gateway that uses the network address 0A4D0001 and the transport stack /cn=MTA-P/cn=TCP \(MTA-P\) could not be found\. Check the configuration of the mail gateway\.'
check "TP_06 9301 reads as in Q169113" wait_for logged P " 9301 .*$seed.*\[BASE IL TCP/IP DRVR [0-9]* 218\] \(10\)"
check "TP_06 it has the address readable" logged P " 9301 .*The caller was $node:[0-9]* as \"MTA-C\", at $peer:10102;"
check "TP_06 and says what to configure" logged P " 9301 .*add \"$node\" to allowed-callers of connector C"
sed -i 's/tell-other-callers = off/tell-other-callers = on/' "$WORK/P/x400mta.conf"
check "the peer is told to take other callers, reload" ctl P reload
check "the message arrives" wait_for has_delivered P ann 7
check "TP_06 12114 says so" logged P " 12114 .*C called from $node"
check "disable the link" ctl C connectors disable P
check "enable it" ctl C connectors enable P
check "another message" from_c
check "arrives" wait_for has_delivered P ann 8
check "TP_06 it was said once" test "$(grep -c ' 12114 ' "$WORK/P/events.log")" -eq 1

say "The link goes down and comes back"
sed -i 's/use-any-address = on/use-any-address = off/' "$WORK/C/x400mta.conf"
check "reload" ctl C reload
check "disable the link" ctl C connectors disable P
check "enable it" ctl C connectors enable P
check "a message" from_c
check "arrives" wait_for has_delivered P ann 9
has_association() { ctl C associations --json | grep -q '"state": "open"'; }
check "an association is open" wait_for has_association
carrier() { ip -n "$net-P" link set x0 "$1"; }
printf 'link set x0 down\nlink set x0 up\n' | ip -n "$net-P" -batch -
check_not "TP_06 a link that flickers is no event" logged C " 12120 "
check "TP_06 and ends no association" has_association
ip -n "$net-P" addr add $peer6/64 dev x0 nodad 2>/dev/null
carrier down
check "TP_06 12120 tells that the carrier is lost" wait_for logged C " 12120 .*address $virtual is down"
check "TP_06 the associations have ended" wait_for no_association
check "TP_06 the address stays, and its listener" plan "l['address'] == '$virtual' and l['open']"
check "a message waits" from_c
carrier up
check "TP_06 12121 tells that it is back" wait_for logged C " 12121 .*address $virtual is up"
check "TP_06 the message goes out" wait_for has_delivered P ann 10
seen=$(grep -c " 12120 .*address $virtual is down" "$WORK/C/events.log")
ip -n "$net-C" link set x0 down
more_down() { [ "$(grep -c " 12120 .*address $virtual is down" "$WORK/C/events.log")" -gt "$seen" ]; }
check "TP_06 the interface is set down: 12120 again" wait_for more_down
check "a message waits" from_c
ip -n "$net-C" link set x0 up
check "TP_06 it goes out when the interface is up" wait_for has_delivered P ann 11

say "A loop on one's own cluster address"
sed -i "/connector \"P\"/,/^}/s/remote-host-name = \".*\"/remote-host-name = \"$virtual\"/" "$WORK/C/x400mta.conf"
check "reload" ctl C reload
check_not "OP_04 a link to one's own virtual address fails" ctl C link test P
check "OP_04 12115 says why" logged C " 12115 .*P, address $virtual:10102"
stop C P
trap - EXIT INT TERM
clean
finish
