"""VpcLink of `apigatewayv2`, and tags as far as they belong to one."""

import datetime

import pytest

import rest_apis
import signing
from answers import bare, status
from refusals import not_found, refusal
from server import ACCOUNT, REGION

SUBNETS = ["subnet-0a1b2c3d", "subnet-4e5f6071"]
GROUPS = ["sg-0a1b2c3d"]
READY = {
    "VpcLinkStatus": "AVAILABLE",
    "VpcLinkStatusMessage": "VPC link is ready to route traffic",
    "VpcLinkVersion": "V2",
}


def missing(id):
    """The text is reported by others, not by us."""
    return 404, "NotFoundException"


def arn(id, region=REGION):
    return f"arn:aws:apigateway:{region}::/vpclinks/{id}"


@pytest.fixture(scope="module")
def v2(server):
    return server.client("apigatewayv2")


@pytest.fixture
def link(v2):
    return v2.create_vpc_link(Name="link", SubnetIds=SUBNETS, SecurityGroupIds=GROUPS)["VpcLinkId"]


def test_a_link_becomes_available(v2):
    made = v2.create_vpc_link(Name="link", SubnetIds=SUBNETS, SecurityGroupIds=GROUPS, Tags={"a": "1"})
    assert status(made) == 201 and len(made["VpcLinkId"]) == 6
    assert datetime.timedelta(0) <= datetime.datetime.now(datetime.UTC) - made["CreatedDate"] < datetime.timedelta(minutes=1)
    shown = {"Name": "link", "SubnetIds": SUBNETS, "SecurityGroupIds": GROUPS, "Tags": {"a": "1"}}
    pending = {"VpcLinkStatus": "PENDING", "VpcLinkStatusMessage": "VPC link is provisioning ENIs", "VpcLinkVersion": "V2"}
    assert bare(made, "VpcLinkId", "CreatedDate") == {**shown, **pending}
    read = bare(v2.get_vpc_link(VpcLinkId=made["VpcLinkId"]))
    assert read == {**bare(made), **READY}
    assert read in every_link(v2)


def every_link(client):
    items, token = [], {}
    while True:
        page = client.get_vpc_links(MaxResults="100", **token)
        items += page["Items"]
        if "NextToken" not in page:
            return items
        token = {"NextToken": page["NextToken"]}


def test_names_and_dates_on_the_wire(server):
    """Members are in camel case, and the date is a string."""
    made = signing.send(server, "POST", "/v2/vpclinks", b'{"name": "wire", "subnetIds": ["subnet-1"]}')
    assert made.status == 201
    shown = made.json()
    assert datetime.datetime.strptime(shown.pop("createdDate"), "%Y-%m-%dT%H:%M:%SZ")
    assert len(shown.pop("vpcLinkId")) == 6
    assert shown == {
        "name": "wire",
        "securityGroupIds": [],
        "subnetIds": ["subnet-1"],
        "tags": {},
        "vpcLinkStatus": "PENDING",
        "vpcLinkStatusMessage": "VPC link is provisioning ENIs",
        "vpcLinkVersion": "V2",
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"Name": ""},
        {"Name": "n" * 129},
        {"SubnetIds": []},
        {"SubnetIds": ["10.0.0.0/24"]},
        {"SubnetIds": SUBNETS * 6},
        {"SecurityGroupIds": ["web"]},
        {"Tags": {"aws:a": "b"}},
        {"Tags": {f"k{number}": "v" for number in range(51)}},
    ],
)
def test_refused_creates(v2, wrong):
    before = every_link(v2)
    refused = refusal(v2.create_vpc_link, **{"Name": "n", "SubnetIds": SUBNETS, **wrong})
    assert refused[:2] == (400, "BadRequestException")
    assert every_link(v2) == before


@pytest.mark.parametrize("body", [b'{"subnetIds": ["subnet-1"]}', b'{"name": "n"}', b'{"name": 1, "subnetIds": []}', b"[]", b"{"])
def test_bodies_that_are_none(server, body):
    assert signing.send(server, "POST", "/v2/vpclinks", body).status == 400


def test_only_the_name_changes(v2, link):
    before = bare(v2.get_vpc_link(VpcLinkId=link))
    assert bare(v2.update_vpc_link(VpcLinkId=link, Name="other")) == {**before, "Name": "other"}
    assert bare(v2.update_vpc_link(VpcLinkId=link)) == {**before, "Name": "other"}
    assert refusal(v2.update_vpc_link, VpcLinkId=link, Name="")[:2] == (400, "BadRequestException")
    assert bare(v2.get_vpc_link(VpcLinkId=link)) == {**before, "Name": "other"}


def test_what_is_not_found(v2, server, apigateway, link):
    elsewhere = server.client("apigatewayv2", region="eu-west-1")
    for client, id in [(v2, "zzzzzz"), (v2, link.upper()), (elsewhere, link)]:
        assert refusal(client.get_vpc_link, VpcLinkId=id)[:2] == missing(id)
        assert refusal(client.update_vpc_link, VpcLinkId=id, Name="n")[:2] == missing(id)
        assert refusal(client.delete_vpc_link, VpcLinkId=id)[:2] == missing(id)
    assert refusal(apigateway.get_vpc_link, vpcLinkId=link) == not_found("Invalid Vpc Link identifier specified")
    assert status(v2.delete_vpc_link(VpcLinkId=link)) == 202
    assert refusal(v2.delete_vpc_link, VpcLinkId=link)[:2] == missing(link)


