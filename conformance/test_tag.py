"""Tags, by the ARN of what carries them."""

import pytest

import rest_apis
import signing
from answers import bare, status
from refusals import bad_request, not_found, refusal
from server import ACCOUNT, REGION

INVALID_ARN = bad_request("Invalid ARN specified in the request")


def arn(*parts, region=REGION):
    return f"arn:aws:apigateway:{region}::/restapis/" + "/".join(parts)


@pytest.fixture
def api_id(apigateway):
    return rest_apis.create(apigateway, "tags")[0]


@pytest.fixture
def stage_arn(apigateway):
    api_id, root_id = rest_apis.create(apigateway, "tags")
    rest_apis.add_mock_method(apigateway, api_id, root_id, "{}")
    rest_apis.deploy(apigateway, api_id)
    return arn(api_id, "stages", "dev")


def tags(client, resource_arn):
    return client.get_tags(resourceArn=resource_arn)["tags"]


def test_the_tags_of_an_api(apigateway, api_id):
    name = arn(api_id)
    assert tags(apigateway, name) == {}
    assert status(apigateway.tag_resource(resourceArn=name, tags={"a": "1", "b c": "x/y=z"})) == 204
    apigateway.tag_resource(resourceArn=name, tags={"a": "2", "d": ""})
    assert tags(apigateway, name) == {"a": "2", "b c": "x/y=z", "d": ""}
    assert apigateway.get_rest_api(restApiId=api_id)["tags"] == tags(apigateway, name)
    assert status(apigateway.untag_resource(resourceArn=name, tagKeys=["a", "b c", "none"])) == 204
    assert tags(apigateway, name) == {"d": ""}
    apigateway.untag_resource(resourceArn=name, tagKeys=["d"])
    assert "tags" not in apigateway.get_rest_api(restApiId=api_id)


def test_the_tags_of_a_stage(apigateway, stage_arn):
    api_id = stage_arn.split("/")[2]
    apigateway.tag_resource(resourceArn=stage_arn, tags={"a": "1"})
    assert tags(apigateway, stage_arn) == {"a": "1"}
    assert apigateway.get_stage(restApiId=api_id, stageName="dev")["tags"] == {"a": "1"}
    assert tags(apigateway, arn(api_id)) == {}
    apigateway.untag_resource(resourceArn=stage_arn, tagKeys=["a"])
    assert "tags" not in apigateway.get_stage(restApiId=api_id, stageName="dev")


def test_tags_given_at_creation(apigateway, api_id):
    made = apigateway.create_rest_api(name="tagged", tags={"a": "1"})
    assert tags(apigateway, arn(made["id"])) == {"a": "1"}


@pytest.mark.parametrize(
    "given",
    [
        {f"k{number}": "" for number in range(51)},
        {"k" * 129: "v"},
        {"k": "v" * 257},
        {"aws:k": "v"},
        {"": "v"},
    ],
)
def test_bounds(apigateway, api_id, given):
    code = refusal(apigateway.tag_resource, resourceArn=arn(api_id), tags=given)[:2]
    assert code == (400, "BadRequestException")
    assert tags(apigateway, arn(api_id)) == {}


def test_the_largest_that_fit(apigateway, api_id):
    given = {f"{number:03}" + "k" * 125: "v" * 256 for number in range(50)}
    apigateway.tag_resource(resourceArn=arn(api_id), tags=given)
    assert tags(apigateway, arn(api_id)) == given
    assert refusal(apigateway.tag_resource, resourceArn=arn(api_id), tags={"one": "more"})[0] == 400
    apigateway.tag_resource(resourceArn=arn(api_id), tags={f"{0:03}" + "k" * 125: "changed"})


@pytest.mark.parametrize(
    "name",
    ["nonsense", arn(), arn("a", region="eu-west-1"), arn("a", "resources", "b"), "arn:aws:lambda:us-east-1::/restapis/a"],
)
def test_arns_that_name_nothing_here(apigateway, name):
    assert refusal(apigateway.get_tags, resourceArn=name) == INVALID_ARN
    assert refusal(apigateway.tag_resource, resourceArn=name, tags={"a": "b"}) == INVALID_ARN
    assert refusal(apigateway.untag_resource, resourceArn=name, tagKeys=["a"]) == INVALID_ARN


def test_what_is_not_found(apigateway, api_id):
    api_missing = not_found(f"Invalid API identifier specified {ACCOUNT}:zzzzzzzzzz")
    stage_missing = not_found("Invalid stage identifier specified")
    for name, missing in [
        (arn("zzzzzzzzzz"), api_missing),
        (arn("zzzzzzzzzz", "stages", "dev"), api_missing),
        (arn(api_id, "stages", "none"), stage_missing),
    ]:
        assert refusal(apigateway.get_tags, resourceArn=name) == missing
        assert refusal(apigateway.tag_resource, resourceArn=name, tags={"a": "b"}) == missing
        assert refusal(apigateway.untag_resource, resourceArn=name, tagKeys=["a"]) == missing


def test_what_is_not_built_yet_says_so(apigateway):
    assert refusal(apigateway.get_tags, resourceArn=f"arn:aws:apigateway:{REGION}::/apis/abc")[:2] == (501, "NotImplementedException")


@pytest.mark.parametrize("target", ["/tags/{arn}/", "/tags//{arn}", "/tags/x/../{arn}", "//tags/{arn}", "/tags/./{arn}"])
def test_a_signed_path_leads_to_one_operation_only(server, apigateway, api_id, target):
    """A signature covers the path without empty and dot segments, so those lead nowhere."""
    encoded = arn(api_id).replace(":", "%3A").replace("/", "%2F")
    answer = signing.send(server, "PUT", target.format(arn=encoded), b'{"tags": {"a": "b"}}')
    assert answer.status in (403, 404), answer
    assert tags(apigateway, arn(api_id)) == {}
