"""Backends that misbehave: the gateway response AWS gives or a visibly broken-off answer, never half of one that looks whole."""

import http.client
import socket
import time

import pytest

import rest_apis
from backend import BROKEN, Backend

FAULTS = sorted({*BROKEN, "reset"})

# What these answer is one whole message that can be read only one way, so passing it on is right as well.
READABLE = {"length-and-chunked", "folded"}


@pytest.fixture(scope="module")
def proxy_api(server):
    """An API that forwards every path to a backend of its own: (api id, backend)."""
    client = server.client("apigateway")
    backend = Backend()
    api_id, root_id = rest_apis.create(client)
    resource_id = rest_apis.add_resource(client, api_id, root_id, "{proxy+}")
    mapping = {"integration.request.path.rest": "method.request.path.proxy"}
    rest_apis.add_proxy_method(client, api_id, resource_id, f"{backend.url}/{{rest}}", requestParameters=mapping)
    rest_apis.deploy(client, api_id)
    yield api_id, backend
    backend.stop()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_answer_never_looks_whole(invoke, proxy_api, fault):
    api_id, backend = proxy_api
    backend.forget()
    try:
        answer = invoke(api_id, "dev", f"/broken/{fault}", method="POST", body=b"once")
    except (http.client.HTTPException, ConnectionError):
        answer = None
    if answer is not None and answer.status < 500:
        assert fault in READABLE, answer
        assert answer.body == b"this"
    if answer is not None:
        assert answer.header("X-Injected") is None
    assert len(backend.requests) == 1, "a request that is not idempotent was sent again"
    # The next request on whatever connection is left belongs to itself.
    after = invoke(api_id, "dev", "/after").json()
    assert after["path"] == "/after"


@pytest.mark.parametrize("status", [200, 201, 204, 301, 304, 400, 404, 418, 500, 503])
def test_statuses_pass_through(invoke, proxy_api, status):
    assert invoke(proxy_api[0], "dev", f"/status/{status}").status == status


@pytest.mark.parametrize("count", [0, 1, 65_535, 65_536, 65_537, 5_000_000])
def test_bodies_pass_through_whole(invoke, proxy_api, count):
    api_id, _ = proxy_api
    assert invoke(api_id, "dev", f"/bytes/{count}").body == b"x" * count
    sent = invoke(api_id, "dev", "/echo", method="POST", body=b"y" * count)
    assert sent.json()["bodyBytes"] == count


def test_chunks_pass_through_in_both_directions(invoke, proxy_api):
    api_id, _ = proxy_api
    answer = invoke(api_id, "dev", "/chunked/1000")
    assert answer.body == b"".join(b"chunk %d\n" % number for number in range(1000))
    body = b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
    echo = invoke(api_id, "dev", "/echo", method="POST", headers={"Transfer-Encoding": "chunked"}, body=body).json()
    assert echo["body"] == "hello world"


def test_a_request_over_the_limit_is_413_before_the_backend_hears_of_it(invoke, proxy_api):
    api_id, backend = proxy_api
    backend.forget()
    try:
        answer = invoke(api_id, "dev", "/echo", method="POST", headers={"Content-Length": str(11 * 1024 * 1024)}, body=b"x")
    except ConnectionError:
        answer = None
    assert answer is None or (answer.status, answer.header("x-amzn-ErrorType")) == (413, "RequestTooLargeException")
    assert backend.requests == []


def test_a_slow_backend_is_504(server, apigateway, invoke, backend):
    api_id, root_id = rest_apis.create(apigateway)
    rest_apis.add_proxy_method(apigateway, api_id, root_id, f"{backend.url}/delay/3000", timeoutInMillis=100)
    rest_apis.deploy(apigateway, api_id)
    start = time.monotonic()
    answer = invoke(api_id, "dev")
    assert (answer.status, answer.json()) == (504, {"message": "Endpoint request timed out"})
    assert time.monotonic() - start < 2


def test_nobody_there_is_an_error_of_the_gateway(apigateway, invoke):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    api_id, root_id = rest_apis.create(apigateway)
    rest_apis.add_proxy_method(apigateway, api_id, root_id, f"http://127.0.0.1:{port}/")
    rest_apis.deploy(apigateway, api_id)
    answer = invoke(api_id, "dev")
    assert answer.status in (500, 502, 504)
    assert answer.header("x-amzn-ErrorType") == "InternalServerErrorException"


def test_a_backend_that_restarts_loses_no_request(apigateway, invoke):
    backend = Backend()
    api_id, root_id = rest_apis.create(apigateway)
    rest_apis.add_proxy_method(apigateway, api_id, root_id, f"{backend.url}/")
    rest_apis.deploy(apigateway, api_id)
    for _ in range(20):
        assert invoke(api_id, "dev").status == 200
    backend.stop()
    restarted = Backend(backend.port)
    try:
        assert [invoke(api_id, "dev").status for _ in range(40)] == [200] * 40
    finally:
        restarted.stop()


def test_hop_by_hop_fields_pass_in_neither_direction(invoke, proxy_api):
    api_id, _ = proxy_api
    fields = [("Connection", "close, X-Hop"), ("X-Hop", "1"), ("Keep-Alive", "timeout=5"), ("TE", "trailers"), ("X-End", "2")]
    target = "/respond?Connection=X-Back&X-Back=1&Keep-Alive=timeout%3D5&X-Through=2"
    answer = invoke(api_id, "dev", target, headers=fields)
    sent = {name.lower() for name, _ in answer.json()["headers"]}
    assert not sent & {"x-hop", "keep-alive", "te"} and "x-end" in sent
    assert answer.header("X-Back") is None and answer.header("Keep-Alive") is None
    assert answer.header("X-Through") == "2"
    assert answer.header("x-amzn-Remapped-Connection") == "X-Back"
