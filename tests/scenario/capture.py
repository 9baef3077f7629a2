"""What recorded connections carry, and the APDUs of one in another kind of conversation.

capture.py apdus CAPTURE FOLDER PORT...   writes each APDU that was transferred in an X.410 mode to FOLDER
capture.py wrap OUT TEMPLATE PORT APDU... writes a capture in which each APDU is transferred in a normal mode
                                          conversation that begins as the first one of TEMPLATE does
"""
import os
import struct
import sys

import x400test

LARGEST_APDU = 1 << 20  # larger ones are not wrapped: their content is not looked into anyway


def user_data(tpkts, from_caller):
    """The TSDUs of one direction: the user data of DT TPDUs, put together up to the end of each."""
    tsdu = b""
    for here, tpkt in tpkts:
        if here != from_caller or len(tpkt) < 7 or tpkt[5] != 0xF0:
            continue
        tsdu += tpkt[7:]
        if tpkt[6] & 0x80:
            yield tsdu
            tsdu = b""


def apdus_of(tpkts, from_caller):
    """The APDUs of the activities that one side sent in an X.410 mode."""
    apdu, active = b"", False
    for tsdu in user_data(tpkts, from_caller):
        at = 0
        while at + 2 <= len(tsdu):
            kind, length = tsdu[at], tsdu[at + 1]
            at += 2
            if length == 255:
                length = struct.unpack(">H", tsdu[at:at + 2])[0]
                at += 2
            first = at == 2
            at += length
            if first:  # GIVE TOKENS or PLEASE TOKENS of basic concatenation
                if kind not in (1, 2):
                    break
                continue
            if kind == 0x2D:  # ACTIVITY START
                apdu, active = b"", True
            elif kind == 0x01 and active:  # DATA TRANSFER: the rest is user data
                apdu += tsdu[at:]
                break
            elif kind == 0x29 and active:  # ACTIVITY END
                yield apdu
                active = False
            elif kind in (0x39, 0x19):  # ACTIVITY DISCARD, INTERRUPT
                active = False


def take_apdus(capture, folder, ports):
    os.makedirs(folder, exist_ok=True)
    count = 0
    for stream in x400test.tcp_streams(*x400test.read_capture(capture)):
        if stream["server"] not in ports:
            continue
        tpkts = x400test.conversation(stream)
        for from_caller in (True, False):
            for apdu in apdus_of(tpkts, from_caller):
                # An APDU of an X.410 mode begins with its own tag; normal mode has an EXTERNAL around it.
                if apdu[:1] == b"\xa0" or apdu[:1] == b"\xa2" or apdu[:1] == b"\xa1":
                    if len(apdu) <= LARGEST_APDU:
                        count += 1
                        with open(os.path.join(folder, "%04d.apdu" % count), "wb") as file:
                            file.write(apdu)
    print(count)


def ber(tag, octets):
    length = len(octets)
    if length < 128:
        return tag + bytes([length]) + octets
    size = (length.bit_length() + 7) // 8
    return tag + bytes([0x80 | size]) + length.to_bytes(size, "big") + octets


class Pcap:
    """Writes TCP segments of one connection after the other as Ethernet frames."""

    def __init__(self, path):
        self.file = open(path, "wb")
        self.file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        self.time = 0
        self.sequence = {}

    def segment(self, source, target, flags, payload=b""):
        self.time += 1
        seq = self.sequence.setdefault((source, target), 1000)
        ack = self.sequence.get((target, source), 0)
        tcp = struct.pack(">HHIIBBHHH", source, target, seq, ack, 0x50, flags, 65535, 0, 0) + payload
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), self.time & 0xFFFF, 0, 64, 6, 0, b"\x7f\0\0\1", b"\x7f\0\0\1")
        frame = b"\0" * 12 + b"\x08\0" + ip + tcp
        self.file.write(struct.pack("<IIII", 1000000 + self.time // 1000000, self.time % 1000000, len(frame), len(frame)) + frame)
        self.sequence[(source, target)] = seq + len(payload) + (1 if flags & 3 else 0)

    def send(self, source, target, octets):
        for at in range(0, len(octets), 16000):
            self.segment(source, target, 0x18, octets[at:at + 16000])


def wrap(out, template, port, paths):
    stream = x400test.tcp_streams(*x400test.read_capture(template))[0]
    opening = []
    for here, tpkt in x400test.conversation(stream):
        opening.append((here, tpkt))
        if len(opening) == 4:  # CR, CC, CN with its CP, AC with its CPA
            break
    pcap = Pcap(out)
    for number, path in enumerate(paths):
        with open(path, "rb") as file:
            apdu = file.read()
        caller = 40000 + number % 20000
        pcap.segment(caller, port, 0x02)
        pcap.segment(port, caller, 0x12)
        pcap.segment(caller, port, 0x10)
        for here, tpkt in opening:
            pcap.send(*((caller, port) if here else (port, caller)), tpkt)

        def tsdu(octets):
            pieces = [octets[at:at + 60000] for at in range(0, len(octets), 60000)]
            for index, piece in enumerate(pieces):
                end = 0x80 if index == len(pieces) - 1 else 0
                body = bytes([2, 0xF0, end]) + piece
                pcap.send(caller, port, b"\3\0" + struct.pack(">H", len(body) + 4) + body)

        external = ber(b"\x28", ber(b"\x02", b"\5") + ber(b"\xa0", apdu))
        presentation = ber(b"\x61", ber(b"\x30", b"\x02\x01\x03" + ber(b"\xa0", ber(b"\x04", external))))
        tsdu(bytes.fromhex("01002d0529030201") + b"\1")
        tsdu(bytes.fromhex("01000100") + presentation)
        tsdu(bytes.fromhex("010029032a0131"))
        pcap.segment(caller, port, 0x11)
        pcap.segment(port, caller, 0x11)
    pcap.file.close()


if __name__ == "__main__":
    if sys.argv[1] == "apdus":
        take_apdus(sys.argv[2], sys.argv[3], {int(port) for port in sys.argv[4:]})
    else:
        wrap(sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5:])
