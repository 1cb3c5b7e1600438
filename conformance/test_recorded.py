"""What was seen on the service and belongs to no single noun's tests: whole lives of small APIs, step by step."""

import json

import pytest

import rest_apis
from answers import bare, patch, status
from methods import STATUS_PATTERN, UNKNOWN_INTEGRATION, UNKNOWN_METHOD, UNKNOWN_RESOURCE, validation, wrong_op
from refusals import bad_request, conflict, not_found, refusal
from server import ACCOUNT

JSON = "application/json"
IN_USE = bad_request("Active stages pointing to this deployment must be moved or deleted")
STAGE = {"cacheClusterEnabled": False, "cacheClusterStatus": "NOT_AVAILABLE", "methodSettings": {}, "tracingEnabled": False}
ERROR = '{"message":$context.error.messageString}'


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
    shown = {
        **members,
        "cacheKeyParameters": [],
        "cacheNamespace": child,
        "passthroughBehavior": "WHEN_NO_MATCH",
        "timeoutInMillis": 29000,
    }
    # A verb is taken and dropped.
    assert bare(apigateway.put_integration(**place, integrationHttpMethod="POST", **members)) == shown
    assert bare(apigateway.get_integration(**place)) == bare(apigateway.put_integration(**place, **members)) == shown


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
    before = None
    for _ in range(3):
        made = rest_apis.deploy(apigateway, api_id, stage="s1")
        place = {"restApiId": api_id, "deploymentId": made}
        assert bare(apigateway.get_deployment(**place), "createdDate") == {"id": made}
        (stage,) = apigateway.get_stages(restApiId=api_id)["item"]
        assert bare(stage, "createdDate", "lastUpdatedDate") == {**STAGE, "stageName": "s1", "deploymentId": made}
        assert refusal(apigateway.delete_deployment, **place) == IN_USE
        if before:
            assert status(apigateway.delete_deployment(restApiId=api_id, deploymentId=before)) == 202
        assert [item["id"] for item in apigateway.get_deployments(restApiId=api_id)["items"]] == [made]
        before = made
    apigateway.delete_stage(restApiId=api_id, stageName="s1")
    assert apigateway.get_stages(restApiId=api_id)["item"] == []
    apigateway.delete_deployment(restApiId=api_id, deploymentId=before)
    assert apigateway.get_deployments(restApiId=api_id)["items"] == []


@pytest.mark.parametrize("made_with", ["deployment", "hand"])
def test_a_deployment_goes_after_its_stage(apigateway, made_with):
    """Neither the MOCK nor the stage needs more than its name, and both can be made again."""
    api_id, root_id = rest_apis.create(apigateway, "recorded")
    method = {"restApiId": api_id, "resourceId": root_id, "httpMethod": "GET"}
    apigateway.put_method(**method, authorizationType="NONE")
    apigateway.put_integration(**method, type="MOCK")
    for _ in range(3):
        named = {"stageName": "s1"} if made_with == "deployment" else {}
        made = apigateway.create_deployment(restApiId=api_id, **named)
        place = {"restApiId": api_id, "deploymentId": made["id"]}
        if made_with == "hand":
            apigateway.create_stage(**place, stageName="s1")
        assert bare(apigateway.get_deployment(**place)) == bare(made)
        (stage,) = apigateway.get_stages(restApiId=api_id)["item"]
        assert bare(stage, "createdDate", "lastUpdatedDate") == {**STAGE, "stageName": "s1", "deploymentId": made["id"]}
        assert apigateway.get_deployments(restApiId=api_id)["items"] == [bare(made)]
        assert refusal(apigateway.delete_deployment, **place) == IN_USE
        apigateway.delete_stage(restApiId=api_id, stageName="s1")
        assert status(apigateway.delete_deployment(**place)) == 202


