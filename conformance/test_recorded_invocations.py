"""Calls whose answers were recorded from the service: what it did is what is expected here."""

import json
import re
import uuid

import pytest

import rest_apis

REQUEST_HEADERS = {"Accept": "application/xml", "User-Agent": "test/integration", "Content-Type": "application/json"}
BODY = json.dumps({"message": "hello world"}).encode()


def names(answer):
    return {name.lower() for name, _ in answer.headers}


def deployed(client, kind, uri, path_part="proxy", **integration):
    """`POST /{path_part}` to `uri`; an HTTP integration gets the default response only."""
    api_id, root_id = rest_apis.create(client)
    resource_id = rest_apis.add_resource(client, api_id, root_id, path_part)
    place = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": "POST"}
    sources = {source: True for source in integration.get("requestParameters", {}).values() if source.startswith("method.request.")}
    client.put_method(**place, authorizationType="NONE", requestParameters=sources)
    client.put_method_response(**place, statusCode="200")
    client.put_integration(**place, type=kind, integrationHttpMethod="POST", uri=uri, **integration)
    client.put_integration_response(**place, statusCode="200")
    rest_apis.deploy(client, api_id)
    return api_id


@pytest.mark.parametrize(("kind", "status"), [("HTTP", 200), ("HTTP_PROXY", 400)])
def test_the_backends_status_passes_a_proxy_and_is_mapped_otherwise(apigateway, invoke, backend, kind, status):
    mapping = {"integration.request.path.code": "method.request.path.code"}
    api_id = deployed(apigateway, kind, backend.url + "/status/{code}", path_part="{code}", requestParameters=mapping)
    for code, expected in (("200", 200), ("400", status)):
        answer = invoke(api_id, "dev", f"/{code}", method="POST", headers=REQUEST_HEADERS, body=BODY)
        assert answer.status == expected
        assert answer.json()["path"] == f"/status/{code}", "the backend's body passes whatever its status"


def test_what_a_proxy_adds_and_remaps(apigateway, invoke, backend):
    target = "/respond?Connection=keep-alive&x-amzn-RequestId=theirs&Content-Type=application/json"
    api_id = deployed(apigateway, "HTTP_PROXY", backend.url + target)
    answer = invoke(api_id, "dev", "/proxy", method="POST", headers=REQUEST_HEADERS, body=BODY)
    assert answer.status == 200
    sent = {name.lower(): value for name, value in answer.json()["headers"]}
    assert set(sent) == {
        "accept",
        "content-length",
        "content-type",
        "host",
        "user-agent",
        "x-amzn-apigateway-api-id",
        "x-amzn-trace-id",
        "x-forwarded-for",
        "x-forwarded-port",
        "x-forwarded-proto",
    }
    assert (sent["accept"], sent["user-agent"]) == ("application/xml", "test/integration")
    assert json.loads(answer.json()["body"]) == {"message": "hello world"}
    recorded = {
        "connection",
        "content-length",
        "content-type",
        "date",
        "x-amz-apigw-id",
        "x-amzn-remapped-connection",
        "x-amzn-remapped-content-length",
        "x-amzn-remapped-date",
        "x-amzn-remapped-x-amzn-requestid",
        "x-amzn-requestid",
        "x-amzn-trace-id",
    }
    # The backend of the recording named no server.
    assert names(answer) - {"x-amzn-remapped-server"} == recorded
    assert answer.header("Connection") == answer.header("x-amzn-Remapped-Connection") == "keep-alive"
    assert answer.header("x-amzn-Remapped-Content-Length") == answer.header("Content-Length")
    assert answer.header("x-amzn-Remapped-x-amzn-RequestId") == "theirs"


def test_proxied_values_are_merged_and_mapped(apigateway, invoke, backend):
    parameters = {
        "integration.request.path.pathVariable": "method.request.path.pathVariable",
        "integration.request.path.queryVariable": "method.request.querystring.queryString",
        "integration.request.querystring.testQueryString": "method.request.querystring.queryString",
        "integration.request.querystring.testQs": "method.request.querystring.queryString",
        "integration.request.header.headerVar": "method.request.header.foobar",
    }
    uri = backend.url + "/{pathVariable}?testVar={pathVariable}&testQs=bar"
    api_id = deployed(apigateway, "HTTP_PROXY", uri, path_part="{pathVariable}", requestParameters=parameters)
    headers = {**REQUEST_HEADERS, "headerVar": "request-value", "foobar": "mapped-value"}
    answer = invoke(api_id, "dev", "/foobar?queryString=foo&testVar=bar", method="POST", headers=headers, body=BODY).json()
    values = {}
    for name, value in (pair.split("=") for pair in answer["query"].split("&")):
        values.setdefault(name, []).append(value)
    assert values == {"queryString": ["foo"], "testQs": ["bar", "foo"], "testQueryString": ["foo"], "testVar": ["foobar", "bar"]}
    sent = {name.lower(): value for name, value in answer["headers"]}
    assert (sent["headervar"], sent["foobar"]) == ("mapped-value", "mapped-value")


