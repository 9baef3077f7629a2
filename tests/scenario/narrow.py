"""narrow.py PORT TARGET RATE HOLD FOLDER: a narrow link. Takes calls on PORT of loopback and passes them on to TARGET, the
caller's octets at no more than RATE a second. After HOLD octets of callers nothing goes on until FOLDER/go is there;
then there is FOLDER/held. FOLDER/sent has the number of the callers' octets that went on."""
import os
import socket
import sys
import threading
import time

PORT, TARGET, RATE, HOLD = (int(argument) for argument in sys.argv[1:5])
FOLDER = sys.argv[5]
PIECE = 16384
sent = 0
lock = threading.Lock()


def path(name):
    return os.path.join(FOLDER, name)


def note(name, text=""):
    with open(path(name + ".new"), "w") as file:
        file.write(text)
    os.replace(path(name + ".new"), path(name))


def account(octets):
    global sent
    with lock:
        sent += octets
        note("sent", str(sent))
        held = sent >= HOLD and not os.path.exists(path("go"))
    if held:
        note("held")
        while not os.path.exists(path("go")):
            time.sleep(0.02)


def relay(source, sink, narrow):
    try:
        while True:
            octets = source.recv(PIECE)
            if not octets:
                break
            if narrow:
                account(len(octets))
                time.sleep(len(octets) / RATE)
            sink.sendall(octets)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(client):
    try:
        server = socket.create_connection(("127.0.0.1", TARGET), 5)
    except OSError:
        client.close()
        return
    server.settimeout(None)
    back = threading.Thread(target=relay, args=(server, client, False), daemon=True)
    back.start()
    relay(client, server, True)
    back.join()
    client.close()
    server.close()


def main():
    listener = socket.create_server(("127.0.0.1", PORT), backlog=20)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client,), daemon=True).start()


main()
