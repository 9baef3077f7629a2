#!/usr/bin/python3
"""The version in the resources of a program or DLL, as an MSI writes it; nothing for other files."""
import sys

import pefile

try:
    program = pefile.PE(sys.argv[1])
except pefile.PEFormatError:
    sys.exit(0)
if hasattr(program, "VS_FIXEDFILEINFO"):
    fixed = program.VS_FIXEDFILEINFO[0]
    parts = (fixed.FileVersionMS, fixed.FileVersionLS)
    print(".".join(str(n) for part in parts for n in (part >> 16, part & 0xFFFF)))
