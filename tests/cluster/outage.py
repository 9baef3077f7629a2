"""outage.py LOG BEGIN: the longest time without an answer in probe.py's LOG from BEGIN (seconds since 1970) on, in
seconds; "none" if the service did not come back."""
import sys

begin = float(sys.argv[2])
answers = [(float(line.split()[0]), line.split()[1] == "1") for line in open(sys.argv[1]) if len(line.split()) == 2]
good = [time for time, ok in answers if ok]
if not answers or not good or good[-1] < answers[-1][0] - 1 or good[-1] < begin:
    print("none")
else:
    before = max([time for time in good if time <= begin], default=begin)
    after = [before] + [time for time in good if time > begin]
    print("%.2f" % max(b - a for a, b in zip(after, after[1:])))
