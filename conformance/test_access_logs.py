"""Access logs of stages in the formats that AWS's console offers, their destinations, and metrics under AWS's names."""

import csv
import io
import json
import os
import signal
import time
import xml.etree.ElementTree

import pytest

import rest_apis
import wire
from answers import patch

ACCOUNT = "000000000000"
CLF = (
    '$context.identity.sourceIp $context.identity.caller $context.identity.user [$context.requestTime] "$context.httpMethod '
    '$context.resourcePath $context.protocol" $context.status $context.responseLength $context.requestId $context.extendedRequestId'
)
JSON = (
    '{"requestId":"$context.requestId","extendedRequestId":"$context.extendedRequestId","ip":"$context.identity.sourceIp",'
    '"caller":"$context.identity.caller","user":"$context.identity.user","requestTime":"$context.requestTime",'
    '"httpMethod":"$context.httpMethod","resourcePath":"$context.resourcePath","status":"$context.status",'
    '"protocol":"$context.protocol","responseLength":"$context.responseLength","agent":"$context.identity.userAgent"}'
)
XML = (
    '<request id="$context.requestId"> <ip>$context.identity.sourceIp</ip> <requestTime>$context.requestTime</requestTime> '
    "<httpMethod>$context.httpMethod</httpMethod> <resourcePath>$context.resourcePath</resourcePath> <status>$context.status</status> "
    "<agent>$context.identity.userAgent</agent> </request>"
)
CSV = (
    "$context.identity.sourceIp,$context.identity.caller,$context.requestTime,$context.httpMethod,$context.resourcePath,"
    "$context.status,$context.requestId,$context.identity.userAgent"
)
AGENT = 'a "b", <c> & \\d'


def group(name):
    return f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{name}"


@pytest.fixture
def logging_server(fresh_server, tmp_path):
    config = tmp_path / "postern.toml"
    config.write_text(
        f'[log]\naccess = "{tmp_path}/own.log"\n'
        f'[log_destinations."/pets"]\ntarget = "{tmp_path}/pets.log"\n'
        f'[log_destinations."{group("/far")}"]\ntarget = "{tmp_path}/far.log"\n'
    )
    return fresh_server(arguments=["--config", str(config)])


def deployed(client, log_format, destination=group("/pets")):
    api_id, root_id = rest_apis.create(client, "logged")
    rest_apis.add_mock_method(client, api_id, root_id, "hello")
    rest_apis.deploy(client, api_id)
    changes = [
        patch("replace", "/accessLogSettings/destinationArn", destination),
        patch("replace", "/accessLogSettings/format", log_format),
    ]
    client.update_stage(restApiId=api_id, stageName="dev", patchOperations=changes)
    return api_id


def lines_of(path, count):
    """The lines of a log, once there are as many: they are written within a second."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        lines = path.read_text().splitlines() if path.exists() else []
        if len(lines) >= count:
            return lines
        time.sleep(0.05)
    raise AssertionError(f"{path} has {lines}")


def test_each_format_of_the_console(logging_server, tmp_path):
    client = logging_server.client("apigateway")
    answers = {}
    for log_format in (CLF, JSON, XML, CSV):
        api_id = deployed(client, log_format)
        answers[log_format] = wire.invoke(logging_server, api_id, "dev", headers={"User-Agent": AGENT})
        # Written by one thread within a second: in order.
        lines_of(tmp_path / "pets.log", len(answers))
    clf, as_json, as_xml, as_csv = lines_of(tmp_path / "pets.log", 4)
    ids = {log_format: answer.header("x-amzn-RequestId") for log_format, answer in answers.items()}
    assert clf.startswith("127.0.0.1 - - [") and f'"GET / HTTP/1.1" 200 5 {ids[CLF]} ' in clf
    parsed = json.loads(as_json)
    assert (parsed["requestId"], parsed["status"], parsed["responseLength"], parsed["agent"]) == (ids[JSON], "200", "5", AGENT)
    assert parsed["extendedRequestId"] == answers[JSON].header("x-amz-apigw-id")
    element = xml.etree.ElementTree.fromstring(as_xml)
    assert (element.get("id"), element.findtext("status"), element.findtext("agent")) == (ids[XML], "200", AGENT)
    [fields] = csv.reader(io.StringIO(as_csv))
    assert (fields[5], fields[6], fields[7]) == ("200", ids[CSV], AGENT)


def test_what_is_not_mapped_goes_to_the_servers_own_log(logging_server, tmp_path):
    client = logging_server.client("apigateway")
    api_id = deployed(client, "mine $context.requestId", group("/elsewhere"))
    far = deployed(client, "far $context.requestId", group("/far"))
    answer = wire.invoke(logging_server, api_id, "dev")
    wire.invoke(logging_server, far, "dev")
    mine = {"api": api_id, "stage": "dev", "line": f"mine {answer.header('x-amzn-RequestId')}"}
    assert mine in [json.loads(line) for line in lines_of(tmp_path / "own.log", 3)]
    assert lines_of(tmp_path / "far.log", 1)[0].startswith("far ")
    assert "log_destinations" in logging_server.log()


def test_a_log_that_is_rotated_is_made_anew(logging_server, tmp_path):
    api_id = deployed(logging_server.client("apigateway"), "$context.requestId")
    path = tmp_path / "pets.log"
    wire.invoke(logging_server, api_id, "dev")
    before = lines_of(path, 1)
    path.rename(tmp_path / "pets.log.1")
    os.kill(logging_server.process.pid, signal.SIGHUP)
    answer = wire.invoke(logging_server, api_id, "dev")
    assert lines_of(path, 1) == [answer.header("x-amzn-RequestId")]
    assert (tmp_path / "pets.log.1").read_text().splitlines() == before


def test_metrics_under_awss_names(fresh_server, backend):
    server = fresh_server(environment={"POSTERN_METRICS_PER_API": "true"})
    apigateway = server.client()
    api_id, root_id = rest_apis.create(apigateway, "measured")
    rest_apis.add_proxy_method(apigateway, api_id, root_id, backend.url + "/")
    rest_apis.deploy(apigateway, api_id)
    changes = [patch("replace", "/*/*/metrics/enabled", "true")]
    apigateway.update_stage(restApiId=api_id, stageName="dev", patchOperations=changes)
    for _ in range(3):
        assert wire.request(server.http, "GET", f"/_aws/execute-api/{api_id}/dev/").status == 200
    assert wire.request(server.http, "GET", f"/_aws/execute-api/{api_id}/dev/none").status == 403
    page = wire.request(server.management, "GET", "/_postern/metrics").body.decode()
    mine = [line for line in page.splitlines() if f'api_id="{api_id}"' in line]

    def value(name, *labels):
        [line] = [line for line in mine if line.startswith(name + "{") and all(label in line for label in labels)]
        return float(line.rsplit(" ", 1)[1])

    stage = ('stage="dev"', 'api_name="measured-')
    assert value("postern_apigateway_count_total", *stage) == 4
    assert value("postern_apigateway_4xx_error_total", *stage) == 1
    assert value("postern_apigateway_5xx_error_total", *stage) == 0
    assert value("postern_apigateway_latency_seconds_count", *stage) == 4
    assert value("postern_apigateway_integration_latency_seconds_count", *stage) == 3
    assert value("postern_apigateway_method_count_total", 'resource="/"', 'method="ANY"') == 3
