"""IntegrationResponse: put, get, every path of its PATCH, delete."""

import pytest

from methods import ONLY_REPLACE, STATUS_PATTERN, UNKNOWN_ENTRY, UNKNOWN_INTEGRATION, UNKNOWN_METHOD, UNKNOWN_RESOURCE
from methods import UNKNOWN_STATUS, MethodTree, mapping_fault, validation, wrong_op
from refusals import bad_request, conflict, not_found

HEADER = "method.response.header.Location"
PARAMETER = f"/responseParameters/{HEADER}"
TEMPLATE_BYTES_MAX = 300 * 1024
REGEX = "Invalid regex pattern specified"


@pytest.fixture
def tree(apigateway):
    """A MOCK integration whose method declares one header for status 200."""
    made = MethodTree(apigateway)
    made.place["statusCode"] = "200"
    made.call("put_method_response", responseParameters={HEADER: False})
    made.client.put_integration(**{name: value for name, value in made.place.items() if name != "statusCode"}, type="MOCK")
    return made


def exists(pattern):
    return conflict(f"Integration response with selection pattern {pattern} already exists")


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"responseTemplates": {}, "selectionPattern": r"2\d{2}"},
        {"responseTemplates": {"application/json": '"created"'}, "selectionPattern": ""},
        {"responseTemplates": {"application/json": "", "text/plain": "a"}},
        {"contentHandling": "CONVERT_TO_BINARY", "selectionPattern": r"2\d{2}"},
        {"responseParameters": {HEADER: "integration.response.header.Location"}},
    ],
)
def test_what_was_sent_is_echoed(tree, members):
    answer = tree.call("put_integration_response", **members)
    assert answer == {"statusCode": "200", **members}
    assert tree.call("get_integration_response") == answer
    integration = tree.state()["resourceMethods"]["GET"]["methodIntegration"]
    assert integration["integrationResponses"] == {"200": answer}
    # Another put of the same status leaves nothing of the first.
    assert tree.call("put_integration_response") == {"statusCode": "200"}
    assert tree.call("get_integration_response") == {"statusCode": "200"}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"restApiId": "zzzzzzzzzz"}, not_found(UNKNOWN_RESOURCE)),
        ({"resourceId": "zzzzzz"}, not_found(UNKNOWN_RESOURCE)),
        ({"httpMethod": "PUT"}, not_found(UNKNOWN_METHOD)),
        ({"httpMethod": "WRONG"}, not_found(UNKNOWN_METHOD)),
        ({"statusCode": "wrong"}, validation(STATUS_PATTERN)),
        ({"selectionPattern": "("}, bad_request(REGEX)),
        ({"selectionPattern": "a)(b"}, bad_request(REGEX)),
        ({"statusCode": "500", "selectionPattern": ""}, exists("default")),
        ({"statusCode": "500"}, exists("default")),
        (
            {"responseParameters": {HEADER: "*"}},
            bad_request(mapping_fault("Invalid mapping expression specified: *")),
        ),
        (
            {"responseParameters": {"method.response.header.Other": "'a'"}},
            bad_request(mapping_fault("Invalid mapping expression parameter specified: method.response.header.Other")),
        ),
        (
            {"statusCode": "404", "selectionPattern": "404", "responseParameters": {HEADER: "'a'"}},
            bad_request(mapping_fault("No method response exists for method.")),
        ),
        (
            {"responseTemplates": {"a/b": "x" * (TEMPLATE_BYTES_MAX + 1)}},
            bad_request(f"Mapping template exceeds the maximum size of {TEMPLATE_BYTES_MAX} bytes"),
        ),
    ],
)
def test_refused_puts(tree, arguments, expected):
    tree.call("put_integration_response")
    assert tree.refusal("put_integration_response", **arguments) == expected


def test_one_response_for_each_pattern(tree):
    tree.call("put_integration_response", statusCode="404", selectionPattern="404")
    assert tree.refusal("put_integration_response", statusCode="500", selectionPattern="404") == exists("404")
    tree.call("put_integration_response", statusCode="500", selectionPattern="500")
    assert tree.update_refusal("update_integration_response", ("replace", "/selectionPattern", "404"), statusCode="500") == exists("404")


