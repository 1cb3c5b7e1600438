"""Malformed HTTP from clients: refused and the connection closed, or read in one way only."""

import json

import pytest

import rest_apis
import wire

HEAD = "Host: {host}\r\n"


@pytest.fixture(scope="module")
def api(apigateway, shared_backend):
    api_id, root_id = rest_apis.create(apigateway)
    rest_apis.add_proxy_method(apigateway, api_id, root_id, shared_backend.url + "/echo")
    rest_apis.deploy(apigateway, api_id)
    return api_id


# A second request smuggled behind the first must never be answered as one of its own.
SMUGGLED = "GET /dev/smuggled HTTP/1.1\r\nHost: {host}\r\n\r\n"

REFUSED = {
    "two lengths": "POST /dev HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nContent-Length: 4\r\n\r\nGET ",
    "signed length": "POST /dev HTTP/1.1\r\nHost: {host}\r\nContent-Length: +4\r\n\r\nabcd",
    "list of lengths": "POST /dev HTTP/1.1\r\nHost: {host}\r\nContent-Length: 4, 5\r\n\r\nabcd",
    "unknown transfer coding": "POST /dev HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked is not last": "POST /dev HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "space before colon": "GET /dev HTTP/1.1\r\nHost : {host}\r\n\r\n",
    "folded field": "GET /dev HTTP/1.1\r\nHost: {host}\r\nX-A: 1\r\n 2\r\n\r\n",
    "bare CR in a field": "GET /dev HTTP/1.1\r\nHost: {host}\r\nX-A: 1\rX-B: 2\r\n\r\n",
    "NUL in a field": "GET /dev HTTP/1.1\r\nHost: {host}\r\nX-A: 1\x002\r\n\r\n",
    "no host": "GET /dev HTTP/1.1\r\n\r\n",
    "two hosts": "GET /dev HTTP/1.1\r\nHost: {host}\r\nHost: other\r\n\r\n",
    "bad host": "GET /dev HTTP/1.1\r\nHost: a b\r\n\r\n",
    "user in host": "GET /dev HTTP/1.1\r\nHost: u@{host}\r\n\r\n",
    "bad version": "GET /dev HTTP/2.5\r\nHost: {host}\r\n\r\n",
    "bad chunk size": "POST /dev HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
    "huge chunk size": "POST /dev HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc\r\n0\r\n\r\n",
    "negative chunk size": "POST /dev HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nabc\r\n0\r\n\r\n",
    "CONNECT": "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n",
    "long field": "GET /dev HTTP/1.1\r\nHost: {host}\r\nX-Long: " + "a" * 40_000 + "\r\n\r\n",
    "many fields": "GET /dev HTTP/1.1\r\nHost: {host}\r\n" + "X-Many: 1\r\n" * 4_000 + "\r\n",
    "long target": "GET /dev/" + "a" * 40_000 + " HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "garbage": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "no version": "GET /dev\r\n\r\n",
    "space in target": "GET /dev a HTTP/1.1\r\nHost: {host}\r\n\r\n",
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_refused_and_closed(server, api, backend, name):
    text = REFUSED[name].replace("{host}", wire.api_host(api))
    # What follows on a connection that was not closed would be answered too.
    received = wire.raw(server.http, text.encode("latin-1") + b"\r\n\r\n" + SMUGGLED.format(host=wire.api_host(api)).encode())
    answers = received.count(b"HTTP/1.1 ")
    assert answers <= 1, received
    if answers:
        assert received.split()[1].startswith(b"4") or b"HTTP/1.1 50" in received, received
    assert all(request["path"] == "/echo" for request in backend.requests)
    assert "smuggled" not in str(backend.requests)
    # Nothing but what the framing says reached the backend.
    assert len(backend.requests) <= 1


NORMALISED = {
    "length and chunked": "POST /dev HTTP/1.1\r\nHost: {host}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "bare LF": "GET /dev HTTP/1.1\nHost: {host}\nX-A: 1\n\n",
    "absolute form": "GET http://{host}/dev HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "leading empty line": "\r\nGET /dev HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "chunk extension": "POST /dev HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n4;a=b\r\nabcd\r\n0\r\n\r\n",
    "trailers": "POST /dev HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n4\r\nabcd\r\n0\r\nX-T: 1\r\n\r\n",
    "equal lengths": "POST /dev HTTP/1.1\r\nHost: {host}\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\nabcd",
}


@pytest.mark.parametrize("name", sorted(NORMALISED))
def test_refused_or_read_in_one_way(server, api, backend, name):
    text = NORMALISED[name].replace("{host}", wire.api_host(api)).replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1)
    received = wire.raw(server.http, text.encode(), timeout=5)
    assert received.count(b"HTTP/1.1 ") <= 1
    assert len(backend.requests) <= 1
    for request in backend.requests:
        names = [field.lower() for field, _ in request["headers"]]
        assert names.count("content-length") + names.count("transfer-encoding") <= 1
        assert names.count("host") == 1 and "trailer" not in names and "x-t" not in names
        assert request["bodyBytes"] in (0, 4)


def test_pipelined_requests_are_answered_in_order(server, api):
    host = wire.api_host(api)
    one = f"GET /dev?n=1 HTTP/1.1\r\nHost: {host}\r\n\r\n"
    two = f"GET /dev?n=2 HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    received = wire.raw(server.http, (one + two).encode())
    assert received.index(b'"n=1"') < received.index(b'"n=2"')


def test_expect_continue_is_answered_before_the_body(server, api):
    host = wire.api_host(api)
    head = f"POST /dev HTTP/1.1\r\nHost: {host}\r\nContent-Length: 4\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    received = wire.raw(server.http, head.encode() + b"abcd")
    assert b"HTTP/1.1 200" in received and b'"bodyBytes": 4' in received


def test_the_management_address_refuses_what_it_cannot_read(server):
    for text in ("GET / HTTP/1.1\r\n\r\n", "POST /restapis HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", "nonsense\r\n\r\n"):
        received = wire.raw(server.management, text.encode(), timeout=5)
        assert b" 2" not in received[:13]


@pytest.mark.parametrize("path", ["/../admin", "/%2e%2e/admin", "/..;/admin", "/a%2f..%2f..%2fadmin", "/..%5cadmin"])
def test_no_path_leads_out_of_the_backends(apigateway, server, backend, path):
    api_id, root_id = rest_apis.create(apigateway)
    resource_id = rest_apis.add_resource(apigateway, api_id, root_id, "{proxy+}")
    mapping = {"integration.request.path.rest": "method.request.path.proxy"}
    rest_apis.add_proxy_method(apigateway, api_id, resource_id, backend.url + "/base/{rest}", requestParameters=mapping)
    rest_apis.deploy(apigateway, api_id)
    answer = wire.request(server.http, "GET", f"/dev{path}", host=wire.api_host(api_id))
    assert (answer.status, answer.header("x-amzn-ErrorType")) == (400, "BadRequestException")
    assert backend.requests == []


def test_a_refused_request_has_a_line_in_the_access_log(fresh_server):
    server = fresh_server()
    wire.raw(server.http, b"GET /forged\"%0a HTTP/1.1\r\nHost: a b\r\n\r\n")
    wire.raw(server.http, b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n")
    server.stop()
    lines = [json.loads(line) for line in server.log().splitlines() if line.startswith("{")]
    assert [(line["status"], line["path"]) for line in lines] == [(400, '/forged"%0a'), (400, "-")]
