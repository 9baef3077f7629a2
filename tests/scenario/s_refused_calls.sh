#!/bin/sh
# Calls that are refused, each with its own event and without harm to others: a connector that is never open (37,
# Q169716), monologue where two-way alternate is agreed (55, Q171113), an address that is not allowed (9301), another
# listener's transport selector (4293, Q252843), and more calls than the limit (Q119303): live associations stay.
. "$(dirname "$0")/lib.sh"

mta A
mta B 'maximum-associations = 3'
LINK_OVERRIDE='lifetime = 3600s' link A B "1988 normal"
LINK_SPACES='"C=GB;A= ;P=A"' link B A "1988 normal"
mailbox A ann
mailbox B jim

caller() { # NAME [LINE...]: a connector of B for calls of p1source, which opens monologue associations
    name=$1
    shift
    {
        printf 'connector "%s" {\n    general { remote-mta-name = "%s" }\n' "$name" "$name"
        printf '    stack { remote-host-name = "127.0.0.1" port = 9 %s }\n' "${STACK:-}"
        printf '    address-space = { "C=XX;A= ;P=%s" }\n' "$name"
        for line; do printf '    %s\n' "$line"; done
        printf '}\n'
    } >>"$WORK/B/x400mta.conf"
}
caller NEVER 'schedule { activation = never }' 'advanced { two-way-alternate = off }'
caller TURNS 'advanced { two-way-alternate = on }'
STACK='allowed-callers = { "192.0.2.0/24" }' caller ELSEWHERE 'advanced { two-way-alternate = off }'
caller SOURCE 'advanced { two-way-alternate = off }'
second=$(free_ports 1)
printf 'listener "second" {\n    address = "127.0.0.1"\n    port = %s\n    transport-selector = "TSEL"\n}\n' "$second" \
    >>"$WORK/B/x400mta.conf"
start A B

call() { # NAME PORT [OPTION...]
    call_name=$1
    call_port=$2
    shift 2
    "$BIN/p1source" -m 1 -n "$call_name" -r "$(user B jim)" --report none --timeout 20 "$@" "127.0.0.1:$call_port"
}
port=$(get port_B)
check_not "a call of a connector that is never open is refused" call NEVER "$port"
check "37 says so" logged B ' 37 .*NEVER.*while suspended'
check "1293 says so too" logged B ' 1293 .*NEVER'
check_not "monologue where two-way alternate is agreed is refused" call TURNS "$port"
reason() { ctl B metrics | sed -n "s/^x400mta_connector_inbound_reject_reason{connector=\"$1\"} //p"; }
check "the counters say why: dialogue mode not supported" test "$(reason TURNS)" = 4
check "busy, where it is never open" test "$(reason NEVER)" = 1
check "55 says so" logged B ' 55 .*TURNS'
check_not "a call from an address that is not allowed is refused" call ELSEWHERE "$port"
check "9301 has the address in hexadecimal and readable" logged B ' 9301 .*7[fF]000001.*127\.0\.0\.1'
check "9301 came once: for the call that was refused, not for those that were taken" \
    test "$(grep -c ' 9301 ' "$WORK/B/events.log")" -eq 1
check_not "a call for another transport selector than the listener's is refused" call SOURCE "$second" --called-tsel OTHER
check "4293 names the listener" logged B ' 4293 .*4[fF]54484552.*second'
check "the listener's own selector is taken" call SOURCE "$second" --called-tsel TSEL
check "that message arrives" wait_for has_delivered B jim 1

check "a message opens an association" ctl A send -f "$(user A ann)" -r "$(user B jim)" -s one -t hello
check "it arrives" wait_for has_delivered B jim 2
live() { ctl A associations --json | python3 -c 'import json,sys; print(*[a["id"] for a in json.load(sys.stdin)["associations"] if a["state"] == "open"])'; }
before=$(live)
check "the association is open" test -n "$before"
refused() { ctl B metrics | sed -n 's/^x400mta_refused_associations_total //p'; }
refused_before=$(refused)
# Six calls where one or two places are left; what they cannot take is refused.
call SOURCE "$port" -c 6 -m 6 --rate 2 >"$WORK/six.out" 2>&1
check "the event says session limit exceeded" logged B ' 12015 .*session limit exceeded'
check "the refusals are counted" test "$(refused)" -gt "${refused_before:-0}"
check "the association that was open is the same" test "$(live)" = "$before"
check "and takes messages" ctl A send -f "$(user A ann)" -r "$(user B jim)" -s two -t hello
arrived_two() { grep -l '"originator": "S=ANN' "$WORK/B/jim"/*.json | wc -l | grep -q '^2$'; }
check "which arrive" wait_for arrived_two
check "with the places free again a call is taken" wait_for call SOURCE "$port"
check "OP_05 1277 says that the transport connection was refused" wait_for logged B ' 1277 .*T-selector'
stop B
check "OP_05 12060 counts the calls that were refused without a word" wait_for logged B ' 12060 .*more calls were refused'
say "a system that gives a call the port that it calls"
own_port() {
    unshare -n sh -c 'ip link set lo up && echo "24000 24000" >/proc/sys/net/ipv4/ip_local_port_range && exec "$@"' - \
        "$BIN/p1source" -n CALLER --timeout 20 127.0.0.1:24000
}
refused_itself() { own_port 2>&1 | grep 'Connection refused'; }
if posix_only "a call that is given the port that it calls: needs a network namespace with one port"; then
    check "the call does not reach itself: it is refused, as nobody listens" refused_itself
fi
finish
