#!/bin/bash
# alone.sh COMMAND...: runs a command as the first process of namespaces of its own: processes, mounts, network, names.
# It has an empty /run in memory (TMPDIR) and nothing but a loopback. Whatever it starts, mounts and connects is gone
# when it ends, and also when this script is killed: the kernel sees to that. SIGTERM and SIGINT are handed on to it as
# SIGTERM. Needs root. Ends with the status of the command.
set -u
setpriv --pdeathsig KILL unshare -m -n -u -i -p -f --kill-child --mount-proc bash -c '
    mount -t tmpfs -o mode=755,size=75% x400-alone /run && ip link set lo up && TMPDIR=/run exec "$@"' alone "$@" &
box=$!
hand_on() {
    local first=""
    read -r first _ <"/proc/$box/task/$box/children" # its line has no end
    [ -z "$first" ] || kill -TERM "$first"
}
trap hand_on TERM INT
while :; do
    wait $box
    status=$?
    [ -d "/proc/$box" ] || exit $status
done
