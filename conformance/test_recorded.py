"""What was seen on the service and belongs to no single noun's tests: whole lives of small APIs, step by step."""

import pytest

import rest_apis
from answers import bare, patch, status
from refusals import bad_request, refusal

JSON = "application/json"


@pytest.fixture
def api(apigateway):
    api_id, root_id = rest_apis.create(apigateway, "recorded")
    return api_id, rest_apis.add_resource(apigateway, api_id, root_id, "pets")


def test_the_life_of_an_http_integration(apigateway, api):
    """A sent empty map of templates shows as one, an unsent one not at all; a method shows all that hangs on it."""
    api_id, resource_id = api
    place = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": "GET"}
    uri = "http://127.0.0.1:1/"
    integration = {
        "type": "HTTP",
        "httpMethod": "POST",
        "uri": uri,
        "connectionType": "INTERNET",
        "passthroughBehavior": "WHEN_NO_MATCH",
        "timeoutInMillis": 29000,
        "cacheNamespace": resource_id,
        "cacheKeyParameters": [],
    }
    method = {"httpMethod": "GET", "authorizationType": "NONE", "apiKeyRequired": False}
    response = {"statusCode": "200", "selectionPattern": r"2\d{2}", "responseTemplates": {}}

    assert bare(apigateway.put_method(**place, authorizationType="none")) == method
    assert bare(apigateway.put_method_response(**place, statusCode="200")) == {"statusCode": "200"}
    put = apigateway.put_integration(**place, type="HTTP", uri=uri, integrationHttpMethod="POST")
    assert bare(put) == integration
    put = apigateway.put_integration_response(**place, statusCode="200", selectionPattern=r"2\d{2}", responseTemplates={})
    assert bare(put) == bare(apigateway.get_integration_response(**place, statusCode="200")) == response
    shown = {**method, "methodResponses": {"200": {"statusCode": "200"}}}
    whole = {**integration, "integrationResponses": {"200": response}}
    assert bare(apigateway.get_method(**place)) == {**shown, "methodIntegration": whole}
    rest_apis.deploy(apigateway, api_id)
    assert status(apigateway.delete_integration_response(**place, statusCode="200")) == 204
    assert bare(apigateway.get_method(**place)) == {**shown, "methodIntegration": integration}

    place["httpMethod"] = "PUT"
    apigateway.put_method(**place, authorizationType="NONE")
    apigateway.put_method_response(**place, statusCode="200")
    apigateway.put_integration(**place, type="HTTP", uri=uri, integrationHttpMethod="POST")
    sent = {"statusCode": "200", "selectionPattern": r"2\d{2}", "contentHandling": "CONVERT_TO_BINARY"}
    assert bare(apigateway.put_integration_response(**place, **sent)) == sent


def test_a_mock_may_map_what_it_sends_nowhere(apigateway, api):
    api_id, resource_id = api
    child = rest_apis.add_resource(apigateway, api_id, resource_id, "{testPath}")
    place = {"restApiId": api_id, "resourceId": child, "httpMethod": "GET"}
    apigateway.put_method(**place, authorizationType="NONE", requestParameters={"method.request.path.testPath": True})
    members = {
        "type": "MOCK",
        "requestParameters": {"integration.request.path.integrationPath": "method.request.path.testPath"},
        "requestTemplates": {JSON: "{statusCode: 200}"},
    }
    assert bare(apigateway.put_integration(**place, integrationHttpMethod="POST", **members)) == {
        **members,
        "httpMethod": "POST",
        "cacheKeyParameters": [],
        "cacheNamespace": child,
        "passthroughBehavior": "WHEN_NO_MATCH",
        "timeoutInMillis": 29000,
    }
    assert "httpMethod" not in apigateway.put_integration(**place, **members)


