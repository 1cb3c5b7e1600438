"""Calls whose answers were recorded from the service: what it did is what is expected here."""

import base64
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
    """A greedy variable takes its slashes along into the backend's path."""
    mapping = {"integration.request.path.map": "method.request.path.map"}
    api_id = deployed(apigateway, kind, backend.url + "/{map}", path_part="{map+}", requestParameters=mapping)
    for code, expected in (("200", 200), ("400", status)):
        answer = invoke(api_id, "dev", f"/status/{code}", method="POST", headers=REQUEST_HEADERS)
        assert answer.status == expected
        assert answer.json()["path"] == f"/status/{code}", "the backend's body passes whatever its status"


def test_what_a_proxy_adds_and_remaps(apigateway, invoke, backend):
    request_headers = {**REQUEST_HEADERS, "Accept-Encoding": "gzip, deflate"}
    target = "/respond?Connection=keep-alive&x-amzn-RequestId=theirs&Content-Type=application/json"
    api_id = deployed(apigateway, "HTTP_PROXY", backend.url + target)
    answer = invoke(api_id, "dev", "/proxy", method="POST", headers=request_headers, body=BODY)
    assert answer.status == 200
    sent = {name.lower(): value for name, value in answer.json()["headers"]}
    assert set(sent) == {
        "accept",
        "accept-encoding",
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
    assert sent["accept-encoding"] == "gzip, deflate"
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
        "integration.request.header.headerVar": "method.request.header.foobar",
        "integration.request.path.qsVar": "method.request.querystring.testVar",
        "integration.request.path.pathVar": "method.request.path.pathVariable",
        "integration.request.querystring.queryString": "method.request.querystring.testQueryString",
        "integration.request.querystring.testQs": "method.request.querystring.testQueryString",
        "integration.request.querystring.testEmptyQs": "method.request.header.emptyheader",
    }
    uri = backend.url + "/?testVar={pathVar}&testQs={qsVar}"
    api_id = deployed(apigateway, "HTTP_PROXY", uri, path_part="{pathVariable}", requestParameters=parameters)
    headers = {**REQUEST_HEADERS, "headerVar": "request-value", "foobar": "mapped-value"}
    target = "/foobar?testQueryString=foo&testVar=bar"
    answer = invoke(api_id, "dev", target, method="POST", headers=headers, body=BODY).json()
    values = {}
    for name, value in (pair.split("=") for pair in answer["query"].split("&")):
        values.setdefault(name, []).append(value)
    assert answer["path"] == "/"
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


def mock(client, request, response=None, path_part=None):
    """`GET` on a MOCK whose one response is chosen by a pattern."""
    api_id, resource_id = rest_apis.create(client)
    parameters = {}
    if path_part:
        resource_id = rest_apis.add_resource(client, api_id, resource_id, path_part)
        parameters = {f"method.request.path.{path_part.strip('{}')}": True}
    place = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": "GET"}
    client.put_method(**place, authorizationType="none", requestParameters=parameters)
    client.put_method_response(**place, statusCode="200")
    client.put_integration(
        **place,
        type="MOCK",
        integrationHttpMethod="POST",
        requestParameters={f"integration.request.path.x{n}": source for n, source in enumerate(parameters)},
        requestTemplates={"application/json": request},
    )
    templates = {} if response is None else {"application/json": response}
    client.put_integration_response(**place, statusCode="200", selectionPattern=r"2\d{2}", responseTemplates=templates)
    rest_apis.deploy(client, api_id)
    return api_id


@pytest.mark.parametrize(("response", "body"), [(None, b""), ('{"ok": true}', b'{"ok": true}')])
def test_a_mock_may_map_path_parameters(apigateway, invoke, response, body):
    api_id = mock(apigateway, "{statusCode: 200}", response, path_part="{testPath}")
    answer = invoke(api_id, "dev", "/test-path")
    assert (answer.status, answer.body) == (200, body)


def test_a_mocks_request_passes_data_to_its_answer(apigateway, invoke):
    """What a request template overrides, a response template reads, and may parse."""
    request = """#set($body = $util.base64Decode($input.params('testPath')))
    #set($context.requestOverride.path.body = $body)
    {
      "statusCode": 200
    }
"""
    response = """
#set($sent = $util.parseJson($context.requestOverride.path.body))
#set($message = $sent.message)
#if($message == "path1")
{"response": "path was path one"}
#elseif($message == "path2")
{"response": "path was path two"}
#else
{"response": "this is the else clause"}
#end
"""
    api_id = mock(apigateway, request, response, path_part="{testPath}")
    for message, expected in [
        ("path1", "path was path one"),
        ("path2", "path was path two"),
        ("whatever", "this is the else clause"),
    ]:
        path = base64.b64encode(json.dumps({"message": message}).encode()).decode()
        answer = invoke(api_id, "dev", f"/{path}")
        assert (answer.status, answer.json()) == (200, {"response": expected})


