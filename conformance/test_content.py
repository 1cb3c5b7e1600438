"""Content: binary media types with contentHandling, both ways, and compression."""

import base64
import gzip
import json
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

import rest_apis

# The recorded bytes: a gzip file of 67 bytes that AWS made 99 of, as text.
BYTES = bytes.fromhex(
    "1f8b0800146cee6302ff4bcecf2d284a2d2e4e4d5148492c49d45128cec82fcd4951484a55c8cc2b4bccc94c51080d71d3b550282e29cacc4b07"
    "00b83910572f000000"
)
AS_TEXT = BYTES.decode("utf-8", "replace").encode()
BASE64 = base64.b64encode(BYTES)
ERROR = {"message": "Internal server error"}


def create(client, binary_media_types=(), **update):
    """An API with those types: (api id, root id)."""
    api_id, root_id = rest_apis.create(client)
    patches = [{"op": "add", "path": "/binaryMediaTypes/" + each.replace("/", "~1")} for each in binary_media_types]
    patches += [{"op": "replace", "path": "/" + name, "value": str(value)} for name, value in update.items()]
    if patches:
        client.update_rest_api(restApiId=api_id, patchOperations=patches)
    return api_id, root_id


def add_http(client, api_id, root_id, uri, response=None, kind="HTTP", **integration):
    """POST / to a backend, with one default response."""
    place = {"restApiId": api_id, "resourceId": root_id, "httpMethod": "POST"}
    sources = integration.get("requestParameters", {}).values()
    client.put_method(**place, authorizationType="NONE", requestParameters={source: False for source in sources})
    client.put_integration(**place, type=kind, integrationHttpMethod="POST", uri=uri, **integration)
    if kind != "HTTP_PROXY":
        parameters = (response or {}).get("responseParameters", {})
        client.put_method_response(**place, statusCode="200", responseParameters={name: False for name in parameters})
        client.put_integration_response(**place, statusCode="200", **(response or {}))
    rest_apis.deploy(client, api_id)


