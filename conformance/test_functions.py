"""Functions on this machine: by boto3 through Lambda's Invoke API, and as the README shows them."""

import base64
import json
import os
import pathlib
import shlex
import signal
import subprocess
import sys
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

import wire
from test_run import fetch, run  # noqa: F401 (a fixture)
from test_tour import blocks

CODE = pathlib.Path(__file__).parent / "data" / "functions"
PYTHON = str(CODE / "python")
NODE = str(CODE / "node")
SIX_MB = 6 * 1024 * 1024

TABLES = f"""
[functions.slow]
directory = "{PYTHON}"
handler = "app.sleep"
timeout_ms = 20000
concurrency_max = 2

[functions.hang]
directory = "{PYTHON}"
handler = "app.hang"
timeout_ms = 1000

[functions.configured]
directory = "{PYTHON}"
handler = "app.echo"
environment = {{ MINE = "yes" }}
memory_mb = 512
timeout_ms = 9000

[functions."arn:aws:lambda:us-east-1:999999999999:function:elsewhere"]
directory = "{PYTHON}"
handler = "app.echo"
"""
BY_FLAG = {
    "echo": f"{PYTHON}:app.echo",
    "python": f"{PYTHON}:app.proxy",
    "javascript": f"{NODE}:index.proxy",
    "fails": f"{PYTHON}:app.fail",
    "leaves": f"{PYTHON}:app.leave",
    "crashes": f"{PYTHON}:app.crash",
    "garbage": f"{PYTHON}:app.garbage",
    "large": f"{PYTHON}:app.large",
    "leaks": f"{PYTHON}:app.leak",
    "forks": f"{PYTHON}:app.fork",
    "counts": f"{PYTHON}:app.count",
    "node": f"{NODE}:index.echo",
    "node-fails": f"{NODE}:index.fail",
    "node-old": f"{NODE}:callback.handler",
    "streams": f"{NODE}:index.stream",
    "breaks": f"{NODE}:index.breaks",
}


def start(make, folder, **environment):
    """A server with all of them."""
    config = folder / "postern.toml"
    config.write_text(TABLES)
    flags = [word for name, code in BY_FLAG.items() for word in ("--function", f"{name}={code}")]
    return make(arguments=["--config", str(config), *flags], environment=environment)


@pytest.fixture(scope="module")
def functions(tmp_path_factory):
    """One server for all tests that leave it as it was. Its python3 has awslambdaric."""
    from server import Server

    folder = tmp_path_factory.mktemp("functions")
    programs = pathlib.Path(sys.executable).parent
    started = start(
        lambda **arguments: Server(folder / "data", **arguments).start(),
        folder,
        PATH=f"{programs}:{os.environ['PATH']}",
        POSTERN_LOG_FORMAT="text",
        AWS_ACCESS_KEY_ID="AKIDSERVER",
        AWS_SECRET_ACCESS_KEY="of the server",
        AWS_PROFILE="of-the-server",
    )
    yield started
    left = processes_of(started)
    assert started.stop() == 0
    assert gone(left), "a process outlived the server"


@pytest.fixture(scope="module")
def lambda_(functions):
    return functions.client("lambda")


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def processes_of(server):
    """Every process below the server."""
    parents = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
    below, found = {server.process.pid}, set()
    while below:
        below = {pid for pid, parent in parents.items() if parent in below}
        found |= below
    return found


def gone(pids, seconds=10):
    """Whether all of them end within that time."""
    end = time.monotonic() + seconds
    while any(alive(pid) for pid in pids):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def call(client, function, event=None, **arguments):
    """The answer and its payload, read as JSON."""
    answer = client.invoke(FunctionName=function, Payload=json.dumps(event), **arguments)
    payload = answer["Payload"].read()
    return answer, json.loads(payload) if payload else None


