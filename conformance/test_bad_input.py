"""Input that no AWS client would send: AWS's error, nothing changed, nothing broken."""

import json
import socket
from urllib.parse import urlsplit

import pytest

import rest_apis
import signing
import wire

# More than the 6 MB that a management call may carry.
OVERSIZED_BYTES = 11 * 1024 * 1024


@pytest.fixture
def unchanged(apigateway):
    """Holds that the test left an API, and the list of APIs, as they were."""
    api_id, root_id = rest_apis.create(apigateway)

    def state():
        apis = {api["id"]: api for page in apigateway.get_paginator("get_rest_apis").paginate() for api in page["items"]}
        return apis, rest_apis.all_resources(apigateway, api_id)

    before = state()
    yield api_id, root_id
    assert state() == before


def assert_error(answer, status, code):
    assert (answer.status, answer.header("x-amzn-ErrorType")) == (status, code), answer
    assert isinstance(answer.json()["message"], str)
    assert answer.header("x-amzn-RequestId")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"name": }',
        b"[]",
        b'"name"',
        b"name=a",
        b'{"name": "a"} trailing',
        b'{"name": "\xff"}',
        b'{"name": "\\ud800"}',
        b"\x00",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"{'name': 'a'}",
        b'{"name": NaN}',
    ],
)
def test_malformed_json(server, unchanged, body):
    answer = signing.send(server, "POST", "/restapis", body, {"Content-Type": "application/json"})
    assert_error(answer, 400, "SerializationException")


@pytest.mark.parametrize(
    "members",
    [
        {"name": 7},
        {"name": ["a"]},
        {"name": {"a": "b"}},
        {"name": "a", "binaryMediaTypes": "image/png"},
        {"name": "a", "binaryMediaTypes": [7]},
        {"name": "a", "minimumCompressionSize": "many"},
        {"name": "a", "minimumCompressionSize": 1.5},
        {"name": "a", "minimumCompressionSize": 10**30},
        {"name": "a", "disableExecuteApiEndpoint": 1},
        {"name": "a", "endpointConfiguration": []},
        {"name": "a", "tags": {"a": 1}},
    ],
)
def test_wrong_types(server, unchanged, members):
    answer = signing.send(server, "POST", "/restapis", json.dumps(members).encode())
    assert_error(answer, 400, "SerializationException")


def test_a_missing_required_member(server, unchanged):
    for body in (b"{}", b"", b'{"name": null}'):
        answer = signing.send(server, "POST", "/restapis", body)
        assert answer.status == 400, answer
        assert answer.header("x-amzn-ErrorType") in ("ValidationException", "BadRequestException")


def test_unknown_members_are_ignored(server, apigateway):
    body = {"name": "unknown-members", "colour": "red", "endpointConfiguration": {"types": ["REGIONAL"], "colour": 7}}
    answer = signing.send(server, "POST", "/restapis", json.dumps(body).encode())
    assert answer.status == 201, answer
    made = apigateway.get_rest_api(restApiId=answer.json()["id"])
    assert made["name"] == "unknown-members" and "colour" not in answer.json()


def test_all_violations_come_together(server, unchanged):
    api_id, root_id = unchanged
    body = json.dumps({"type": "WRONG", "connectionType": "WRONG"}).encode()
    target = f"/restapis/{api_id}/resources/{root_id}/methods/GET/integration"
    answer = signing.send(server, "PUT", target, body)
    assert_error(answer, 400, "ValidationException")
    message = answer.json()["message"]
    assert message.startswith("2 validation errors detected: ")
    assert "putIntegrationInput.type" in message and "putIntegrationInput.connectionType" in message


