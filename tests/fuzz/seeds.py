#!/usr/bin/env python3
"""Writes seeds of the fuzz targets: seeds.py (from any folder).

corpus/apdu gets inputs that once broke other MTAs, under names that say what they are; corpus/engine gets those and
all the others of the parsers, and what the recorded peers said, as steps of engine/fuzz_engine.c; corpus/ipm,
corpus/bind, corpus/cib and corpus/address_table a few more. Run it after a change of the steps; what it writes is kept in the repository.
"""
import os

HERE = os.path.dirname(os.path.abspath(__file__))
RAW, TPDU, TSDU, SPDU, DATA, USER, APDU, CONTENT, ASK, ALTER, MANNER, DIAL, BIND, TIME, SEND, CRASH = range(16)
MODES = {"84": 0, "410": 1, "88": 2}
NO_STACK = 3


def load(corpus, name):
    with open(f"{HERE}/corpus/{corpus}/{name}", "rb") as f:
        return f.read()


def save(corpus, name, octets):
    os.makedirs(f"{HERE}/corpus/{corpus}", exist_ok=True)
    with open(f"{HERE}/corpus/{corpus}/{name}", "wb") as f:
        f.write(octets)


def names(corpus):
    return sorted(os.listdir(f"{HERE}/corpus/{corpus}"))


# BER: an element is (tag octets, contents or list of elements, of indefinite length).

def element(octets, at):
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
    if length == 128:
        items = []
        while octets[at:at + 2] != b"\0\0":
            if at >= len(octets):
                raise ValueError
            item, at = element(octets, at)
            items.append(item)
        return (tag, items, True), at + 2
    if length & 128:
        count = length & 127
        length = int.from_bytes(octets[at:at + count], "big")
        at += count
    body = octets[at:at + length]
    if len(body) != length:
        raise ValueError
    return (tag, elements(body) if first & 32 else body, False), at + length


def elements(octets):
    at, items = 0, []
    while at < len(octets):
        item, at = element(octets, at)
        items.append(item)
    return items


