#!/bin/sh
# RT-02, OP-04: the sender is killed in the midst of a large transfer and starts again: it resumes the activity at the
# last checkpoint that its store knows, and the peer gets the message once. If the peer has forgotten it meanwhile, the
# message is sent anew at once, and arrives once.
. "$(dirname "$0")/lib.sh"

RELAYS=""
end_relays() { for pid in $RELAYS; do kill "$pid" 2>/dev/null; done; }
trap 'end_relays; abandon' EXIT INT TERM

post() { # CONFIGURATION TO FILE
    python3 -c "
import sys
sys.path.insert(0, '$HERE')
import x400test
x400test.send('$1', 'C=GB;A= ;P=X;S=ANN', ['$2'], open('$3', 'rb').read(), content_type=2)"
}
arrived_whole() { # MTA FILE
    [ "$(delivered "$1" jim)" -eq 1 ] && cmp "$2" "$WORK/$1"/jim/*.content
}
less_than() { [ "$(cat "$1")" -lt "$2" ]; }

# pair A B CONTEXT OCTETS: the message is held up after two thirds of it.
pair() {
    a=$1 b=$2 context=$3 size=$4
    mta "$a"; mta "$b"
    link="$WORK/link-$a"
    mkdir -p "$link"
    port=$(free_ports 1)
    python3 "$HERE/narrow.py" "$port" "$(get "port_$b")" 3000000 $((size * 2 / 3)) "$link" &
    RELAYS="$RELAYS $!"
    LINK_PORT=$port LINK_OVERRIDE='recovery-timeout = 600s' link "$a" "$b" "$context"
    LINK_SPACES="\"C=GB;A= ;P=$a\"" LINK_OVERRIDE='recovery-timeout = 600s' link "$b" "$a" "$context"
    mailbox "$b" jim
    start "$a" "$b"
    random_file "$WORK/message-$a" "$size"
    check "$context: a message of $size octets" post "$WORK/$a/x400mta.conf" "$(user "$b" jim)" "$WORK/message-$a"
    check "$context: two thirds of it are on the way" wait_for test -e "$link/held"
    sleep 2 # its progress becomes durable
}

say "The sender is killed and starts again"
for each in "A B 20000000 1988 normal" "C D 6000000 1988 X.410" "E F 6000000 1984"; do
    set -- $each
    pair "$1" "$2" "$4${5:+ $5}" "$3"
    crash "$a"
    touch "$link/go"
    start "$a"
    check "RT_02 $context: it arrives once and whole" wait_for arrived_whole "$b" "$WORK/message-$a"
    check "RT_02 $context: the sender resumed the activity" logged "$a" " 12008 .* with $b was resumed after [1-9]"
    check "RT_02 $context: the peer saw it resumed" logged "$b" " 12008 .* with $a was resumed after [1-9]"
    check "RT_02 $context: it was not sent anew: $(cat "$link/sent") octets in all" less_than "$link/sent" $((size * 4 / 3))
    check "$context: nothing is left" wait_for queue_is_empty "$a"
    stop "$a" "$b"
done

say "The peer is killed too, and has forgotten it"
pair G H "1988 normal" 3000000
crash G H
touch "$link/go"
start H G
check "RT_02 it arrives once and whole" wait_for arrived_whole H "$WORK/message-G"
check "RT_02 the sender tried to resume" logged G " 12008 .* with H was resumed after [1-9]"
check_not "RT_02 the peer could not" logged H " 12008 "
check "nothing is left" wait_for queue_is_empty G
check "it came once" test "$(delivered H jim)" -eq 1
stop G H
end_relays
trap abandon EXIT INT TERM
finish
