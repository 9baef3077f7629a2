"""slow.py WORK PORT CAPTURE: callers that send an octet a second, or nothing, or claim more than they send; and a peer that is
known, binds as in the capture, and then sends its message at that pace."""
import os
import socket
import sys
import time

import x400test

CALLERS = 20
LIMIT = 150  # seconds after which a slow caller must have been cut off


def bound(port, capture):
    """A connection that has bound, and what its caller sent then."""
    tpkts = x400test.conversation(x400test.tcp_streams(*x400test.read_capture(capture))[0])
    ours = [tpkt for here, tpkt in tpkts if here]
    s = socket.create_connection(("127.0.0.1", port))
    for tpkt in ours[:2]:  # connection request; session connect with the bind
        s.sendall(tpkt)
        s.recv(65536)
    return s, b"".join(ours[2:])


def main():
    work, port, capture = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    results = x400test.Results("slow")
    config = os.path.join(work, "B", "x400mta.conf")
    # A connection request in parts: TPKT header first, then octet by octet.
    request = bytes.fromhex("0300001611e00000000100c0010bc1020001c2020001")
    callers = []
    for number in range(CALLERS):
        s = socket.create_connection(("127.0.0.1", port))
        s.setblocking(False)
        callers.append({"socket": s, "octets": request if number % 2 == 0 else b"", "at": 0, "over": None,
                        "bound": False})
    for _ in range(3):
        s, octets = bound(port, capture)
        s.setblocking(False)
        callers.append({"socket": s, "octets": octets, "at": 0, "over": None, "bound": True})
    begun = time.monotonic()
    while any(c["over"] is None for c in callers) and time.monotonic() - begun < LIMIT:
        for caller in callers:
            if caller["over"] is not None:
                continue
            try:
                if caller["at"] < len(caller["octets"]) - 2:
                    caller["socket"].send(caller["octets"][caller["at"]:caller["at"] + 1])
                    caller["at"] += 1
                answer = caller["socket"].recv(4096)
                if answer == b"" or caller["bound"]:  # one that is bound is told: an abort
                    caller["over"] = time.monotonic() - begun
                    caller["socket"].close()
            except BlockingIOError:
                pass
            except OSError:
                caller["over"] = time.monotonic() - begun
        time.sleep(1)
    left = sum(c["over"] is None for c in callers)
    results.check("TP_05 every slow or silent caller is cut off", left == 0, "%d of %d are still there" % (left, len(callers)))
    listed = x400test.admin(config, "associations")[1]["associations"]
    inbound = [a for a in listed if a["connector"] in (None, "", "-", "PPB")]
    with open(os.path.join(work, "B", "events.log"), encoding="utf-8", errors="replace") as file:
        told = file.read().split("\n")
    results.check("TP_05 an event names the known peer that was slow", any(" 1294 " in line and "PPB" in line for line in told))
    results.check("TP_05 no association is left of them", not inbound, repr(inbound))
    results.finish()


main()
