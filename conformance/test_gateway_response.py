"""GatewayResponse: what is inherited, every PATCH path, texts."""

import pytest

import rest_apis
from answers import bare, patch, status
from refusals import bad_request, not_found, refusal
from server import ACCOUNT

STATUSES = {
    "ACCESS_DENIED": "403",
    "API_CONFIGURATION_ERROR": "500",
    "AUTHORIZER_CONFIGURATION_ERROR": "500",
    "AUTHORIZER_FAILURE": "500",
    "BAD_REQUEST_BODY": "400",
    "BAD_REQUEST_PARAMETERS": "400",
    "DEFAULT_4XX": None,
    "DEFAULT_5XX": None,
    "EXPIRED_TOKEN": "403",
    "INTEGRATION_FAILURE": "504",
    "INTEGRATION_TIMEOUT": "504",
    "INVALID_API_KEY": "403",
    "INVALID_SIGNATURE": "403",
    "MISSING_AUTHENTICATION_TOKEN": "403",
    "QUOTA_EXCEEDED": "429",
    "REQUEST_TOO_LARGE": "413",
    "RESOURCE_NOT_FOUND": "404",
    "THROTTLED": "429",
    "UNAUTHORIZED": "401",
    "UNSUPPORTED_MEDIA_TYPE": "415",
    "WAF_FILTERED": "403",
}
TEMPLATES = {"application/json": '{"message":$context.error.messageString}'}
OWN_TEMPLATES = {"application/json": '{"message": $context.error.messageString, "stage": "$context.stage"}'}
ORDER = (
    "REQUEST_TOO_LARGE, RESOURCE_NOT_FOUND, AUTHORIZER_CONFIGURATION_ERROR, MISSING_AUTHENTICATION_TOKEN, BAD_REQUEST_BODY,"
    " INVALID_SIGNATURE, INVALID_API_KEY, BAD_REQUEST_PARAMETERS, AUTHORIZER_FAILURE, UNAUTHORIZED, INTEGRATION_TIMEOUT,"
    " ACCESS_DENIED, DEFAULT_4XX, DEFAULT_5XX, WAF_FILTERED, QUOTA_EXCEEDED, THROTTLED, API_CONFIGURATION_ERROR,"
    " UNSUPPORTED_MEDIA_TYPE, INTEGRATION_FAILURE, EXPIRED_TOKEN"
)
ORIGIN = "gatewayresponse.header.Access-Control-Allow-Origin"
MAPPING = "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: {}]"


@pytest.fixture
def api_id(apigateway):
    return rest_apis.create(apigateway, "responses")[0]


def shown(response_type, status_code, parameters=None, templates=TEMPLATES, default=False):
    found = {
        "responseType": response_type,
        "defaultResponse": default,
        "responseParameters": parameters or {},
        "responseTemplates": templates,
    }
    return found | ({"statusCode": status_code} if status_code else {})


def test_all_types_are_listed(apigateway, api_id):
    listed = apigateway.get_gateway_responses(restApiId=api_id)
    assert "position" not in listed
    by_type = {item["responseType"]: item for item in listed["items"]}
    assert by_type == {name: shown(name, code, default=True) for name, code in STATUSES.items()}


def test_the_list_comes_in_pages(apigateway, api_id):
    pages = list(apigateway.get_paginator("get_gateway_responses").paginate(restApiId=api_id, PaginationConfig={"PageSize": 8}))
    assert [len(page["items"]) for page in pages] == [8, 8, 5]
    assert [item["responseType"] for page in pages for item in page["items"]] == sorted(STATUSES)


PUTS = [
    ({"statusCode": "404"}, {"status_code": "404"}),
    ({"responseParameters": {ORIGIN: "method.request.header.Accept"}}, {"parameters": {ORIGIN: "method.request.header.Accept"}}),
    ({"responseTemplates": OWN_TEMPLATES}, {"templates": OWN_TEMPLATES}),
    ({}, {}),
    ({"responseParameters": {}, "responseTemplates": {}}, {}),
    (
        {"statusCode": "404", "responseParameters": {ORIGIN: "'a.b.c'"}, "responseTemplates": OWN_TEMPLATES},
        {"status_code": "404", "parameters": {ORIGIN: "'a.b.c'"}, "templates": OWN_TEMPLATES},
    ),
]


