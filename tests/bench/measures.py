"""The measures. Each takes the stand and the size of the run and returns rows for its table and figures for JSON."""
import glob
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import threading
import time

from stand import (TOP, Failure, Missing, Mta, Postfix, Series, Sink, cpu_seconds, forget_peak, resident, source,
                   wait_for)

ADDRESSES = 64  # recipients of one message that p1source takes


def override(connections, checkpoints=True):
    text = "maximum-associations = %d threshold = 1" % min(connections + 1, 1000)
    return text if checkpoints else text + " checkpoint-size = 0"


def relay_mta(stand, connections, program=None, checkpoints=True, mode="normal"):
    """An MTA between a source and a sink, and the sink."""
    sink = Sink(stand, options=["--checkpoint", "30" if checkpoints else "0"])
    mta = Mta(stand, program)
    mta.connector("SOURCE", 9, override=override(connections, checkpoints))
    mta.connector("SINK", sink.port, mode=mode, override=override(connections, checkpoints))
    return mta, sink


def relay_run(stand, mta, sink, number, messages, **options):
    """One run: messages a second from the first connection of the source until the sink has the last message."""
    before, cpu = mta.counters(), cpu_seconds(mta.pid)
    begin = time.time()
    totals = source(stand, mta.port, messages, **options)
    took = sink.mark(number) - begin
    after = mta.counters()
    commits = after["store_commits_total"] - before["store_commits_total"]
    return {"rate": messages / took, "latency": totals["latency_ms"],
            "cpu_us": (cpu_seconds(mta.pid) - cpu) / messages * 1e6, "commits": commits / messages,
            "group": (after["store_transactions_total"] - before["store_transactions_total"]) / max(commits, 1)}


def relay_case(stand, size, length, connections, program=None, checkpoints=True):
    """The repeats of one combination, after a run that warms up."""
    messages = size.messages(length, connections)
    mta, sink = relay_mta(stand, connections, program, checkpoints)
    mta.start()
    sink.start(messages)
    options = {"length": length, "connections": connections, "options": [] if checkpoints else ["--checkpoint", "0"]}
    runs = [relay_run(stand, mta, sink, number, messages, **options) for number in range(1, size.repeats + 2)][1:]
    mta.stop()
    sink.stop()
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
        messages = size.postfix(connections)
        rates = [postfix.relay(messages, length, connections) for _ in range(size.repeats + 1)][1:]
    finally:
        postfix.stop()
    return Series(rates, "messages/s")


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


