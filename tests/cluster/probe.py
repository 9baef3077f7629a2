"""probe.py HOST PORT: calls the service every 50 ms until standard input ends, and prints one line for each attempt:
the time and 1 if it answered the transport's connection request, else 0."""
import select
import socket
import sys
import time

HOST, PORT = sys.argv[1], int(sys.argv[2])
# TPKT and a connection request of class 0, X.224 13.3.
REQUEST = bytes.fromhex("0300000e09e00000000100c0010a")


def answers():
    try:
        with socket.create_connection((HOST, PORT), timeout=0.5) as call:
            call.settimeout(0.5)
            call.sendall(REQUEST)
            return call.recv(6)[5:6] == b"\xd0"
    except OSError:
        return False


while not select.select([sys.stdin], [], [], 0.05)[0]:
    began = time.time()
    print("%.3f %d" % (began, answers()), flush=True)
