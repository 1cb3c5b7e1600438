"""Account: defaults, every PATCH path, and what the role allows. Each test has a server of its own: the account is shared."""

import pytest

import rest_apis
from answers import bare, patch
from refusals import bad_request, refusal

DEFAULTS = {"apiKeyVersion": "4", "features": ["UsagePlans"], "throttleSettings": {"burstLimit": 5000, "rateLimit": 10000.0}}
ROLE = "arn:aws:iam::000000000000:role/service-role/logs"
ARN = bad_request("Invalid ARN specified in the request")


def operation_refused(operations):
    return bad_request(f"Invalid patch operation specified. Must be one of: [{operations}]")


@pytest.fixture
def client(fresh_server):
    return fresh_server().client()


def test_the_life_of_an_account(client):
    assert bare(client.get_account()) == DEFAULTS
    operations = [patch("add", "/features", "UsagePlans"), patch("replace", "/cloudwatchRoleArn", ROLE)]
    assert bare(client.update_account(patchOperations=operations)) == DEFAULTS | {"cloudwatchRoleArn": ROLE}
    assert bare(client.get_account()) == DEFAULTS | {"cloudwatchRoleArn": ROLE}
    assert bare(client.update_account(patchOperations=[])) == DEFAULTS | {"cloudwatchRoleArn": ROLE}
    # Terraform clears it by a replace without a value.
    assert bare(client.update_account(patchOperations=[patch("replace", "/cloudwatchRoleArn")])) == DEFAULTS

    refusals = [
        (patch("replace", "/cloudwatchRoleArn", "nonsense"), ARN),
        (patch("replace", "/cloudwatchRoleArn", "arn:aws:iam::000000000000:user/logs"), ARN),
        (patch("add", "/cloudwatchRoleArn", ROLE), operation_refused("replace")),
        (patch("remove", "/cloudwatchRoleArn"), operation_refused("replace")),
        (patch("replace", "/features", "UsagePlans"), operation_refused("add, remove")),
        (patch("remove", "/features", "UsagePlans"), bad_request("Usage Plans cannot be disabled once enabled")),
        (patch("add", "/features", "Other"), bad_request("Invalid feature specified: Other")),
        (patch("replace", "/throttleSettings/burstLimit", "1"), bad_request("Invalid patch path /throttleSettings/burstLimit")),
    ]
    for operation, refused in refusals:
        operations = [patch("replace", "/cloudwatchRoleArn", ROLE), operation]
        assert refusal(client.update_account, patchOperations=operations) == refused
    assert bare(client.get_account()) == DEFAULTS


def test_log_levels_need_the_role(client):
    api_id, root_id = rest_apis.create(client)
    rest_apis.add_mock_method(client, api_id, root_id, "{}")
    rest_apis.deploy(client, api_id)
    place = {"restApiId": api_id, "stageName": "dev"}
    refused = bad_request("CloudWatch Logs role ARN must be set in account settings to enable logging")
    for level in ("INFO", "ERROR"):
        operations = [patch("replace", "/*/*/logging/loglevel", level)]
        assert refusal(client.update_stage, **place, patchOperations=operations) == refused
    off = client.update_stage(**place, patchOperations=[patch("replace", "/*/*/logging/loglevel", "OFF")])
    assert off["methodSettings"]["*/*"]["loggingLevel"] == "OFF"
    client.update_account(patchOperations=[patch("replace", "/cloudwatchRoleArn", ROLE)])
    info = client.update_stage(**place, patchOperations=[patch("replace", "/~1pets/GET/logging/loglevel", "INFO")])
    assert info["methodSettings"]["~1pets/GET"]["loggingLevel"] == "INFO"


def test_regions_have_accounts_of_their_own(fresh_server):
    server = fresh_server()
    server.client().update_account(patchOperations=[patch("replace", "/cloudwatchRoleArn", ROLE)])
    assert bare(server.client(region="eu-west-1").get_account()) == DEFAULTS
