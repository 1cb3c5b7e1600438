"""Canary releases: how one begins, changes, is promoted and ends."""

import pytest

import rest_apis
from answers import bare, patch
from refusals import bad_request, refusal

PERCENT = "/canarySettings/percentTraffic"
DEPLOYMENT = "/canarySettings/deploymentId"
OVERRIDES = "/canarySettings/stageVariableOverrides"


@pytest.fixture
def staged(apigateway):
    """A stage of the first of two deployments: (what names it, first id, second id)."""
    api_id, root_id = rest_apis.create(apigateway, "canaries")
    rest_apis.add_mock_method(apigateway, api_id, root_id, "{}")
    first, second = (apigateway.create_deployment(restApiId=api_id)["id"] for _ in range(2))
    apigateway.create_stage(restApiId=api_id, stageName="dev", deploymentId=first, variables={"testVar": "default"})
    return {"restApiId": api_id, "stageName": "dev"}, first, second


@pytest.fixture
def update(apigateway, staged):
    return lambda *operations: apigateway.update_stage(**staged[0], patchOperations=list(operations))


def canary(deployment_id, percent=0.0, cache=False, **overrides):
    found = {"deploymentId": deployment_id, "percentTraffic": percent, "useStageCache": cache}
    return found | ({"stageVariableOverrides": overrides} if overrides else {})


def test_by_a_deployment(apigateway, staged):
    place, first, _ = staged
    settings = {"percentTraffic": 50.0, "stageVariableOverrides": {"testVar": "canary"}}
    made = apigateway.create_deployment(**place, canarySettings=settings)
    stage = apigateway.get_stage(**place)
    assert bare(stage, "createdDate", "lastUpdatedDate") == {
        "stageName": "dev",
        "deploymentId": first,
        "variables": {"testVar": "default"},
        "canarySettings": canary(made["id"], 50.0, testVar="canary"),
        "cacheClusterEnabled": False,
        "cacheClusterStatus": "NOT_AVAILABLE",
        "methodSettings": {},
        "tracingEnabled": False,
    }


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({}, "Non null and non empty stageName must be provided for canary deployment. Provided value is null"),
        ({"stageName": ""}, "Non null and non empty stageName must be provided for canary deployment. Provided value is "),
        ({"stageName": "non-existing"}, "Stage non-existing must already be created before making a canary release deployment"),
    ],
)
def test_by_a_deployment_without_its_stage(apigateway, staged, arguments, text):
    api_id = staged[0]["restApiId"]
    before = apigateway.get_deployments(restApiId=api_id)["items"]
    refused = refusal(apigateway.create_deployment, restApiId=api_id, canarySettings={"percentTraffic": 50.0}, **arguments)
    assert refused == bad_request(f"Invalid deployment content specified.{text}")
    assert apigateway.get_deployments(restApiId=api_id)["items"] == before


def test_with_a_new_stage(apigateway, staged):
    place, first, second = staged
    arguments = {"restApiId": place["restApiId"], "stageName": "new", "deploymentId": first}
    settings = {"deploymentId": second, "percentTraffic": 10.0, "useStageCache": True, "stageVariableOverrides": {"a": "b"}}
    made = apigateway.create_stage(**arguments, canarySettings=settings)
    assert made["canarySettings"] == settings
    arguments["stageName"] = "other"
    unknown = {"deploymentId": "zzzzzz", "percentTraffic": 10.0}
    assert refusal(apigateway.create_stage, **arguments, canarySettings=unknown) == bad_request("Deployment id does not exist")
    assert apigateway.create_stage(**arguments, canarySettings={})["canarySettings"] == canary(first)


@pytest.mark.parametrize(
    ("path", "value", "change"),
    [
        (DEPLOYMENT, "second", {"deploymentId": "second"}),
        (PERCENT, "50", {"percentTraffic": 50.0}),
        (PERCENT, "33.330000", {"percentTraffic": 33.33}),
        (PERCENT, "100", {"percentTraffic": 100.0}),
        ("/canarySettings/useStageCache", "true", {"useStageCache": True}),
        (f"{OVERRIDES}/a", "b", {"stageVariableOverrides": {"a": "b"}}),
    ],
)
def test_the_first_replace_makes_it(staged, update, path, value, change):
    _, first, second = staged
    change = {name: second if wanted == "second" else wanted for name, wanted in change.items()}
    assert update(patch("replace", path, second if value == "second" else value))["canarySettings"] == canary(first) | change