def test_every_path(tree):
    tree.call("put_integration_response")
    answer = tree.update(
        "update_integration_response",
        ("replace", "/contentHandling", "CONVERT_TO_TEXT"),
        ("replace", "/selectionPattern", ".*bad.*"),
        ("add", PARAMETER, "'/a'"),
        ("replace", PARAMETER, "integration.response.body.url"),
        ("add", "/responseTemplates/application~1json", ""),
        ("replace", "/responseTemplates/application~1json", "{}"),
    )
    assert answer == {
        "statusCode": "200",
        "contentHandling": "CONVERT_TO_TEXT",
        "selectionPattern": ".*bad.*",
        "responseParameters": {HEADER: "integration.response.body.url"},
        "responseTemplates": {"application/json": "{}"},
    }
    answer = tree.update(
        "update_integration_response",
        ("replace", "/contentHandling", ""),
        ("replace", "/selectionPattern", ""),
        ("remove", PARAMETER),
        ("remove", "/responseTemplates/application~1json"),
    )
    assert answer == {"statusCode": "200", "selectionPattern": ""}
    assert tree.update("update_integration_response") == answer


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ([("replace", "/statusCode", "201")], bad_request("Invalid patch path /statusCode")),
        ([("add", "/responseParameters", "a")], bad_request("Invalid patch path /responseParameters")),
        ([("add", "/responseTemplates/a/b", "a")], bad_request("Invalid patch path /responseTemplates/a/b")),
        ([("add", "/selectionPattern", "a")], bad_request(ONLY_REPLACE)),
        ([("remove", "/contentHandling")], bad_request(ONLY_REPLACE)),
        ([("replace", "/selectionPattern", "[")], bad_request(REGEX)),
        ([("replace", PARAMETER, "'a'")], not_found(UNKNOWN_ENTRY)),
        ([("remove", "/responseTemplates/a~1b")], not_found(UNKNOWN_ENTRY)),
        ([("add", PARAMETER, "a")], bad_request(mapping_fault("Invalid mapping expression specified: a"))),
        ([("replace", "/selectionPattern", "a"), ("add", "/none")], bad_request("Invalid patch path /none")),
        ([("wrong_op", "/a")], validation(wrong_op("updateIntegrationResponseInput", 1))),
    ],
)
def test_refused_updates(tree, operations, expected):
    tree.call("put_integration_response")
    assert tree.update_refusal("update_integration_response", *operations) == expected


@pytest.mark.parametrize("operation", ["get_integration_response", "update_integration_response", "delete_integration_response"])
def test_what_is_missing(tree, operation):
    # As recorded, only the delete calls an unknown method an unknown integration.
    method = UNKNOWN_INTEGRATION if operation.startswith("delete") else UNKNOWN_METHOD
    assert tree.refusal(operation, restApiId="zzzzzzzzzz") == not_found(UNKNOWN_RESOURCE)
    assert tree.refusal(operation, resourceId="zzzzzz") == not_found(UNKNOWN_RESOURCE)
    assert tree.refusal(operation, httpMethod="WRONG") == not_found(method)
    assert tree.refusal(operation) == not_found(UNKNOWN_STATUS)
    assert tree.refusal(operation, statusCode="wrong") == validation(STATUS_PATTERN)
    tree.client.delete_integration(**{name: value for name, value in tree.place.items() if name != "statusCode"})
    assert tree.refusal(operation) == not_found(UNKNOWN_INTEGRATION)


def test_a_response_needs_an_integration(apigateway):
    refused = MethodTree(apigateway).refusal("put_integration_response", statusCode="200")
    assert refused == not_found(UNKNOWN_INTEGRATION)


def test_delete(tree):
    tree.call("put_integration_response")
    assert tree.call("delete_integration_response") == {}
    integration = tree.state()["resourceMethods"]["GET"]["methodIntegration"]
    assert "integrationResponses" not in integration
    assert tree.refusal("delete_integration_response") == not_found(UNKNOWN_STATUS)
