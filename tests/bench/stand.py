"""The stand of the benchmarks: MTAs, sources, sinks and Postfix over loopback, what they cost by the kernel's
count, and the statistics. Every process that is started is ended by its own handle."""
import glob
import http.client
import json
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PATIENCE = 120
TICK = os.sysconf("SC_CLK_TCK")


class Failure(Exception):
    """A measure cannot be made."""


class Missing(Failure):
    """A program that a measure needs is not here."""


def wait_for(condition, what, patience=PATIENCE):
    end = time.monotonic() + patience
    pause = 0.002
    while not condition():
        if time.monotonic() > end:
            raise Failure("waited %d s for %s" % (patience, what))
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)


def free_ports(count):
    """Ports below the range of outgoing connections, free at this moment."""
    command = [sys.executable, os.path.join(TOP, "tests", "scenario", "ports.py"), str(count)]
    return [int(port) for port in subprocess.check_output(command, text=True).split()]


def median(values):
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


class Series:
    """The results of one measure's repeats."""

    def __init__(self, values, unit=""):
        self.values, self.unit = list(values), unit

    @property
    def median(self):
        return median(self.values)

    def as_json(self):
        return {"median": self.median, "lowest": min(self.values), "highest": max(self.values), "unit": self.unit,
                "values": self.values}

    def __str__(self):
        digits = 0 if self.median >= 100 else 1 if self.median >= 10 else 2
        text = "{:,.{d}f}".format(self.median, d=digits)
        if len(self.values) > 1:
            text += " ({:,.{d}f} to {:,.{d}f})".format(min(self.values), max(self.values), d=digits)
        return text


class Stand:
    """A work folder, the programs, and everything that runs."""

    def __init__(self, build, folder):
        self.build = build
        self.work = tempfile.mkdtemp(prefix="x400bench.", dir=folder)
        os.chmod(self.work, 0o755)
        os.environ.setdefault("X400_PORTS", os.path.join(self.work, "ports"))
        self.running = []
        self.count = 0

    def program(self, name, place="bin"):
        path = os.path.join(self.build, place, name)
        if not os.access(path, os.X_OK):
            raise Missing("%s is not built" % path)
        return path

    def folder(self, name):
        self.count += 1
        path = os.path.join(self.work, "%s.%d" % (name, self.count))
        os.makedirs(path)
        return path

    def start(self, command, **options):
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)
        self.running.append(process)
        return process

    def end(self, process, sign=signal.SIGTERM, patience=60):
        """Ends a process; its exit status."""
        if process in self.running:
            self.running.remove(process)
        if process.poll() is None:
            process.send_signal(sign)
        try:
            return process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def clean(self):
        for process in list(self.running):
            self.end(process, patience=10)
        shutil.rmtree(self.work, ignore_errors=True)


