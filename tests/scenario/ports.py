"""Prints N TCP ports of loopback that are free now and that the system does not give to outgoing connections."""
import random
import socket
import sys


def free_ports(count):
    sockets = []
    while len(sockets) < count:
        trial = socket.socket()
        try:
            trial.bind(("127.0.0.1", random.randrange(20000, 32000)))
            sockets.append(trial)
        except OSError:
            trial.close()
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


if __name__ == "__main__":
    print(*free_ports(int(sys.argv[1])))
