"""Fixtures: a server for all tests, servers of one's own, clients and a backend."""

import pytest

import wire
from backend import Backend
from server import Server


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The server that tests share; each makes its own APIs on it."""
    started = Server(tmp_path_factory.mktemp("postern") / "data").start()
    yield started
    code = started.stop()
    assert code == 0, f"SIGTERM ended it with {code}; the log says:\n{started.log()}"


@pytest.fixture
def fresh_server(tmp_path):
    """Makes servers that the test may kill and restart, each with its own data directory."""
    made = []

    def make(**arguments):
        made.append(Server(tmp_path / f"data-{len(made)}", **arguments))
        return made[-1].start()

    yield make
    for server in made:
        server.kill()


@pytest.fixture(scope="session")
def apigateway(server):
    """A strict boto3 client for REST APIs."""
    return server.client("apigateway")


@pytest.fixture(scope="session")
def shared_backend():
    started = Backend()
    yield started
    started.stop()


@pytest.fixture
def backend(shared_backend):
    """The backend, with nothing recorded yet."""
    shared_backend.forget()
    return shared_backend


@pytest.fixture
def invoke(server):
    """Calls a deployed API on the shared server; see `wire.invoke`."""
    return lambda *arguments, **keywords: wire.invoke(server, *arguments, **keywords)


@pytest.fixture(scope="module")
def aws():
    """What stands in for AWS behind integrations."""
    # Only those who ask for it wait for moto to be imported.
    from aws_services import AwsServices

    started = AwsServices()
    yield started
    started.stop()