def test_a_link_in_use_stays(v2, apigateway, server, link):
    """A REST API may go through a link of either service. The error is none of the operation's model, but reported all the same."""
    api_id, root_id = rest_apis.create(apigateway)
    method = {"restApiId": api_id, "resourceId": root_id, "httpMethod": "GET"}
    apigateway.put_method(**method, authorizationType="NONE")
    alb = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/app/alb/0123456789abcdef"
    put = {"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": "http://alb.example.com/", "connectionType": "VPC_LINK"}
    made = apigateway.put_integration(**method, **put, connectionId=link, integrationTarget=alb)
    assert (made["connectionId"], made["integrationTarget"]) == (link, alb)
    rest_apis.deploy(apigateway, api_id)
    text = f"Cannot delete vpc link. Vpc link '{link}', is referenced in [{api_id}:GET:{root_id}:dev] in format of"
    refused = signing.send(server, "DELETE", f"/v2/vpclinks/{link}")
    assert (refused.status, refused.header("x-amzn-errortype")) == (400, "BadRequestException")
    assert refused.json() == {"message": text + " [RESTApiId:Method:Resource:Stage]."}
    apigateway.delete_stage(restApiId=api_id, stageName="dev")
    assert status(v2.delete_vpc_link(VpcLinkId=link)) == 202


def test_links_of_the_two_services_are_apart(v2, apigateway, link):
    assert link not in {item["id"] for item in apigateway.get_vpc_links(limit=500)["items"]}
    nlb = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/nlb/1"
    first = apigateway.create_vpc_link(name="v1", targetArns=[nlb])["id"]
    assert refusal(v2.get_vpc_link, VpcLinkId=first)[:2] == missing(first)


def test_pages(server):
    client = server.client("apigatewayv2", region="vpc-links-2")
    made = {client.create_vpc_link(Name=str(number), SubnetIds=SUBNETS)["VpcLinkId"] for number in range(7)}
    pages, token = [], {}
    while True:
        page = client.get_vpc_links(MaxResults="3", **token)
        pages.append([item["VpcLinkId"] for item in page["Items"]])
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert [len(page) for page in pages] == [3, 3, 1]
    assert {id for page in pages for id in page} == made
    assert len(client.get_vpc_links()["Items"]) == 7
    for wrong in [{"MaxResults": "many"}, {"MaxResults": "-1"}, {"NextToken": "none of ours"}]:
        assert refusal(client.get_vpc_links, **wrong)[:2] == (400, "BadRequestException")
    assert bare(server.client("apigatewayv2", region="vpc-links-3").get_vpc_links()) == {"Items": []}


def test_tags(v2, link):
    name = arn(link)
    assert v2.get_tags(ResourceArn=name)["Tags"] == {}
    assert status(v2.tag_resource(ResourceArn=name, Tags={"a": "1", "b c": "x/y=z"})) == 201
    v2.tag_resource(ResourceArn=name, Tags={"a": "2"})
    assert v2.get_tags(ResourceArn=name)["Tags"] == {"a": "2", "b c": "x/y=z"}
    assert v2.get_vpc_link(VpcLinkId=link)["Tags"] == {"a": "2", "b c": "x/y=z"}
    assert status(v2.untag_resource(ResourceArn=name, TagKeys=["b c", "none"])) == 204
    assert v2.get_tags(ResourceArn=name)["Tags"] == {"a": "2"}
    assert refusal(v2.tag_resource, ResourceArn=name, Tags={"aws:a": "b"})[:2] == (400, "BadRequestException")


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        (arn("zzzzzz"), (404, "NotFoundException")),
        (f"arn:aws:apigateway:{REGION}::/apis/zzzzzzzzzz", (404, "NotFoundException")),
        (f"arn:aws:apigateway:{REGION}::/apis/zzzzzzzzzz/stages/dev", (404, "NotFoundException")),
        (arn("zzzzzz", region="eu-west-1"), (400, "BadRequestException")),
        ("nonsense", (400, "BadRequestException")),
        ("arn:aws:lambda:us-east-1:000000000000:function:f", (400, "BadRequestException")),
    ],
)
def test_arns_that_name_nothing_here(v2, name, refused):
    assert refusal(v2.get_tags, ResourceArn=name)[:2] == refused
    assert refusal(v2.tag_resource, ResourceArn=name, Tags={"a": "b"})[:2] == refused
    assert refusal(v2.untag_resource, ResourceArn=name, TagKeys=["a"])[:2] == refused


def test_an_api_that_is_not_there(v2):
    name = f"arn:aws:apigateway:{REGION}::/apis/zzzzzzzzzz"
    assert refusal(v2.get_tags, ResourceArn=name) == not_found(f"Invalid API identifier specified {ACCOUNT}:zzzzzzzzzz")


def test_terraform(v2):
    """Create, wait for AVAILABLE, read, tag, rename, delete, wait for gone; each read shows what was asked for."""
    asked = {"Name": "tf", "SubnetIds": SUBNETS, "SecurityGroupIds": GROUPS, "Tags": {"a": "1", "b": "1"}}
    id = v2.create_vpc_link(**asked)["VpcLinkId"]
    read = lambda: bare(v2.get_vpc_link(VpcLinkId=id), "VpcLinkId", "CreatedDate")
    assert read() == {**asked, **READY}
    v2.untag_resource(ResourceArn=arn(id), TagKeys=["a"])
    v2.tag_resource(ResourceArn=arn(id), Tags={"b": "2", "c": "3"})
    v2.update_vpc_link(VpcLinkId=id, Name="tf2")
    assert read() == {**asked, **READY, "Name": "tf2", "Tags": {"b": "2", "c": "3"}}
    v2.delete_vpc_link(VpcLinkId=id)
    assert refusal(v2.get_vpc_link, VpcLinkId=id)[:2] == missing(id)
    assert refusal(v2.get_tags, ResourceArn=arn(id))[:2] == missing(id)
