"""Stage: defaults, limits, every PATCH path, method settings, texts. Canaries have a file of their own."""

import pytest

import rest_apis
from answers import bare, patch, status
from refusals import bad_request, conflict, not_found, refusal
from server import ACCOUNT

MISSING = not_found("Invalid stage identifier specified")
LOG_GROUP = "arn:aws:logs:us-east-1:000000000000:log-group:access"
FORMAT = "$context.requestId $context.identity.sourceIp"
SETTING = {
    "cacheDataEncrypted": False,
    "cacheTtlInSeconds": 300,
    "cachingEnabled": False,
    "dataTraceEnabled": False,
    "metricsEnabled": False,
    "requireAuthorizationForCacheControl": True,
    "throttlingBurstLimit": 5000,
    "throttlingRateLimit": 10000.0,
    "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
}
# The commas that are missing are missing in the service's own text.
PATHS = (
    "[/deploymentId, /description, /cacheClusterEnabled, /cacheClusterSize, /clientCertificateId, /accessLogSettings,"
    " /accessLogSettings/destinationArn, /accessLogSettings/format, /{resourcePath}/{httpMethod}/metrics/enabled,"
    " /{resourcePath}/{httpMethod}/logging/dataTrace, /{resourcePath}/{httpMethod}/logging/loglevel,"
    " /{resourcePath}/{httpMethod}/throttling/burstLimit/{resourcePath}/{httpMethod}/throttling/rateLimit"
    "/{resourcePath}/{httpMethod}/caching/ttlInSeconds, /{resourcePath}/{httpMethod}/caching/enabled,"
    " /{resourcePath}/{httpMethod}/caching/dataEncrypted,"
    " /{resourcePath}/{httpMethod}/caching/requireAuthorizationForCacheControl,"
    " /{resourcePath}/{httpMethod}/caching/unauthorizedCacheControlHeaderStrategy, /*/*/metrics/enabled,"
    " /*/*/logging/dataTrace, /*/*/logging/loglevel, /*/*/throttling/burstLimit /*/*/throttling/rateLimit"
    " /*/*/caching/ttlInSeconds, /*/*/caching/enabled, /*/*/caching/dataEncrypted,"
    " /*/*/caching/requireAuthorizationForCacheControl, /*/*/caching/unauthorizedCacheControlHeaderStrategy,"
    " /variables/{variable_name}, /tracingEnabled]"
)


@pytest.fixture
def api(apigateway):
    """An API with two deployments: (api id, first id, second id)."""
    api_id, root_id = rest_apis.create(apigateway, "stages")
    rest_apis.add_mock_method(apigateway, api_id, root_id, "{}")
    return (api_id, *(apigateway.create_deployment(restApiId=api_id)["id"] for _ in range(2)))


@pytest.fixture
def stage(apigateway, api):
    """A new stage: (what names it, the answer that made it without its dates)."""
    api_id, first, _ = api
    made = apigateway.create_stage(restApiId=api_id, stageName="dev", deploymentId=first)
    return {"restApiId": api_id, "stageName": "dev"}, undated(made)


@pytest.fixture
def update(apigateway, stage):
    return lambda *operations: undated(apigateway.update_stage(**stage[0], patchOperations=list(operations)))


def undated(answer):
    return bare(answer, "createdDate", "lastUpdatedDate")


def test_defaults(apigateway, api):
    api_id, first, _ = api
    made = apigateway.create_stage(restApiId=api_id, stageName="dev", deploymentId=first)
    assert made["createdDate"] == made["lastUpdatedDate"]
    assert undated(made) == {
        "stageName": "dev",
        "deploymentId": first,
        "cacheClusterEnabled": False,
        "cacheClusterStatus": "NOT_AVAILABLE",
        "methodSettings": {},
        "tracingEnabled": False,
    }
    assert bare(apigateway.get_stage(restApiId=api_id, stageName="dev")) == bare(made)
    assert apigateway.get_stages(restApiId=api_id)["item"] == [bare(made)]


def test_everything(apigateway, api):
    api_id, first, _ = api
    given = {
        "stageName": "dev-1_A",
        "deploymentId": first,
        "description": "my stage",
        "cacheClusterEnabled": True,
        "cacheClusterSize": "6.1",
        "variables": {"testVar": "default", "url": "https://a.b/c?d=e&f,g:~#"},
        "tracingEnabled": True,
        "tags": {"a": "b"},
    }
    made = apigateway.create_stage(restApiId=api_id, **given)
    assert undated(made) == given | {"cacheClusterStatus": "AVAILABLE", "methodSettings": {}}


