#!/bin/sh
# The corpus and the dictionaries of the fuzz targets: every input that known.tsv lists is there (and as a step of the whole
# MTA's target), every article that it names is in docs/articles.md, every target has seeds, every dictionary a target
# and what dictionaries.py writes. Ends with "N passed, N failed".
cd "$(dirname "$0")" || exit 1
work=$(mktemp -d "${TMPDIR:-/tmp}/x400-corpus.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
passed=0
failed=0
check() { # WORDS COMMAND...
    words=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED  $words"
    fi
}
tab=$(printf '\t')
grep -v '^#' known.tsv >"$work/known"
while IFS=$tab read -r what articles files; do
    check "$what: has a file" [ -n "$files" ]
    for file in $files; do
        check "$what: corpus/$file" [ -s "corpus/$file" ]
        case $file in
        apdu/*) check "$what: corpus/engine/apdu-${file#apdu/}" [ -s "corpus/engine/apdu-${file#apdu/}" ] ;;
        ipm/*.p2) check "$what: corpus/engine/content-${file#ipm/}" [ -s "corpus/engine/content-${file#ipm/}" ] ;;
        esac
    done
    for article in $articles; do
        [ "$article" = - ] || check "$what: $article is in docs/articles.md" grep -q -w "$article" ../../docs/articles.md
    done
done <"$work/known"
for target in fuzz_*.c engine/fuzz_*.c; do
    subject=$(basename "$target" .c | sed 's/^fuzz_//')
    check "$subject has seeds" [ -n "$(ls "corpus/$subject")" ]
done
python3 dictionaries.py "$work"
for dictionary in dictionaries/*.dict; do
    subject=$(basename "$dictionary" .dict)
    check "$dictionary belongs to a target" [ -f "fuzz_$subject.c" -o -f "engine/fuzz_$subject.c" ]
    check "$dictionary is what dictionaries.py writes" cmp -s "$dictionary" "$work/$subject.dict"
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
