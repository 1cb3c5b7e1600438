"""Canary releases in traffic: what a stage with one serves, through its promotion to its end."""

import collections

import pytest

import rest_apis
from answers import patch

TEMPLATE = (
    '{"statusCode": 200, "release": "RELEASE", "canary": "$context.isCanaryRequest", "deployment": "$context.deploymentId",'
    ' "testVar": "$stageVariables.testVar", "testVar2": "$stageVariables.testVar2"}'
)
PERCENT = "/canarySettings/percentTraffic"
CALLS = 60


@pytest.fixture
def staged(apigateway):
    """A stage with a canary at 50 %, of another deployment: (what names it, first id, second id)."""
    api_id, root_id = rest_apis.create(apigateway, "canaries")
    rest_apis.add_mock_method(apigateway, api_id, root_id, TEMPLATE.replace("RELEASE", "one"))
    place = {"restApiId": api_id, "stageName": "dev"}
    first = apigateway.create_deployment(**place, variables={"testVar": "default"})["id"]
    apigateway.put_integration_response(
        restApiId=api_id,
        resourceId=root_id,
        httpMethod="GET",
        statusCode="200",
        responseTemplates={"application/json": TEMPLATE.replace("RELEASE", "two")},
    )
    overrides = {"testVar": "canary", "testVar2": "canary2"}
    second = apigateway.create_deployment(**place, canarySettings={"percentTraffic": 50.0, "stageVariableOverrides": overrides})["id"]
    return place, first, second


@pytest.fixture
def served(staged, invoke):
    """What distinct answers the stage gives, and how often."""

    def count(calls=CALLS):
        answers = [invoke(staged[0]["restApiId"], "dev") for _ in range(calls)]
        assert {answer.status for answer in answers} == {200}
        return collections.Counter(tuple(answer.json().values())[1:] for answer in answers)

    return count


def production(deployment, test_var="default", test_var2=""):
    return ("false", deployment, test_var, test_var2)


def test_both_releases_are_served_each_with_its_own(staged, served):
    _, first, second = staged
    # One of them would be missing once in 2**59 runs.
    assert set(served()) == {("one", *production(first)), ("two", "true", second, "canary", "canary2")}


def test_the_share_can_be_changed_up_to_all_and_nothing(apigateway, staged, served):
    place, first, second = staged
    apigateway.update_stage(**place, patchOperations=[patch("replace", PERCENT, "100")])
    assert list(served(20)) == [("two", "true", second, "canary", "canary2")]
    apigateway.update_stage(**place, patchOperations=[patch("replace", PERCENT, "0")])
    assert list(served(20)) == [("one", *production(first))]


def test_a_promoted_canary_is_the_production_release(apigateway, staged, served):
    place, _, second = staged
    apigateway.update_stage(
        **place,
        patchOperations=[
            patch("replace", PERCENT, "0.0"),
            patch("copy", "/deploymentId", **{"from": "/canarySettings/deploymentId"}),
            patch("copy", "/variables", **{"from": "/canarySettings/stageVariableOverrides"}),
        ],
    )
    promoted = ("two", *production(second, "canary", "canary2"))
    assert list(served(20)) == [promoted]
    # The canary that is left is the same deployment with the same variables.
    apigateway.update_stage(**place, patchOperations=[patch("remove", "/canarySettings")])
    assert list(served(20)) == [promoted]


def test_a_removed_canary_serves_nothing(apigateway, staged, served):
    place, first, _ = staged
    apigateway.update_stage(**place, patchOperations=[patch("remove", "/canarySettings")])
    assert list(served(20)) == [("one", *production(first))]


def test_a_canary_of_the_stages_own_deployment(apigateway, staged, served):
    """Recorded: without a deployment of its own, it differs by its variables alone."""
    place, first, _ = staged
    apigateway.update_stage(**place, patchOperations=[patch("remove", "/canarySettings")])
    operations = [
        patch("replace", "/canarySettings/stageVariableOverrides/testVar", "canary"),
        patch("replace", PERCENT, "100"),
    ]
    apigateway.update_stage(**place, patchOperations=operations)
    assert list(served(20)) == [("one", "true", first, "canary", "")]
