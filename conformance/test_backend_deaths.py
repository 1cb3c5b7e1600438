"""Backends that are killed, hang or are not what they should be: the documented gateway response each time, the backend is used
again as soon as it is back, and no connection is left over."""

import http.client
import pathlib
import subprocess
import sys
import threading
import time
import urllib.request

import pytest

import rest_apis
import wire

SCRIPT = pathlib.Path(__file__).with_name("doomed_backend.py")
PATIENCE_SECONDS = 20
TIMED_OUT = (504, {"message": "Endpoint request timed out"})
NETWORK_ERROR = (504, {"message": "Network error communicating with endpoint"})
SERVER_ERROR = (500, {"message": "Internal server error"})


class Doomed:
    """The process; it can be killed as a power cut would, and started again at its port."""

    def __init__(self):
        self.port = 0
        self.start()

    def start(self):
        arguments = [sys.executable, str(SCRIPT), str(self.port)]
        self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def has_begun(self, path):
        assert self.process.stdout.readline().strip() == path

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def connections(self):
        """Connections to it that are open, as the kernel sees them."""
        wanted = f"0100007F:{self.port:04X}"
        lines = pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]
        established = "01"
        return sum(1 for line in lines if line.split()[2] == wanted and line.split()[3] == established)


@pytest.fixture
def doomed():
    backend = Doomed()
    yield backend
    if backend.process.poll() is None:
        backend.kill()


@pytest.fixture
def own(fresh_server, doomed):
    """A server of its own, whose connections are this test's, and an API before the backend: (server, api id)."""
    server = fresh_server()
    client = server.client("apigateway")
    api_id, root_id = rest_apis.create(client)
    resource_id = rest_apis.add_resource(client, api_id, root_id, "{proxy+}")
    mapping = {"integration.request.path.rest": "method.request.path.proxy"}
    uri = f"http://127.0.0.1:{doomed.port}/{{rest}}"
    rest_apis.add_proxy_method(client, api_id, resource_id, uri, requestParameters=mapping, timeoutInMillis=1500)
    rest_apis.deploy(client, api_id)
    return server, api_id


def result(answer):
    return answer.status, answer.json()


def open_connections(server):
    page = urllib.request.urlopen(f"{server.management}/_postern/metrics", timeout=10).read().decode()
    return next(int(line.split()[1]) for line in page.splitlines() if line.startswith("postern_backend_connections "))


def eventually(condition):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def asked(server, api_id, path):
    """The request in a thread of its own, and where its answer, or the error in its place, will be."""
    answers = []

    def ask():
        try:
            answers.append(wire.invoke(server, api_id, "dev", path))
        except (http.client.HTTPException, ConnectionError) as error:
            answers.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    return thread, answers


def test_killed_within_what_is_held_back(own, doomed):
    server, api_id = own
    thread, answers = asked(server, api_id, "/short")
    doomed.has_begun("/short")
    doomed.kill()
    thread.join(PATIENCE_SECONDS)
    assert result(answers[0]) == NETWORK_ERROR
    # Nobody is there, and then somebody is again.
    assert result(wire.invoke(server, api_id, "dev", "/gone")) in (SERVER_ERROR, NETWORK_ERROR)
    doomed.start()
    assert [wire.invoke(server, api_id, "dev", "/back").body for _ in range(10)] == [b"here"] * 10
    eventually(lambda: open_connections(server) == doomed.connections() <= 2)


def test_killed_past_what_is_held_back(own, doomed):
    server, api_id = own
    thread, answers = asked(server, api_id, "/long")
    doomed.has_begun("/long")
    doomed.kill()
    thread.join(PATIENCE_SECONDS)
    assert isinstance(answers[0], (http.client.IncompleteRead, ConnectionError)), answers[0]
    doomed.start()
    assert wire.invoke(server, api_id, "dev", "/back").body == b"here"
    eventually(lambda: open_connections(server) == doomed.connections() <= 2)


def test_accepting_and_never_answering(own, doomed):
    server, api_id = own
    asking = [asked(server, api_id, "/silent") for _ in range(20)]
    for thread, _ in asking:
        thread.join(PATIENCE_SECONDS)
    assert [result(answers[0]) for _, answers in asking] == [TIMED_OUT] * 20
    eventually(lambda: open_connections(server) == doomed.connections() == 0)
    assert wire.invoke(server, api_id, "dev", "/after").body == b"here"


def test_a_client_that_leaves_takes_its_connection_along(own, doomed):
    server, api_id = own
    host = server.http.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=PATIENCE_SECONDS)
    connection.request("GET", f"/restapis/{api_id}/dev/_user_request_/silent")
    doomed.has_begun("/silent")
    assert doomed.connections() == 1
    connection.close()
    eventually(lambda: open_connections(server) == doomed.connections() == 0)


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("https://127.0.0.1:{port}/", NETWORK_ERROR),
        ("http://no-such-name.invalid/", SERVER_ERROR),
        ("http://169.254.169.254/latest/meta-data/", SERVER_ERROR),
    ],
)
def test_what_cannot_be_reached(own, doomed, uri, expected):
    server, _ = own
    client = server.client("apigateway")
    api_id, root_id = rest_apis.create(client)
    rest_apis.add_proxy_method(client, api_id, root_id, uri.format(port=doomed.port))
    rest_apis.deploy(client, api_id)
    for _ in range(3):
        assert result(wire.invoke(server, api_id, "dev", "/")) == expected
    eventually(lambda: open_connections(server) == doomed.connections() == 0)


def test_forwarded_fields_are_appended_to_and_the_host_is_the_backends(apigateway, invoke, backend):
    api_id, root_id = rest_apis.create(apigateway)
    rest_apis.add_proxy_method(apigateway, api_id, root_id, f"{backend.url}/")
    rest_apis.deploy(apigateway, api_id)
    fields = [("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-For", "192.0.2.2, 192.0.2.3"), ("X-Forwarded-Proto", "gopher")]
    fields += [("X-Forwarded-Port", "1"), ("X-Forwarded-Host", "evil.example")]
    echo = invoke(api_id, "dev", "/", headers=fields).json()
    sent = [(name.lower(), value) for name, value in echo["headers"]]
    assert [value for name, value in sent if name == "x-forwarded-for"] == ["192.0.2.1, 192.0.2.2, 192.0.2.3, 127.0.0.1"]
    assert [value for name, value in sent if name == "x-forwarded-proto"] == ["http"]
    assert [value for name, value in sent if name == "host"] == [backend.url.removeprefix("http://")]
