"""Integrations in the caller's own name (`credentials: arn:aws:iam::*:user/*`), signed by botocore and received by moto or run here."""

import json
import pathlib

import pytest

import rest_apis
import wire
from aws_services import ACCOUNT, OWN_ACCOUNT
from server import REGION, Server
from test_access import document, signed, statement

CODE = pathlib.Path(__file__).parent / "data" / "functions" / "python"
OWN = "arn:aws:iam::*:user/*"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:echo"
INVOCATION = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"


@pytest.fixture(scope="module")
def gateway(aws, tmp_path_factory):
    """A server without a key of its own for services."""
    directory = tmp_path_factory.mktemp("own")
    arguments = [*OWN_ACCOUNT, "--function", f"echo={CODE}:app.proxy"]
    started = Server(directory / "data", arguments, {"POSTERN_SERVICES_ENDPOINT": aws.url}).start()
    yield started
    assert started.stop() == 0


def serve(gateway, authorization="AWS_IAM", **integration):
    client = gateway.client("apigateway")
    api_id, root_id = rest_apis.create(client)
    place = {"restApiId": api_id, "resourceId": rest_apis.add_resource(client, api_id, root_id, "pets"), "httpMethod": "POST"}
    client.put_method(**place, authorizationType=authorization)
    client.put_method_response(**place, statusCode="200")
    client.put_integration(**place, integrationHttpMethod="POST", credentials=OWN, **integration)
    if integration["type"] == "AWS":
        client.put_integration_response(**place, statusCode="200")
    rest_apis.deploy(client, api_id)
    return api_id


def test_a_service_sees_the_callers_key(gateway, aws):
    sns = aws.client("sns")
    topic = sns.create_topic(Name="own")["TopicArn"]
    mapping = {"integration.request.querystring.TopicArn": f"'{topic}'", "integration.request.querystring.Message": "'hello'"}
    api_id = serve(gateway, type="AWS", uri=f"arn:aws:apigateway:{REGION}:sns:action/Publish", requestParameters=mapping)
    _, answer = signed(gateway, api_id, "POST", body=b"{}")
    assert (answer.status, "PublishResponse" in answer.json()) == (200, True), answer


def test_a_function_here_asks_the_callers_policy(gateway, tmp_path):
    api_id = serve(gateway, type="AWS_PROXY", uri=INVOCATION)

    def caller(*statements):
        path = tmp_path / "policy.json"
        path.write_text(document(statement("Allow", principal=None), *statements))
        made = json.loads(gateway.run("keys", "create", "--json", "--account", ACCOUNT, "--policy", str(path)))
        return made["accessKeyId"], made["secretAccessKey"]

    allowed = caller(statement("Allow", FUNCTION, None, "lambda:InvokeFunction"))
    assert signed(gateway, api_id, "POST", body=b"{}", credentials=allowed)[1].status == 200
    _, answer = signed(gateway, api_id, "POST", body=b"{}", credentials=caller())
    assert (answer.status, answer.json()) == (500, {"message": "Internal server error"})


def test_a_method_that_does_not_find_out_who_calls_fails(gateway):
    api_id = serve(gateway, "NONE", type="AWS_PROXY", uri=INVOCATION)
    assert wire.invoke(gateway, api_id, "dev", "/pets", method="POST").status == 500
