"""documents.py ROOT BIN: see documents.sh."""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT, BIN = sys.argv[1:]
PAGES = ["README.md"] + sorted(
    os.path.relpath(path, ROOT) for path in glob.glob(ROOT + "/docs/*.md"))
# What a part of a configuration stands behind, so that it is a whole one.
HEAD = """mta { name = "MTA-A" country = GB admd = " " prmd = "EXAMPLE" data-folder = "/tmp" }
listener "tcp" { port = 102 }
"""
passed = failed = 0


def check(what, ok, detail=""):
    global passed, failed
    if ok:
        passed += 1
    else:
        failed += 1
        print("FAILED  %s%s" % (what, "\n        " + detail.strip().replace("\n", "\n        ") if detail else ""))


def run(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except OSError as error:
        return 127, str(error)
    return done.returncode, done.stdout + done.stderr


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


def check_configurations(page, text):
    """```conf is a whole configuration, ```conf-part a part of one."""
    for number, match in enumerate(re.finditer(r"^```(conf|conf-part)\n(.*?)^```$", text, re.M | re.S), 1):
        head = HEAD if match.group(1) == "conf-part" else ""
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
            file.write(head + match.group(2))
            file.flush()
            status, output = run(BIN + "/x400mta", "-c", file.name, "--check")
        # Folders and addresses of the example are not on this machine.
        bad = [line for line in output.splitlines() if ": error:" in line or (
            ": warning:" in line and not re.search(r"is not there|is not an address of this machine", line))]
        check("%s: configuration %d passes the check" % (page, number), status == 0 and not bad, output)


def check_links(page, text):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if "://" in target:
            continue
        place = os.path.join(ROOT, os.path.dirname(page), target)
        check("%s: link to %s" % (page, target), os.path.exists(place))


def check_files(page, text):
    """`tests/x` is there; `tests/x` `words` means that the words are in it."""
    pattern = r"`((?:tests|src|installer|docs|platform)/[^`\s]+)`(?::? `([^`]+)`)?"
    for path, words in sorted(set(re.findall(pattern, text))):
        places = glob.glob(os.path.join(ROOT, path))
        check("%s: %s is there" % (page, path), bool(places))
        if words and not re.match(r"(tests|src|docs|installer|platform)/", words) and places and os.path.isfile(places[0]):
            check("%s: %s has %s" % (page, path, words), words in read(os.path.relpath(places[0], ROOT)))


def check_events(page, text, known):
    for number in sorted(set(re.findall(r"\*\*(\d{2,5})\*\*", text)), key=int):
        check("%s: event %s is in the catalogue" % (page, number), int(number) in known)


def check_commands(page, text):
    """Commands in code (indented lines, fences, backticks), up to the first word that is no command."""
    spans = re.findall(r"`([^`\n]*x400ctl[^`\n]*)`", text) + re.findall(r"^ {4,}(.*x400ctl.*)$", text, re.M)
    commands = set()
    for span in spans:
        for words in re.findall(r"x400ctl((?: [a-z]+)+)", span):
            commands.add(tuple(words.split()[:2]))
    for words in sorted(commands):
        status = 1
        for count in (len(words), 1):
            status, output = run(BIN + "/x400ctl", *words[:count], "--help")
            if status == 0:
                break
        check("%s: x400ctl %s is a command" % (page, " ".join(words)), status == 0, output)


def check_generated():
    for option, page in (("--reference", "docs/configuration.md"), ("--manual", "docs/man/x400mta.conf.5")):
        status, output = run(BIN + "/x400mta", option)
        check("%s is what x400mta %s prints" % (page, option), status == 0 and output == read(page))


def check_manuals():
    for path in sorted(glob.glob(ROOT + "/docs/man/*.[1-9]")):
        name = os.path.relpath(path, ROOT)
        check("%s has its heading" % name, read(name).startswith((".TH ", ".Dd ", '.\\"')))
        if shutil.which("man"):
            # Only what the formatter says about the page counts.
            done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", path],
                                  capture_output=True, text=True, timeout=60)
            check("%s has no mistakes" % name, done.returncode == 0 and not done.stderr, done.stderr)


def check_manual_is_complete(page, words):
    """Every command and option that a program's help names is in its page."""
    text = read(page).replace("\\-", "-").replace("\\fB", "").replace("\\fR", "")
    for word in sorted(words):
        check("%s has %s" % (page, word), re.search(re.escape(word) + r"(?![a-z-])", text) is not None)


def check_help():
    option = re.compile(r"^ +(?:-\w, )?(--[a-z0-9-]+)", re.M)
    for tool, page in (("p1source", "docs/man/p1source.1"), ("p1sink", "docs/man/p1sink.1")):
        check_manual_is_complete(page, set(option.findall(run(BIN + "/" + tool, "--help")[1])))
    text = run(BIN + "/x400ctl", "--help")[1]
    commands = set(re.findall(r"^  ([a-z]+(?: [a-z]+)?)(?= )", text, re.M))
    words = {"B " + command for command in commands} | set(option.findall(text))
    for command in commands:
        words |= set(option.findall(run(BIN + "/x400ctl", *command.split(), "--help")[1]))
    check("x400ctl names its commands", len(commands) > 20)
    check_manual_is_complete("docs/man/x400ctl.1", words)
    switches = set(re.findall(r"(?<=[ [])/[a-z]+", run(BIN + "/mtacheck", "--help")[1]))
    check_manual_is_complete("docs/man/mtacheck.8", switches)


def check_platforms():
    """The table of docs/platforms.md of what does not run with the programs for Windows is that of the scenarios."""
    there = {os.path.basename(path)[2:-3] for path in glob.glob(ROOT + "/tests/scenario/s_*.sh")}
    listed = [line.split("\t") for line in read("tests/scenario/list").splitlines() if not line.startswith("#")]
    check("tests/scenario/list has each scenario once", sorted(fields[0] for fields in listed) == sorted(there),
          " ".join(there.symmetric_difference(fields[0] for fields in listed)))
    wanted = {(fields[0], "all of it", fields[2]) for fields in listed if fields[1] != "all"}
    for name in there:
        for why in re.findall(r'posix_only "(.*?)"', read("tests/scenario/s_%s.sh" % name)):
            wanted.add((name, "a part", why))
    told = set(re.findall(r"^\| `(\w+)` \| (all of it|a part) \| (.*) \|$", read("docs/platforms.md"), re.M))
    check("docs/platforms.md has the scenarios that are of POSIX only", told == wanted,
          "\n".join("| `%s` | %s | %s |" % row for row in sorted(wanted.symmetric_difference(told))))


def main():
    status, output = run(BIN + "/x400ctl", "events", "list", "--json")
    catalogue = json.loads(output) if status == 0 else []
    if isinstance(catalogue, dict):
        catalogue = catalogue.get("events", [])
    known = {event["id"] for event in catalogue}
    check("x400ctl lists the events", bool(known), output[:500])
    for page in PAGES:
        text = read(page)
        check_configurations(page, text)
        check_links(page, text)
        check_files(page, text)
        check_events(page, text, known)
        if page != "docs/configuration.md":
            check_commands(page, text)
    check_generated()
    check_manuals()
    check_help()
    check_platforms()
    status, output = run("sh", ROOT + "/tests/acceptance.sh")
    check("docs/acceptance.md claims nothing that no test carries", status == 0, output)
    print("%d passed, %d failed" % (passed, failed))
    return 0 if passed and not failed else 1


sys.exit(main())
