"""BasePathMapping: what a custom domain name leads to, and what may not go while it leads there."""

import itertools

import pytest

import rest_apis
import wire
from answers import bare, patch, status
from refusals import bad_request, conflict, not_found, refusal

ARN = "arn:aws:acm:us-east-1:000000000000:certificate/1"
MISSING = not_found("Invalid base path mapping identifier specified")
NO_DOMAIN = not_found("Invalid domain name identifier specified")
NO_API = bad_request("Invalid REST API identifier specified")
NO_STAGE = bad_request("Invalid stage identifier specified")
SLASH = bad_request(
    "API Gateway V1 doesn't support the slash character (/) in base path mappings. To create a multi-level base path mapping, use API"
    " Gateway V2."
)
ONLY_REPLACE = "Invalid patch operation specified. Must be one of: [replace]"

_numbers = itertools.count(1)


def new_domain(client, kind="REGIONAL"):
    certificate = {"regionalCertificateArn" if kind == "REGIONAL" else "certificateArn": ARN}
    made = client.create_domain_name(
        domainName=f"m{next(_numbers)}.mappings.example.com", endpointConfiguration={"types": [kind]}, **certificate
    )
    return {name: made[name] for name in ("domainName", "domainNameId") if name in made}


@pytest.fixture
def domain(apigateway):
    return new_domain(apigateway)


def new_api(client):
    """An API with a stage `dev`."""
    api_id, root_id = rest_apis.create(client, "mapped")
    rest_apis.add_mock_method(client, api_id, root_id, "{}")
    rest_apis.deploy(client, api_id)
    return api_id


@pytest.fixture
def api_id(apigateway):
    return new_api(apigateway)


@pytest.mark.parametrize("root", [{}, {"basePath": ""}, {"basePath": "(none)"}])
@pytest.mark.parametrize("stage", [{}, {"stage": ""}, {"stage": "(none)"}, {"stage": "dev"}])
def test_the_root(apigateway, domain, api_id, root, stage):
    made = apigateway.create_base_path_mapping(**domain, restApiId=api_id, **root, **stage)
    shown = {"basePath": "(none)", "restApiId": api_id, **({"stage": "dev"} if stage.get("stage") == "dev" else {})}
    assert (status(made), bare(made)) == (201, shown)
    assert bare(apigateway.get_base_path_mapping(**domain, basePath="(none)")) == shown
    assert apigateway.get_base_path_mappings(**domain)["items"] == [shown]
    text = "Only one base path mapping is allowed if the base path is empty."
    assert refusal(apigateway.create_base_path_mapping, **domain, restApiId=api_id, **root) == conflict(text)


def test_a_path_beside_the_root(apigateway, domain, api_id):
    for path in ("(none)", "pets", "$-_.+!*'()"):
        made = bare(apigateway.create_base_path_mapping(**domain, basePath=path, restApiId=api_id, stage="dev"))
        assert made == {"basePath": path, "restApiId": api_id, "stage": "dev"}
        assert bare(apigateway.get_base_path_mapping(**domain, basePath=path)) == made
    again = refusal(apigateway.create_base_path_mapping, **domain, basePath="pets", restApiId=api_id)
    assert again == conflict("Base path already exists for this domain name")


def test_refused_creates(apigateway, server, domain, api_id):
    create = lambda **given: refusal(apigateway.create_base_path_mapping, **{**domain, "restApiId": api_id, **given})
    assert create(domainName="none.example.com") == NO_DOMAIN
    assert create(basePath="a/b") == SLASH
    assert create(basePath="a b")[:2] == create(basePath="a" * 301)[:2] == (400, "BadRequestException")
    assert create(restApiId="zzzzzzzzzz") == NO_API
    assert create(stage="none") == NO_STAGE
    elsewhere = new_api(server.client("apigateway", region="eu-west-1"))
    assert create(restApiId=elsewhere) == NO_API
    assert apigateway.get_base_path_mappings(**domain)["items"] == []


def test_private_and_public_do_not_mix(apigateway, domain):
    private_domain = new_domain(apigateway, "PRIVATE")
    private_api = apigateway.create_rest_api(name="private", endpointConfiguration={"types": ["PRIVATE"]})["id"]
    code = refusal(apigateway.create_base_path_mapping, **domain, restApiId=private_api)[:2]
    assert code == (400, "BadRequestException")
    apigateway.create_base_path_mapping(**private_domain, restApiId=private_api)
    assert bare(apigateway.get_base_path_mapping(**private_domain, basePath="(none)"))["restApiId"] == private_api


def test_rules_only(apigateway, domain, api_id):
    """Mappings cannot be made in that mode, and those that are there are kept."""
    apigateway.create_base_path_mapping(**domain, basePath="a", restApiId=api_id)
    apigateway.update_domain_name(**domain, patchOperations=[patch("replace", "/routingMode", "ROUTING_RULE_ONLY")])
    code = refusal(apigateway.create_base_path_mapping, **domain, basePath="b", restApiId=api_id)[:2]
    assert code == (400, "BadRequestException")
    assert len(apigateway.get_base_path_mappings(**domain)["items"]) == 1


