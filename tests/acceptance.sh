#!/bin/sh
# Fails if an acceptance ID that docs/acceptance.md claims (state "tested" or "partly") is in no test, if a test that
# it names for an ID does not carry the ID, or if a test carries an ID that the table does not know. What the table
# calls open although a test carries it is told, and is no failure.
# Ends with the line "N passed, N failed".
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1
table=docs/acceptance.md
passed=0
failed=0
ok() { passed=$((passed + 1)); }
bad() {
    failed=$((failed + 1))
    echo "FAILED  $*"
}

# carries FILE ID: the ID as TP-01 or TP_01; in a file's own words or in the names of its tests
carries() { grep -E -q "(^|[^A-Z0-9])$(printf '%s' "$2" | sed 's/-/[-_]/')([^0-9]|\$)" "$1"; }
tests_of() {
    grep -E -r -l --include='*.c' --include='*.sh' --include='*.py' \
        "(^|[^A-Z0-9])$(printf '%s' "$1" | sed 's/-/[-_]/')([^0-9]|\$)" tests |
        grep -v '^tests/acceptance.sh$'
}

rows=$(sed -n 's/^| \([A-Z][A-Z0-9]-[0-9][0-9]\) |.*| \(tested\|partly\|open\)\([^|]*\)|$/\1 \2/p' "$table")
[ -n "$rows" ] || bad "$table has no rows"
while read -r id state; do
    files=$(sed -n "s/^| $id |//p" "$table" | grep -o '`tests/[^`]*`' | tr -d '`')
    found=$(tests_of "$id")
    case $state in
    tested | partly)
        if [ -n "$found" ]; then ok; else bad "$id is claimed, but no test carries it"; fi
        [ -n "$files" ] || bad "$id is claimed, but the table names no test"
        for file in $files; do
            if [ -f "$file" ] && carries "$file" "$id"; then ok; else bad "$id: $file does not carry it"; fi
        done
        ;;
    open)
        ok
        [ -z "$found" ] || echo "note    $id is called open, but is in" $found
        ;;
    esac
done <<EOF
$rows
EOF

# Every ID that tests carry is in the table.
for id in $(grep -E -r -h -o --include='*.c' --include='*.sh' --include='*.py' \
    '(^|[^A-Z0-9])(TP|SE|PR|AC|RT|P1|RO|OP)[-_][0-9][0-9]' tests | sed 's/^[^A-Z]//; s/_/-/' | sort -u); do
    case "
$rows
" in
    *"
$id "*) ok ;;
    *) bad "tests carry $id, which $table does not know" ;;
    esac
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
