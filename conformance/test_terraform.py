"""The calls that Terraform's provider makes for each REST API resource, in its order and with its quirks.

After every apply Terraform reads and plans again. So after each step a read must give what is configured, and leave out what is
not: a default too many or a member too few is a change that never goes away. What is gone must be a NotFoundException, or the run
stops. The client checks that numbers, booleans and dates have the JSON types that Go's SDK insists on.
"""

import json

import pytest

import rest_apis
from answers import bare
from refusals import refusal
from terraform import World, add, remove, replace
from terraform_apis import APIS
from terraform_methods import METHODS
from terraform_plans import PLANS

GONE = (404, "NotFoundException")
ROLE = "arn:aws:iam::000000000000:role/logs"
SETTING = {
    "cacheDataEncrypted": False,
    "cacheTtlInSeconds": 300,
    "cachingEnabled": False,
    "dataTraceEnabled": False,
    "metricsEnabled": False,
    "requireAuthorizationForCacheControl": True,
    "throttlingBurstLimit": -1,
    "throttlingRateLimit": -1.0,
    "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
}

LIVES = {**APIS, **METHODS, **PLANS}
# What lives and dies without an API.
OWN = {"api_key", "usage_plan", "client_certificate"}


@pytest.fixture
def world(apigateway):
    return World(apigateway)


def resolved(value, world):
    return value(world) if callable(value) else value


class Applied:
    """A resource that exists: how Terraform reads, changes and ends it."""

    def __init__(self, world, life):
        self.client, self.life = world.client, life
        self.place = dict(resolved(life.place, world))
        made = self.call(life.creator, **resolved(life.configured, world))
        if life.key:
            self.place[life.key] = made[life.key if life.key in made else "id"]

    def call(self, operation, **arguments):
        return getattr(self.client, operation)(**arguments)

    def read(self):
        return bare(self.call(f"get_{self.life.noun}", **self.place), *self.life.own, "integrationResponses")

    def step(self, change):
        if isinstance(change, dict):
            return self.call(self.life.creator, **change)
        return self.call(f"update_{self.life.noun}", **self.place, patchOperations=change)


@pytest.mark.parametrize("name", LIVES)
def test_no_drift(world, name):
    life = LIVES[name]
    applied = Applied(world, life)
    shown = resolved(life.shown, world)
    assert applied.read() == shown
    for change, changed in resolved(life.steps, world):
        shown = {member: value for member, value in {**shown, **changed}.items() if value is not None}
        applied.step(change)
        assert applied.read() == shown, change
    applied.call(f"delete_{life.noun}", **applied.place)
    for _ in range(2):
        if life.noun != "gateway_response":
            assert refusal(getattr(applied.client, f"get_{life.noun}"), **applied.place)[:2] == GONE
        assert refusal(getattr(applied.client, f"delete_{life.noun}"), **applied.place)[:2] == GONE


@pytest.mark.parametrize("name", [name for name in LIVES if name not in OWN])
def test_with_its_api_it_is_gone(world, name):
    life = LIVES[name]
    applied = Applied(world, life)
    api_id = applied.place["restApiId"]
    world.client.delete_rest_api(restApiId=api_id)
    for operation in ("get", "update", "delete"):
        arguments = {"patchOperations": []} if operation == "update" else {}
        called = getattr(world.client, f"{operation}_{life.noun}")
        assert refusal(called, **applied.place, **arguments)[:2] == GONE, operation


def test_a_gateway_response_that_is_gone_shows_as_the_default(world):
    applied = Applied(world, LIVES["gateway_response"])
    applied.call("delete_gateway_response", **applied.place)
    assert applied.read()["defaultResponse"] is True


def test_the_root_is_found_among_all_resources(world):
    roots = [resource for resource in rest_apis.all_resources(world.client, world.api_id).values() if resource["path"] == "/"]
    assert roots == [{"id": world.root_id, "path": "/", "resourceMethods": {"GET": {}}}]
    assert world.client.get_rest_api(**world.api)["rootResourceId"] == world.root_id


def test_a_policy_comes_back_as_the_inside_of_a_json_string(world):
    """Created with the API, or by a resource of its own, which ends by setting it empty."""
    statement = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    sent = {"Version": "2012-10-17", "Statement": [statement]}
    expanded = f"arn:aws:execute-api:us-east-1:000000000000:{world.api_id}/*"
    world.client.update_rest_api(**world.api, patchOperations=[replace("/policy", json.dumps(sent))])
    for answer in (world.client.get_rest_api(**world.api), world.client.update_rest_api(**world.api, patchOperations=[])):
        text = json.loads(f'"{answer["policy"]}"')
        assert json.loads(text) == {**sent, "Statement": [{**statement, "Resource": expanded}]}
    world.client.update_rest_api(**world.api, patchOperations=[replace("/policy", "")])
    assert "policy" not in world.client.get_rest_api(**world.api)


