"""Traces, access logs and metrics, as a collector of OpenTelemetry gets them."""

import pytest

import rest_apis
import wire
from answers import patch
from collector import Collector, attributes, eventually

TRACE = "5759e988bd862e3fe1be46a994272793"
PARENT = "53995c3f42cd8ad8"
GROUP = "arn:aws:logs:us-east-1:000000000000:log-group:/otlp"


@pytest.fixture
def collecting(fresh_server, tmp_path):
    """Starts a server that exports to a collector: (server, collector)."""
    collectors = []

    def start(refusals=0, **settings):
        collector = Collector(refusals)
        collectors.append(collector)
        config = tmp_path / "postern.toml"
        lines = [f'[otlp]\nendpoint = "{collector.url}"\nheaders = "x-collector-key=planted%2Dkey"\nmetrics_interval_ms = 200\n']
        lines += [f"{name} = {value}\n" for name, value in settings.items()]
        config.write_text("".join(lines) + '[log_destinations."/otlp"]\ntarget = "otlp"\n')
        return fresh_server(arguments=["--config", str(config)]), collector

    yield start
    for collector in collectors:
        collector.stop()


def deployed(server, backend, *changes):
    client = server.client("apigateway")
    api_id, root_id = rest_apis.create(client, "traced")
    pets = rest_apis.add_resource(client, api_id, root_id, "pets")
    rest_apis.add_proxy_method(client, api_id, pets, backend.url + "/")
    rest_apis.deploy(client, api_id)
    client.update_stage(restApiId=api_id, stageName="dev", patchOperations=list(changes))
    return api_id


TRACED = patch("replace", "/tracingEnabled", "true")


def sent_to(backend):
    [seen] = backend.requests
    backend.forget()
    return {name.lower(): value for name, value in seen["headers"]}


def test_a_trace_goes_through(collecting, backend):
    server, collector = collecting()
    api_id = deployed(server, backend, TRACED)
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "a=b", "Authorization": "Bearer planted-token"}
    answer = wire.invoke(server, api_id, "dev", "/pets?secret=planted-query", headers=headers)
    assert answer.status == 200
    fields = sent_to(backend)
    version, trace_id, client_id, flags = fields["traceparent"].split("-")
    assert (version, trace_id, flags, fields["tracestate"]) == ("00", TRACE, "01", "a=b")
    assert fields["x-amzn-trace-id"] == f"Root=1-{TRACE[:8]}-{TRACE[8:]};Parent={client_id};Sampled=1"
    spans = eventually(collector.spans, lambda spans: len(spans) == 2)
    [server_span] = [span for span in spans if span["kind"] == 2]
    [client_span] = [span for span in spans if span["kind"] == 3]
    assert {span["traceId"] for span in spans} == {TRACE}
    assert (server_span["parentSpanId"], server_span["name"]) == (PARENT, "GET /pets")
    assert (client_span["parentSpanId"], client_span["spanId"]) == (server_span["spanId"], client_id)
    known = attributes(server_span)
    assert (known["http.route"], known["http.response.status_code"], known["url.path"]) == ("/pets", "200", "/dev/pets")
    assert (known["aws.request_id"], known["aws.apigateway.api_id"]) == (answer.header("x-amzn-RequestId"), api_id)
    begins, ends = (int(server_span[name]) for name in ("startTimeUnixNano", "endTimeUnixNano"))
    assert begins <= int(client_span["startTimeUnixNano"]) <= int(client_span["endTimeUnixNano"]) <= ends
    assert "planted" not in str(collector.spans())
    assert all(sent["x-collector-key"] == "planted-key" for _, sent, _ in collector.requests)
    assert "planted" not in server.log()