def traced(mta, command):
    """Runs command while the kernel counts the calls of the MTA; None if it cannot."""
    if not shutil.which("perf"):
        return command(), None
    counted = os.path.join(mta.folder, "perf")
    events = "raw_syscalls:sys_enter,syscalls:sys_enter_fdatasync,syscalls:sys_enter_fsync"
    with open(counted, "wb") as output:
        perf = subprocess.Popen(["perf", "stat", "-x", ",", "-e", events, "-p", str(mta.pid)], stderr=output,
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    time.sleep(0.3)
    result = command()
    perf.send_signal(2)
    perf.wait()
    with open(counted, encoding="utf-8", errors="replace") as file:
        counts = dict((line.split(",")[2], line.split(",")[0]) for line in file if line.count(",") > 2)
    if not counts.get("raw_syscalls:sys_enter", "").isdigit():
        return result, None
    return result, {name.split("sys_enter")[-1].strip("_") or "all": int(value) for name, value in counts.items()
                    if value.isdigit()}


def cost(stand, size):
    """What a relayed message of 2 KB costs: latency, processor, calls of the system, flushes."""
    table = [["associations", "p50 ms", "p99 ms", "p99.9 ms", "CPU us", "system calls", "flushes", "commits",
              "transactions in a commit"]]
    figures = []
    for connections in size.connections:
        messages = size.messages(2048, connections)
        mta, sink = relay_mta(stand, connections)
        mta.start()
        sink.start(messages)
        runs, calls = [], []
        for number in range(1, size.repeats + 2):
            run, counted = traced(mta, lambda n=number: relay_run(stand, mta, sink, n, messages, length=2048,
                                                                  connections=connections))
            if number > 1:
                runs.append(run)
                calls.append(counted)
        mta.stop()
        sink.stop()

        def series(values, unit):
            return Series(list(values), unit)
        row = {"associations": connections, "p50": series((r["latency"]["p50"] for r in runs), "ms"),
               "p99": series((r["latency"]["p99"] for r in runs), "ms"),
               "p99.9": series((r["latency"]["p99.9"] for r in runs), "ms"),
               "cpu_us": series((r["cpu_us"] for r in runs), "us"), "commits": series((r["commits"] for r in runs), ""),
               "group": series((r["group"] for r in runs), "")}
        row["calls"] = row["flushes"] = None
        if all(calls):
            row["calls"] = series((c["all"] / messages for c in calls), "")
            row["flushes"] = series(((c.get("fdatasync", 0) + c.get("fsync", 0)) / messages for c in calls), "")
        figures.append(row)
        table.append([connections] + [row[key] if row[key] else "-" for key in (
            "p50", "p99", "p99.9", "cpu_us", "calls", "flushes", "commits", "group")])
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


def fill(mta, count):
    """Copies the one message that the store holds until there are count, all of their own."""
    database = sqlite3.connect(os.path.join(mta.data, "queue.db"))
    database.execute("PRAGMA synchronous = OFF")
    base = database.execute("SELECT value FROM x400_value WHERE name = 'ids'").fetchone()[0]
    numbers = "(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < %d) SELECT n FROM s) n" % (
        count - 1)
    if count > 1:
        database.execute("INSERT INTO x400_message SELECT %d + n.n * 3, m.kind, m.priority, m.arrival, m.expiry, m.length,"
                         " m.mts_id || n.n, m.source, m.envelope, m.content FROM x400_message m, %s" % (base, numbers))
        database.execute("INSERT INTO x400_entry SELECT %d + n.n * 3 + 1, %d + n.n * 3, e.destination, e.priority, e.state,"
                         " 0, 0, e.size, e.arrival, e.expiry, e.recipients FROM x400_entry e, %s" % (base, base, numbers))
        database.execute("INSERT INTO x400_mark SELECT %d + n.n * 3 + 2, randomblob(16), e.time FROM x400_mark e, %s" % (
            base, numbers))
        database.execute("UPDATE x400_value SET value = %d WHERE name = 'ids'" % (base + 3 * count + 3))
    database.commit()
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    os.sync()


def growth(stand, size):
    """Messages that wait for a dead peer: what they cost the start, the memory and the rate of the others."""
    table = [["queued", "start s", "memory MB", "peak MB", "messages/s", "of the rate with none"]]
    figures = []
    messages = size.messages(2048, 10)
    for queued in size.queued:
        mta, sink = relay_mta(stand, 10)
        mta.connector("DEAD", 9)
        if queued:
            mta.start()
            source(stand, mta.port, 1, recipient="DEAD")
            mta.stop()
            fill(mta, queued)
        sink.start(messages)
        starts = []
        for _ in range(size.repeats):
            starts.append(mta.start())
            waiting = mta.counters()["work_queue_length"]
            if waiting != queued:
                raise Failure("%d messages are queued, not %d" % (waiting, queued))
            memory, peak = resident(mta.pid), resident(mta.pid, True)
            mta.stop()
        mta.start()
        runs = [relay_run(stand, mta, sink, n, messages, length=2048, connections=10)["rate"]
                for n in range(1, size.repeats + 2)][1:]
        mta.stop()
        sink.stop()
        shutil.rmtree(mta.data)
        row = {"queued": queued, "start": Series(starts, "s"), "memory": memory, "peak": peak,
               "rate": Series(runs, "messages/s")}
        figures.append(row)
        row["of_none"] = row["rate"].median / figures[0]["rate"].median
        table.append([queued, row["start"], "%.0f" % (memory / 1e6), "%.0f" % (peak / 1e6), row["rate"],
                      "%.0f %%" % (100 * row["of_none"])])
    return table, figures


def idle(stand, size):
    """Idle associations: octets of memory for each."""
    batch = min(200, size.idle)
    batches = size.idle // batch
    mta = Mta(stand, mta="maximum-associations = %d" % (size.idle + 100))
    for i in range(batches):
        mta.connector("S%d" % i, 9, override="maximum-associations = 1000")
    mta.connector("SINK", 9, override="open-interval = 1d")
    mta.start()
    empty = resident(mta.pid)
    # The second message of an association is due when all is over: until then it is open and idle.
    for i in range(batches):
        source(stand, mta.port, batch * 2, connections=batch, name="S%d" % i, options=["--rate", "1"], run=False)
        wait_for(lambda: mta.counters()["adjacent_mta_associations"] >= (i + 1) * batch, "associations to open")
    opened = mta.counters()["adjacent_mta_associations"]
    each = (resident(mta.pid) - empty) / opened
    cpu = cpu_seconds(mta.pid)
    time.sleep(2)
    cpu = (cpu_seconds(mta.pid) - cpu) / 2
    for process in list(stand.running):
        if process is not mta.process:
            stand.end(process, 9)
    mta.stop()
    figures = {"associations": opened, "octets_each": each, "cpu_while_idle": cpu}
    return [["associations", "octets each", "processor while idle"], [opened, "%.0f" % each, "%.1f %%" % (100 * cpu)]], figures


class BadPeers:
    """A peer that takes calls and reads one octet a second, and one that takes calls and says nothing."""

    def __init__(self):
        self.sockets = []
        self.ports = [self.listen(self.read_slowly), self.listen(self.say_nothing)]

    def listen(self, serve):
        listener = socket.create_server(("127.0.0.1", 0))
        self.sockets.append(listener)

        def accept():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                self.sockets.append(connection)
                threading.Thread(target=serve, args=(connection,), daemon=True).start()
        threading.Thread(target=accept, daemon=True).start()
        return listener.getsockname()[1]

    @staticmethod
    def read_slowly(connection):
        try:
            for octet in bytes.fromhex("0300000e09d00001000100c0010b") + bytes(100000):
                connection.sendall(bytes([octet]))
                time.sleep(1)
        except OSError:
            pass

    @staticmethod
    def say_nothing(_connection):
        pass

    def close(self):
        for item in self.sockets:
            item.close()


def many_peers(stand, count, sink):
    """An MTA with connectors C0, C1 ... to one sink."""
    mta = Mta(stand, mta="maximum-associations = 5000")
    mta.connector("SOURCE", 9, override=override(10))
    for i in range(count):
        mta.connector("C%d" % i, sink.port, override="maximum-associations = 3")
        mta.connectors[-1] = mta.connectors[-1].replace('remote-mta-name = "C%d"' % i, 'remote-mta-name = "SINK"')
    return mta


def fan_out(stand, mta, peers, transfers):
    """Messages to all peers at once (at most ADDRESSES): transfers a second until the last is confirmed."""
    peers = min(peers, ADDRESSES)
    each = max(1, transfers // peers)
    recipients = [item for i in range(peers) for item in ("-r", "C=GB;A= ;P=C%d;S=sink" % i)]
    before = mta.counters()["outbound_messages_total"]
    begin = time.monotonic()
    done = subprocess.run([stand.program("p1source"), "-n", "SOURCE", "-c", "10", "-m", str(each), "-l", "2048", "-f",
                           "C=GB;A= ;P=SOURCE;S=source"] + recipients + ["127.0.0.1:%d" % mta.port],
                          stdout=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise Failure("p1source to %d peers" % peers)
    goal = before + each * peers
    wait_for(lambda: mta.counters()["outbound_messages_total"] >= goal, "the messages to %d peers" % peers, 300)
    return each * peers / (time.monotonic() - begin)


def connectors(stand, size):
    """Many connectors: start, memory, and the rate when each of them has mail."""
    sink = Sink(stand)
    mta = many_peers(stand, size.connectors, sink)
    starts = []
    for _ in range(size.repeats):
        starts.append(mta.start())
        memory = resident(mta.pid)
        mta.stop()
    mta.start()
    sink.start(1000)
    rates = [fan_out(stand, mta, size.connectors, size.messages(2048, 10)) for _ in range(size.repeats + 1)][1:]
    used = resident(mta.pid)
    mta.stop()
    sink.stop()
    figures = {"connectors": size.connectors, "start": Series(starts, "s"), "memory": memory, "memory_in_use": used,
               "rate": Series(rates, "transfers/s")}
    return [["connectors", "start s", "memory MB", "memory after the runs MB", "transfers/s"],
            [size.connectors, figures["start"], "%.1f" % (memory / 1e6), "%.1f" % (used / 1e6), figures["rate"]]], figures


def isolation(stand, size):
    """A slow and a dead peer among many: the rate of the others beside mail for the two, and without. Two MTAs of one
    configuration take turns, so that a slower minute of the machine meets both."""
    bad, sink = BadPeers(), Sink(stand).start(1000)
    pair = [many_peers(stand, size.peers - 2, sink) for _ in range(2)]
    transfers = size.messages(2048, 10)
    for mta in pair:
        for name, port in zip(("SLOW", "DEAD"), bad.ports):
            mta.connector(name, port, override="open-interval = 1s connect-timeout = 20s threshold = 1")
        mta.start()
        fan_out(stand, mta, size.peers - 2, transfers)
    alone, beside = pair
    for name in ("SLOW", "DEAD"):
        source(stand, beside.port, 50, recipient=name)
    rates = [(fan_out(stand, alone, size.peers - 2, transfers), fan_out(stand, beside, size.peers - 2, transfers))
             for _ in range(size.repeats * 2)]
    waiting = beside.counters()["work_queue_length"]
    for process in pair + [sink]:
        process.stop()
    bad.close()
    figures = {"peers": size.peers, "alone": Series([r[0] for r in rates], "transfers/s"), "waiting": waiting,
               "beside": Series([r[1] for r in rates], "transfers/s")}
    figures["loss"] = 1 - figures["beside"].median / figures["alone"].median
    return [["peers", "without mail for the two", "with", "loss", "waiting for them"],
            [size.peers, figures["alone"], figures["beside"], "%.1f %%" % (100 * figures["loss"]), waiting]], figures


def large(stand, size):
    """One large message: rate and peak memory of the MTA that relays it."""
    rates, peaks = [], []
    for _ in range(size.large_repeats):
        mta, sink = relay_mta(stand, 1)
        mta.start()
        sink.start(1)
        forget_peak(mta.pid)
        begin = time.time()
        source(stand, mta.port, 1, length=size.large)
        rates.append(size.large / 1e6 / (sink.mark(1, 3600) - begin))
        peaks.append(resident(mta.pid, True) / 1e6)
        mta.stop()
        sink.stop()
        shutil.rmtree(mta.data)
    figures = {"octets": size.large, "rate": Series(rates, "MB/s"), "peak": Series(peaks, "MB")}
    return [["MB", "MB/s through and on", "peak memory MB"], ["%.0f" % (size.large / 1e6), figures["rate"], figures["peak"]]], figures


def versions(stand):
    """What was measured."""
    text = subprocess.run([stand.program("x400mta"), "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r" (\d[\w.]*)", text)
    return found.group(1) if found else text.strip()


MEASURES = {"relay": relay, "cost": cost, "codec": codec, "growth": growth, "connectors": connectors, "idle": idle,
            "isolation": isolation, "large": large}