def add_mock(client, api_id, root_id, body, handling=None, response_handling=None, method="GET"):
    place = {"restApiId": api_id, "resourceId": root_id, "httpMethod": method}
    client.put_method(**place, authorizationType="NONE")
    client.put_method_response(**place, statusCode="200")
    given = {"contentHandling": handling} if handling else {}
    client.put_integration(**place, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'}, **given)
    given = {"contentHandling": response_handling} if response_handling else {}
    client.put_integration_response(**place, statusCode="200", responseTemplates={"application/json": body}, **given)
    rest_apis.deploy(client, api_id)


def reached(backend):
    """The body of the one request that reached the backend."""
    body = backend.requests[-1]["body"]
    return body.encode() if isinstance(body, str) else base64.b64decode(body["base64"])


def payload(backend, body, content_type):
    return f"{backend.url}/payload/{body.hex()}?Content-Type={quote(content_type, safe='')}"


REQUESTS = [
    ((), "image/png", None, BYTES, AS_TEXT),
    ((), "image/png", "CONVERT_TO_TEXT", BYTES, AS_TEXT),
    ((), "image/png", "CONVERT_TO_BINARY", BASE64, BYTES),
    (("image/png",), "text/plain", None, BYTES, AS_TEXT),
    (("image/png",), "text/plain", None, BASE64, BASE64),
    (("image/png",), "text/plain", "CONVERT_TO_BINARY", BASE64, BYTES),
    (("image/png",), "Image/PNG; a=b", None, BYTES, BYTES),
    (("image/png",), "image/png", "CONVERT_TO_BINARY", BYTES, BYTES),
    (("image/png",), "image/png", "CONVERT_TO_TEXT", BYTES, BASE64),
    (("image/*",), "image/gif", None, BYTES, BYTES),
    (("*/*",), "text/plain", None, BYTES, BYTES),
]


@pytest.mark.parametrize(("types", "content_type", "handling", "sent", "expected"), REQUESTS)
def test_what_a_backend_gets(apigateway, invoke, backend, types, content_type, handling, sent, expected):
    api_id, root_id = create(apigateway, types)
    given = {"contentHandling": handling} if handling else {}
    add_http(apigateway, api_id, root_id, backend.url, **given)
    answer = invoke(api_id, "dev", method="POST", headers={"Content-Type": content_type}, body=sent)
    assert answer.status == 200, answer
    assert reached(backend) == expected
    fields = {name.lower(): value for name, value in backend.requests[-1]["headers"]}
    assert fields["content-length"] == str(len(expected))


@pytest.mark.parametrize("handling", [None, "CONVERT_TO_TEXT", "CONVERT_TO_BINARY"])
def test_http_proxy_converts_only_where_it_is_told_to(apigateway, invoke, backend, handling):
    api_id, root_id = create(apigateway, ["image/png"])
    given = {"contentHandling": handling} if handling else {}
    add_http(apigateway, api_id, root_id, backend.url, kind="HTTP_PROXY", **given)
    for content_type, sent in (("image/png", BYTES), ("text/plain", BASE64)):
        assert invoke(api_id, "dev", method="POST", headers={"Content-Type": content_type}, body=sent).status == 200
        converted = {("CONVERT_TO_TEXT", "image/png"): BASE64, ("CONVERT_TO_BINARY", "text/plain"): BYTES}
        assert reached(backend) == converted.get((handling, content_type), sent)


def test_what_is_not_base64_is_an_error(apigateway, invoke, backend):
    api_id, root_id = create(apigateway)
    add_http(apigateway, api_id, root_id, backend.url, contentHandling="CONVERT_TO_BINARY")
    answer = invoke(api_id, "dev", method="POST", body=b'{"a": 1}')
    assert (answer.status, answer.json()) == (500, ERROR)
    assert backend.requests == []


@pytest.mark.parametrize(("handling", "status"), [(None, 500), ("CONVERT_TO_BINARY", 500), ("CONVERT_TO_TEXT", 200)])
def test_a_template_cannot_read_bytes(apigateway, invoke, backend, handling, status):
    """With `*/*` every body is bytes, an empty one too: the well-known preflight that fails until it is converted to text."""
    api_id, root_id = create(apigateway, ["*/*"])
    add_mock(apigateway, api_id, root_id, "", handling, method="OPTIONS")
    answer = invoke(api_id, "dev", method="OPTIONS", headers={"Accept": "*/*"})
    assert answer.status == status
    if status == 500:
        assert answer.json() == ERROR


PNG = "image/png"
RESPONSES = [
    # payload's type, Accept, contentHandling, payload, what the client gets (None: an error)
    ("text/plain", "text/plain", None, b"text", b"text"),
    ("text/plain", "text/plain", None, BYTES, AS_TEXT),
    ("text/plain", "text/plain", "CONVERT_TO_BINARY", BASE64, BYTES),
    ("text/plain", "text/plain", "CONVERT_TO_BINARY", b"{}", None),
    ("text/plain", "text/plain", "CONVERT_TO_TEXT", b"text", b"text"),
    ("text/plain", PNG, None, BASE64, BYTES),
    ("text/plain", PNG, None, b'"' + BASE64 + b'"', BYTES),
    ("text/plain", PNG, None, b"not base64", None),
    ("text/plain", PNG, "CONVERT_TO_BINARY", BASE64, BYTES),
    ("text/plain", PNG, "CONVERT_TO_TEXT", BASE64, BASE64),
    (PNG, "text/plain", None, BYTES, BASE64),
    (PNG, "text/plain, image/png", None, BYTES, BASE64),
    (PNG, "text/plain", "CONVERT_TO_BINARY", BYTES, BYTES),
    (PNG, "text/plain", "CONVERT_TO_TEXT", BYTES, BASE64),
    (PNG, PNG, None, BYTES, BYTES),
    (PNG, "image/png;q=0.5, text/plain", None, BYTES, BYTES),
    (PNG, PNG, "CONVERT_TO_BINARY", BYTES, BYTES),
    (PNG, PNG, "CONVERT_TO_TEXT", BYTES, BASE64),
]


@pytest.mark.parametrize(("content_type", "accept", "handling", "sent", "expected"), RESPONSES)
def test_what_a_client_gets(apigateway, invoke, backend, content_type, accept, handling, sent, expected):
    api_id, root_id = create(apigateway, [PNG])
    response = {"contentHandling": handling} if handling else {}
    add_http(apigateway, api_id, root_id, payload(backend, sent, content_type), response)
    answer = invoke(api_id, "dev", method="POST", headers={"Accept": accept}, body=b"{}")
    if expected is None:
        assert (answer.status, answer.json()) == (500, ERROR)
    else:
        assert (answer.status, answer.body) == (200, expected)
        assert answer.header("Content-Length") == str(len(expected))


@pytest.mark.parametrize(("handling", "expected"), [(None, AS_TEXT), ("CONVERT_TO_TEXT", AS_TEXT), ("CONVERT_TO_BINARY", None)])
def test_without_binary_media_types_every_answer_is_text(apigateway, invoke, backend, handling, expected):
    api_id, root_id = create(apigateway)
    response = {"contentHandling": handling} if handling else {}
    add_http(apigateway, api_id, root_id, payload(backend, BYTES, PNG), response)
    answer = invoke(api_id, "dev", method="POST", headers={"Accept": PNG}, body=b"{}")
    assert (answer.status, answer.body) == ((200, expected) if expected else (500, answer.body))


def test_an_answer_of_the_limit_is_converted(apigateway, invoke, backend):
    api_id, root_id = create(apigateway, ["application/octet-stream"])
    add_http(apigateway, api_id, root_id, f"{backend.url}/bytes/{5 << 20}")
    answer = invoke(api_id, "dev", method="POST", headers={"Accept": "text/plain"}, body=b"{}")
    assert (answer.status, base64.b64decode(answer.body)) == (200, b"x" * (5 << 20))


def test_a_mock_serves_bytes_from_a_base64_template(apigateway, invoke):
    api_id, root_id = create(apigateway, [PNG])
    add_mock(apigateway, api_id, root_id, BASE64.decode() + "\n", response_handling="CONVERT_TO_BINARY")
    assert invoke(api_id, "dev").body == BYTES


def test_a_mock_by_accept(apigateway, invoke):
    api_id, root_id = create(apigateway, [PNG])
    add_mock(apigateway, api_id, root_id, '{"a": 1}')
    assert invoke(api_id, "dev", headers={"Accept": "application/json"}).json() == {"a": 1}
    answer = invoke(api_id, "dev", headers={"Accept": PNG})
    assert (answer.status, answer.json()) == (500, ERROR)


# Compression.

CODINGS = {"gzip": (gzip.compress, gzip.decompress), "deflate": (zlib.compress, zlib.decompress)}


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("types", [(), ("*/*",)])
def test_a_compressed_request_is_decompressed(apigateway, invoke, backend, coding, types):
    api_id, root_id = create(apigateway, types)
    mapping = {"integration.request.header.Content-Encoding": "method.request.header.Content-Encoding"}
    add_http(apigateway, api_id, root_id, backend.url, requestParameters=mapping)
    text = json.dumps({"text": "é" * 1000}).encode()
    body = CODINGS[coding][0](text)
    answer = invoke(api_id, "dev", method="POST", headers={"Content-Encoding": coding, "Content-Type": "application/json"}, body=body)
    assert answer.status == 200
    assert reached(backend) == text
    names = {name.lower() for name, _ in backend.requests[-1]["headers"]}
    assert "content-encoding" not in names, "the body has no coding any more"


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("br", b"x"),
        ("gzip, gzip", gzip.compress(gzip.compress(b"x"))),
        ("gzip", b"not gzip"),
        ("gzip", gzip.compress(b"cut off")[:-3]),
        ("deflate", b"not deflate"),
        ("deflate", zlib.compress(b"cut off")[:-3]),
    ],
)
def test_what_cannot_be_decompressed_is_refused(apigateway, invoke, backend, coding, body):
    api_id, root_id = create(apigateway)
    add_http(apigateway, api_id, root_id, backend.url)
    answer = invoke(api_id, "dev", method="POST", headers={"Content-Encoding": coding}, body=body)
    assert (answer.status, answer.json()) == (415, {"message": "Unsupported Media Type"})
    assert backend.requests == []


