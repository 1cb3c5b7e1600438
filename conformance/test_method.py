"""Method: what PutMethod takes, what a get shows, and every path of its PATCH."""

import pytest

from methods import ANY_ENTRY_OP, ONLY_REPLACE, UNKNOWN_ENTRY, UNKNOWN_METHOD, UNKNOWN_RESOURCE, VERBS
from methods import MethodTree, mapping_fault, patch, plain, validation, wrong_op
from refusals import bad_request, conflict, not_found

AUTHORIZER = bad_request(
    "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer."
)
SCOPES = bad_request(
    "Invalid Method authorization type specified. Authorization Scopes are only valid for COGNITO_USER_POOLS authorization type"
)
TYPES = bad_request("Invalid Method authorization type specified. Valid options are NONE,AWS_IAM,CUSTOM,COGNITO_USER_POOLS")
VALIDATOR = bad_request("Invalid Request Validator identifier specified")


@pytest.fixture
def tree(apigateway):
    return MethodTree(apigateway)


@pytest.mark.parametrize("verb", ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY"])
def test_each_verb_with_defaults(apigateway, verb):
    tree = MethodTree(apigateway, verb, authorizationType="none")
    assert tree.call("get_method") == {"apiKeyRequired": False, "authorizationType": "NONE", "httpMethod": verb}
    assert tree.state()["resourceMethods"].keys() == {verb}


def test_everything_is_echoed(tree):
    validator = tree.client.create_request_validator(restApiId=tree.api_id)["id"]
    members = {
        "authorizationType": "AWS_IAM",
        "apiKeyRequired": True,
        "operationName": "PutPet",
        "requestParameters": {"method.request.path.id": True, "method.request.querystring.page": False},
        "requestModels": {"application/json": "Empty", "text/plain": "Error"},
        "requestValidatorId": validator,
    }
    answer = tree.call("put_method", httpMethod="PUT", **members)
    assert answer == {**members, "httpMethod": "PUT"}
    assert tree.call("get_method", httpMethod="PUT") == answer


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"restApiId": "zzzzzzzzzz"}, not_found(UNKNOWN_RESOURCE)),
        ({"resourceId": "zzzzzz"}, not_found(UNKNOWN_RESOURCE)),
        ({"httpMethod": "GET"}, conflict("Method already exists for this resource")),
        ({"httpMethod": "get"}, bad_request(VERBS)),
        ({"httpMethod": "TRACE"}, bad_request(VERBS)),
        ({"authorizationType": "SECRET"}, TYPES),
        ({"authorizationType": "CUSTOM"}, AUTHORIZER),
        ({"authorizationType": "custom"}, AUTHORIZER),
        ({"authorizationType": "COGNITO_USER_POOLS", "authorizerId": "abc123"}, AUTHORIZER),
        ({"authorizationScopes": ["read"]}, SCOPES),
        ({"requestValidatorId": "abc123"}, VALIDATOR),
        ({"requestModels": {"application/json": "Pet"}}, bad_request("Invalid model identifier specified: Pet")),
        (
            {"requestParameters": {"method.request.foo.bar": True}},
            bad_request(mapping_fault("Invalid mapping expression specified: method.request.foo.bar")),
        ),
        (
            {"requestParameters": {"method.request.path.id": True, "method.request.header.id": True}},
            bad_request("Parameter names must be unique across querystring, header and path"),
        ),
    ],
)
def test_refused_puts(tree, arguments, expected):
    assert tree.refusal("put_method", **{"httpMethod": "PUT", "authorizationType": "NONE", **arguments}) == expected


def test_every_path(tree):
    validator = tree.client.create_request_validator(restApiId=tree.api_id)["id"]
    answer = tree.update(
        "update_method",
        ("replace", "/authorizationType", "aws_iam"),
        ("replace", "/apiKeyRequired", "true"),
        ("replace", "/operationName", "ListPets"),
        ("replace", "/requestValidatorId", validator),
        ("add", "/requestParameters/method.request.header.X", "false"),
        ("replace", "/requestParameters/method.request.header.X", "true"),
        ("add", "/requestModels/application~1json", "Empty"),
        ("replace", "/requestModels/application~1json", "Error"),
    )
    assert answer == {
        "httpMethod": "GET",
        "authorizationType": "AWS_IAM",
        "apiKeyRequired": True,
        "operationName": "ListPets",
        "requestValidatorId": validator,
        "requestParameters": {"method.request.header.X": True},
        "requestModels": {"application/json": "Error"},
    }
    answer = tree.update(
        "update_method",
        ("replace", "/authorizationType", "NONE"),
        ("replace", "/apiKeyRequired", "whatever"),
        ("replace", "/operationName"),
        ("replace", "/requestValidatorId", ""),
        ("remove", "/requestParameters/method.request.header.X"),
        ("remove", "/requestModels/application~1json"),
    )
    assert answer == {"apiKeyRequired": False, "authorizationType": "NONE", "httpMethod": "GET"}
    assert tree.update("update_method") == answer