def test_empty_members_are_absent(apigateway, api):
    api_id, first, _ = api
    empty = {"description": "", "variables": {}, "tags": {}, "documentationVersion": ""}
    made = apigateway.create_stage(restApiId=api_id, stageName="dev", deploymentId=first, **empty)
    assert not made.keys() & empty.keys()


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({"deploymentId": ""}, bad_request("DeploymentId cannot be empty")),
        ({"deploymentId": "zzzzzz"}, bad_request("Deployment id does not exist")),
        ({"stageName": "taken"}, conflict("Stage already exists")),
        ({"stageName": "a.b"}, bad_request("Stage name only allows a-zA-Z0-9_-")),
        ({"stageName": "$default"}, bad_request("Stage name only allows a-zA-Z0-9_-")),
        ({"stageName": "a" * 129}, bad_request("Stage name can be at most 128 characters")),
        ({"documentationVersion": "v1"}, bad_request("Invalid Documentation version specified")),
        ({"variables": {f"v{number}": "" for number in range(101)}}, None),
        ({"variables": {"a" * 65: "b"}}, None),
        ({"variables": {"a": "b" * 513}}, None),
        ({"variables": {"a-b": "c"}}, None),
        ({"variables": {"a": "b c"}}, None),
        ({"tags": {"aws:a": "b"}}, None),
    ],
)
def test_what_cannot_be_created(apigateway, api, given, refused):
    api_id, first, _ = api
    apigateway.create_stage(restApiId=api_id, stageName="taken", deploymentId=first)
    answer = refusal(apigateway.create_stage, **({"restApiId": api_id, "stageName": "new", "deploymentId": first} | given))
    assert answer == refused if refused else answer[:2] == (400, "BadRequestException")
    assert [stage["stageName"] for stage in apigateway.get_stages(restApiId=api_id)["item"]] == ["taken"]


def test_ten_stages_at_most(apigateway, api):
    api_id, first, _ = api
    for number in range(10):
        apigateway.create_stage(restApiId=api_id, stageName=f"s{number}", deploymentId=first)
    refused = refusal(apigateway.create_stage, restApiId=api_id, stageName="s10", deploymentId=first)
    assert refused[:2] == (429, "LimitExceededException")
    assert len(apigateway.get_stages(restApiId=api_id)["item"]) == 10


def test_the_stages_of_a_deployment(apigateway, api):
    api_id, first, second = api
    for name, deployment_id in [("a", first), ("b", second), ("c", first)]:
        apigateway.create_stage(restApiId=api_id, stageName=name, deploymentId=deployment_id)
    of_first = apigateway.get_stages(restApiId=api_id, deploymentId=first)["item"]
    assert [stage["stageName"] for stage in of_first] == ["a", "c"]
    assert apigateway.get_stages(restApiId=api_id, deploymentId="zzzzzz")["item"] == []


@pytest.mark.parametrize(
    ("path", "value", "change"),
    [
        ("/description", "new", {"description": "new"}),
        ("/cacheClusterEnabled", "true", {"cacheClusterEnabled": True, "cacheClusterStatus": "AVAILABLE", "cacheClusterSize": "0.5"}),
        ("/cacheClusterSize", "1.6", {"cacheClusterSize": "1.6"}),
        ("/clientCertificateId", "", {}),
        ("/documentationVersion", "", {}),
        ("/documentationVersion", None, {}),
        ("/tracingEnabled", "true", {"tracingEnabled": True}),
        ("/variables/a", "b", {"variables": {"a": "b"}}),
        ("/variables/a", None, {"variables": {"a": ""}}),
        ("/variables", '{"a": "b"}', {"variables": {"a": "b"}}),
        ("/accessLogSettings/destinationArn", LOG_GROUP, {"accessLogSettings": {"destinationArn": LOG_GROUP}}),
        ("/accessLogSettings/format", FORMAT, {"accessLogSettings": {"format": FORMAT}}),
    ],
)
def test_each_path_can_be_replaced(apigateway, stage, update, path, value, change):
    place, made = stage
    assert update(patch("replace", path, value)) == made | change
    assert undated(apigateway.get_stage(**place)) == made | change


def test_a_stage_moves_to_another_deployment(api, stage, update):
    assert update(patch("replace", "/deploymentId", api[2])) == stage[1] | {"deploymentId": api[2]}


