#!/bin/sh
# OP-06: the counters are there before the first message, and those of the connectors add up to those of the MTA.
. "$(dirname "$0")/lib.sh"

mta A; mta B; mta C
for peer in B C; do
    LINK_OVERRIDE='lifetime = 1s' link A $peer "1988 normal"
    LINK_SPACES='"C=GB;A= ;P=A"' LINK_OVERRIDE='lifetime = 1s' link $peer A "1988 normal"
    mailbox $peer jim
done
mailbox A ann
start A B C

cat >"$WORK/sums.py" <<'P'
import re, sys
values, kinds = {}, set()
for line in sys.stdin:
    found = re.match(r'(\w+)(?:\{(\w+)="([^"]*)"\})? (\d+)$', line)
    if line.startswith("#"):
        if line.startswith("# TYPE"):
            kinds.add(line.split()[2])
        continue
    if not found:
        sys.exit("not a sample: " + line)
    values.setdefault(found[1], {})[found[3]] = int(found[4])
bad = 0
for name in ("inbound_messages_total", "outbound_messages_total", "inbound_bytes_total", "outbound_bytes_total",
             "inbound_recipients_total", "outbound_recipients_total", "inbound_associations_total",
             "outbound_associations_total", "failed_outbound_associations_total", "inbound_rejected_total"):
    total = values["x400mta_" + name][None]
    parts = values["x400mta_connector_" + name]
    if total != sum(parts.values()):
        print(name, total, parts)
        bad += 1
for total, part in (("tcp_receive_bytes_total", "receive_bytes_total"),
                    ("tcp_transmit_bytes_total", "transmit_bytes_total")):
    if values["x400mta_" + total][None] != sum(values["x400mta_connector_" + part].values()):
        print(total, values["x400mta_" + total], values["x400mta_connector_" + part])
        bad += 1
recipients = sum(values["x400mta_connector_queued_recipients"].values()) + sum(values["x400mta_local_queued_recipients"].values())
if recipients != values["x400mta_queued_recipients"][None]:
    bad += 1
queued = sum(values["x400mta_connector_queue_length"].values()) + sum(values["x400mta_local_queue_length"].values())
if queued != values["x400mta_work_queue_length"][None]:
    bad += 1
if len(kinds) < 45:
    print(len(kinds), "kinds of counters")
    bad += 1
for wanted in sys.argv[1:]:
    name, value = wanted.split("=")
    if values[name][None] != int(value):
        print(name, values[name])
        bad += 1
sys.exit(bad)
P
sums() { who=$1; shift; ctl "$who" metrics | python3 "$WORK/sums.py" "$@"; }
check "OP_06 all counters are there before the first message, all nothing" \
    sums A x400mta_inbound_messages_total=0 x400mta_outbound_messages_total=0 x400mta_tcp_receive_bytes_total=0
for i in 1 2 3; do
    check "OP_06 message $i for two peers" ctl A send -f "$(user A ann)" -r "$(user B jim)" -r "$(user C jim)" \
        -s test --report=delivery
done
check "OP_06 their reports come back" wait_for has_delivered A ann 6
nc_lite() { python3 -c "
import socket
s = socket.create_connection(('127.0.0.1', $port_A))
s.sendall(b'GET / HTTP/1.0\r\n\r\n')
s.recv(100)"; }
check "OP_06 somebody calls who speaks something else" nc_lite
settled() { sums A x400mta_inbound_messages_total=9 x400mta_outbound_messages_total=6 x400mta_delivered_total=6 \
    x400mta_outbound_recipients_total=6 x400mta_reports_made_total=0 x400mta_adjacent_mta_associations=0; }
check "OP_06 the sum of the peers is the total" wait_for settled
check "OP_06 at the other end too" sums B x400mta_inbound_messages_total=3 x400mta_reports_made_total=3
finish