@pytest.mark.parametrize("coding", CODINGS)
def test_a_bomb_is_refused_in_bounded_time(apigateway, invoke, backend, coding):
    api_id, root_id = create(apigateway)
    add_http(apigateway, api_id, root_id, backend.url)
    bomb = CODINGS[coding][0](bytes(256 << 20))
    started = time.monotonic()
    answer = invoke(api_id, "dev", method="POST", headers={"Content-Encoding": coding}, body=bomb)
    assert (answer.status, answer.json()) == (413, {"message": "Request Too Long"})
    assert time.monotonic() - started < 10
    assert backend.requests == []


def test_http_proxy_passes_a_compressed_request_on(apigateway, invoke, backend):
    api_id, root_id = create(apigateway)
    add_http(apigateway, api_id, root_id, backend.url, kind="HTTP_PROXY")
    body = gzip.compress(b"text")
    assert invoke(api_id, "dev", method="POST", headers={"Content-Encoding": "gzip"}, body=body).status == 200
    assert reached(backend) == body


@pytest.mark.parametrize("kind", ["HTTP", "HTTP_PROXY"])
@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        ("gzip", "gzip"),
        ("deflate", "deflate"),
        ("br, deflate;q=0.5, gzip", "gzip"),
        ("gzip;q=0.1, deflate", "deflate"),
        ("gzip;q=0", None),
        ("identity", None),
        ("*", None),
        ("br", None),
        (None, None),
    ],
)
def test_the_client_names_the_coding(apigateway, invoke, backend, kind, accept, coding):
    api_id, root_id = create(apigateway, minimumCompressionSize=100)
    add_http(apigateway, api_id, root_id, payload(backend, b"text " * 100, "text/plain"), kind=kind)
    answer = invoke(api_id, "dev", method="POST", headers={"Accept-Encoding": accept} if accept else {}, body=b"{}")
    assert answer.header("Content-Encoding") == coding
    assert answer.header("Content-Length") == str(len(answer.body))
    decoded = CODINGS[coding][1](answer.body) if coding else answer.body
    assert decoded == b"text " * 100


