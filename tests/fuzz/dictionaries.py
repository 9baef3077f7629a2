#!/usr/bin/env python3
"""Writes the dictionaries of the fuzz targets, dictionaries/SUBJECT.dict: dictionaries.py [FOLDER].

libFuzzer puts these tokens into its inputs. Words of the configuration and names of attributes are taken from the
sources; so a change there asks for a new run, which tests/fuzz/corpus.sh demands. A subject has none where tokens do not
help: docs/reliability.md has the figures.
"""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
FOLDER = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "dictionaries")


def source(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def token(octets):
    if isinstance(octets, str):
        octets = octets.encode()
    return '"' + "".join(chr(o) if 32 <= o < 127 and o not in b'"\\' else "\\x%02X" % o for o in octets) + '"'


def write(subject, *groups):
    """Each group is a list of tokens; those that were there before are left out."""
    seen = set()
    with open(os.path.join(FOLDER, subject + ".dict"), "w", encoding="ascii") as file:
        for group in groups:
            for octets in group:
                text = token(octets)
                if text not in seen:
                    seen.add(text)
                    file.write(text + "\n")


def arcs(text):
    """The contents octets of an object identifier in dotted form."""
    first, second, *rest = map(int, text.split("."))
    octets = b""
    for arc in [first * 40 + second] + rest:
        part = bytes([arc & 127])
        while arc := arc >> 7:
            part = bytes([128 | arc & 127]) + part
        octets += part
    return octets


def oid(text):
    body = arcs(text)
    return b"\x06" + bytes([len(body)]) + body


# Lengths that are short for what follows, long, indefinite, and with more octets than a number has; end of contents.
LENGTHS = [b"\x80", b"\x81\x80", b"\x81\x00", b"\x82\x01\x00", b"\x82\xff\xff", b"\x83\x00\x00\x01", b"\x84\x7f\xff\xff\xff",
           b"\x84\x80\x00\x00\x00", b"\x84\xff\xff\xff\xff", b"\x88" + b"\xff" * 8, b"\x89" + b"\x00" * 8 + b"\x01", b"\xff",
           b"\x00\x00", b"\x00\x00\x00\x00"]
TAGS = [b"\x30\x80", b"\x31\x80", b"\xa0\x80", b"\xa1\x80", b"\xa2\x80", b"\xa3\x80", b"\x24\x80", b"\x23\x80", b"\x28\x80",
        b"\x01\x01\xff", b"\x02\x01\x00", b"\x02\x04\x7f\xff\xff\xff", b"\x02\x01\xff", b"\x03\x02\x05\xa0", b"\x03\x01\x00",
        b"\x04\x00", b"\x05\x00", b"\x0a\x01\x00", b"\x12\x01\x31", b"\x13\x01\x20", b"\x14\x01\xc8", b"\x16\x00", b"\x1c\x04",
        b"\x1e\x02", b"\x9f\x1f", b"\xbf\x1f", b"\x1f\x81\x00", b"\x17\x0d261122100000Z", b"\x17\x11261122100000+0100",
        b"\x17\x0f20261122100000Z", b"\x17\x00"]
# Application tags of P1 and P2: names, identifiers, domains, priorities, content types, trace.
P1_TAGS = [b"\x60\x80", b"\x61\x04\x13\x02GB", b"\x62\x03\x13\x01 ", b"\x63\x80", b"\x64\x80", b"\x65\x80", b"\x66\x01\x02",
           b"\x46\x01\x02", b"\x47\x01\x02", b"\x67\x80", b"\x48\x01", b"\x68\x80", b"\x69\x80", b"\x6a\x80", b"\x6b\x80",
           b"\x4a\x01", b"\x4b\x01", b"\x4c\x03"]
ADDRESS = [b"\x80\x01", b"\x81\x01", b"\x82\x01\x00", b"\x83\x01O", b"\x84\x01\x31", b"\xa2\x80", b"\xa5\x03\x80\x01S",
           b"\xa6\x03\x13\x01U", b"\x30\x06\x13\x01T\x13\x01V", b"\x13\x06COMMON", b"\x13\x07RFC-822"]


def extensions():
    """A field of extensions has [0] the number or an object identifier, [1] criticality, [2] the value."""
    numbers = sorted({int(n) for n in re.findall(r"X411_EXT_\w+ = (\d+)", source("src/x411/extensions.h"))})
    return [b"\x80\x01" + bytes([n]) for n in numbers] + [b"\x81\x02\x05\xa0", b"\xa2\x80", b"\xa3\x80"]


def attributes():
    """Extension attributes of an address: [0] the number, [1] the value."""
    numbers = sorted({int(n) for n in re.findall(r"X411_EA_\w+ = (\d+)", source("src/x411/types.h") +
                                                 source("src/x411/oraddress.h"))})
    return [b"\x80\x01" + bytes([n]) for n in numbers if n < 128]


CONTENT_OIDS = [oid(text) for text in ("2.6.1.10.0", "2.6.1.10.1", "2.6.7.10.0", "2.6.8.8.0", "2.16.840.1.101.2.1.2.42",
                                       "1.3.26.0.4406.0.4.1", "2.6.3.4.2", "2.6.1.4.0", "2.6.1.4.1", "2.6.1.4.2", "2.6.1.4.3")]
OSI_OIDS = [oid(text) for text in ("2.2.1.0.1", "2.2.1.0.0", "2.6.0.2.12", "2.6.0.2.7", "2.6.0.1.6", "2.6.0.1.3", "2.6.0.2.1",
                                   "2.1.1", "2.3.4.1", "2.9.4.1")]
DN = [b"\x06\x03\x55\x04" + bytes([n]) for n in (3, 6, 7, 8, 10, 11)]

PPDU = [b"\x31\x80\xa0\x03\x80\x01\x01", b"\x31\x80\xa0\x03\x80\x01\x00", b"\xa2\x80", b"\xa4\x80", b"\xa5\x80", b"\x61\x80", b"\x62\x80",
        b"\x81\x01P", b"\x82\x01P", b"\x83\x01P", b"\x88\x02\x06\x00", b"\x89\x02\x06\x80", b"\x80\x02\x07\x80", b"\x8a\x01\x00",
        b"\x02\x01\x01", b"\x02\x01\x03", b"\x30\x04\x06\x02\x51\x01", b"\xa0\x80", b"\xa0\x02\x80\x00", b"\xa0\x02\x81\x00"]
ACSE = [b"\x60\x80", b"\x61\x80", b"\x62\x80", b"\x63\x80", b"\x64\x80", b"\xa1\x80", b"\xa2\x03\x02\x01\x00", b"\xa2\x03\x02\x01\x01",
        b"\xa3\x05\xa1\x03\x02\x01\x00", b"\xbe\x80", b"\x28\x80", b"\x80\x01\x00", b"\x80\x01\x01", b"\xa0\x80"]
RTSE = [b"\xb0\x80", b"\xb1\x80", b"\xb2\x80", b"\xb3\x80", b"\xb4\x80", b"\x80\x01\x1e", b"\x81\x01\x05", b"\x82\x01\x00", b"\x82\x01\x01",
        b"\xa3\x80", b"\xa4\x80", b"\x84\x01\x0c", b"\x80\x01\x00", b"\x80\x02\x03\xff", b"\x02\x01\x00", b"\xa0\x02\x05\x00",
        b"\xa1\x80"]
BIND = [b"\x31\x80", b"\xa0\x03\x16\x01N", b"\xa1\x03\x16\x01P", b"\xa1\x80", b"\xa2\x80", b"\xa3\x80", b"\xa4\x80", b"\xb0\x80",
        b"\xb1\x80", b"\xb2\x03\x02\x01\x00", b"\xb2\x80", b"\x02\x01\x01", b"\x04\x01P", b"\x05\x00"]

TPDU = [b"\xe0\x00\x00\x00\x01\x00", b"\xd0\x00\x01\x00\x02\x00", b"\x02\xf0\x80", b"\x02\xf0\x00", b"\x80\x00\x01\x00\x02\x80",
        b"\x70\x00\x01\x02", b"\x60", b"\x10", b"\x50", b"\xc0\x01\x07", b"\xc0\x01\x0b", b"\xc0\x01\x0d", b"\xc0\x01\x06",
        b"\xc1\x01A", b"\xc2\x01B", b"\xc4\x02", b"\xf0\x01\x10", b"\xf0\x02\x01\xff", b"\xc5\x01", b"\xc6\x01\x00", b"\xc7\x01",
        b"\x03\x00\x00\x07", b"\x03\x00\x00\x04", b"\x03\x00\xff\xff", b"\x03\x00\x00\x0b"]


def spdus():
    """SI octets behind the GT or PT that they follow, and parameters with a length."""
    text = source("src/osi/session_spdu.c")
    found = re.findall(r'\[SPDU_\w+\] = \{"\w+", (\d+), (\d), (true|false)', text)
    units = [(b"" if category == "1" else b"\x02\x00" if please == "true" else b"\x01\x00") + bytes([int(si)]) for
             si, category, please in found]
    units += [bytes([n]) for n in (5, 7, 8, 34, 53, 61, 62)]
    parameters = [bytes([int(n)]) for n in re.findall(r"P(?:G?)I_\w+ = (\d+)", text)]
    return units + [p + b"\x01" for p in parameters] + [b"\xff\x00\x00", b"\xff\xff\xff", b"\x2a\x01\x31", b"\x2a\x06999999",
                                                        b"\x29\x03\x02\x01\x01", b"\x14\x02\x03\x6a", b"\x16\x01\x02", b"\x1a\x01\x00",
                                                        b"\x10\x01\x01", b"\x32\x01\x05", b"\x11\x01\x03", b"\x0f\x01\x01",
                                                        b"\x19\x01\x03", b"\x3c\x01\x01"]


def words(path, shape=r'"([a-z0-9][a-z0-9.-]*)"'):
    return sorted(set(re.findall(shape, source(path))))


def address_words():
    names = sorted(set(re.findall(r'"([A-Z][A-Z0-9.-]*)"', source("src/x411/oraddress_text.c"))))
    return [name + "=" for name in names] + ["DDA:T=v", "DD.T=v", "DDA:RFC-822=", "OU1=", "OU4=", "OU5=", ";", "/", "\\;", "\\\\", "$",
                                             "(", ")", "(a)", "(p)", "(q)", "(u)", "*", "+", "C=GB;A= ;", "/C=GB/A= /P=p/", "A=*", "=",
                                             "{T61}", "::", "\n", "GB", "826"]


def main():
    os.makedirs(FOLDER, exist_ok=True)
    schema = source("src/config/schema.c")
    blocks = sorted(set(re.findall(r'\b(?:BLOCK|SECTION|GROUP)\w*\("([a-z-]+)"', schema)) |
                    {"mta", "listener", "connector", "general", "stack", "override", "advanced", "mailbox", "distribution-list",
                     "redirect", "store", "log", "diagnostics", "cluster", "admin", "schedule"})
    write("ber", LENGTHS, TAGS)
    write("apdu", LENGTHS, TAGS, P1_TAGS, ADDRESS, extensions(), attributes(), DN, CONTENT_OIDS)
    write("apdu_stream", LENGTHS, TAGS, P1_TAGS, ADDRESS, extensions())
    write("bind", LENGTHS, BIND, DN)
    write("rtse", LENGTHS, RTSE, BIND)
    write("presentation", LENGTHS, PPDU, ACSE, OSI_OIDS)
    write("link_state", LENGTHS, TAGS, address_words())
    write("cotp", TPDU)
    write("session", spdus())
    write("blank", TPDU, spdus(), LENGTHS, P1_TAGS)
    write("config", words("src/config/schema.c"), [block + " " for block in blocks], [block + " {" for block in blocks],
          ["{", "}", "=", " = {", '"', '\\"', "#", "//", "/*", "*/", "\n", "include(", "+=", "yes", "no", "on", "off", "10s", "7d", "2k", "5m", "1h",
           "${HOME}", "mon 08:00-18:00", "\\x41", "\\n"])
    write("oraddress_text", address_words())
    write("route", address_words(), ["C=*", "S=a*", "cost", "P=~", "^", "$", ".*", "[a-z]", "(?:", "\\d", "|"])
    kinds = (2, 3, 4, 20, 21)
    write("address_table", [n.to_bytes(2, "little") for n in kinds], [n.to_bytes(4, "little") for n in (16, 20, 24, 28, 40)],
          [b"\x08\x00\x01\x00", b"\x14\x00\x01\x00", b"\x02\x18\x80\x00", b"\x0a\x40\x80\x00", b"\x08\x00\x02\x00", b"\x08\x00\x08\x00"])


main()
