"""kill_steps.py WORK STRIDE: ends the MTA A at each STRIDEth step of its store while mail passes from C to B."""
import glob
import json
import os
import signal
import subprocess
import sys

import x400test

SENT = {"relayed": "C=GB;A= ;P=B;S=JIM", "redirected": "C=GB;A= ;P=A;S=MOVED", "list": "C=GB;A= ;P=A;S=ALL",
        "unknown at the next MTA": "C=GB;A= ;P=B;S=NOBODY", "unroutable": "C=GB;A= ;P=A;S=NOBODY"}
TO_JIM = ("relayed", "redirected", "list")  # what arrives at B, of each round
REPORTS = 2  # of each round, at C
STEPS_LIMIT = 4000


def arrived(folder):
    """Contents of messages, and the identifiers of reports with their subjects."""
    contents, reports = [], []
    for path in glob.glob(os.path.join(folder, "*.json")):
        with open(path, encoding="utf-8") as file:
            envelope = json.load(file)
        if envelope["type"] == "report":
            reports.append(envelope["subject_identifier"])
        else:
            with open(path[:-len(".json")] + ".content", "rb") as file:
                contents.append(file.read().decode())
    return contents, reports


class Network:
    def __init__(self, work):
        self.work = work
        self.c, self.a, self.b = (x400test.Mta(os.path.join(work, name)) for name in "CAB")
        self.fault = os.path.join(work, "fault")
        self.environment = {"LD_PRELOAD": os.path.join(work, "faults.so"), "X400_FAULTS": self.fault,
                            "X400_FAULTS_UNDER": os.path.join(work, "A", "data")}
        self.sent = {}  # MTS identifier -> (words, content)

    def start_faulty(self):
        os.environ.update(self.environment)
        self.a.launch()
        for name in self.environment:
            del os.environ[name]
        return x400test.wait_for(self.a.answers)

    def arm(self, word):
        with open(self.fault + ".new", "w", encoding="ascii") as file:
            file.write(word + "\n")
        os.rename(self.fault + ".new", self.fault)

    def disarm(self):
        if os.path.exists(self.fault):
            os.unlink(self.fault)

    def post(self, round_):
        for words, recipient in SENT.items():
            content = "%s, round %s" % (words, round_)
            mts_id = x400test.send(self.c.config, "C=GB;A= ;P=C;S=SAM", [recipient], content.encode(), content_type=2,
                                   report="non-delivery")
            self.sent[mts_id] = (words, content)

    def wanted(self):
        to_jim = sorted(content for words, content in self.sent.values() if words in TO_JIM)
        to_sam = sorted(content for words, content in self.sent.values() if words == "list")
        reports = sorted(mts_id for mts_id, (words, _) in self.sent.items() if words.startswith("un"))
        return to_jim, to_sam, reports

    def seen(self):
        to_jim, _ = arrived(os.path.join(self.work, "B", "jim"))
        to_sam, reports = arrived(os.path.join(self.work, "C", "sam"))
        return sorted(to_jim), sorted(to_sam), sorted(reports)

    def complete(self):
        return all(len(seen) >= len(wanted) for seen, wanted in zip(self.seen(), self.wanted()))

    def is_over(self):
        """A was ended, or everything has arrived and nothing is left to do for it."""
        if self.a.process.poll() is not None:
            return True
        try:
            return self.complete() and x400test.admin(self.a.config, "status")[1]["queued"] == 0
        except (OSError, ValueError, KeyError):
            return False

    def forget(self):
        """What arrived as it should is not counted again."""
        for folder in ("B/jim", "C/sam"):
            for path in glob.glob(os.path.join(self.work, folder, "*")):
                os.unlink(path)
        self.sent.clear()


def difference(seen, wanted):
    return "; ".join("%s instead of %s" % (s, w) for s, w in zip(seen, wanted) if s != w)[:600]


def one_round(network, results, word):
    """True if A was ended at this step; False if it had nothing more to write."""
    network.arm(word)
    network.post(word)
    over = x400test.wait_for(network.is_over)
    network.disarm()
    ended = network.a.process.poll() is not None
    if not over:
        results.check("OP_01 %s: A is ended or all arrives" % word, False, difference(network.seen(), network.wanted()))
        return False
    if ended:
        network.a.process = None
        check = subprocess.run([os.path.join(x400test.BIN, "mtacheck"), "-c", network.a.config], check=False,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if check.returncode != 0:
            results.check("OP_01 %s: mtacheck agrees" % word, False, check.stdout.decode(errors="replace")[-600:])
        if not network.start_faulty():
            results.check("OP_01 %s: A comes back" % word, False)
            results.finish()
    if not x400test.wait_for(network.is_over):
        results.check("OP_01 %s: all arrives" % word, False, difference(network.seen(), network.wanted()))
    elif network.seen() != network.wanted():
        results.check("OP_01 %s: each arrived once" % word, False, difference(network.seen(), network.wanted()))
    network.forget()
    return ended


def main():
    network, stride = Network(sys.argv[1]), int(sys.argv[2])
    results = x400test.Results("s_kill_steps")

    def give_up(*_):
        for mta in (network.a, network.b, network.c):
            mta.kill()
        os._exit(1)
    signal.signal(signal.SIGTERM, give_up)
    if not results.check("OP_01 all start", network.c.start() and network.b.start() and network.start_faulty()):
        results.finish()
    for way, first in (("kill", 1), ("tear", 1 + stride // 2)):
        failed_before = results.failed
        rounds = 0
        for step in range(first, STEPS_LIMIT, stride):
            if not one_round(network, results, "%s %d" % (way, step)):
                break
            rounds += 1
            if results.failed - failed_before > 12:
                break
        words = "before a write or flush" if way == "kill" else "in the middle of one"
        results.check("OP_01 ended %s at each of %d steps (of %d), nothing is lost or doubled, mtacheck agrees" %
                      (words, rounds, first + rounds * stride), rounds > 0 and results.failed == failed_before)
    for mta in (network.a, network.b, network.c):
        results.check("OP_01 the MTA of %s stops in order" % os.path.basename(mta.folder), mta.stop() == 0)
    results.finish()


main()