def test_an_oversized_body(server, unchanged):
    body = json.dumps({"name": "big", "description": "x" * OVERSIZED_BYTES}).encode()
    try:
        answer = signing.send(server, "POST", "/restapis", body)
    except (BrokenPipeError, ConnectionResetError):
        return  # Refused by its length, before all of it was sent.
    assert_error(answer, 413, "RequestEntityTooLargeException")


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/restapis/{unknown}"),
        ("PATCH", "/restapis/{unknown}"),
        ("DELETE", "/restapis/{unknown}"),
        ("GET", "/restapis/{api}/stages/none"),
        ("GET", "/restapis/{api}/deployments/none00"),
        ("GET", "/restapis/{api}/resources/none00"),
        ("GET", "/restapis/{api}/resources/{root}/methods/GET"),
        ("GET", "/restapis/{api}/models/None"),
        ("GET", "/restapis/{api}/requestvalidators/none00"),
        ("GET", "/restapis/{API}"),
    ],
)
def test_unknown_ids(server, unchanged, method, target):
    api_id, root_id = unchanged
    target = target.format(unknown="zzzzzzzzzz", api=api_id, API=api_id.upper(), root=root_id)
    body = b'{"patchOperations": []}' if method == "PATCH" else b""
    assert_error(signing.send(server, method, target, body), 404, "NotFoundException")


def test_the_account_is_in_the_message(apigateway):
    with pytest.raises(apigateway.exceptions.NotFoundException) as raised:
        apigateway.get_rest_api(restApiId="zzzzzzzzzz")
    assert raised.value.response["Error"]["Message"] == "Invalid API identifier specified 000000000000:zzzzzzzzzz"


@pytest.mark.parametrize(
    "target", ["/", "/nothing", "/restapis/", "/restapis/a/b/c/d/e", "/v2/nothing", "/v3/apis", "//restapis", "/restapis/%2e%2e/apikeys"]
)
def test_unknown_paths(server, unchanged, target):
    answer = signing.send(server, "GET", target)
    assert answer.status in (400, 403, 404), answer
    assert answer.header("x-amzn-ErrorType")


@pytest.mark.parametrize("target", ["/restapis?limit=many", "/restapis?limit=-1", "/restapis?limit=99999999999999999999", "/restapis?position=%FF"])
def test_bad_queries(server, unchanged, target):
    assert signing.send(server, "GET", target).status in (200, 400)


GARBAGE = {
    "nothing": b"\r\n\r\n\r\n",
    "binary": bytes(range(256)) * 8,
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,
    "no-version": b"GET /restapis\r\n\r\n",
    "version": b"GET /restapis HTTP/9.9\r\nHost: a\r\n\r\n",
    "no-host": b"GET /restapis HTTP/1.1\r\n\r\n",
    "two-hosts": b"GET /restapis HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "space-before-colon": b"GET /restapis HTTP/1.1\r\nHost : a\r\n\r\n",
    "folded": b"GET /restapis HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n",
    "bare-cr": b"GET /restapis HTTP/1.1\r\nHost: a\r\nX: b\rY: c\r\n\r\n",
    "two-lengths": b"POST /restapis HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
    "bad-length": b"POST /restapis HTTP/1.1\r\nHost: a\r\nContent-Length: +2\r\n\r\n{}",
    "bad-chunk": b"POST /restapis HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "long-line": b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "long-header": b"GET /restapis HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
    "many-headers": b"GET /restapis HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X-%d: a\r\n" % number for number in range(5000)) + b"\r\n",
}


@pytest.mark.parametrize("listener", ["management", "http"])
@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_instead_of_http(server, unchanged, kind, listener):
    answer = wire.raw(getattr(server, listener), GARBAGE[kind], timeout=2)
    # Refused in words, or the connection closed; never taken for a good request.
    status = answer.split(b"\r\n", 1)[0].split(b" ")[1:2]
    assert status in ([], [b"400"], [b"403"], [b"404"], [b"414"], [b"431"], [b"501"], [b"505"]), answer[:200]
    assert b"x-amzn-Remapped" not in answer
    assert wire.request(server.management, "GET", "/_postern/health").status == 200


def test_half_a_request_does_not_hold_the_others(server):
    address = urlsplit(server.management)
    held = []
    try:
        for _ in range(200):
            connection = socket.create_connection((address.hostname, address.port), timeout=5)
            connection.sendall(b"GET /restapis HTTP/1.1\r\nHost: a\r\nX-Half")
            held.append(connection)
        assert wire.request(server.management, "GET", "/_postern/health").status == 200
    finally:
        for connection in held:
            connection.close()


def test_a_long_body_of_nobody_is_never_waited_for(server):
    head = "POST /restapis?mode=import HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6000000\r\n\r\n"
    received = wire.raw(server.management, head.encode())
    assert received.startswith(b"HTTP/1.1 403 ") and b"MissingAuthenticationTokenException" in received, received
