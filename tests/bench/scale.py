"""The measures of scale: many messages, connectors, associations, peers that harm, a large message. Each takes the
stand and the size of the run and returns rows for its table and figures for JSON."""
import os
import shutil
import socket
import sqlite3
import subprocess
import threading
import time

from measures import override, relay_mta, relay_run, repeated
from stand import Failure, Mta, Series, Sink, cpu_seconds, forget_peak, resident, source, wait_for

ADDRESSES = 64  # recipients of one message that p1source takes
CLOSED = "schedule { activation = never }"


def copy_row(database, table, numbers, **changed):
    """Copies the one row of table for each of the numbers n.n; changed are the columns that differ."""
    columns = [row[1] for row in database.execute("PRAGMA table_info(%s)" % table)]
    database.execute("INSERT INTO %s (%s) SELECT %s FROM %s r, %s" % (
        table, ", ".join(columns), ", ".join(changed.get(column, "r." + column) for column in columns), table, numbers))


def fill(mta, count, destinations=()):
    """Copies the one message that the store holds until there are count, all of their own; in turn for the
    destinations, if there are any."""
    database = sqlite3.connect(os.path.join(mta.data, "queue.db"))
    database.execute("PRAGMA synchronous = OFF")
    base = database.execute("SELECT value FROM x400_value WHERE name = 'ids'").fetchone()[0]
    numbers = "(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < %d) SELECT n FROM s) n" % (
        count - 1)
    if count > 1:
        copy_row(database, "x400_message", numbers, id="%d + n.n * 3" % base, mts_id="r.mts_id || n.n")
        copy_row(database, "x400_entry", numbers, id="%d + n.n * 3 + 1" % base, message="%d + n.n * 3" % base)
        copy_row(database, "x400_mark", numbers, id="%d + n.n * 3 + 2" % base, digest="randomblob(16)")
        database.execute("UPDATE x400_value SET value = %d WHERE name = 'ids'" % (base + 3 * count + 3))
    if destinations:
        database.executemany("INSERT INTO x400_name (name) VALUES (?) ON CONFLICT DO NOTHING", [(n,) for n in destinations])
        ids = [database.execute("SELECT id FROM x400_name WHERE name = ?", (name,)).fetchone()[0] for name in destinations]
        database.execute("CREATE TEMP TABLE turn (number INTEGER PRIMARY KEY, id INTEGER)")
        database.executemany("INSERT INTO turn VALUES (?, ?)", enumerate(ids))
        database.execute("UPDATE x400_entry SET destination = (SELECT id FROM turn WHERE number = message / 3 %% %d)"
                         % len(ids))
    database.commit()
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    os.sync()


def growth(stand, size):
    """Messages that wait for a dead peer: what they cost the start, the memory and the rate of the others."""
    table = [["queued", "start s", "memory MB", "peak MB", "messages/s", "of the rate with none"]]
    figures = []
    for queued in size.queued:
        mta, sink = relay_mta(stand, 10)
        mta.connector("DEAD", 9)
        if queued:
            mta.start()
            source(stand, mta.port, 1, recipient="DEAD")
            mta.stop()
            fill(mta, queued)
        sink.start(size.unit)
        starts = []
        for _ in range(size.repeats):
            starts.append(mta.start())
            waiting = mta.counters()["work_queue_length"]
            if waiting != queued:
                raise Failure("%d messages are queued, not %d" % (waiting, queued))
            memory, peak = resident(mta.pid), resident(mta.pid, True)
            mta.stop()
        mta.start()
        runs = repeated(size, 10, lambda messages, m=mta, s=sink: relay_run(stand, m, s, messages, length=2048,
                                                                           connections=10))
        mta.stop()
        sink.stop()
        shutil.rmtree(mta.data)
        row = {"queued": queued, "start": Series(starts, "s"), "memory": memory, "peak": peak,
               "rate": Series([run["rate"] for run in runs], "messages/s")}
        figures.append(row)
        row["of_none"] = row["rate"].median / figures[0]["rate"].median
        table.append([queued, row["start"], "%.0f" % (memory / 1e6), "%.0f" % (peak / 1e6), row["rate"],
                      "%.0f %%" % (100 * row["of_none"])])
    return table, figures


