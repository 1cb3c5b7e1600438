"""Integration: defaults and echo of each type, what is refused, every path of its PATCH."""

import pytest

from methods import ANY_ENTRY_OP, ONLY_REPLACE, UNKNOWN_ENTRY, UNKNOWN_INTEGRATION, UNKNOWN_METHOD, UNKNOWN_RESOURCE, VERBS
from methods import MethodTree, mapping_fault, validation, wrong_op
from refusals import bad_request, not_found

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:pets"
LAMBDA = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
PUBLISH = "arn:aws:apigateway:us-east-1:sns:action/Publish"
ROLE = "arn:aws:iam::000000000000:role/gateway"
PROXY = {"type": "HTTP_PROXY", "integrationHttpMethod": "POST", "uri": "http://example.com/{id}"}
TEMPLATE_BYTES_MAX = 300 * 1024

TIMEOUT = bad_request("Timeout should be between 50 ms and 29000 ms")
ENDPOINT = bad_request("Invalid HTTP endpoint specified for URI")
ARN = bad_request("Invalid ARN specified in the request")
TARGET = bad_request("AWS ARN for integration must contain path or action")
NOT_PROXIED = bad_request(
    "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations."
)
NO_ROLE = bad_request("Role ARN must be specified for AWS integrations")
NO_VERB = bad_request("Enumeration value for HttpMethod must be non-empty")
CACHE_KEY = bad_request("Invalid cache key parameter specified")
CONNECTION = bad_request("ConnectionId should be set to the vpcLinkId or stage variable on connection type VPC_LINK")


@pytest.fixture
def tree(apigateway):
    return MethodTree(apigateway, requestParameters={"method.request.path.id": True})


@pytest.fixture
def proxy(tree):
    """The same with an integration."""
    tree.call("put_integration", **PROXY)
    return tree


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({"type": "MOCK"}, {}),
        (PROXY, {"connectionType": "INTERNET"}),
        ({**PROXY, "type": "HTTP", "uri": "https://example.com"}, {"connectionType": "INTERNET"}),
        ({"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": LAMBDA}, {}),
        ({"type": "AWS", "integrationHttpMethod": "POST", "uri": LAMBDA}, {}),
        ({"type": "AWS", "integrationHttpMethod": "POST", "uri": PUBLISH, "credentials": ROLE}, {}),
    ],
)
def test_defaults(tree, sent, shown):
    echoed = {("httpMethod" if name == "integrationHttpMethod" else name): value for name, value in sent.items()}
    answer = tree.call("put_integration", **sent)
    assert answer == {
        **echoed,
        **shown,
        "cacheKeyParameters": [],
        "cacheNamespace": tree.root_id,
        "passthroughBehavior": "WHEN_NO_MATCH",
        "timeoutInMillis": 29000,
    }
    assert tree.call("get_integration") == answer
    assert tree.call("get_method")["methodIntegration"] == answer


def test_everything_is_echoed(tree):
    members = {
        "type": "HTTP_PROXY",
        "uri": "http://${stageVariables.host}/{id}",
        "connectionType": "VPC_LINK",
        "connectionId": "${stageVariables.vpcLinkId}",
        "credentials": ROLE,
        "requestParameters": {"integration.request.path.id": "method.request.path.id"},
        "requestTemplates": {"application/json": "{}", "text/plain": ""},
        "passthroughBehavior": "NEVER",
        "contentHandling": "CONVERT_TO_TEXT",
        "timeoutInMillis": 50,
        "cacheNamespace": "shared",
        "cacheKeyParameters": ["method.request.path.id"],
        "tlsConfig": {"insecureSkipVerification": False},
    }
    answer = tree.call("put_integration", integrationHttpMethod="ANY", **members)
    assert answer == {**members, "httpMethod": "ANY"}
    assert tree.call("get_integration") == answer


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"restApiId": "zzzzzzzzzz"}, not_found(UNKNOWN_RESOURCE)),
        ({"resourceId": "zzzzzz"}, not_found(UNKNOWN_RESOURCE)),
        ({"httpMethod": "PUT"}, not_found(UNKNOWN_METHOD)),
        (
            {"type": "HTTPS_PROXY"},
            validation(
                "1 validation error detected: Value 'HTTPS_PROXY' at 'putIntegrationInput.type' failed to satisfy constraint: "
                "Member must satisfy enum value set: [HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS]"
            ),
        ),
        ({"integrationHttpMethod": ""}, NO_VERB),
        ({"integrationHttpMethod": "FETCH"}, bad_request(VERBS)),
        ({"uri": "example.com"}, ENDPOINT),
        ({"uri": "ftp://example.com"}, ENDPOINT),
        ({"uri": "http://example.com/{id"}, ENDPOINT),
        ({"uri": "http://"}, ENDPOINT),
        ({"uri": LAMBDA}, ENDPOINT),
        ({"type": "AWS", "uri": "http://example.com"}, ARN),
        ({"type": "AWS", "uri": FUNCTION}, TARGET),
        ({"type": "AWS", "uri": PUBLISH}, NO_ROLE),
        ({"type": "AWS_PROXY", "uri": PUBLISH, "credentials": ROLE}, NOT_PROXIED),
        ({"credentials": "gateway"}, ARN),
        ({"timeoutInMillis": 49}, TIMEOUT),
        ({"timeoutInMillis": 29001}, TIMEOUT),
        ({"connectionType": "VPC_LINK"}, CONNECTION),
        (
            {"passthroughBehavior": "ALWAYS"},
            bad_request("Invalid PassthroughBehavior specified. Valid options are WHEN_NO_MATCH,WHEN_NO_TEMPLATES,NEVER"),
        ),
        ({"cacheKeyParameters": ["method.request.path.other"]}, CACHE_KEY),
        (
            {"requestTemplates": {"a/b": "x" * (TEMPLATE_BYTES_MAX + 1)}},
            bad_request(f"Mapping template exceeds the maximum size of {TEMPLATE_BYTES_MAX} bytes"),
        ),
        (
            {"requestParameters": {"integration.request.header.a": "notquoted"}},
            bad_request(mapping_fault("Invalid mapping expression specified: notquoted")),
        ),
        (
            {"requestParameters": {"integration.request.path.id": "method.request.path.petId"}},
            bad_request(mapping_fault("Invalid mapping expression parameter specified: method.request.path.petId")),
        ),
    ],
)
def test_refused_puts(tree, arguments, expected):
    assert tree.refusal("put_integration", **{**PROXY, **arguments}) == expected


