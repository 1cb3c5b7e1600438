"""TestInvokeMethod: a method as it is stored, deployed or not, and the log of how it went."""

import datetime
import re
import socket

import pytest

import rest_apis
from answers import patch
from refusals import bad_request, not_found, refusal

UNKNOWN_METHOD = not_found("Invalid Method identifier specified")
UNKNOWN_RESOURCE = not_found("Invalid Resource identifier specified")


def lines(answer):
    """The log without its dates, with `{id}` for the request's id; each line but the first must have a date of now."""
    first, *rest = answer["log"].removesuffix("\n").split("\n")
    request_id = first.removeprefix("Execution log for request ")
    assert request_id != first and answer["log"].endswith("\n")
    texts = []
    for line in rest:
        date, text = line.split(" : ", 1)
        written = datetime.datetime.strptime(date, "%a %b %d %H:%M:%S UTC %Y").replace(tzinfo=datetime.timezone.utc)
        assert abs(datetime.datetime.now(datetime.timezone.utc) - written) < datetime.timedelta(minutes=2)
        texts.append(text.replace(request_id, "{id}"))
    return texts


@pytest.fixture
def pets(apigateway):
    """The API of the recording: (call, ids by path)."""
    api_id, root_id = rest_apis.create(apigateway)
    pets_id = rest_apis.add_resource(apigateway, api_id, root_id, "pets")
    pet_id = rest_apis.add_resource(apigateway, api_id, pets_id, "{petId}")
    rest_apis.add_mock_method(apigateway, api_id, pets_id, '{"pets": "all the pets"}')
    for method in ("GET", "POST"):
        rest_apis.add_mock_method(apigateway, api_id, pet_id, '{"petId": "$input.params(\'petId\')"}', method=method)
        place = {"restApiId": api_id, "resourceId": pet_id, "httpMethod": method}
        declared = patch("add", "/requestParameters/method.request.path.petId", "true")
        apigateway.update_method(**place, patchOperations=[declared])
        mapped = patch("add", "/requestParameters/integration.request.path.id", "method.request.path.petId")
        apigateway.update_integration(**place, patchOperations=[mapped])

    def call(resource, method="GET", **arguments):
        resource_id = {"/pets": pets_id, "/pets/{petId}": pet_id}[resource]
        return apigateway.test_invoke_method(restApiId=api_id, resourceId=resource_id, httpMethod=method, **arguments)

    return call


RECORDED = {
    "pets, no path": ("/pets", "GET", {"body": ""}, "/pets", "{}", "{}", '{"pets": "all the pets"}'),
    "pets": ("/pets", "GET", {"pathWithQueryString": "/pets"}, "/pets", "{}", "{}", '{"pets": "all the pets"}'),
    "pets, bad path": ("/pets", "GET", {"pathWithQueryString": "/random/test"}, "/random/test", "{}", "{}", '{"pets": "all the pets"}'),
    "id": ("/pets/{petId}", "GET", {"pathWithQueryString": "/pets/123"}, "/pets/123", "{petId=123}", "{}", '{"petId": "123"}'),
    "id, no path": ("/pets/{petId}", "GET", {}, "/pets/{petId}", "{petId={petId}}", "{}", '{"petId": "{petId}"}'),
    "id, bad path": ("/pets/{petId}", "GET", {"pathWithQueryString": "/random/test"}, "/random/test", "{}", "{}", '{"petId": ""}'),
    "query": (
        "/pets/{petId}",
        "GET",
        {"pathWithQueryString": "/pets/123?foo=bar"},
        "/pets/123",
        "{petId=123}",
        "{foo=bar}",
        '{"petId": "123"}',
    ),
    "body": (
        "/pets/{petId}",
        "POST",
        {"pathWithQueryString": "/pets/123", "body": '{"foo": "bar"}'},
        "/pets/123",
        "{petId=123}",
        "{}",
        '{"petId": "123"}',
    ),
}


@pytest.mark.parametrize("case", RECORDED)
def test_a_mock_is_tested_as_recorded(pets, case):
    resource, method, arguments, path, parameters, query, body = RECORDED[case]
    answer = pets(resource, method, **arguments)
    assert (answer["status"], answer["body"]) == (200, body)
    assert answer["headers"] == {"Content-Type": "application/json"}
    assert answer["multiValueHeaders"] == {"Content-Type": ["application/json"]}
    assert answer["latency"] >= 0
    assert lines(answer) == [
        "Starting execution for request: {id}",
        f"HTTP Method: {method}, Resource Path: {path}",
        f"Method request path: {parameters}",
        f"Method request query string: {query}",
        "Method request headers: {}",
        f"Method request body before transformations: {arguments.get('body', '')}",
        f"Method response body after transformations: {body}",
        "Method response headers: {Content-Type=application/json}",
        "Successfully completed execution",
        "Method completed with status: 200",
    ]


