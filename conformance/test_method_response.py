"""MethodResponse: put, get, every path of its PATCH, delete."""

import pytest

from methods import ANY_ENTRY_OP, STATUS_PATTERN, UNKNOWN_ENTRY, UNKNOWN_METHOD, UNKNOWN_RESOURCE, UNKNOWN_STATUS
from methods import MethodTree, mapping_fault, validation, wrong_op
from refusals import bad_request, conflict, not_found


@pytest.fixture
def tree(apigateway):
    made = MethodTree(apigateway)
    made.place["statusCode"] = "200"
    made.call("put_method_response")
    return made


def test_echo(tree):
    assert tree.call("get_method_response") == {"statusCode": "200"}
    assert tree.call("put_method_response", statusCode="201", responseModels={}, responseParameters={}) == {"statusCode": "201"}
    members = {
        "responseModels": {"application/json": "Empty"},
        "responseParameters": {"method.response.header.Location": False, "method.response.header.ETag": True},
    }
    answer = tree.call("put_method_response", statusCode="302", **members)
    assert answer == {"statusCode": "302", **members}
    assert tree.call("get_method_response", statusCode="302") == answer
    assert tree.state()["resourceMethods"]["GET"]["methodResponses"]["302"] == answer


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"restApiId": "zzzzzzzzzz"}, not_found(UNKNOWN_RESOURCE)),
        ({"resourceId": "zzzzzz"}, not_found(UNKNOWN_RESOURCE)),
        ({"httpMethod": "PUT"}, not_found(UNKNOWN_METHOD)),
        ({}, conflict("Response already exists for this resource")),
        ({"statusCode": "wrong"}, validation(STATUS_PATTERN)),
        ({"statusCode": "404", "responseModels": {"a/b": "Pet"}}, bad_request("Invalid model identifier specified: Pet")),
        (
            {"statusCode": "404", "responseParameters": {"method.response.body.a": True}},
            bad_request(mapping_fault("Invalid mapping expression specified: method.response.body.a")),
        ),
    ],
)
def test_refused_puts(tree, arguments, expected):
    assert tree.refusal("put_method_response", **arguments) == expected


def test_every_path(tree):
    answer = tree.update(
        "update_method_response",
        ("add", "/responseParameters/method.response.header.ETag", "false"),
        ("replace", "/responseParameters/method.response.header.ETag", "true"),
        ("add", "/responseModels/application~1json", "Empty"),
        ("replace", "/responseModels/application~1json", "Error"),
    )
    assert answer == {
        "statusCode": "200",
        "responseParameters": {"method.response.header.ETag": True},
        "responseModels": {"application/json": "Error"},
    }
    answer = tree.update(
        "update_method_response",
        ("remove", "/responseParameters/method.response.header.ETag"),
        ("remove", "/responseModels/application~1json"),
    )
    assert answer == {"statusCode": "200"}
    assert tree.update("update_method_response") == answer


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ([("replace", "/statusCode", "201")], bad_request("Invalid patch path /statusCode")),
        ([("add", "/responseModels", "Empty")], bad_request("Invalid patch path /responseModels")),
        ([("add", "/responseModels/a/b", "Empty")], bad_request("Invalid patch path /responseModels/a/b")),
        ([("add", "/responseModels/a~1b", "Pet")], bad_request("Invalid model identifier specified: Pet")),
        ([("replace", "/responseModels/a~1b", "Empty")], not_found(UNKNOWN_ENTRY)),
        ([("remove", "/responseParameters/method.response.header.a")], not_found(UNKNOWN_ENTRY)),
        ([("copy", "/responseModels/a~1b")], bad_request(ANY_ENTRY_OP)),
        (
            [("add", "/responseParameters/header.a", "true")],
            bad_request(mapping_fault("Invalid mapping expression specified: header.a")),
        ),
        ([("add", "/responseModels/a~1b", "Empty"), ("add", "/none")], bad_request("Invalid patch path /none")),
        ([("wrong_op", "/a")], validation(wrong_op("updateMethodResponseInput", 1))),
        ([("wrong_op", "/a"), ("wrong_op", "/b")], validation(wrong_op("updateMethodResponseInput", 1, 2))),
        ([("wrong_op", "/a")] * 4, validation(wrong_op("updateMethodResponseInput", 1, 2, 3, 4))),
        ([("wrong_op", "/a"), ("add", "/b"), ("wrong_op", "/c")], validation(wrong_op("updateMethodResponseInput", 1, 3))),
    ],
)
def test_refused_updates(tree, operations, expected):
    assert tree.update_refusal("update_method_response", *operations) == expected


@pytest.mark.parametrize("operation", ["get_method_response", "update_method_response", "delete_method_response"])
def test_what_is_missing(tree, operation):
    assert tree.refusal(operation, restApiId="zzzzzzzzzz") == not_found(UNKNOWN_RESOURCE)
    assert tree.refusal(operation, resourceId="zzzzzz") == not_found(UNKNOWN_RESOURCE)
    assert tree.refusal(operation, httpMethod="PUT") == not_found(UNKNOWN_METHOD)
    assert tree.refusal(operation, statusCode="404") == not_found(UNKNOWN_STATUS)
    assert tree.refusal(operation, statusCode="wrong") == validation(STATUS_PATTERN)


def test_delete(tree):
    assert tree.call("delete_method_response") == {}
    assert "methodResponses" not in tree.state()["resourceMethods"]["GET"]
    assert tree.refusal("delete_method_response") == not_found(UNKNOWN_STATUS)