@pytest.mark.parametrize("path", ["/restapiId", "/restApiId"])
def test_patches(apigateway, domain, api_id, path):
    other = new_api(apigateway)
    apigateway.create_base_path_mapping(**domain, basePath="a", restApiId=api_id, stage="dev")
    operations = [patch("replace", path, other), patch("replace", "/basePath", "b"), patch("replace", "/stage", "")]
    updated = bare(apigateway.update_base_path_mapping(**domain, basePath="a", patchOperations=operations))
    assert updated == {"basePath": "b", "restApiId": other}
    assert refusal(apigateway.get_base_path_mapping, **domain, basePath="a") == MISSING
    assert bare(apigateway.get_base_path_mapping(**domain, basePath="b")) == updated
    # What is left may go now, what is mapped may not.
    apigateway.delete_rest_api(restApiId=api_id)
    assert refusal(apigateway.delete_rest_api, restApiId=other)[:2] == (400, "BadRequestException")


@pytest.mark.parametrize(
    ("operation", "refused"),
    [
        *[(patch(op, path, "x"), bad_request(ONLY_REPLACE)) for path in ("/basePath", "/restapiId", "/stage") for op in ("add", "remove")],
        (patch("replace", "/domainName", "x"), bad_request("Invalid patch path /domainName")),
        (patch("replace", "/basePath", "a/b"), SLASH),
        (patch("replace", "/basePath", "taken"), conflict("Base path already exists for this domain name")),
        (patch("replace", "/restapiId", "zzzzzzzzzz"), NO_API),
        (patch("replace", "/stage", "none"), NO_STAGE),
    ],
)
def test_what_a_patch_cannot_do(apigateway, domain, api_id, operation, refused):
    apigateway.create_base_path_mapping(**domain, basePath="taken", restApiId=api_id)
    made = bare(apigateway.create_base_path_mapping(**domain, basePath="a", restApiId=api_id))
    operations = [patch("replace", "/stage", "dev"), operation]
    assert refusal(apigateway.update_base_path_mapping, **domain, basePath="a", patchOperations=operations) == refused
    assert bare(apigateway.get_base_path_mapping(**domain, basePath="a")) == made
    assert bare(apigateway.update_base_path_mapping(**domain, basePath="a", patchOperations=[])) == made


def test_what_is_not_found(apigateway, domain):
    none = {"domainName": "none.example.com"}
    for place, missing in [({**domain, "basePath": "a"}, MISSING), ({**none, "basePath": "a"}, NO_DOMAIN)]:
        assert refusal(apigateway.get_base_path_mapping, **place) == missing
        assert refusal(apigateway.update_base_path_mapping, **place, patchOperations=[]) == missing
        assert refusal(apigateway.delete_base_path_mapping, **place) == missing
    assert refusal(apigateway.get_base_path_mappings, **none) == NO_DOMAIN


def test_what_a_domain_leads_to_stays(apigateway, domain, api_id):
    other = new_domain(apigateway)
    rest_apis.deploy(apigateway, api_id, "free")
    apigateway.create_base_path_mapping(**domain, restApiId=api_id, stage="dev")
    apigateway.create_base_path_mapping(**other, restApiId=api_id)
    names = ", ".join(sorted([domain["domainName"], other["domainName"]]))
    text = f"Deleting RestApi {api_id} failed. Please remove all base path mappings related to the RestApi in your domains: {names}"
    assert refusal(apigateway.delete_rest_api, restApiId=api_id) == bad_request(text)
    text = "Deleting stage dev failed. Please remove all base path mappings related to the stage in your domains: "
    text += domain["domainName"]
    assert refusal(apigateway.delete_stage, restApiId=api_id, stageName="dev") == bad_request(text)
    apigateway.delete_stage(restApiId=api_id, stageName="free")
    # A domain takes its mappings along.
    apigateway.delete_domain_name(**domain)
    apigateway.delete_stage(restApiId=api_id, stageName="dev")
    apigateway.delete_base_path_mapping(**other, basePath="(none)")
    assert status(apigateway.delete_rest_api(restApiId=api_id)) == 202


def test_pages(apigateway, domain, api_id):
    made = {apigateway.create_base_path_mapping(**domain, basePath=f"p{n}", restApiId=api_id)["basePath"] for n in range(7)}
    pages = list(apigateway.get_paginator("get_base_path_mappings").paginate(**domain, PaginationConfig={"PageSize": 3}))
    assert [len(page["items"]) for page in pages] == [3, 3, 1]
    assert {item["basePath"] for page in pages for item in page["items"]} == made


def test_terraform(apigateway, domain, api_id):
    """Unset members travel as empty texts; the root is read, changed and deleted as `(none)`."""
    apigateway.create_base_path_mapping(**domain, restApiId=api_id, basePath="", stage="")
    read = lambda path: bare(apigateway.get_base_path_mapping(**domain, basePath=path))
    assert read("(none)") == {"basePath": "(none)", "restApiId": api_id}
    other = new_api(apigateway)
    operations = [patch("replace", "/restapiId", other), patch("replace", "/stage", "dev")]
    apigateway.update_base_path_mapping(**domain, basePath="(none)", patchOperations=operations)
    assert read("(none)") == {"basePath": "(none)", "restApiId": other, "stage": "dev"}
    apigateway.update_base_path_mapping(
        **domain, basePath="(none)", patchOperations=[patch("replace", "/basePath", "v1"), patch("replace", "/stage", "")]
    )
    assert read("v1") == {"basePath": "v1", "restApiId": other}
    assert status(apigateway.delete_base_path_mapping(**domain, basePath="v1")) == 202
    assert refusal(apigateway.get_base_path_mapping, **domain, basePath="v1")[:2] == (404, "NotFoundException")


def test_a_custom_host_is_not_served_yet(apigateway, server, domain, api_id):
    apigateway.create_base_path_mapping(**domain, restApiId=api_id, stage="dev")
    answer = wire.request(server.http, "GET", "/", host=domain["domainName"])
    assert answer.status in (403, 404), answer
