"""The README's tour, as written there and step by step."""

import pathlib
import re
import shutil
import socket
import subprocess
import sys

import pytest

import rest_apis
import wire
from server import REGION, clean_environment

README = pathlib.Path(__file__).parent.parent / "README.md"
TOUR_SECONDS_MAX = 300


def blocks(name, language):
    """The code between two markers of the README, as one text."""
    text = README.read_text()
    part = text.split(f"<!-- {name}:start -->")[1].split(f"<!-- {name}:end -->")[0]
    found = re.findall(rf"```{language}\n(.*?)```", part, re.DOTALL)
    assert found, f"the README has no {language} between the markers of {name}"
    return "\n".join(found)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def as_here(text, server):
    """The tour's fixed addresses become those of the server under test."""
    replacements = {
        "http://127.0.0.1:4566": server.management,
        "http://127.0.0.1:8080": server.http,
        "postern-data/credentials": str(server.credentials_path),
        "9000": str(free_port()),
    }
    for written, here in replacements.items():
        assert written in text, f"the tour no longer says {written}"
        text = text.replace(written, here)
    return text


def run(interpreter, script, folder):
    """Runs a script with the tests' own AWS CLI and boto3 on the path; returns what it printed."""
    programs = pathlib.Path(sys.executable).parent
    environment = clean_environment()
    environment["PATH"] = f"{programs}:{environment['PATH']}"
    done = subprocess.run(
        [interpreter, "-c", script],
        stdin=subprocess.DEVNULL,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TOUR_SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_tour_with_the_aws_cli_and_curl(fresh_server, tmp_path):
    server = fresh_server()
    script = 'trap \'kill $(jobs -p) 2>/dev/null\' EXIT\nset -euo pipefail\n' + as_here(blocks("tour", "sh"), server)
    printed = run("bash", script, tmp_path)
    assert printed.count("hello from the backend") == 1, printed
    assert printed.count('{"from": "mock"}') == 1, printed


def test_the_tour_with_boto3(fresh_server, tmp_path, backend):
    server = fresh_server()
    written = as_here(blocks("tour-boto3", "python"), server)
    # The tour's backend is a file server; here the echo stands in for it.
    written = re.sub(r"http://127\.0\.0\.1:\d+/hello\.txt", f"{backend.url}/hello.txt", written)
    printed = run(sys.executable, written, tmp_path)
    assert '"path": "/hello.txt"' in printed, printed
    assert backend.requests[-1]["method"] == "GET"


@pytest.mark.parametrize("form", ["host", "aws", "user_request"])
def test_each_form_of_an_apis_address(apigateway, invoke, backend, form):
    api_id, root_id = rest_apis.create(apigateway)
    rest_apis.add_proxy_method(apigateway, api_id, root_id, f"{backend.url}/root")
    mock_id = rest_apis.add_resource(apigateway, api_id, root_id, "mock")
    rest_apis.add_mock_method(apigateway, api_id, mock_id, '{"from": "mock"}')
    rest_apis.deploy(apigateway, api_id)

    answer = invoke(api_id, "dev", "/?a=1&a=2", method="POST", headers={"X-Mine": "yes"}, body=b"sent", form=form)
    assert answer.status == 200, answer
    echo = answer.json()
    assert (echo["method"], echo["path"], echo["query"], echo["body"]) == ("POST", "/root", "a=1&a=2", "sent")
    assert [value for name, value in echo["headers"] if name.lower() == "x-mine"] == ["yes"]
    assert answer.header("x-amzn-RequestId") and answer.header("x-amz-apigw-id")

    answer = invoke(api_id, "dev", "/mock", form=form)
    assert (answer.status, answer.json()) == (200, {"from": "mock"})
    answer = invoke(api_id, "dev", "/none", form=form)
    assert (answer.status, answer.json()) == (403, {"message": "Missing Authentication Token"})
    assert answer.header("x-amzn-ErrorType") == "MissingAuthenticationTokenException"
    answer = invoke(api_id, "prod", form=form)
    assert (answer.status, answer.json()) == (403, {"message": "Forbidden"})


def test_a_small_api_with_some_of_everything(apigateway, invoke, backend):
    """Resources with variables, models, a validator that is not used, both integrations, stage variables and a CORS mock."""
    api_id, root_id = rest_apis.create(apigateway)
    apigateway.create_model(
        restApiId=api_id, name="Pet", contentType="application/json", schema='{"type": "object", "properties": {"name": {"type": "string"}}}'
    )
    apigateway.create_request_validator(restApiId=api_id, name="bodies", validateRequestBody=True)
    pets_id = rest_apis.add_resource(apigateway, api_id, root_id, "pets")
    pet_id = rest_apis.add_resource(apigateway, api_id, pets_id, "{petId}")
    rest_id = rest_apis.add_resource(apigateway, api_id, root_id, "{proxy+}")
    mapping = {"integration.request.path.id": "method.request.path.petId"}
    rest_apis.add_proxy_method(
        apigateway, api_id, pet_id, f"{backend.url}/${{stageVariables.base}}/{{id}}", method="GET", requestParameters=mapping
    )
    mapping = {"integration.request.path.rest": "method.request.path.proxy"}
    rest_apis.add_proxy_method(apigateway, api_id, rest_id, f"{backend.url}/rest/{{rest}}", requestParameters=mapping)
    add_cors_mock(apigateway, api_id, pets_id)
    rest_apis.deploy(apigateway, api_id, variables={"base": "v1"})

    assert invoke(api_id, "dev", "/pets/7").json()["path"] == "/v1/7"
    assert invoke(api_id, "dev", "/other/deep/path", method="DELETE").json()["path"] == "/rest/other/deep/path"
    answer = invoke(api_id, "dev", "/pets", method="OPTIONS", headers={"Origin": "https://example.com"})
    assert answer.status == 200
    assert answer.header("Access-Control-Allow-Origin") == "*"
    assert answer.header("Access-Control-Allow-Methods") == "GET,OPTIONS"


def add_cors_mock(client, api_id, resource_id):
    """The OPTIONS method that the console's "Enable CORS" makes."""
    place = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": "OPTIONS"}
    fields = {"Access-Control-Allow-Origin": "'*'", "Access-Control-Allow-Methods": "'GET,OPTIONS'"}
    client.put_method(**place, authorizationType="NONE")
    names = {f"method.response.header.{name}": False for name in fields}
    client.put_method_response(**place, statusCode="200", responseParameters=names, responseModels={"application/json": "Empty"})
    client.put_integration(**place, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    values = {f"method.response.header.{name}": value for name, value in fields.items()}
    client.put_integration_response(**place, statusCode="200", responseParameters=values)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_and_the_cli_get_the_same_answers_as_boto3(apigateway, server, tmp_path):
    api_id, _ = rest_apis.create(apigateway)
    script = f"""
    export AWS_SHARED_CREDENTIALS_FILE={server.credentials_path} AWS_DEFAULT_REGION={REGION}
    aws apigateway get-rest-api --endpoint-url {server.management} --rest-api-id {api_id} --query rootResourceId --output text
    aws apigateway get-rest-api --endpoint-url {server.management} --rest-api-id zzzzzzzzzz 2>&1 || true
    curl -sS {server.management}/_postern/health
    """
    printed = run("bash", script, tmp_path)
    assert apigateway.get_rest_api(restApiId=api_id)["rootResourceId"] in printed
    assert "NotFoundException" in printed and "Invalid API identifier specified 000000000000:zzzzzzzzzz" in printed
    assert '"ok"' in printed


def test_health_and_metrics_are_unsigned_and_hold_no_tenants_data(apigateway, server):
    api_id, _ = rest_apis.create(apigateway)
    for path in ("/_postern/health", "/_postern/metrics"):
        answer = wire.request(server.management, "GET", path)
        assert answer.status == 200, answer
        assert api_id.encode() not in answer.body and b"000000000000" not in answer.body
