"""A link behind a gate that is shut for a while under load: see s_seed_003_3d94ffcb1a7b2bac.sh."""
import os
import socket
import struct
import sys
import threading
import time

from x400test import Results, send, wait_for

WORK, GATE, TARGET = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
SECONDS = int(os.environ.get("X400_OUTAGE", "5"))
CONFIG = os.path.join(WORK, "A", "x400mta.conf")
results = Results("outage")


class Gate:
    """Passes connections on while it is open. Shutting it resets the caller's side; the called side is reset too, or
    left as it is (stale)."""

    def __init__(self):
        self.open, self.pairs, self.stale = True, [], []
        self.listener = socket.create_server(("127.0.0.1", GATE))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            caller, _ = self.listener.accept()
            if not self.open:
                self.reset(caller)
                continue
            called = socket.create_connection(("127.0.0.1", TARGET))
            self.pairs.append((caller, called))
            for a, b in ((caller, called), (called, caller)):
                threading.Thread(target=self.copy, args=(a, b), daemon=True).start()

    @staticmethod
    def copy(source, target):
        try:
            while True:
                octets = source.recv(65536)
                if not octets:
                    break
                target.sendall(octets)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    @staticmethod
    def reset(connection):
        try:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.shutdown(socket.SHUT_RD)
        except OSError:
            pass
        connection.close()

    def shut(self, keep_stale):
        self.open = False
        pairs, self.pairs = self.pairs, []
        for caller, called in pairs:
            if keep_stale:
                self.stale.append(called)
            else:
                self.reset(called)
            self.reset(caller)


def numbers():
    found = []
    folder = os.path.join(WORK, "B", "jim")
    for name in os.listdir(folder):
        if name.endswith(".content"):
            with open(os.path.join(folder, name), "rb") as file:
                found.append(int(file.read(6)))
    return found


gate = Gate()
count = [0]
running = True


def load():
    while running:
        send(CONFIG, "C=GB;A= ;P=A;S=ANN", ["C=GB;A= ;P=B;S=JIM"], b"%06d" % count[0] + b"x" * 20000)
        count[0] += 1
        time.sleep(0.002 * SECONDS)


thread = threading.Thread(target=load)
thread.start()
for stale in (False, True):
    words = "with stale sessions at the peer" if stale else "with both sides cut"
    before = len(numbers())
    results.check("mail flows, " + words, wait_for(lambda: len(numbers()) > before + 20))
    gate.shut(stale)
    time.sleep(SECONDS)
    stuck = len(numbers())
    gate.open = True
    start = time.monotonic()
    results.check("mail flows again, " + words, wait_for(lambda: len(numbers()) > stuck + 20))
    print("  after %.1f s" % (time.monotonic() - start))
running = False
thread.join()
results.check("everything arrives", wait_for(lambda: len(set(numbers())) == count[0]),
              "%d of %d" % (len(set(numbers())), count[0]))
results.check("nothing comes twice", len(numbers()) == len(set(numbers())))
results.finish()
