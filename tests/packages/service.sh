# The life of the service on the fresh machine, from the first installation to the purge. Included by run.sh.

in_box() { sh "$here/box.sh" exec "$work/box" "$@"; }
in_box_sh() { in_box sh -c "$1"; }

wait_for() { # SECONDS COMMAND...
    turns=$(($1 * 5))
    shift
    while ! "$@" >/dev/null 2>&1; do
        turns=$((turns - 1))
        [ $turns -gt 0 ] || { "$@"; return; }
        sleep 0.2
    done
}

active() { [ "$(in_box systemctl is-active "${1:-x400mta}")" = active ]; }
# A figure that systemd has of the service.
property() { in_box systemctl show -P "$1" x400mta; }
is_owned() { [ "$(in_box stat -c '%U:%G %a' "$1")" = "$2" ]; }
queued() { in_box x400ctl --json status | sed -n 's/.*"queued": *\([0-9]*\).*/\1/p'; }
has_queued() { [ "$(queued)" = "$1" ]; }
arrived() { in_box_sh "ls /run/$sink 2>/dev/null | wc -l"; }
has_arrived() { [ "$(arrived)" -eq "$1" ]; }

# Everything on disk by name, without what a running system writes of itself; and the users.
snapshot() {
    in_box_sh "find / -xdev \\( -path /packages -o -path /var/log/journal -o -path /var/lib/dpkg -o -path /var/cache \
        -o -path /var/lib/systemd/catalog -o -path /tmp -o -path /var/tmp \\) -prune -o -print | sort |
        grep -v -x -E '/var/log/(dpkg|alternatives)\\.log|/etc/(passwd|group|shadow|gshadow|subuid|subgid)-|/etc/\\.pwd\\.lock|/var/lib/logrotate/status'
        ls /var/lib/dpkg/info | sort; cut -d: -f1 /etc/passwd; cut -d: -f1 /etc/group"
}

install_packages() { # PREFIX
    in_box_sh "cd /packages && DEBIAN_FRONTEND=noninteractive dpkg --force-confold -i $1 </dev/null"
}

# A connector to the sink and one for the source; the listener at port 102 of every address.
write_configuration() {
    cat >"$work/root/etc/x400mta/x400mta.conf" <<END
mta {
    name = "BOX"
    country = GB
    admd = " "
    prmd = "BOX"
    data-folder = "/var/lib/x400mta"
    minimum-open-interval = 1s
    user = x400mta
}
listener "tcp" { port = 102 }
connector "SOURCE" {
    general { remote-mta-name = "SOURCE" }
    stack { remote-host-name = "127.0.0.1"  port = 9 } # never called: nothing is sent to it
    address-space = { "C=GB;A= ;P=SOURCE" }
    advanced { remote-country = "GB"  remote-prmd = "SOURCE"  two-way-alternate = off }
}
connector "SINK" {
    general { remote-mta-name = "SINK" }
    stack { remote-host-name = "127.0.0.1"  port = 10102 }
    address-space = { "C=GB;A= ;P=SINK" }
    override { open-interval = 1s  transfer-interval = 1s  max-open-retries = 1000 }
    advanced { remote-country = "GB"  remote-prmd = "SINK"  two-way-alternate = off }
}
log {
    text-event-log = "/var/log/x400mta/events.log"
    diagnostics { x400-service = medium }
}
admin { address = "127.0.0.1"  port = 8102 }
END
}

# Takes what comes, each APDU as a file in /run/$1.
start_sink() {
    sink=$1
    in_box systemd-run --quiet --unit=sink -p StandardOutput=append:/run/$sink.json \
        /usr/bin/p1sink --json --check-duplicates -n SINK --dump /run/$sink 127.0.0.1:10102
}
send() { # MESSAGES
    in_box p1source -n SOURCE -m "$1" -f 'C=GB;A= ;P=SOURCE;S=ann' -r 'C=GB;A= ;P=SINK;S=bob%d' 127.0.0.1:102
}