def test_a_stage_that_moves_frees_its_deployment(apigateway, api):
    api_id, resource_id = api
    rest_apis.add_mock_method(apigateway, api_id, resource_id, "{}")
    first, second = (apigateway.create_deployment(restApiId=api_id)["id"] for _ in range(2))
    stage = {"restApiId": api_id, "stageName": "s1"}
    apigateway.create_stage(**stage, deploymentId=first)
    assert refusal(apigateway.delete_deployment, restApiId=api_id, deploymentId=first) == IN_USE
    moved = apigateway.update_stage(**stage, patchOperations=[patch("replace", "/deploymentId", second)])
    assert bare(moved, "createdDate", "lastUpdatedDate") == {**STAGE, "stageName": "s1", "deploymentId": second}
    assert status(apigateway.delete_deployment(restApiId=api_id, deploymentId=first)) == 202
    assert refusal(apigateway.delete_deployment, restApiId=api_id, deploymentId=second) == IN_USE


def test_the_life_of_a_method_setting(apigateway, api):
    api_id, resource_id = api
    rest_apis.add_mock_method(apigateway, api_id, resource_id, "{}")
    deployment_id = apigateway.create_deployment(restApiId=api_id)["id"]
    place = {"restApiId": api_id, "stageName": "s1"}
    apigateway.create_documentation_part(restApiId=api_id, location={"type": "API"}, properties='{"foo": "bar"}')
    apigateway.create_documentation_version(restApiId=api_id, documentationVersion="v123")
    given = {"deploymentId": deployment_id, "description": "my stage", "documentationVersion": "v123"}
    made = bare(apigateway.create_stage(**place, **given), "lastUpdatedDate")
    assert bare(made, "createdDate") == {**STAGE, **given, "stageName": "s1"}
    remove = [patch("remove", "/*/*")]
    text = "Cannot remove method setting */* because there is no method setting for this method "
    assert refusal(apigateway.update_stage, **place, patchOperations=remove) == bad_request(text)
    updated = apigateway.update_stage(**place, patchOperations=[patch("replace", "/*/*/caching/enabled", "true")])
    assert updated["methodSettings"] == {
        "*/*": {
            "metricsEnabled": False,
            "dataTraceEnabled": False,
            "throttlingBurstLimit": 5000,
            "throttlingRateLimit": 10000.0,
            "cachingEnabled": True,
            "cacheTtlInSeconds": 300,
            "cacheDataEncrypted": False,
            "requireAuthorizationForCacheControl": True,
            "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
        }
    }
    assert bare(apigateway.update_stage(**place, patchOperations=remove), "lastUpdatedDate") == made
    assert bare(apigateway.get_stage(**place), "lastUpdatedDate") == made


def test_a_model_goes_when_no_method_names_it(apigateway):
    """A `remove` may name the model as its value."""
    api_id, root_id = rest_apis.create(apigateway, "recorded")
    child_id = rest_apis.add_resource(apigateway, api_id, root_id, "test")
    root, child = ({"restApiId": api_id, "resourceId": id, "httpMethod": "ANY"} for id in (root_id, child_id))
    method = {"apiKeyRequired": False, "authorizationType": "NONE", "httpMethod": "ANY"}

    def delete(name):
        return status(apigateway.delete_model(restApiId=api_id, modelName=name))

    def refused(name):
        return refusal(apigateway.delete_model, restApiId=api_id, modelName=name)

    def used(name, path):
        return conflict(f"Cannot delete model '{name}', is referenced in method request: {path}/ANY")

    for name in ("MySchema", "MySchemaTwo"):
        schema = json.dumps({"title": name, "type": "object"})
        made = apigateway.create_model(restApiId=api_id, name=name, contentType=JSON, description="", schema=schema)
        assert bare(made, "id") == {"name": name, "contentType": JSON, "schema": schema}
    put = apigateway.put_method(**root, authorizationType="NONE", requestModels={JSON: "MySchema"})
    assert bare(put) == {**method, "requestModels": {JSON: "MySchema"}}
    assert refused("MySchema") == used("MySchema", "/")
    operation = patch("replace", "/requestModels/application~1json", "MySchemaTwo")
    updated = apigateway.update_method(**root, patchOperations=[operation])
    assert bare(updated) == {**method, "requestModels": {JSON: "MySchemaTwo"}}
    assert delete("MySchema") == 202
    apigateway.put_method(**child, authorizationType="NONE", requestModels={JSON: "MySchemaTwo"})
    assert refused("MySchemaTwo") == used("MySchemaTwo", "/test")
    operation = patch("remove", "/requestModels/application~1json", "MySchemaTwo")
    assert bare(apigateway.update_method(**child, patchOperations=[operation])) == method
    assert refused("MySchemaTwo") == used("MySchemaTwo", "/")
    assert status(apigateway.delete_method(**root)) == 204
    assert delete("MySchemaTwo") == 202


