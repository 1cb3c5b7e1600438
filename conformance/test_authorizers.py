"""Authorizer: each type, every PATCH path, texts, and the methods that name one."""

import json

import pytest

import rest_apis
from answers import bare, patch, status
from refusals import bad_request, conflict, not_found, refusal
from server import ACCOUNT

URI = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations"
HEADER = "method.request.header.Authorization"
QUERY = "method.request.querystring.q"
POOLS = [f"arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_{name}" for name in "ab"]
ROLE = "arn:aws:iam::000000000000:role/authorizer"
MISSING = not_found("Invalid Authorizer identifier specified")
ONLY_REPLACE = "Invalid patch operation specified. Must be one of: [replace]"
NEEDS_ONE = bad_request(
    "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer."
)
JWT = {
    "defaultAlgorithms": ["RS256", "ES256"],
    "issuers": [
        {
            "issuer": "https://id.example.com",
            "audiences": ["orders"],
            "additionalClaims": [
                {"claimName": "tenant", "format": "SINGLE_STRING", "required": True, "expectedValues": ["acme"]},
                {"claimName": "plan", "format": "SINGLE_STRING"},
            ],
        },
        {"issuer": "https://other.example.com/", "audiences": ["a", "b"]},
    ],
}
TYPES = {
    "TOKEN": {"authorizerUri": URI, "identitySource": HEADER},
    "REQUEST": {"authorizerUri": URI, "identitySource": f"{HEADER}, {QUERY}, stageVariables.v, context.identity.sourceIp"},
    "COGNITO_USER_POOLS": {"providerARNs": POOLS, "identitySource": HEADER},
    "JWT": {"jwtConfiguration": JWT, "identitySource": HEADER},
}
AUTH_TYPES = {"TOKEN": "custom", "REQUEST": "custom", "COGNITO_USER_POOLS": "cognito_user_pools", "JWT": "jwt"}
METHOD_TYPES = {"TOKEN": "CUSTOM", "REQUEST": "CUSTOM", "COGNITO_USER_POOLS": "COGNITO_USER_POOLS", "JWT": "JWT"}


@pytest.fixture
def api(apigateway):
    """A new API: its id and its root's."""
    return rest_apis.create(apigateway, "authorizers")


@pytest.fixture
def make(apigateway, api):
    """Makes an authorizer of a type: (what names it, the answer that made it)."""

    def made(kind="TOKEN", name="first", **members):
        answer = bare(apigateway.create_authorizer(restApiId=api[0], name=name, type=kind, **{**TYPES[kind], **members}))
        return {"restApiId": api[0], "authorizerId": answer["id"]}, answer

    return made


def without_none(members):
    return {name: value for name, value in members.items() if value is not None}


@pytest.mark.parametrize("kind", TYPES)
def test_what_was_sent_is_shown(apigateway, api, make, kind):
    place, made = make(kind)
    assert len(made["id"]) == 6
    assert bare(made, "id") == {"name": "first", "type": kind, "authType": AUTH_TYPES[kind], **TYPES[kind]}
    assert bare(apigateway.get_authorizer(**place)) == made
    assert bare(apigateway.get_authorizers(restApiId=api[0])) == {"items": [made]}


def test_everything_is_shown(make):
    members = {
        "authType": "mine",
        "authorizerCredentials": ROLE,
        "authorizerResultTtlInSeconds": 0,
        "identityValidationExpression": "^x-[a-z]+$",
    }
    _, made = make("TOKEN", **members)
    assert bare(made, "id") == {"name": "first", "type": "TOKEN", **TYPES["TOKEN"], **members}


def test_a_request_authorizer_without_a_cache_needs_no_source(make):
    _, made = make("REQUEST", authorizerResultTtlInSeconds=0, identitySource="")
    assert "identitySource" not in made


