"""Secrets of clients and callers, planted all over a busy run of the whole server: no log has one, at the level of debugging."""

import json
import urllib.parse

import botocore.exceptions
import pytest

import rest_apis
import wire
from answers import patch
from collector import Collector, eventually

PLANTED = {
    "Authorization": "Bearer planted-bearer-0001",
    "Proxy-Authorization": "Basic planted-proxy-00002",
    "Cookie": "a=1; session=planted-cookie-0003",
    "x-api-key": "planted-apikey-0000004",
    "X-Amz-Security-Token": "planted-session-00005",
    "X-Auth-Token": "planted-xtoken-0000006",
}
QUERY = {
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": "AKIDEXAMPLE/20260101/us-east-1/execute-api/aws4_request",
    "X-Amz-Signature": "planted-signature-007",
    "X-Amz-Security-Token": "planted-session-00005",
    "access_token": "planted-access-000008",
}
FORMAT = (
    '{"r":"$context.requestId","k":"$context.identity.apiKey","m":"$context.error.message","ms":$context.error.messageString,'
    '"a":"$context.authenticate.error","z":"$context.authorizer.error","p":"$context.path","ua":"$context.identity.userAgent"}'
)


@pytest.fixture
def collector():
    started = Collector()
    yield started
    started.stop()


def busy(client, backend):
    """An API that logs and traces everything, with a method of each kind."""
    client.update_account(patchOperations=[patch("replace", "/cloudwatchRoleArn", "arn:aws:iam::000000000000:role/logs")])
    api_id, root_id = rest_apis.create(client, "busy")
    proxied = rest_apis.add_resource(client, api_id, root_id, "proxied")
    copy = {"integration.request.header.X-Copy": "method.request.header.Cookie"}
    rest_apis.add_proxy_method(client, api_id, proxied, backend.url + "/", requestParameters=copy)
    for name, changes in (
        ("signed", [patch("replace", "/authorizationType", "AWS_IAM")]),
        ("keyed", [patch("replace", "/apiKeyRequired", "true")]),
    ):
        resource = rest_apis.add_resource(client, api_id, root_id, name)
        rest_apis.add_mock_method(client, api_id, resource, "x")
        client.update_method(restApiId=api_id, resourceId=resource, httpMethod="GET", patchOperations=changes)
    rest_apis.deploy(client, api_id)
    changes = [
        patch("replace", "/*/*/logging/loglevel", "INFO"),
        patch("replace", "/*/*/logging/dataTrace", "true"),
        patch("replace", "/*/*/metrics/enabled", "true"),
        patch("replace", "/tracingEnabled", "true"),
        patch("replace", "/accessLogSettings/destinationArn", "arn:aws:logs:us-east-1:000000000000:log-group:/busy"),
        patch("replace", "/accessLogSettings/format", FORMAT),
    ]
    client.update_stage(restApiId=api_id, stageName="dev", patchOperations=changes)
    return api_id


def test_no_log_shows_a_secret(fresh_server, tmp_path, backend, collector):
    config = tmp_path / "postern.toml"
    config.write_text(
        f'[log]\nlevel = "debug"\naccess = "{tmp_path}/own.log"\n[otlp]\nendpoint = "{collector.url}"\nmetrics_interval_ms = 200\n'
        f'[log_destinations."/busy"]\ntarget = "{tmp_path}/busy.log"\n'
    )
    server = fresh_server(arguments=["--config", str(config)])
    client = server.client("apigateway")
    key = client.create_api_key(name="k", value="planted-stored-key-0009", enabled=True)
    client.get_api_key(apiKey=key["id"], includeValue=True)
    api_id = busy(client, backend)
    query = urllib.parse.urlencode(QUERY)
    body = "Bearer planted-bearer-0001 planted-cookie-0003".encode()
    calls = 0
    for headers in (PLANTED, {**PLANTED, "Authorization": "planted-bearer-0001"}):
        for path in ("/proxied", "/signed", "/keyed", "/none"):
            wire.invoke(server, api_id, "dev", f"{path}?{query}", headers=headers)
            calls += 1
        wire.invoke(server, api_id, "dev", f"/proxied?{query}", method="POST", headers=headers, body=body)
        calls += 1
    wire.invoke(server, api_id, "dev", f"/signed?{query}")
    calls += 1
    # The same at the management API, whose credentials are wrong.
    wire.request(server.management, "GET", f"/restapis?{query}", headers=PLANTED)
    with pytest.raises(botocore.exceptions.ClientError):
        server.client(credentials=(server.credentials()[0], "planted-secret-key-010")).get_rest_apis()
    eventually(collector.spans, lambda spans: len(spans) >= calls)
    assert server.stop() == 0
    logs = {
        "server's": server.log(),
        "gateway's": (tmp_path / "own.log").read_text(),
        "stage's": (tmp_path / "busy.log").read_text(),
        "collector's": json.dumps([body for _, _, body in collector.requests]),
    }
    assert "Endpoint request headers" in logs["server's"] and logs["stage's"].count("\n") == calls
    secrets = [value for value in (*PLANTED.values(), *QUERY.values()) if "planted" in value]
    secrets = {word for value in secrets for word in value.replace("=", " ").split() if "planted" in word}
    secrets |= {"planted-stored-key-0009", "planted-secret-key-010"}
    for name, log in logs.items():
        for secret in secrets:
            shown = [line for line in log.splitlines() if secret in line]
            assert not shown, f"{secret} is in the {name} log: {shown[0]}"