def test_the_life_of_a_gateway_response(server, apigateway):
    """A family takes a status, parameters and templates; a JSON null is no value."""
    client = server.client("apigateway", parameter_validation=False)
    place = {"restApiId": rest_apis.create(apigateway, "recorded")[0], "responseType": "DEFAULT_4XX"}
    shown = {"responseType": "DEFAULT_4XX", "defaultResponse": False}
    shown |= {"responseParameters": {}, "responseTemplates": {JSON: ERROR}}

    def update(*operations):
        return bare(client.update_gateway_response(**place, patchOperations=list(operations)))

    def refused(*operations, **elsewhere):
        return refusal(client.update_gateway_response, **{**place, **elsewhere}, patchOperations=list(operations))

    assert update(patch("replace", "/statusCode", "444")) == {**shown, "statusCode": "444"}
    shown["responseParameters"] = {
        "gatewayresponse.header.Access-Control-Allow-Origin": "'a.b.c'",
        "gatewayresponse.header.x-request-header": "method.request.header.Accept",
        "gatewayresponse.header.x-request-path": "method.request.path.petId",
        "gatewayresponse.header.x-request-query": "method.request.querystring.q",
    }
    shown["responseTemplates"] = {JSON: json.dumps({JSON: ERROR})}
    put = {name: shown[name] for name in ("responseParameters", "responseTemplates")}
    assert bare(client.put_gateway_response(**place, statusCode="404", **put)) == {**shown, "statusCode": "404"}
    origin = "/responseParameters/gatewayresponse.header.Access-Control-Allow-Origin"
    xml = "<gatewayResponse><message>$context.error.messageString</message></gatewayResponse>"
    shown["statusCode"] = "444"
    shown["responseParameters"]["gatewayresponse.header.Access-Control-Allow-Origin"] = "'example.com'"
    shown["responseTemplates"]["application/xml"] = xml
    updated = update(
        patch("replace", "/statusCode", "444"),
        patch("replace", origin, "'example.com'"),
        patch("add", "/responseTemplates/application~1xml", xml),
    )
    assert updated == shown == bare(client.get_gateway_response(**place))
    elsewhere = refused(patch("replace", origin, "'example.com'"), responseType="DEFAULT_5XX")
    assert elsewhere == not_found("Invalid parameter name specified")
    for path, member in (("/responseTemplates/application~1xml", "responseTemplates"), (origin, "responseParameters")):
        null = {"op": "replace", "path": path, "value": None}
        assert refused(null) == bad_request(f"Invalid null or empty value in {member}")
    assert bare(client.get_gateway_response(**place)) == shown


def test_what_is_checked_before_anything_is_looked_up(apigateway, api):
    """Values that no request may have are refused first; then the resource is looked for, then the method."""
    api_id, resource_id = api
    place = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": "GET"}
    kinds = "Member must satisfy enum value set: [HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS]"
    text = f"1 validation error detected: Value 'HTTPS_PROXY' at 'putIntegrationInput.type' failed to satisfy constraint: {kinds}"
    assert refusal(apigateway.put_integration, **place, type="HTTPS_PROXY") == validation(text)
    for operation in (apigateway.put_integration_response, apigateway.get_integration_response):
        assert refusal(operation, **place, statusCode="wrong") == validation(STATUS_PATTERN)
        nowhere = {"restApiId": "wrong-api", "resourceId": "dummy-value", "httpMethod": "GET", "statusCode": "200"}
        assert refusal(operation, **nowhere) == not_found(UNKNOWN_RESOURCE)
        assert refusal(operation, **{**nowhere, "restApiId": api_id}) == not_found(UNKNOWN_RESOURCE)
    apigateway.put_method(**{**place, "httpMethod": "POST"}, authorizationType="NONE")
    mock = {"type": "MOCK", "integrationHttpMethod": "GET", "requestTemplates": {JSON: '{"statusCode": 200}'}}
    apigateway.put_integration(**{**place, "httpMethod": "POST"}, **mock)
    response = {"statusCode": "200", "selectionPattern": "", "responseTemplates": {JSON: "{}"}}
    for operation, members in ((apigateway.put_integration, mock), (apigateway.put_integration_response, response)):
        assert refusal(operation, **place, **members) == not_found(UNKNOWN_METHOD)
        assert refusal(operation, **{**place, "resourceId": "badresource"}, **members) == not_found(UNKNOWN_RESOURCE)


