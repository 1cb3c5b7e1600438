"""STS GetCallerIdentity on the management address, so that Terraform's provider and the CLI need no skip flags."""

import json

import boto3
import pytest
from botocore.config import Config

import signing
import wire
from refusals import refusal
from server import ACCOUNT, REGION

FORM = b"Action=GetCallerIdentity&Version=2011-06-15"
FORM_TYPE = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


def sts(server, credentials=None, region=REGION):
    """Not the strict client, which is for JSON."""
    key_id, secret = credentials or server.credentials()
    return boto3.session.Session().client(
        "sts",
        endpoint_url=server.management,
        region_name=region,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.mark.parametrize(("region", "partition"), [("us-east-1", "aws"), ("eu-west-1", "aws"), ("cn-north-1", "aws-cn")])
def test_who_asks(server, region, partition):
    identity = sts(server, region=region).get_caller_identity()
    assert (identity["Account"], identity["UserId"]) == (ACCOUNT, ACCOUNT)
    assert identity["Arn"] == f"arn:{partition}:iam::{ACCOUNT}:root"
    assert len(identity["ResponseMetadata"]["RequestId"]) == 36


def test_another_accounts_key(server):
    made = json.loads(server.run("keys", "create", "--account", "222222222222", "--json"))
    credentials = (made["accessKeyId"], made["secretAccessKey"])
    assert sts(server, credentials).get_caller_identity()["Account"] == "222222222222"


def test_by_get_and_presigned(server):
    target = "/?Action=GetCallerIdentity&Version=2011-06-15"
    for answer in (
        signing.send(server, "GET", target, service="sts"),
        wire.request(server.management, "GET", signing.presigned_target(server, target, service="sts")),
    ):
        assert answer.status == 200, answer
        assert answer.header("Content-Type").startswith("text/xml")
        assert f"<Account>{ACCOUNT}</Account>" in answer.body.decode()


@pytest.mark.parametrize(
    ("operation", "arguments", "action"),
    [
        ("get_session_token", {}, "GetSessionToken"),
        ("assume_role", {"RoleArn": "arn:aws:iam::000000000000:role/r", "RoleSessionName": "session"}, "AssumeRole"),
    ],
)
def test_other_actions_are_refused_by_name(server, operation, arguments, action):
    refused = refusal(getattr(sts(server), operation), **arguments)
    assert refused == (400, "InvalidAction", f"Could not find operation {action} for version 2011-06-15")


def test_wrong_keys(server):
    key_id, secret = server.credentials()
    invalid = (403, "InvalidClientTokenId", "The security token included in the request is invalid.")
    assert refusal(sts(server, ("AKIDNOBODY", secret)).get_caller_identity) == invalid
    assert refusal(sts(server, (key_id, "wrong")).get_caller_identity)[:2] == (403, "SignatureDoesNotMatch")


def test_a_signature_is_good_for_its_service_only(server):
    """One for STS manages nothing, and one for API Gateway is not asked who it is."""
    answer = signing.send(server, "GET", "/restapis", service="sts")
    assert (answer.status, answer.header("x-amzn-ErrorType")) == (403, "InvalidSignatureException")
    answer = signing.send(server, "POST", "/", FORM, FORM_TYPE, service="apigateway")
    assert (answer.status, answer.header("x-amzn-ErrorType")) == (404, "UnknownOperationException")
    unsigned = wire.request(server.management, "POST", "/", FORM_TYPE, FORM)
    assert (unsigned.status, unsigned.header("x-amzn-ErrorType")) == (403, "MissingAuthenticationTokenException")


def test_dev_mode_takes_the_account_from_the_key(fresh_server):
    dev = fresh_server(arguments=["--dev"])
    assert sts(dev, ("333333333333", "any")).get_caller_identity()["Account"] == "333333333333"
