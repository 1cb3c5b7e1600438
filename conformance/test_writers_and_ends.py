"""What ends while others are at work on it: an API that is deleted, a client that leaves in the middle of its call."""

import contextlib
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

import rest_apis
from signing import signed_headers

WRITERS = 16
WRITES_MAX = 200
# As long as a served change may take to show; far less than a lost one would, which never shows.
SERVED_SECONDS_MAX = 10


@contextlib.contextmanager
def writers(*writes):
    """Each write runs in threads of its own until it is refused, or until the block has ended; gives what they were refused with."""
    ended, refusals = threading.Event(), []
    begun = threading.Barrier(WRITERS + 1)

    def work(number):
        begun.wait(60)
        for step in range(WRITES_MAX):
            if ended.is_set():
                return
            try:
                writes[number % len(writes)](f"{number}x{step}")
            except ClientError as error:
                refusals.append((error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Message"]))
                return

    with ThreadPoolExecutor(WRITERS) as pool:
        done = [pool.submit(work, number) for number in range(WRITERS)]
        begun.wait(60)
        try:
            yield refusals
        finally:
            ended.set()
        for each in done:
            each.result()


def add_resource(client, api_id, root_id):
    return lambda name: rest_apis.add_resource(client, api_id, root_id, f"r{name}")


def add_model(client, api_id):
    schema = '{"type": "object"}'
    return lambda name: client.create_model(restApiId=api_id, name=f"M{name}", contentType="application/json", schema=schema)


def test_an_api_that_is_deleted_under_its_writers(apigateway):
    """They succeed until they are told that there is no such API; nobody sees a conflict, or a fault."""
    api_id, root_id = rest_apis.create(apigateway)
    rest_apis.add_mock_method(apigateway, api_id, root_id, "{}")
    description = [{"op": "replace", "path": "/description", "value": "text"}]
    writes = (
        add_resource(apigateway, api_id, root_id),
        add_model(apigateway, api_id),
        lambda name: apigateway.update_rest_api(restApiId=api_id, patchOperations=description),
        lambda name: rest_apis.deploy(apigateway, api_id, stage=f"s{name.split('x')[0]}"),
        lambda name: apigateway.get_resources(restApiId=api_id),
    )
    gone = {
        (404, "Invalid Resource identifier specified"),
        (404, f"Invalid API identifier specified 000000000000:{api_id}"),
    }
    with writers(*writes) as refusals:
        time.sleep(0.2)
        assert not refusals
        apigateway.delete_rest_api(restApiId=api_id)
        deadline = time.monotonic() + SERVED_SECONDS_MAX
        while len(refusals) < WRITERS and time.monotonic() < deadline:
            time.sleep(0.01)
    assert len(refusals) == WRITERS and set(refusals) <= gone
    assert api_id not in {api["id"] for page in pages(apigateway, "get_rest_apis") for api in page["items"]}


def pages(client, operation):
    return client.get_paginator(operation).paginate(PaginationConfig={"PageSize": 500})


def test_two_who_delete_one_api(apigateway):
    api_id, _ = rest_apis.create(apigateway)
    begun = threading.Barrier(8)

    def delete(_):
        begun.wait(60)
        try:
            return apigateway.delete_rest_api(restApiId=api_id)["ResponseMetadata"]["HTTPStatusCode"]
        except ClientError as error:
            return error.response["ResponseMetadata"]["HTTPStatusCode"]

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(delete, range(8))) == [202] + [404] * 7


def test_a_copy_is_of_one_moment(apigateway):
    """Each writer makes pairs, first and second. A copy in between has every pair but the one that is under way."""
    api_id, root_id = rest_apis.create(apigateway)

    def pair(name):
        first = rest_apis.add_resource(apigateway, api_id, root_id, f"r{name}")
        rest_apis.add_resource(apigateway, api_id, first, "second")

    # Resources are limited, so each writer has only a few to make.
    with writers(pair, *[lambda name: time.sleep(0.01)] * 3) as refusals:
        for _ in range(5):
            copy_id = apigateway.create_rest_api(name="copy", cloneFrom=api_id)["id"]
            paths = {resource["path"] for resource in rest_apis.all_resources(apigateway, copy_id).values()}
            firsts = {path for path in paths if path.count("/") == 1 and path != "/"}
            seconds = {path.removesuffix("/second") for path in paths if path.endswith("/second")}
            assert seconds <= firsts and len(firsts - seconds) <= WRITERS
    assert all(message.startswith("Maximum number of Resources") for _, message in refusals)


@pytest.mark.parametrize("leaves_after", [0.0, 0.001, 0.002, 0.004, 0.008])
def test_a_client_that_leaves_while_it_deploys(apigateway, invoke, server, leaves_after):
    """What is stored is served: a stage that shows in the API answers, with what was deployed last."""
    api_id, root_id = rest_apis.create(apigateway)
    rest_apis.add_mock_method(apigateway, api_id, root_id, "old")
    rest_apis.deploy(apigateway, api_id)
    # In memory from now on: a version that nobody publishes would not be asked for again.
    assert invoke(api_id, "dev").body == b"old"
    place = {"restApiId": api_id, "resourceId": root_id, "httpMethod": "GET", "statusCode": "200"}
    patch = [{"op": "replace", "path": "/responseTemplates/application~1json", "value": "new"}]
    apigateway.update_integration_response(**place, patchOperations=patch)
    before = apigateway.get_stage(restApiId=api_id, stageName="dev")["deploymentId"]

    begin_and_leave(server, f"/restapis/{api_id}/deployments", {"stageName": "dev"}, leaves_after)
    # A later write is after the earlier one, so now it is known whether that was done.
    apigateway.create_model(restApiId=api_id, name="Later", contentType="application/json", schema='{"type": "object"}')
    after = apigateway.get_stage(restApiId=api_id, stageName="dev")["deploymentId"]
    wanted = b"old" if after == before else b"new"
    deadline = time.monotonic() + SERVED_SECONDS_MAX
    while invoke(api_id, "dev").body != wanted:
        assert time.monotonic() < deadline, "stored and not served"
        time.sleep(0.005)


def begin_and_leave(server, target, members, seconds):
    """Sends a whole call, waits, and resets the connection without reading an answer."""
    body = json.dumps(members).encode()
    fields = signed_headers(server, "POST", target, body, {"Content-Type": "application/json"})
    head = "".join(f"{name}: {value}\r\n" for name, value in {**fields, "Content-Length": len(body)}.items())
    address = urlsplit(server.management)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        # Zero seconds of lingering: closing is a reset, which the other side sees at once.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        connection.sendall(f"POST {target} HTTP/1.1\r\n{head}\r\n".encode() + body)
        time.sleep(seconds)
