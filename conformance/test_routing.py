"""Which method a request reaches, in each form of the address, and what it gets when there is none."""

import json

import pytest

import rest_apis
import wire

# Resource paths of the API under test; each has one method, a MOCK that answers with its own path and verb.
METHODS = [
    ("/", "GET"),
    ("/pets", "GET"),
    ("/pets", "ANY"),
    ("/pets/{id}", "GET"),
    ("/pets/special", "GET"),
    ("/pets/{id}/toys", "GET"),
    ("/pets/{id}/{rest+}", "GET"),
    ("/files/{proxy+}", "ANY"),
    ("/files/known", "GET"),
    ("/dots.and-dashes_", "GET"),
]

# (verb, path, the method that answers or None)
CASES = [
    ("GET", "/", "/ GET"),
    ("GET", "", "/ GET"),
    ("GET", "/pets", "/pets GET"),
    ("GET", "/pets/", "/pets GET"),
    ("POST", "/pets", "/pets ANY"),
    ("OPTIONS", "/pets", "/pets ANY"),
    ("GET", "/pets/7", "/pets/{id} GET"),
    ("GET", "/pets/special", "/pets/special GET"),
    ("GET", "/pets/Special", "/pets/{id} GET"),
    ("GET", "/pets/7/toys", "/pets/{id}/toys GET"),
    ("GET", "/pets/7/other/deep", "/pets/{id}/{rest+} GET"),
    ("GET", "/files/a/b/c", "/files/{proxy+} ANY"),
    ("DELETE", "/files/a", "/files/{proxy+} ANY"),
    ("GET", "/files/known", "/files/known GET"),
    ("GET", "/dots.and-dashes_", "/dots.and-dashes_ GET"),
    ("GET", "//pets", "/pets GET"),
    ("GET", "/pets?a=b", "/pets GET"),
    # A greedy part never matches nothing, and a more specific resource without the verb does not fall back.
    ("GET", "/files", None),
    ("POST", "/files/known", None),
    ("POST", "/", None),
    ("POST", "/pets/7", None),
    ("HEAD", "/pets/7", None),
    ("GET", "/unknown", None),
    ("GET", "/PETS", None),
]


@pytest.fixture(scope="module")
def api_id(apigateway):
    api_id, root_id = rest_apis.create(apigateway)
    resources = {"/": root_id}

    def resource(path):
        if path not in resources:
            parent, _, part = path.rpartition("/")
            resources[path] = rest_apis.add_resource(apigateway, api_id, resource(parent or "/"), part)
        return resources[path]

    for path, verb in METHODS:
        rest_apis.add_mock_method(apigateway, api_id, resource(path), json.dumps({"method": f"{path} {verb}"}), method=verb)
    rest_apis.deploy(apigateway, api_id)
    return api_id


@pytest.mark.parametrize("form", ["host", "aws", "user_request"])
@pytest.mark.parametrize(("verb", "path", "method"), CASES)
def test_a_request_reaches_the_most_specific_method(invoke, api_id, form, verb, path, method):
    answer = invoke(api_id, "dev", path, method=verb, form=form)
    if method is None:
        assert answer.status == 403
        assert answer.header("x-amzn-ErrorType") == "MissingAuthenticationTokenException"
        if verb != "HEAD":
            assert answer.json() == {"message": "Missing Authentication Token"}
    else:
        assert (answer.status, answer.json()) == (200, {"method": method})


@pytest.mark.parametrize("form", ["host", "aws", "user_request"])
def test_an_unknown_stage_or_api_is_forbidden(invoke, api_id, form):
    for stage, api in (("other", api_id), ("Dev", api_id), ("dev", "zzzzzzzzzz")):
        answer = invoke(api, stage, "/pets", form=form)
        assert (answer.status, answer.json()) == (403, {"message": "Forbidden"}), (stage, api)
        assert answer.header("x-amzn-ErrorType") == "ForbiddenException"


