"""Node.js handlers on the real `aws-lambda-ric`: `cargo xtask test --lambda-ric`, which builds it. Not part of the other suites."""

import os
import pathlib
import shutil

import pytest

from server import Server
from test_functions import CODE, alive, call, gone

BUILT = os.environ.get("POSTERN_LAMBDA_RIC")
pytestmark = pytest.mark.skipif(BUILT is None, reason="the real client is a slow build: cargo xtask test --lambda-ric")


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ric")
    code = shutil.copytree(CODE / "node", folder / "node")
    (code / "node_modules").symlink_to(pathlib.Path(BUILT) / "node_modules")
    # The real client's process says who it is.
    (code / "who.mjs").write_text("export const handler = async () => ({ argv: process.argv, pid: process.pid });\n")
    names = {"echo": "index.echo", "fails": "index.fail", "old": "callback.handler", "streams": "index.stream", "who": "who.handler"}
    flags = [word for name, handler in names.items() for word in ("--function", f"{name}={code}:{handler}")]
    server = Server(folder / "data", arguments=flags).start()
    yield server.client("lambda")
    assert server.stop() == 0


def test_it_is_the_real_one(client):
    payload = call(client, "who")[1]
    assert any("aws-lambda-ric" in word for word in payload["argv"]), payload
    assert alive(payload["pid"])


@pytest.mark.parametrize("function", ["echo", "old"])
def test_handlers_of_both_forms_answer(client, function):
    for number in range(3):
        assert call(client, function, {"number": number})[1]["event"] == {"number": number}


def test_errors_have_lambdas_form(client):
    answer, payload = call(client, "fails", {"why": "because"})
    assert answer["FunctionError"] == "Unhandled"
    assert (payload["errorType"], payload["errorMessage"]) == ("TypeError", "because")


def test_a_response_streams(client):
    event = b'{"pieces": ["one ", "two"], "pauseMs": 10}'
    items = list(client.invoke_with_response_stream(FunctionName="streams", Payload=event)["EventStream"])
    assert b"".join(item["PayloadChunk"]["Payload"] for item in items if "PayloadChunk" in item) == b"one two"
    assert "ErrorCode" not in items[-1]["InvokeComplete"]


def test_its_process_ends_with_the_server(tmp_path):
    code = shutil.copytree(CODE / "node", tmp_path / "node")
    (code / "node_modules").symlink_to(pathlib.Path(BUILT) / "node_modules")
    server = Server(tmp_path / "data", arguments=["--function", f"echo={code}:index.echo"]).start()
    pid = call(server.client("lambda"), "echo")[1]["pid"]
    server.kill()
    assert gone([pid])
