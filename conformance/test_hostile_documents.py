"""Documents that stand for gigabytes or for hours: refused, or served, in bounded time and memory."""

import json
import time

import pytest

import rest_apis
import wire
from openapi_documents import body
from refusals import bad_request, refusal
from server import Server

# Many times what an idle machine takes: what this looks for has no end.
SECONDS_MAX = 30
GROWTH_KIB_MAX = 600 * 1024
INVALID = bad_request("Invalid OpenAPI input.")
OK = {"200": {"description": "OK"}}
MOCK = {
    "type": "mock",
    "requestTemplates": {"application/json": '{"statusCode": 200}'},
    "responses": {"default": {"statusCode": "200"}},
}
CIRCLE = {"$ref": "#/components/schemas/A"}


def document(paths, **components):
    return {"openapi": "3.0.0", "info": {"title": "Hostile"}, "paths": paths, "components": components}


def validated(schema):
    """A document whose POST / is validated by a schema."""
    post = {
        "requestBody": {"content": {"application/json": {"schema": CIRCLE}}},
        "responses": OK,
        "x-amazon-apigateway-integration": MOCK,
        "x-amazon-apigateway-request-validator": "all",
    }
    validators = {"x-amazon-apigateway-request-validators": {"all": {"validateRequestBody": True}}}
    return {**document({"/": {"post": post}}, schemas={"A": schema}), **validators}


def laughs(rows, width):
    """Each row repeats the one before it."""
    text = f"a0: &a0 [{','.join(['x'] * width)}]\n"
    for row in range(1, rows):
        text += f"a{row}: &a{row} [{','.join([f'*a{row - 1}'] * width)}]\n"
    return text.encode()


def nested(depth):
    schema = {"type": "string"}
    for _ in range(depth):
        schema = {"items": schema}
    return schema


@pytest.fixture(scope="module")
def bounded(tmp_path_factory):
    """Runs a call on a server of its own, whose memory is looked at, and fails when it takes too much."""
    server = Server(tmp_path_factory.mktemp("hostile") / "data").start()

    def peak_kib():
        with open(f"/proc/{server.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))

    def call(function):
        before, began = peak_kib(), time.monotonic()
        answer = function(server, server.client("apigateway"))
        assert time.monotonic() - began < SECONDS_MAX
        assert peak_kib() - before < GROWTH_KIB_MAX
        return answer

    yield call
    assert server.stop() == 0


TEXTS = {
    "a billion laughs": laughs(10, 10),
    "two laughs in thirty rows": laughs(30, 2),
    # Without aliases in each other.
    "one large anchor many times": b"a: &a [" + b"x," * 50_000 + b"x]\nb: [" + b"*a," * 5_000 + b"*a]\n",
    "an anchor in itself": b"swagger: '2.0'\npaths: &a {/: *a}\n",
    "objects": b'{"a":' * 100_000,
    "arrays": b'{"a":' + b"[" * 5_000_000,
    "flow sequences": b"a: " + b"[" * 5_000_000,
    "flow mappings": b"a: " + b"{a: " * 1_000_000,
    "block mappings": b"".join(b" " * depth + b"a:\n" for depth in range(3_000)),
    "block sequences": b"- " * 1_000_000,
    "complex keys": b"? " * 1_000_000,
    "tags": b"a: " + b"!" * 5_000_000,
    "anchors": b"&a " * 1_000_000,
}


@pytest.mark.parametrize("name", TEXTS)
def test_texts_are_refused(bounded, name):
    assert bounded(lambda _, client: refusal(client.import_rest_api, body=TEXTS[name])) == INVALID


ITSELF = {"parameters": [{"$ref": "#/components/parameters/p"}], "responses": {"200": {"$ref": "#/components/responses/r"}}}


@pytest.mark.parametrize(
    "made",
    [
        document({"/a": {"$ref": "#/paths/~1b"}, "/b": {"$ref": "#/paths/~1a"}}),
        document({"/a": {"$ref": "#"}, "/b": {"$ref": "#/paths"}}),
        document(
            {"/a": {"get": ITSELF}},
            parameters={"p": {"$ref": "#/components/parameters/p"}},
            responses={"r": {"$ref": "#/components/responses/r"}},
        ),
        document({}, schemas={"A": {"allOf": [CIRCLE, CIRCLE]}, "B": {"$ref": "#/components/schemas/B/properties/x"}}),
    ],
    ids=["paths", "root", "parts", "schemas"],
)
def test_references_in_circles_end(bounded, made):
    """They are told, or kept in a model, and the import goes on."""

    def imported(_, client):
        api_id = client.import_rest_api(body=body(made))["id"]
        return client.get_models(restApiId=api_id)["items"]

    assert len(bounded(imported)) == len(made["components"].get("schemas", {}))


SCHEMAS = {
    "repeats in repeats": ({"type": "string", "pattern": "^(a+)+$"}, "a" * 40 + "!", 400),
    "repeats that step back": ({"type": "string", "pattern": r"^(?=a)(a+)+\1$"}, "a" * 40 + "!", 400),
    "alternatives": ({"type": "string", "pattern": "^(a|aa)+$"}, "a" * 60 + "!", 400),
    "large counts": ({"type": "string", "pattern": "((a{1,1000}){1,1000}){1,1000}"}, "a", 500),
    "groups": ({"type": "string", "pattern": "(" * 50_000}, "a", 500),
    "many patterns": ({"allOf": [{"pattern": f"(x{{1,900}}){{1,9}}{number}"} for number in range(1_500)]}, "x", 500),
    "applies itself to one value": ({"allOf": [CIRCLE, CIRCLE]}, "a", 500),
    "applies itself to its items": ({"items": CIRCLE}, [[[]]], 200),
    "deep": (nested(110), [], 200),
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_are_bounded_in_traffic(bounded, name):
    schema, sent, status = SCHEMAS[name]

    def asked(server, client):
        api_id = client.import_rest_api(body=body(validated(schema)))["id"]
        rest_apis.deploy(client, api_id)
        headers = {"Content-Type": "application/json"}
        return wire.invoke(server, api_id, "dev", method="POST", headers=headers, body=json.dumps(sent).encode()).status

    assert bounded(asked) == status
