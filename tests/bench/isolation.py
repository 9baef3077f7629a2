"""The rate of 47 good links with and without mail for three that hang: see s_seed_002_a7490bc4033939e6.sh."""
import os
import socket
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


def delivered():
    return len([f for f in os.listdir(os.path.join(WORK, "B", "jim")) if f.endswith(".json") and f[0] != "."])


def run(words):
    before = delivered()
    start = time.monotonic()
    for n in range(BATCH):
        send(CONFIG, "C=GB;A= ;P=A;S=ANN", ["C=GB;A= ;P=B;O=N%d;S=JIM" % (n % 47 + 1)], b"good" * 500)
    results.check("all arrive " + words, wait_for(lambda: delivered() == before + BATCH))
    rate = BATCH / (time.monotonic() - start)
    print("  %.0f messages a second %s" % (rate, words))
    return rate


threading.Thread(target=black_hole, daemon=True).start()
threading.Thread(target=one_octet_a_second, daemon=True).start()
run("while warming up")
alone = max(run("with nothing for the three") for _ in range(3))
for domain in ("HOLE", "SLOW", "NAME"):
    for n in range(60):
        send(CONFIG, "C=GB;A= ;P=A;S=ANN", ["C=GB;A= ;P=%s;S=X%d" % (domain, n)], b"bad" * 500)
time.sleep(3)
beside = max(run("beside the three that hang") for _ in range(3))
results.check("the rate is not less by more than %d %%" % MARGIN, beside > alone * (1 - MARGIN / 100),
              "%.0f and %.0f a second" % (alone, beside))
queued = {c["name"]: c["queued"] for c in admin(CONFIG, "connectors")[1]["connectors"]}
results.check("mail for the three waits", all(queued[name] == 60 for name in ("HOLE", "SLOW", "NAME")), str(queued))
results.finish()
