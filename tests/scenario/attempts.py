"""Very many connection attempts of four kinds, with a live link beside them: see s_seed_000_52322e16c267c16f.sh."""
import os
import socket
import subprocess
import sys

from x400test import Results, admin, send, wait_for

WORK, BIN, PORT, COUNT = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
CONFIG_A = os.path.join(WORK, "A", "x400mta.conf")
CONFIG_B = os.path.join(WORK, "B", "x400mta.conf")
# A CR TPDU of class 0 with T-selector "X", and one whose length is a lie.
CR = bytes.fromhex("0300000e09e00000000100c20158")
BAD = bytes.fromhex("0300000effe00000000100c20158")
results = Results("attempts")


def attempt(kind, held):
    connection = socket.create_connection(("127.0.0.1", PORT))
    if kind == 0:  # failed: closed at once
        connection.close()
    elif kind == 1:  # refused: no transport
        connection.sendall(BAD)
        connection.close()
    elif kind == 2:  # half open: nothing but the CR
        connection.sendall(CR)
        held.append(connection)
        if len(held) > 40:
            held.pop(0).close()
    else:  # connects and sends a truncated TPKT
        connection.sendall(CR[:5])
        connection.close()


def memory():
    for process in os.listdir("/proc"):
        try:
            with open("/proc/%s/cmdline" % process, "rb") as file:
                if CONFIG_A.encode() not in file.read():
                    continue
            with open("/proc/%s/status" % process, encoding="ascii") as file:
                for line in file:
                    if line.startswith("VmRSS:"):
                        return int(line.split()[1])
        except OSError:
            continue
    return 0


def status():
    return admin(CONFIG_A, "status")[1]


def sessions():
    open_ones = [a for a in admin(CONFIG_A, "associations")[1]["associations"] if a["connector"]]
    return len(open_ones)


def delivered():
    return len([f for f in os.listdir(os.path.join(WORK, "A", "jim")) if f.endswith(".json") and f[0] != "."])


sent = 0


def mail():
    global sent
    send(CONFIG_B, "C=GB;A= ;P=B;S=ANN", ["C=GB;A= ;P=A;S=JIM"], b"live traffic")
    sent += 1


mail()
results.check("live traffic before", wait_for(lambda: delivered() == sent))
first = [a["id"] for a in admin(CONFIG_A, "associations")[1]["associations"] if a["connector"]]
held = []
equal = True
warm = 0
for n in range(COUNT):
    attempt(n % 4, held)
    if n % 500 == 0:
        mail()
        equal = equal and status()["associations"] == sessions()
    if n == COUNT // 4:
        warm = memory()
last = [a["id"] for a in admin(CONFIG_A, "associations")[1]["associations"] if a["connector"]]
results.check("no live session was closed", first and set(first) <= set(last), "%s %s" % (first, last))
results.check("the session count is that of the live sessions at every look", equal)
results.check("all live traffic arrived", wait_for(lambda: delivered() == sent), "%d of %d" % (delivered(), sent))
now = memory()
results.check("memory stays flat", now < warm * 1.1 + 2048, "%d KB after a quarter, %d KB now" % (warm, now))
for connection in held:
    connection.close()
# The limit of 6, one of which is kept for calls of this MTA's own: ten sources at once.
source = subprocess.run([os.path.join(BIN, "p1source"), "-c", "10", "-m", "40", "--rate", "20", "-n", "MTA-B", "-p",
                         "secret-B", "--twa", "-f", "C=GB;A= ;P=B;S=ANN", "-r", "C=GB;A= ;P=A;S=JIM",
                         "127.0.0.1:%d" % PORT], capture_output=True, text=True, check=False)
with open(os.path.join(WORK, "A", "events.log"), encoding="utf-8", errors="replace") as file:
    log = file.read()
results.check("the limit refuses with its reason", "Session limit exceeded" in log and " 12015 " in log)
results.check("the peer is told that this MTA is busy", "busy" in source.stdout + source.stderr,
              (source.stdout + source.stderr)[:400])
results.check("the live session outlasts that too",
              set(first) <= {a["id"] for a in admin(CONFIG_A, "associations")[1]["associations"]})
before = delivered()
mail()
results.check("service goes on", wait_for(lambda: delivered() > before))
results.finish()