def test_what_does_not_exist_is_refused(apigateway):
    api_id, root_id = rest_apis.create(apigateway)
    rest_apis.add_mock_method(apigateway, api_id, root_id, "{}")
    place = {"restApiId": api_id, "resourceId": root_id, "httpMethod": "GET"}
    call = apigateway.test_invoke_method
    assert refusal(call, **{**place, "httpMethod": "PUT"}) == UNKNOWN_METHOD
    assert refusal(call, **{**place, "resourceId": "unknown"}) == UNKNOWN_RESOURCE
    assert refusal(call, **{**place, "restApiId": "unknown123"}) == UNKNOWN_RESOURCE
    assert refusal(call, **place, clientCertificateId="abc123") == bad_request(
        "Invalid Client Certificate identifier specified: abc123"
    )
    assert refusal(call, **place, headers={"not a name": "1"}) == bad_request("Invalid header specified: not a name")


def test_a_backend_is_called_and_every_step_is_logged(apigateway, backend):
    api_id, root_id = rest_apis.create(apigateway)
    rest_apis.add_proxy_method(
        apigateway,
        api_id,
        root_id,
        backend.url + "/${stageVariables.where}",
        method="ANY",
        requestParameters={"integration.request.header.DogsAge0": "method.request.header.puppies"},
    )
    answer = apigateway.test_invoke_method(
        restApiId=api_id,
        resourceId=root_id,
        httpMethod="POST",
        pathWithQueryString="/?q=1",
        headers={"puppies": "true", "Content-Type": "text/plain"},
        multiValueHeaders={"Many": ["1", "2"]},
        body='{"sent": 1}',
        stageVariables={"where": "there"},
    )
    [seen] = backend.requests
    fields = {name.lower(): value for name, value in seen["headers"]}
    assert (seen["method"], seen["path"], seen["query"], seen["body"]) == ("POST", "/there", "q=1", '{"sent": 1}')
    assert (fields["dogsage0"], fields["content-type"]) == ("true", "application/json")
    assert answer["status"] == 200
    assert list(answer["headers"])[0] == "X-Amzn-Trace-Id"
    assert not {"content-length", "x-amzn-requestid", "x-amz-apigw-id"} & {name.lower() for name in answer["headers"]}
    logged = lines(answer)
    uri = f"{backend.url}/there?q=1"
    expected = [
        "Starting execution for request: {id}",
        "HTTP Method: POST, Resource Path: /",
        "Method request path: {}",
        "Method request query string: {q=1}",
        "Method request headers: {",
        'Method request body before transformations: {"sent": 1}',
        f"Endpoint request URI: {uri}",
        "Endpoint request headers: {",
        'Endpoint request body after transformations: {"sent": 1}',
        f"Sending request to {uri}",
        "Received response. Status: 200, Integration latency: ",
        "Endpoint response headers: {",
        "Endpoint response body before transformations: {",
        "Method response body after transformations: {",
        "Method response headers: {X-Amzn-Trace-Id=Root=",
        "Successfully completed execution",
        "Method completed with status: 200",
    ]
    assert len(logged) == len(expected), logged
    for line, start in zip(logged, expected):
        assert line.startswith(start), (line, start)
    assert "puppies=true" in logged[4] and "Many=1,2" in logged[4]
    assert "DogsAge0=true" in logged[7] and f"x-amzn-apigateway-api-id={api_id}" in logged[7]
    assert re.fullmatch(r"Received response\. Status: 200, Integration latency: \d+ ms", logged[10])


def test_the_context_of_a_test(apigateway):
    api_id, root_id = rest_apis.create(apigateway)
    names = ["stage", "identity.sourceIp", "identity.apiKey", "domainName", "domainPrefix", "apiId", "path", "httpMethod"]
    template = "|".join(f"$context.{name}" for name in names)
    rest_apis.add_mock_method(apigateway, api_id, root_id, template)
    answer = apigateway.test_invoke_method(restApiId=api_id, resourceId=root_id, httpMethod="GET", stageVariables={"a": "b"})
    expected = ["test-invoke-stage", "test-invoke-source-ip", "test-invoke-api-key", "testPrefix.testDomainName", "testPrefix"]
    assert answer["body"].split("|") == [*expected, api_id, "/", "GET"]


