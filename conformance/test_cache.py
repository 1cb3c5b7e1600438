"""Stage caches in traffic: set up, hit, renewed and flushed by unmodified clients."""

import json

import pytest

import rest_apis
import signing
import wire
from answers import patch
from server import ACCOUNT, REGION

RENEW = {"Cache-Control": "max-age=0"}


def setting(path, value):
    return patch("replace", path, value)


@pytest.fixture
def cached(apigateway, backend):
    """A stage that caches `GET /{id}` by its path and the query `q`: the id of the API."""
    api_id, root_id = rest_apis.create(apigateway, "cache")
    resource_id = rest_apis.add_resource(apigateway, api_id, root_id, "{id}")
    for method in ("GET", "POST"):
        sources = {"integration.request.path.id": "method.request.path.id", "integration.request.querystring.q": "method.request.querystring.q"}
        rest_apis.add_proxy_method(
            apigateway,
            api_id,
            resource_id,
            f"{backend.url}/{{id}}",
            method=method,
            requestParameters=sources,
            cacheKeyParameters=list(sources.values()),
        )
    apigateway.create_deployment(restApiId=api_id, stageName="dev", cacheClusterEnabled=True, cacheClusterSize="0.5")
    update(apigateway, api_id, setting("/*/*/caching/enabled", "true"))
    return api_id


def update(apigateway, api_id, *operations):
    apigateway.update_stage(restApiId=api_id, stageName="dev", patchOperations=list(operations))


def calls(backend):
    return len(backend.requests)


def test_a_hit_costs_the_backend_nothing(cached, invoke, backend):
    answers = [invoke(cached, "dev", "/a?q=1") for _ in range(3)]
    assert {answer.status for answer in answers} == {200} and calls(backend) == 1
    assert len({answer.body for answer in answers}) == 1
    assert len({answer.header("x-amzn-RequestId") for answer in answers}) == 3
    for other in ("/a?q=2", "/b?q=1", "/a", "/a?q=1&q=2"):
        before = calls(backend)
        invoke(cached, "dev", other), invoke(cached, "dev", other)
        assert calls(backend) == before + 1, other
    before = calls(backend)
    for _ in range(2):
        assert invoke(cached, "dev", "/a?q=1", method="POST").status == 200
    assert calls(backend) == before + 2


def test_settings_take_effect_with_the_answer(apigateway, cached, invoke, backend):
    operations = {
        "/~1{id}/GET/caching/enabled": "false",
        "/~1{id}/GET/caching/ttlInSeconds": "0",
        "/cacheClusterEnabled": "false",
    }
    for path, value in operations.items():
        invoke(cached, "dev", "/a")
        update(apigateway, cached, setting(path, value))
        before = calls(backend)
        invoke(cached, "dev", "/a"), invoke(cached, "dev", "/a")
        assert calls(backend) == before + 2, path
        update(
            apigateway,
            cached,
            setting("/~1{id}/GET/caching/enabled", "true"),
            setting("/~1{id}/GET/caching/ttlInSeconds", "300"),
            setting("/cacheClusterEnabled", "true"),
        )


def test_a_flush_and_a_new_deployment_begin_anew(apigateway, cached, invoke, backend):
    for change in (
        lambda: apigateway.flush_stage_cache(restApiId=cached, stageName="dev"),
        lambda: rest_apis.deploy(apigateway, cached),
    ):
        invoke(cached, "dev", "/a")
        before = calls(backend)
        invoke(cached, "dev", "/a")
        assert calls(backend) == before
        change()
        invoke(cached, "dev", "/a"), invoke(cached, "dev", "/a")
        assert calls(backend) == before + 1


@pytest.mark.parametrize(
    ("strategy", "status", "warns"),
    [("FAIL_WITH_403", 403, False), ("SUCCEED_WITH_RESPONSE_HEADER", 200, True), ("SUCCEED_WITHOUT_RESPONSE_HEADER", 200, False)],
)
def test_whoever_may_not_renew(apigateway, cached, invoke, backend, strategy, status, warns):
    update(apigateway, cached, setting("/*/*/caching/unauthorizedCacheControlHeaderStrategy", strategy))
    invoke(cached, "dev", "/a")
    answer = invoke(cached, "dev", "/a", headers=RENEW)
    assert (answer.status, answer.header("Warning") is not None, calls(backend)) == (status, warns, 1)
    update(apigateway, cached, setting("/*/*/caching/requireAuthorizationForCacheControl", "false"))
    answer = invoke(cached, "dev", "/a", headers=RENEW)
    assert (answer.status, answer.header("Warning"), calls(backend)) == (200, None, 2)


def signed(server, api_id, credentials, headers=None):
    host = wire.api_host(api_id)
    request = signing.AWSRequest(method="GET", url=f"http://{host}/dev/a", data=b"", headers=headers or {})
    signing.SigV4Auth(signing.Credentials(*credentials), "execute-api", REGION).add_auth(request)
    return wire.request(server.http, "GET", "/dev/a", dict(request.headers.items()), None, host=host)


def test_callers_renew_what_their_policies_allow(apigateway, server, cached, backend, tmp_path):
    update(apigateway, cached, setting("/*/*/caching/unauthorizedCacheControlHeaderStrategy", "FAIL_WITH_403"))
    resource = next(item["id"] for item in apigateway.get_resources(restApiId=cached)["items"] if item["path"] == "/{id}")
    operation = patch("replace", "/authorizationType", "AWS_IAM")
    apigateway.update_method(restApiId=cached, resourceId=resource, httpMethod="GET", patchOperations=[operation])
    rest_apis.deploy(apigateway, cached)

    def key(*actions):
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": f"arn:aws:execute-api:*:{ACCOUNT}:{cached}/*"}
        path = tmp_path / "policy.json"
        path.write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
        made = json.loads(server.run("keys", "create", "--json", "--account", ACCOUNT, "--policy", str(path)))
        return made["accessKeyId"], made["secretAccessKey"]

    caller = key("execute-api:Invoke")
    assert signed(server, cached, caller).status == 200
    refused = signed(server, cached, caller, RENEW)
    assert (refused.status, calls(backend)) == (403, 1) and "execute-api:InvalidateCache" in refused.json()["Message"]
    for number, credentials in enumerate((key("execute-api:Invoke", "execute-api:InvalidateCache"), server.credentials())):
        assert signed(server, cached, credentials, RENEW).status == 200
        assert calls(backend) == 2 + number
    assert (signed(server, cached, caller).status, calls(backend)) == (200, 3)