@pytest.mark.parametrize("host", ["{}.execute-api.eu-central-1.amazonaws.com", "{}.execute-api.localhost:1234", "{}.EXECUTE-API.x"])
def test_any_host_after_the_api_id_will_do(server, api_id, host):
    answer = wire.request(server.http, "GET", "/dev/pets", host=host.format(api_id))
    assert answer.json() == {"method": "/pets GET"}


def test_the_api_id_in_the_host_is_case_insensitive(server, api_id):
    answer = wire.request(server.http, "GET", "/dev/pets", host=wire.api_host(api_id.upper()))
    assert answer.json() == {"method": "/pets GET"}


def test_extra_slashes_before_the_stage_are_accepted(server, api_id):
    answer = wire.request(server.http, "GET", "//dev/pets", host=wire.api_host(api_id))
    assert answer.json() == {"method": "/pets GET"}


def test_a_host_of_no_api_is_forbidden(server):
    answer = wire.request(server.http, "GET", "/dev/pets", host="example.com")
    assert (answer.status, answer.json()) == (403, {"message": "Forbidden"})


def test_the_method_can_be_overridden_by_header(invoke, api_id):
    answer = invoke(api_id, "dev", "/pets", method="POST", headers={"X-HTTP-Method-Override": "GET"})
    assert answer.json() == {"method": "/pets GET"}


def test_every_answer_carries_its_ids(invoke, api_id):
    first, second = (invoke(api_id, "dev", "/pets") for _ in range(2))
    assert len(first.header("x-amzn-RequestId")) == 36
    assert first.header("x-amz-apigw-id").endswith("=")
    assert first.header("x-amzn-RequestId") != second.header("x-amzn-RequestId")
    assert invoke(api_id, "dev", "/unknown").header("x-amzn-RequestId")


def test_a_disabled_default_endpoint_answers_nothing(apigateway, invoke):
    api_id, root_id = rest_apis.create(apigateway)
    rest_apis.add_mock_method(apigateway, api_id, root_id, "{}")
    rest_apis.deploy(apigateway, api_id)
    assert invoke(api_id, "dev").status == 200
    patch = {"op": "replace", "path": "/disableExecuteApiEndpoint", "value": "true"}
    apigateway.update_rest_api(restApiId=api_id, patchOperations=[patch])
    rest_apis.deploy(apigateway, api_id)
    for form in ("host", "aws", "user_request"):
        answer = invoke(api_id, "dev", form=form)
        assert (answer.status, answer.json()) == (403, {"message": "Forbidden"})


def test_a_deleted_api_or_stage_answers_no_more(apigateway, invoke):
    api_id, root_id = rest_apis.create(apigateway)
    rest_apis.add_mock_method(apigateway, api_id, root_id, "{}")
    rest_apis.deploy(apigateway, api_id, "one")
    rest_apis.deploy(apigateway, api_id, "two")
    apigateway.delete_stage(restApiId=api_id, stageName="one")
    assert (invoke(api_id, "one").status, invoke(api_id, "two").status) == (403, 200)
    apigateway.delete_rest_api(restApiId=api_id)
    assert invoke(api_id, "two").status == 403


def test_changes_wait_for_a_deployment(apigateway, invoke):
    api_id, root_id = rest_apis.create(apigateway)
    rest_apis.add_mock_method(apigateway, api_id, root_id, '{"version": 1}')
    rest_apis.deploy(apigateway, api_id)
    place = {"restApiId": api_id, "resourceId": root_id, "httpMethod": "GET", "statusCode": "200"}
    patch = {"op": "replace", "path": "/responseTemplates/application~1json", "value": '{"version": 2}'}
    apigateway.update_integration_response(**place, patchOperations=[patch])
    assert invoke(api_id, "dev").json() == {"version": 1}
    rest_apis.deploy(apigateway, api_id)
    assert invoke(api_id, "dev").json() == {"version": 2}