def test_only_from_the_minimum_on(apigateway, invoke, backend):
    api_id, root_id = create(apigateway, minimumCompressionSize=10)
    add_mock(apigateway, api_id, root_id, "1234567890")
    short = rest_apis.add_resource(apigateway, api_id, root_id, "short")
    add_mock(apigateway, api_id, short, "123456789")
    empty = rest_apis.add_resource(apigateway, api_id, root_id, "empty")
    add_mock(apigateway, api_id, empty, "")
    headers = {"Accept-Encoding": "gzip"}
    answer = invoke(api_id, "dev", headers=headers)
    assert (answer.header("Content-Encoding"), gzip.decompress(answer.body)) == ("gzip", b"1234567890")
    for path, body in (("/short", b"123456789"), ("/empty", b"")):
        answer = invoke(api_id, "dev", path, headers=headers)
        assert (answer.header("Content-Encoding"), answer.body) == (None, body)


def test_the_setting_is_frozen_with_the_deployment(apigateway, invoke):
    api_id, root_id = create(apigateway)
    add_mock(apigateway, api_id, root_id, "text")
    apigateway.update_rest_api(
        restApiId=api_id, patchOperations=[{"op": "replace", "path": "/minimumCompressionSize", "value": "0"}]
    )
    headers = {"Accept-Encoding": "gzip"}
    assert invoke(api_id, "dev", headers=headers).header("Content-Encoding") is None
    rest_apis.deploy(apigateway, api_id)
    assert invoke(api_id, "dev", headers=headers).header("Content-Encoding") == "gzip"


