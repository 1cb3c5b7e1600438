"""Keys that are lent for a while (`postern keys create --session-duration`), on both planes, and Signature Version 4A."""

import datetime
import json
import sqlite3

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

import signing
import wire
from server import ACCOUNT, REGION
from signing_v4a import signed_headers
from test_access import deployed, is_refused

INVALID = "The security token included in the request is invalid."
EXPIRED = "The security token included in the request is expired"


def lend(server, seconds=900):
    """(id, secret, token), and all that was printed."""
    made = json.loads(server.run("keys", "create", "--json", "--account", ACCOUNT, "--session-duration", str(seconds)))
    return (made["accessKeyId"], made["secretAccessKey"], made["sessionToken"]), made


def end(server, key_id):
    """Makes a key's session one that ended; the shortest lasts a quarter of an hour."""
    with sqlite3.connect(server.data_dir / "postern.db", timeout=30) as database:
        database.execute("UPDATE access_key SET session_expires = created - 1 WHERE id = ?", (key_id,))


def manage(server, key, service="apigateway"):
    key_id, secret, token = key
    return boto3.session.Session().client(
        service,
        endpoint_url=server.management,
        region_name=REGION,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=Config(retries={"total_max_attempts": 1}),
    )


def called(server, api_id, key):
    host = wire.api_host(api_id)
    request = signing.AWSRequest(method="GET", url=f"http://{host}/dev/pets", headers={})
    signing.SigV4Auth(signing.Credentials(*key), "execute-api", REGION).add_auth(request)
    return wire.request(server.http, "GET", "/dev/pets", dict(request.headers.items()), host=host)


def refused(client):
    with pytest.raises(ClientError) as error:
        client.get_rest_apis()
    answer = error.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"], answer["Error"]["Message"]


def test_a_lent_key_works_with_its_token_and_no_other(server, apigateway):
    api_id = deployed(apigateway, authorization="AWS_IAM")
    key, made = lend(server)
    assert made["accessKeyId"].startswith("ASIA")
    ends = datetime.datetime.fromisoformat(made["expiration"])
    assert 800 < (ends - datetime.datetime.now(datetime.timezone.utc)).total_seconds() <= 900
    assert manage(server, key).get_rest_apis()["items"]
    assert manage(server, key, "sts").get_caller_identity()["Account"] == ACCOUNT
    assert called(server, api_id, key).status == 200
    for token in (None, "another", key[2] + "x"):
        wrong = (*key[:2], token)
        assert refused(manage(server, wrong)) == (403, "UnrecognizedClientException", INVALID)
        is_refused(called(server, api_id, wrong), "UnrecognizedClientException", INVALID)
    # A key for good takes none.
    assert refused(manage(server, (*server.credentials(), "token")))[1] == "UnrecognizedClientException"
    # The token itself is nowhere.
    assert key[2] not in "".join(sqlite3.connect(server.data_dir / "postern.db").iterdump())


def test_a_key_that_ended_says_so(fresh_server):
    server = fresh_server()
    api_id = deployed(server.client("apigateway"), authorization="AWS_IAM")
    key, _ = lend(server)
    end(server, key[0])
    assert refused(manage(server, key)) == (403, "ExpiredTokenException", EXPIRED)
    is_refused(called(server, api_id, key), "ExpiredTokenException", EXPIRED)
    listed = {row["accessKeyId"]: row for row in json.loads(server.run("keys", "list", "--json"))}
    assert (listed[key[0]]["status"], listed[server.credentials()[0]]["expiration"]) == ("expired", None)


@pytest.mark.parametrize("seconds", ["899", "129601", "x"])
def test_how_long_a_key_may_be_lent(server, seconds):
    with pytest.raises(RuntimeError, match="session-duration"):
        server.run("keys", "create", "--session-duration", seconds)


def asymmetric(server, api_id, regions="*", credentials=None, path="/pets", sent=None, **changes):
    host = wire.api_host(api_id)
    fields = signed_headers(f"http://{host}/dev{path}", credentials or server.credentials(), regions, **changes)
    return wire.request(server.http, "GET", f"/dev{sent or path}", fields, host=host)


@pytest.mark.parametrize("regions", ["*", REGION, f"eu-west-1,{REGION}", "us-*"])
def test_signature_version_4a(server, apigateway, regions):
    api_id = deployed(apigateway, authorization="AWS_IAM")
    assert asymmetric(server, api_id, regions).status == 200
    key, _ = lend(server)
    assert asymmetric(server, api_id, regions, key[:2], token=key[2]).status == 200
    is_refused(asymmetric(server, api_id, regions, key[:2]), "UnrecognizedClientException")


def test_attacks_on_signature_version_4a(server, apigateway):
    api_id = deployed(apigateway, authorization="AWS_IAM")
    is_refused(asymmetric(server, api_id, "eu-*"), "InvalidSignatureException", "Credential should be scoped to a valid region")
    is_refused(asymmetric(server, api_id, service="apigateway"), "InvalidSignatureException", "Credential should be scoped to correct")
    is_refused(asymmetric(server, api_id, sent="/pets?a=1"), "InvalidSignatureException")
    is_refused(asymmetric(server, api_id, credentials=(server.credentials()[0], "wrong")), "InvalidSignatureException")
    is_refused(asymmetric(server, api_id, credentials=("AKIANOBODY", "x")), "UnrecognizedClientException")
    old = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=6)
    is_refused(asymmetric(server, api_id, when=old), "InvalidSignatureException", "Signature expired")
    # Management calls have one region, and take the symmetric one alone.
    fields = signed_headers(server.management + "/restapis", server.credentials(), service="apigateway")
    answer = wire.request(server.management, "GET", "/restapis", fields)
    assert (answer.status, answer.header("x-amzn-ErrorType")) == (403, "IncompleteSignatureException"), answer
