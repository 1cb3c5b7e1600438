"""Request validation, served: required parameters, bodies by model, what passes on to the backend."""

import gzip
import json

import pytest

import rest_apis

STATUS_MODEL = {"type": "object", "properties": {"Status": {"type": "string"}, "Order": {"type": "integer"}}, "required": ["Status", "Order"]}
VALID = {"status": {"Status": "works", "Order": 1}}


def reference(api_id, name):
    return {"$ref": f"https://apigateway.amazonaws.com/restapis/{api_id}/models/{name}"}


def model(client, api_id, name, schema):
    client.create_model(restApiId=api_id, name=name, contentType="application/json", schema=json.dumps(schema))


def error_string(client, api_id):
    template = '{"error": "$context.error.validationErrorString"}'
    client.put_gateway_response(restApiId=api_id, responseType="BAD_REQUEST_BODY", responseTemplates={"application/json": template})


@pytest.fixture
def built(apigateway, backend):
    """Makes and deploys `POST /{id}`, validated as told: its API."""

    def build(parameters=False, body=False, required=(), models=None):
        api_id, root_id = rest_apis.create(apigateway, "validation")
        model(apigateway, api_id, "StatusModel", STATUS_MODEL)
        status = {"oneOf": [{"type": "null"}, reference(api_id, "StatusModel")]}
        model(apigateway, api_id, "TestModel", {"type": "object", "properties": {"status": status}, "required": ["status"]})
        made = apigateway.create_request_validator(restApiId=api_id, validateRequestParameters=parameters, validateRequestBody=body)
        resource_id = rest_apis.add_resource(apigateway, api_id, root_id, "{id}")
        rest_apis.add_proxy_method(apigateway, api_id, resource_id, backend.url + "/seen", method="POST")
        place = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": "POST"}
        models = {"application/json": "TestModel"} if models is None else models
        changes = [{"op": "replace", "path": "/requestValidatorId", "value": made["id"]}]
        changes += [{"op": "add", "path": f"/requestParameters/method.request.{name}", "value": "true"} for name in required]
        escape = lambda media_type: media_type.replace("/", "~1")
        changes += [{"op": "add", "path": f"/requestModels/{escape(media_type)}", "value": name} for media_type, name in models.items()]
        apigateway.update_method(**place, patchOperations=changes)
        error_string(apigateway, api_id)
        rest_apis.deploy(apigateway, api_id)
        return api_id

    return build


def test_a_choice_between_null_and_another_model(built, invoke):
    api_id = built(body=True)
    post = lambda body: invoke(api_id, "dev", "/1", "POST", {"Content-Type": "application/json"}, json.dumps(body).encode())
    assert post({"status": None}).status == 200
    assert post(VALID).status == 200
    refused = post({})
    assert (refused.status, refused.header("x-amzn-ErrorType")) == (400, "BadRequestException")
    assert refused.json() == {"error": '[object has missing required properties (["status"])]'}
    assert post({"status": {"Status": "works"}}).status == 400


def test_the_body_passes_unchanged(built, invoke, backend):
    api_id = built(body=True)
    body = b' {"status" :null,\n"more": 1e2}'
    assert invoke(api_id, "dev", "/1", "POST", {"Content-Type": "application/json; charset=utf-8"}, body).status == 200
    assert [seen["body"] for seen in backend.requests] == [body.decode()]


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({}, b"{}", 400),
        ({}, None, 400),
        ({"Content-Type": "application/json"}, b"no JSON", 400),
        ({"Content-Type": "application/json"}, b"[" * 10_000, 400),
        ({"Content-Type": "text/plain"}, b"no JSON", 200),
    ],
)
def test_bodies_by_media_type(built, invoke, backend, headers, body, status):
    api_id = built(body=True)
    assert invoke(api_id, "dev", "/1", "POST", headers, body).status == status
    assert len(backend.requests) == (status == 200)


def test_the_default_model_is_for_all_other_types(built, invoke):
    api_id = built(body=True, models={"$default": "StatusModel"})
    assert invoke(api_id, "dev", "/1", "POST", {"Content-Type": "text/plain"}, b"no JSON").status == 400
    assert invoke(api_id, "dev", "/1", "POST", {"Content-Type": "a/b"}, json.dumps(VALID["status"]).encode()).status == 200


def test_required_parameters(built, invoke, backend):
    api_id = built(parameters=True, body=True, required=["querystring.b", "querystring.a", "header.X-One"])
    for path, headers, missing in (("/1", {}, "X-One, a, b"), ("/1?a=1&b=", {"X-One": "1"}, "b"), ("/1?a=1&b=1", {}, "X-One")):
        answer = invoke(api_id, "dev", path, "POST", headers, b"{}")
        assert (answer.status, answer.header("x-amzn-ErrorType")) == (400, "BadRequestException")
        assert answer.json() == {"message": f"Missing required request parameters: [{missing}]"}
    assert backend.requests == []
    body = json.dumps(VALID).encode()
    assert invoke(api_id, "dev", "/1?a=1&b=1", "POST", {"X-One": "1"}, body).status == 200


def test_switches(built, invoke):
    neither = built(required=["querystring.a"])
    assert invoke(neither, "dev", "/1", "POST", {}, b"no JSON").status == 200
    parameters = built(parameters=True, required=["querystring.a"])
    assert invoke(parameters, "dev", "/1?a=1", "POST", {}, b"no JSON").status == 200
    assert invoke(parameters, "dev", "/1", "POST", {}, b"no JSON").status == 400


def test_a_compressed_body_is_checked_as_what_it_holds(built, invoke, backend):
    api_id = built(body=True)
    post = lambda body: invoke(api_id, "dev", "/1", "POST", {"Content-Encoding": "gzip"}, gzip.compress(json.dumps(body).encode()))
    assert post({}).status == 400
    assert post(VALID).status == 200
    assert [dict(seen["headers"]).get("content-encoding") or dict(seen["headers"]).get("Content-Encoding") for seen in backend.requests] == ["gzip"]