def test_the_verb_of_the_backend_is_needed(tree):
    assert tree.refusal("put_integration", type="HTTP_PROXY", uri="http://example.com") == NO_VERB


def test_a_put_replaces_the_integration_and_its_responses(proxy):
    proxy.call("put_integration_response", statusCode="200")
    assert "integrationResponses" in proxy.call("get_integration")
    answer = proxy.call("put_integration", type="MOCK")
    assert answer == {
        "type": "MOCK",
        "cacheKeyParameters": [],
        "cacheNamespace": proxy.root_id,
        "passthroughBehavior": "WHEN_NO_MATCH",
        "timeoutInMillis": 29000,
    }
    assert proxy.call("get_integration") == answer


def test_every_path(proxy):
    answer = proxy.update(
        "update_integration",
        ("replace", "/cacheNamespace", "shared"),
        ("replace", "/connectionType", "VPC_LINK"),
        ("replace", "/connectionId", "${stageVariables.vpcLinkIdBeta}"),
        ("replace", "/contentHandling", "CONVERT_TO_BINARY"),
        ("replace", "/credentials", ROLE),
        ("replace", "/httpMethod", "ANY"),
        ("replace", "/integrationTarget", "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/app/a/b"),
        ("replace", "/passthroughBehavior", "WHEN_NO_TEMPLATES"),
        ("replace", "/responseTransferMode", "BUFFERED"),
        ("replace", "/timeoutInMillis", "12000"),
        ("replace", "/tlsConfig/insecureSkipVerification", "true"),
        ("replace", "/uri", "https://example.com/"),
        ("add", "/requestParameters/integration.request.header.a", "'1'"),
        ("replace", "/requestParameters/integration.request.header.a", "method.request.path.id"),
        ("add", "/requestTemplates/application~1json", ""),
        ("replace", "/requestTemplates/application~1json", "{}"),
        ("add", "/requestTemplates/text~1plain", ""),
        ("add", "/cacheKeyParameters/method.request.path.id", ""),
    )
    expected = {
        "type": "HTTP_PROXY",
        "cacheNamespace": "shared",
        "connectionType": "VPC_LINK",
        "connectionId": "${stageVariables.vpcLinkIdBeta}",
        "contentHandling": "CONVERT_TO_BINARY",
        "credentials": ROLE,
        "httpMethod": "ANY",
        "integrationTarget": "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/app/a/b",
        "passthroughBehavior": "WHEN_NO_TEMPLATES",
        "responseTransferMode": "BUFFERED",
        "timeoutInMillis": 12000,
        "tlsConfig": {"insecureSkipVerification": True},
        "uri": "https://example.com/",
        "requestParameters": {"integration.request.header.a": "method.request.path.id"},
        "requestTemplates": {"application/json": "{}", "text/plain": ""},
        "cacheKeyParameters": ["method.request.path.id"],
    }
    assert answer == expected
    answer = proxy.update(
        "update_integration",
        ("replace", "/connectionType", "INTERNET"),
        ("replace", "/connectionId", ""),
        ("replace", "/contentHandling", ""),
        ("replace", "/credentials"),
        ("replace", "/integrationTarget", ""),
        ("replace", "/tlsConfig/insecureSkipVerification", "false"),
        ("remove", "/requestParameters/integration.request.header.a", "method.request.path.id"),
        ("remove", "/requestTemplates/application~1json"),
        ("remove", "/requestTemplates/text~1plain"),
        ("remove", "/cacheKeyParameters/method.request.path.id", ""),
    )
    for name in ("connectionId", "contentHandling", "credentials", "integrationTarget", "requestParameters", "requestTemplates"):
        del expected[name]
    changed = {"connectionType": "INTERNET", "cacheKeyParameters": [], "tlsConfig": {"insecureSkipVerification": False}}
    assert answer == {**expected, **changed}
    assert proxy.update("update_integration") == answer


