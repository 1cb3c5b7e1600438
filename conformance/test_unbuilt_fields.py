"""A stored field whose effect is not built yet: the management call succeeds, each request it concerns is refused by name."""

import pytest

import rest_apis

FIREHOSE = "arn:aws:apigateway:us-east-1:firehose:action/PutRecord"
ROLE = "arn:aws:iam::000000000000:role/records"


def mock(client, api_id, root_id, **method):
    place = {"restApiId": api_id, "resourceId": root_id, "httpMethod": "GET"}
    client.put_method(**{**place, "authorizationType": "NONE", **method})
    client.put_method_response(**place, statusCode="200")
    client.put_integration(**place, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    client.put_integration_response(**place, statusCode="200")
    return place


def records(client, api_id, root_id):
    """A stream of what Firehose answers, which only functions and HTTP backends have."""
    place = mock(client, api_id, root_id)
    streaming = {"responseTransferMode": "STREAM"}
    client.put_integration(**place, type="AWS_PROXY", integrationHttpMethod="POST", uri=FIREHOSE, credentials=ROLE, **streaming)


FIELDS = [(records, "responseTransferMode STREAM")]


@pytest.mark.parametrize(("build", "field"), FIELDS, ids=[field for _, field in FIELDS])
def test_a_request_it_concerns_is_refused_by_name(apigateway, invoke, build, field):
    api_id, root_id = rest_apis.create(apigateway)
    build(apigateway, api_id, root_id)
    rest_apis.deploy(apigateway, api_id)
    answer = invoke(api_id, "dev")
    assert answer.status == 501, answer
    assert answer.header("x-amzn-ErrorType") == "NotImplementedException"
    assert field in answer.json()["message"]


def test_other_methods_of_the_api_are_served(apigateway, invoke):
    api_id, root_id = rest_apis.create(apigateway)
    records(apigateway, api_id, root_id)
    open_id = rest_apis.add_resource(apigateway, api_id, root_id, "open")
    rest_apis.add_mock_method(apigateway, api_id, open_id, '{"open": true}')
    rest_apis.deploy(apigateway, api_id)
    assert (invoke(api_id, "dev").status, invoke(api_id, "dev", "/open").json()) == (501, {"open": True})


def test_the_log_names_the_fields_once_per_deployment(server, apigateway, invoke):
    api_id, root_id = rest_apis.create(apigateway)
    records(apigateway, api_id, root_id)
    rest_apis.deploy(apigateway, api_id)
    assert [invoke(api_id, "dev").status for _ in range(3)] == [501] * 3
    lines = [line for line in server.log().splitlines() if api_id in line and "answer 501" in line]
    assert len(lines) == 1 and "responseTransferMode STREAM" in lines[0], lines
