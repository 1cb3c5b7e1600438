"""Who gets in: signatures on the management address, with AWS's codes and texts for those who do not."""

import datetime
import json
import time

import pytest

import rest_apis
import wire
from signing import presigned_target, send, signed_headers

WRONG_SIGNATURE = "The request signature we calculated does not match the signature you provided."
UNKNOWN_KEY = "The security token included in the request is invalid."


def ago(minutes):
    return datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=minutes)


def assert_refused(answer, code, text):
    assert (answer.status, answer.header("x-amzn-ErrorType")) == (403, code), answer
    message = answer.json()["message"]
    assert message.startswith(text), message
    assert answer.header("x-amzn-RequestId")


def test_a_signed_request_gets_in(server):
    answer = send(server, "GET", "/restapis?limit=1")
    assert answer.status == 200 and "item" in answer.json(), answer


def test_an_unsigned_one_does_not(server):
    answer = wire.request(server.management, "GET", "/restapis")
    assert_refused(answer, "MissingAuthenticationTokenException", "Missing Authentication Token")


def test_an_unknown_key(server):
    answer = send(server, "GET", "/restapis", credentials=("AKIAUNKNOWNUNKNOWN22", "x" * 40))
    assert_refused(answer, "UnrecognizedClientException", UNKNOWN_KEY)


def test_a_wrong_secret(server):
    key_id, _ = server.credentials()
    answer = send(server, "GET", "/restapis", credentials=(key_id, "x" * 40))
    assert_refused(answer, "InvalidSignatureException", WRONG_SIGNATURE)


def test_boto3_raises_the_same(server):
    key_id, _ = server.credentials()
    client = server.client("apigateway", credentials=(key_id, "x" * 40))
    with pytest.raises(client.exceptions.ClientError) as raised:
        client.get_rest_apis()
    assert raised.value.response["Error"]["Code"] == "InvalidSignatureException"


@pytest.mark.parametrize(("minutes", "text"), [(6, "Signature expired: "), (60 * 24, ""), (-6, "Signature not yet current: ")])
def test_a_clock_that_is_off(server, minutes, text):
    answer = send(server, "GET", "/restapis", when=ago(minutes))
    assert_refused(answer, "InvalidSignatureException", text)


@pytest.mark.parametrize("minutes", [4, -4])
def test_a_clock_that_is_off_a_little(server, minutes):
    assert send(server, "GET", "/restapis", when=ago(minutes)).status == 200


def test_the_body_is_signed(server):
    fields = signed_headers(server, "POST", "/restapis", b'{"name":"signed"}')
    answer = wire.request(server.management, "POST", "/restapis", fields, b'{"name":"forged"}')
    assert_refused(answer, "InvalidSignatureException", WRONG_SIGNATURE)


@pytest.mark.parametrize(("method", "target"), [("GET", "/restapis?limit=2"), ("GET", "/apikeys?limit=1"), ("HEAD", "/restapis?limit=1")])
def test_method_path_and_query_are_signed(server, method, target):
    fields = signed_headers(server, "GET", "/restapis?limit=1")
    answer = wire.request(server.management, method, target, fields)
    assert answer.status == 403
    assert answer.header("x-amzn-ErrorType") == "InvalidSignatureException"


def test_a_signed_header_is_signed(server):
    fields = signed_headers(server, "GET", "/restapis", headers={"X-Amz-Meta-Colour": "red"})
    fields["X-Amz-Meta-Colour"] = "blue"
    assert_refused(wire.request(server.management, "GET", "/restapis", fields), "InvalidSignatureException", WRONG_SIGNATURE)


def test_the_host_is_signed(server):
    fields = signed_headers(server, "GET", "/restapis")
    fields["Host"] = "apigateway.us-east-1.amazonaws.com"
    assert_refused(wire.request(server.management, "GET", "/restapis", fields), "InvalidSignatureException", WRONG_SIGNATURE)


def test_another_services_scope(server):
    answer = send(server, "GET", "/restapis", service="s3")
    assert_refused(answer, "InvalidSignatureException", "Credential should be scoped to correct service")


@pytest.mark.parametrize(
    "authorization",
    ["AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/apigateway/aws4_request", "AWS4-HMAC-SHA256 nonsense", "AWS4-HMAC-SHA256"],
)
def test_an_incomplete_header(server, authorization):
    answer = wire.request(server.management, "GET", "/restapis", {"Authorization": authorization})
    assert_refused(answer, "IncompleteSignatureException", "")


@pytest.mark.parametrize("authorization", ["Basic YTpi", "Bearer abc", "", "\x80\xff", "AWS4-HMAC-SHA256 " + "Credential=" * 500])
def test_another_kind_of_header_never_gets_in(server, authorization):
    answer = wire.request(server.management, "GET", "/restapis", {"Authorization": authorization})
    assert answer.status in (400, 403, 431), answer


def test_a_presigned_get(server):
    answer = wire.request(server.management, "GET", presigned_target(server, "/restapis?limit=1"))
    assert answer.status == 200 and "item" in answer.json(), answer


def test_a_presigned_get_expires(server):
    answer = wire.request(server.management, "GET", presigned_target(server, "/restapis", expires=60, when=ago(2)))
    assert_refused(answer, "InvalidSignatureException", "Signature expired")


def test_a_presigned_get_is_for_one_target(server):
    target = presigned_target(server, "/restapis").replace("/restapis", "/apikeys")
    assert_refused(wire.request(server.management, "GET", target), "InvalidSignatureException", WRONG_SIGNATURE)


def test_regions_and_accounts_are_apart(server):
    here = server.client("apigateway")
    there = server.client("apigateway", region="eu-central-1")
    made = json.loads(server.run("keys", "create", "--account", "111111111111", "--json"))
    other = server.client("apigateway", credentials=(made["accessKeyId"], made["secretAccessKey"]))
    api_id, _ = rest_apis.create(here)
    for client in (there, other):
        with pytest.raises(client.exceptions.NotFoundException):
            client.get_rest_api(restApiId=api_id)
        with pytest.raises(client.exceptions.NotFoundException):
            client.delete_rest_api(restApiId=api_id)
    assert here.get_rest_api(restApiId=api_id)["id"] == api_id


def test_a_key_made_beside_the_running_server_works_until_it_is_revoked(server):
    made = json.loads(server.run("keys", "create", "--json"))
    client = server.client("apigateway", credentials=(made["accessKeyId"], made["secretAccessKey"]))
    client.get_rest_apis()
    assert made["accessKeyId"] in server.run("keys", "list")
    assert made["secretAccessKey"] not in server.run("keys", "list")

    server.run("keys", "revoke", made["accessKeyId"])
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        try:
            client.get_rest_apis()
        except client.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] == "UnrecognizedClientException"
            return
        time.sleep(0.05)
    pytest.fail("a revoked key still works after two seconds")


def test_no_secret_is_logged(server):
    key_id, secret = server.credentials()
    fields = signed_headers(server, "GET", "/restapis", credentials=(key_id, "x" * 40))
    wire.request(server.management, "GET", "/restapis", fields)
    signature = fields["Authorization"].rsplit("=", 1)[1]
    log = server.log()
    assert secret not in log and signature not in log
    assert server.credentials_path.stat().st_mode & 0o777 == 0o600
