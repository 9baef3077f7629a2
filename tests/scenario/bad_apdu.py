"""bad_apdu.py WORK PORT CAPTURE...: calls the MTA B as the caller of each capture did, and spoils one TPKT of the
conversation in many ways. See s_bad_apdu.sh."""
import glob
import os
import random
import select
import socket
import sys

import x400test

FRACTIONS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.95)
RANDOM_CALLS = 60  # for each capture


def spoil(tpkt, way, fraction):
    """A TPKT with a fault; its own length is right unless the fault is that it is not."""
    body = bytearray(tpkt[4:])
    at = min(int(len(body) * fraction), len(body) - 1)
    if way == "cut":
        body = body[:max(at, 1)]
    elif way == "ones":
        body[at:at + 4] = b"\xff" * len(body[at:at + 4])
    elif way == "zeros":
        body[at:at + 4] = b"\0" * len(body[at:at + 4])
    elif way == "insert":
        body[at:at] = b"\xa5\x84\x7f\xff\xff\xff"
    elif way == "flip":
        body[at] ^= 0x5A
    elif way == "twice":
        return tpkt + tpkt
    elif way == "version":
        return b"\x09" + tpkt[1:]
    elif way == "short":
        return tpkt[:2] + b"\0\4" + tpkt[4:]
    body = body[:65531]
    return tpkt[:2] + (len(body) + 4).to_bytes(2, "big") + bytes(body)


def read_some(s, patience):
    """What comes within patience seconds; None if the connection is over."""
    if not select.select([s], [], [], patience)[0]:
        return b""
    try:
        return s.recv(65536) or None
    except OSError:
        return None


def call(port, tpkts, place, octets):
    """The conversation up to the caller's TPKT number place, then octets in its stead; how it ended."""
    s = socket.create_connection(("127.0.0.1", port))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    count, due, pending = -1, 0, b""
    try:
        for here, tpkt in tpkts:
            if not here:
                due += 1
                continue
            count += 1
            while due > 0:  # answers that the caller had before it went on
                answer = read_some(s, 1)
                if answer is None:
                    return "ended early"
                if answer == b"":
                    break
                whole, pending = x400test.split_tpkts(pending + answer)
                due -= len(whole)
            due = 0
            s.sendall(octets if count == place else tpkt)
            if count == place:
                break
        for _ in range(20):
            answer = read_some(s, 0.1)
            if answer is None:
                return "ended"
            if answer == b"":
                return "open"
        return "talks on"
    except OSError:
        return "ended"
    finally:
        s.close()


def main():
    work, port = sys.argv[1], int(sys.argv[2])
    results = x400test.Results("bad_apdu")
    chance = random.Random(114)
    a, b = (os.path.join(work, name, "x400mta.conf") for name in "AB")
    log = os.path.join(work, "B", "events.log")
    inbox = os.path.join(work, "B", "jim")

    def log_lines():
        with open(log, encoding="utf-8", errors="replace") as file:
            return [line for line in file if " Warning " in line or " Error " in line]

    def good_message(after):
        before = len(glob.glob(inbox + "/*.json"))
        x400test.send(a, "C=GB;A= ;P=A;S=ANN", ["C=GB;A= ;P=B;S=JIM"], b"good " + os.urandom(8), content_type=2)
        results.check("P1_14 then a good message is delivered (%s)" % after,
                      x400test.wait_for(lambda: len(glob.glob(inbox + "/*.json")) > before))

    for capture in sys.argv[3:]:
        name = os.path.basename(capture)
        stream = x400test.tcp_streams(*x400test.read_capture(capture))[0]
        tpkts = x400test.conversation(stream)
        ours = [tpkt for here, tpkt in tpkts if here]
        before = len(log_lines())
        end = call(port, tpkts, len(ours) - 1, ours[-1])
        results.check("P1_14 %s: the conversation as it was passes" % name, len(log_lines()) == before,
                      "%s; %s" % (end, "".join(log_lines()[before:])))
        for place, tpkt in enumerate(ours):
            before = len(log_lines())
            ends = {}
            faults = [(way, f) for way in ("cut", "ones", "zeros", "insert", "flip") for f in FRACTIONS]
            for way, fraction in faults + [("twice", 0), ("version", 0), ("short", 0)]:
                end = call(port, tpkts, place, spoil(tpkt, way, fraction))
                ends[end] = ends.get(end, 0) + 1
            alive = x400test.admin(b, "status")[0] == 200
            results.check("P1_14 %s: TPKT %d spoiled in %d ways: the MTA lives on" % (name, place, sum(ends.values())),
                          alive, repr(ends))
            print("          how the calls ended: %s; %d events" %
                  (", ".join("%s %d" % item for item in sorted(ends.items())), len(log_lines()) - before))
            if place < len(ours) - 1:  # after the last TPKT only the end of the connection is left
                results.check("P1_14 %s: TPKT %d: faults raise events" % (name, place), len(log_lines()) > before)
            good_message("%s, TPKT %d" % (name, place))
        for _ in range(RANDOM_CALLS):
            place = chance.randrange(len(ours))
            body = bytearray(ours[place])
            for _ in range(chance.randrange(1, 6)):
                body[chance.randrange(4, len(body))] = chance.randrange(256)
            call(port, tpkts, place, bytes(body))
        good_message("%s, %d calls with random octets" % (name, RANDOM_CALLS))

    def left():
        listed = x400test.admin(b, "associations")[1]["associations"]
        return [x for x in listed if x["connector"] != "A"]
    results.check("P1_14 no association of the bad callers is left", x400test.wait_for(lambda: not left()), repr(left()))
    results.finish()


main()
