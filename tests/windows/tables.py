#!/usr/bin/python3
"""All tables of an MSI as text, one row a line, for a comparison with tests/windows/tables.expected.

What each build or each version has of its own is left out: product and package codes, versions, times, sizes, hashes.
Rows are in the order of their keys, those of sequences in the order of their numbers.
"""
import re
import subprocess
import sys

SEQUENCES = ("InstallExecuteSequence", "InstallUISequence", "AdminExecuteSequence", "AdminUISequence",
             "AdvtExecuteSequence", "AdvtUISequence")


def run(*words):
    return subprocess.run(words, check=True, capture_output=True).stdout.decode("utf-8").replace("\r", "")


def export(msi, table):
    """The names of the columns, and the rows, of a table."""
    lines = run("msiinfo", "export", msi, table).split("\n")
    rows = [line.split("\t") for line in lines[3:] if line]
    return lines[0].split("\t"), rows


def number(text):
    return int(text) if re.fullmatch(r"-?\d+", text) else 0


def leave_out(table, columns, row, version):
    """What is not the same in two builds."""
    at = dict(zip(columns, range(len(columns))))
    row = row + [""] * (len(columns) - len(row))

    def put(column, word):
        if row[at[column]]:
            row[at[column]] = word

    if table == "_SummaryInformation":
        words = {"9": "<package code>", "12": "<time>", "13": "<time>", "18": "<program that made it>"}
        row[1] = words.get(row[0], row[1])
    elif table == "Property" and row[0] == "ProductCode":
        row[1] = "<product code>"
    elif table == "File":
        put("FileSize", "<size>")
        put("Version", "<version>")
    elif table == "MsiFileHash":
        row[2:] = ["<hash>"]
    return ["<product version>" if field == version else field for field in row]


def listing(msi):
    columns, rows = export(msi, "Property")
    version = dict((row[0], row[1]) for row in rows)["ProductVersion"]
    for table in sorted(run("msiinfo", "tables", msi).split()):
        columns, rows = export(msi, table)
        if table == "_ForceCodepage":
            continue # lines of another form
        rows = [leave_out(table, columns, row, version) for row in rows]
        if table in SEQUENCES:
            place = columns.index("Sequence")
            rows.sort(key=lambda row: (number(row[place]), row))
        elif table == "_SummaryInformation":
            rows.sort(key=lambda row: number(row[0]))
        else:
            rows.sort()
        yield "[%s] %s" % (table, " | ".join(columns))
        for row in rows:
            yield " | ".join(row).rstrip(" ")
        yield ""


sys.stdout.write("\n".join(listing(sys.argv[1])))
