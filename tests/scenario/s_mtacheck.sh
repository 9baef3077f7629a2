#!/bin/sh
# mtacheck on clean and damaged stores: refuses while the service runs, repairs in one run, moves what is broken
# into MTACHECK.OUT, and what is whole is delivered afterwards.
. "$(dirname "$0")/lib.sh"

mta A; mta B
link A B "1988 normal"
LINK_SPACES='"C=GB;A= ;P=A"' link B A "1988 normal"
mailbox A ann; mailbox B jim
start A
random_file "$WORK/600K" 614400
for i in 1 2 3 4 5; do ctl A send -f "$(user A ann)" -r "$(user B jim)" -s "message $i" >/dev/null; done
ctl A send -f "$(user A ann)" -r "$(user B jim)" --content "$WORK/600K" --content-type 2 >/dev/null
six() { [ "$(number A queued)" = 6 ]; }
check "six messages wait" wait_for six

db=$WORK/A/data/queue.db
out=$WORK/A/data/MTACHECK.OUT
run() { "$BIN/mtacheck" -c "$WORK/A/x400mta.conf" "$@" >"$WORK/report"; status=$?; cat "$WORK/report"; return $status; }
says() { grep -q -- "$1" "$WORK/report"; }
ends() { want=$1; shift; run "$@"; [ $? -eq "$want" ]; }
sql() { python3 -c "
import sqlite3, sys
c = sqlite3.connect(sys.argv[1]); c.executescript(sys.argv[2]); c.commit(); c.close()" "$db" "$1"; }

check "it refuses while the service runs" ends 2
check "and says why" says 'in use by another process'
stop A
check "a clean store is clean" ends 0 /v /f "$WORK/log" /rd /rp /rl
check "it says so" says 'Database clean, no errors detected'
check "one queue was checked" says 'Queue "B" was checked'
check "out of twelve objects" says '0 objects damaged out of 12 detected'
check "message kinds that there are not" says '0 directory replication messages removed'
log_is_the_same() { tr -d '\r' <"$WORK/log" | cmp - "$WORK/report"; }
check "the log has the same" log_is_the_same
check "a wrong switch" ends 3 /x

sql "DELETE FROM x400_message WHERE id = (SELECT MIN(id) FROM x400_message)"
check "a message is gone: repaired" ends 1 -v
check "it names the object and the queue" says 'its message is not in the store. Queue: B'
check "and counts them" says '1 queues required repair out of 1 detected'
check "one run is enough" ends 0
sql "DELETE FROM x400_chunk WHERE number = 1"
check "a piece of content is gone: repaired" ends 1
check "it says how much is there" says 'of the 614400 octets of its content are there'
check "what was left of it is aside" sh -c "ls '$out'/*.envelope '$out'/*.content '$out'/*.txt"
check "one run is enough for that" ends 0
sql "UPDATE x400_message SET envelope = x'0102' WHERE id = (SELECT MIN(id) FROM x400_message)"
check "an envelope is damaged: repaired" ends 1
check "it says what is wrong" says 'its envelope cannot be read'
sql "DELETE FROM x400_entry WHERE id = (SELECT MIN(id) FROM x400_entry)"
check "a queue lost an entry: repaired" ends 1
check "the message that nobody refers to" says 'no queue refers to it'
sql "UPDATE x400_entry SET state = 77 WHERE id = (SELECT MIN(id) FROM x400_entry)"
check "a state that is none: repaired" ends 1
check "two runs would not find more" ends 0
check "two messages are left" says '0 objects damaged out of 4 detected'

python3 - "$db" <<'P'
import sqlite3, sys
c = sqlite3.connect(sys.argv[1])
root = c.execute("SELECT rootpage FROM sqlite_master WHERE name = 'x400_mark'").fetchone()[0]
size = c.execute("PRAGMA page_size").fetchone()[0]
c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
c.close()
with open(sys.argv[1], "r+b") as f:
    f.seek((root - 1) * size)
    f.write(b"\xff" * 200)
P
check "a page of the file is damaged: rebuilt" ends 1
check "it says so" says 'The database was copied row by row'
check "the damaged file is aside" test -s "$out/damaged.db"
check "the new one is clean" ends 0
check "and has the messages" says '0 objects damaged out of 4 detected'
start A B
check "which are delivered" wait_for has_delivered B jim 2
check "and nothing is left" wait_for queue_is_empty A
stop A
head -c 100000 /dev/urandom >"$db"
rm -f "$db-wal" "$db-shm"
check "a file that is no database cannot be reconstructed" ends 2
check "it says so too" says 'serious errors and cannot be reconstructed'
finish
