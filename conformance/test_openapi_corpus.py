"""OpenAPI documents that others wrote: each is imported, deployed and answers on every route, or is refused by name.

What a registry does not give is skipped, and says so. docs/openapi-corpus.md tells how the list is kept.
"""

import http.client
import json
import os
import pathlib
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

import rest_apis
import signing
import wire
from answers import patch
from openapi_corpus import Cache, Prepared, Unreachable, listed
from server import REGION

DOCUMENTS = listed()
LARGE_BYTES = 500_000
AT_ONCE = 4
STAGE = "corpus"
# What a variable of a path is filled with; no document has such a segment.
FILLED = "corpus-1"


def test_the_list_is_what_it_should_be():
    assert len(DOCUMENTS) >= 40
    assert sum(document.size > LARGE_BYTES for document in DOCUMENTS) >= 5
    assert sum(document.size > LARGE_BYTES and document.refused is None for document in DOCUMENTS) >= 5
    kinds = Counter((document.kind, document.format) for document in DOCUMENTS)
    for kind in ("swagger 2.0", "openapi 3.0", "openapi 3.1"):
        assert kinds[kind, "json"] >= 3 and kinds[kind, "yaml"] >= 3, kinds
    assert len({document.name for document in DOCUMENTS}) == len(DOCUMENTS)
    assert all((document.refused is None) == (document.reason is None) for document in DOCUMENTS)


@pytest.fixture(scope="module")
def outcomes(server):
    """What becomes of each document, by its name: several at once, large ones first."""
    cache = Cache(_directory())
    unreachable = {}
    for package, version in {(document.package, document.version) for document in DOCUMENTS}:
        try:
            cache.fetch(package, version)
        except Unreachable as error:
            unreachable[package] = str(error)
    client = server.client("apigateway")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {
            document.name: unreachable.get(document.package) or pool.submit(_serve, server, client, cache, document)
            for document in sorted(DOCUMENTS, key=lambda document: -document.size)
        }


def _directory():
    """Under the target directory, so that it is kept from run to run."""
    return pathlib.Path(os.environ["POSTERN_BIN"]).resolve().parent.parent / "openapi-corpus"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_is_served_or_refused_by_name(outcomes, document):
    outcome = outcomes[document.name]
    if isinstance(outcome, str):
        pytest.skip(f"not fetched: {outcome}")
    refusal = outcome.result()
    if document.refused is None:
        assert refusal is None
    else:
        assert refusal is not None, f"was served; the list says that it is refused: {document.reason}"
        assert document.refused in refusal


def _serve(server, client, cache, document):
    """Everything for one document; the text of the refusal, if there is one."""
    content = cache.bytes_of(document)
    prepared = Prepared(content, document.format)
    made = []
    try:
        # As it is: no other program has read it.
        made.append(client.import_rest_api(body=content)["id"])
        client.put_rest_api(restApiId=made[0], mode="overwrite", body=prepared.bytes)
        rest_apis.deploy(client, made[0], stage=STAGE)
        _ask_every_route(server, client, made[0], prepared)
        for kind in ("oas30", "swagger"):
            _put_back(client, made, kind)
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400, error
        return error.response["Error"]["Message"]
    finally:
        for api_id in made:
            client.delete_rest_api(restApiId=api_id)
    return None


def _ask_every_route(server, client, api_id, prepared):
    methods = _methods(client, api_id)
    # REST APIs have no resource for a path that ends in a slash; the document then means the one without.
    routes = {(path.removesuffix("/") or "/", verb): number for path, verb, number in prepared.routes()}
    assert set(methods) == set(routes)
    address = urlsplit(server.http)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=wire.TIMEOUT_SECONDS)

    def ask(verb, target, headers):
        connection.request(verb, target, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        return answer.status, None if verb == "HEAD" else json.loads(body)

    def expect(verb, status, body):
        return status, None if verb == "HEAD" else body

    try:
        with _api_key(client, api_id) as key:
            for (path, verb), number in routes.items():
                target = f"/{STAGE}" + re.sub(r"\{[^}]+\}", FILLED, path)
                headers, refusal = _what_opens(server, api_id, verb, target, methods[path, verb], key)
                if refusal is not None:
                    shut = ask(verb, target, {"Host": headers["Host"]})
                    assert shut == expect(verb, 403, {"message": refusal}), (verb, path)
                assert ask(verb, target, headers) == expect(verb, 200, {"operation": number}), (verb, path)
    finally:
        connection.close()


def _what_opens(server, api_id, verb, target, method, key):
    """The header fields that a method is called with, and what it says without them, when it needs any."""
    host = wire.api_host(api_id)
    headers, refusal = {"Host": host}, None
    if method["apiKeyRequired"]:
        headers["x-api-key"], refusal = key, "Forbidden"
    assert method["authorizationType"] in ("NONE", "AWS_IAM"), "no other type is built: such a method answers 501"
    if method["authorizationType"] == "AWS_IAM":
        request = signing.AWSRequest(method=verb, url=f"http://{host}{target}", data=b"", headers=headers)
        signing.SigV4Auth(signing.Credentials(*server.credentials()), "execute-api", REGION).add_auth(request)
        # Whoever it is comes before the key.
        headers, refusal = dict(request.headers.items()), "Missing Authentication Token"
    return headers, refusal


@contextmanager
def _api_key(client, api_id):
    """The value of a key that the stage takes."""
    plan = client.create_usage_plan(name="corpus", apiStages=[{"apiId": api_id, "stage": STAGE}])["id"]
    key = client.create_api_key(name="corpus", enabled=True)
    client.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
    try:
        yield key["value"]
    finally:
        client.update_usage_plan(usagePlanId=plan, patchOperations=[patch("remove", "/apiStages", f"{api_id}:{STAGE}")])
        client.delete_usage_plan(usagePlanId=plan)
        client.delete_api_key(apiKey=key["id"])


def _methods(client, api_id):
    """(path, verb) to the method."""
    paginator = client.get_paginator("get_resources")
    pages = paginator.paginate(restApiId=api_id, embed=["methods"], PaginationConfig={"PageSize": 500})
    resources = [resource for page in pages for resource in page["items"]]
    return {
        (resource["path"], verb): method
        for resource in resources
        for verb, method in resource.get("resourceMethods", {}).items()
    }


def _put_back(client, made, kind):
    """An export, imported as another API and deployed there, is exported the same."""

    def export(api_id):
        place = {"restApiId": api_id, "stageName": STAGE, "exportType": kind, "parameters": {"extensions": "apigateway"}}
        return client.get_export(**place)["body"].read()

    first = export(made[0])
    answer = client.import_rest_api(body=first)
    made.append(answer["id"])
    assert "warnings" not in answer, answer["warnings"]
    rest_apis.deploy(client, made[-1], stage=STAGE)
    assert export(made[-1]).replace(made[-1].encode(), made[0].encode()) == first