def test_a_python_handler_sees_what_it_sees_on_aws(lambda_):
    context = base64.b64encode(json.dumps({"custom": {"a": "b"}}).encode()).decode()
    answer, payload = call(lambda_, "configured", {"é": [1, None]}, ClientContext=context)
    assert (answer["StatusCode"], answer["ExecutedVersion"], "FunctionError" in answer) == (200, "$LATEST", False)
    assert payload["event"] == {"é": [1, None]}
    assert payload["request_id"] == answer["ResponseMetadata"]["RequestId"]
    assert payload["arn"] == "arn:aws:lambda:us-east-1:000000000000:function:configured"
    assert payload["client_context"] == {"a": "b"}
    assert 5000 < payload["remaining_ms"] <= 9000
    assert int(payload["memory_mb"]) == 512
    environment = payload["environment"]
    assert environment["MINE"] == "yes"
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == "configured"
    assert environment["AWS_REGION"] == "us-east-1"
    # What the server was started with stays with the server.
    assert not {"POSTERN_LOG_FORMAT", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"} & environment.keys()


def test_the_real_runtime_client_is_used_where_it_is_installed(lambda_):
    assert "awslambdaric" in call(lambda_, "echo")[1]["runtime"]


def test_our_own_runtime_client_serves_where_it_is_not(fresh_server, tmp_path):
    if subprocess.run(["python3", "-c", "import awslambdaric"], capture_output=True, check=False).returncode == 0:
        pytest.skip("the python3 of this machine has awslambdaric itself")
    server = start(fresh_server, tmp_path)
    client = server.client("lambda")
    answer, payload = call(client, "configured", {"a": 1})
    assert (payload["event"], "awslambdaric" in payload["runtime"]) == ({"a": 1}, False)
    assert payload["request_id"] == answer["ResponseMetadata"]["RequestId"]
    answer, payload = call(client, "fails", {"why": "because"})
    assert answer["FunctionError"] == "Unhandled"
    assert (payload["errorType"], payload["errorMessage"]) == ("ValueError", "because")
    assert any("raise ValueError" in line for line in payload["stackTrace"])


@pytest.mark.parametrize("function", ["node", "node-old"])
def test_a_node_handler_answers(lambda_, function):
    for _ in range(2):
        assert call(lambda_, function, {"a": 1})[1]["event"] == {"a": 1}


def test_a_warm_process_is_used_again(lambda_):
    assert call(lambda_, "echo")[1]["pid"] == call(lambda_, "echo")[1]["pid"]


def test_errors_of_handlers_are_answers(lambda_):
    answer, payload = call(lambda_, "fails", {"why": "because"})
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert (payload["errorType"], payload["errorMessage"]) == ("ValueError", "because")
    answer, payload = call(lambda_, "node-fails", {"why": "because"})
    assert answer["FunctionError"] == "Unhandled"
    assert (payload["errorType"], payload["errorMessage"]) == ("TypeError", "because")
    assert "trace" in payload


def test_the_end_of_the_log_is_given_on_request(lambda_):
    answer, payload = call(lambda_, "echo", LogType="Tail")
    log = base64.b64decode(answer["LogResult"]).decode()
    assert "a line of echo\n" in log and f"START RequestId: {payload['request_id']}" in log
    assert f"REPORT RequestId: {payload['request_id']}" in log
    assert "LogResult" not in call(lambda_, "echo")[0]


def test_a_dry_run_runs_nothing(lambda_):
    answer, payload = call(lambda_, "leaves", InvocationType="DryRun")
    assert (answer["StatusCode"], payload) == (204, None)
    assert call(lambda_, "node", InvocationType="Event")[0]["StatusCode"] == 202


def test_names_with_accounts_and_qualifiers(lambda_):
    own = "arn:aws:lambda:us-east-1:000000000000:function:echo"
    for name in ["echo", "000000000000:function:echo", own]:
        assert call(lambda_, name)[1]["arn"] == own
    assert call(lambda_, "echo:prod")[1]["arn"] == f"{own}:prod"
    assert call(lambda_, "echo", Qualifier="prod")[1]["arn"] == f"{own}:prod"


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("absent", 404, "ResourceNotFoundException"),
        ("elsewhere", 404, "ResourceNotFoundException"),
        ("arn:aws:lambda:us-east-1:999999999999:function:elsewhere", 403, "AccessDeniedException"),
    ],
)
def test_functions_that_are_not_the_callers(functions, name, status, code):
    client = functions.client("lambda")
    with pytest.raises(ClientError) as refused:
        client.invoke(FunctionName=name)
    error = refused.value.response
    assert (error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]["Code"]) == (status, code)


def test_nobody_calls_without_a_key_of_the_server(functions):
    path = "/2015-03-31/functions/echo/invocations"
    assert wire.request(functions.management, "POST", path, body=b"{}").status == 403
    with pytest.raises(ClientError) as refused:
        functions.client("lambda", credentials=("AKIDUNKNOWN", "secret")).invoke(FunctionName="echo")
    assert refused.value.response["Error"]["Code"] == "UnrecognizedClientException"


def test_payloads_that_lambda_refuses(lambda_):
    for payload, code in [(b"{no json", "InvalidRequestContentException"), (b'"' + b"x" * SIX_MB + b'"', "RequestEntityTooLargeException")]:
        with pytest.raises(ClientError) as refused:
            lambda_.invoke(FunctionName="echo", Payload=payload)
        assert refused.value.response["Error"]["Code"] == code