@pytest.mark.parametrize("trace", [None, "Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1"])
def test_a_mock_has_no_trace_id(apigateway, invoke, trace):
    api_id, root_id = rest_apis.create(apigateway)
    rest_apis.add_mock_method(apigateway, api_id, root_id, '{"statusCode": 200}')
    rest_apis.deploy(apigateway, api_id)
    answer = invoke(api_id, "dev", headers={} if trace is None else {"X-Amzn-Trace-Id": trace})
    # Recorded at an edge endpoint, whose own fields (Via, X-Cache, X-Amz-Cf-*) nothing adds here.
    assert names(answer) == {"connection", "content-length", "content-type", "date", "x-amz-apigw-id", "x-amzn-requestid"}
    assert (answer.header("Connection"), answer.header("Content-Type")) == ("keep-alive", "application/json")
    assert uuid.UUID(answer.header("x-amzn-RequestId"))
    assert re.fullmatch(r"[\w-]{15}=", answer.header("x-amz-apigw-id"))


def test_a_mock_may_map_path_parameters(apigateway, invoke):
    api_id, root_id = rest_apis.create(apigateway)
    resource_id = rest_apis.add_resource(apigateway, api_id, root_id, "{testPath}")
    place = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": "GET"}
    apigateway.put_method(**place, authorizationType="NONE", requestParameters={"method.request.path.testPath": True})
    apigateway.put_method_response(**place, statusCode="200")
    apigateway.put_integration(
        **place,
        type="MOCK",
        requestParameters={"integration.request.path.integrationPath": "method.request.path.testPath"},
        requestTemplates={"application/json": "{statusCode: 200}"},
    )
    apigateway.put_integration_response(**place, statusCode="200", responseTemplates={"application/json": '{"ok": true}'})
    rest_apis.deploy(apigateway, api_id)
    answer = invoke(api_id, "dev", "/foobar")
    assert (answer.status, answer.json()) == (200, {"ok": True})


@pytest.mark.parametrize(("method", "path"), [("GET", "/not-found"), ("POST", "/existing")])
def test_an_unknown_path_and_a_wrong_verb_look_the_same(apigateway, invoke, method, path):
    api_id, root_id = rest_apis.create(apigateway)
    resource_id = rest_apis.add_resource(apigateway, api_id, root_id, "existing")
    rest_apis.add_mock_method(apigateway, api_id, resource_id, '{"statusCode": 200, "message": "exists"}')
    rest_apis.deploy(apigateway, api_id)
    assert invoke(api_id, "dev", "/existing").json() == {"statusCode": 200, "message": "exists"}
    answer = invoke(api_id, "dev", path, method=method)
    assert (answer.status, answer.json()) == (403, {"message": "Missing Authentication Token"})
    assert answer.header("x-amzn-ErrorType") == "MissingAuthenticationTokenException"


@pytest.mark.parametrize("behavior", ["WHEN_NO_MATCH", "WHEN_NO_TEMPLATES"])
@pytest.mark.parametrize("form", ["host", "aws", "user_request"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_mock_answers_in_each_form_of_the_address(apigateway, invoke, behavior, form, method):
    api_id, root_id = rest_apis.create(apigateway)
    resource_id = rest_apis.add_resource(apigateway, api_id, root_id, "{id}")
    rest_apis.add_mock_method(apigateway, api_id, resource_id, '{"statusCode": 200, "id": 42}', method=method)
    place = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": method}
    apigateway.update_integration(**place, patchOperations=[{"op": "replace", "path": "/passthroughBehavior", "value": behavior}])
    rest_apis.deploy(apigateway, api_id)
    body = b'{"b": 1}' if method == "POST" else None
    headers = {"Content-Type": "application/json"}
    answer = invoke(api_id, "dev", "/42", method=method, headers=headers, body=body, form=form)
    assert (answer.status, answer.json()) == (200, {"statusCode": 200, "id": 42})
