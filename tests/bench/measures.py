"""The measures of the message path. Each takes the stand and the size of the run and returns rows for its table and
figures for JSON."""
import glob
import json
import os
import re
import shutil
import subprocess
import threading
import time

from stand import (TOP, Failure, Missing, Mta, Postfix, Postgres, Series, Sink, cpu_seconds, source)


def override(connections, checkpoints=True):
    text = "maximum-associations = %d threshold = 1" % min(connections + 1, 1000)
    return text if checkpoints else text + " checkpoint-size = 0"


def relay_mta(stand, connections, program=None, checkpoints=True, mode="normal", extra="", sink=None):
    """An MTA between a source and a sink, and the sink (a new one if none is given)."""
    sink = sink or Sink(stand, options=["--checkpoint", "30" if checkpoints else "0"])
    mta = Mta(stand, program, extra=extra)
    mta.connector("SOURCE", 9, override=override(connections, checkpoints))
    mta.connector("SINK", sink.port, mode=mode, override=override(connections, checkpoints))
    return mta, sink


def relay_run(stand, mta, sink, messages, **options):
    """One run: messages a second from the first connection of the source until the sink has the last message."""
    before, cpu = mta.counters(), cpu_seconds(mta.pid)
    begin = time.time()
    totals = source(stand, mta.port, messages, **options)
    took = sink.taken(messages) - begin
    after = mta.counters()
    commits = after["store_commits_total"] - before["store_commits_total"]
    return {"messages": messages, "rate": messages / took, "latency": totals["latency_ms"],
            "cpu_us": (cpu_seconds(mta.pid) - cpu) / messages * 1e6, "commits": commits / messages,
            "group": (after["store_transactions_total"] - before["store_transactions_total"]) / max(commits, 1)}


def repeated(size, connections, run, repeats=None):
    """The results of run(messages), after one that warms up and says how many messages fill the time of a run."""
    messages = size.messages(run(size.first(connections))["rate"], connections)
    return [run(messages) for _ in range(repeats or size.repeats)]


def relay_case(stand, size, length, connections, program=None, checkpoints=True, extra=""):
    """The repeats of one combination."""
    mta, sink = relay_mta(stand, connections, program, checkpoints, extra=extra)
    mta.start()
    sink.start(size.unit)
    options = {"length": length, "connections": connections, "options": [] if checkpoints else ["--checkpoint", "0"]}
    runs = repeated(size, connections, lambda messages: relay_run(stand, mta, sink, messages, **options))
    mta.stop()
    sink.stop()
    shutil.rmtree(mta.data, ignore_errors=True)
    return runs


def group_commits(stand, octets, messages, seconds):
    """Messages a second that this disk takes when `messages` of `octets` are written and flushed together."""
    path = os.path.join(stand.work, "groups")
    block = os.urandom(octets * messages)
    space = max(16 << 20, len(block))
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.posix_fallocate(descriptor, 0, space)
    for at in range(0, space, 1 << 20):  # as a log that is used again: no block is new
        os.pwrite(descriptor, bytes(min(1 << 20, space - at)), at)
    os.fsync(descriptor)
    at, count = 0, 0
    begin = time.monotonic()
    while time.monotonic() - begin < seconds:
        if at + len(block) > space:
            at = 0
        os.pwrite(descriptor, block, at)
        os.fdatasync(descriptor)
        at += len(block)
        count += messages
    rate = count / (time.monotonic() - begin)
    os.close(descriptor)
    os.unlink(path)
    return rate


def postfix_case(stand, size, length, connections):
    postfix = Postfix(stand, connections)
    try:
        runs = repeated(size, connections, lambda messages: {"rate": postfix.relay(messages, length, connections)})
    finally:
        postfix.stop()
    return Series([run["rate"] for run in runs], "messages/s")


def optional(measure, *arguments):
    """What cannot be measured on this machine is left out, and the table says so."""
    try:
        return measure(*arguments)
    except Missing as missing:
        return str(missing)