def ber(item):
    tag, body, indefinite = item
    octets = b"".join(map(ber, body)) if isinstance(body, list) else body
    if indefinite:
        return tag + b"\x80" + octets + b"\0\0"
    length = len(octets)
    size = b"" if length < 128 else length.to_bytes((length.bit_length() + 7) // 8, "big")
    return tag + (bytes([length]) if length < 128 else bytes([128 | len(size)]) + size) + octets


def tlv(tag, body):
    return (bytes([tag]), body, False)


# Steps.

def counted(octets):
    length = len(octets)
    assert length < 0x8000
    return (bytes([length]) if length < 0x80 else bytes([0x80 | length >> 8, length & 0xFF])) + octets


def tree(item):
    tag, body, indefinite = item
    if isinstance(body, list):
        assert len(body) < 0x80
        return tag + bytes([len(body) | (0x80 if indefinite else 0)]) + b"".join(map(tree, body))
    return tag + counted(body)


def step(kind, variant=0, rest=b""):
    return bytes([kind | variant << 4]) + rest


def apdu_steps(octets):
    """As an element if it is one, else as octets."""
    try:
        item, end = element(octets, 0)
        if end == len(octets) and len(tree(item)) < 0x7000:
            return step(APDU, 0, tree(item))
    except (ValueError, IndexError, AssertionError):
        pass
    return step(CONTENT, 0, counted(octets[:0x7000]))


def stream_steps(octets):
    """Each TPKT that was recorded is a step."""
    out, at = b"", 0
    while at + 4 <= len(octets) and octets[at] == 3:
        length = int.from_bytes(octets[at + 2:at + 4], "big")
        tpdu = octets[at + 4:at + length]
        at += length
        if tpdu[:3] == b"\x02\xf0\x80":
            out += step(TSDU, 0, counted(tpdu[3:])) if len(tpdu) < 0x7000 else b""
        else:
            out += step(TPDU, 0, counted(tpdu))
    return out


def dialled(mode, steps):
    return bytes([1 | mode << 1]) + steps


def write_engine():
    for name in names("apdu"):
        mode = 0 if name.startswith("m84") else 2
        save("engine", f"apdu-{name}", dialled(mode, apdu_steps(load("apdu", name)) + step(TIME, 6)))
    for name in names("apdu_stream"):
        save("engine", f"stream-{name}", dialled(1, apdu_steps(load("apdu_stream", name))))
    for name in names("ipm"):
        content = load("ipm", name)
        if len(content) < 0x7000 and name.endswith(".p2"):
            message, _ = element(load("apdu", "null-dda"), 0)
            fields = [list(part) for part in message[1]]
            fields[1] = tlv(0x04, content)
            save("engine", f"content-{name}", dialled(2, apdu_steps(ber((message[0], [tuple(f) for f in fields], False)))))
    for name in names("bind"):
        octets = load("bind", name)
        try:
            item, _ = element(octets[1:], 0)
        except (ValueError, IndexError):
            continue
        for mode in range(3):
            save("engine", f"bind-{name}-{mode}", b"\x00" + step(BIND, 0, tree(item)) + step(DIAL, mode) + step(TIME, 3))
        save("engine", f"bind-result-{name}", b"\x00" + step(BIND, 0, tree(item)) + step(SEND) + step(TIME, 4))
    for name in names("stack"):
        octets = load("stack", name)[2:]
        if name.startswith("called-"):
            save("engine", name, dialled(NO_STACK, stream_steps(octets)))
        elif name.startswith("calling-"):
            save("engine", name, b"\x10" + stream_steps(octets))
    for name in names("presentation"):
        octets = load("presentation", name)
        try:
            item, _ = element(octets[1:], 0)
            user = tree(item)
        except (ValueError, IndexError, AssertionError):
            continue
        save("engine", f"user-{name}", dialled(NO_STACK, step(TPDU, 0, counted(b"\x06\xe0\0\0\0\1\0")) +
                                               step(USER, 1, b"\x0d" + user)))
    message = apdu_steps(load("apdu", "m84-recips1"))
    save("engine", "talk-both-ways", dialled(0, message + step(SEND) + step(TIME, 3) + step(ASK, 9) + message))
    save("engine", "talk-two-way", dialled(8, message + step(ASK, 9) + step(SEND, 1) + step(TIME, 4)))
    save("engine", "talk-1984-crash", dialled(0, message + step(CRASH) + step(DIAL) + message + step(TIME, 5)))
    save("engine", "talk-refused", b"\x00" + step(MANNER, 0, b"\x08") + step(TIME, 7) + step(SEND, 5) + step(TIME, 9))
    save("engine", "talk-no-confirm", b"\x00" + step(MANNER, 0, b"\x14") + step(SEND, 8) + step(TIME, 15))
    save("engine", "talk-cut", b"\x00" + step(MANNER, 0, b"\x10") + step(SEND, 9) + step(ASK, 14) + step(TIME, 6) +
         step(MANNER, 0, b"\x00") + step(TIME, 9))
    for how in range(1, 8):
        save("engine", f"talk-altered-{how}", dialled(2, step(ALTER, how, bytes([how * 29])) + message + step(TIME, 5)))
        save("engine", f"call-altered-{how}", dialled(2, b"")[:1] + message[:0] + step(ALTER, how, bytes([how * 31])) +
             step(DIAL, how % 3) + message)
    for what in range(16):
        save("engine", f"ask-{what}", dialled(what % 3, step(ASK, 0) + step(ASK, 1) + step(ASK, 5) + step(ASK, what) +
                                              step(TIME, 3) + step(ASK, 6) + step(ASK, 2) + step(TIME, 5)))
    for type_ in (1, 2, 5, 7, 8, 9, 10, 12, 13, 14, 15, 16, 25, 26, 29, 33, 34, 41, 42, 45, 48, 49, 50, 57, 58, 62):
        save("engine", f"spdu-{type_}", dialled(2, step(SPDU, 0, bytes([type_]) + counted(b"\x2a\1\x31")) + message))
    asked = {0: "{}", 2: '{"name":"PPA"}', 5: '{"connector":"PPA","limit":5}', 6: '{"id":1002}', 7: '{"connector":"PPA"}',
             8: '{"recipient":"*"}', 9: '{"recipient":"*"}', 10: '{"connector":"PPA"}', 11: '{"id":1002,"report":true}',
             12: '{"connector":"PPA","priority":"urgent"}', 13: '{"address":"C=GB;A= ;P=x;S=y","from":"PPA"}',
             14: '{"originator":"C=GB;A= ;P=D0;S=a","recipients":["C=GB;A= ;P=x;S=y;DDA:T=v"],"content":"QUJD",'
                 '"deferred":"2026-12-01T00:00:00Z","alternate":"C=FR;A= ;S=z","content_type":"2.6.1.10.1"}',
             15: '{"after":1,"limit":3,"connector":"PPA"}', 17: '{"category":"all","level":"maximum"}',
             18: '{"connector":"PPA","content_blanked":true}', 19: '{"connector":"PPA"}', 20: '{"connector":"PPA"}',
             21: '{"connector":"PPA"}', 22: '{"name":"PPA"}', 23: '{"name":"PPA"}', 24: "{}"}
    for number, text in asked.items():
        steps = step(MANNER, 0, b"\x10") + step(SEND, 4) + step(SEND, 15, bytes([number]) + counted(text.encode()))
        save("engine", f"operator-{number}", b"\x00" + steps + step(TIME, 4) + message)


# What operators' machines give.

def write_platform():
    cib = ("<cib><configuration><resources><group id='mail'><primitive id='vip' class='ocf' provider='heartbeat' "
           "type='IPaddr2'><instance_attributes id='a'><nvpair id='i' name='ip' value='10.0.0.1'/></instance_attributes>"
           "</primitive><primitive id='x400mta' class='ocf' provider='x' type='x400mta'/></group></resources><constraints>"
           "<rsc_colocation id='c' rsc='x400mta' with-rsc='vip' score='INFINITY'/></constraints></configuration></cib>")
    save("cib", "group", cib.encode())
    save("cib", "group-cut", cib[:300].encode())
    save("cib", "nested", b"<group id='g'>" * 200)

    def netlink(kind, body):
        return (len(body) + 16).to_bytes(4, "little") + kind.to_bytes(2, "little") + b"\2\0" + b"\0" * 8 + body

    def address(kind, family, octets, flags=b"\x80"):
        attribute = (len(octets) + 4).to_bytes(2, "little") + b"\1\0" + octets
        return netlink(kind, family + b"\x18" + flags + b"\0\1\0\0\0" + attribute)

    def datagram(*messages):
        octets = b"".join(messages)
        return len(octets).to_bytes(2, "big") + octets
    one, other = address(20, b"\2", b"\x0a\0\0\1"), address(20, b"\x0a", b"\x20\1" + b"\0" * 13 + b"\1")
    gone = address(21, b"\2", b"\x0a\0\0\1")
    save("address_table", "dump", b"\1" + datagram(one, other) + datagram(netlink(3, b"\0" * 4)))
    save("address_table", "news", b"\0" + datagram(one) + datagram(gone) + datagram(other))
    save("address_table", "overrun", b"\1" + datagram(one, netlink(4, b"")) + datagram(netlink(2, b"\xff" * 4 + b"\0" * 16)))
    save("address_table", "cut", b"\1" + datagram(one[:20]) + datagram(one[:13]))


# What once broke other MTAs, as P1.

TAG_NAME, ADDRESS_TAG = b"\x60", b"\x61"


def base():
    """A message with one recipient; its parts are found by what they are."""
    message, _ = element(load("apdu", "three-unused-bits"), 0)
    return message


def recipient_name(address, domain=None, extension=None):
    """ORName with the standard attributes, domain-defined and extension ones."""
    parts = [tlv(0x30, address)]
    if domain:
        parts.append(tlv(0x30, [tlv(0x30, [tlv(0x13, a), tlv(0x13, b)]) for a, b in domain]))
    if extension:
        parts.append(tlv(0x31, extension))
    return parts


def country(code, tag=0x13):
    return tlv(0x61, [tlv(tag, code)])


def admd(name, tag=0x13):
    return tlv(0x62, [tlv(tag, name)])


def with_recipient(parts):
    """The base message, with another recipient name (the application tag 0 in its last SET)."""
    def visit(item, inside):
        tag, body, indefinite = item
        if inside and tag == TAG_NAME:
            return (tag, parts, False)
        if isinstance(body, list):
            return (tag, [visit(part, inside or tag == b"\xa2") for part in body], indefinite)
        return item
    changed = visit(base(), False)
    assert changed != base()
    return ber(changed)


def write_known():
    surname = tlv(0xA5, [tlv(0x80, b"F")])
    prmd = tlv(0xA2, [tlv(0x13, b"peer")])
    gb, none = country(b"GB"), admd(b" ")
    known = {
        "numeric-country": [country(b"234", 0x12), none, surname],
        "numeric-admd": [gb, admd(b"400", 0x12), surname],
        "empty-admd": [gb, admd(b""), surname],
        "numeric-user-with-prmd": [gb, none, prmd, tlv(0x84, b"1234567")],
        "prmd-over-16": [gb, none, tlv(0xA2, [tlv(0x13, b"P" * 17)]), surname],
        "surname-over-40": [gb, none, tlv(0xA5, [tlv(0x80, b"S" * 41)])],
        "five-organizational-units": [gb, none, surname, tlv(0xA6, [tlv(0x13, b"U")] * 5)],
        "organization-over-64": [gb, none, tlv(0x83, b"O" * 65), surname],
    }
    for name, address in known.items():
        save("apdu", name, with_recipient(recipient_name(address)))
    plain = [gb, none, prmd, surname]
    dda = {
        "equals-in-dda": [(b"RFC-822", b"a=b(a)c")],
        "order-of-ddas": [(b"B", b"2"), (b"A", b"1"), (b"B", b"1"), (b"A", b"2")],
        "five-ddas": [(b"T%d" % i, b"v") for i in range(5)],
        "dda-over-128": [(b"TYPENAME9", b"v" * 129)],
        "common-in-dda": [(b"COMMON", b"Jo Bloggs")],
    }
    for name, pairs in dda.items():
        save("apdu", name, with_recipient(recipient_name(plain, pairs)))

    def extension(number, value):
        return tlv(0x30, [tlv(0x80, bytes([number])), tlv(0xA1, [value])])
    attributes = {
        "common-name-over-64": [extension(1, tlv(0x13, b"N" * 65))],
        "common-name-not-printable": [extension(1, tlv(0x13, b"J\xf6\x00@"))],
        "teletex-common-name-odd": [extension(2, tlv(0x14, b"\xc8"))],
        "extension-attribute-twice": [extension(1, tlv(0x13, b"N"))] * 2,
        "extension-attribute-300": [tlv(0x30, [tlv(0x80, b"\x01\x2c"), tlv(0xA1, [tlv(0x13, b"x")])])],
    }
    for name, items in attributes.items():
        save("apdu", name, with_recipient(recipient_name(plain, None, items)))
    dn = tlv(0xA0, [tlv(0x30, [tlv(0x31, [tlv(0x30, [tlv(0x06, b"\x55\x04\x03"), tlv(0x13, b"a\x01=\xff,b")])])])])
    save("apdu", "dn-not-printable", with_recipient(recipient_name(plain) + [dn]))
    save("apdu", "dn-only", with_recipient([tlv(0x30, []), dn]))
    whole = ber(base())
    at = whole.index(b"\x31")
    save("apdu", "negative-length", whole[:at + 1] + b"\x84\xff\xff\xff\xf0" + whole[at + 2:])
    save("apdu", "length-of-nine-octets", whole[:at + 1] + b"\x89" + b"\0" * 8 + whole[at + 1:])
    at = whole.rindex(b"\x31")
    save("apdu", "list-member-longer-than-list", whole[:at + 1] + bytes([whole[at + 1] + 40 & 0x7F]) + whole[at + 2:])
    deep = b"\x05\x00"
    for _ in range(300):
        deep = b"\xa0\x80" + deep + b"\0\0"
    save("apdu", "deep-nesting", b"\xa0\x80\x31\x80" + deep)
    report = load("apdu", "m88-report-altaccept")
    save("apdu", "report-cut-in-extensions", report[:len(report) * 2 // 3])

    def heading(body):
        return ber(tlv(0xA0, [tlv(0x31, body), tlv(0x30, [])]))
    ipm_id = tlv(0x6B, [tlv(0x13, b"1")])
    save("ipm", "free-form-name-over-64.p2", heading([ipm_id, tlv(0xA0, [tlv(0xA1, [tlv(0x14, b"N" * 65)])])]))
    save("ipm", "subject-over-128.p2", heading([ipm_id, tlv(0xA8, [tlv(0x14, b"s" * 129)])]))
    name = b"N" * 3000  # what an event would repeat
    save("bind", "name-too-long", b"\x02" + ber(tlv(0xB0, [tlv(0x31, [tlv(0xA0, [tlv(0x16, name)]),
                                                                      tlv(0xA1, [tlv(0x16, name)])])])))


# What known.tsv lists and recorded peers did not give: P1 fields, reports, contents.

def replaced(item, test, make):
    """The element with the first one inside that passes the test made anew."""
    done = []

    def visit(part):
        tag, body, indefinite = part
        if not done and test(part):
            done.append(part)
            return make(part)
        return (tag, [visit(each) for each in body], indefinite) if isinstance(body, list) else part
    changed = visit(item)
    assert done
    return changed


def has_tag(*tags):
    return lambda item: item[0] in [bytes([tag]) for tag in tags]


def write_limits():
    """One octet, element or digit more than X.411 allows."""
    gb, none, surname = country(b"GB"), admd(b" "), tlv(0x80, b"F")
    plain = [gb, none, tlv(0xA2, [tlv(0x13, b"peer")])]
    over = {
        "country-over-3": [country(b"GBXY"), none, tlv(0xA5, [surname])],
        "given-name-over-16": plain + [tlv(0xA5, [surname, tlv(0x81, b"G" * 17)])],
        "initials-over-5": plain + [tlv(0xA5, [surname, tlv(0x82, b"I" * 6)])],
        "qualifier-over-3": plain + [tlv(0xA5, [surname, tlv(0x83, b"QQQQ")])],
        "unit-over-32": plain + [tlv(0xA5, [surname]), tlv(0xA6, [tlv(0x13, b"U" * 33)])],
        "x121-over-15": [gb, none, tlv(0x80, b"1" * 16)],
        "terminal-over-24": [gb, none, tlv(0x80, b"1"), tlv(0x81, b"T" * 25)],
        "numeric-user-over-32": [gb, none, tlv(0x84, b"1" * 33)],
    }
    for name, address in over.items():
        save("apdu", name, with_recipient(recipient_name(address)))
    save("apdu", "dda-type-over-8", with_recipient(recipient_name(plain, [(b"TYPENAME9", b"v")])))


def write_content_types():
    """Content types that events of the old MTA name, by their octets."""
    types = {"p2": "56010a00", "p22": "56010a01", "exchange": "2a864886f7140501", "tnef": "2a864886f7140502",
             "p772": "2b1a00a236000401", "p42": "60864801650201022a", "edi": "56070a00", "voice": "56080800",
             "file-option": "56010c00"}
    for name, octets in types.items():
        oid = (b"\x86", bytes.fromhex(octets), False)
        save("apdu", f"content-type-{name}", ber(replaced(base(), has_tag(0x46), lambda item, oid=oid: tlv(0x66, [oid]))))
    # a signed content as defence systems send it: ContentInfo of signed data around a P772 content
    signed = tlv(0x30, [tlv(0x06, bytes.fromhex("2a864886f70d010702")), tlv(0xA0, [tlv(0x30, [
        tlv(0x02, b"\x01"), tlv(0x31, []), tlv(0x30, [tlv(0x06, bytes.fromhex("2b1a00a236000401"))]), tlv(0x31, [])])])])
    message = replaced(base(), has_tag(0x46), lambda item: tlv(0x66, [tlv(0x86, bytes.fromhex("2b1a00a236000401"))]))
    parts = [part if part[0] != b"\x04" else tlv(0x04, ber(signed)) for part in message[1]]
    save("apdu", "signed-content", ber((message[0], parts, False)))


def write_reports():
    deferred = tlv(0x81, b"261123000000Z")

    def with_deferred(item):
        arrival, *others = item[1]
        return (item[0], [arrival, deferred] + others, False)

    def is_arrival(item):
        return item[0] == b"\x31" and isinstance(item[1], list) and item[1] and item[1][0][0] == b"\x80" and len(item[1]) > 1

    def content_with(report, *more):
        return ber((report[0], [report[1][0], (report[1][1][0], report[1][1][1] + list(more), False)], False))
    report, _ = element(load("apdu", "m88-report-altaccept"), 0)
    envelope, content = report[1]
    save("apdu", "report-deferred-time", ber((report[0], [envelope, replaced(content, is_arrival, with_deferred)], False)))
    dn = tlv(0xA0, [tlv(0x30, [tlv(0x31, [tlv(0x30, [tlv(0x06, b"\x55\x04\x03"), tlv(0x13, b"cn")])])])])
    recipients = replaced(content, has_tag(0xA0), lambda item: (item[0], [(r[0], [tlv(0xA0, [tlv(0x30, []), dn])] + r[1][1:], False)
                                                                          for r in item[1]], False))
    save("apdu", "report-dn-only", ber((report[0], [envelope, recipients], False)))
    save("apdu", "report-empty-extensions", ber((report[0], [(envelope[0], [
        part if part[0] != b"\xa1" else tlv(0xA1, []) for part in envelope[1]], False), content], False)))
    save("apdu", "report-empty-extension", ber((report[0], [(envelope[0], [
        part if part[0] != b"\xa1" else tlv(0xA1, [tlv(0x30, [])]) for part in envelope[1]], False), content], False)))
    save("apdu", "report-additional-information", content_with(report, tlv(0xA2, [tlv(0x30, [tlv(0x16, b"tariff"), tlv(0x02, b"\x05")])])))
    # no per-message indicators at all: the content is to be returned, or not, by default only
    save("apdu", "content-return-by-default", ber(replaced(base(), has_tag(0x31), lambda item: (item[0], [
        part for part in item[1] if part[0] != b"\x47"], False))))


def write_contents():
    identifier = tlv(0x6B, [tlv(0x13, b"1")])

    def ipm(heading, *bodies):
        return ber(tlv(0xA0, [tlv(0x31, [identifier] + heading), tlv(0x30, list(bodies))]))
    name = tlv(0x60, [tlv(0x30, [country(b"GB"), admd(b" "), tlv(0xA5, [tlv(0x80, b"F")])])])
    save("ipm", "reported-ipm-with-or-name.p2", ber(tlv(0xA1, [tlv(0x6B, [name, tlv(0x13, b"1")]), tlv(0xA1, [
        tlv(0x80, b"260101000000Z"), tlv(0x81, b"\x00")])])))
    save("ipm", "teletex-lines-over-80.p2", ipm([], tlv(0xA5, [
        tlv(0x31, [tlv(0x80, b"\x01")]), tlv(0x30, [tlv(0x14, (b"\xc8u" * 60 + b"\r\n") * 3)])])))
    latin = tlv(0xAF, [tlv(0xA0, [tlv(0x06, bytes.fromhex("56010b0b")), tlv(0xA0, [tlv(0x31, [tlv(0x02, b"\x01"), tlv(0x02, b"\x06"),
                                                                                             tlv(0x02, b"\x64")])])]),
                       tlv(0x28, [tlv(0x06, bytes.fromhex("5601040b")), tlv(0xA0, [tlv(0x1B, b"\x1b%/A gr\xfc\xdfe")])])])
    save("ipm", "latin-1.p2", ipm([], latin))
    file, _ = element(load("ipm", "file.p2"), 0)
    save("ipm", "file-constructed.p2", ber(replaced(file, has_tag(0x04), lambda item: (b"\x24", [
        tlv(0x04, b"a"), (b"\x24", [tlv(0x04, b"b"), tlv(0x04, b"")], True), tlv(0x04, b"c")], True))))
    bilateral = tlv(0x8E, b"what two agreed on")
    forwarded = tlv(0xA9, [tlv(0x30, [tlv(0x31, [identifier]), tlv(0x30, [tlv(0xA0, [tlv(0x31, []), tlv(0x16, b"inner")])])])])
    save("ipm", "bodies-9-14-15.p2", ipm([], forwarded, bilateral, element(load("ipm", "file.p2"), 0)[0][1][1][1][0]))
    headers = b"Received: by pmdf; Mon, 1 Jan 1996 00:00:00 GMT\r\nFrom: a@b\r\nSubject: s\r\n\r\ntext"
    save("ipm", "rfc822-headers.p2", ipm([tlv(0xA8, [tlv(0x14, b"RFC-822-HEADERS:")])],
                                         tlv(0xA0, [tlv(0x31, []), tlv(0x16, b"RFC-822-HEADERS:\r\n" + headers)])))


write_known()
write_limits()
write_content_types()
write_reports()
write_contents()
write_platform()
write_engine()
