"""slow.py WORK PORT: callers that send an octet a second, or nothing, or claim more than they send."""
import os
import socket
import sys
import time

import x400test

CALLERS = 20
LIMIT = 150  # seconds after which a slow caller must have been cut off


def main():
    work, port = sys.argv[1], int(sys.argv[2])
    results = x400test.Results("slow")
    config = os.path.join(work, "B", "x400mta.conf")
    # A connection request in parts: TPKT header first, then octet by octet.
    request = bytes.fromhex("0300001611e00000000100c0010bc1020001c2020001")
    callers = []
    for number in range(CALLERS):
        s = socket.create_connection(("127.0.0.1", port))
        s.setblocking(False)
        callers.append({"socket": s, "octets": request if number % 2 == 0 else b"", "at": 0, "over": None})
    begun = time.monotonic()
    while any(c["over"] is None for c in callers) and time.monotonic() - begun < LIMIT:
        for caller in callers:
            if caller["over"] is not None:
                continue
            try:
                if caller["at"] < len(caller["octets"]) - 2:
                    caller["socket"].send(caller["octets"][caller["at"]:caller["at"] + 1])
                    caller["at"] += 1
                if caller["socket"].recv(4096) == b"":
                    caller["over"] = time.monotonic() - begun
            except BlockingIOError:
                pass
            except OSError:
                caller["over"] = time.monotonic() - begun
        time.sleep(1)
    left = sum(c["over"] is None for c in callers)
    results.check("TP_05 every slow or silent caller is cut off", left == 0, "%d of %d are still there" % (left, CALLERS))
    listed = x400test.admin(config, "associations")[1]["associations"]
    inbound = [a for a in listed if a["connector"] in (None, "", "-")]
    results.check("TP_05 no association is left of them", not inbound, repr(inbound))
    results.finish()


main()