@pytest.mark.parametrize(
    ("kind", "members", "refused"),
    [
        ("TOKEN", {"name": ""}, "Authorizer name cannot be empty"),
        (
            "TOKEN",
            {"authorizerUri": URI.replace("us-east-1:lambda:path", "region:lambda:path")},
            f"Invalid Authorizer URI: {URI.replace('us-east-1:lambda:path', 'region:lambda:path')}. Authorizer URI should be a valid"
            " API Gateway ARN that represents a Lambda function invocation.",
        ),
        ("TOKEN", {"identitySource": ""}, "Invalid request input: identitySource is required for authorizers of type TOKEN"),
        (
            "TOKEN",
            {"identitySource": QUERY},
            "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified:"
            f" {QUERY}]",
        ),
        ("TOKEN", {"authorizerCredentials": "me"}, "Invalid ARN specified in the request"),
        ("TOKEN", {"identityValidationExpression": "("}, "Invalid regex pattern specified"),
        (
            "TOKEN",
            {"authorizerResultTtlInSeconds": 3601},
            "Invalid request input: authorizerResultTtlInSeconds must be between 0 and 3600",
        ),
        ("TOKEN", {"jwtConfiguration": JWT}, "Invalid request input: jwtConfiguration is not supported for authorizers of type TOKEN"),
        ("REQUEST", {"identitySource": ""}, "Invalid request input"),
        (
            "COGNITO_USER_POOLS",
            {"providerARNs": []},
            "Invalid request input: providerARNs are required for authorizers of type COGNITO_USER_POOLS",
        ),
        ("COGNITO_USER_POOLS", {"providerARNs": ["arn:x"]}, "Invalid request input: arn:x is not the ARN of a user pool"),
        ("JWT", {"authorizerUri": URI}, "Invalid request input: authorizerUri is not supported for authorizers of type JWT"),
        ("JWT", {"providerARNs": POOLS}, "Invalid request input: providerARNs is not supported for authorizers of type JWT"),
        (
            "JWT",
            {"authorizerResultTtlInSeconds": 300},
            "Invalid request input: authorizerResultTtlInSeconds is not supported for authorizers of type JWT",
        ),
        (
            "JWT",
            {"identityValidationExpression": "x"},
            "Invalid request input: identityValidationExpression is not supported for authorizers of type JWT",
        ),
        ("JWT", {"jwtConfiguration": {**JWT, "issuers": []}}, "Invalid request input: jwtConfiguration.issuers must have 1 to 10 issuers"),
    ],
)
def test_refused_creates(apigateway, api, kind, members, refused):
    given = {"restApiId": api[0], "name": "n", "type": kind, **TYPES[kind], **members}
    assert refusal(apigateway.create_authorizer, **given) == bad_request(refused)
    assert apigateway.get_authorizers(restApiId=api[0])["items"] == []


def test_an_unknown_type_and_an_unknown_algorithm(apigateway, api):
    code = refusal(apigateway.create_authorizer, restApiId=api[0], name="n", type="OTHER")[:2]
    assert code == (400, "ValidationException")
    none = {**JWT, "defaultAlgorithms": ["none"]}
    given = {"restApiId": api[0], "name": "n", "type": "JWT", "identitySource": HEADER, "jwtConfiguration": none}
    assert refusal(apigateway.create_authorizer, **given)[:2] == (400, "ValidationException")


def test_names_are_unique(apigateway, make):
    make()
    place, made = make(name="second")
    text = bad_request("Authorizer name must be unique. Authorizer first already exists in this RestApi.")
    assert refusal(make)[:3] == text
    assert refusal(apigateway.update_authorizer, **place, patchOperations=[patch("replace", "/name", "first")]) == text
    assert bare(apigateway.get_authorizer(**place)) == made


