"""Deployment: stages it makes and moves, summary, PATCH, delete rules, texts."""

import pytest

import rest_apis
from answers import bare, patch, status
from refusals import bad_request, not_found, refusal
from server import ACCOUNT

MISSING = not_found("Invalid Deployment identifier specified")
IN_USE = bad_request("Active stages pointing to this deployment must be moved or deleted")
IN_CANARY = bad_request("Active stages with canary settings pointing to this deployment must be moved or deleted")


@pytest.fixture
def api_id(apigateway):
    api_id, root_id = rest_apis.create(apigateway, "deployments")
    rest_apis.add_mock_method(apigateway, api_id, root_id, "{}")
    return api_id


def stage(client, api_id, name="dev"):
    return bare(client.get_stage(restApiId=api_id, stageName=name), "createdDate", "lastUpdatedDate")


def test_without_a_stage(apigateway, api_id):
    # Terraform sends both of these even when they are not configured.
    made = apigateway.create_deployment(restApiId=api_id, description="", variables={})
    assert status(made) == 201 and len(made["id"]) == 6
    assert bare(made).keys() == {"id", "createdDate"}
    assert bare(apigateway.get_deployment(restApiId=api_id, deploymentId=made["id"])) == bare(made)
    assert apigateway.get_stages(restApiId=api_id)["item"] == []
    assert apigateway.get_deployments(restApiId=api_id)["items"] == [bare(made)]


def test_with_everything(apigateway, api_id):
    made = apigateway.create_deployment(
        restApiId=api_id,
        description="d",
        stageName="dev",
        stageDescription="my stage",
        variables={"a": "1"},
        cacheClusterEnabled=True,
        cacheClusterSize="1.6",
        tracingEnabled=True,
    )
    assert bare(made, "createdDate", "id") == {"description": "d"}
    assert stage(apigateway, api_id) == {
        "stageName": "dev",
        "deploymentId": made["id"],
        "description": "my stage",
        "variables": {"a": "1"},
        "cacheClusterEnabled": True,
        "cacheClusterSize": "1.6",
        "cacheClusterStatus": "AVAILABLE",
        "tracingEnabled": True,
        "methodSettings": {},
    }


def test_a_stage_that_is_there_moves(apigateway, api_id):
    first = rest_apis.deploy(apigateway, api_id, variables={"a": "1", "b": "1"}, stageDescription="first")
    second = rest_apis.deploy(apigateway, api_id, variables={"b": "2"})
    moved = stage(apigateway, api_id)
    assert (moved["deploymentId"], moved["description"], moved["variables"]) == (second, "first", {"a": "1", "b": "2"})
    of_first = apigateway.get_stages(restApiId=api_id, deploymentId=first)
    assert of_first["item"] == []


@pytest.mark.parametrize("embed", [[], ["apisummary"]])
def test_the_summary_is_that_of_the_moment(apigateway, api_id, embed):
    root_id = apigateway.get_resources(restApiId=api_id)["items"][0]["id"]
    pets_id = rest_apis.add_resource(apigateway, api_id, root_id, "pets")
    rest_apis.add_mock_method(apigateway, api_id, pets_id, "{}", method="POST")
    place = {"restApiId": api_id, "deploymentId": rest_apis.deploy(apigateway, api_id)}
    apigateway.delete_resource(restApiId=api_id, resourceId=pets_id)
    found = apigateway.get_deployment(**place, embed=embed)
    method = {"authorizationType": "NONE", "apiKeyRequired": False}
    assert found.get("apiSummary") == ({"/": {"GET": method}, "/pets": {"POST": method}} if embed else None)