@pytest.mark.parametrize("value", ["", None])
def test_a_description_can_be_cleared(stage, update, value):
    update(patch("replace", "/description", "d"))
    assert update(patch("replace", "/description", value)) == stage[1]


def test_variables_can_be_removed(stage, update):
    update(patch("replace", "/variables/a", "1"), patch("replace", "/variables/b", "2"))
    assert update(patch("remove", "/variables/a"))["variables"] == {"b": "2"}
    assert update(patch("remove", "/variables")) == stage[1]


def test_access_logs(stage, update):
    """As recorded: the destination alone is accepted, the format may follow, and removal clears both."""
    place = "/accessLogSettings"
    made = stage[1]
    assert update(patch("add", f"{place}/destinationArn", LOG_GROUP)) == made | {"accessLogSettings": {"destinationArn": LOG_GROUP}}
    other = {"destinationArn": LOG_GROUP + "a"}
    assert update(patch("replace", f"{place}/destinationArn", LOG_GROUP + "a")) == made | {"accessLogSettings": other}
    both = {"accessLogSettings": other | {"format": FORMAT}}
    assert update(patch("add", f"{place}/format", FORMAT)) == made | both
    assert update(patch("remove", f"{place}/format")) == made | {"accessLogSettings": other}
    update(patch("replace", f"{place}/format", FORMAT))
    assert update(patch("remove", place)) == made
    assert update(patch("add", f"{place}/format", FORMAT), patch("remove", f"{place}/format")) == made


@pytest.mark.parametrize("key", ["*/*", "~1pets/GET", "~1/GET", "~1pets~1{id}/ANY", "test/GET", "/test/GET", "a/b/GET", "*/GET"])
@pytest.mark.parametrize(
    ("path", "value", "change"),
    [
        ("metrics/enabled", "true", {"metricsEnabled": True}),
        ("logging/dataTrace", "true", {"dataTraceEnabled": True}),
        ("logging/loglevel", "OFF", {"loggingLevel": "OFF"}),
        ("throttling/burstLimit", "-1", {"throttlingBurstLimit": -1}),
        ("throttling/rateLimit", "-1.000000", {"throttlingRateLimit": -1.0}),
        ("throttling/rateLimit", "12.5", {"throttlingRateLimit": 12.5}),
        ("caching/enabled", "true", {"cachingEnabled": True}),
        ("caching/dataEncrypted", "true", {"cacheDataEncrypted": True}),
        ("caching/ttlInSeconds", "3600", {"cacheTtlInSeconds": 3600}),
        ("caching/requireAuthorizationForCacheControl", "false", {"requireAuthorizationForCacheControl": False}),
        (
            "caching/unauthorizedCacheControlHeaderStrategy",
            "FAIL_WITH_403",
            {"unauthorizedCacheControlHeaderStrategy": "FAIL_WITH_403"},
        ),
    ],
)
def test_method_settings(shared_stage, key, path, value, change):
    """One member makes the whole entry; the key echoes the path as it was patched, and removal takes the entry away."""
    update, made = shared_stage
    assert update(patch("replace", f"/{key}/{path}", value)) == made | {"methodSettings": {key: SETTING | change}}
    assert update(patch("remove", f"/{key}")) == made


@pytest.fixture(scope="module")
def shared_stage(apigateway):
    """For tests that leave the stage as it was: (update, the stage)."""
    api_id, root_id = rest_apis.create(apigateway, "settings")
    rest_apis.add_mock_method(apigateway, api_id, root_id, "{}")
    rest_apis.deploy(apigateway, api_id)
    place = {"restApiId": api_id, "stageName": "dev"}
    made = undated(apigateway.get_stage(**place))
    return lambda *operations: undated(apigateway.update_stage(**place, patchOperations=list(operations))), made


def unknown(path):
    return f"Invalid method setting path: {path}. Must be one of: {PATHS}"


def no_setting(path):
    return f"Cannot remove method setting {path} because there is no method setting for this method "