def test_a_put_replaces_the_whole_response(apigateway, api_id):
    place = {"restApiId": api_id, "responseType": "MISSING_AUTHENTICATION_TOKEN"}
    for given, difference in PUTS:
        made = apigateway.put_gateway_response(**place, **given)
        assert status(made) == 201
        assert bare(made) == shown("MISSING_AUTHENTICATION_TOKEN", **({"status_code": "403"} | difference))
        assert bare(apigateway.get_gateway_response(**place)) == bare(made)


def test_a_family_shows_in_what_was_not_put(apigateway, api_id):
    family = {"statusCode": "599", "responseParameters": {ORIGIN: "'x'"}, "responseTemplates": OWN_TEMPLATES}
    apigateway.put_gateway_response(restApiId=api_id, responseType="DEFAULT_5XX", **family)
    header = {"gatewayresponse.header.foo": "'bar'"}
    apigateway.put_gateway_response(restApiId=api_id, responseType="AUTHORIZER_FAILURE", responseParameters=header)
    wanted = {name: shown(name, code, default=True) for name, code in STATUSES.items()}
    for name in ("API_CONFIGURATION_ERROR", "AUTHORIZER_CONFIGURATION_ERROR", "INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT"):
        wanted[name] = shown(name, "599", {ORIGIN: "'x'"}, OWN_TEMPLATES, default=True)
    wanted["DEFAULT_5XX"] = shown("DEFAULT_5XX", "599", {ORIGIN: "'x'"}, OWN_TEMPLATES)
    wanted["AUTHORIZER_FAILURE"] = shown("AUTHORIZER_FAILURE", "500", header)
    listed = apigateway.get_gateway_responses(restApiId=api_id)["items"]
    assert {item["responseType"]: item for item in listed} == wanted


def test_a_patch_makes_a_response_of_its_own(apigateway, api_id):
    place = {"restApiId": api_id, "responseType": "DEFAULT_4XX"}
    assert bare(apigateway.update_gateway_response(**place, patchOperations=[])) == shown("DEFAULT_4XX", None, default=True)
    updated = apigateway.update_gateway_response(**place, patchOperations=[patch("replace", "/statusCode", "444")])
    assert bare(updated) == shown("DEFAULT_4XX", "444")
    assert bare(apigateway.get_gateway_response(**place)) == bare(updated)


XML = "<message>$context.error.messageString</message>"


@pytest.mark.parametrize(
    ("operation", "change"),
    [
        (patch("replace", "/statusCode", "410"), {"statusCode": "410"}),
        (patch("add", "/responseParameters/gatewayresponse.header.b", "'b'"), {"responseParameters": {ORIGIN: "'a'", "gatewayresponse.header.b": "'b'"}}),
        (patch("replace", f"/responseParameters/{ORIGIN}", "'example.com'"), {"responseParameters": {ORIGIN: "'example.com'"}}),
        (patch("remove", f"/responseParameters/{ORIGIN}"), {"responseParameters": {}}),
        (patch("add", "/responseTemplates/application~1xml", XML), {"responseTemplates": OWN_TEMPLATES | {"application/xml": XML}}),
        (patch("replace", "/responseTemplates/application~1json", "{}"), {"responseTemplates": {"application/json": "{}"}}),
        (patch("remove", "/responseTemplates/application~1json"), {"responseTemplates": TEMPLATES}),
    ],
)
def test_each_path_takes_its_operations(apigateway, api_id, operation, change):
    place = {"restApiId": api_id, "responseType": "THROTTLED"}
    made = bare(apigateway.put_gateway_response(**place, responseParameters={ORIGIN: "'a'"}, responseTemplates=OWN_TEMPLATES))
    assert bare(apigateway.update_gateway_response(**place, patchOperations=[operation])) == made | change
    assert bare(apigateway.get_gateway_response(**place)) == made | change


def unknown_path(path):
    return bad_request(f"Invalid patch path {path}")


