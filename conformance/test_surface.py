"""All 230 operations: each answers as AWS models it, or 501 naming itself if `unbuilt.txt` lists it.

The list only shrinks: whoever builds an operation takes it out, and nothing is ever put in.
"""

import pathlib

import botocore.session
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from minimal_inputs import minimal_input
from server import Server

OPERATION_COUNTS = {"apigateway": 124, "apigatewayv2": 103, "apigatewaymanagementapi": 3}

# Answered before an operation runs; everything else must be an error that the operation's model has.
FRAMEWORK_ERRORS = {"ValidationException", "SerializationException"}


def every_operation():
    session = botocore.session.get_session()
    for service in OPERATION_COUNTS:
        model = session.get_service_model(service)
        yield from (f"{service}.{name}" for name in model.operation_names)


def read_unbuilt():
    lines = pathlib.Path(__file__).with_name("unbuilt.txt").read_text().splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


OPERATIONS = list(every_operation())
UNBUILT = read_unbuilt()


@pytest.fixture(scope="module")
def clients(tmp_path_factory):
    """Clients of a server of our own, which these calls may leave in any state."""
    server = Server(tmp_path_factory.mktemp("surface") / "data").start()
    yield {
        "apigateway": server.client("apigateway"),
        "apigatewayv2": server.client("apigatewayv2"),
        "apigatewaymanagementapi": server.client("apigatewaymanagementapi", endpoint_path="/prod"),
    }
    server.kill()


def test_the_lists_are_whole():
    for service, count in OPERATION_COUNTS.items():
        assert sum(name.startswith(f"{service}.") for name in OPERATIONS) == count
    assert UNBUILT == sorted(set(UNBUILT)), "unbuilt.txt is sorted and names each operation once"
    assert set(UNBUILT) <= set(OPERATIONS), f"no such operations: {set(UNBUILT) - set(OPERATIONS)}"


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation(clients, name):
    service, operation = name.split(".")
    client = clients[service]
    model = client.meta.service_model.operation_model(operation)
    code, status, message = call(client, operation, minimal_input(model))
    if name in UNBUILT:
        assert (code, status) == ("NotImplementedException", 501), f"{name} is built: take it out of unbuilt.txt"
        assert operation in message
        return
    assert status != 501, f"{name} answers 501 ({message}) and does not stand in unbuilt.txt, which only shrinks"
    modelled = {shape.name for shape in model.error_shapes}
    assert code is None or code in modelled | FRAMEWORK_ERRORS, f"{code}: {message}"


def call(client, operation, arguments):
    """(error code or None, status, message or None); the client checks the answer strictly on the way."""
    try:
        answer = getattr(client, xform_name(operation))(**arguments)
    except ClientError as error:
        response = error.response
        return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Message"]
    return None, answer["ResponseMetadata"]["HTTPStatusCode"], None