installed_test() {
    check "the older version installs" install_packages 'older-*.deb'
    check "the service runs after the installation" wait_for 20 active
    check "the service is enabled" in_box systemctl is-enabled x400mta
    check "the socket unit is not" sh -c "! sh '$here/box.sh' exec '$work/box' systemctl is-enabled x400mta.socket"
    check "x400ctl status answers" wait_for 20 in_box x400ctl status
    check "the configuration is for the service and root only" is_owned /etc/x400mta/x400mta.conf 'root:x400mta 640'
    check "the data folder is the service's own" is_owned /var/lib/x400mta 'x400mta:x400mta 750'
    check "the log folder is the service's own" is_owned /var/log/x400mta 'x400mta:x400mta 750'
    check "the service is not root" sh -c "[ \"$(in_box_sh "ps -o user= -p $(property MainPID) 2>/dev/null || stat -c %U /proc/$(property MainPID)")\" = x400mta ]"
    check "it has no right but that to port 102" in_box_sh \
        "grep -q '^CapEff:.*0000000000000400\$' /proc/$(property MainPID)/status"
    check "the journal has its start, by number" in_box_sh 'journalctl --sync; journalctl -u x400mta X400_EVENT_ID=9298 | grep -q startup'
    check "the text log has it" in_box grep -q ' 9298 ' /var/log/x400mta/events.log
    check "systemd finds nothing wrong with the units" in_box_sh \
        'out=$(systemd-analyze verify x400mta.service x400mta.socket 2>&1 | grep x400mta | grep -v "Command .man "); echo "$out"; [ -z "$out" ]'
    check "systemd-analyze security: 2.0 or better" in_box systemd-analyze security --offline=true --threshold=20 x400mta.service
    check "a memory dump holds no content" in_box_sh "grep -q -x 00000010 /proc/$(property MainPID)/coredump_filter"
}

relay_test() {
    write_configuration
    check "a changed configuration is good" in_box x400mta --check
    kind=notify-reload # since systemd 253
    [ "$(in_box systemctl --version | awk 'NR == 1 { print $2 + 0 }')" -ge 253 ] || kind=notify
    check "the service is of type $kind" test "$(property Type)" = $kind
    in_box systemctl reload x400mta
    reloaded() { property StatusText | grep -q 'running with the new configuration'; }
    check "the reload is reported to systemd" wait_for 20 reloaded
    start_sink first
    check "10 messages are taken at port 102" send 10
    check "and relayed" wait_for 30 has_arrived 10
    in_box systemctl stop sink
    check "25 messages are taken while the sink is away" send 25
    check "and wait" wait_for 20 has_queued 25
}

upgrade_test() {
    before=$(property MainPID)
    check "the upgrade installs" install_packages 'x400mta_*.deb x400mta-tools_*.deb x400mta-doc_*.deb'
    check "the new version is installed" in_box_sh "[ \"\$(dpkg-query -W -f '\${Version}' x400mta)\" != 0.0.1 ]"
    check "the service runs again" wait_for 20 active
    check "it is another process" test "$before" != "$(property MainPID)"
    check "the configuration is as the administrator left it" in_box grep -q '"BOX"' /etc/x400mta/x400mta.conf
    check "and still for the service and root only" is_owned /etc/x400mta/x400mta.conf 'root:x400mta 640'
    check "x400ctl status answers" wait_for 20 in_box x400ctl status
    check "all 25 messages still wait" wait_for 20 has_queued 25
    start_sink second
    check "they are relayed" wait_for 60 has_arrived 25
    check "the queue is empty" wait_for 20 has_queued 0
    in_box systemctl stop sink
    check "none came twice" in_box_sh "cat /run/second.json; ! grep -E '\"duplicates\": *[1-9]' /run/second.json && grep -q '\"accepted\": *25' /run/second.json"
}

