"""count.py FOLDER...: for each mailbox folder one line: messages, different MTS identifiers."""
import glob
import json
import sys

for folder in sys.argv[1:]:
    seen = {}
    for path in glob.glob(folder + "/*.json"):
        with open(path, encoding="utf-8") as file:
            envelope = json.load(file)
        name = json.dumps(envelope["mts_identifier"])
        seen[name] = seen.get(name, 0) + 1
    print(sum(seen.values()), len(seen))
