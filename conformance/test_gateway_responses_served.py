"""Customised gateway responses, served: what they can read, which one applies, and which failures they cover."""

import json

import pytest

import rest_apis

OK = '{"statusCode": 200}'


def mock(client, api_id, resource_id, template=OK, method="GET", **integration):
    place = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": method}
    client.put_method(**place, authorizationType="NONE")
    client.put_method_response(**place, statusCode="200")
    client.put_integration(**place, type="MOCK", requestTemplates={"application/json": template}, **integration)
    client.put_integration_response(**place, statusCode="200")


@pytest.fixture
def api(apigateway, backend):
    """One API with a way to fail for each kind of failure: (id, what deploys it)."""
    api_id, root_id = rest_apis.create(apigateway, "responses-served")
    add = lambda part, parent=root_id: rest_apis.add_resource(apigateway, api_id, parent, part)
    mock(apigateway, api_id, add("{id}", add("pets")), "{}")
    mock(apigateway, api_id, add("media"), passthroughBehavior="NEVER", method="POST")
    rest_apis.add_proxy_method(apigateway, api_id, add("slow"), backend.url + "/delay/3000", timeoutInMillis=50)
    rest_apis.add_proxy_method(apigateway, api_id, add("cut"), backend.url + "/broken/close")
    rest_apis.add_proxy_method(apigateway, api_id, add("echo"), backend.url + "/echo")

    def put(response_type, **arguments):
        apigateway.put_gateway_response(restApiId=api_id, responseType=response_type, **arguments)

    def deploy(**arguments):
        rest_apis.deploy(apigateway, api_id, **arguments)
        return api_id

    return put, deploy


def test_everything_that_can_be_read(api, invoke):
    put, deploy = api
    template = {
        "message": "$context.error.message",
        "type": "$context.error.responseType",
        "stage": "$context.stage",
        "resource": "$context.resourcePath",
        "variable": "$stageVariables.a",
        "path": "$method.request.path.id",
        "query": "$method.request.querystring.q",
        "header": "$method.request.header.X-One",
        "velocity": "$input.body",
    }
    parameters = {
        "gatewayresponse.header.Access-Control-Allow-Origin": "'*'",
        "gatewayresponse.header.x-request-header": "method.request.header.Accept",
        "gatewayresponse.header.x-request-path": "method.request.path.id",
        "gatewayresponse.header.x-request-query": "method.request.querystring.q",
        "gatewayresponse.header.x-variable": "stageVariables.a",
        "gatewayresponse.header.x-absent": "method.request.header.X-Absent",
    }
    put("API_CONFIGURATION_ERROR", statusCode="418", responseParameters=parameters, responseTemplates={"application/json": json.dumps(template)})
    answer = invoke(deploy(variables={"a": "b"}), "dev", "/pets/7?q=1&q=2", headers={"X-One": "one", "Accept": "a/b"})
    assert answer.status == 418
    assert answer.json() == {
        "message": "Internal server error",
        "type": "API_CONFIGURATION_ERROR",
        "stage": "dev",
        "resource": "/pets/{id}",
        "variable": "b",
        "path": "7",
        "query": "2",
        "header": "one",
        "velocity": "$input.body",
    }
    fields = {name: answer.header(name) for name in ("Access-Control-Allow-Origin", "x-request-header", "x-request-path", "x-request-query")}
    assert list(fields.values()) == ["*", "a/b", "7", "2"]
    assert (answer.header("x-variable"), answer.header("x-absent")) == ("b", None)
    assert answer.header("x-amzn-ErrorType") == "InternalServerErrorException"


def test_the_template_is_chosen_by_accept(api, invoke):
    put, deploy = api
    put("MISSING_AUTHENTICATION_TOKEN", responseTemplates={"application/json": "{}", "application/xml": "<m>$context.error.message</m>"})
    api_id = deploy()
    xml = invoke(api_id, "dev", "/none", headers={"Accept": "application/xml, a/b"})
    assert (xml.body, xml.header("Content-Type")) == (b"<m>Missing Authentication Token</m>", "application/xml")
    other = invoke(api_id, "dev", "/none", headers={"Accept": "a/b"})
    assert (other.body, other.header("Content-Type")) == (b"{}", "application/json")


FAILURES = [
    ("/none", "GET", None, {}, 403, 444),
    ("/media", "POST", b"x", {"Content-Type": "text/plain"}, 415, 444),
    ("/pets/1", "GET", None, {}, 500, 555),
    ("/slow", "GET", None, {}, 504, 555),
    ("/cut", "GET", None, {}, 504, 555),
]


@pytest.mark.parametrize(("path", "method", "body", "headers", "own", "family"), FAILURES, ids=[case[0] for case in FAILURES])
def test_families_cover_what_has_no_response_of_its_own(api, invoke, path, method, body, headers, own, family):
    put, deploy = api
    api_id = deploy()
    assert invoke(api_id, "dev", path, method, headers, body).status == own
    put("DEFAULT_4XX", statusCode="444", responseParameters={"gatewayresponse.header.family": "'4'"})
    put("DEFAULT_5XX", statusCode="555", responseParameters={"gatewayresponse.header.family": "'5'"})
    deploy()
    answer = invoke(api_id, "dev", path, method, headers, body)
    assert (answer.status, answer.header("family")) == (family, str(family)[0])


def test_a_response_of_its_own_takes_nothing_from_the_family(api, invoke):
    put, deploy = api
    put("DEFAULT_4XX", statusCode="444", responseParameters={"gatewayresponse.header.family": "'4'"}, responseTemplates={"application/json": "{}"})
    put("MISSING_AUTHENTICATION_TOKEN", responseParameters={"gatewayresponse.header.own": "'yes'"})
    answer = invoke(deploy(), "dev", "/none")
    assert (answer.status, answer.header("own"), answer.header("family")) == (403, "yes", None)
    assert answer.json() == {"message": "Missing Authentication Token"}


def test_an_oversized_request_is_never_customised(api, invoke):
    put, deploy = api
    put("REQUEST_TOO_LARGE", statusCode="444")
    put("DEFAULT_4XX", statusCode="445")
    answer = invoke(deploy(), "dev", "/echo", "POST", {"Content-Length": str(10 * 1024 * 1024 + 1)}, b"x")
    assert (answer.status, answer.json()) == (413, {"message": "Request Too Long"})