@pytest.mark.parametrize("kind", ["HTTP", "HTTP_PROXY"])
def test_what_a_backend_compressed_is_left_alone(apigateway, invoke, backend, kind):
    api_id, root_id = create(apigateway, minimumCompressionSize=0)
    body = gzip.compress(b"text " * 100)
    response = {"responseParameters": {"method.response.header.Content-Encoding": "integration.response.header.Content-Encoding"}}
    uri = payload(backend, body, "text/plain") + "&Content-Encoding=gzip"
    add_http(apigateway, api_id, root_id, uri, response, kind=kind)
    answer = invoke(api_id, "dev", method="POST", headers={"Accept-Encoding": "deflate"}, body=b"{}")
    assert (answer.header("Content-Encoding"), answer.body) == ("gzip", body)


@pytest.mark.parametrize("kind", ["HTTP", "HTTP_PROXY"])
@pytest.mark.parametrize(
    ("path", "expected"),
    [("bytes/2000000", b"x" * 2_000_000), ("chunked/20000", b"".join(b"chunk %d\n" % number for number in range(20000)))],
)
def test_a_long_answer_is_compressed_as_it_streams(apigateway, invoke, backend, kind, path, expected):
    api_id, root_id = create(apigateway, minimumCompressionSize=1000)
    add_http(apigateway, api_id, root_id, f"{backend.url}/{path}", kind=kind)
    answer = invoke(api_id, "dev", method="POST", headers={"Accept-Encoding": "gzip"}, body=b"{}")
    assert (answer.header("Content-Encoding"), answer.header("Content-Length")) == ("gzip", None)
    assert gzip.decompress(answer.body) == expected


def test_nothing_is_compressed_in_stream_mode(apigateway, invoke, backend):
    api_id, root_id = create(apigateway, minimumCompressionSize=0)
    add_http(apigateway, api_id, root_id, f"{backend.url}/bytes/1000", kind="HTTP_PROXY", responseTransferMode="STREAM")
    answer = invoke(api_id, "dev", method="POST", headers={"Accept-Encoding": "gzip"}, body=b"{}")
    assert (answer.header("Content-Encoding"), answer.body) == (None, b"x" * 1000)


def test_a_head_is_not_compressed(apigateway, invoke, backend):
    api_id, root_id = create(apigateway, minimumCompressionSize=0)
    rest_apis.add_proxy_method(apigateway, api_id, root_id, f"{backend.url}/bytes/1000")
    rest_apis.deploy(apigateway, api_id)
    answer = invoke(api_id, "dev", method="HEAD", headers={"Accept-Encoding": "gzip"})
    assert (answer.header("Content-Encoding"), answer.header("Content-Length"), answer.body) == (None, "1000", b"")


def test_bombs_do_not_hold_up_others(apigateway, invoke, backend):
    """While bodies that inflate without end are sent to one API, another answers as ever."""
    api_id, root_id = create(apigateway)
    add_http(apigateway, api_id, root_id, backend.url)
    other_id, other_root = create(apigateway)
    add_mock(apigateway, other_id, other_root, "text")
    bombs = [gzip.compress(bytes(64 << 20)), zlib.compress(bytes(64 << 20)), b"\x78\x9c" + b"\x00\x00\x00\xff\xff" * 1_000_000]
    send = lambda body, coding: invoke(api_id, "dev", method="POST", headers={"Content-Encoding": coding}, body=body).status
    with ThreadPoolExecutor(6) as pool:
        sent = [pool.submit(send, bombs[number % 3], ("gzip", "deflate", "deflate")[number % 3]) for number in range(24)]
        slowest = 0
        while not all(each.done() for each in sent):
            started = time.monotonic()
            assert invoke(other_id, "dev").status == 200
            slowest = max(slowest, time.monotonic() - started)
    assert {each.result() for each in sent} == {413, 415}
    assert slowest < 2
    assert backend.requests == []
