"""VpcLink: pending in the answer that makes it, available from then on."""

import pytest

import rest_apis
from answers import bare, patch, status
from refusals import bad_request, not_found, refusal

NLB = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/nlb/0123456789abcdef"
MISSING = not_found("Invalid Vpc Link identifier specified")
ONLY_REPLACE = "Invalid patch operation specified. Must be one of: [replace]"


@pytest.fixture
def link(apigateway):
    return apigateway.create_vpc_link(name="link", description="d", targetArns=[NLB])["id"]


def test_a_link_becomes_available(apigateway):
    made = apigateway.create_vpc_link(name="link", targetArns=[NLB], tags={"a": "1"})
    assert status(made) == 202 and len(made["id"]) == 6
    shown = {"name": "link", "targetArns": [NLB], "tags": {"a": "1"}}
    assert bare(made, "id") == {**shown, "status": "PENDING"}
    ready = {**shown, "status": "AVAILABLE", "statusMessage": "Your vpc link is ready for use"}
    assert bare(apigateway.get_vpc_link(vpcLinkId=made["id"]), "id") == ready
    assert {**ready, "id": made["id"]} in apigateway.get_vpc_links(limit=500)["items"]


def test_refused_creates(apigateway):
    """The first two as recorded, the third as reported."""
    for given, refused in [
        ({"name": "n", "targetArns": ["invalid-arn"]}, "Invalid ARN. ARN is not well formed invalid-arn"),
        ({"name": "", "targetArns": [NLB]}, "Name cannot be empty"),
        ({"name": "n", "targetArns": [NLB, NLB]}, "More than one target arn specified for vpc link."),
        ({"name": "n", "targetArns": []}, "No target arn specified for vpc link."),
    ]:
        assert refusal(apigateway.create_vpc_link, **given) == bad_request(refused)


@pytest.mark.parametrize(
    ("operation", "changed"),
    [
        (patch("replace", "/name", "other"), {"name": "other"}),
        (patch("replace", "/description", "other"), {"description": "other"}),
        (patch("replace", "/description", ""), {"description": None}),
        (patch("replace", "/description"), {"description": None}),
    ],
)
def test_patches(apigateway, link, operation, changed):
    before = bare(apigateway.get_vpc_link(vpcLinkId=link))
    wanted = {name: value for name, value in {**before, **changed}.items() if value is not None}
    assert bare(apigateway.update_vpc_link(vpcLinkId=link, patchOperations=[operation])) == wanted
    assert bare(apigateway.get_vpc_link(vpcLinkId=link)) == wanted


@pytest.mark.parametrize(
    ("operation", "refused"),
    [
        (patch("add", "/name", "x"), ONLY_REPLACE),
        (patch("remove", "/description"), ONLY_REPLACE),
        (patch("replace", "/name", ""), "Name cannot be empty"),
        (patch("replace", "/targetArns", NLB), "Target arns are not allowed to be changed/added."),
        (patch("replace", "/status", "AVAILABLE"), "Invalid patch path /status"),
    ],
)
def test_what_a_patch_cannot_do(apigateway, link, operation, refused):
    before = bare(apigateway.get_vpc_link(vpcLinkId=link))
    operations = [patch("replace", "/name", "first"), operation]
    assert refusal(apigateway.update_vpc_link, vpcLinkId=link, patchOperations=operations) == bad_request(refused)
    assert bare(apigateway.get_vpc_link(vpcLinkId=link)) == before


def test_what_is_not_found(apigateway, server, link):
    elsewhere = server.client("apigateway", region="eu-west-1")
    for client, id in [(apigateway, "zzzzzz"), (apigateway, link.upper()), (elsewhere, link)]:
        assert refusal(client.get_vpc_link, vpcLinkId=id) == MISSING
        assert refusal(client.update_vpc_link, vpcLinkId=id, patchOperations=[]) == MISSING
        assert refusal(client.delete_vpc_link, vpcLinkId=id) == MISSING


@pytest.mark.parametrize("named", ["id", "variable"])
def test_a_link_in_use_stays(apigateway, link, named):
    api_id, root_id = rest_apis.create(apigateway)
    method = {"restApiId": api_id, "resourceId": root_id, "httpMethod": "GET"}
    apigateway.put_method(**method, authorizationType="NONE")
    connection = link if named == "id" else "${stageVariables.link}"
    apigateway.put_integration(
        **method,
        type="HTTP_PROXY",
        integrationHttpMethod="GET",
        uri="http://nlb.example.com/",
        connectionType="VPC_LINK",
        connectionId=connection,
    )
    rest_apis.deploy(apigateway, api_id, variables={"link": link})
    text = f"Cannot delete vpc link. Vpc link '{link}', is referenced in [{api_id}:GET:{root_id}:dev] in format of"
    text += " [RESTApiId:Method:Resource:Stage]."
    assert refusal(apigateway.delete_vpc_link, vpcLinkId=link) == bad_request(text)
    apigateway.delete_stage(restApiId=api_id, stageName="dev")
    assert status(apigateway.delete_vpc_link(vpcLinkId=link)) == 202


def test_pages(server):
    client = server.client("apigateway", region="vpc-links-1")
    made = {client.create_vpc_link(name=str(number), targetArns=[NLB])["id"] for number in range(7)}
    pages = list(client.get_paginator("get_vpc_links").paginate(PaginationConfig={"PageSize": 3}))
    assert [len(page["items"]) for page in pages] == [3, 3, 1]
    assert {item["id"] for page in pages for item in page["items"]} == made


def test_terraform(apigateway):
    """Create, wait for AVAILABLE, read, tag, update, wait, delete, wait for gone."""
    id = apigateway.create_vpc_link(name="tf", description="d", targetArns=[NLB], tags={"a": "1", "b": "1"})["id"]
    read = lambda: bare(apigateway.get_vpc_link(vpcLinkId=id), "id", "statusMessage")
    shown = {"name": "tf", "description": "d", "targetArns": [NLB], "status": "AVAILABLE", "tags": {"a": "1", "b": "1"}}
    assert read() == shown
    arn = f"arn:aws:apigateway:us-east-1::/vpclinks/{id}"
    apigateway.untag_resource(resourceArn=arn, tagKeys=["a"])
    apigateway.tag_resource(resourceArn=arn, tags={"b": "2", "c": "3"})
    assert apigateway.get_tags(resourceArn=arn)["tags"] == {"b": "2", "c": "3"}
    apigateway.update_vpc_link(
        vpcLinkId=id, patchOperations=[patch("replace", "/name", "tf2"), patch("replace", "/description", "")]
    )
    del shown["description"]
    assert read() == {**shown, "name": "tf2", "tags": {"b": "2", "c": "3"}}
    apigateway.delete_vpc_link(vpcLinkId=id)
    assert refusal(apigateway.get_vpc_link, vpcLinkId=id) == MISSING
    assert refusal(apigateway.get_tags, resourceArn=arn) == MISSING
