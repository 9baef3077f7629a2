"""kill.py WORK KILLS SEED: kills the MTAs A and B at random moments while messages flow from A to B."""
import glob
import hashlib
import os
import random
import signal
import sys
import threading
import time

import x400test

SENDERS = 3
SIZES = (10, 2000, 2000, 30000, 300000)


def main():
    work, kills, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    results = x400test.Results("s_kill")
    moments = random.Random(seed)
    a, b = (x400test.Mta(os.path.join(work, name)) for name in "AB")
    accepted, in_doubt = set(), set()
    lock, halt, pause = threading.Lock(), threading.Event(), threading.Event()

    def load(number):
        sizes = random.Random(number)
        count = 0
        while not halt.is_set():
            if pause.is_set():
                time.sleep(0.05)
                continue
            count += 1
            content = b"%d-%d-" % (number, count) + os.urandom(sizes.choice(SIZES))
            digest = hashlib.sha256(content).digest()
            try:
                x400test.send(a.config, "C=GB;A= ;P=A;S=ANN", ["C=GB;A= ;P=B;S=JIM"], content, content_type=2,
                              report="none", timeout=30)
                with lock:
                    accepted.add(digest)
            except (OSError, ValueError):
                with lock:
                    in_doubt.add(digest)  # the answer was lost: it may arrive, and need not
                time.sleep(0.05)

    def give_up(*_):
        a.kill()
        b.kill()
        os._exit(1)
    signal.signal(signal.SIGTERM, give_up)
    started = a.start() and b.start()
    if not results.check("OP_01 both MTAs start", started):
        results.finish()
    threads = [threading.Thread(target=load, args=(n,), daemon=True) for n in range(SENDERS)]
    for thread in threads:
        thread.start()
    recovered = 0
    for kill in range(kills):
        time.sleep(moments.uniform(0.0, 0.4))
        victim = moments.choice((a, b))
        victim.kill()
        time.sleep(moments.choice((0.0, 0.0, 0.1)))
        if victim.start():
            recovered += 1
        else:
            print("  the MTA of %s does not come back after kill %d" % (victim.folder, kill + 1))
            break
        # Load goes on, but not without end: what waits is let through now and then.
        if kill % 20 == 19:
            pause.set()
            x400test.wait_for(lambda: queued(a) == 0 and queued(b) == 0, 120)
            pause.clear()
    halt.set()
    for thread in threads:
        thread.join()
    results.check("OP_01 each of %d kills -9 was survived" % kills, recovered == kills, "%d" % recovered)
    results.check("OP_01 the queues run empty", x400test.wait_for(lambda: queued(a) == 0 and queued(b) == 0, 300),
                  "%d and %d left" % (queued(a), queued(b)))
    found = {}
    for path in glob.glob(os.path.join(work, "B", "jim", "*.content")):
        with open(path, "rb") as file:
            digest = hashlib.sha256(file.read()).digest()
        found[digest] = found.get(digest, 0) + 1
    lost = accepted - set(found)
    strange = set(found) - accepted - in_doubt
    twice = [count for count in found.values() if count > 1]
    repeats = [mta.answers() and x400test.admin(mta.config, "status")[1]["repeats"] for mta in (a, b)]
    print("  %d accepted, %d in doubt, %d arrived, %d twice, %s repeats recognised since the last start" %
          (len(accepted), len(in_doubt), len(found), len(twice), repeats))
    results.check("OP_01 no message is lost", not lost, "%d of %d" % (len(lost), len(accepted)))
    results.check("OP_01 there was load: at least two messages per kill", len(accepted) >= 2 * kills,
                  "%d" % len(accepted))
    results.check("OP_01 nothing arrived that was not sent", not strange, "%d" % len(strange))
    results.check("OP_01 repeats are recognised: no message arrives twice", not twice, "%d" % len(twice))
    results.check("OP_01 MTA-A stops in order", a.stop() == 0)
    results.check("OP_01 MTA-B stops in order", b.stop() == 0)
    results.finish()


def queued(mta):
    try:
        return x400test.admin(mta.config, "status")[1]["queued"]
    except (OSError, ValueError, KeyError):
        return -1


main()