def test_a_vpc_link_is_named_by_a_stage_variable(apigateway, api):
    api_id, resource_id = api
    place = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": "GET"}
    apigateway.put_method(**place, authorizationType="NONE")
    members = {"type": "HTTP_PROXY", "uri": "http://load-balancer.example", "connectionType": "VPC_LINK"}
    link = {"connectionId": "${stageVariables.vpcLinkId}"}
    shown = {
        **members,
        **link,
        "httpMethod": "GET",
        "cacheKeyParameters": [],
        "cacheNamespace": resource_id,
        "passthroughBehavior": "WHEN_NO_MATCH",
        "timeoutInMillis": 29000,
    }
    assert bare(apigateway.put_integration(**place, **members, **link, integrationHttpMethod="GET")) == shown
    operation = patch("replace", "/connectionId", "${stageVariables.vpcLinkIdBeta}")
    shown["connectionId"] = "${stageVariables.vpcLinkIdBeta}"
    assert bare(apigateway.update_integration(**place, patchOperations=[operation])) == shown
    assert bare(apigateway.get_integration(**place)) == shown


def test_stages_and_deployments_come_and_go_together(apigateway, api):
    """Each round a deployment moves the one stage; the one before can go then, the one in use cannot."""
    api_id, resource_id = api
    rest_apis.add_mock_method(apigateway, api_id, resource_id, "{}")
    in_use = bad_request("Active stages pointing to this deployment must be moved or deleted")
    before = None
    for _ in range(3):
        made = rest_apis.deploy(apigateway, api_id, stage="s1")
        place = {"restApiId": api_id, "deploymentId": made}
        assert bare(apigateway.get_deployment(**place), "createdDate") == {"id": made}
        (stage,) = apigateway.get_stages(restApiId=api_id)["item"]
        assert bare(stage, "createdDate", "lastUpdatedDate") == {
            "stageName": "s1",
            "deploymentId": made,
            "cacheClusterEnabled": False,
            "cacheClusterStatus": "NOT_AVAILABLE",
            "methodSettings": {},
            "tracingEnabled": False,
        }
        assert refusal(apigateway.delete_deployment, **place) == in_use
        if before:
            assert status(apigateway.delete_deployment(restApiId=api_id, deploymentId=before)) == 202
        assert [item["id"] for item in apigateway.get_deployments(restApiId=api_id)["items"]] == [made]
        before = made
    apigateway.delete_stage(restApiId=api_id, stageName="s1")
    assert apigateway.get_stages(restApiId=api_id)["item"] == []
    apigateway.delete_deployment(restApiId=api_id, deploymentId=before)
    assert apigateway.get_deployments(restApiId=api_id)["items"] == []


def test_what_a_mock_answers_with(apigateway, invoke, api):
    """These header fields and no others; a trace id comes from backends only."""
    api_id, resource_id = api
    rest_apis.add_mock_method(apigateway, api_id, resource_id, '{"statusCode": 200, "id": 42}')
    rest_apis.deploy(apigateway, api_id)
    for sent in ({}, {"X-Amzn-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793"}):
        answer = invoke(api_id, "dev", "/pets", headers=sent)
        assert (answer.status, answer.json()) == (200, {"statusCode": 200, "id": 42})
        names = {name.lower() for name, _ in answer.headers} - {"connection"}
        assert names == {"content-length", "content-type", "date", "x-amz-apigw-id", "x-amzn-requestid"}
        assert answer.header("Content-Type") == JSON


@pytest.mark.parametrize(("kind", "status_shown"), [("HTTP", 200), ("HTTP_PROXY", 400)])
def test_the_status_of_a_backend(apigateway, invoke, backend, api, kind, status_shown):
    """An HTTP integration answers with the status of the response that was chosen, a proxy with the backend's; the body passes."""
    api_id, resource_id = api
    child = rest_apis.add_resource(apigateway, api_id, resource_id, "{status}")
    place = {"restApiId": api_id, "resourceId": child, "httpMethod": "GET"}
    apigateway.put_method(**place, authorizationType="NONE", requestParameters={"method.request.path.status": True})
    apigateway.put_method_response(**place, statusCode="200")
    mapping = {"integration.request.path.status": "method.request.path.status"}
    uri = f"{backend.url}/status/{{status}}"
    apigateway.put_integration(**place, type=kind, integrationHttpMethod="GET", uri=uri, requestParameters=mapping)
    apigateway.put_integration_response(**place, statusCode="200", selectionPattern="")
    rest_apis.deploy(apigateway, api_id)
    for asked, shown in ((200, 200), (400, status_shown)):
        answer = invoke(api_id, "dev", f"/pets/{asked}")
        assert answer.status == shown
        assert answer.json()["path"].endswith(f"/status/{asked}")
