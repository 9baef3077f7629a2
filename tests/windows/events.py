"""events.py FILE: the calls of ReportEvent in a log of Wine (WINEDEBUG=fixme+advapi,+eventlog), one a line:
"9298 Information 1|first string|second string"."""
import re
import sys

TYPES = {1: "Error", 2: "Warning", 4: "Information"}
CALL = re.compile(r"fixme:advapi:ReportEventW \(\w+,0x(\w+),0x(\w+),0x(\w+),\w+,0x(\w+)")
STRING = re.compile(r"(?:trace|warn|err):eventlog:ReportEventW L\"(.*)\"$")

with open(sys.argv[1], encoding="utf-8", errors="replace") as log:
    lines = log.read().replace("\r", "").split("\n")
at = 0
while at < len(lines):
    call = CALL.search(lines[at])
    at += 1
    if not call:
        continue
    kind, category, number, count = (int(text, 16) for text in call.groups())
    strings = []
    while at < len(lines) and len(strings) < count:
        string = STRING.search(lines[at])
        at += 1
        if string:
            strings.append(string.group(1).replace("\\\\", "\\").replace('\\"', '"'))
    severity = {0x40000000: 4, 0x80000000: 2, 0xC0000000: 1}.get(number & 0xF0000000)
    agrees = "" if severity == kind else " (number says another type)"
    print("%d %s %d%s|%s" % (number & 0xFFFF, TYPES.get(kind, kind), category, agrees, "|".join(strings)))
