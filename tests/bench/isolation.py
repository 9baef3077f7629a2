"""The rate of 47 good links with and without mail for three that hang: see seed_002_a7490bc4033939e6.sh."""
import os
import socket
import statistics
import subprocess
import sys
import threading
import time

from x400test import Results, admin, send, wait_for

WORK, HOLE, SLOW, MARGIN, BIN, PORT = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), *sys.argv[5:7]
CONFIG = os.path.join(WORK, "A", "x400mta.conf")
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
WAITING = 60  # messages for each of them
LINKS = 47
MESSAGES = 300
PAIRS = 7
SOURCE = [os.path.join(BIN, "p1source"), "-c", "4", "--twa", "-m", str(MESSAGES), "-n", "MTA-S", "-p", "secret-S"]
for link in range(1, LINKS + 1):
    SOURCE += ["-r", "C=GB;A= ;P=B;O=N%d;S=JIM" % link]
SOURCE.append("127.0.0.1:" + PORT)


def queued():
    return admin(CONFIG, "status")[1]["queued"]


def run(words):
    """The transfers of MESSAGES messages, each to all the good links, through the MTA, per second."""
    start = time.monotonic()
    subprocess.run(SOURCE, check=True, stdout=subprocess.DEVNULL)
    results.check("all are transferred " + words, wait_for(lambda: queued() == len(BAD) * WAITING))
    rate = MESSAGES * LINKS / (time.monotonic() - start)
    print("  %.0f transfers a second %s" % (rate, words))
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
    for n in range(WAITING):
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
waiting = {c["name"]: c["queued"] for c in admin(CONFIG, "connectors")[1]["connectors"]}
results.check("mail for the three waits", all(waiting[name] == WAITING for name in BAD), str(waiting))
results.finish()
