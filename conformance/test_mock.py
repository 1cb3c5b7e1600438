"""MOCK and HTTP integrations: answers chosen by status, mapped and templated by literals."""

import pytest

import rest_apis


def add_mock(client, api_id, resource_id, template, responses, method="GET", **integration):
    """`responses`: status -> (selection pattern, header mappings, templates)."""
    place = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": method}
    client.put_method(**place, authorizationType="NONE")
    templates = {} if template is None else {"requestTemplates": {"application/json": template}}
    client.put_integration(**place, type="MOCK", **templates, **integration)
    add_responses(client, place, responses)


def add_responses(client, place, responses):
    for status, (pattern, headers, templates) in responses.items():
        client.put_method_response(**place, statusCode=status, responseParameters={name: False for name in headers})
        given = {} if pattern is None else {"selectionPattern": pattern}
        client.put_integration_response(
            **place, statusCode=status, responseParameters=headers, responseTemplates=templates, **given
        )


@pytest.fixture
def api(apigateway):
    return rest_apis.create(apigateway)


CORS = {
    "method.response.header.Access-Control-Allow-Headers": "'Content-Type,X-Amz-Date,Authorization'",
    "method.response.header.Access-Control-Allow-Methods": "'GET,OPTIONS'",
    "method.response.header.Access-Control-Allow-Origin": "'*'",
}


def test_a_cors_preflight_as_the_console_makes_it(apigateway, invoke, api):
    api_id, root_id = api
    add_mock(apigateway, api_id, root_id, '{"statusCode": 200}', {"200": (None, CORS, {"application/json": ""})}, method="OPTIONS")
    rest_apis.deploy(apigateway, api_id)
    answer = invoke(api_id, "dev", method="OPTIONS", headers={"Origin": "http://a", "Access-Control-Request-Method": "GET"})
    assert (answer.status, answer.body) == (200, b"")
    assert answer.header("Access-Control-Allow-Origin") == "*"
    assert answer.header("Access-Control-Allow-Methods") == "GET,OPTIONS"
    assert answer.header("Content-Type") == "application/json"
    assert answer.header("X-Amzn-Trace-Id") is None


@pytest.mark.parametrize("template", ['{"statusCode": 404}', "{statusCode: 404}", "{'statusCode': 404,}", ' {"a":"b", "statusCode":404} '])
def test_the_template_is_read_leniently_and_chooses_the_answer(apigateway, invoke, api, template):
    api_id, root_id = api
    responses = {"200": (None, {}, {"application/json": "default"}), "404": ("404", {}, {"application/json": '{"gone": true}'})}
    add_mock(apigateway, api_id, root_id, template, responses)
    rest_apis.deploy(apigateway, api_id)
    answer = invoke(api_id, "dev")
    assert (answer.status, answer.json()) == (404, {"gone": True})


@pytest.mark.parametrize("template", ['{"statusCode": "x"}', "{}", "nothing", '{"statusCode": 200'])
def test_a_template_without_a_status_is_an_error(apigateway, invoke, api, template):
    api_id, root_id = api
    add_mock(apigateway, api_id, root_id, template, {"200": (None, {}, {})})
    rest_apis.deploy(apigateway, api_id)
    answer = invoke(api_id, "dev")
    assert (answer.status, answer.json()) == (500, {"message": "Internal server error"})
    assert answer.header("x-amzn-ErrorType") == "InternalServerErrorException"


def test_no_matching_answer_is_an_error(apigateway, invoke, api):
    api_id, root_id = api
    add_mock(apigateway, api_id, root_id, '{"statusCode": 500}', {"200": ("200", {}, {})})
    rest_apis.deploy(apigateway, api_id)
    assert (invoke(api_id, "dev").status, invoke(api_id, "dev").json()) == (500, {"message": "Internal server error"})


def test_without_a_response_template_the_body_is_empty(apigateway, invoke, api):
    api_id, root_id = api
    add_mock(apigateway, api_id, root_id, '{"statusCode": 200}', {"200": (None, {}, {})})
    rest_apis.deploy(apigateway, api_id)
    assert invoke(api_id, "dev").body == b""


def test_the_answer_is_chosen_by_accept(apigateway, invoke, api):
    api_id, root_id = api
    templates = {"application/json": '{"a": 1}', "application/xml": "<a/>"}
    add_mock(apigateway, api_id, root_id, '{"statusCode": 200}', {"200": (None, {}, templates)})
    rest_apis.deploy(apigateway, api_id)
    assert invoke(api_id, "dev").json() == {"a": 1}
    answer = invoke(api_id, "dev", headers={"Accept": "application/xml"})
    assert (answer.body, answer.header("Content-Type")) == (b"<a/>", "application/xml")


@pytest.mark.parametrize(
    ("behavior", "content_type", "status"),
    [("WHEN_NO_MATCH", "text/plain", 500), ("WHEN_NO_TEMPLATES", "text/plain", 415), ("NEVER", "text/plain", 415), ("NEVER", "application/json", 200)],
)
def test_passthrough_behaviour(apigateway, invoke, api, behavior, content_type, status):
    api_id, root_id = api
    add_mock(
        apigateway, api_id, root_id, '{"statusCode": 200}', {"200": (None, {}, {})}, method="POST", passthroughBehavior=behavior
    )
    rest_apis.deploy(apigateway, api_id)
    answer = invoke(api_id, "dev", method="POST", headers={"Content-Type": content_type}, body=b"{}")
    assert answer.status == status
    if status == 415:
        assert answer.json() == {"message": "Unsupported Media Type"}


def test_http_integrations_map_by_status(apigateway, invoke, api, backend):
    api_id, root_id = api
    resource_id = rest_apis.add_resource(apigateway, api_id, root_id, "{code}")
    place = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": "GET"}
    apigateway.put_method(**place, authorizationType="NONE", requestParameters={"method.request.path.code": True})
    apigateway.put_integration(
        **place,
        type="HTTP",
        integrationHttpMethod="GET",
        uri=backend.url + "/status/{code}",
        requestParameters={"integration.request.path.code": "method.request.path.code"},
    )
    headers = {
        "method.response.header.X-Type": "integration.response.header.Content-Type",
        "method.response.header.X-Static": "'s'",
        "method.response.header.X-None": "integration.response.header.X-None",
    }
    responses = {
        "200": (None, headers, {}),
        "404": ("4\\d\\d", {}, {"application/json": '{"missing": true}'}),
        "502": ("5.*", {}, {"application/json": '{"broken": true}'}),
    }
    add_responses(apigateway, place, responses)
    rest_apis.deploy(apigateway, api_id)
    answer = invoke(api_id, "dev", "/200", headers={"X-Mine": "1"})
    assert answer.status == 200
    assert answer.header("X-Type") == "application/json" and answer.header("X-Static") == "s" and answer.header("X-None") is None
    names = {name.lower() for name, _ in answer.json()["headers"]}
    assert "x-mine" not in names, "an HTTP integration sends mapped fields only"
    assert (invoke(api_id, "dev", "/410").status, invoke(api_id, "dev", "/410").json()) == (404, {"missing": True})
    assert invoke(api_id, "dev", "/503").status == 502
    # What no pattern matches is the default answer, whatever the backend's status was.
    assert invoke(api_id, "dev", "/301").status == 200
