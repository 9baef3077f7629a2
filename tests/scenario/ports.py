"""Prints N TCP ports of loopback that are free now, that the system does not give to outgoing connections, and that
were not printed before: those of the file that X400_PORTS names, which may be asked for by several at once."""
import contextlib
import fcntl
import os
import random
import socket
import sys

FIRST, LAST = 20000, 31999


@contextlib.contextmanager
def given_before():
    """The set of ports that others have; what is added to it is kept."""
    path = os.environ.get("X400_PORTS")
    if not path:
        yield set()
        return
    with open(path, "a+", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        given = set(map(int, file.read().split()))
        if len(given) > (LAST - FIRST) // 2:
            given.clear()
        yield given
        file.truncate(0)
        file.write("".join("%d\n" % port for port in sorted(given)))


def free_ports(count):
    sockets = []
    with given_before() as given:
        while len(sockets) < count:
            port = random.randint(FIRST, LAST)
            if port in given:
                continue
            trial = socket.socket()
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                trial.close()
                continue
            sockets.append(trial)
            given.add(port)
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


if __name__ == "__main__":
    print(*free_ports(int(sys.argv[1])))
