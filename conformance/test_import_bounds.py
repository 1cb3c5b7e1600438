"""What an import may cost: documents that stand for far more than they are, and the largest one that is taken."""

from openapi_documents import body, swagger
from refusals import bad_request, refusal

INVALID = bad_request("Invalid OpenAPI input.")


def test_hostile_documents_are_refused_in_time(apigateway):
    """Each stands for gigabytes, a broken stack or hours when it is read without bounds."""
    laughs = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
    for row in range(1, 10):
        laughs += f"a{row}: &a{row} [{','.join([f'*a{row - 1}'] * 10)}]\n"
    many_headers = {"r": {"description": "x", "headers": {f"h{number}": {} for number in range(10_000)}}}
    answers = {str(status): {"$ref": "#/components/responses/r"} for status in range(100, 200)}
    repeated = {
        "openapi": "3.0.0",
        "info": {"title": "t"},
        "paths": {f"/r{number}": {"get": {"responses": answers}} for number in range(299)},
        "components": {"responses": many_headers},
    }
    for text in (laughs.encode(), b'{"a":' + b"[" * 5_000_000, b"a: " + b"[" * 5_000_000, b"".join(b" " * n + b"a:\n" for n in range(3000))):
        assert refusal(apigateway.import_rest_api, body=text) == INVALID
    status, _, text = refusal(apigateway.import_rest_api, body=body(repeated))
    assert (status, text.splitlines()[1].split(", at /")[0]) == (400, "\tThe document describes too much")


def test_the_largest_document_is_configured(fresh_server):
    server = fresh_server(environment={"POSTERN_LIMITS_IMPORT_BYTES_MAX": "1000"})
    client = server.client("apigateway")
    document = swagger("Small", {})
    assert client.import_rest_api(body=body(document).ljust(1000))["name"] == "Small"
    refused = refusal(client.import_rest_api, body=body(document).ljust(1001))
    assert refused[:2] == (413, "RequestEntityTooLargeException")
