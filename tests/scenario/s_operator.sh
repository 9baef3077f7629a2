#!/bin/sh
# The operator's work: queue hold, release, priority, reroute, delete with and without a report; one message
# followed through the tracking log, reports included; the newest events; reserved and unknown numbers.
. "$(dirname "$0")/lib.sh"

mta A; mta B; mta C
LINK_PORT=$(free_ports 1) LINK_OVERRIDE='max-open-retries = 1000' link A B "1988 normal"
LINK_SPACES='"C=GB;A= ;P=B;;50", "C=GB;A= ;P=C"' link A C "1988 normal"
LINK_SPACES='"C=GB;A= ;P=A"' link C A "1988 normal"
mailbox A ann
mailbox C jim 'C=GB;A= ;P=B;S=JIM' 'C=GB;A= ;P=C;S=JIM'
start A C

queue() { # KEY [OPTION...]: of the first entry
    key=$1
    shift
    ctl A queue list --json "$@" | python3 -c "import json,sys; print(json.load(sys.stdin)['entries'][0]['$key'])"
}
count() { ctl A queue list --json "$@" | python3 -c "import json,sys; print(json.load(sys.stdin)['count'])"; }
count_is() { [ "$(count)" -eq "$1" ]; }
submit() { # RECIPIENT: its MTS identifier
    ctl A send --json -f "$(user A ann)" -r "$1" -s test "--report=non-delivery" \
        | python3 -c "import json,sys; print(json.load(sys.stdin)['mts_id'])"
}

# All of it goes to C while C is dear and B is down: so first B alone is a way.
check "the other way is closed" ctl A connectors disable C
jim=$(submit "$(user B jim)")
bob=$(submit "$(user B bob)")
tom=$(submit "$(user B tom)")
check "three messages wait" wait_for count_is 3

check "an entry says of what kind it is" test "$(queue kind)" = message
metric() { ctl A metrics | sed -n "s/^x400mta_$1 //p"; }
check "their recipients are counted" test "$(metric 'connector_queued_recipients{connector="B"}')" = 3
check "why the last call failed: nobody answers" \
    wait_for sh -c '"$0" -c "$1" metrics | grep -q "outbound_failure_reason{connector=\"B\"} 100$"' "$BIN/x400ctl" "$WORK/A/x400mta.conf"