def test_a_response_comes_in_pieces(lambda_):
    event = {"pieces": ["one ", "two ", "three"], "pauseMs": 300}
    answer = lambda_.invoke_with_response_stream(FunctionName="streams", Payload=json.dumps(event))
    begun = time.monotonic()
    pieces, times, ends = [], [], []
    for item in answer["EventStream"]:
        if "PayloadChunk" in item:
            pieces.append(item["PayloadChunk"]["Payload"])
            times.append(time.monotonic() - begun)
        else:
            ends.append(item["InvokeComplete"])
    assert (b"".join(pieces), len(ends)) == (b"one two three", 1)
    assert "ErrorCode" not in ends[0]
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-remapped-content-type"] == "text/plain"
    assert times[-1] - times[0] > 0.4, f"the first piece was held back: {times}"
    whole = lambda_.invoke_with_response_stream(FunctionName="echo", Payload=b'{"a": 1}')["EventStream"]
    chunks = b"".join(item["PayloadChunk"]["Payload"] for item in whole if "PayloadChunk" in item)
    assert json.loads(chunks)["event"] == {"a": 1}


def test_a_stream_that_breaks_off_says_so(lambda_):
    items = list(lambda_.invoke_with_response_stream(FunctionName="breaks", Payload=b"{}")["EventStream"])
    assert items[0]["PayloadChunk"]["Payload"] == b"the beginning"
    assert items[-1]["InvokeComplete"]["ErrorCode"]


def test_calls_beyond_the_concurrency_wait_their_turn(functions, lambda_):
    with ThreadPoolExecutor(8) as pool:
        begun = time.monotonic()
        answers = list(pool.map(lambda number: call(lambda_, "slow", {"seconds": 0.5, "number": number})[1], range(8)))
    assert [answer["number"] for answer in answers] == list(range(8))
    assert time.monotonic() - begun > 1.9, "more than two at a time"
    page = wire.request(functions.management, "GET", "/_postern/metrics").body.decode()
    numbers = dict(line.rsplit(" ", 1) for line in page.splitlines() if line.startswith("postern_function_"))
    assert float(numbers['postern_function_invocations_total{function="slow"}']) >= 8
    assert 1 <= float(numbers['postern_function_processes{function="slow"}']) <= 2


# What a hostile function does to itself alone: name, what it fails with, if it fails.
HOSTILE = [
    ("hang", "Sandbox.Timedout", "Task timed out after 1.00 seconds"),
    ("leaves", "Runtime.ExitError", "exit status 7"),
    ("crashes", "Runtime.ExitError", "signal"),
    ("large", "Function.ResponseSizeTooLarge", "6291"),
    ("garbage", None, None),
    ("leaks", None, None),
]


@pytest.mark.parametrize(("function", "error_type", "message"), HOSTILE)
def test_a_hostile_function_leaves_the_server_healthy(functions, lambda_, function, error_type, message):
    before = descriptors(functions)
    for _ in range(2):
        answer, payload = call(lambda_, function, {})
        if error_type is None:
            assert "FunctionError" not in answer, payload
        else:
            assert answer["FunctionError"] == "Unhandled"
            assert payload["errorType"] == error_type and message in payload["errorMessage"], payload
        assert call(lambda_, "echo", {"still": "here"})[1]["event"] == {"still": "here"}
        assert wire.request(functions.management, "GET", "/_postern/health").status == 200
    # Some stay open between warm processes and the server; none for each call.
    assert descriptors(functions) < before + 30


@pytest.fixture(scope="module")
def behind_api(functions):
    """Calls a function by its name, through an API with a resource for each."""
    arn = "arn:aws:lambda:us-east-1:000000000000:function:"
    uri = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{}/invocations"
    names = [*BY_FLAG, "hang", "absent"]
    method = {name: {"type": "AWS_PROXY", "httpMethod": "POST", "uri": uri.format(arn + name)} for name in names}
    paths = {f"/{name}": {"get": {"x-amazon-apigateway-integration": integration}} for name, integration in method.items()}
    client = functions.client("apigateway")
    document = {"openapi": "3.0.1", "info": {"title": "functions", "version": "1"}, "paths": paths}
    api_id = client.import_rest_api(body=json.dumps(document))["id"]
    client.create_deployment(restApiId=api_id, stageName="dev")
    return lambda name: wire.invoke(functions, api_id, "dev", f"/{name}")


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_a_handler_behind_an_api(behind_api, language):
    for _ in range(2):
        answer = behind_api(language)
        assert (answer.status, answer.json()["hello"]) == (200, f"/{language}"), answer


