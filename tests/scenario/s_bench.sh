#!/bin/sh
# The benchmarks work: each measure with tiny counts. What they measure means nothing here.
. "$(dirname "$0")/lib.sh"

sh "$ROOT/tests/bench/run.sh" --tiny -b "$(dirname "$BIN")" -w "$WORK" -j "$WORK/figures.json" \
    cost stores growth connectors idle isolation large OP_08_scale >"$WORK/tables" 2>&1
for measure in cost stores growth connectors idle isolation large OP_08_scale; do
    check "the measure $measure gives a table" grep -q "^$measure (" "$WORK/tables"
done
check "and all of them are in the JSON" python3 -c "
import json, sys
measures = json.load(open('$WORK/figures.json'))['measures']
sys.exit(0 if len(measures) == 8 and all(m['figures'] for m in measures.values()) else 1)"
grep -E 'FAILED|Error' "$WORK/tables" | sed 's/^/          /'
finish
