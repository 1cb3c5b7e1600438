"""Lambda authorizers: functions that decide who may call, as boto3 sets them up and clients meet them."""

import json
import time
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError

import rest_apis
import wire
from server import ACCOUNT, REGION
from test_functions import PYTHON
from test_run import fetch, run  # noqa: F401 (a fixture)

ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:%s"
URI = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{ARN}/invocations"
HEADER = "method.request.header.Authorization"
DENIED = "User is not authorized to access this resource"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A server with the functions, and the file in which the authorizer's calls are written down."""
    from server import Server

    folder = tmp_path_factory.mktemp("authorizers")
    config, calls = folder / "postern.toml", folder / "calls"
    calls.touch()
    function = 'directory = "%s"\nhandler = "app.%s"\ntimeout_ms = 20000\n'
    config.write_text(
        f"[functions.authorize]\n{function % (PYTHON, 'authorize')}environment = {{ CALLS = \"{calls}\" }}\n"
        f"[functions.identity]\n{function % (PYTHON, 'identity')}"
    )
    started = Server(folder / "data", arguments=["--config", str(config)]).start()
    started.calls = lambda: [json.loads(line) for line in calls.read_text().splitlines()]
    yield started
    assert started.stop() == 0


@pytest.fixture(scope="module")
def client(guarded):
    return guarded.client("apigateway")


def made(client, kind="TOKEN", **arguments):
    """An API with an authorizer whose methods `GET /` and `GET /{id}` call a function: its id and the authorizer's."""
    api_id, root_id = rest_apis.create(client, "authorizers")
    source = {"identitySource": HEADER if kind == "TOKEN" else "method.request.header.X-Id"}
    authorizer = client.create_authorizer(
        restApiId=api_id, name="a", type=kind, authorizerUri=URI % "authorize", **{**source, **arguments}
    )["id"]
    for resource_id in (root_id, rest_apis.add_resource(client, api_id, root_id, "{id}")):
        place = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": "GET"}
        client.put_method(**place, authorizationType="CUSTOM", authorizerId=authorizer)
        client.put_integration(**place, type="AWS_PROXY", integrationHttpMethod="POST", uri=URI % "identity")
    rest_apis.deploy(client, api_id)
    return api_id, authorizer


def test_outcomes_of_a_token_authorizer(guarded, client):
    api_id, _ = made(client, authorizerResultTtlInSeconds=0)
    call = lambda headers: wire.invoke(guarded, api_id, "dev", "/7", headers=headers)  # noqa: E731
    answer = call({"Authorization": "good"})
    said = answer.json()
    latency = said.pop("integrationLatency")
    assert said == {"principalId": "user of good", "tenant": "acme", "number": "1", "flag": "true"} and latency >= 0
    event = guarded.calls()[-1]
    arn = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api_id}/dev/GET/7"
    assert event == {"type": "TOKEN", "methodArn": arn, "authorizationToken": "good"}
    for token, status, body in [
        ("deny", 403, {"Message": f"{DENIED} with an explicit deny"}),
        ("unauthorized", 401, {"message": "Unauthorized"}),
        ("nonsense", 500, {"message": None}),
    ]:
        answer = call({"Authorization": token})
        assert (answer.status, answer.json()) == (status, body), token
    before = len(guarded.calls())
    assert (call({}).status, len(guarded.calls())) == (401, before)


def test_a_request_authorizer_sees_the_request(guarded, client):
    api_id, _ = made(client, "REQUEST")
    assert wire.invoke(guarded, api_id, "dev", "/7?a=1", headers={"X-Id": "good"}).status == 200
    event = guarded.calls()[-1]
    assert (event["type"], event["resource"], event["path"], event["pathParameters"]) == ("REQUEST", "/{id}", "/7", {"id": "7"})
    assert (event["queryStringParameters"], event["stageVariables"]) == ({"a": "1"}, {})
    assert "body" not in event and event["headers"]["X-Id"] == "good"


def test_answers_are_kept_until_they_are_flushed(guarded, client):
    api_id, _ = made(client)
    before = len(guarded.calls())

    def asked(token, path="/7"):
        status = wire.invoke(guarded, api_id, "dev", path, headers={"Authorization": token}).status
        return status, len(guarded.calls()) - before

    assert [asked("narrow"), asked("narrow"), asked("other")] == [(200, 1), (200, 1), (200, 2)]
    # The policy that is kept names one method.
    assert asked("narrow", "/8") == (403, 2)
    client.flush_stage_authorizers_cache(restApiId=api_id, stageName="dev")
    assert asked("narrow", "/8") == (200, 3)
    short, _ = made(client, authorizerResultTtlInSeconds=1)
    before = len(guarded.calls())
    for _ in range(2):
        assert wire.invoke(guarded, short, "dev", "/7", headers={"Authorization": "good"}).status == 200
        time.sleep(1.1)
    assert len(guarded.calls()) - before == 2


