"""What the scenarios in Python share: the admin interface, a TCP proxy that can cut a link, TPKTs and captures.

Only the standard library. MTAs are still made by lib.sh: a scenario in Python is started by a shell scenario, or
makes its MTAs with the class Mta, which writes the same configuration.
"""
import base64
import http.client
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BIN = os.environ.get("X400_BIN", os.path.join(ROOT, "build/release/bin"))
# Programs for Windows stop in order by Ctrl+C, which is what SIGINT is to Wine.
STOP = signal.SIGINT if "X400_WINDOWS" in os.environ else signal.SIGTERM
PATIENCE = int(os.environ.get("X400_PATIENCE", "60"))


def admin(config, operation, arguments=None, timeout=120):
    """One request to the MTA with this configuration file; (status, JSON). Raises OSError if none runs."""
    port, folder = None, None
    with open(config, encoding="utf-8") as file:
        block = ""
        for line in file:
            line = line.strip()
            if line.endswith("{"):
                block = line.split()[0]
            elif line.startswith("port =") and block == "admin":
                port = int(line.split("=")[1])
            elif line.startswith("data-folder"):
                folder = line.split('"')[1]
    with open(os.path.join(folder, "admin.token"), encoding="ascii") as file:
        token = file.read().strip()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("POST", "/v1/" + operation, json.dumps(arguments or {}),
                           {"Authorization": "Bearer " + token, "Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()


def send(config, originator, recipients, content, **more):
    """Submits content; returns the MTS identifier. Raises OSError or ValueError."""
    arguments = {"originator": originator, "recipients": recipients, "content_type": more.pop("content_type", 22),
                 "content": base64.b64encode(content).decode()}
    arguments.update(more)
    status, result = admin(config, "send", arguments)
    if status != 200:
        raise ValueError("%d %s" % (status, result.get("error")))
    return result["mts_id"]


def wait_for(condition, patience=PATIENCE):
    """True as soon as condition() is, False if it never is."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return bool(condition())


class Results:
    """Counts checks and prints them as lib.sh does."""

    def __init__(self, name):
        self.name, self.passed, self.failed = name, 0, 0

    def check(self, words, outcome, detail=""):
        if outcome:
            self.passed += 1
            print("  ok      " + words)
        else:
            self.failed += 1
            print("  FAILED  %s%s" % (words, ": %s" % detail if detail else ""))
        sys.stdout.flush()
        return outcome

    def finish(self):
        print("%s: %d passed, %d failed" % (self.name, self.passed, self.failed))
        sys.exit(0 if self.failed == 0 and self.passed > 0 else 1)


class Mta:
    """A process x400mta that was configured by lib.sh."""

    def __init__(self, folder):
        self.folder = folder
        self.config = os.path.join(folder, "x400mta.conf")
        self.process = None

    def launch(self):
        output = open(os.path.join(self.folder, "output"), "ab")
        self.process = subprocess.Popen([os.path.join(BIN, "x400mta"), "-c", self.config], stdout=output,
                                        stderr=output)
        output.close()

    def answers(self):
        try:
            return admin(self.config, "status", timeout=10)[0] == 200
        except (OSError, ValueError):
            return False

    def start(self):
        self.launch()
        return wait_for(self.answers)

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self):
        if not self.process:
            return 0
        self.process.send_signal(STOP)
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.process = None
        return status

    def resident_peak(self):
        """The most memory that was resident, in octets."""
        with open("/proc/%d/status" % self.process.pid, encoding="ascii") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
        return 0

    def log(self):
        try:
            with open(os.path.join(self.folder, "events.log"), encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""


class Proxy:
    """A TCP proxy on loopback. It counts what passes, and cuts a connection after so many TPKTs of the called side
    (cut_after; None = never), so that the cut lies just behind a confirmation."""

    def __init__(self, target_port, port=0):
        self.target_port = target_port
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        self.cut_after = None
        self.connections = []  # (octets of the caller, octets of the called side, TPKTs of the called side, cut)
        self.lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                caller, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(caller,), daemon=True).start()

    def _serve(self, caller):
        try:
            called = socket.create_connection(("127.0.0.1", self.target_port))
        except OSError:
            caller.close()
            return
        record = {"sent": 0, "received": 0, "tpkts": 0, "cut": False}
        with self.lock:
            self.connections.append(record)
            cut_after, self.cut_after = self.cut_after, None
        for s in (caller, called):
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pending = b""
        while True:
            ready, _, _ = select.select([caller, called], [], [])
            source = called if called in ready else ready[0]
            try:
                octets = source.recv(65536)
            except OSError:
                octets = b""
            if not octets:
                break
            try:
                if source is caller:
                    record["sent"] += len(octets)
                    called.sendall(octets)
                    continue
                record["received"] += len(octets)
                pending += octets
                whole, pending = split_tpkts(pending)
                for tpkt in whole:
                    caller.sendall(tpkt)
                    record["tpkts"] += 1
                    if cut_after is not None and record["tpkts"] >= cut_after:
                        record["cut"] = True
                        break
                if record["cut"]:
                    break
            except OSError:
                break
        for s in (caller, called):
            # No orderly end: as when a router forgets the connection and answers with a reset.
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0) if record["cut"]
                         else struct.pack("ii", 0, 0))
            s.close()

    def close(self):
        self.listener.close()


def split_tpkts(octets):
    """The whole TPKTs at the front of octets, and the rest."""
    whole = []
    while len(octets) >= 4:
        length = struct.unpack(">H", octets[2:4])[0]
        if length < 4 or len(octets) < length:
            break
        whole.append(octets[:length])
        octets = octets[length:]
    return whole, octets


def read_capture(path):
    """Packets of a pcap or pcapng file (little endian): the octets of each frame and the link type."""
    with open(path, "rb") as file:
        data = file.read()
    magic = struct.unpack("<I", data[:4])[0]
    frames = []
    if magic == 0x0A0D0D0A:
        at, link = 0, 1
        while at + 12 <= len(data):
            kind, length = struct.unpack("<II", data[at:at + 8])
            if kind == 1:
                link = struct.unpack("<H", data[at + 8:at + 10])[0]
            elif kind == 6:
                captured = struct.unpack("<I", data[at + 20:at + 24])[0]
                frames.append(data[at + 28:at + 28 + captured])
            at += length
        return frames, link
    if magic not in (0xA1B2C3D4, 0xA1B23C4D):
        raise ValueError("%s is not a capture of this byte order" % path)
    link, at = struct.unpack("<I", data[20:24])[0], 24
    while at + 16 <= len(data):
        length = struct.unpack("<I", data[at + 8:at + 12])[0]
        frames.append(data[at + 16:at + 16 + length])
        at += 16 + length
    return frames, link


def tcp_streams(frames, link):
    """The two directions of each TCP connection, in order of the SYNs: dicts with "client" and "server" ports and
    the list "segments" of (from client, octets)."""
    skip = {1: 14, 113: 16, 276: 20, 101: 0, 0: 4}[link]
    streams = {}
    order = []
    for frame in frames:
        packet = frame[skip:]
        if len(packet) < 20:
            continue
        if packet[0] >> 4 == 6:
            header, end = 40, 40 + struct.unpack(">H", packet[4:6])[0]
            addresses = packet[8:24], packet[24:40]
        else:
            header, end = (packet[0] & 15) * 4, struct.unpack(">H", packet[2:4])[0]
            addresses = packet[12:16], packet[16:20]
        segment = packet[header:end]
        source, target, sequence = struct.unpack(">HHI", segment[:8])
        flags = segment[13]
        payload = segment[(segment[12] >> 4) * 4:]
        ends = (addresses[0], source), (addresses[1], target)
        key = tuple(sorted(ends))
        if flags & 0x12 == 0x02:
            if key in streams and streams[key]["client"] == source and not streams[key]["segments"]:
                continue
            streams[key] = {"client": source, "server": target, "segments": [], "next": {}, "from": ends[0]}
            order.append(streams[key])
        stream = streams.get(key)
        if stream is None:
            continue
        here = ends[0] == stream["from"]
        if flags & 0x02:
            stream["next"][here] = (sequence + 1) & 0xFFFFFFFF
        if payload:
            expected = stream["next"].get(here, sequence)
            late = (expected - sequence) & 0xFFFFFFFF
            if late < 0x80000000:  # sent again, whole or in part
                payload = payload[late:]
            if payload:
                stream["segments"].append((here, payload))
                stream["next"][here] = (expected + len(payload)) & 0xFFFFFFFF
    return order


def conversation(stream):
    """A stream as TPKTs in the order of their completion: a list of (from the caller, octets of the TPKT)."""
    rest = {True: b"", False: b""}
    tpkts = []
    for here, octets in stream["segments"]:
        whole, rest[here] = split_tpkts(rest[here] + octets)
        tpkts.extend((here, tpkt) for tpkt in whole)
    return tpkts