@pytest.mark.parametrize(
    ("operation", "text"),
    [
        (patch("replace", "/canarySettings", "x"), unknown("/canarySettings")),
        (patch("replace", "/canarySettings/badPath", "x"), unknown("/canarySettings/badPath")),
        (patch("replace", "/accessLogSettings", "x"), unknown("/accessLogSettings")),
        (patch("replace", "/nothing", "x"), unknown("/nothing")),
        (patch("replace", "/*/*/nothing/enabled", "true"), unknown("/*/*/nothing/enabled")),
        (patch("replace", value="x"), unknown("null")),
        (patch("remove", "/*/*"), no_setting("*/*")),
        (patch("remove", "/variables/none"), no_setting("variables/none")),
        (patch("remove", "/description"), no_setting("description")),
        (patch("remove", "/deploymentId"), no_setting("deploymentId")),
        (patch("add", "/description", "x"), "Invalid add operation with path: /description"),
        (patch("add", "/variables/a", "x"), "Invalid add operation with path: /variables/a"),
        (patch("add", "/*/*/caching/enabled", "true"), "Invalid add operation with path: /*/*/caching/enabled"),
        (patch("move", "/description", "x"), "Invalid move operation with path: /description"),
        (patch("test", "/description", "x"), "Invalid test operation with path: /description"),
        (patch("replace", "/deploymentId", "zzzzzz"), "Deployment id does not exist"),
        (patch("replace", "/deploymentId"), "Deployment id does not exist"),
        (patch("replace", "/cacheClusterSize", "1"), "Invalid cache cluster size: 1"),
        (patch("replace", "/clientCertificateId", "zzzzzz"), "Invalid Client Certificate identifier specified"),
        (patch("replace", "/documentationVersion", "v1"), "Invalid Documentation version specified"),
        (
            patch("replace", "/accessLogSettings/destinationArn", f"{LOG_GROUP}:*"),
            f"Invalid ARN specified in the request: {LOG_GROUP}:*",
        ),
        (
            patch("replace", "/accessLogSettings/format", "{\n$context.requestId\n}"),
            "Access Log format must be single line, new line character is allowed only at end of the format",
        ),
        (
            patch("replace", "/accessLogSettings/format", "$context.status"),
            "Access Log format must include at least $context.requestId or $context.extendedRequestId",
        ),
        (
            patch("replace", "/accessLogSettings/format", "$context.requestId " + "x" * 3072),
            "Access Log format exceeds the maximum size of 3072 bytes",
        ),
        (patch("replace", "/*/*/logging/loglevel", "DEBUG"), "Invalid logging level: DEBUG. Must be one of: [OFF, ERROR, INFO]"),
    ],
)
def test_what_a_patch_cannot_do(apigateway, stage, operation, text):
    place, made = stage
    operations = [patch("replace", "/description", "first"), operation]
    assert refusal(apigateway.update_stage, **place, patchOperations=operations) == bad_request(text)
    assert undated(apigateway.get_stage(**place)) == made


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/variables/a-b", "c"),
        ("/variables/" + "a" * 65, "b"),
        ("/variables/a", "b" * 513),
        ("/variables/a", "b c"),
        ("/variables", "[]"),
        ("/*/*/throttling/burstLimit", "1.5"),
        ("/*/*/throttling/burstLimit", "-2"),
        ("/*/*/throttling/rateLimit", "-0.5"),
        ("/*/*/throttling/rateLimit", "NaN"),
        ("/*/*/caching/ttlInSeconds", "3601"),
        ("/*/*/caching/ttlInSeconds", "-1"),
        ("/*/*/caching/unauthorizedCacheControlHeaderStrategy", "OTHER"),
    ],
)
def test_values_that_are_refused(apigateway, stage, path, value):
    place, made = stage
    refused = refusal(apigateway.update_stage, **place, patchOperations=[patch("replace", path, value)])
    assert refused[:2] == (400, "BadRequestException")
    assert undated(apigateway.get_stage(**place)) == made


def test_an_empty_patch(apigateway, stage):
    place, made = stage
    assert undated(apigateway.update_stage(**place, patchOperations=[])) == made
    assert refusal(apigateway.update_stage, **(place | {"stageName": "none"}), patchOperations=[]) == MISSING


def test_delete(apigateway, stage):
    place, _ = stage
    assert status(apigateway.delete_stage(**place)) == 202
    assert refusal(apigateway.delete_stage, **place) == MISSING
    assert refusal(apigateway.get_stage, **place) == MISSING


def test_an_unknown_api(apigateway):
    missing = not_found(f"Invalid API identifier specified {ACCOUNT}:zzzzzzzzzz")
    place = {"restApiId": "zzzzzzzzzz", "stageName": "dev"}
    assert refusal(apigateway.get_stage, **place) == missing
    assert refusal(apigateway.update_stage, **place, patchOperations=[]) == missing
    assert refusal(apigateway.delete_stage, **place) == missing
    assert refusal(apigateway.create_stage, **place, deploymentId="") == missing
    assert refusal(apigateway.get_stages, restApiId="zzzzzzzzzz") == missing
