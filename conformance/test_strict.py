"""The strict check itself: what it must let through and what it must catch."""

import json

import botocore.session
import pytest

import strict

HEADERS = {
    "x-amzn-RequestId": "f1a1f5f3-8f5c-4c7e-9a53-3d6f0f2c9c10",
    "Content-Type": "application/json",
}
RESOURCE = {"id": "a1b2c3", "parentId": "abcdefghij", "path": "/pets", "pathPart": "pets"}


def model(service, operation):
    return botocore.session.get_session().get_service_model(service).operation_model(operation)


def problems(service, operation, status, body, headers=None):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return strict.check(model(service, operation), status, {**HEADERS, **(headers or {})}, raw)


def test_a_good_answer_passes():
    assert problems("apigateway", "CreateResource", 201, RESOURCE) == []
    assert problems("apigateway", "GetResources", 200, {"item": [RESOURCE]}) == []
    assert problems("apigateway", "DeleteResource", 202, b"") == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({**RESOURCE, "color": "red"}, "unexpected member color"),
        ({**RESOURCE, "id": 7}, "id is 7"),
        ({**RESOURCE, "parentId": None}, "parentId is None"),
        ({**RESOURCE, "resourceMethods": []}, "resourceMethods is []"),
        ([RESOURCE], "no JSON object"),
        (b"{", "no JSON"),
    ],
)
def test_a_bad_answer_is_caught(body, words):
    found = problems("apigateway", "CreateResource", 201, body)
    assert len(found) == 1 and words in found[0], found


def test_items_is_not_the_wire_name():
    assert problems("apigateway", "GetResources", 200, {"items": []}) == ["unexpected member items"]


def test_dates_are_numbers_in_v1_and_strings_in_v2():
    v1 = {"id": "abcdefghij", "name": "a"}
    assert problems("apigateway", "GetRestApi", 200, {**v1, "createdDate": 1456184515}) == []
    assert len(problems("apigateway", "GetRestApi", 200, {**v1, "createdDate": "2016-02-23T00:00:00Z"})) == 1
    v2 = {"apiId": "abcdefghij", "name": "a", "protocolType": "HTTP", "routeSelectionExpression": "x"}
    assert problems("apigatewayv2", "GetApi", 200, {**v2, "createdDate": "2020-04-08T19:05:45Z"}) == []
    assert len(problems("apigatewayv2", "GetApi", 200, {**v2, "createdDate": 1456184515})) == 1


def test_integers_are_integers():
    stage = {"stageName": "dev", "methodSettings": {"*/*": {"throttlingBurstLimit": 5000.0}}}
    assert len(problems("apigateway", "GetStage", 200, stage)) == 1


def test_the_status_is_the_models():
    assert len(problems("apigateway", "CreateResource", 200, RESOURCE)) == 1


def test_errors():
    gone = {"x-amzn-ErrorType": "NotFoundException"}
    assert problems("apigateway", "GetRestApi", 404, {"message": "no"}, gone) == []
    assert len(problems("apigateway", "GetRestApi", 404, {"Message": "no"}, gone)) == 2
    assert len(problems("apigateway", "GetRestApi", 400, {"message": "no"}, gone)) == 1
    assert len(problems("apigateway", "GetRestApi", 404, {"message": "no"}, {"x-amzn-ErrorType": "Oops"})) == 1


def test_a_request_id_is_needed():
    assert len(problems("apigateway", "DeleteResource", 202, b"", {"x-amzn-RequestId": "1"})) == 1