def test_cache_keys_by_value(proxy):
    """The documentation's form; Terraform's, with the key in the path, is above."""
    key = "method.request.path.id"
    for op, value, expected in [("add", key, [key]), ("add", key, [key]), ("remove", key, []), ("replace", key, [key])]:
        assert proxy.update("update_integration", (op, "/cacheKeyParameters", value))["cacheKeyParameters"] == expected


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ([("replace", "/type", "MOCK")], bad_request("Invalid patch path /type")),
        ([("replace", "/tlsConfig", "true")], bad_request("Invalid patch path /tlsConfig")),
        ([("add", "/requestParameters", "a")], bad_request("Invalid patch path /requestParameters")),
        ([("replace", "/requestTemplates/a/b", "a")], bad_request("Invalid patch path /requestTemplates/a/b")),
        *(
            ([("add", f"/{member}", "a")], bad_request(ONLY_REPLACE))
            for member in (
                "cacheNamespace connectionId connectionType contentHandling credentials httpMethod integrationTarget"
                " passthroughBehavior responseTransferMode timeoutInMillis tlsConfig/insecureSkipVerification uri"
            ).split()
        ),
        ([("remove", "/uri")], bad_request(ONLY_REPLACE)),
        ([("replace", "/uri", "nonsense")], ENDPOINT),
        ([("replace", "/httpMethod", "")], NO_VERB),
        ([("replace", "/httpMethod", "FETCH")], bad_request(VERBS)),
        ([("replace", "/timeoutInMillis", "30000")], TIMEOUT),
        ([("replace", "/timeoutInMillis", "soon")], TIMEOUT),
        ([("replace", "/connectionType", "VPC_LINK")], CONNECTION),
        ([("replace", "/credentials", "gateway")], ARN),
        ([("replace", "/requestTemplates/a~1b", "a")], not_found(UNKNOWN_ENTRY)),
        ([("remove", "/requestParameters/integration.request.header.a")], not_found(UNKNOWN_ENTRY)),
        ([("remove", "/cacheKeyParameters/method.request.path.id")], not_found(UNKNOWN_ENTRY)),
        ([("copy", "/requestTemplates/a~1b")], bad_request(ANY_ENTRY_OP)),
        ([("add", "/cacheKeyParameters/method.request.path.other", "")], CACHE_KEY),
        (
            [("add", "/requestParameters/integration.request.header.a", "a")],
            bad_request(mapping_fault("Invalid mapping expression specified: a")),
        ),
        ([("replace", "/cacheNamespace", "a"), ("replace", "/none", "a")], bad_request("Invalid patch path /none")),
        ([("wrong_op", "/uri")], validation(wrong_op("updateIntegrationInput", 1))),
    ],
)
def test_refused_updates(proxy, operations, expected):
    assert proxy.update_refusal("update_integration", *operations) == expected


@pytest.mark.parametrize("member", ["uri", "httpMethod"])
def test_a_mock_has_no_backend_to_change(tree, member):
    tree.call("put_integration", type="MOCK")
    assert tree.update_refusal("update_integration", ("replace", f"/{member}", "GET")) == bad_request(f"Invalid patch path /{member}")


@pytest.mark.parametrize("operation", ["get_integration", "update_integration", "delete_integration"])
def test_what_is_missing(tree, operation):
    assert tree.refusal(operation, restApiId="zzzzzzzzzz") == not_found(UNKNOWN_RESOURCE)
    assert tree.refusal(operation, resourceId="zzzzzz") == not_found(UNKNOWN_RESOURCE)
    assert tree.refusal(operation, httpMethod="PUT") == not_found(UNKNOWN_METHOD)
    assert tree.refusal(operation) == not_found(UNKNOWN_INTEGRATION)


def test_delete(proxy):
    assert proxy.call("delete_integration") == {}
    assert "methodIntegration" not in proxy.call("get_method")
    assert proxy.refusal("delete_integration") == not_found(UNKNOWN_INTEGRATION)
