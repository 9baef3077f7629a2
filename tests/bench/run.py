"""Runs the benchmarks: see run.sh."""
import argparse
import json
import os
import sys
import time

import measures
import scale
from stand import Failure, Missing, Series, Stand, TOP, flushed_writes, tell_host

MEASURES = {**measures.MEASURES, **scale.MEASURES}
DURABLE = ("a message is on disk before it is confirmed: SQLite with a write-ahead log and synchronous = FULL (fdatasync of "
           "the log at each commit), PostgreSQL with synchronous_commit = on, Postfix as it comes (fsync of each message)")


class Size:
    """How much is measured."""

    def __init__(self, kind, repeats):
        tiny, quick = kind == "tiny", kind == "quick"
        self.kind = kind
        self.repeats = repeats or (1 if tiny else 3 if quick else 5)
        self.lengths = (2048,) if tiny else (2048, 10240)
        self.connections = (1, 10) if tiny else (1, 4, 10, 100)
        self.seconds = 0.2 if tiny else 1.0  # of the measures that count in time
        self.run_seconds = 1.5 if quick else 4.0
        self.unit = 10 if tiny else 100  # messages of a mark of the sink
        self.queued = (0, 1000) if tiny else (0, 10000, 100000) if quick else (0, 10000, 100000, 1000000)
        self.connectors = 20 if tiny else 500
        self.idle = 200 if tiny else 2000 if quick else 10000
        self.peers = 10 if tiny else 100
        self.transfers = 50 if tiny else 6000 if quick else 24000
        self.large = (1 << 20) if tiny else (100 << 20) if quick else (1 << 30)
        self.large_repeats = 1 if kind != "full" else self.repeats
        self.scale = (20, 50, 1000) if tiny else (500, 1000, 100000)  # peers, associations, queued

    def first(self, connections):
        """Messages of a run that warms up."""
        return 50 if self.kind == "tiny" else 200 if connections == 1 else 1000

    def messages(self, rate, connections):
        """Of one run, when so many a second pass."""
        if self.kind == "tiny":
            return self.first(connections)
        wanted = rate * self.run_seconds
        return max(connections * 2, int(wanted) // self.unit * self.unit, self.unit * 2)


def as_json(value):
    if isinstance(value, Series):
        return value.as_json()
    raise TypeError(str(type(value)))


def table_text(rows):
    rows = [[str(cell) for cell in row] for row in rows]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "|" + "---|" * len(rows[0]))
    return "\n".join(lines)


def arguments():
    parser = argparse.ArgumentParser(prog="run.sh", description="Measures x400mta; see the head of run.sh.")
    sizes = parser.add_mutually_exclusive_group()
    for kind in ("quick", "full", "tiny"):
        sizes.add_argument("--" + kind, dest="kind", action="store_const", const=kind)
    parser.add_argument("-b", "--build", default=os.path.join(TOP, "build", "release"))
    parser.add_argument("-w", "--work", default=os.environ.get("TMPDIR", "/var/tmp"))
    parser.add_argument("-r", "--repeats", type=int, default=0)
    parser.add_argument("-j", "--json")
    parser.add_argument("measures", nargs="*", metavar="MEASURE", help=", ".join(MEASURES))
    chosen = parser.parse_args()
    unknown = [name for name in chosen.measures if name not in MEASURES]
    if unknown:
        parser.error("there is no measure %s; there are %s" % (unknown[0], ", ".join(MEASURES)))
    return chosen


def main():
    chosen = arguments()
    size = Size(chosen.kind or "full", chosen.repeats)
    names = chosen.measures or (["relay"] if size.kind == "quick" else list(MEASURES))
    stand = Stand(chosen.build, chosen.work)
    failed = 0
    try:
        host = tell_host(stand.work)
        host["flushed_writes_per_second"] = flushed_writes(stand.work)
        result = {"version": measures.versions(stand), "host": host, "size": size.kind, "repeats": size.repeats,
                  "durable": DURABLE, "measures": {}}
        print("x400mta %s, %s, %d processors (%s), %d MB; disk %s, %.0f flushed 4 KB writes/s; load %.1f; %s" % (
            result["version"], host["system"], host["processors"], host["processor"], host["memory_mb"], host["disk"],
            host["flushed_writes_per_second"], host["load"], host["time"]))
        print("Durable: %s. Medians of %d runs after one that warms up, the range in brackets.\n" % (DURABLE, size.repeats))
        for name in names:
            begin = time.monotonic()
            try:
                rows, figures = MEASURES[name](stand, size)
            except (Failure, Missing, OSError) as failure:
                failed += 1
                print("%s: FAILED: %s\n" % (name, failure))
                continue
            finally:
                for process in list(stand.running):
                    stand.end(process, 9)
            result["measures"][name] = {"figures": figures, "seconds": time.monotonic() - begin}
            print("%s (%s)\n\n%s\n" % (name, MEASURES[name].__doc__.split(":")[0].split(".")[0], table_text(rows)), flush=True)
        if chosen.json:
            with open(chosen.json, "w", encoding="utf-8") as file:
                json.dump(result, file, default=as_json, indent=1)
    finally:
        stand.clean()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
