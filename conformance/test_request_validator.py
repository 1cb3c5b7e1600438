"""RequestValidator: defaults, every PATCH path, texts."""

import pytest

import rest_apis
from answers import bare, patch, status
from refusals import bad_request, not_found, refusal

MISSING = not_found("Invalid Request Validator identifier specified")
PATHS = "[/name, /validateRequestParameters, /validateRequestBody]"


@pytest.fixture(scope="module")
def api_id(apigateway):
    return rest_apis.create(apigateway, "validators")[0]


@pytest.fixture
def validator(apigateway, api_id):
    """A new validator: (what names it, the answer that made it)."""
    made = apigateway.create_request_validator(restApiId=api_id, name="v")
    return {"restApiId": api_id, "requestValidatorId": made["id"]}, bare(made)


def test_defaults(apigateway, api_id):
    made = apigateway.create_request_validator(restApiId=api_id)
    assert len(made["id"]) == 6
    assert bare(made, "id") == {"validateRequestBody": False, "validateRequestParameters": False}


def test_everything_is_shown(apigateway, api_id):
    given = {"name": "n", "validateRequestBody": True, "validateRequestParameters": True}
    made = bare(apigateway.create_request_validator(restApiId=api_id, **given))
    assert bare(made, "id") == given
    assert bare(apigateway.get_request_validator(restApiId=api_id, requestValidatorId=made["id"])) == made
    listed = apigateway.get_request_validators(restApiId=api_id, limit=500)["items"]
    assert made in listed


def test_names_may_repeat(apigateway, api_id):
    ids = {apigateway.create_request_validator(restApiId=api_id, name="same")["id"] for _ in range(2)}
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("path", "value", "member", "shown"),
    [
        ("/name", "new", "name", "new"),
        ("/validateRequestBody", "true", "validateRequestBody", True),
        ("/validateRequestParameters", "true", "validateRequestParameters", True),
        ("/validateRequestBody", "other", "validateRequestBody", False),
    ],
)
def test_each_path_can_be_replaced(apigateway, validator, path, value, member, shown):
    place, made = validator
    updated = bare(apigateway.update_request_validator(**place, patchOperations=[patch("replace", path, value)]))
    assert updated == made | {member: shown}
    assert bare(apigateway.get_request_validator(**place)) == updated


@pytest.mark.parametrize(
    ("operation", "refused"),
    [
        *[
            (
                patch(op, path, "true"),
                bad_request(f"Invalid patch path  '{path}' specified for op '{op}'. Please choose supported operations"),
            )
            for path in ("/name", "/validateRequestBody", "/validateRequestParameters")
            for op in ("add", "remove", "copy", "move", "test")
        ],
        (
            patch("replace", "/invalidPath", "x"),
            bad_request(f"Invalid patch path  '/invalidPath' specified for op 'replace'. Must be one of: {PATHS}"),
        ),
        (patch("replace", "/name"), bad_request("Request Validator name cannot be blank")),
        (patch("replace", "/name", ""), bad_request("Request Validator name cannot be blank")),
        (
            patch("wrong", "/name", "x"),
            (
                400,
                "ValidationException",
                "1 validation error detected: Value 'wrong' at 'updateRequestValidatorInput.patchOperations.2.member.op' failed to"
                " satisfy constraint: Member must satisfy enum value set: [add, remove, move, test, replace, copy]",
            ),
        ),
    ],
)
def test_what_a_patch_cannot_do(apigateway, validator, operation, refused):
    place, made = validator
    operations = [patch("replace", "/name", "first"), operation]
    assert refusal(apigateway.update_request_validator, **place, patchOperations=operations) == refused
    assert bare(apigateway.get_request_validator(**place)) == made


def test_an_empty_patch(apigateway, validator):
    place, made = validator
    assert bare(apigateway.update_request_validator(**place, patchOperations=[])) == made


@pytest.mark.parametrize("unknown", [{"restApiId": "zzzzzzzzzz"}, {"requestValidatorId": "zzzzzz"}])
def test_what_is_not_found(apigateway, validator, unknown):
    place = validator[0] | unknown
    assert refusal(apigateway.get_request_validator, **place) == MISSING
    assert refusal(apigateway.update_request_validator, **place, patchOperations=[]) == MISSING
    assert refusal(apigateway.delete_request_validator, **place) == MISSING


def test_an_unknown_api(apigateway):
    refused = bad_request("Invalid REST API identifier specified")
    assert refusal(apigateway.create_request_validator, restApiId="zzzzzzzzzz", name="v") == refused
    assert refusal(apigateway.get_request_validators, restApiId="zzzzzzzzzz") == MISSING


def test_delete(apigateway, validator):
    place, _ = validator
    assert status(apigateway.delete_request_validator(**place)) == 202
    assert refusal(apigateway.delete_request_validator, **place) == MISSING


def test_pages(apigateway):
    api_id, _ = rest_apis.create(apigateway)
    made = {apigateway.create_request_validator(restApiId=api_id, name=str(number))["id"] for number in range(7)}
    pages = apigateway.get_paginator("get_request_validators").paginate(restApiId=api_id, PaginationConfig={"PageSize": 3})
    sizes, found = [], []
    for page in pages:
        sizes.append(len(page["items"]))
        found += [item["id"] for item in page["items"]]
    assert sizes == [3, 3, 1] and set(found) == made