def test_an_authorizer_is_ignored_while_the_type_takes_none(tree):
    assert "authorizerId" not in tree.update("update_method", ("replace", "/authorizerId", "abc123"))


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ([("add", "/operationName", "a")], bad_request(ONLY_REPLACE)),
        ([("remove", "/operationName")], bad_request(ONLY_REPLACE)),
        ([("add", "/authorizationType", "NONE")], bad_request(ONLY_REPLACE)),
        ([("remove", "/authorizerId")], bad_request(ONLY_REPLACE)),
        ([("copy", "/apiKeyRequired")], bad_request(ONLY_REPLACE)),
        ([("remove", "/requestValidatorId")], bad_request(ONLY_REPLACE)),
        ([("add", "/requestValidatorId", "wrong-id")], bad_request(ONLY_REPLACE)),
        ([("replace", "/httpMethod", "PUT")], bad_request("Invalid patch path /httpMethod")),
        ([("add", "/httpMethod", "PUT")], bad_request("Invalid patch path /httpMethod")),
        ([("add", "/requestParameters", "a")], bad_request("Invalid patch path /requestParameters")),
        ([("replace", "/requestParameters", "method.request.path.id=true")], bad_request("Invalid patch path /requestParameters")),
        ([("add", "/requestModels/application/json", "Empty")], bad_request("Invalid patch path /requestModels/application/json")),
        ([("replace", "/authorizationType", "CUSTOM")], AUTHORIZER),
        ([("replace", "/authorizationType", "CUSTOM"), ("replace", "/authorizerId", "abc123")], AUTHORIZER),
        ([("replace", "/authorizerId", "abc123"), ("replace", "/authorizationType", "CUSTOM")], AUTHORIZER),
        ([("replace", "/authorizationType", "SECRET")], TYPES),
        ([("add", "/authorizationScopes", "read")], SCOPES),
        ([("replace", "/authorizationScopes", "read")], bad_request("Invalid patch operation specified. Must be one of: [add, remove]")),
        ([("replace", "/requestValidatorId", "abc123")], VALIDATOR),
        ([("add", "/requestModels/text~1plain", "Pet")], bad_request("Invalid model identifier specified: Pet")),
        ([("replace", "/requestModels/text~1plain", "Empty")], not_found(UNKNOWN_ENTRY)),
        ([("remove", "/requestParameters/method.request.path.id")], not_found(UNKNOWN_ENTRY)),
        ([("move", "/requestModels/text~1plain")], bad_request(ANY_ENTRY_OP)),
        (
            [("add", "/requestParameters/path.id", "true")],
            bad_request(mapping_fault("Invalid mapping expression specified: path.id")),
        ),
        ([("replace", "/apiKeyRequired", "true"), ("replace", "/none")], bad_request("Invalid patch path /none")),
        ([("wrong_op", "/apiKeyRequired", "true")], validation(wrong_op("updateMethodInput", 1))),
    ],
)
def test_refused_updates(tree, operations, expected):
    assert tree.update_refusal("update_method", *operations) == expected


@pytest.mark.parametrize("operation", ["get_method", "update_method", "delete_method"])
def test_what_is_missing(tree, operation):
    assert tree.refusal(operation, restApiId="zzzzzzzzzz") == not_found(UNKNOWN_RESOURCE)
    assert tree.refusal(operation, resourceId="zzzzzz") == not_found(UNKNOWN_RESOURCE)
    assert tree.refusal(operation, httpMethod="PUT") == not_found(UNKNOWN_METHOD)
    assert tree.refusal(operation, httpMethod="NONSENSE") == not_found(UNKNOWN_METHOD)


def test_delete(tree):
    assert tree.call("delete_method") == {}
    assert "resourceMethods" not in tree.state()
    assert tree.refusal("delete_method") == not_found(UNKNOWN_METHOD)


def test_a_model_in_use_stays(tree):
    """As recorded: updating or deleting the methods sets it free."""
    models = {"restApiId": tree.api_id, "schema": '{"title": "a", "type": "object"}', "contentType": "application/json"}
    for name in ("Pet", "PetTwo"):
        tree.client.create_model(name=name, **models)
    used = patch("add", "/requestModels/application~1json", "Pet")
    tree.call("update_method", patchOperations=[used])
    with pytest.raises(tree.client.exceptions.ConflictException) as raised:
        tree.client.delete_model(restApiId=tree.api_id, modelName="Pet")
    assert raised.value.response["Error"]["Message"] == "Cannot delete model 'Pet', is referenced in method request: //GET"
    answer = tree.update("update_method", ("replace", "/requestModels/application~1json", "PetTwo"))
    assert answer["requestModels"] == {"application/json": "PetTwo"}
    assert plain(tree.client.delete_model(restApiId=tree.api_id, modelName="Pet")) == {}
    tree.call("delete_method")
    assert plain(tree.client.delete_model(restApiId=tree.api_id, modelName="PetTwo")) == {}
