#!/bin/bash
# The first process of a node: makes its root over this machine's and starts corosync and Pacemaker.
#   node.sh NODE LAB     with NODES, LAB_NET and HERE in the environment
node=$1
LAB=$2
set -e
mount --make-rprivate /
base=$LAB/$node
mkdir -p "$base"
mount -t tmpfs -o mode=755,size=1g "x400-$node" "$base"
mkdir "$base/upper" "$base/work" "$base/root"
root=$base/root
mount -t overlay -o "lowerdir=/,upperdir=$base/upper,workdir=$base/work" overlay "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t tmpfs -o mode=755,size=1m tmpfs "$root/dev"
for device in null zero full random urandom tty; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/shm"
mount -t tmpfs -o size=256m,mode=1777 tmpfs "$root/dev/shm"
ln -s /proc/self/fd "$root/dev/fd"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mkdir -p "$root/shared" "$root/power" "$root/old"
mount --bind "$LAB/shared" "$root/shared"
mount --bind "$LAB/power" "$root/power"

# What a node has of its own.
{
    echo "127.0.0.1 localhost"
    for each in $NODES; do echo "$LAB_NET.${each#n} $each"; done
} >"$root/etc/hosts"
mkdir -p "$root/etc/corosync" "$root/var/log/corosync" "$root/var/lib/corosync" "$root/usr/lib/ocf/resource.d/x400mta"
rm -rf "$root"/var/lib/corosync/* "$root"/var/lib/pacemaker/cib/* "$root"/var/lib/pacemaker/pengine/*
{
    printf 'totem {\n version: 2\n cluster_name: x400\n transport: knet\n crypto_cipher: none\n crypto_hash: none\n token: 1000\n}\n'
    printf 'nodelist {\n'
    for each in $NODES; do
        printf ' node {\n  name: %s\n  nodeid: %s\n  ring0_addr: %s\n }\n' "$each" "${each#n}" "$LAB_NET.${each#n}"
    done
    printf '}\nquorum {\n provider: corosync_votequorum\n}\nlogging {\n to_stderr: no\n to_syslog: no\n to_logfile: yes\n logfile: /var/log/corosync/corosync.log\n}\n'
} >"$root/etc/corosync/corosync.conf"
install -m 755 "$HERE/../../installer/pacemaker/x400mta" "$root/usr/lib/ocf/resource.d/x400mta/x400mta"
install -m 755 "$HERE/fence_x400" "$root/usr/sbin/fence_x400"
# A new cluster waits dc-deadtime (20 s) for others, unless its base says otherwise from the first moment.
install -o hacluster -g haclient -m 600 "$HERE/cib.xml" "$root/var/lib/pacemaker/cib/cib.xml"

cd "$root"
pivot_root . old
exec </dev/null >/var/log/node.log 2>&1
umount -l /old
set +e
hostname "$node"
mkdir -p /run/lock /run/resource-agents
chmod 1755 /run/resource-agents
ip link set lo up
corosync -f &
for _ in $(seq 900); do
    corosync-cfgtool -s >/dev/null 2>&1 && break
    sleep 0.1
done
PCMK_logfile=/var/log/pacemaker/pacemaker.log PCMK_logfacility=none pacemakerd &
trap : TERM INT HUP
while :; do
    sleep 3600 &
    wait $!
done