@pytest.mark.parametrize("noun", ["rest_api", "stage"])
def test_tags_are_the_resources_own(world, noun):
    """Untag what went, tag what came or changed, and only then the rest; the next read of the resource shows it."""
    client = world.client
    arn, place, create = f"arn:aws:apigateway:us-east-1::/restapis/{world.api_id}", world.api, client.create_rest_api
    configured = {"name": "tagged"}
    if noun == "stage":
        place, create = {**world.api, "stageName": "tf"}, client.create_stage
        arn, configured = f"{arn}/stages/tf", {**place, "deploymentId": world.deployment_id}
    made = create(**configured, tags={"a": "1", "b": "2"})
    assert made["tags"] == {"a": "1", "b": "2"}
    if noun == "rest_api":
        place = {"restApiId": made["id"]}
        arn = f"arn:aws:apigateway:us-east-1::/restapis/{made['id']}"
    read = getattr(client, f"get_{noun}")
    assert read(**place)["tags"] == {"a": "1", "b": "2"}
    client.untag_resource(resourceArn=arn, tagKeys=["a"])
    client.tag_resource(resourceArn=arn, tags={"b": "3", "c": "4"})
    assert read(**place)["tags"] == {"b": "3", "c": "4"}
    client.untag_resource(resourceArn=arn, tagKeys=["b", "c"])
    assert "tags" not in read(**place)


@pytest.mark.parametrize("path", ["*/*", "pets/GET", "~1pets/GET", "pets/{id}/GET"])
def test_method_settings(world, path):
    """The key is the path as it was written. Throttling comes along as no limit, the time to live each time."""
    stage = {**world.api, "stageName": "dev"}
    world.client.create_stage(**stage, deploymentId=world.deployment_id)

    def apply(*operations):
        world.client.update_stage(**stage, patchOperations=[replace(f"/{path}/{name}", value) for name, value in operations])
        return world.client.get_stage(**stage)["methodSettings"]

    unlimited = (("throttling/burstLimit", "-1"), ("throttling/rateLimit", "-1.000000"))
    assert apply(("metrics/enabled", "false"), *unlimited) == {path: SETTING}
    changed = apply(
        ("metrics/enabled", "true"),
        ("logging/loglevel", "OFF"),
        ("logging/dataTrace", "true"),
        ("throttling/burstLimit", "10"),
        ("throttling/rateLimit", "0.500000"),
        ("caching/enabled", "true"),
        ("caching/ttlInSeconds", "60"),
        ("caching/dataEncrypted", "true"),
        ("caching/requireAuthorizationForCacheControl", "false"),
        ("caching/unauthorizedCacheControlHeaderStrategy", "FAIL_WITH_403"),
    )
    assert changed[path] == {
        "metricsEnabled": True,
        "loggingLevel": "OFF",
        "dataTraceEnabled": True,
        "throttlingBurstLimit": 10,
        "throttlingRateLimit": 0.5,
        "cachingEnabled": True,
        "cacheTtlInSeconds": 60,
        "cacheDataEncrypted": True,
        "requireAuthorizationForCacheControl": False,
        "unauthorizedCacheControlHeaderStrategy": "FAIL_WITH_403",
    }
    end = [remove(f"/{path}")]
    assert world.client.update_stage(**stage, patchOperations=end)["methodSettings"] == {}
    status, code, message = refusal(world.client.update_stage, **stage, patchOperations=end)
    assert (status, code) == (400, "BadRequestException") and "no method setting for this method" in message


def test_a_usage_plan_key(world):
    """Has no update. Its read needs the type, the name and the value."""
    client = world.client
    plan, key = client.create_usage_plan(name="plan")["id"], client.create_api_key(name="key")
    place = {"usagePlanId": plan, "keyId": key["id"]}
    client.create_usage_plan_key(**place, keyType="API_KEY")
    shown = {"id": key["id"], "type": "API_KEY", "name": "key", "value": key["value"]}
    for _ in range(2):
        assert bare(client.get_usage_plan_key(**place)) == shown
    client.delete_usage_plan_key(**place)
    for operation in (client.get_usage_plan_key, client.delete_usage_plan_key):
        assert refusal(operation, **place)[:2] == GONE