watchdog_test() {
    mkdir -p "$work/root/etc/systemd/system/x400mta.service.d"
    printf '[Service]\nWatchdogSec=3s\nRestartSec=100ms\n' >"$work/root/etc/systemd/system/x400mta.service.d/test.conf"
    in_box systemctl daemon-reload
    in_box systemctl restart x400mta
    sleep 5
    check "the watchdog is fed" test "$(property NRestarts)" = 0
    hanging=$(property MainPID)
    [ "$hanging" -gt 1 ] && in_box_sh "kill -STOP $hanging"
    restarted() { [ "$(property NRestarts)" -ge 1 ] && active; }
    check "a service that hangs is restarted by the watchdog" wait_for 30 restarted
    rm -r "$work/root/etc/systemd/system/x400mta.service.d"
    in_box systemctl daemon-reload
}

socket_test() {
    in_box systemctl stop x400mta
    in_box systemctl start x400mta.socket
    check "with the socket unit the service is not needed at once" sh -c "! sh '$here/box.sh' exec '$work/box' systemctl is-active x400mta"
    check "the first caller starts it, and its message is taken" send 1
    check "the service runs" active
    check "it listens by the socket of systemd" in_box_sh "! grep -q ' 12161 ' /var/log/x400mta/events.log && ls -l /proc/$(property MainPID)/fd/3 | grep -q socket:"
    check "a restart refuses no caller" sh -c "sh '$here/box.sh' exec '$work/box' systemctl --no-block restart x400mta && sh '$here/box.sh' exec '$work/box' p1source -n SOURCE -m 3 -f 'C=GB;A= ;P=SOURCE;S=ann' -r 'C=GB;A= ;P=SINK;S=bob%d' --retries 20 127.0.0.1:102"
    in_box systemctl stop x400mta.socket
    in_box systemctl restart x400mta
}

tools_test() {
    in_box logrotate -f /etc/logrotate.d/x400mta
    in_box systemctl restart x400mta
    check "the log is rotated" in_box test -s /var/log/x400mta/events.log.1
    in_box logrotate -f /etc/logrotate.d/x400mta
    check "x400ctl status answers" wait_for 20 in_box x400ctl status
    send 1 >/dev/null 2>&1
    check "the running service goes on in the new log" wait_for 10 in_box grep -q . /var/log/x400mta/events.log
    complete_words() { # WORDS...
        in_box bash -c '. /usr/share/bash-completion/completions/x400ctl; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _x400ctl; printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
    }
    completes() {
        wanted=$1
        shift
        complete_words "$@" | grep -q -x -e "$wanted"
    }
    check "completion: commands" completes queue x400ctl qu
    check "completion: second words" completes retry x400ctl queue r
    check "completion: connectors" completes SINK x400ctl connectors disable S
    check "completion: options" completes --json x400ctl status --j
    if in_box test -e /usr/lib/systemd/catalog/x400mta.catalog; then
        check "journalctl -x explains an event" in_box_sh 'journalctl --sync; journalctl -x -u x400mta X400_EVENT_ID=9298 | grep -q "^░░"'
    fi
}

removal_test() {
    in_box_sh 'rm -rf /run/first* /run/second*'
    check "the packages are removed" in_box_sh 'dpkg -r x400mta x400mta-tools x400mta-doc'
    check "the service is stopped" sh -c "! sh '$here/box.sh' exec '$work/box' systemctl is-active x400mta"
    check "configuration and queue are kept" in_box test -s /etc/x400mta/x400mta.conf -a -s /var/lib/x400mta/queue.db
    check "the packages are purged" in_box_sh 'dpkg -P x400mta x400mta-tools x400mta-doc'
    snapshot >"$work/after"
    check "nothing is left" diff "$work/before" "$work/after"
}

service_test() {
    snapshot >"$work/before"
    installed_test
    if ! active; then # nothing of what follows could be
        in_box_sh 'journalctl -u x400mta --no-pager | tail -30'
        return
    fi
    relay_test
    upgrade_test
    watchdog_test
    socket_test
    tools_test
    [ $failed -eq 0 ] || in_box_sh 'journalctl -u x400mta --no-pager | tail -60' >"$logs/journal.log" 2>&1
    removal_test
}
