"""A backend in a process of its own, made to be killed. Prints its port, then a line for each answer that it has begun.

| path | answer |
| --- | --- |
| `/silent` | none |
| `/short` | a head, and 1,000 of 5,000 bytes |
| `/long` | a head, and 400,000 of 5,000,000 bytes |
| anything else | `here` |
"""

import socket
import sys
import threading
import time

FOREVER_SECONDS = 3600


def serve(connection):
    with connection:
        while head := read_head(connection):
            path = head.split()[1].decode()
            if path == "/silent":
                say(path)
                time.sleep(FOREVER_SECONDS)
            elif path == "/short":
                begin(connection, path, 5_000, 1_000)
            elif path == "/long":
                begin(connection, path, 5_000_000, 400_000)
            else:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere")


def begin(connection, path, length, sent):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length + b"x" * sent)
    say(path)
    time.sleep(FOREVER_SECONDS)


def read_head(connection):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        try:
            byte = connection.recv(1)
        except ConnectionError:
            return b""
        # A verb begins with a letter; whoever greets in TLS is hung up on.
        if not byte or (not head and not byte.isalpha()):
            return b""
        head += byte
    return head


def say(line):
    print(line, flush=True)


if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=256)
    say(listener.getsockname()[1])
    while True:
        threading.Thread(target=serve, args=listener.accept()[:1], daemon=True).start()