@pytest.mark.parametrize("has_template", [True, False])
def test_a_mocks_request_overrides_its_answer(apigateway, invoke, has_template):
    request = """
#set($context.responseOverride.status = 444)
#set($context.responseOverride.header.foo = "bar")
#set($context.responseOverride.custom = "is also passed around")
{
  "statusCode": 200
}
"""
    response = """
#set($statusOverride = $context.responseOverride.status)
#set($fooHeader = $context.responseOverride.header.foo)
#set($custom = $context.responseOverride.custom)
{"statusOverride": "$statusOverride", "fooHeader": "$fooHeader", "custom": "$custom"}
"""
    api_id = mock(apigateway, request, response if has_template else None)
    answer = invoke(api_id, "dev")
    assert (answer.status, answer.header("foo")) == (444, "bar")
    if has_template:
        assert answer.json() == {"statusOverride": "444", "fooHeader": "bar", "custom": "is also passed around"}
    else:
        assert answer.body == b""


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
    rest_apis.add_mock_method(apigateway, api_id, resource_id, '{"statusCode": 200, "id": $input.params().path.id}', method=method)
    place = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": method}
    apigateway.update_integration(**place, patchOperations=[{"op": "replace", "path": "/passthroughBehavior", "value": behavior}])
    rest_apis.deploy(apigateway, api_id)
    for body in (None, b'{"b": 1}') if method == "POST" else (None,):
        answer = invoke(api_id, "dev", "/42", method=method, headers={"Content-Type": "application/json"}, body=body, form=form)
        assert (answer.status, answer.body) == (200, b'{"statusCode": 200, "id": 42}')


def test_a_body_is_held_against_models_that_refer_to_models(apigateway, invoke):
    """The reference holds the API's id and is listed as it was given; a body may be null where the model says so."""
    api_id, root_id = rest_apis.create(apigateway)
    status_model = {
        "type": "object",
        "properties": {"Status": {"type": "string"}, "Order": {"type": "integer"}},
        "required": ["Status", "Order"],
    }
    reference = {"$ref": f"https://apigateway.amazonaws.com/restapis/{api_id}/models/StatusModel"}
    test_model = {"type": "object", "properties": {"status": {"oneOf": [{"type": "null"}, reference]}}, "required": ["status"]}
    for name, schema in (("StatusModel", status_model), ("TestModel", test_model)):
        apigateway.create_model(restApiId=api_id, name=name, contentType="application/json", schema=json.dumps(schema))
    listed = {model["name"]: json.loads(model["schema"]) for model in apigateway.get_models(restApiId=api_id)["items"]}
    assert (listed["StatusModel"], listed["TestModel"]) == (status_model, test_model)
    validator_id = apigateway.create_request_validator(restApiId=api_id, name="body", validateRequestBody=True)["id"]
    resource_id = rest_apis.add_resource(apigateway, api_id, root_id, "path")
    rest_apis.add_mock_method(apigateway, api_id, resource_id, '{"data": "ok"}', method="POST")
    operations = [
        {"op": "replace", "path": "/requestValidatorId", "value": validator_id},
        {"op": "add", "path": "/requestModels/application~1json", "value": "TestModel"},
    ]
    apigateway.update_method(restApiId=api_id, resourceId=resource_id, httpMethod="POST", patchOperations=operations)
    rest_apis.deploy(apigateway, api_id)
    accepted, refused = (200, {"data": "ok"}), (400, {"message": "Invalid request body"})
    for body, expected in [
        ({"status": None}, accepted),
        ({"status": {"Status": "works", "Order": 1}}, accepted),
        (None, refused),
        ({}, refused),
        ({"status": {"Status": "works"}}, refused),
        ({"status": {"Status": "works", "Order": "1"}}, refused),
    ]:
        sent = None if body is None else json.dumps(body).encode()
        answer = invoke(api_id, "dev", "/path", method="POST", headers={"Content-Type": "application/json"}, body=sent)
        assert (answer.status, answer.json()) == expected, body
