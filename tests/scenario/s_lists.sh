#!/bin/sh
# P1-11, P1-08: distribution lists: members here and at the next MTA, a nested list, lists that have each other as
# members, permission, prohibition, and where reports go.
. "$(dirname "$0")/lib.sh"

mta A; mta B
link A B "1988 normal"
LINK_SPACES='"C=GB;A= ;P=A"' link B A "1988 normal"
for user in ann bob own; do mailbox A $user; done
mailbox B jim
list() {
    printf 'distribution-list "%s" {\n    address = "C=GB;A= ;P=A;S=%s"\n    %s\n}\n' "$1" "$1" "$2" >>"$WORK/A/x400mta.conf"
}
list ALL 'members = { "C=GB;A= ;P=A;S=BOB", "C=GB;A= ;P=B;S=JIM", "C=GB;A= ;P=A;S=INNER" }'
list INNER 'members = { "C=GB;A= ;P=A;S=ANN", "C=GB;A= ;P=A;S=ALL" }'
list CLOSED 'members = { "C=GB;A= ;P=A;S=BOB" }
    submit-permission = { "C=GB;A= ;P=A;S=OWN" }'
list OWNED 'members = { "C=GB;A= ;P=A;S=NOBODY", "C=GB;A= ;P=A;S=BOB" }
    owner = "C=GB;A= ;P=A;S=OWN"
    report-propagation = owner
    member-reports = non-delivery'
list PLAIN 'members = { "C=GB;A= ;P=B;S=NOBODY" }'
start A B

newest_has() { grep -q -E -- "$3" "$(newest "$1" "$2")"; }
empty() { rm -f "$WORK/A"/*/*.json "$WORK/A"/*/*.content "$WORK/B"/*/*.json "$WORK/B"/*/*.content; }
to() { to=$1; shift; ctl A send -f "$(user A ann)" -r "C=GB;A= ;P=A;S=$to" -s list -t hello "$@"; }

check "P1_11 a message to a list is taken" to ALL --report delivery
check "P1_11 the member here gets it" wait_for has_delivered A bob 1
check "P1_11 the member at the next MTA gets it" wait_for has_delivered B jim 1
check "P1_11 the expansion history came along" newest_has B jim 'dl_expansion_history'
check "P1_11 the trace says that it was expanded" newest_has A bob '"dl_operation": true'
# ann: the report of the list (dl), that of the inner list, those of bob, jim and herself, and the message
check "P1_11 the member of the nested list gets it, and all reports come back" wait_for has_delivered A ann 6
check "P1_08 the list itself reported its delivery" grep -q '"user_type": "dl"' "$WORK/A/ann"/*.json
check "P1_08 reports name the lists that they came by" grep -q originator_and_dl_expansion_history "$WORK/A/ann"/*.json
check "P1_11 the lists in a circle ended without a report" logged A '12041|expanded by the distribution list ALL before'
check "P1_11 everybody got it once" test "$(delivered A bob) $(delivered B jim)" = "1 1"
check "P1_11 nothing is left" wait_for queue_is_empty A
empty
check "P1_11 a message that may not be expanded is taken" to ALL --no-expansion
check "P1_08 its non-delivery report arrives" wait_for has_delivered A ann 1
check "P1_11 it says DL-expansion-prohibited" newest_has A ann '"diagnostic": 28'
empty
check "P1_11 a message without permission is taken" to CLOSED
check "P1_08 its non-delivery report arrives" wait_for has_delivered A ann 1
check "P1_11 it says no-DL-submit-permission" newest_has A ann '"diagnostic": 29'
empty
check "P1_11 the permitted one sends" ctl A send -f "$(user A own)" -r 'C=GB;A= ;P=A;S=CLOSED' -s list -t hello
check "P1_11 the member gets it" wait_for has_delivered A bob 1
empty
check "P1_08 a message to a list whose owner gets the reports is taken" to OWNED
check "P1_08 the report goes to the owner" wait_for has_delivered A own 1
check "P1_08 it is about the member that there is not" newest_has A own 'NOBODY'
check "P1_08 the originator gets none" test "$(delivered A ann)" -eq 0
empty
check "P1_08 a message to a list with a bad member elsewhere is taken" to PLAIN
check "P1_08 the report finds its way back through the list" wait_for has_delivered A ann 1
check "P1_08 it is about the member" newest_has A ann 'P=B'
empty
check "P1_11 a probe of a list is taken" ctl A send -f "$(user A ann)" -r 'C=GB;A= ;P=A;S=ALL' -s p -t hello --probe --report delivery
check "P1_11 it is answered by the list" wait_for has_delivered A ann 1
check "P1_11 as a list" newest_has A ann '"user_type": "dl"'
empty
random_file "$WORK/big" 2000000
check "P1_11 a message of 2 MB to a list is taken" ctl A send -f "$(user A ann)" -r 'C=GB;A= ;P=A;S=ALL' --content "$WORK/big" --content-type 22
check "P1_11 the member at the next MTA gets it" wait_for has_delivered B jim 1
check "P1_11 its content is whole" cmp "$WORK/big" "$(ls "$WORK/B/jim"/*.content)"
check "P1_11 nothing is left" wait_for queue_is_empty A
check "OP_05 12042 says where the list sends its reports" wait_for logged A ' 12042 .*distribution list'
finish