@pytest.mark.parametrize(
    ("kind", "operations", "changed"),
    [
        ("TOKEN", [patch("replace", "/name", "other")], {"name": "other"}),
        ("TOKEN", [patch("replace", "/authType", "mine")], {"authType": "mine"}),
        ("TOKEN", [patch("replace", "/authorizerUri", URI + "")], {}),
        ("TOKEN", [patch("replace", "/authorizerCredentials", ROLE)], {"authorizerCredentials": ROLE}),
        ("TOKEN", [patch("replace", "/authorizerResultTtlInSeconds", "60")], {"authorizerResultTtlInSeconds": 60}),
        ("TOKEN", [patch("replace", "/identityValidationExpression", "a+")], {"identityValidationExpression": "a+"}),
        ("TOKEN", [patch("replace", "/identitySource", "method.request.header.A")], {"identitySource": "method.request.header.A"}),
        ("REQUEST", [patch("replace", "/identitySource", HEADER), patch("add", "/identitySource", QUERY)], {"identitySource": f"{HEADER},{QUERY}"}),
        ("REQUEST", [patch("replace", "/identitySource", f"{HEADER},{QUERY}"), patch("remove", "/identitySource", HEADER)], {"identitySource": QUERY}),
        ("COGNITO_USER_POOLS", [patch("remove", "/providerARNs", POOLS[0])], {"providerARNs": POOLS[1:]}),
        ("COGNITO_USER_POOLS", [patch("remove", "/providerARNs", POOLS[0]), patch("add", "/providerARNs", POOLS[0])], {"providerARNs": POOLS[::-1]}),
        ("COGNITO_USER_POOLS", [patch("add", "/providerARNs", POOLS[0])], {}),
        (
            "JWT",
            [patch("replace", "/jwtConfiguration", json.dumps({**JWT, "issuers": JWT["issuers"][1:]}))],
            {"jwtConfiguration": {**JWT, "issuers": JWT["issuers"][1:]}},
        ),
        (
            "TOKEN",
            [patch("replace", "/type", "JWT"), patch("replace", "/jwtConfiguration", json.dumps(JWT))],
            {"type": "JWT", "authType": "jwt", "jwtConfiguration": JWT, "authorizerUri": None},
        ),
        (
            "JWT",
            [patch("replace", "/authorizerUri", URI), patch("replace", "/type", "REQUEST")],
            {"type": "REQUEST", "authType": "custom", "jwtConfiguration": None, "authorizerUri": URI},
        ),
    ],
)
def test_patches(apigateway, make, kind, operations, changed):
    place, made = make(kind)
    updated = bare(apigateway.update_authorizer(**place, patchOperations=operations))
    assert updated == without_none({**made, **changed})
    assert bare(apigateway.get_authorizer(**place)) == updated


@pytest.mark.parametrize(
    ("operation", "refused"),
    [
        *[(patch(op, path, "x"), ONLY_REPLACE) for path in ("/name", "/type", "/authType", "/authorizerUri") for op in ("add", "remove", "copy")],
        *[
            (patch("add", path, "x"), ONLY_REPLACE)
            for path in (
                "/authorizerCredentials",
                "/authorizerResultTtlInSeconds",
                "/identityValidationExpression",
                "/jwtConfiguration",
            )
        ],
        (patch("replace", "/providerARNs", POOLS[0]), "Invalid patch operation specified. Must be one of: [add, remove]"),
        (patch("copy", "/identitySource", "x"), "Invalid patch operation specified. Must be one of: [add, remove, replace]"),
        (patch("replace", "/id", "x"), "Invalid patch path /id"),
        (patch("replace", "/jwtConfiguration/issuers", "x"), "Invalid patch path /jwtConfiguration/issuers"),
        (patch("replace", "/type", "JWT"), "Invalid request input: jwtConfiguration is required"),
        (
            patch("replace", "/type", "x"),
            "Invalid Authorizer type specified. Valid options are TOKEN,REQUEST,COGNITO_USER_POOLS,JWT",
        ),
        (
            patch("replace", "/authorizerResultTtlInSeconds", "soon"),
            "Invalid request input: authorizerResultTtlInSeconds must be between 0 and 3600",
        ),
    ],
)
def test_what_a_patch_cannot_do(apigateway, make, operation, refused):
    place, made = make()
    operations = [patch("replace", "/name", "other"), operation]
    assert refusal(apigateway.update_authorizer, **place, patchOperations=operations) == bad_request(refused)
    assert bare(apigateway.get_authorizer(**place)) == made


