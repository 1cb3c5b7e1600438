"""The execution log of live requests, as the server's log has it: by a stage's setting, or for one request by a token."""

import hashlib
import hmac
import json
import stat
import time

import pytest

import rest_apis
from answers import patch


@pytest.fixture(scope="module")
def key(server):
    return json.loads(server.run("keys", "log-key", "--json"))["logKey"]


@pytest.fixture
def api(apigateway, backend):
    api_id, root_id = rest_apis.create(apigateway)
    rest_apis.add_proxy_method(apigateway, api_id, root_id, backend.url + "/")
    rest_apis.deploy(apigateway, api_id)
    return api_id


def token(key, api_id, stage="dev", ahead=60):
    expiry = int(time.time()) + ahead
    digits = hmac.new(key.encode(), f"{api_id}/{stage}/{expiry}".encode(), hashlib.sha256).hexdigest()
    return {"X-Postern-Log": f"{expiry}.{digits}"}


def logged(server, answer):
    """The lines of one request."""
    mark = f"({answer.header('x-amzn-RequestId')}) "
    texts = [line.split(mark, 1)[1] for line in server.log().splitlines() if "postern::execution_log" in line and mark in line]
    return [text.split(" request=")[0] for text in texts]


def test_the_key_is_the_servers_and_its_owners_alone(server, key):
    path = server.data_dir / "log-key"
    assert path.read_text().strip() == key == server.run("keys", "log-key").strip()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_token_has_one_request_logged(server, invoke, backend, key, api):
    headers = {**token(key, api), "Authorization": "Bearer abcdefghijklmnopqrstuvwxyz", "Cookie": "session=0123456789abcdef"}
    answer = invoke(api, "dev", method="POST", headers=headers, body=b"one\ntwo")
    assert answer.status == 200
    [seen] = backend.requests
    assert "x-postern-log" not in {name.lower() for name, _ in seen["headers"]}
    lines = logged(server, answer)
    assert lines[0] == f"Extended Request Id: {answer.header('x-amz-apigw-id')}"
    assert lines[4] == f"Starting execution for request: {answer.header('x-amzn-RequestId')}"
    assert "Method request body before transformations: one\\ntwo" in lines
    assert lines[-2:] == ["Successfully completed execution", "Method completed with status: 200"]
    text = server.log()
    assert "abcdefghijklmnop" not in text and "0123456789abcdef" not in text and "X-Postern-Log=" not in text
    # The next one, without a token, is not.
    assert logged(server, invoke(api, "dev")) == []


def test_a_token_that_is_no_good_is_ignored(server, invoke, backend, key, api):
    for headers in (
        token(key, api, ahead=-1),
        token(key, api, ahead=1000),
        token(key, api, stage="prod"),
        token(key, "other12345"),
        token("0" * 64, api),
        {"X-Postern-Log": "nonsense"},
    ):
        answer = invoke(api, "dev", headers=headers)
        assert answer.status == 200
        assert logged(server, answer) == []
    seen = {name.lower() for request in backend.requests for name, _ in request["headers"]}
    assert "x-postern-log" not in seen
    assert "an X-Postern-Log field was ignored" in server.log()


def test_a_stages_level_takes_effect_at_once(server, invoke, backend):
    # A region of its own: the role is the account's there, and other tests want an account without one.
    client = server.client(region="logs-1")
    client.update_account(patchOperations=[patch("replace", "/cloudwatchRoleArn", "arn:aws:iam::000000000000:role/logs")])
    api, root_id = rest_apis.create(client)
    rest_apis.add_proxy_method(client, api, root_id, backend.url + "/")
    rest_apis.deploy(client, api)
    assert logged(server, invoke(api, "dev")) == []

    def level(*operations):
        client.update_stage(restApiId=api, stageName="dev", patchOperations=[patch("replace", *each) for each in operations])

    level(("/*/*/logging/loglevel", "INFO"))
    lines = logged(server, invoke(api, "dev", headers={"X-Mine": "seen"}))
    assert "Method completed with status: 200" in lines
    assert not any("headers" in line or "body" in line for line in lines), lines
    level(("/*/*/logging/dataTrace", "true"))
    lines = logged(server, invoke(api, "dev", headers={"X-Mine": "seen"}))
    assert any(line.startswith("Method request headers: {") and "X-Mine=seen" in line for line in lines), lines
    level(("/~1/ANY/logging/loglevel", "ERROR"))
    assert logged(server, invoke(api, "dev")) == []
    level(("/~1/ANY/logging/loglevel", "OFF"), ("/*/*/logging/loglevel", "OFF"))
    assert logged(server, invoke(api, "dev")) == []
