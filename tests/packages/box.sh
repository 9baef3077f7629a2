#!/bin/sh
# A machine of its own for a test: a real systemd as process 1 over a root folder, in namespaces of its own (also
# its own network, with a loopback only). Needs root and a kernel with cgroup v2.
#
#   box.sh up ROOT STATE        boots, waits until the system runs; STATE is a folder for what box.sh remembers
#   box.sh exec STATE COMMAND   runs a command in it
#   box.sh down STATE           shuts it down; what it leaves in ROOT stays
set -u
here=$(cd "$(dirname "$0")" && pwd)

groups_root() { if [ -d /sys/fs/cgroup/unified ]; then echo /sys/fs/cgroup/unified; else echo /sys/fs/cgroup; fi; }

inside() {
    box_pid=$(cat "$state/pid")
    nsenter -t "$box_pid" -m -u -i -n -p -C -r -w -- env -i HOME=/root TERM=dumb LC_ALL=C.UTF-8 \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# In the new namespaces: makes the root folder the root, with what a system needs around it, and becomes systemd.
become_system() {
    root=$1
    set -e
    mount --make-rprivate /
    mount --bind "$root" "$root"
    cd "$root"
    mount -t proc proc proc
    mount -t sysfs sysfs sys
    mount -t cgroup2 cgroup2 sys/fs/cgroup
    mount -t tmpfs -o mode=755,size=4m tmpfs dev
    for device in null zero full random urandom tty; do
        : >dev/$device
        mount --bind /dev/$device dev/$device
    done
    mkdir dev/shm dev/pts
    mount -t tmpfs -o mode=1777 tmpfs dev/shm
    mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
    ln -s pts/ptmx dev/ptmx
    ln -s /proc/self/fd dev/fd
    mount -t tmpfs -o mode=755 tmpfs run
    mount -t tmpfs -o mode=1777 tmpfs tmp
    # Only what a service needs to live among: no hardware, no logins, no time.
    for unit in systemd-udevd.service systemd-udevd-kernel.socket systemd-udevd-control.socket \
        systemd-udev-trigger.service systemd-modules-load.service systemd-timesyncd.service systemd-logind.service \
        getty.target console-getty.service systemd-firstboot.service systemd-random-seed.service \
        systemd-networkd.service systemd-sysctl.service systemd-remount-fs.service proc-sys-fs-binfmt_misc.automount \
        dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-fs-fuse-connections.mount; do
        ln -sf /dev/null etc/systemd/system/$unit
    done
    : >etc/fstab
    echo box >etc/hostname
    head -c 16 /dev/urandom | md5sum | cut -c1-32 >etc/machine-id
    mkdir -p .old
    pivot_root . .old
    umount -l /.old
    hostname box
    exec env -i container=x400box PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system \
        --unit=multi-user.target --show-status=0 </dev/null
}

up() {
    root=$1
    mkdir -p "$state"
    group=$(groups_root)/x400box-$$
    mkdir "$group" || return 1
    echo "$group" >"$state/group"
    # shellcheck disable=SC2016
    sh -c 'echo $$ >"$0/cgroup.procs" && exec unshare -m -u -i -p -C -n -f --kill-child sh "$1" become "$2"' \
        "$group" "$here/box.sh" "$root" </dev/null >"$state/log" 2>&1 &
    starter=$!
    turns=600
    while [ $turns -gt 0 ] && kill -0 $starter 2>/dev/null; do
        child=$(cut -d' ' -f1 "/proc/$starter/task/$starter/children" 2>/dev/null)
        if [ -n "$child" ] && [ "$(cat "/proc/$child/comm" 2>/dev/null)" = systemd ]; then
            echo "$child" >"$state/pid"
            case $(inside systemctl is-system-running 2>/dev/null) in
            running | degraded) return 0 ;;
            esac
        fi
        sleep 0.1
        turns=$((turns - 1))
    done
    echo "no systemd in the box:" >&2
    cat "$state/log" >&2
    down
    return 1
}

down() {
    if [ -e "$state/pid" ]; then
        box_pid=$(cat "$state/pid")
        kill -s RTMIN+3 "$box_pid" 2>/dev/null # the order to halt
        turns=100
        while [ -d "/proc/$box_pid" ] && [ $turns -gt 0 ]; do
            sleep 0.1
            turns=$((turns - 1))
        done
        kill -KILL "$box_pid" 2>/dev/null
        sleep 0.2
    fi
    [ -e "$state/group" ] && find "$(cat "$state/group")" -depth -type d -exec rmdir {} \; 2>/dev/null
    rm -rf "$state"
    return 0
}

verb=${1:-}
shift
case $verb in
become) become_system "$@" ;;
up)
    state=$2
    up "$1"
    ;;
exec)
    state=$1
    shift
    inside "$@"
    ;;
down)
    state=$1
    down
    ;;
*)
    sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