@pytest.mark.parametrize(
    ("operation", "refused"),
    [
        (patch("add", "/statusCode", "410"), unknown_path("/statusCode")),
        (patch("remove", "/statusCode"), unknown_path("/statusCode")),
        (patch("replace", value="x"), unknown_path("null")),
        (patch("add", value="'x'"), unknown_path("null")),
        (patch("replace", "/wrongPath", "x"), unknown_path("/wrongPath")),
        (patch("add", "/wrongPath", "'x'"), unknown_path("/wrongPath")),
        (patch("add", "/responseParameters", "x"), unknown_path("/responseParameters")),
        (patch("add", "/responseTemplates/application/json", "x"), unknown_path("/responseTemplates/application/json")),
        (patch("replace", "/responseParameters/none", "'x'"), not_found("Invalid parameter name specified")),
        (patch("remove", "/responseTemplates/none"), not_found("Invalid parameter name specified")),
        (patch("replace", "/responseTemplates/application~1json"), bad_request("Invalid null or empty value in responseTemplates")),
        (patch("replace", f"/responseParameters/{ORIGIN}"), bad_request("Invalid null or empty value in responseParameters")),
        (patch("replace", f"/responseParameters/{ORIGIN}", "nonsense"), bad_request(MAPPING.format("nonsense"))),
        (patch("add", "/responseParameters/header.a", "'x'"), bad_request(MAPPING.format("header.a"))),
        (
            patch("wrong-op", "/statusCode", "410"),
            (
                400,
                "ValidationException",
                "1 validation error detected: Value 'wrong-op' at 'updateGatewayResponseInput.patchOperations.2.member.op' failed"
                " to satisfy constraint: Member must satisfy enum value set: [add, remove, move, test, replace, copy]",
            ),
        ),
    ],
)
def test_what_a_patch_cannot_do(apigateway, api_id, operation, refused):
    place = {"restApiId": api_id, "responseType": "THROTTLED"}
    made = bare(apigateway.put_gateway_response(**place, responseParameters={ORIGIN: "'a'"}, responseTemplates=OWN_TEMPLATES))
    operations = [patch("replace", "/statusCode", "444"), operation]
    assert refusal(apigateway.update_gateway_response, **place, patchOperations=operations) == refused
    assert bare(apigateway.get_gateway_response(**place)) == made


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        (
            {"statusCode": "600"},
            "ValidationException",
            "1 validation error detected: Value '600' at 'putGatewayResponseInput.statusCode' failed to satisfy constraint: Member"
            r" must satisfy regular expression pattern: [1-5]\d\d",
        ),
        ({"responseParameters": {"header.a": "'x'"}}, "BadRequestException", MAPPING.format("header.a")),
        ({"responseParameters": {ORIGIN: "method.request.body"}}, "BadRequestException", MAPPING.format("method.request.body")),
        ({"responseParameters": {ORIGIN: "integration.response.header.a"}}, "BadRequestException", MAPPING.format("integration.response.header.a")),
        (
            {"responseTemplates": {"application/json": "x" * (300 * 1024 + 1)}},
            "BadRequestException",
            "Mapping template exceeds the maximum size of 307200 bytes",
        ),
    ],
)
def test_what_cannot_be_put(apigateway, api_id, given, code, message):
    place = {"restApiId": api_id, "responseType": "THROTTLED"}
    assert refusal(apigateway.put_gateway_response, **place, **given) == (400, code, message)
    assert apigateway.get_gateway_response(**place)["defaultResponse"] is True


def test_delete(apigateway, api_id):
    place = {"restApiId": api_id, "responseType": "THROTTLED"}
    missing = not_found("Gateway response type not defined on api")
    assert refusal(apigateway.delete_gateway_response, **place) == missing
    apigateway.put_gateway_response(**place, statusCode="420")
    assert status(apigateway.delete_gateway_response(**place)) == 202
    assert bare(apigateway.get_gateway_response(**place)) == shown("THROTTLED", "429", default=True)
    assert refusal(apigateway.delete_gateway_response, **place) == missing


OPERATIONS = [
    ("get_gateway_response", {}),
    ("put_gateway_response", {}),
    ("update_gateway_response", {"patchOperations": []}),
    ("delete_gateway_response", {}),
]


@pytest.mark.parametrize(("operation", "arguments"), OPERATIONS)
def test_unknown_apis_and_types(apigateway, api_id, operation, arguments):
    call = getattr(apigateway, operation)
    missing = not_found(f"Invalid API identifier specified {ACCOUNT}:zzzzzzzzzz")
    assert refusal(call, restApiId="zzzzzzzzzz", responseType="THROTTLED", **arguments) == missing
    assert refusal(apigateway.get_gateway_responses, restApiId="zzzzzzzzzz") == missing
    wrong = (
        "1 validation error detected: Value 'FAKE' at 'responseType' failed to satisfy constraint: Member must satisfy enum value"
        f" set: [{ORDER}]"
    )
    assert refusal(call, restApiId=api_id, responseType="FAKE", **arguments) == (400, "ValidationException", wrong)
