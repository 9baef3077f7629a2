"""attacks.py WORK BIN PORT FULL PID: attacks the MTA B in many ways while A sends it mail. See s_attacks.sh."""
import os
import socket
import subprocess
import sys
import time

import x400test

WORK, BIN, PORT, FULL, PID = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == "full", int(sys.argv[5])
A, B = (os.path.join(WORK, name, "x400mta.conf") for name in "AB")
MEMORY_LIMIT = 128 << 20
results = x400test.Results("attacks")
CR = bytes.fromhex("0300000e09e00000000100c20158")


def resident_peak():
    with open("/proc/%d/status" % PID, encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:"))


def log():
    with open(os.path.join(WORK, "B", "events.log"), encoding="utf-8", errors="replace") as file:
        return file.read()


def inbox():
    return len([name for name in os.listdir(os.path.join(WORK, "B", "jim")) if name.endswith(".json") and name[0] != "."])


def mail_passes(during):
    before = inbox()
    x400test.send(A, "C=GB;A= ;P=A;S=ANN", ["C=GB;A= ;P=B;S=JIM"], b"good " + os.urandom(8))
    results.check("during %s mail passes" % during, x400test.wait_for(lambda: inbox() > before))


def attack(name, act, event):
    """Does it, sends mail beside it, and looks for an event that names the caller or its connector."""
    seen = len(log())
    held = act() or []
    mail_passes(name)
    for item in held:
        item.close()
    if os.environ.get("ATTACKS_DEBUG"):
        time.sleep(1)
        os.system("tail -c +%d %s/B/events.log | grep -v ' 4258 ' | cut -c1-210 | head -4" % (seen, WORK))
    results.check("%s: event %s names the peer" % (name, event), x400test.wait_for(
        lambda: any((" %s " % event in line) and ("127.0.0." in line or "EVE" in line)
                    for line in log()[seen:].split("\n"))))
    peak = resident_peak()
    results.check("%s: memory stays bounded" % name, peak < MEMORY_LIMIT, "%d octets at most" % peak)
    print("          peak of memory so far: %.1f MB" % (peak / 1e6))


def connect(source=""):
    s = socket.create_connection(("127.0.0.1", PORT), source_address=(source, 0) if source else None)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def eve(octets, messages=1, mode="1984", options=()):
    """A known peer sends these octets as an APDU over a good association."""
    path = os.path.join(WORK, "apdu")
    with open(path, "wb") as file:
        file.write(octets)
    return subprocess.run([os.path.join(BIN, "p1source"), "-M", mode, "-n", "EVE", "-m", str(messages), "--apdu", path,
                           "--timeout", "30"] + list(options) + ["127.0.0.1:%d" % PORT], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False, timeout=300)


# --- callers that are nobody

def half_open():
    """More calls at once than may wait unbound, from one address; half of them say something. They push each other
    out, not the call of another address that came before."""
    quiet = connect()
    held = []
    for number in range(1600 if FULL else 1200):
        held.append(connect("127.0.0.9"))
        if number % 2:
            held[-1].sendall(CR)
    quiet.settimeout(1)
    try:
        open_still = quiet.recv(1) != b""
    except (socket.timeout, OSError) as error:
        open_still = isinstance(error, socket.timeout)
    results.check("a flood from one address does not push out the call of another", open_still)
    return held + [quiet]


def short_connections():
    for number in range(100000 if FULL else 3000):
        s = connect()
        if number % 3:
            s.sendall(CR[:5 + number % 9])
        s.close()


def huge_lengths():
    """TPKTs and session PDUs that claim as much as there can be and bring little."""
    held = []
    for head in ("0300ffff02f080", "0300fffeffe0", "0300ffff02f0800dff fffe", "0300ffff02f08001ffffff"):
        for _ in range(20):
            s = connect()
            s.sendall(CR)
            s.recv(100)
            s.sendall(bytes.fromhex(head.replace(" ", "")) + b"\xff" * 1000)
            held.append(s)
    for s in held:
        s.close()


def slow_senders():
    held = [connect() for _ in range(50)]
    for turn in range(6):
        for s in held:
            try:
                s.sendall(CR[turn:turn + 1])
            except OSError:
                pass
        time.sleep(0.2)
    for s in held:  # a call that was never whole
        s.close()


# --- a peer that is known

def length(number):
    return b"\x84" + number.to_bytes(4, "big")


def huge_element():
    eve(b"\xa0\x84\x7f\xff\xff\xff\x31\x84\x7f\xff\xff\xf0\xa3" + length(0x7FFFFF00) + b"x" * 5000)


def deep_nesting():
    eve(b"\xa0\x80\x31\x80" + b"\xa3\x80" * (2000000 if FULL else 200000))


def endless_strings():
    """An envelope whose one name is a string of ever more segments."""
    eve(b"\xa0\x80\x31\x80\xa0\x80" + (b"\x24\x80" + b"\x04\x7f" + b"A" * 127) * (400000 if FULL else 160000))


def unclosed_content():
    """A good envelope, then constructed content inside constructed content, nothing closed."""
    with open(sys.argv[7], "rb") as file:
        apdu = file.read()

    def inside(octets):
        return octets[2 + (octets[1] & 0x7F if octets[1] & 0x80 else 0):]
    envelope = inside(apdu)
    size = envelope[1] if envelope[1] < 0x80 else int.from_bytes(envelope[2:2 + (envelope[1] & 0x7F)], "big")
    head = len(envelope) - len(inside(envelope))
    eve(b"\xa0\x80" + envelope[:head + size] + b"\x24\x80" * (1000000 if FULL else 100000))


def bad_transfers():
    """One activity after the other, each refused."""
    eve(b"\xa9\x02\x05\x00", messages=20000 if FULL else 500, options=["-c", "4", "--retries", "2"])


def activity_storm():
    """Activities that begin and are discarded at once, over a session that was opened as a capture has it."""
    tpkts = x400test.conversation(x400test.tcp_streams(*x400test.read_capture(sys.argv[6]))[0])
    ours = [tpkt for here, tpkt in tpkts if here]
    s = connect()
    for tpkt in ours[:2]:  # connection request; session connect with the bind
        s.sendall(tpkt)
        s.recv(65536)
    s.settimeout(30)
    count = 20000 if FULL else 2000
    ended = False
    for number in range(count):
        identifier = b"\x02\x02" + (number % 30000).to_bytes(2, "big")
        start = b"\x01\x00\x2d" + bytes([len(identifier) + 2]) + b"\x29" + bytes([len(identifier)]) + identifier
        discard = b"\x01\x00\x39\x00"
        try:
            for spdu in (start, discard):
                s.sendall(b"\x03\x00" + (len(spdu) + 7).to_bytes(2, "big") + b"\x02\xf0\x80" + spdu)
            if not s.recv(65536):
                ended = True
                break
        except OSError:
            ended = True
            break
    print("          activities begun and discarded: %d%s" % (number + 1, ", then the session ended" if ended else ""))
    results.check("an activity storm: the session took it", number + 1 == count or ended)
    s.close()


def many_recipients():
    """32,767 recipients, none of whom is known: one message, one report."""
    recipients = ["C=GB;A= ;P=B;S=U%d" % number for number in range(32767 if FULL else 8000)]
    reports = len(os.listdir(os.path.join(WORK, "A", "ann")))
    x400test.send(A, "C=GB;A= ;P=A;S=ANN", recipients, b"to all")
    mail_passes("a message to %d recipients" % len(recipients))
    results.check("a report on %d recipients comes back" % len(recipients), x400test.wait_for(
        lambda: len(os.listdir(os.path.join(WORK, "A", "ann"))) > reports, 180))
    peak = resident_peak()
    results.check("%d recipients: memory stays bounded" % len(recipients), peak < 2 * MEMORY_LIMIT, str(peak))
    print("          peak of memory so far: %.1f MB" % (peak / 1e6))


def repeats_are_counted():
    """The refused transfers of a minute are told up to the limit, the others in one event at its end."""
    told = len([line for line in log().split("\n") if " 12104 " in line])
    results.check("event 12104 is told a few times only", told <= 2 * 20, str(told))
    results.check("event 12151 counts the others", x400test.wait_for(
        lambda: any(" 12151 " in line and "more events 12104 about EVE" in line for line in log().split("\n")), 90))


def associations_left():
    listed = x400test.admin(B, "associations")[1]["associations"]
    return [item for item in listed if item["connector"] != "A"]


def flood():
    """Callers that are nobody, in four ways; the first hundred calls of a minute are told of."""
    for name, act in (("half-open calls", half_open), ("short connections", short_connections),
                      ("huge lengths", huge_lengths), ("slow senders", slow_senders)):
        held = act() or []
        mail_passes(name)
        for item in held:
            item.close()
        results.check("%s: memory stays bounded" % name, resident_peak() < MEMORY_LIMIT, str(resident_peak()))
    results.check("event 12150 names the caller", x400test.wait_for(lambda: " 12150 " in log() and "from 127.0.0.1" in log()))


def main():
    mail_passes("a quiet time")
    flood()
    attack("an element of 2 GB", huge_element, "12014")
    attack("deep nesting", deep_nesting, "12014")
    attack("endless strings", endless_strings, "12014")
    attack("content that never closes", unclosed_content, "12014")
    attack("refused transfers", bad_transfers, "12104")
    attack("an activity storm", activity_storm, "12004")
    many_recipients()
    repeats_are_counted()
    results.check("no association of an attacker is left", x400test.wait_for(lambda: not associations_left(), 150),
                  repr(associations_left())[:500])
    status = x400test.admin(B, "status")
    results.check("the MTA lives on", status[0] == 200 and os.path.exists("/proc/%d" % PID))
    results.finish()


main()
