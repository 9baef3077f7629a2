#!/bin/sh
# The store in PostgreSQL: the unit tests of the store against a real server, and one service with it: mail flows, a
# database that is away or that is none is told in words.
. "$(dirname "$0")/lib.sh"
. "$HERE/postgres.sh"

pg_begin || { fail "a PostgreSQL server starts"; finish; }
trap 'pg_end; abandon' EXIT INT TERM
UNIT=${X400_UNIT:-$(dirname "$BIN")/unit}
for test in test_store test_store_group test_store_kill; do
    if [ -x "$UNIT/unit_store_$test" ]; then
        check "the unit tests of the store ($test)" env X400_PGSQL="$PG_PARAMETERS" "$UNIT/unit_store_$test"
    else
        fail "unit_store_$test is built"
    fi
done

mta A
mailbox A ann
printf 'store {\n    driver = "pgsql"\n    parameters = "%s password=hidden"\n}\n' "$PG_PARAMETERS" >>"$WORK/A/x400mta.conf"
start A
post() { ctl A send -f "$(user A ann)" -r "$(user A ann)" -s "$1" >/dev/null 2>&1; }
check "a message is taken" post one
check "and delivered" wait_for has_delivered A ann 1
pg_stop fast
check_not "the database is away: no message is taken" post two
check "an event says so" wait_for logged A 12011
pg_start
check "the database is back: messages are taken without a restart" wait_for post three
check "an event says so too" wait_for logged A 12012
check "it is delivered" wait_for has_delivered A ann 2
report() { "$BIN/mtacheck" -c "$WORK/A/x400mta.conf" >"$WORK/report"; [ $? -eq "$1" ]; }
check "mtacheck refuses while a node is at work" report 2
crash A
start A
check "it starts again after a crash" post four
check "and delivers" wait_for has_delivered A ann 3
stop A
check "mtacheck finds nothing" report 0
pg_sql "DELETE FROM x400_value; DELETE FROM x400_name"
"$BIN/x400mta" -c "$WORK/A/x400mta.conf" >"$WORK/output" 2>&1
check "a database whose tables are not whole is refused in words" grep -q 'unknown layout' "$WORK/output"
pg_end
trap abandon EXIT INT TERM
"$BIN/x400mta" -c "$WORK/A/x400mta.conf" >"$WORK/output" 2>&1
check "no server: the service says what it was told" grep -q 'cannot be opened: .*connection to server' "$WORK/output"
check_not "and shows no password" grep -q hidden "$WORK/output"
finish