def relay(stand, size):
    """Durable relay beside Postfix, the stack alone and the disk alone."""
    forgets = os.path.join(stand.build, "bench", "x400mta_forgets")
    table = [["octets", "associations", "x400mta", "no checkpoints", "Postfix", "ratio", "store that forgets",
              "disk alone", "of the lower limit"]]
    figures = []
    for length in size.lengths:
        for connections in size.connections:
            runs = relay_case(stand, size, length, connections)
            rate = Series([run["rate"] for run in runs], "messages/s")
            bare = relay_case(stand, size, length, connections, checkpoints=False)
            other = optional(postfix_case, stand, size, length, connections)
            disk = Series([group_commits(stand, length + 512, connections, size.seconds) for _ in runs], "messages/s")
            alone = None
            if os.path.exists(forgets):
                alone = Series([r["rate"] for r in relay_case(stand, size, length, connections, forgets)], "messages/s")
            limit = min(disk.median, alone.median if alone else disk.median)
            ratio = rate.median / other.median if isinstance(other, Series) else None
            figures.append({"octets": length, "associations": connections, "x400mta": rate, "postfix": other,
                            "no_checkpoints": Series([run["rate"] for run in bare], "messages/s"), "forgets": alone,
                            "disk": disk, "ratio": ratio, "of_limit": rate.median / limit, "runs": runs})
            table.append([length, connections, rate, figures[-1]["no_checkpoints"], other,
                          "%.1f" % ratio if ratio else "-", alone or "-", disk, "%.0f %%" % (100 * rate.median / limit)])
    return table, figures


COUNTED = "raw_syscalls:sys_enter,syscalls:sys_enter_fdatasync,syscalls:sys_enter_fsync"


def by_perf(mta, folder):
    """Counts by the kernel's trace points, which cost next to nothing: what to run, and how to read its output."""
    output = os.path.join(folder, "perf")
    command = ["perf", "stat", "-x", ",", "-e", COUNTED, "-o", output, "-p", str(mta.pid)]

    def read():
        with open(output, encoding="utf-8", errors="replace") as file:
            counts = {fields[2]: fields[0] for fields in (line.split(",") for line in file) if len(fields) > 3}
        if not counts.get("raw_syscalls:sys_enter", "").isdigit():
            return None
        return {name.split("sys_enter")[-1].strip("_") or "all": int(value) for name, value in counts.items()
                if value.isdigit()}
    return command, read


def by_strace(mta, folder):
    """The same by strace: it makes each call slow, but counts it right."""
    output = os.path.join(folder, "strace")
    command = ["strace", "-f", "-c", "-o", output, "-p", str(mta.pid)]

    def read():
        counts = {}
        with open(output, encoding="utf-8", errors="replace") as file:
            for line in file:
                found = re.match(r"\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", line)
                if found and found.group(2) != "total":
                    counts[found.group(2)] = int(found.group(1))
        return dict(counts, all=sum(counts.values())) if counts else None
    return command, read