def test_secrets_are_masked_and_long_lines_cut(apigateway, backend):
    api_id, root_id = rest_apis.create(apigateway)
    rest_apis.add_proxy_method(apigateway, api_id, root_id, backend.url + "/respond?Set-Cookie=s%3D0123456789abcdef", method="ANY")
    secrets = {
        "Authorization": "Bearer abcdefghijklmnopqrstuvwxyz",
        "x-api-key": "0123456789ABCDEFGHIJ",
        "Cookie": "session=zyxwvutsrqponmlk",
    }
    answer = apigateway.test_invoke_method(
        restApiId=api_id, resourceId=root_id, httpMethod="POST", headers=secrets, body=secrets["Authorization"] + "x" * 2000
    )
    assert answer["status"] == 200
    for secret in ("abcdefghijklmn", "0123456789ABCD", "zyxwvutsrqp", "Set-Cookie=s="):
        assert secret not in answer["log"], answer["log"]
    assert "Authorization=***************************uvwxyz" in answer["log"]
    body = next(line for line in lines(answer) if line.startswith("Method request body"))
    assert len(body.encode()) == 1024 + len(" [TRUNCATED]") and body.endswith(" [TRUNCATED]")


def test_a_failure_says_why(apigateway, backend):
    api_id, root_id = rest_apis.create(apigateway)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        rest_apis.add_proxy_method(apigateway, api_id, root_id, f"http://127.0.0.1:{unused.getsockname()[1]}/", method="GET")
        answer = apigateway.test_invoke_method(restApiId=api_id, resourceId=root_id, httpMethod="GET")
    assert (answer["status"], answer["headers"]["x-amzn-ErrorType"]) == (500, "InternalServerErrorException")
    assert lines(answer)[-2:] == [
        "Execution failed due to configuration error: Invalid endpoint address",
        "Method completed with status: 500",
    ]
    slow = rest_apis.add_resource(apigateway, api_id, root_id, "slow")
    rest_apis.add_proxy_method(apigateway, api_id, slow, backend.url + "/delay/2000", method="GET", timeoutInMillis=50)
    answer = apigateway.test_invoke_method(restApiId=api_id, resourceId=slow, httpMethod="GET")
    assert (answer["status"], answer["body"]) == (504, '{"message": "Endpoint request timed out"}')
    assert lines(answer)[-2:] == ["Execution failed due to a timeout error", "Method completed with status: 504"]


def test_a_body_that_does_not_match_its_model(apigateway):
    api_id, root_id = rest_apis.create(apigateway)
    validator = apigateway.create_request_validator(restApiId=api_id, name="body", validateRequestBody=True)["id"]
    schema = '{"type": "object", "required": ["NoteId"]}'
    apigateway.create_model(restApiId=api_id, name="Note", contentType="application/json", schema=schema)
    place = {"restApiId": api_id, "resourceId": root_id, "httpMethod": "POST"}
    apigateway.put_method(
        **place, authorizationType="NONE", requestValidatorId=validator, requestModels={"application/json": "Note"}
    )
    apigateway.put_integration(**place, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    apigateway.put_method_response(**place, statusCode="200")
    apigateway.put_integration_response(**place, statusCode="200")
    answer = apigateway.test_invoke_method(**place, body='{"id": 3}')
    assert (answer["status"], answer["headers"]) == (400, {"x-amzn-ErrorType": "BadRequestException"})
    assert lines(answer)[-2:] == [
        "Request body does not match model schema for content type application/json: "
        '[object has missing required properties (["NoteId"])]',
        "Method completed with status: 400",
    ]
    answer = apigateway.test_invoke_method(**place, body='{"NoteId": 3}')
    assert answer["status"] == 200
    assert "Request validation succeeded for content type application/json" in lines(answer)


def test_access_control_is_passed_by_and_nothing_is_deployed(apigateway, invoke):
    api_id, root_id = rest_apis.create(apigateway)
    place = {"restApiId": api_id, "resourceId": root_id, "httpMethod": "GET"}
    apigateway.put_method(**place, authorizationType="AWS_IAM", apiKeyRequired=True)
    apigateway.put_integration(**place, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    apigateway.put_method_response(**place, statusCode="200")
    apigateway.put_integration_response(**place, statusCode="200")
    assert apigateway.test_invoke_method(**place)["status"] == 200
    assert apigateway.get_deployments(restApiId=api_id)["items"] == []
    assert invoke(api_id, "test-invoke-stage").status == 403
