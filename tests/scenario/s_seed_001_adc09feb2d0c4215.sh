#!/bin/sh
# What is not standard P1 goes to siblings only (KB916986): a foreign sink that drops the association at the first
# octet of anything else receives everything, also when its connector is configured as sibling by mistake; a peer
# that agrees to link-state and then refuses it gets all the mail; a sibling gets link-state and avoids the dead
# route; data of its own that a peer sends is refused, and no other mail waits for that.
. "$(dirname "$0")/lib.sh"

COUNT=30
mta A; mta B; mta C; mta Y
for sink in F G H I J; do
    put "port_$sink" "$(free_ports 1)"
    mkdir -p "$WORK/$sink"
done
# No open retry and no transfer retry comes within the time of this scenario.
LINK_INTERVAL=3600s link A F "1988 normal"
LINK_INTERVAL=3600s LINK_ADVANCED='sibling = on' link A G "1988 normal"
LINK_INTERVAL=3600s LINK_ADVANCED='sibling = on' link A H "1988 normal"
LINK_INTERVAL=3600s LINK_ADVANCED='sibling = on' link A I "1988 X.410"
LINK_ADVANCED='sibling = on' LINK_SPACES='"C=GB;A= ;P=B", "C=GB;A= ;P=Y;;1"' link A B "1988 normal"
LINK_SPACES='"C=GB;A= ;P=C", "C=GB;A= ;P=Y;;2"' link A C "1988 normal"
LINK_ADVANCED='sibling = on' LINK_SPACES='"C=GB;A= ;P=A"' link B A "1988 normal"
dead=$(free_ports 1)
LINK_PORT=$dead LINK_OVERRIDE='max-open-retries = 1000' link B Y "1988 normal"
LINK_SPACES='"C=GB;A= ;P=A"' link C A "1988 normal"
link C Y "1988 normal"
LINK_SPACES='"C=GB;A= ;P=A"' link Y C "1988 normal"
LINK_SPACES='"C=GB;A= ;P=B"' link Y B "1988 normal"
mailbox A ann
mailbox Y jim

sink() {
    who=$1
    shift
    "$BIN/p1sink" -n "MTA-$who" -p "secret-$who" --check-duplicates --json "$@" "127.0.0.1:$(get "port_$who")" \
        >"$WORK/$who/totals" 2>"$WORK/$who/errors" &
    put "pid_$who" $!
    STARTED="$STARTED $who"
}
sink F --strict
sink G --strict
sink H --link-state refuse
sink I --link-state abort
start A B C Y

state() { ctl A connectors "$1" --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["connectors"][0]["link_state"])'; }
state_is() { [ "$(state "$1")" = "$2" ]; }
for sink in F G H I; do
    "$BIN/x400ctl" -c "$WORK/A/x400mta.conf" send -f "$(user A ann)" -r "C=GB;A= ;P=$sink;S=X" -s one -t hello >/dev/null
done
check "the mail of each peer goes at once" wait_for queue_is_empty A
for n in $(seq 2 $COUNT); do
    for sink in F G H I; do
        ctl A send -f "$(user A ann)" -r "C=GB;A= ;P=$sink;S=X" -s "$n" -t hello >/dev/null
    done
done
check "and all that comes after it" wait_for queue_is_empty A
check "nothing is offered to a connector that is none of siblings" state_is F off
for sink in G H I; do
    check "the peer $sink that refuses it has refused it for good" wait_for state_is "$sink" refused
    check "event 12101 says so of $sink" logged A " 12101 .*$sink at 127\.0\.0\.1.* refused link-state"
done
check "it was told once each" test "$(grep -c ' 12101 ' "$WORK/A/events.log")" = 3
for sink in F G H I; do
    kill -TERM "$(get "pid_$sink")"
    wait "$(get "pid_$sink")"
    put "pid_$sink" ""
done
total() { python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$WORK/$1/totals" "$2"; }
for sink in F G H I; do
    check "$sink has all $COUNT messages" test "$(total "$sink" accepted)" = $COUNT
    check "and none twice" test "$(total "$sink" duplicates)" = 0
done
check "the foreign peer saw nothing but standard P1" test "$(total F foreign)" = 0
check "the one with the wrong configuration saw one offer" test "$(total G foreign)" = 1
check "H refused link-state once" test "$(total H link_states)" = 1
check "I broke off at it once" test "$(total I link_states)" = 1

explained() { ctl A route explain "C=GB;A= ;P=Y;S=JIM" | grep -E -q -- "$1"; }
check "the cheaper route to Y is by B" explained '^B .*chosen'
check "a message goes that way" ctl A send -f "$(user A ann)" -r "$(user Y jim)" -s first -t hello
told() { explained 'MTA-B tells that its link to MTA-Y is down'; }
check "B tells that its link to Y is down" wait_for told
check "both agreed to that" logged A ' 12100 '
check "event 12102 says which link" logged A ' 12102 .*The sibling MTA-B tells that its link to MTA-Y is down'
check "the route is by C now" explained '^C .*chosen'
check "the next message" ctl A send -f "$(user A ann)" -r "$(user Y jim)" -s second -t hello
check "avoids the dead route" wait_for has_delivered Y jim 1
check "the first waits at B" test "$(number B queued)" = 1
sed -i "s/port = $dead\$/port = $(get port_Y)/" "$WORK/B/x400mta.conf"
check "the link of B is mended" ctl B reload
check "the first message arrives" wait_for has_delivered Y jim 2
not_told() { ! told; }
check "B tells that its link works" wait_for not_told
check "event 12103 says so" wait_for logged A ' 12103 .*no longer down'
check "the cheaper route is by B again" explained '^B .*chosen'
check "an operator disables it there" ctl B connectors disable Y
check "and A knows" wait_for told

# An APDU that no standard knows: [PRIVATE 400] and [5].
printf '\377\203\020\003\002\001\001' >"$WORK/private.apdu"
printf '\245\003\002\001\001' >"$WORK/unknown.apdu"
sink J --strict
sink_is_there() { "$BIN/p1source" -n MTA-Z --apdu "$WORK/private.apdu" "127.0.0.1:$(get port_J)" 2>&1 | grep -q ' 1 broken'; }
check "the foreign sink does drop the association at such an APDU" wait_for sink_is_there
kill -TERM "$(get pid_J)"
wait "$(get pid_J)"
put pid_J ""
check "it counts them" test "$(total J foreign)" -ge 1
put port_Z "$(free_ports 1)"
LINK_ADVANCED='two-way-alternate = off' link A Z "1988 normal"
check "a connector for a peer that sends such data" ctl A reload
for apdu in private unknown; do
    "$BIN/p1source" -n MTA-Z -p secret-Z --apdu "$WORK/$apdu.apdu" "127.0.0.1:$(get port_A)" >"$WORK/$apdu.out" 2>&1
    check_not "the $apdu APDU is not accepted" grep -q '^1 accepted' "$WORK/$apdu.out"
    check "its association goes on to an orderly end" grep -q ' 0 broken' "$WORK/$apdu.out"
done
check "event 12104 says that it was refused" logged A ' 12104 .*neither a message nor a report nor a probe'
"$BIN/p1source" -n MTA-Z -p secret-Z -m 3 -f "C=GB;A= ;P=Z;S=Z" -r "$(user A ann)" "127.0.0.1:$(get port_A)" >"$WORK/good.out" 2>&1
check "and messages of the same peer are taken" wait_for has_delivered A ann 3
finish