def traced(stand, mta, run):
    """run() while the calls of the MTA to the system are counted; None if nothing can."""
    for counter in (by_perf, by_strace):
        command, read = counter(mta, mta.folder)
        if not shutil.which(command[0]):
            continue
        process = stand.start(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        if process.poll() is not None:
            continue
        messages = run()["messages"]
        stand.end(process, 2)
        counts = read()
        if counts:
            return {name: count / messages for name, count in counts.items()}
    return None


def cost(stand, size):
    """What a relayed message of 2 KB costs: latency, processor, calls of the system, flushes."""
    table = [["associations", "p50 ms", "p99 ms", "p99.9 ms", "CPU us", "system calls", "flushes", "commits",
              "transactions in a commit"]]
    figures = []
    for connections in size.connections:
        mta, sink = relay_mta(stand, connections)
        mta.start()
        sink.start(size.unit)

        def run(messages):
            return relay_run(stand, mta, sink, messages, length=2048, connections=connections)
        runs = repeated(size, connections, run)
        counts = traced(stand, mta, lambda: run(runs[0]["messages"]))
        mta.stop()
        sink.stop()

        def series(value, unit):
            return Series([value(run) for run in runs], unit)
        row = {"associations": connections, "p50": series(lambda r: r["latency"]["p50"], "ms"),
               "p99": series(lambda r: r["latency"]["p99"], "ms"),
               "p99.9": series(lambda r: r["latency"]["p99.9"], "ms"), "cpu_us": series(lambda r: r["cpu_us"], "us"),
               "commits": series(lambda r: r["commits"], ""), "group": series(lambda r: r["group"], ""),
               "calls": counts, "flushes": counts and counts.get("fdatasync", 0) + counts.get("fsync", 0)}
        figures.append(row)
        table.append([connections, row["p50"], row["p99"], row["p99.9"], row["cpu_us"],
                      "%.1f" % counts["all"] if counts else "-", "%.2f" % row["flushes"] if counts else "-",
                      row["commits"], row["group"]])
    return table, figures


def codec(stand, size):
    """P1 alone: the captured APDUs decoded and encoded."""
    program = stand.program("x411_codec", "bench")
    corpus = os.path.join(TOP, "tests", "wire", "captures", "corpus")
    groups = {"small (under 4 KB)": [], "all": []}
    for path in sorted(glob.glob(os.path.join(corpus, "*.p1"))):
        groups["all"].append(path)
        if os.path.getsize(path) < 4096:
            groups["small (under 4 KB)"].append(path)
    table = [["APDUs", "step", "messages/s", "MB/s", "allocations per message"]]
    figures = []
    for name, paths in groups.items():
        runs = [json.loads(subprocess.check_output([program, str(size.seconds)] + paths)) for _ in range(size.repeats)]
        for step in ("decode", "encode"):
            row = {"apdus": name, "step": step, "samples": runs[0]["samples"],
                   "rate": Series([run[step]["messages_per_second"] for run in runs], "messages/s"),
                   "mb": Series([run[step]["mb_per_second"] for run in runs], "MB/s"),
                   "allocations": runs[0][step]["allocations"]}
            figures.append(row)
            table.append([name, step, row["rate"], row["mb"], row["allocations"]])
    return table, figures


def nodes_run(stand, nodes, sink, messages, connections):
    """A source for each node, all at once: messages a second until the sink has the last of them."""
    each = messages // len(nodes)
    failures = []

    def send(node):
        try:
            source(stand, node.port, each, length=2048, connections=connections)
        except Failure as failure:
            failures.append(failure)
    threads = [threading.Thread(target=send, args=(node,)) for node in nodes]
    begin = time.time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return {"rate": each * len(nodes) / (sink.taken(each * len(nodes)) - begin)}


def stores(stand, size):
    """SQLite, and PostgreSQL with one, two and four processes that share the queue: 2 KB, 10 associations each."""
    table = [["store", "processes", "messages/s", "of SQLite"]]
    figures = []

    def add(store, count, runs):
        rate = Series([run["rate"] for run in runs], "messages/s")
        figures.append({"store": store, "processes": count, "rate": rate,
                        "of_sqlite": rate.median / (figures[0]["rate"].median if figures else rate.median)})
        table.append([store, count, rate, "%.0f %%" % (100 * figures[-1]["of_sqlite"])])
    add("SQLite", 1, relay_case(stand, size, 2048, 10))
    for count in (1, 2, 4):
        database = Postgres(stand)
        try:
            sink = Sink(stand)
            nodes = [relay_mta(stand, 10, extra=database.block(), sink=sink)[0] for _ in range(count)]
            for node in nodes:
                node.start()
            sink.start(size.unit)
            add("PostgreSQL", count, repeated(size, 10 * count, lambda messages, n=nodes, s=sink: nodes_run(
                stand, n, s, max(size.unit * len(n), messages // (size.unit * len(n)) * size.unit * len(n)), 10)))
            for process in nodes + [sink]:
                process.stop()
        finally:
            database.stop()
    return table, figures


def versions(stand):
    """What was measured."""
    text = subprocess.run([stand.program("x400mta"), "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r" (\d[\w.]*)", text)
    return found.group(1) if found else text.strip()


MEASURES = {"relay": relay, "cost": cost, "codec": codec, "stores": stores}