@pytest.mark.parametrize("unknown", [{"restApiId": "zzzzzzzzzz"}, {"authorizerId": "zzzzzz"}])
def test_what_is_not_found(apigateway, make, unknown):
    place = make()[0] | unknown
    assert refusal(apigateway.get_authorizer, **place) == MISSING
    assert refusal(apigateway.update_authorizer, **place, patchOperations=[]) == MISSING
    assert refusal(apigateway.delete_authorizer, **place) == MISSING


def test_an_unknown_api(apigateway):
    missing = not_found(f"Invalid API identifier specified {ACCOUNT}:zzzzzzzzzz")
    assert refusal(apigateway.create_authorizer, restApiId="zzzzzzzzzz", name="n", type="TOKEN", **TYPES["TOKEN"]) == missing
    assert refusal(apigateway.get_authorizers, restApiId="zzzzzzzzzz") == missing


def test_an_api_has_a_bounded_number(apigateway, api, make):
    for number in range(10):
        make(name=str(number))
    assert refusal(make, name="more")[:2] == (429, "LimitExceededException")
    pages = apigateway.get_paginator("get_authorizers").paginate(restApiId=api[0], PaginationConfig={"PageSize": 4})
    assert [len(page["items"]) for page in pages] == [4, 4, 2]


@pytest.mark.parametrize("kind", TYPES)
def test_a_method_names_an_authorizer_of_its_type(apigateway, api, make, invoke, kind):
    """As recorded for TOKEN. A method that needs one is never open: it refuses whom its authorizer does not know."""
    place, _ = make(kind)
    method = {"restApiId": api[0], "resourceId": api[1], "httpMethod": "GET"}
    given = {"authorizationType": METHOD_TYPES[kind], "authorizerId": place["authorizerId"], "apiKeyRequired": True}
    answer = apigateway.put_method(**method, **given)
    assert status(answer) == 201
    assert bare(answer) == {**given, "httpMethod": "GET"}
    others = set(METHOD_TYPES.values()) - {METHOD_TYPES[kind]}
    for other in others:
        operations = [patch("replace", "/authorizationType", other)]
        assert refusal(apigateway.update_method, **method, patchOperations=operations) == NEEDS_ONE
    apigateway.update_method(**method, patchOperations=[patch("replace", "/apiKeyRequired", "false")])
    apigateway.put_integration(**method, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    rest_apis.deploy(apigateway, api[0])
    refused = invoke(api[0], "dev")
    assert (refused.status, refused.json()) == (401, {"message": "Unauthorized"})


def test_scopes_go_with_tokens(apigateway, api, make):
    method = {"restApiId": api[0], "resourceId": api[1], "httpMethod": "GET"}
    pools, jwt = make("COGNITO_USER_POOLS", "pools")[0], make("JWT", "jwt")[0]
    apigateway.put_method(
        **method, authorizationType="COGNITO_USER_POOLS", authorizerId=pools["authorizerId"], authorizationScopes=["a/read"]
    )
    operations = [
        patch("replace", "/authorizationType", "JWT"),
        patch("replace", "/authorizerId", jwt["authorizerId"]),
        patch("add", "/authorizationScopes", "a/write"),
    ]
    assert apigateway.update_method(**method, patchOperations=operations)["authorizationScopes"] == ["a/read", "a/write"]


def test_an_authorizer_in_use_stays(apigateway, api, make):
    place, _ = make()
    resource_id = rest_apis.add_resource(apigateway, api[0], api[1], "test")
    method = {"restApiId": api[0], "resourceId": resource_id, "httpMethod": "GET"}
    apigateway.put_method(**method, authorizationType="CUSTOM", authorizerId=place["authorizerId"])
    text = "Cannot delete authorizer 'first', is referenced in method: GET//test"
    assert refusal(apigateway.delete_authorizer, **place) == conflict(text)
    apigateway.update_method(**method, patchOperations=[patch("replace", "/authorizationType", "NONE")])
    assert "authorizerId" not in apigateway.get_method(**method)
    assert status(apigateway.delete_authorizer(**place)) == 202
    assert refusal(apigateway.delete_authorizer, **place) == MISSING


def test_a_copy_has_authorizers_of_its_own(apigateway, api, make):
    place, made = make()
    method = {"restApiId": api[0], "resourceId": api[1], "httpMethod": "GET"}
    apigateway.put_method(**method, authorizationType="CUSTOM", authorizerId=place["authorizerId"])
    copy = apigateway.create_rest_api(name="copy", cloneFrom=api[0])
    [authorizer] = apigateway.get_authorizers(restApiId=copy["id"])["items"]
    assert authorizer["id"] != made["id"] and bare(authorizer, "id") == bare(made, "id")
    copied = {"restApiId": copy["id"], "resourceId": copy["rootResourceId"], "httpMethod": "GET"}
    assert apigateway.get_method(**copied)["authorizerId"] == authorizer["id"]


@pytest.mark.parametrize("kind", ["TOKEN", "COGNITO_USER_POOLS"])
def test_terraform(apigateway, api, kind):
    """Identity source and time to live are always sent; credentials of Cognito come by a patch; a change of type empties the rest."""
    given = {**TYPES[kind], "authorizerResultTtlInSeconds": 300}
    made = apigateway.create_authorizer(restApiId=api[0], name="tf", type=kind, **given)
    place = {"restApiId": api[0], "authorizerId": made["id"]}
    read = lambda: bare(apigateway.get_authorizer(**place), "id")
    shown = {"name": "tf", "type": kind, "authType": AUTH_TYPES[kind], **given}
    assert read() == shown
    apigateway.update_authorizer(**place, patchOperations=[patch("replace", "/authorizerCredentials", ROLE)])
    shown["authorizerCredentials"] = ROLE
    assert read() == shown
    change = [
        patch("replace", "/identitySource", "method.request.header.A"),
        patch("replace", "/name", "tf2"),
        patch("replace", "/authorizerCredentials", ""),
        patch("replace", "/authorizerResultTtlInSeconds", "0"),
        patch("replace", "/identityValidationExpression", "a.*"),
    ]
    shown |= {"identitySource": "method.request.header.A", "name": "tf2"}
    shown |= {"authorizerResultTtlInSeconds": 0, "identityValidationExpression": "a.*"}
    del shown["authorizerCredentials"]
    apigateway.update_authorizer(**place, patchOperations=change)
    assert read() == shown
    if kind == "TOKEN":
        change = [patch("replace", "/authorizerUri", ""), patch("replace", "/type", "COGNITO_USER_POOLS")]
        change += [patch("add", "/providerARNs", arn) for arn in POOLS]
        del shown["authorizerUri"]
        shown |= {"type": "COGNITO_USER_POOLS", "authType": "cognito_user_pools", "providerARNs": POOLS}
    else:
        change = [patch("replace", "/authorizerUri", URI), patch("replace", "/type", "TOKEN")]
        change += [patch("remove", "/providerARNs", arn) for arn in POOLS]
        del shown["providerARNs"]
        shown |= {"type": "TOKEN", "authType": "custom", "authorizerUri": URI}
    apigateway.update_authorizer(**place, patchOperations=change)
    assert read() == shown
    apigateway.delete_authorizer(**place)
    assert refusal(apigateway.get_authorizer, **place)[:2] == (404, "NotFoundException")
