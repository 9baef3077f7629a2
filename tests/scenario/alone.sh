#!/bin/sh
# alone.sh COMMAND...: runs the command in the network namespace it is started in, once that has a loopback. For
# use as `unshare -n alone.sh COMMAND...`.
ip link set lo up || exit 1
exec "$@"
