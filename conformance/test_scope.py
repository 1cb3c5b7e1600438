"""Every noun is its account's in its region: a second account, and the same one in a second region, finds none of it."""

import json

import pytest

import plans
from refusals import refusal
from patched_nouns import AUTHORIZER, NLB

HERE = "scope-1"
CERTIFICATE = f"arn:aws:acm:{HERE}:000000000000:certificate/1"
TODAY = {"startDate": "2024-03-01", "endDate": "2024-03-02"}


@pytest.fixture(scope="module")
def owner(server):
    return server.client("apigateway", region=HERE)


@pytest.fixture(scope="module", params=["account", "region"])
def stranger(server, request):
    if request.param == "region":
        return server.client("apigateway", region="scope-2")
    made = json.loads(server.run("keys", "create", "--account", "555555555555", "--json"))
    return server.client("apigateway", region=HERE, credentials=(made["accessKeyId"], made["secretAccessKey"]))


@pytest.fixture(scope="module")
def nouns(owner):
    """Noun to what names one of it."""
    api_id = plans.api_with_stages(owner, "dev")
    api = {"restApiId": api_id}
    stage = {**api, "stageName": "dev"}
    uri = {"authorizerUri": AUTHORIZER % "f", "identitySource": "method.request.header.a"}
    authorizer = owner.create_authorizer(**api, name="n", type="TOKEN", **uri)["id"]
    part = owner.create_documentation_part(**api, location={"type": "API"}, properties="{}")["id"]
    owner.create_documentation_version(**api, documentationVersion="1")
    key, plan = owner.create_api_key(name="n")["id"], owner.create_usage_plan(name="n")["id"]
    member = {"usagePlanId": plan, "keyId": key}
    owner.create_usage_plan_key(**member, keyType="API_KEY")
    types = {"endpointConfiguration": {"types": ["REGIONAL"]}}
    owner.create_domain_name(domainName="scope.example.com", regionalCertificateArn=CERTIFICATE, **types)
    owner.create_base_path_mapping(domainName="scope.example.com", basePath="b", **api)
    domain = {"domainName": "scope.example.com"}
    return {
        "api_key": {"apiKey": key},
        "authorizer": {**api, "authorizerId": authorizer},
        "base_path_mapping": {**domain, "basePath": "b"},
        "client_certificate": {"clientCertificateId": owner.generate_client_certificate()["clientCertificateId"]},
        "documentation_part": {**api, "documentationPartId": part},
        "documentation_version": {**api, "documentationVersion": "1"},
        "domain_name": domain,
        "export": {**stage, "exportType": "oas30"},
        "sdk": {**stage, "sdkType": "python"},
        "usage": member,
        "usage_plan": {"usagePlanId": plan},
        "usage_plan_key": member,
        "vpc_link": {"vpcLinkId": owner.create_vpc_link(name="n", targetArns=[NLB])["id"]},
        "rest_api": api,
        "stage": stage,
    }


# Noun, the verbs of the operations on one, and what they take besides its name.
CALLS = [
    *[
        (noun, verb, {"patchOperations": []} if verb == "update" else {})
        for noun in (
            "api_key",
            "authorizer",
            "base_path_mapping",
            "client_certificate",
            "documentation_part",
            "documentation_version",
            "domain_name",
            "usage_plan",
            "vpc_link",
        )
        for verb in ("get", "update", "delete")
    ],
    ("usage_plan_key", "get", {}),
    ("usage_plan_key", "delete", {}),
    ("usage_plan_key", "create", {"keyType": "API_KEY"}),
    ("usage", "get", TODAY),
    ("usage", "update", {"patchOperations": []}),
    ("export", "get", {}),
    ("sdk", "get", {}),
    ("rest_api", "put", {"body": b"{}"}),
    ("stage", "flush", {}),
]


@pytest.mark.parametrize(("noun", "verb", "arguments"), CALLS)
def test_a_stranger_finds_nothing(stranger, nouns, noun, verb, arguments):
    name = "flush_stage_cache" if verb == "flush" else f"{verb}_{noun}"
    status, code, _ = refusal(getattr(stranger, name), **nouns[noun], **arguments)
    assert (status, code) == (404, "NotFoundException")


@pytest.mark.parametrize(
    "operation",
    ["get_api_keys", "get_client_certificates", "get_domain_names", "get_usage_plans", "get_vpc_links", "get_rest_apis"],
)
def test_a_strangers_lists_are_empty(stranger, owner, nouns, operation):
    assert nouns and plans.everything(owner, operation) and plans.everything(stranger, operation) == []


def test_links_of_the_other_service(server, stranger, owner):
    """As above: a stranger finds no link of `apigatewayv2`, and its tags neither."""
    theirs, mine = beside(server, stranger), beside(server, owner)
    id = mine.create_vpc_link(Name="n", SubnetIds=["subnet-1"])["VpcLinkId"]
    for verb, arguments in [("get", {}), ("update", {"Name": "m"}), ("delete", {})]:
        refused = refusal(getattr(theirs, f"{verb}_vpc_link"), VpcLinkId=id, **arguments)
        assert refused[:2] == (404, "NotFoundException")
    name = f"arn:aws:apigateway:{theirs.meta.region_name}::/vpclinks/{id}"
    assert refusal(theirs.get_tags, ResourceArn=name)[:2] == (404, "NotFoundException")
    assert refusal(theirs.tag_resource, ResourceArn=name, Tags={"a": "b"})[:2] == (404, "NotFoundException")
    assert theirs.get_vpc_links()["Items"] == []
    assert id in {item["VpcLinkId"] for item in mine.get_vpc_links()["Items"]}


def beside(server, client):
    """A client for `apigatewayv2` of the same account in the same region."""
    keys = client._request_signer._credentials
    return server.client("apigatewayv2", region=client.meta.region_name, credentials=(keys.access_key, keys.secret_key))


def test_a_strangers_tags(stranger, nouns):
    """An ARN names its region, so that one of another is refused for that; of another account there is nothing behind it."""
    here = stranger.meta.region_name
    for path in (f"apikeys/{nouns['api_key']['apiKey']}", f"usageplans/{nouns['usage_plan']['usagePlanId']}"):
        name = f"arn:aws:apigateway:{here}::/{path}"
        assert refusal(stranger.get_tags, resourceArn=name)[:2] == (404, "NotFoundException")
        assert refusal(stranger.tag_resource, resourceArn=name, tags={"a": "b"})[:2] == (404, "NotFoundException")


def test_it_is_all_still_there(owner, nouns):
    for noun, place in nouns.items():
        if noun not in ("usage", "export", "sdk"):
            getattr(owner, f"get_{noun}")(**place)
