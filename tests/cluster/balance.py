"""balance.py PORT NODE...: takes calls on PORT of loopback and passes each on to the next of the nodes (ports) that
answers, as the address of a cluster would. Ends with the signal that ends it."""
import select
import socket
import sys
import threading


def relay(a, b):
    pair = {a: b, b: a}
    try:
        while True:
            for ready in select.select([a, b], [], [])[0]:
                octets = ready.recv(65536)
                if not octets:
                    return
                pair[ready].sendall(octets)
    except OSError:
        pass
    finally:
        for each in (a, b):
            each.close()


def serve(client, nodes, turn):
    for attempt in range(len(nodes)):
        try:
            server = socket.create_connection(("127.0.0.1", nodes[(turn + attempt) % len(nodes)]), 2)
        except OSError:
            continue
        server.settimeout(None)
        relay(client, server)
        return
    client.close()


def main():
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=100)
    nodes = [int(port) for port in sys.argv[2:]]
    turn = 0
    while True:
        client, _ = listener.accept()
        turn += 1
        threading.Thread(target=serve, args=(client, nodes, turn), daemon=True).start()


main()