def idle(stand, size):
    """Idle associations: octets of memory for each one more, after a first few that make the process grow once."""
    batch = min(200, size.idle // 5)
    batches = size.idle // batch
    mta = Mta(stand, mta="maximum-associations = %d" % (size.idle + 100))
    for i in range(batches):
        mta.connector("S%d" % i, 9, override="maximum-associations = 1000")
    mta.connector("SINK", 9, override="open-interval = 1d")
    mta.start()
    memory = []
    # The second message of an association is due when all is over: until then it is open and idle.
    for i in range(batches):
        source(stand, mta.port, batch * 2, connections=batch, name="S%d" % i, options=["--rate", "1"], run=False)
        wait_for(lambda: mta.counters()["adjacent_mta_associations"] >= (i + 1) * batch, "associations to open")
        memory.append(resident(mta.pid))
    opened = mta.counters()["adjacent_mta_associations"]
    each = (memory[-1] - memory[0]) / (batch * (batches - 1))
    cpu = cpu_seconds(mta.pid)
    time.sleep(2)
    cpu = (cpu_seconds(mta.pid) - cpu) / 2
    for process in list(stand.running):
        if process is not mta.process:
            stand.end(process, 9)
    mta.stop()
    figures = {"associations": opened, "octets_each": each, "memory": memory[-1], "cpu_while_idle": cpu}
    return [["associations", "octets each", "memory MB", "processor while idle"],
            [opened, "%.0f" % each, "%.1f" % (memory[-1] / 1e6), "%.1f %%" % (100 * cpu)]], figures


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


def many_peers(stand, count, sink, more=""):
    """An MTA with connectors C0, C1 ... to one sink."""
    mta = Mta(stand, mta="maximum-associations = 5000")
    mta.connector("SOURCE", 9, override=override(10))
    for i in range(count):
        mta.connector("C%d" % i, sink.port, override="maximum-associations = 3",
                      more=more)
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
    rates = [fan_out(stand, mta, size.connectors, size.transfers) for _ in range(size.repeats + 1)][1:]
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
    transfers = size.transfers
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
        rates.append(size.large / 1e6 / (sink.taken(1, 3600) - begin))
        peaks.append(resident(mta.pid, True) / 1e6)
        mta.stop()
        sink.stop()
        shutil.rmtree(mta.data)
    figures = {"octets": size.large, "rate": Series(rates, "MB/s"), "peak": Series(peaks, "MB")}
    return [["MB", "MB/s through and on", "peak memory MB"], ["%.0f" % (size.large / 1e6), figures["rate"], figures["peak"]]], figures


def drained(mta, patience):
    """Waits until the queue is empty: messages a second."""
    waiting = mta.counters()["work_queue_length"]
    begin = time.monotonic()
    wait_for(lambda: mta.counters()["work_queue_length"] == 0, "the queue to drain", patience)
    return waiting / (time.monotonic() - begin)


def OP_08_scale(stand, size):
    """Acceptance row OP-08: many peers, very many associations and a long queue at once: start, memory, and the queue
    goes out when the peers are there."""
    peers, associations, queued = size.scale
    sink = Sink(stand)
    mta = many_peers(stand, peers, sink, more=CLOSED)
    mta.connector("IDLE", 9, override="maximum-associations = %d" % min(associations + 10, 1000))
    mta.start()
    source(stand, mta.port, 1, recipient="C0")
    empty = resident(mta.pid)
    mta.stop()
    names = ["C%d" % i for i in range(peers)]
    fill(mta, queued, names)
    starts = []
    for _ in range(size.repeats):
        starts.append(mta.start())
        waiting = mta.counters()["work_queue_length"]
        if waiting != queued:
            raise Failure("%d messages are queued, not %d" % (waiting, queued))
        full, peak = resident(mta.pid), resident(mta.pid, True)
        mta.stop()
    mta.start()
    source(stand, mta.port, associations * 2, connections=associations, name="IDLE", recipient="C0",
           options=["--rate", "1"], run=False)
    wait_for(lambda: mta.counters()["adjacent_mta_associations"] >= associations, "the associations", 300)
    busy = resident(mta.pid)
    mta.stop()
    for process in list(stand.running):
        stand.end(process, 9)
    mta.connectors = [text.replace(CLOSED, "") for text in mta.connectors]
    sink.start(1)
    mta.start()
    rate = drained(mta, 60 + queued / 200)
    most = resident(mta.pid, True)
    mta.stop()
    sink.stop()
    figures = {"peers": peers, "associations": associations, "queued": queued, "start": Series(starts, "s"),
               "memory": full, "peak": peak, "octets_each_thousand": (full - empty) / queued * 1000,
               "memory_with_associations": busy, "drain": rate, "peak_of_drain": most}
    return [["peers", "associations", "queued", "start s", "memory MB", "KB per 1,000 queued", "with the associations MB",
             "drained at messages/s", "most memory meanwhile MB"],
            [peers, associations, queued, figures["start"], "%.1f" % (full / 1e6),
             "%.0f" % (figures["octets_each_thousand"] / 1e3), "%.1f" % (busy / 1e6), "%.0f" % rate,
             "%.1f" % (most / 1e6)]], figures


MEASURES = {"growth": growth, "connectors": connectors, "idle": idle, "isolation": isolation, "large": large,
            "OP_08_scale": OP_08_scale}