@pytest.mark.parametrize(("noun", "own"), [("api_key", "apikeys"), ("usage_plan", "usageplans"), ("client_certificate", "clientcertificates")])
def test_tags_of_what_has_no_api(world, noun, own):
    client, life = world.client, LIVES[noun]
    made = getattr(client, life.creator)(**{"name": "tagged"} if noun != "client_certificate" else {}, tags={"a": "1", "b": "2"})
    place = {life.key: made[life.key if life.key in made else "id"]}
    arn = f"arn:aws:apigateway:us-east-1::/{own}/{place[life.key]}"
    read = getattr(client, f"get_{noun}")
    assert made["tags"] == read(**place)["tags"] == {"a": "1", "b": "2"}
    client.untag_resource(resourceArn=arn, tagKeys=["a"])
    client.tag_resource(resourceArn=arn, tags={"b": "3", "c": "4"})
    assert read(**place)["tags"] == {"b": "3", "c": "4"}
    client.untag_resource(resourceArn=arn, tagKeys=["b", "c"])
    assert "tags" not in read(**place)


def test_a_deployment_ends_after_its_canary(world):
    """The second try is for this very text."""
    canary = {"percentTraffic": 1.0, "deploymentId": world.other_id}
    stage = {**world.api, "stageName": "dev"}
    world.client.create_stage(**stage, deploymentId=world.deployment_id, canarySettings=canary)
    place = {**world.api, "deploymentId": world.other_id}
    text = "Active stages with canary settings pointing to this deployment must be moved or deleted"
    assert refusal(world.client.delete_deployment, **place) == (400, "BadRequestException", text)
    world.client.delete_stage(**stage)
    world.client.delete_deployment(**place)


def test_a_validator_in_use_stays(world):
    """The provider takes the conflict for an end, because the method that it belongs to goes too."""
    world.client.update_method(**world.method, patchOperations=[replace("/requestValidatorId", world.validator_id)])
    place = {**world.api, "requestValidatorId": world.validator_id}
    assert refusal(world.client.delete_request_validator, **place)[:2] == (409, "ConflictException")
    world.client.delete_method(**world.method)
    world.client.delete_request_validator(**place)


def test_account(server):
    """Has no end: it is set, or cleared by a replace without a value."""
    client = server.client("apigateway", region="terraform-1")
    defaults = {"apiKeyVersion": "4", "features": ["UsagePlans"], "throttleSettings": {"burstLimit": 5000, "rateLimit": 10000.0}}
    assert bare(client.get_account()) == defaults
    client.update_account(patchOperations=[replace("/cloudwatchRoleArn", ROLE)])
    assert bare(client.get_account()) == {**defaults, "cloudwatchRoleArn": ROLE}
    client.update_account(patchOperations=[replace("/cloudwatchRoleArn")])
    assert bare(client.get_account()) == defaults


BODY = {
    "swagger": "2.0",
    "info": {"title": "of the document", "description": "of the document", "version": "1"},
    "x-amazon-apigateway-api-key-source": "AUTHORIZER",
    "x-amazon-apigateway-binary-media-types": ["document/one", "document/two"],
    "x-amazon-apigateway-minimum-compression-size": 10,
    "paths": {"/pets": {"get": {"responses": {"200": {"description": "ok"}}}}},
}


def test_an_api_with_a_body(apigateway):
    """The document goes over the API, and then what is configured goes over the document, told from the answer of PutRestApi."""
    made = apigateway.create_rest_api(name="configured", description="configured", binaryMediaTypes=["a/a"])
    place = {"restApiId": made["id"]}
    for body in (BODY, {**BODY, "paths": {"/dogs": {}}}):
        put = apigateway.put_rest_api(**place, mode="overwrite", failOnWarnings=True, body=json.dumps(body).encode())
        assert (put["name"], put["apiKeySource"], put["minimumCompressionSize"]) == ("of the document", "AUTHORIZER", 10)
        assert put["binaryMediaTypes"] == ["document/one", "document/two"]
        back = [remove(f"/binaryMediaTypes/{media_type.replace('/', '~1')}") for media_type in put["binaryMediaTypes"]]
        back += [add("/binaryMediaTypes/a~1a"), replace("/name", "configured"), replace("/description", "configured")]
        apigateway.update_rest_api(**place, patchOperations=back)
        shown = apigateway.get_rest_api(**place)
        assert bare(shown, "id", "createdDate", "rootResourceId", "tags") == {
            "name": "configured",
            "description": "configured",
            # Of the document, and not configured: they stay, and are read back as computed.
            "apiKeySource": "AUTHORIZER",
            "minimumCompressionSize": 10,
            "binaryMediaTypes": ["a/a"],
            "disableExecuteApiEndpoint": False,
            "endpointConfiguration": put["endpointConfiguration"],
            "version": "1",
        }
        assert shown["rootResourceId"] == made["rootResourceId"]
        paths = [item["path"] for item in apigateway.get_resources(**place)["items"]]
        assert sorted(paths) == sorted(["/", *body["paths"]])
