#!/bin/sh
# The same with pcs: virtual address, spool and x400mta, with order and colocation spelt out instead of a group.
set -e
pcs resource create x400-spool ocf:heartbeat:Filesystem device=/dev/disk/by-label/x400 directory=/var/lib/x400mta \
    fstype=ext4 op monitor interval=20s timeout=40s
pcs resource create x400-address ocf:heartbeat:IPaddr2 ip=192.0.2.100 cidr_netmask=24 op monitor interval=2s timeout=20s
pcs resource create x400-mta ocf:x400mta:x400mta config=/etc/x400mta/x400mta.conf virtual_addresses=192.0.2.100 \
    health_attribute=x400-reach op start timeout=60s op stop timeout=60s op monitor interval=2s timeout=10s \
    op monitor interval=30s timeout=20s OCF_CHECK_LEVEL=10
pcs constraint order x400-spool then x400-address
pcs constraint order x400-address then x400-mta
pcs constraint colocation add x400-address with x400-spool INFINITY
pcs constraint colocation add x400-mta with x400-address INFINITY
pcs constraint location x400-mta rule score=-1000 x400-reach eq 0
pcs resource defaults update resource-stickiness=100
