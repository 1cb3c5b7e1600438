"""A backend's name that gets other addresses while the server runs: the names of a machine are those of its hosts file, and the server
sees one of its own, in a mount namespace. Where the machine lets nobody make one, this is skipped by name."""

import shutil
import socket
import subprocess
import threading
import time

import pytest

import rest_apis
import wire
from server import Server

NAME = "moving.postern.test"
# Addresses are believed for some seconds; then the name is looked up again.
PATIENCE_SECONDS = 30
# The shell's last word becomes the server, with the process id that the test knows.
SCRIPT = """#!/bin/sh
exec unshare --user --map-root-user --mount sh -c 'mount --bind {hosts} /etc/hosts && exec {binary} "$@"' postern "$@"
"""


def can_have_its_own_names():
    if shutil.which("unshare") is None:
        return False
    tried = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", "mount --bind /dev/null /etc/hosts"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(not can_have_its_own_names(), reason="no mount namespaces for unprivileged users on this machine")


class Place:
    """A backend at an address of its own that says which it is, keeps connections open and counts them."""

    def __init__(self, address, port):
        self.listener = socket.create_server((address, port))
        self.port = self.listener.getsockname()[1]
        self.answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(address), address.encode())
        self.open = 0
        self.lock = threading.Lock()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with self.lock:
            self.open += 1
        with connection:
            while read_head(connection):
                connection.sendall(self.answer)
        with self.lock:
            self.open -= 1


def read_head(connection):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        try:
            piece = connection.recv(4096)
        except OSError:
            return b""
        if not piece:
            return b""
        head += piece
    return head


@pytest.fixture
def places():
    first = Place("127.0.0.2", 0)
    second = Place("127.0.0.3", first.port)
    yield first, second
    first.listener.close()
    second.listener.close()


@pytest.fixture
def own(tmp_path, places):
    """A server with a hosts file of its own, and an API before the name: (server, hosts file, api id)."""
    hosts, script = tmp_path / "hosts", tmp_path / "postern"
    hosts.write_text(f"127.0.0.2 {NAME}\n")
    server = Server(tmp_path / "data")
    script.write_text(SCRIPT.format(hosts=hosts, binary=server.binary))
    script.chmod(0o755)
    binary, server.binary = server.binary, str(script)
    server.start()
    server.binary = binary
    client = server.client("apigateway")
    api_id, root_id = rest_apis.create(client)
    rest_apis.add_proxy_method(client, api_id, root_id, f"http://{NAME}:{places[0].port}/")
    rest_apis.deploy(client, api_id)
    yield server, hosts, api_id
    assert server.stop() == 0


def eventually(condition):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def test_a_name_that_moves_is_followed(own, places):
    server, hosts, api_id = own
    first, second = places

    def seen():
        answer = wire.invoke(server, api_id, "dev", "/")
        assert answer.status == 200, answer
        return answer.body

    assert [seen() for _ in range(20)] == [b"127.0.0.2"] * 20
    assert first.open > 0 and second.open == 0
    # Written in place: what is mounted is the file, not its name.
    hosts.write_text(f"127.0.0.3 {NAME}\n")
    eventually(lambda: {seen() for _ in range(10)} == {b"127.0.0.3"})
    # Once it was followed, nothing goes to the old address, and no connection to it is kept.
    assert [seen() for _ in range(20)] == [b"127.0.0.3"] * 20
    eventually(lambda: first.open == 0)
    assert second.open > 0


def test_a_name_that_vanishes_keeps_its_last_addresses_for_a_while(own, places):
    server, hosts, api_id = own
    invoke = lambda: wire.invoke(server, api_id, "dev", "/").body  # noqa: E731
    assert invoke() == b"127.0.0.2"
    hosts.write_text("")
    eventually(lambda: invoke() == b"127.0.0.2" and "last addresses of a backend's name" in server.log())
    hosts.write_text(f"127.0.0.3 {NAME}\n")
    eventually(lambda: invoke() == b"127.0.0.3")
