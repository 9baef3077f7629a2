#!/usr/bin/env python3
"""Changes a P1 message in a file, so that it breaks one rule: ber_edit.py IN OUT WHAT.

WHAT is critical (an extension that nobody knows, critical for transfer), trace (more trace than the bound) or
domain (an MTS identifier of another domain than that of the first trace element).
"""
import sys


def read(octets):
    """The elements of octets: [tag octets, contents or list of elements]."""
    elements = []
    at = 0
    while at < len(octets):
        start = at
        first = octets[at]
        at += 1
        if first & 31 == 31:
            while octets[at] & 128:
                at += 1
            at += 1
        tag = octets[start:at]
        length = octets[at]
        at += 1
        if length & 128:
            count = length & 127
            length = int.from_bytes(octets[at:at + count], "big")
            at += count
        body = octets[at:at + length]
        at += length
        elements.append([tag, read(body) if first & 32 else body])
    return elements


def write(elements):
    out = b""
    for tag, body in elements:
        octets = write(body) if isinstance(body, list) else body
        length = len(octets)
        size = b"" if length < 128 else length.to_bytes((length.bit_length() + 7) // 8, "big")
        out += tag + (bytes([length]) if length < 128 else bytes([128 | len(size)]) + size) + octets
    return out


def main():
    source, target, what = sys.argv[1:]
    with open(source, "rb") as f:
        message = read(f.read())
    if message[0][0] == b"\x28":  # EXTERNAL, as normal mode has it
        message = message[0][1][1][1]
    envelope = message[0][1][0][1]
    fields = {element[0]: element for element in envelope}
    if what == "critical":
        field = [b"\x30", [[b"\x80", b"\x7b"], [b"\x81", b"\x05\x40"], [b"\xa2", [[b"\x05", b""]]]]]
        fields[b"\xa3"][1] = [field]  # no internal trace: it would be a loop
        fields[b"\x69"][1][0][1][0][1][-1][1] = b"OTHER"
    elif what == "trace":
        trace = fields[b"\x69"]
        trace[1] = trace[1] * 600
    elif what == "domain":
        domain = fields[b"\x64"][1][0][1]
        domain[-1][1] = b"OTHER" if isinstance(domain[-1][1], bytes) else [[b"\x13", b"OTHER"]]
    with open(target, "wb") as f:
        f.write(write(message))


main()
