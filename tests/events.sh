#!/bin/sh
# OP-05: every event of the catalogue is raised somewhere in the source, and events.tsv names for each the test that
# provokes it, with words that the test has; or why none does. Ends with the line "N passed, N failed".
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1
table=tests/events.tsv
passed=0
failed=0
ok() { passed=$((passed + 1)); }
bad() {
    failed=$((failed + 1))
    echo "FAILED  $*"
}
tab=$(printf '\t')
events=$(sed -n 's/^EVENT(\([0-9]*\), \([A-Z0-9_]*\),.*/\1 \2/p' src/event/catalogue.def)
[ -n "$events" ] || bad "the catalogue has no events"
while read -r id symbol; do
    if grep -r -q -w --include='*.c' "EVENT_ID_$symbol" src platform; then
        ok
    else
        bad "event $id ($symbol) is raised nowhere"
    fi
    row=$(grep "^$id$tab" "$table")
    file=$(printf '%s' "$row" | cut -f2)
    words=$(printf '%s' "$row" | cut -f3)
    if [ -z "$row" ] || [ -z "$words" ]; then
        bad "event $id is not in $table"
    elif [ "$file" = - ] || grep -q -F -e "$words" "$file"; then
        ok
    else
        bad "event $id: $file does not have: $words"
    fi
done <<LIST
$events
LIST
for id in $(grep -v '^#' "$table" | cut -f1); do
    case "
$events" in
    *"
$id "*) ok ;;
    *) bad "$table has $id, the catalogue has not" ;;
    esac
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
