#!/bin/sh
# OP-09: what two MTAs put on a real network, recorded and dissected by tshark: not one malformed PDU. In normal mode
# everything up to X.411; in the X.410 modes session and bind, and each APDU wrapped into a normal mode
# conversation, because tshark dissects P1 only there.
. "$(dirname "$0")/lib.sh"

mta A; mta B; mta C; mta D; mta E
for pair in "A B 1984" "A C 1988 X.410" "E D 1988 normal"; do
    from=${pair%% *}
    rest=${pair#* }
    peer=${rest%% *}
    LINK_OVERRIDE='checkpoint-size = 64k' link "$from" "$peer" "${rest#* }"
    LINK_SPACES="\"C=GB;A= ;P=$from\"" link "$peer" "$from" "${rest#* }"
    mailbox "$peer" jim "C=GB;A= ;P=$peer"
done
mailbox A ann
mailbox E ann
start A B C D E

record() { # FILE PORT...: records these ports; the recorder's ID is in $recorder
    file=$1
    shift
    filter=""
    for port; do filter="$filter${filter:+ or }tcp port $port"; done
    dumpcap -q -i lo -B 64 -s 0 -P -f "$filter" -w "$file" >"$file.out" 2>&1 &
    recorder=$!
    wait_for grep -q 'File:' "$file.out"
}
x410_ports="$(get port_A) $(get port_B) $(get port_C)"
normal_ports="$(get port_D) $(get port_E)"
# shellcheck disable=SC2086
{ record "$WORK/x410.pcap" $x410_ports; x410_recorder=$recorder; record "$WORK/normal.pcap" $normal_ports; }

# tshark looks into contents that it does not know as BER: an OCTET STRING of so many octets. One octet is none.
content() { # FILE OCTETS
    python3 -c "import os, sys; n = $2; sys.stdout.buffer.write(b'x' if n == 1 else b'\x04\x84' + (n - 6).to_bytes(4, 'big') + os.urandom(n - 6))" >"$1"
}
content "$WORK/1" 1
content "$WORK/2K" 2048
content "$WORK/200K" 204800
content "$WORK/50M" 52428800
for pair in "A B" "A C" "E D"; do
    from=${pair% *}
    peer=${pair#* }
    for size in 1 2K 200K 50M; do
        check "$size to MTA-$peer" ctl $from send -f "$(user $from ann)" -r "$(user $peer jim)" --content "$WORK/$size" --content-type 0 --report none
    done
    check "an interpersonal message to MTA-$peer that wants a report" ctl $from send -f "$(user $from ann)" -r "$(user $peer jim)" \
        -r "C=GB;A= ;P=$peer;O=Dept;OU1=One;OU2=Two;S=Doe;G=J" -s "Subject" -t "text" --priority urgent --report delivery
    check "a probe to MTA-$peer" ctl $from send -f "$(user $from ann)" -r "$(user $peer jim)" -s probe --probe --report delivery
    check "a message to MTA-$peer and to nowhere" ctl $from send -f "$(user $from ann)" -r "C=GB;A= ;P=$peer;S=X" -r "C=FR;A= ;P=NOWHERE;S=Y" -s ndr -t x
    check "all arrives at MTA-$peer" wait_for has_delivered $peer jim 6
done
check "the reports arrive at MTA-A" wait_for has_delivered A ann 6
check "the reports arrive at MTA-E" wait_for has_delivered E ann 3
check "link test adds a release" ctl E link test D
stop A B C D E
sleep 1
kill -INT $recorder $x410_recorder
wait $recorder $x410_recorder

decode=""
for port in $x410_ports $normal_ports; do decode="$decode -d tcp.port==$port,tpkt"; done
# dissect CAPTURE FILTER [OPTION...]: how many frames match.
dissect() {
    capture=$1
    matching=$2
    shift 2
    # shellcheck disable=SC2086
    tshark -r "$capture" $decode "$@" -Y "$matching" -T fields -e frame.number 2>>"$WORK/tshark.err" | wc -l
}
# malformed CAPTURE [OPTION...]: frames with a malformed PDU; the content of one octet, which cannot be BER, does not
# count.
malformed() {
    capture=$1
    shift
    # shellcheck disable=SC2086
    tshark -r "$capture" $decode "$@" -Y _ws.malformed -T fields -e frame.number -e _ws.expert.message 2>>"$WORK/tshark.err" |
        grep -v 'P1 Unknown Content (unknown built-in content-type),Malformed Packet (Exception occurred)$' |
        tee -a "$WORK/malformed" | wc -l
}
check "normal mode: everything up to X.411 is dissected, nothing malformed" test "$(malformed "$WORK/normal.pcap")" -eq 0
check "normal mode: binds, messages, probe and reports are P1 to tshark" test "$(dissect "$WORK/normal.pcap" p1)" -ge 8
# There is no presentation layer in the X.410 modes; tshark takes the data of a session for one all the same.
check "X.410 modes: nothing malformed up to the session" test "$(malformed "$WORK/x410.pcap" --disable-protocol pres)" -eq 0
check "X.410 modes: sessions with activities" test "$(dissect "$WORK/x410.pcap" ses --disable-protocol pres)" -gt 50
tshark -r "$WORK/x410.pcap" $decode -Y 'ses.type == 13 || ses.type == 14' -w "$WORK/binds.pcap" 2>>"$WORK/tshark.err"
check "X.410 modes: the binds are dissected" test "$(dissect "$WORK/binds.pcap" 'p1 && ses')" -ge 4
check "X.410 modes: no bind is malformed" test "$(malformed "$WORK/binds.pcap")" -eq 0

apdus=$(python3 "$HERE/capture.py" apdus "$WORK/x410.pcap" "$WORK/apdus" $x410_ports)
say "  APDUs of the X.410 modes: $apdus"
check "messages, probe and reports of both X.410 modes are among them" test "$apdus" -ge 16
wrapped_port=$(free_ports 1)
check "they are wrapped" python3 "$HERE/capture.py" wrap "$WORK/wrapped.pcap" "$ROOT/tests/wire/captures/pp-to-sink88-small.pcap" "$wrapped_port" "$WORK/apdus"/*.apdu
decode="-d tcp.port==$wrapped_port,tpkt"
check "tshark dissects each of them" test "$(dissect "$WORK/wrapped.pcap" 'p1 && rtse && tcp.dstport == '$wrapped_port' && ses')" -ge $((2 * apdus))
check "not one is malformed" test "$(malformed "$WORK/wrapped.pcap")" -eq 0
finish