@pytest.mark.parametrize(
    ("function", "status"),
    [("hang", 502), ("leaves", 502), ("crashes", 502), ("large", 502), ("garbage", 502), ("fails", 502), ("absent", 500)],
)
def test_a_hostile_function_behind_an_api(behind_api, function, status):
    answer = behind_api(function)
    assert (answer.status, answer.json()) == (status, {"message": "Internal server error"})
    assert behind_api("python").status == 200


def descriptors(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def test_a_response_of_just_the_limit_passes(lambda_):
    answer, payload = call(lambda_, "large", {"less": -1})
    assert ("FunctionError" not in answer, len(payload)) == (True, SIX_MB + 98)


def test_daemons_of_functions_end_with_the_server(fresh_server, tmp_path):
    server = start(fresh_server, tmp_path)
    _, payload = call(server.client("lambda"), "forks", {})
    assert alive(payload["pid"]) and alive(payload["left"])
    assert server.stop() == 0
    assert gone([payload["pid"], payload["left"]])


def test_functions_end_when_the_server_is_killed(fresh_server, tmp_path):
    server = start(fresh_server, tmp_path)
    _, payload = call(server.client("lambda"), "echo", {})
    server.kill()
    assert gone([payload["pid"]])


def test_functions_end_with_a_server_that_drains(fresh_server, tmp_path):
    server = start(fresh_server, tmp_path)
    client = server.client("lambda")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(call, client, "slow", {"seconds": 2})
        time.sleep(1)
        below = processes_of(server)
        server.process.send_signal(signal.SIGTERM)
        assert waiting.result()[1] == {"seconds": 2}, "what was under way is answered"
    assert server.process.wait(30) == 0
    assert gone(below)


def test_an_event_is_run_though_nobody_waits(lambda_, tmp_path):
    """The first try at once; the others come minutes later, as on AWS."""
    tries = tmp_path / "tries"
    answer, payload = call(lambda_, "counts", {"file": str(tries)}, InvocationType="Event")
    assert (answer["StatusCode"], payload) == (202, None)
    end = time.monotonic() + 20
    while not tries.exists():
        assert time.monotonic() < end, "it was not run"
        time.sleep(0.05)
    assert tries.read_text() == "tried\n"


def test_the_readme_as_written(run, tmp_path):  # noqa: F811
    script, command = blocks("functions", "sh").strip().rsplit("\n", 1)
    subprocess.run(["bash", "-euc", script], cwd=tmp_path, check=True, timeout=60)
    words = shlex.split(command)
    assert words[:6] == ["cargo", "run", "--release", "-p", "postern", "--"] and words[6] == "run"
    started = run(*words[7:])
    for path, language in [("/node/{name}", "Node.js"), ("/python/{name}", "Python")]:
        status, content_type, body = fetch(started.url("GET", path).replace("{name}", urllib.parse.quote("Ada")))
        assert (status, content_type, json.loads(body)) == (200, "application/json", {"hello": "Ada", "from": language})
    assert started.stop() == 0


def test_a_function_that_runs_nowhere_is_named(run, tmp_path):  # noqa: F811
    uri = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations"
    document = (
        "openapi: 3.0.0\ninfo: {title: a, version: '1'}\npaths:\n  /a:\n    get:\n      x-amazon-apigateway-integration:\n"
        f"        {{type: AWS_PROXY, httpMethod: POST, uri: '{uri}'}}\n"
    )
    (tmp_path / "a.yaml").write_text(document)
    line = run("a.yaml").until("err", "runs nowhere")[-1]
    assert "a.yaml:7:" in line and "GET /a calls the function f, which runs nowhere: add --function f=DIR:HANDLER" in line


def test_changed_code_is_taken_up(run, tmp_path):  # noqa: F811
    script, command = blocks("functions", "sh").strip().rsplit("\n", 1)
    subprocess.run(["bash", "-euc", script], cwd=tmp_path, check=True, timeout=60)
    started = run(*shlex.split(command)[7:], "--watch")
    url = started.url("GET", "/python/{name}").replace("{name}", "Ada")
    assert json.loads(fetch(url)[2])["from"] == "Python"
    code = tmp_path / "hello" / "app.py"
    code.write_text(code.read_text().replace('"Python"', '"a new Python"'))
    end = time.monotonic() + 20
    while json.loads(fetch(url)[2])["from"] == "Python":
        assert time.monotonic() < end, "the old code still answers"
        time.sleep(0.2)
    assert json.loads(fetch(url)[2])["from"] == "a new Python"
    assert started.stop() == 0