def test_patch(apigateway, api_id):
    place = {"restApiId": api_id, "deploymentId": rest_apis.deploy(apigateway, api_id)}
    made = bare(apigateway.get_deployment(**place))
    updated = apigateway.update_deployment(**place, patchOperations=[patch("replace", "/description", "new-description")])
    assert status(updated) == 200 and bare(updated) == made | {"description": "new-description"}
    assert bare(apigateway.update_deployment(**place, patchOperations=[])) == bare(updated)
    only_replace = bad_request("Invalid patch operation specified. Must be one of: [replace]")
    for operation, refused in [
        (patch("add", "/description", "x"), only_replace),
        (patch("remove", "/description"), only_replace),
        (patch("replace", "/id", "x"), bad_request("Invalid patch path /id")),
    ]:
        operations = [patch("replace", "/description", "first"), operation]
        assert refusal(apigateway.update_deployment, **place, patchOperations=operations) == refused
    assert bare(apigateway.get_deployment(**place)) == bare(updated)
    assert bare(apigateway.update_deployment(**place, patchOperations=[patch("replace", "/description", "")])) == made


def test_what_cannot_be_deployed(apigateway):
    api_id, root_id = rest_apis.create(apigateway, "undeployable")
    deploy = {"restApiId": api_id, "stageName": "dev"}
    assert refusal(apigateway.create_deployment, **deploy) == bad_request("The REST API doesn't contain any methods")
    apigateway.put_method(restApiId=api_id, resourceId=root_id, httpMethod="GET", authorizationType="NONE")
    assert refusal(apigateway.create_deployment, **deploy) == bad_request("No integration defined for method")
    apigateway.put_integration(restApiId=api_id, resourceId=root_id, httpMethod="GET", type="MOCK")
    wrong_name = {"restApiId": api_id, "stageName": "a b"}
    assert refusal(apigateway.create_deployment, **wrong_name) == bad_request("Stage name only allows a-zA-Z0-9_-")
    assert apigateway.get_deployments(restApiId=api_id)["items"] == []
    apigateway.create_deployment(**deploy)
    described = bad_request("StageDescription cannot be specified when stage referenced by StageName already exists")
    assert refusal(apigateway.create_deployment, **deploy, stageDescription="d") == described


def test_delete(apigateway, api_id):
    first = rest_apis.deploy(apigateway, api_id)
    place = {"restApiId": api_id, "deploymentId": first}
    assert refusal(apigateway.delete_deployment, **place) == IN_USE
    second = rest_apis.deploy(apigateway, api_id)
    assert status(apigateway.delete_deployment(**place)) == 202
    assert refusal(apigateway.delete_deployment, **place) == MISSING
    assert refusal(apigateway.delete_deployment, restApiId=api_id, deploymentId=second) == IN_USE
    canary = rest_apis.deploy(apigateway, api_id, canarySettings={"percentTraffic": 1.0})
    assert refusal(apigateway.delete_deployment, restApiId=api_id, deploymentId=canary) == IN_CANARY
    apigateway.delete_stage(restApiId=api_id, stageName="dev")
    for deployment_id in (second, canary):
        assert status(apigateway.delete_deployment(restApiId=api_id, deploymentId=deployment_id)) == 202
    assert apigateway.get_deployments(restApiId=api_id)["items"] == []


def test_what_is_not_found(apigateway, api_id):
    api_missing = not_found(f"Invalid API identifier specified {ACCOUNT}:zzzzzzzzzz")
    for where, missing in [(api_id, MISSING), ("zzzzzzzzzz", api_missing)]:
        place = {"restApiId": where, "deploymentId": "zzzzzz"}
        assert refusal(apigateway.get_deployment, **place) == missing
        assert refusal(apigateway.update_deployment, **place, patchOperations=[]) == missing
        assert refusal(apigateway.delete_deployment, **place) == missing
    assert refusal(apigateway.create_deployment, restApiId="zzzzzzzzzz", stageName="dev") == api_missing
    assert refusal(apigateway.get_deployments, restApiId="zzzzzzzzzz") == api_missing


def test_pages(apigateway, api_id):
    made = {rest_apis.deploy(apigateway, api_id) for _ in range(5)}
    pages = list(apigateway.get_paginator("get_deployments").paginate(restApiId=api_id, PaginationConfig={"PageSize": 2}))
    assert [len(page["items"]) for page in pages] == [2, 2, 1]
    assert {item["id"] for page in pages for item in page["items"]} == made