def test_how_deleting_an_integration_response_fails(apigateway, api):
    api_id, resource_id = api
    place = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": "GET", "statusCode": "200"}
    method = {name: place[name] for name in ("restApiId", "resourceId", "httpMethod")}
    apigateway.put_method(**method, authorizationType="NONE")
    apigateway.put_integration(**method, type="MOCK", requestTemplates={JSON: '{"statusCode": 200}'})
    members = {"selectionPattern": "", "responseTemplates": {JSON: '"created"'}}
    assert bare(apigateway.put_integration_response(**place, **members)) == {"statusCode": "200", **members}
    for change, text in [
        ({"resourceId": "badresource"}, UNKNOWN_RESOURCE),
        ({"restApiId": "badapi"}, UNKNOWN_RESOURCE),
        ({"httpMethod": "POST"}, UNKNOWN_INTEGRATION),
        ({"httpMethod": "NONE"}, UNKNOWN_INTEGRATION),
        ({"statusCode": "201"}, "Invalid Response status code specified"),
    ]:
        assert refusal(apigateway.delete_integration_response, **{**place, **change}) == not_found(text), change


ADDRESSES = ("/endpointConfiguration/ipAddressType", "dualstack")
TYPE = ("/endpointConfiguration/types/0", "EDGE")


@pytest.mark.parametrize("places", [[ADDRESSES] * 2, [TYPE] * 2, [ADDRESSES, TYPE, ("/binaryMediaTypes", "image/gif")]])
def test_all_wrong_operations_of_a_patch_are_named(apigateway, places):
    api_id, _ = rest_apis.create(apigateway, "recorded")
    operations = [patch("wrong_op", *place) for place in places]
    refused = refusal(apigateway.update_rest_api, restApiId=api_id, patchOperations=operations)
    assert refused == validation(wrong_op("updateRestApiInput", *range(1, len(operations) + 1)))


def test_a_type_that_does_not_exist_is_refused_before_an_empty_description(apigateway):
    text = (
        "1 validation error detected: Value '[wrong]' at 'createRestApiInput.endpointConfiguration.types' failed to satisfy"
        " constraint: Member must satisfy constraint: [Member must satisfy enum value set: [PRIVATE, EDGE, REGIONAL]]"
    )
    given = {"name": "recorded", "description": "", "endpointConfiguration": {"types": ["wrong"]}}
    assert refusal(apigateway.create_rest_api, **given) == validation(text)


def test_a_list_shows_what_is_left(server):
    """In a region of its own: the list before and after one of two is deleted."""
    client = server.client("apigateway", region="recorded-1")
    described = [{"name": str(number), "description": f"this is api {number}"} for number in range(2)]
    made = [bare(client.create_rest_api(**given, tags={"T": "v"})) for given in described]
    for api in made:
        assert bare(api, "id", "name", "description", "createdDate", "rootResourceId") == {
            "apiKeySource": "HEADER",
            "disableExecuteApiEndpoint": False,
            "endpointConfiguration": {"types": ["EDGE"], "ipAddressType": "ipv4"},
            "tags": {"T": "v"},
        }
    assert sorted(client.get_rest_apis()["items"], key=lambda api: api["name"]) == made
    assert status(client.delete_rest_api(restApiId=made[0]["id"])) == 202
    assert client.get_rest_apis()["items"] == made[1:]
    missing = not_found(f"Invalid API identifier specified {ACCOUNT}:{made[1]['id'].upper()}")
    assert refusal(client.get_rest_api, restApiId=made[1]["id"].upper()) == missing