def test_removal(update):
    update(patch("replace", f"{OVERRIDES}/a", "1"), patch("replace", f"{OVERRIDES}/b", "2"))
    assert update(patch("remove", f"{OVERRIDES}/a"))["canarySettings"]["stageVariableOverrides"] == {"b": "2"}
    assert "stageVariableOverrides" not in update(patch("remove", f"{OVERRIDES}/b"))["canarySettings"]
    assert "canarySettings" not in update(patch("remove", "/canarySettings"))


def test_promotion(staged, update):
    _, first, second = staged
    promotion = [
        patch("replace", PERCENT, "0.0"),
        patch("copy", "/deploymentId", **{"from": DEPLOYMENT}),
        patch("copy", "/variables", **{"from": OVERRIDES}),
    ]
    # The leading replace makes the canary that the copies need.
    assert update(*promotion)["canarySettings"] == canary(first)
    update(
        patch("replace", "/variables/other", "kept"),
        patch("replace", DEPLOYMENT, second),
        patch("replace", PERCENT, "50"),
        patch("replace", f"{OVERRIDES}/testVar", "override"),
    )
    promoted = update(*promotion)
    assert promoted["deploymentId"] == second
    assert promoted["variables"] == {"testVar": "override", "other": "kept"}
    assert promoted["canarySettings"] == canary(second, testVar="override")


COPY = (
    "Invalid copy operation with path: {path} and from {source}. Valid copy:path are [/deploymentId, /variables] and valid"
    " copy:from are [/canarySettings/deploymentId, /canarySettings/stageVariableOverrides]"
)
NO_SETTING = "Cannot remove method setting {} because there is no method setting for this method "


@pytest.mark.parametrize(
    ("operation", "text"),
    [
        (patch("copy", OVERRIDES, **{"from": "/variables"}), COPY.format(path=OVERRIDES, source="/variables")),
        (patch("copy", "/deploymentId", **{"from": OVERRIDES}), COPY.format(path="/deploymentId", source=OVERRIDES)),
        (patch("copy", "/deploymentId"), COPY.format(path="/deploymentId", source="null")),
        (patch("copy", "/deploymentId", **{"from": DEPLOYMENT}), "Promotion not available. Canary does not exist."),
        (patch("copy", "/variables", **{"from": OVERRIDES}), "Promotion not available. Canary does not exist."),
        (patch("remove", OVERRIDES), NO_SETTING.format("canarySettings/stageVariableOverrides")),
        (patch("remove", "/canarySettings/badPath"), NO_SETTING.format("canarySettings/badPath")),
        (patch("remove", f"{OVERRIDES}/none"), NO_SETTING.format("canarySettings/stageVariableOverrides/none")),
        (patch("add", DEPLOYMENT, "x"), f"Invalid add operation with path: {DEPLOYMENT}"),
        (patch("replace", DEPLOYMENT, "zzzzzz"), "Deployment id does not exist"),
        (patch("replace", PERCENT, "100.1"), "Invalid percentTraffic value 100.1: it must be between 0.0 and 100.0"),
        (patch("replace", PERCENT, "-1"), "Invalid percentTraffic value -1: it must be between 0.0 and 100.0"),
        (patch("replace", PERCENT, "many"), "Invalid value many for percentTraffic"),
    ],
)
def test_what_a_patch_cannot_do(apigateway, staged, operation, text):
    place = staged[0]
    before = bare(apigateway.get_stage(**place))
    operations = [patch("replace", "/description", "first"), operation]
    assert refusal(apigateway.update_stage, **place, patchOperations=operations) == bad_request(text)
    assert bare(apigateway.get_stage(**place)) == before
