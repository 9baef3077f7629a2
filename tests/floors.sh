#!/bin/sh
# A floor (folder of src) includes only files of its own and of floors below it; what may know what is in
# docs/architecture.md. Ends with the line "N passed, N failed", counted in files.
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root/src" || exit 1

allowed() {
    case $1 in
    base) echo "base" ;;
    ber) echo "base ber" ;;
    osi) echo "base ber osi" ;;
    x411) echo "base ber x411" ;;
    x420) echo "base ber x411 x420" ;;
    event) echo "base event" ;;
    config) echo "base event config" ;;
    store) echo "base event store" ;;
    route) echo "base ber event x411 config route" ;;
    net) echo "base ber osi event config net" ;;
    mta) echo "base ber osi x411 x420 event config store route net mta" ;;
    admin) echo "base ber osi x411 x420 event config store route net mta admin" ;;
    programs) echo "base ber osi x411 x420 event config store route net mta admin programs platform.h" ;;
    platform) echo "base event platform.h" ;;
    *) echo "" ;;
    esac
}

passed=0
failed=0
for file in */*.[ch] ../platform/*/*.[ch]; do
    [ -f "$file" ] || continue
    case $file in
    ../platform/*) floor=platform ;;
    *) floor=${file%%/*} ;;
    esac
    may=" $(allowed "$floor") "
    if [ "$may" = "  " ]; then
        echo "FAILED  src/$floor is no floor"
        failed=$((failed + 1))
        continue
    fi
    bad=""
    for include in $(sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\([^"]*\)".*/\1/p' "$file"); do
        case $include in
        */*) target=${include%%/*} ;;
        x400_version.h) continue ;; # made by the build
        *) target=$include ;;
        esac
        # A name without a folder is a file beside this one, unless it is one of those that a floor may know.
        case $include in
        */*) ;;
        *) [ -f "$(dirname "$file")/$include" ] && continue ;;
        esac
        case $may in
        *" $target "*) ;;
        *) bad="$bad $include" ;;
        esac
    done
    if [ -z "$bad" ]; then
        passed=$((passed + 1))
    else
        echo "FAILED  ${file#../} includes what is not below it:$bad"
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
