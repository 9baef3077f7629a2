#!/usr/bin/python3
"""What Windows asks of a program before it runs: each .exe and .dll of the build, and of the MSI.

    programs.py VERSION FOLDER MSI
"""
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

import pefile

# Libraries that each Windows of 64 bits has. Of clusters: where the feature is.
SYSTEM = {"advapi32.dll", "iphlpapi.dll", "kernel32.dll", "msvcrt.dll", "mswsock.dll", "rpcrt4.dll", "shell32.dll",
          "ws2_32.dll"}
CLUSTER = {"clusapi.dll", "resutils.dll"}
DESCRIPTIONS = {"x400mta-events.dll": "Texts of the events of x400mta",
                "x400mta-cluster.dll": "Resource type x400mta of failover clusters"}
PROGRAM = "x400mta, an X.400 message transfer agent"
DYNAMIC_BASE, HIGH_ENTROPY, NX = 0x0040, 0x0020, 0x0100
RELOCATIONS_STRIPPED, IS_DLL, LARGE_ADDRESSES = 0x0001, 0x2000, 0x0020
AMD64, CONSOLE = 0x8664, 3
STACK = 8388608
WRITABLE, EXECUTABLE = 0x80000000, 0x20000000
SYSTEMS = {"{35138b9a-5d96-4fbd-8e2d-a2440225f93a}": "7", "{4a2f28e3-53b9-4441-ba9c-d69d4a4a6e38}": "8",
           "{1f676c76-80e1-4239-95bb-83d0f6d0da78}": "8.1", "{8e0f7a12-bfb3-4fe8-b9a5-48fd50a15a9a}": "10"}
counts = {True: 0, False: 0}


def check(words, good, is_=""):
    good = bool(good)
    counts[good] += 1
    print("  %s  %s%s" % ("ok    " if good else "FAILED", words, "" if good else ": %s" % (is_,)))


def resources(program, kind):
    """The octets of the resources of a type (RT_...), by their numbers."""
    found = {}
    root = getattr(program, "DIRECTORY_ENTRY_RESOURCE", None)
    for entry in root.entries if root else []:
        if entry.id != pefile.RESOURCE_TYPE[kind]:
            continue
        for named in entry.directory.entries:
            data = named.directory.entries[0].data.struct
            found[named.id] = program.get_data(data.OffsetToData, data.Size)
    return found


def check_protection(name, program):
    flags = program.OPTIONAL_HEADER.DllCharacteristics
    check("%s: loads anywhere (DYNAMIC_BASE)" % name, flags & DYNAMIC_BASE, hex(flags))
    check("%s: in 64 bits of addresses (HIGH_ENTROPY_VA)" % name, flags & HIGH_ENTROPY, hex(flags))
    check("%s: runs no data (NX_COMPAT)" % name, flags & NX, hex(flags))
    both = [s.Name for s in program.sections if s.Characteristics & WRITABLE and s.Characteristics & EXECUTABLE]
    check("%s: no section is writable and executable" % name, not both, both)
    header = program.FILE_HEADER
    blocks = getattr(program, "DIRECTORY_ENTRY_BASERELOC", [])
    check("%s: can be relocated" % name, not header.Characteristics & RELOCATIONS_STRIPPED and
          (blocks or not program.OPTIONAL_HEADER.AddressOfEntryPoint), "%d blocks" % len(blocks))
    check("%s: for 64 bits" % name, header.Machine == AMD64 and header.Characteristics & LARGE_ADDRESSES, header.Machine)
    if not header.Characteristics & IS_DLL:
        check("%s: a console's, with the stack that Linux gives" % name, program.OPTIONAL_HEADER.Subsystem == CONSOLE and
              program.OPTIONAL_HEADER.SizeOfStackReserve == STACK, program.OPTIONAL_HEADER.SizeOfStackReserve)