check "one is held by its recipient" ctl A queue hold -r '*S=JIM*'
held() { ctl A queue list --json | python3 -c "
import json, sys
print(sum(e['state'] == 'held' for e in json.load(sys.stdin)['entries']))"; }
check "one entry is held" test "$(held)" -eq 1
check_not "nobody of that name waits" ctl A queue hold -r '*S=NOBODY*'
check "all of the connector is held" ctl A queue hold -C B
check "three entries are held" test "$(held)" -eq 3
check_not "without a choice it is refused" ctl A queue release
check_not "an unknown connector is refused" ctl A queue hold -C NOWHERE
stop A
start A
check "held entries outlive a restart" test "$(held)" -eq 3
check "one becomes urgent" ctl A queue priority -m "$tom" --to urgent
urgent() { ctl A queue list --json | python3 -c "
import json, sys
print(sum(e['priority'] == 'urgent' for e in json.load(sys.stdin)['entries']))"; }
check "it is urgent" test "$(urgent)" -eq 1
check_not "no such priority" ctl A queue priority -m "$tom" --to very

check "one is deleted without a report" ctl A queue delete -m "$tom"
check "two are left" wait_for count_is 2
check "one is deleted with a report" ctl A queue delete -m "$bob" --report
check "one is left" wait_for count_is 1
check "its originator is told" wait_for has_delivered A ann 1
check "and nobody else" test "$(delivered A ann)" -eq 1
grep_newest() { grep -q "$1" "$(newest A ann)"; }
check "the report says that it was deleted" grep_newest 'deleted by an operator'

check "the last is released" ctl A queue release "$(queue id)"
check "the other way is opened" ctl A connectors enable C
check "and taken when the operator says so" ctl A queue reroute -m "$jim"
check "the message arrives over C" wait_for has_delivered C jim 1
check "the queue is empty" wait_for queue_is_empty A

tracked() { ctl A track "$1" | grep -q -- "$2"; }
check "track: submitted" tracked "$jim" 'submitted'
check "track: rerouted to C" tracked "$jim" 'rerouted, C'
check "track: out to MTA-C" wait_for tracked "$jim" 'message out, C (MTA-C)'
check "track: the recipient" tracked "$jim" 'S=JIM'
check "track: deleted by the operator" tracked "$tom" 'message deleted by the operator'
check "track: the report on a message" wait_for tracked "$bob" 'report made, ann, report '
check "track: its delivery" wait_for tracked "$bob" 'report delivered, ann'
check "track: its outcome" tracked "$bob" 'S=BOB.*: not delivered'
report=$(ctl A track --json "$bob" | python3 -c "
import json, sys
print([r['report_id'] for r in json.load(sys.stdin)['records'] if r['report_id']][0])")
check "track by the report's identifier finds the message" tracked "$report" 'submitted'
check "track at the other MTA" sh -c "'$BIN/x400ctl' -c '$WORK/C/x400mta.conf' track '$jim' | grep -q 'message in, A (MTA-A)'"
check_not "track: an identifier that never was" ctl A track 'C=GB;A= ;P=X;L=NEVER'

tail_has() { ctl A events tail -n 512 | grep -q -- "$1"; }
check "events tail shows the failed connection" tail_has ' 4284 Warning X.400 Service: An error has occurred'
check "and the operator's commands are told at their level" ctl A diagnostics mta-administration minimum
check_not "hold finds nothing now" ctl A queue hold -C B
check "they are" tail_has ' 12029 Information MTA Administration: An operator gave the command queue hold: 0 entries'
check "events of one connector" sh -c "[ -z \"\$('$BIN/x400ctl' -c '$WORK/A/x400mta.conf' events tail -C C -n 512 | grep ' 4284 ')\" ]"
check "a reserved number is explained" sh -c "'$BIN/x400ctl' events explain 9102 | grep -q X.25"
check "the whole catalogue, reserved numbers included" sh -c "'$BIN/x400ctl' events list --json | python3 -c '
import json, sys
c = json.load(sys.stdin)
known = {e[\"id\"] for e in c[\"events\"]} | {e[\"id\"] for e in c[\"reserved\"]}
sys.exit(not {4284, 4287, 9301, 9102, 2026, 24} <= known)'"

says() { # WORDS COMMAND...: what it prints has these words
    words=$1
    shift
    "$@" >"$WORK/said" 2>&1
    grep -q -e "$words" "$WORK/said" || { cat "$WORK/said"; false; }
}
say "the form of a link"
form() { ctl A connectors show C --form "$@"; }
check "names of both sides" says 'MTA name  *MTA-A  *MTA-C' form
check "domains" says 'Global domain identifier .*P=A.*P=C' form
check "addresses" says "Listens at .*127.0.0.1:$(get port_A) .*127.0.0.1:$(get port_C)" form
check "context" says 'Application context  *1988 normal' form
check "RTS values" says 'Checkpoint size  *30 KB' form
check "software" says 'Software  *x400mta ' form
check "address spaces with their cost" says 'C=GB;A= ;P=B (cost 50)' form
check_not "no password" says 'secret-' form
check "to a file" form -o "$WORK/sheet.txt"
check "the same" says 'Parameters of the X.400 link "C"' cat "$WORK/sheet.txt"
check "for programs" says '"mta_name": "MTA-C"' form --json
check_not "not of a connector that is not there" ctl A connectors show NONE --form
check "all of it without --form" says 'remote mta: *MTA-C' ctl A connectors show C

say "what was wrong once"
check_not "an address without a country is refused" ctl A send -f S=A -r "$(user A ann)" -s x -t y
check "in words" says 'the country is missing' ctl A send -f S=A -r "$(user A ann)" -s x -t y
check "one entry is one entry" says '^queue hold: 0 entries' ctl A queue hold -m none
finish
