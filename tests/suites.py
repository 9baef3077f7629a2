#!/usr/bin/env python3
"""Runs test suites side by side and adds up what they counted.

    suites.py [-j JOBS] [-t SECONDS] LOGFOLDER < LIST

Each line of LIST is KIND<tab>LABEL<tab>SHELL COMMAND. KIND "counted": the last "N passed, N failed" in its output
counts; "single": its exit status is one test. A suite that takes more than SECONDS (1800) is ended and has failed.
Prints a line for each suite as it ends, what failed in those that did, and at the end the total as
"N passed, N failed". The exit status is 0 only if something passed and nothing failed.
"""
import argparse
import concurrent.futures
import os
import re
import signal
import subprocess
import sys
import time

COUNTS = re.compile(r"(?:^|[^0-9])(\d+) passed, (\d+) failed")
FAULT = re.compile(r"fail|error|assert|lost|traceback", re.IGNORECASE)
CONTEXT = 6  # lines shown after one that names a fault
SHOWN = 60  # lines shown of a suite that failed


def run(suite, folder, limit):
    kind, label, command = suite
    path = os.path.join(folder, re.sub(r"[^A-Za-z0-9_.]+", "-", label) + ".log")
    began = time.monotonic()
    with open(path, "wb") as log:
        process = subprocess.Popen(["sh", "-c", command], stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=subprocess.STDOUT, start_new_session=True)
        try:
            status = process.wait(limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            status = f"ended after {limit} s"
            log.write(f"\nFAILED: {status}\n".encode())
    with open(path, errors="replace") as log:
        lines = log.read().splitlines()
    if kind == "single":
        passed, failed = (1, 0) if status == 0 else (0, 1)
    else:
        found = [match for line in lines for match in COUNTS.finditer(line)]
        passed, failed = (int(found[-1][1]), int(found[-1][2])) if found else (0, 0)
        if failed == 0 and (status != 0 or passed == 0):
            failed = 1
    return label, passed, failed, status, time.monotonic() - began, lines


def faults(lines):
    """The lines that name a fault, each with some that follow, and the end."""
    keep = set(range(max(0, len(lines) - 12), len(lines)))
    for number, line in enumerate(lines):
        if FAULT.search(line) and not re.match(r"\s*ok\s", line) and " 0 failed" not in line:
            following = number + 1
            keep.add(number)
            while following <= number + CONTEXT and following < len(lines) and not re.match(r"\s*ok\s", lines[following]):
                keep.add(following)
                following += 1
    return [lines[number] for number in sorted(keep)][-SHOWN:]


def main():
    options = argparse.ArgumentParser()
    options.add_argument("-j", type=int, default=os.cpu_count() or 2)
    options.add_argument("-t", type=int, default=1800)
    options.add_argument("folder")
    arguments = options.parse_args()
    os.makedirs(arguments.folder, exist_ok=True)
    suites = [line.rstrip("\n").split("\t", 2) for line in sys.stdin if line.strip()]
    total_passed = total_failed = 0
    bad = []
    with concurrent.futures.ThreadPoolExecutor(arguments.j) as pool:
        running = [pool.submit(run, suite, arguments.folder, arguments.t) for suite in suites]
        for done in concurrent.futures.as_completed(running):
            label, passed, failed, status, seconds, lines = done.result()
            total_passed += passed
            total_failed += failed
            verdict = f"{passed:5d} passed" + (f", {failed} FAILED (status {status})" if failed else "")
            print(f"{label:<44} {verdict} {seconds:8.1f} s", flush=True)
            if failed:
                bad.append(label)
                for line in faults(lines):
                    print("    | " + line, flush=True)
    if bad:
        print("failed: " + ", ".join(bad))
    print(f"{total_passed} passed, {total_failed} failed")
    return 0 if total_failed == 0 and total_passed else 1


if __name__ == "__main__":
    sys.exit(main())