def test_an_authorizer_gives_the_api_key(guarded, client):
    api_id, authorizer = made(client)
    root_id = client.get_resources(restApiId=api_id)["items"][0]["id"]
    place = {"restApiId": api_id, "resourceId": root_id, "httpMethod": "GET"}
    client.update_method(**place, patchOperations=[{"op": "replace", "path": "/apiKeyRequired", "value": "true"}])
    client.update_rest_api(restApiId=api_id, patchOperations=[{"op": "replace", "path": "/apiKeySource", "value": "AUTHORIZER"}])
    rest_apis.deploy(client, api_id)
    key = client.create_api_key(name="k", enabled=True)
    plan = client.create_usage_plan(name="p", apiStages=[{"apiId": api_id, "stage": "dev"}])
    client.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
    path = next(item["path"] for item in client.get_resources(restApiId=api_id)["items"] if item["id"] == root_id).replace("{id}", "7")
    call = lambda **headers: wire.invoke(guarded, api_id, "dev", path, headers=headers)  # noqa: E731
    assert call(Authorization=f"key {key['value']}").status == 200
    for headers in ({"Authorization": "good", "x-api-key": key["value"]}, {"Authorization": "key wrong", "x-api-key": key["value"]}):
        answer = call(**headers)
        assert (answer.status, answer.json()) == (403, {"message": "Forbidden"})


def test_an_authorizer_is_tested(guarded, client):
    api_id, authorizer = made(client)
    place = {"restApiId": api_id, "authorizerId": authorizer}
    said = client.test_invoke_authorizer(**place, headers={"Authorization": "good token 1234"})
    assert (said["clientStatus"], said["principalId"]) == (0, "user of good token 1234")
    assert json.loads(said["policy"])["Statement"][0]["Effect"] == "Allow"
    assert said["latency"] >= 0 and "Using valid authorizer policy for principal: " in said["log"]
    assert guarded.calls()[-1]["methodArn"].endswith(f":{api_id}/ESTestInvoke-stage/GET/")
    for headers, status in [({}, 401), ({"Authorization": "unauthorized"}, 401), ({"Authorization": "nonsense"}, 500)]:
        refused = client.test_invoke_authorizer(**place, headers=headers)
        assert refused["clientStatus"] == status and "policy" not in refused
    with pytest.raises(ClientError) as missing:
        client.test_invoke_authorizer(restApiId=api_id, authorizerId="none12")
    assert missing.value.response["Error"]["Message"] == "Invalid Authorizer identifier specified"


DOCUMENT = {
    "openapi": "3.0.1",
    "info": {"title": "guarded", "version": "1"},
    "components": {
        "securitySchemes": {
            "mine": {
                "type": "apiKey",
                "name": "Authorization",
                "in": "header",
                "x-amazon-apigateway-authtype": "custom",
                "x-amazon-apigateway-authorizer": {"type": "token", "authorizerUri": URI % "authorize"},
            }
        }
    },
    "paths": {
        "/": {
            "get": {
                "security": [{"mine": []}],
                "x-amazon-apigateway-integration": {"type": "aws_proxy", "httpMethod": "POST", "uri": URI % "identity"},
            }
        }
    },
}


def test_a_document_with_an_authorizer_is_run(run, tmp_path):
    (tmp_path / "guarded.json").write_text(json.dumps(DOCUMENT))
    functions = [f"--function={name}={PYTHON}:app.{name}" for name in ("authorize", "identity")]
    served = run("guarded.json", *functions)
    url = served.url("GET", "/")
    with pytest.raises(urllib.error.HTTPError) as refused:
        fetch(url)
    assert refused.value.code == 401
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Authorization": "good"}), timeout=30) as answer:
        assert json.load(answer)["principalId"] == "user of good"


def test_a_run_names_the_authorizers_function_that_runs_nowhere(run, tmp_path):
    (tmp_path / "guarded.json").write_text(json.dumps(DOCUMENT))
    served = run("guarded.json", f"--function=identity={PYTHON}:app.identity")
    lines = served.until("err", "runs nowhere")
    assert "the authorizer mine calls the function authorize" in lines[-1], lines