def tell_host(work):
    """What the figures depend on."""
    facts = {"system": platform.platform(), "processors": os.cpu_count(), "load": os.getloadavg()[0],
             "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        match = re.search(r"^model name\s*:\s*(.*)$", file.read(), re.M)
    facts["processor"] = match.group(1) if match else platform.machine()
    with open("/proc/meminfo", encoding="ascii") as file:
        facts["memory_mb"] = int(re.search(r"MemTotal:\s*(\d+)", file.read()).group(1)) // 1024
    mount = subprocess.run(["df", "--output=source,fstype", work], capture_output=True, text=True, check=False)
    facts["disk"] = " ".join(mount.stdout.split("\n")[1].split()) if mount.returncode == 0 else "?"
    return facts


def flushed_writes(work, seconds=2.0):
    """Writes of 4 KB per second, each flushed before the next."""
    path = os.path.join(work, "flush")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    block = os.urandom(4096)
    begin = time.monotonic()
    count = 0
    while time.monotonic() - begin < seconds:
        os.pwrite(descriptor, block, 4096 * count)
        os.fdatasync(descriptor)
        count += 1
    rate = count / (time.monotonic() - begin)
    os.close(descriptor)
    os.unlink(path)
    return rate


def is_listening(port):
    """By the kernel's table, without a connection."""
    with open("/proc/net/tcp", encoding="ascii") as file:
        return any(fields[1].endswith(":%04X" % port) and fields[3] == "0A" for fields in map(str.split, file))


def proc_fields(pid, name):
    with open("/proc/%d/%s" % (pid, name), encoding="ascii") as file:
        return dict(line.split(":", 1) for line in file.read().splitlines() if ":" in line)


def resident(pid, peak=False):
    """Octets."""
    return int(proc_fields(pid, "status")["VmHWM" if peak else "VmRSS"].split()[0]) * 1024


def forget_peak(pid):
    """The peak of resident memory is counted from here."""
    with open("/proc/%d/clear_refs" % pid, "w", encoding="ascii") as file:
        file.write("5")


def cpu_seconds(pid):
    with open("/proc/%d/stat" % pid, encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


class Mta:
    """x400mta with a configuration of its own."""

    def __init__(self, stand, program=None, name="BENCH", mta="", extra=""):
        self.stand, self.name = stand, name
        self.program = program or stand.program("x400mta")
        self.folder = stand.folder("mta")
        self.port, self.admin_port = free_ports(2)
        self.data = os.path.join(self.folder, "data")
        self.path = os.path.join(self.folder, "x400mta.conf")
        self.connectors = []
        self.process = None
        self.head = ('mta {\n name = "%s"\n country = GB\n admd = " "\n prmd = "BENCH"\n data-folder = "%s"\n'
                     ' minimum-open-interval = 1s\n %s\n}\n'
                     'listener "l" { address = "127.0.0.1" port = %d }\n'
                     'log { text-event-log = "%s/events.log" system = off }\n'
                     'admin { address = "127.0.0.1" port = %d }\n%s\n'
                     % (name, self.data, mta, self.port, self.folder, self.admin_port, extra))

    def connector(self, name, port, mode="normal", override="", prmd=None, more=""):
        conformance = {"1984": "1984", "x410": "1988 X.410", "normal": "1988 normal"}[mode]
        self.connectors.append(
            'connector "%s" {\n general { remote-mta-name = "%s" }\n'
            ' stack { remote-host-name = "127.0.0.1" port = %d }\n'
            ' address-space = { "C=GB;A= ;P=%s" }\n override { %s }\n'
            ' advanced { mta-conformance = "%s" remote-country = "GB" remote-prmd = "%s" two-way-alternate = off }\n %s'
            '}\n' % (name, name, port, prmd or name, override, conformance, prmd or name, more))

    def write(self):
        os.makedirs(self.data, exist_ok=True)
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(self.head + "".join(self.connectors))

    def start(self, prefix=()):
        """Starts it; returns the seconds until it answered."""
        self.write()
        begin = time.monotonic()
        with open(os.path.join(self.folder, "output"), "ab") as output:
            self.process = self.stand.start(list(prefix) + [self.program, "-c", self.path], stdout=output,
                                            stderr=subprocess.STDOUT)
        wait_for(self.answers, "x400mta to start")
        return time.monotonic() - begin

    def answers(self):
        if self.process.poll() is not None:
            with open(os.path.join(self.folder, "output"), encoding="utf-8", errors="replace") as output:
                raise Failure("x400mta ended: %s" % output.read()[-2000:])
        if not os.path.exists(self.token_path):
            return False
        try:  # administration is the last that it opens
            socket.create_connection(("127.0.0.1", self.admin_port), 1).close()
            return True
        except OSError:
            return False

    def stop(self):
        if self.process:
            self.stand.end(self.process)
            self.process = None

    @property
    def token_path(self):
        return os.path.join(self.data, "admin.token")

    @property
    def pid(self):
        return self.process.pid

    def ask(self, operation, arguments=None):
        with open(self.token_path, encoding="ascii") as file:
            token = file.read().strip()
        connection = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=60)
        connection.request("POST", "/v1/" + operation, json.dumps(arguments or {}),
                           {"Authorization": "Bearer " + token, "Content-Type": "application/json"})
        response = connection.getresponse()
        result = json.loads(response.read())
        connection.close()
        if response.status != 200:
            raise Failure("%s: %s" % (operation, result.get("error")))
        return result

    def counters(self):
        """The MTA's own series, without those of connectors."""
        return {m["name"][8:]: m["value"] for m in self.ask("metrics")["metrics"] if not m["labels"]}


class Sink:
    """p1sink; counts by marks."""

    def __init__(self, stand, name="SINK", port=None, options=()):
        self.stand = stand
        self.folder = stand.folder("sink")
        self.port = port or free_ports(1)[0]
        self.name, self.options = name, list(options)
        self.marks = os.path.join(self.folder, "marks")
        self.process = None
        self.every, self.total = 1, 0

    def start(self, every):
        self.every = every
        port_file = os.path.join(self.folder, "port")
        command = [self.stand.program("p1sink"), "--json", "-n", self.name, "--marks", self.marks, "--mark-every",
                   str(every), "--port-file", port_file] + self.options + ["127.0.0.1:%d" % self.port]
        with open(os.path.join(self.folder, "output"), "wb") as output:
            self.process = self.stand.start(command, stdout=output, stderr=subprocess.STDOUT)
        wait_for(lambda: os.path.exists(port_file) and os.path.getsize(port_file) > 0, "p1sink to listen")
        return self

    def mark(self, number, patience=600):
        """The time of the mark, in seconds; waits for it."""
        def lines():
            if not os.path.exists(self.marks):
                return []
            with open(self.marks, encoding="ascii") as file:
                return [line for line in file.read().split("\n")[:-1] if line]
        wait_for(lambda: len(lines()) >= number, "message %d at the sink" % number, patience)
        return int(lines()[number - 1].split()[1]) / 1e6

    def taken(self, messages, patience=600):
        """The time when it has taken so many more, a multiple of what its marks count; waits for it."""
        self.total += messages
        return self.mark(self.total // self.every, patience)

    def stop(self):
        if self.process:
            self.stand.end(self.process)
            self.process = None


class Postgres:
    """A PostgreSQL server of our own, on a socket only, with the settings that it comes with: commits are flushed."""

    def __init__(self, stand):
        self.stand = stand
        programs = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"))
        if not programs:
            raise Missing("PostgreSQL is not installed")
        self.bin = os.path.dirname(programs[-1])
        self.folder = stand.folder("postgres")
        self.socket = tempfile.mkdtemp(prefix="x400pg.")  # a path of a socket must be short
        self.prefix = []
        if os.geteuid() == 0:
            for path in (self.folder, self.socket):
                shutil.chown(path, "postgres")
            self.prefix = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"]
        data = os.path.join(self.folder, "data")
        made = subprocess.run(self.prefix + [os.path.join(self.bin, "initdb"), "-D", data, "-A", "trust", "-U", "x400",
                                             "-E", "UTF8"], cwd="/", env=dict(os.environ, LC_ALL="C"),
                              capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise Failure("initdb: %s" % made.stderr)
        with open(os.path.join(self.folder, "output"), "wb") as output:
            self.process = stand.start(self.prefix + [os.path.join(self.bin, "postgres"), "-D", data, "-k", self.socket,
                                                      "-c", "listen_addresses="], cwd="/", stdout=output,
                                       stderr=subprocess.STDOUT)
        wait_for(lambda: subprocess.run([os.path.join(self.bin, "pg_isready"), "-q", "-h", self.socket],
                                        check=False).returncode == 0, "PostgreSQL to start")

    def block(self):
        """For the configuration of an MTA."""
        return 'store { driver = "pgsql" parameters = "host=%s user=x400 dbname=postgres" }\n' % self.socket

    def stop(self):
        self.stand.end(self.process, signal.SIGINT)
        shutil.rmtree(self.socket, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def source(stand, port, messages, length=2048, connections=1, mode="normal", name="SOURCE", recipient="SINK",
           options=(), run=True):
    """p1source: its totals, or the running process."""
    command = [stand.program("p1source"), "--json", "-M", mode, "-n", name, "-c", str(connections), "-m", str(messages),
               "-l", str(length), "-f", "C=GB;A= ;P=%s;S=source" % name, "-r", "C=GB;A= ;P=%s;S=sink%%d" % recipient]
    command += list(options) + ["127.0.0.1:%d" % port]
    if not run:
        return stand.start(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        totals = json.loads(done.stdout)
    except ValueError:
        raise Failure("p1source: %s %s" % (done.stdout, done.stderr)) from None
    if done.returncode != 0:
        raise Failure("p1source: %s" % done.stdout)
    return totals


class Postfix:
    """A private instance on loopback; the system's own is not touched."""

    SERVICES = """cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
"""

    def __init__(self, stand, connections):
        self.stand = stand
        self.environment = dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin:/sbin", LC_ALL="C")
        for program in ("postfix", "smtp-source", "smtp-sink"):
            if not shutil.which(program, path=self.environment["PATH"]):
                raise Missing("%s is not installed" % program)
        if os.geteuid() != 0:
            raise Missing("Postfix starts for root only")
        self.folder = stand.folder("postfix")
        self.port, self.sink_port = free_ports(2)
        self.configure(connections)
        self.run(["postfix", "-c", self.conf, "start"])
        wait_for(self.listens, "Postfix to listen")
        self.start_sink()

    def configure(self, connections):
        self.conf, spool, data = (os.path.join(self.folder, name) for name in ("conf", "spool", "data"))
        for path in (self.conf, spool, data):
            os.makedirs(path)
        shutil.chown(data, "postfix")
        with open(os.path.join(self.conf, "main.cf"), "w", encoding="ascii") as file:
            file.write("compatibility_level = 3.6\nqueue_directory = %s\ndata_directory = %s\n" % (spool, data) +
                       "command_directory = /usr/sbin\ndaemon_directory = /usr/lib/postfix/sbin\nmail_owner = postfix\n"
                       "setgid_group = postdrop\nmyhostname = bench.invalid\nmydestination =\n"
                       "mynetworks = 127.0.0.0/8\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\n"
                       "relayhost = [127.0.0.1]:%d\nalias_maps =\nalias_database =\nlocal_recipient_maps =\n"
                       "smtp_dns_support_level = disabled\nsmtpd_peername_lookup = no\n"
                       "smtpd_recipient_restrictions = permit_mynetworks, reject\n"
                       "smtpd_client_connection_count_limit = 0\nin_flow_delay = 0s\nmulti_instance_enable = no\n"
                       "maillog_file =\n" % self.sink_port +
                       "default_destination_concurrency_limit = %d\ninitial_destination_concurrency = %d\n"
                       "default_process_limit = %d\n" % (connections, connections, connections * 4 + 20))
        with open(os.path.join(self.conf, "master.cf"), "w", encoding="ascii") as file:
            file.write("127.0.0.1:%d inet n - n - - smtpd\n%s" % (self.port, self.SERVICES))

    def run(self, command):
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failure("%s: %s %s" % (" ".join(command), done.stdout, done.stderr))

    def listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def start_sink(self):
        """One for all runs: a sink that goes after the last message would make Postfix back off from it."""
        self.counts = os.path.join(self.folder, "sink")
        with open(self.counts, "wb") as output:
            self.sink = self.stand.start(["smtp-sink", "-c", "-u", "postfix", "127.0.0.1:%d" % self.sink_port, "1000"],
                                         env=self.environment, stdout=output, stderr=subprocess.STDOUT)
        wait_for(lambda: is_listening(self.sink_port), "smtp-sink to listen")

    def taken(self):
        """Messages that the sink has taken, by its running counters."""
        with open(self.counts, "rb") as file:
            file.seek(max(0, os.path.getsize(self.counts) - 200))
            counts = re.findall(rb"mesg=(\d+)", file.read())
        return int(counts[-1]) if counts else 0

    def relay(self, messages, length, connections):
        """Messages a second, from the start of the source until the sink has the last one."""
        goal = self.taken() + messages
        begin = time.monotonic()
        self.run(["smtp-source", "-s", str(connections), "-m", str(messages), "-l", str(length), "-f",
                  "source@bench.invalid", "-t", "sink@sink.invalid", "127.0.0.1:%d" % self.port])
        wait_for(lambda: self.taken() >= goal, "the messages through Postfix", 300)
        return messages / (time.monotonic() - begin)

    def stop(self):
        subprocess.run(["postfix", "-c", self.conf, "stop"], env=self.environment, capture_output=True, check=False)
        self.stand.end(self.sink)