def check_imports(name, program):
    allowed = SYSTEM | (CLUSTER if name == "x400mta-cluster.dll" else set())
    needed = {entry.dll.decode().lower() for table in ("DIRECTORY_ENTRY_IMPORT", "DIRECTORY_ENTRY_DELAY_IMPORT")
              for entry in getattr(program, table, [])}
    check("%s: needs libraries of the system only" % name, needed <= allowed, sorted(needed - allowed))
    if name == "x400mta-events.dll":
        check("%s: has resources only" % name, not needed and not program.OPTIONAL_HEADER.AddressOfEntryPoint, needed)
        check("%s: has a message table" % name, resources(program, "RT_MESSAGETABLE"))
    if name == "x400mta-cluster.dll":
        exports = [symbol.name for symbol in program.DIRECTORY_ENTRY_EXPORT.symbols]
        check("%s: its entry is Startup, and nothing else is" % name, exports == [b"Startup"], exports)


def check_version(name, program, version):
    fixed = program.VS_FIXEDFILEINFO[0] if hasattr(program, "VS_FIXEDFILEINFO") else None
    numbers = [int(part) for part in version.split(".")] + [0]
    wanted = (numbers[0] << 16 | numbers[1], numbers[2] << 16 | numbers[3])
    check("%s: version of the file in numbers" % name, fixed and (fixed.FileVersionMS, fixed.FileVersionLS) == wanted)
    check("%s: version of the product in numbers" % name,
          fixed and (fixed.ProductVersionMS, fixed.ProductVersionLS) == wanted)
    strings = {key.decode(): value.decode() for info in getattr(program, "FileInfo", []) for part in info
               if hasattr(part, "StringTable") for table in part.StringTable for key, value in table.entries.items()}
    check("%s: version in words" % name, strings == {
        "CompanyName": "x400mta", "ProductName": "x400mta", "ProductVersion": version, "FileVersion": version,
        "FileDescription": DESCRIPTIONS.get(name, PROGRAM), "InternalName": os.path.splitext(name)[0],
        "OriginalFilename": name}, strings)


def check_manifest(name, program):
    found = resources(program, "RT_MANIFEST")
    check("%s: one manifest" % name, list(found) == [1], list(found))
    text = found.get(1, b"<none/>").decode()
    root = xml.fromstring(text)
    spaces = {element.tag.split("}")[-1]: element for element in root.iter()}
    level = spaces.get("requestedExecutionLevel")
    check("%s: runs as whoever calls it" % name, level is not None and level.get("level") == "asInvoker" and
          level.get("uiAccess") == "false")
    systems = {element.get("Id") for element in root.iter() if element.tag.endswith("}supportedOS")}
    check("%s: knows Windows 7, 8, 8.1, 10 and what follows" % name, systems == set(SYSTEMS), systems)
    for tag, year, value in (("longPathAware", "2016", "true"), ("activeCodePage", "2019", "UTF-8")):
        element = root.find(".//{http://schemas.microsoft.com/SMI/%s/WindowsSettings}%s" % (year, tag))
        check("%s: %s" % (name, tag), element is not None and element.text == value)


def check_program(path, version):
    name = os.path.basename(path)
    program = pefile.PE(path)
    check_protection(name, program)
    check_imports(name, program)
    check_version(name, program, version)
    check_manifest(name, program)
    program.close()


def binaries(folder):
    return {name for name in os.listdir(folder) if re.search(r"\.(exe|dll)$", name)}


def check_msi(msi, folder):
    """What the MSI carries is what was checked, octet for octet."""
    with tempfile.TemporaryDirectory() as there:
        subprocess.run(["msiextract", "-C", there, msi], check=True, stdout=subprocess.DEVNULL)
        carried = {name: os.path.join(where, name) for where, _, names in os.walk(there) for name in names
                   if re.search(r"\.(exe|dll)$", name)}
        check("the MSI has programs", "x400mta.exe" in carried, sorted(carried))
        for name, path in sorted(carried.items()):
            with open(path, "rb") as one:
                octets = one.read()
            with open(os.path.join(folder, name), "rb") as other:
                check("the MSI has %s as it was built" % name, octets == other.read())


def main(version, folder, msi):
    names = binaries(folder)
    check("there are programs", {"x400mta.exe", "x400ctl.exe", "x400mta-events.dll"} <= names, names)
    for name in sorted(names):
        check_program(os.path.join(folder, name), version)
    check_msi(msi, folder)
    print("programs: %d passed, %d failed" % (counts[True], counts[False]))
    return 1 if counts[False] else 0


sys.exit(main(*sys.argv[1:]))
