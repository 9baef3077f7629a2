"""The rate of 47 good links with and without mail for three that hang: see seed_002_a7490bc4033939e6.sh."""
import os
import socket
import statistics
import sys
import threading
import time

from x400test import Results, admin, send, wait_for

WORK, HOLE, SLOW, MARGIN = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
CONFIG = os.path.join(WORK, "A", "x400mta.conf")
BATCH = 1410
results = Results("isolation")


def black_hole():
    listener = socket.create_server(("127.0.0.1", HOLE))
    kept = []
    while True:
        kept.append(listener.accept())


def one_octet_a_second():
    listener = socket.create_server(("127.0.0.1", SLOW))

    def serve(connection):
        try:
            for octet in bytes.fromhex("0300000e09d00001000100c0010b") + bytes(600):
                connection.sendall(bytes([octet]))
                time.sleep(1)
        except OSError:
            pass

    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


BAD = ("HOLE", "SLOW", "NAME")
BOX = os.path.join(WORK, "B", "jim")
SENDERS = 4
PAIRS = 7


def delivered():
    return len([f for f in os.listdir(BOX) if f.endswith(".json") and f[0] != "."])


def submit(first):
    for n in range(first, BATCH, SENDERS):
        send(CONFIG, "C=GB;A= ;P=A;S=ANN", ["C=GB;A= ;P=B;O=N%d;S=JIM" % (n % 47 + 1)], b"good" * 500)


def run(words):
    for name in os.listdir(BOX):
        os.unlink(os.path.join(BOX, name))
    start = time.monotonic()
    senders = [threading.Thread(target=submit, args=(first,)) for first in range(SENDERS)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    results.check("all arrive " + words, wait_for(lambda: delivered() == BATCH))
    rate = BATCH / (time.monotonic() - start)
    print("  %.0f messages a second %s" % (rate, words))
    return rate


def switch(operation):
    for name in BAD:
        status, answer = admin(CONFIG, "connector." + operation, {"name": name})
        if status != 200:
            raise ValueError("%s of %s: %s" % (operation, name, answer.get("error")))
    time.sleep(2)


threading.Thread(target=black_hole, daemon=True).start()
threading.Thread(target=one_octet_a_second, daemon=True).start()
for domain in BAD:
    for n in range(60):
        send(CONFIG, "C=GB;A= ;P=A;S=ANN", ["C=GB;A= ;P=%s;S=X%d" % (domain, n)], b"bad" * 500)
run("while warming up")
ratios = []
for pair in range(PAIRS):
    rates = {}
    # Whichever comes second is no better off for it: the order changes from pair to pair.
    for operation in ("disable", "enable") if pair % 2 else ("enable", "disable"):
        switch(operation)
        rates[operation] = run("without the three" if operation == "disable" else "beside the three that hang")
    ratios.append(rates["enable"] / rates["disable"])
switch("enable")
median = statistics.median(ratios)
results.check("the rate is not less by more than %d %%" % MARGIN, median > 1 - MARGIN / 100,
              "the median of %d pairs is %.3f (%.3f to %.3f)" % (PAIRS, median, min(ratios), max(ratios)))
print("  beside the three: %.3f of the rate without them, median of %d pairs (%.3f to %.3f)"
      % (median, PAIRS, min(ratios), max(ratios)))
queued = {c["name"]: c["queued"] for c in admin(CONFIG, "connectors")[1]["connectors"]}
results.check("mail for the three waits", all(queued[name] == 60 for name in BAD), str(queued))
results.finish()