def test_awss_field_decides_before_w3cs(collecting, backend):
    server, collector = collecting()
    api_id = deployed(server, backend, TRACED)
    root = f"1-{TRACE[:8]}-{TRACE[8:]}"
    other = {"traceparent": f"00-{'1' * 32}-{PARENT}-01"}
    not_sampled = {"X-Amzn-Trace-Id": f"Root={root};Parent={PARENT};Sampled=0", **other}
    assert wire.invoke(server, api_id, "dev", "/pets", headers=not_sampled).status == 200
    fields = sent_to(backend)
    assert fields["x-amzn-trace-id"].startswith(f"Root={root};Parent=") and fields["x-amzn-trace-id"].endswith(";Sampled=0")
    assert fields["traceparent"].startswith(f"00-{TRACE}-") and fields["traceparent"].endswith("-00")
    sampled = {"X-Amzn-Trace-Id": f"Root={root};Parent={PARENT};Sampled=1", **other}
    assert wire.invoke(server, api_id, "dev", "/pets", headers=sampled).status == 200
    backend.forget()
    spans = eventually(collector.spans, lambda spans: len(spans) >= 2)
    assert len(spans) == 2 and {span["traceId"] for span in spans} == {TRACE}


def test_what_is_not_asked_for_is_not_traced(collecting, backend):
    server, collector = collecting(sample_percent=0)
    plain, traced = deployed(server, backend), deployed(server, backend, TRACED)
    parent = f"00-{TRACE}-{PARENT}-01"
    assert wire.invoke(server, plain, "dev", "/pets", headers={"traceparent": parent}).status == 200
    assert sent_to(backend)["traceparent"] == parent, "what is not traced passes as it is"
    assert wire.invoke(server, traced, "dev", "/pets").status == 200
    assert sent_to(backend)["traceparent"].endswith("-00")
    eventually(collector.metrics, bool)
    assert server.stop() == 0
    assert collector.spans() == []


def test_lines_of_an_access_log(collecting, backend):
    server, collector = collecting()
    api_id = deployed(
        server,
        backend,
        patch("replace", "/accessLogSettings/destinationArn", GROUP),
        patch("replace", "/accessLogSettings/format", "$context.requestId $context.status"),
    )
    answer = wire.invoke(server, api_id, "dev", "/pets")
    # What waits is sent before the end.
    assert server.stop() == 0
    [record] = collector.records()
    assert record["body"] == {"stringValue": f"{answer.header('x-amzn-RequestId')} 200"}
    assert attributes(record) == {"log.destination": "/otlp"}


def test_metrics_under_cloudwatchs_names(collecting, backend):
    server, collector = collecting()
    api_id = deployed(server, backend, patch("replace", "/*/*/metrics/enabled", "true"))
    for path in ("/pets", "/pets", "/none"):
        wire.invoke(server, api_id, "dev", path)

    def count(metrics):
        points = metrics["amazonaws.com/AWS/ApiGateway/Count"]["sum"]["dataPoints"] if metrics else []
        return [(attributes(point), int(point["asInt"])) for point in points]

    points = eventually(lambda: count(collector.metrics()), lambda points: [each for _, each in points] == [3, 2])
    dimensions = {"Namespace": "AWS/ApiGateway", "ApiId": api_id, "Stage": "dev"}
    assert dimensions.items() <= points[0][0].items() and points[0][0]["ApiName"].startswith("traced-")
    assert (points[1][0]["Resource"], points[1][0]["Method"]) == ("/pets", "ANY")
    errors = collector.metrics()["amazonaws.com/AWS/ApiGateway/4XXError"]["sum"]["dataPoints"]
    assert int(errors[0]["asInt"]) == 1
    latency = collector.metrics()["amazonaws.com/AWS/ApiGateway/IntegrationLatency"]["histogram"]["dataPoints"][0]
    assert int(latency["count"]) == 2 == sum(int(bucket) for bucket in latency["bucketCounts"])


def test_a_collector_that_is_away_is_tried_again(collecting, backend):
    server, collector = collecting(refusals=2)
    api_id = deployed(server, backend, TRACED)
    assert wire.invoke(server, api_id, "dev", "/pets").status == 200
    assert len(eventually(collector.spans, lambda spans: len(spans) >= 2)) == 2


def test_a_collector_that_is_gone_holds_nobody_up(collecting, backend):
    server, collector = collecting()
    api_id = deployed(server, backend, TRACED)
    collector.stop()
    for _ in range(20):
        assert wire.invoke(server, api_id, "dev", "/pets").status == 200
    assert server.stop() == 0
