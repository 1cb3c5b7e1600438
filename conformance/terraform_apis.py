"""What Terraform's provider asks for APIs, stages and all that is not a method's, in its order."""

from terraform import Life, add, remove, replace

JSON = "application/json"
XML = "application/xml"
LOGS = "arn:aws:logs:us-east-1:000000000000:log-group:access"
FORMAT = '{"id": "$context.requestId"}'

APIS = {
    "rest_api": Life(
        "rest_api",
        "create_rest_api",
        {
            "name": "one",
            "description": "text",
            "apiKeySource": "AUTHORIZER",
            "binaryMediaTypes": ["b/b", "a/a"],
            "minimumCompressionSize": 0,
            "endpointConfiguration": {"types": ["REGIONAL"]},
        },
        {
            "name": "one",
            "description": "text",
            "apiKeySource": "AUTHORIZER",
            "binaryMediaTypes": ["b/b", "a/a"],
            "minimumCompressionSize": 0,
            "endpointConfiguration": {"types": ["REGIONAL"], "ipAddressType": "ipv4"},
            "disableExecuteApiEndpoint": False,
        },
        [
            ([], {}),
            (
                [replace("/apiKeySource", "HEADER"), remove("/binaryMediaTypes/b~1b"), remove("/binaryMediaTypes/a~1a")]
                + [add("/binaryMediaTypes/a~1a"), add("/binaryMediaTypes/c~1c"), add("/binaryMediaTypes/b~1b")]
                + [replace("/description", ""), replace("/disableExecuteApiEndpoint", "true")],
                {
                    "apiKeySource": "HEADER",
                    "binaryMediaTypes": ["a/a", "c/c", "b/b"],
                    "description": None,
                    "disableExecuteApiEndpoint": True,
                },
            ),
            (
                [replace("/endpointConfiguration/types/0", "PRIVATE"), add("/endpointConfiguration/vpcEndpointIds", "vpce-1")]
                + [add("/endpointConfiguration/vpcEndpointIds", "vpce-2")],
                {
                    "endpointConfiguration": {
                        "types": ["PRIVATE"],
                        "ipAddressType": "dualstack",
                        "vpcEndpointIds": ["vpce-1", "vpce-2"],
                    }
                },
            ),
            # Every old id goes and every new one comes, the kept one included.
            (
                [remove("/endpointConfiguration/vpcEndpointIds", id) for id in ("vpce-1", "vpce-2")]
                + [add("/endpointConfiguration/vpcEndpointIds", id) for id in ("vpce-2", "vpce-3")],
                {
                    "endpointConfiguration": {
                        "types": ["PRIVATE"],
                        "ipAddressType": "dualstack",
                        "vpcEndpointIds": ["vpce-2", "vpce-3"],
                    }
                },
            ),
            (
                [remove("/endpointConfiguration/vpcEndpointIds", id) for id in ("vpce-2", "vpce-3")]
                + [replace("/endpointConfiguration/types/0", "REGIONAL"), replace("/endpointConfiguration/ipAddressType", "ipv4")]
                + [replace("/minimumCompressionSize"), replace("/name", "two")],
                {
                    "endpointConfiguration": {"types": ["REGIONAL"], "ipAddressType": "ipv4"},
                    "minimumCompressionSize": None,
                    "name": "two",
                },
            ),
        ],
        key="restApiId",
        own=("id", "createdDate", "rootResourceId", "tags"),
    ),
    "resource": Life(
        "resource",
        "create_resource",
        lambda world: {**world.api, "parentId": world.root_id, "pathPart": "dogs"},
        lambda world: {"parentId": world.root_id, "pathPart": "dogs", "path": "/dogs"},
        lambda world: [
            ([replace("/pathPart", "cats")], {"pathPart": "cats", "path": "/cats"}),
            (
                [replace("/pathPart", "{id}"), replace("/parentId", world.resource_id)],
                {"pathPart": "{id}", "path": "/pets/{id}", "parentId": world.resource_id},
            ),
        ],
        key="resourceId",
        place=lambda world: world.api,
    ),
    "deployment": Life(
        "deployment",
        "create_deployment",
        lambda world: {**world.api, "description": "", "variables": {}},
        {},
        [([replace("/description", "text")], {"description": "text"}), ([replace("/description", "")], {"description": None})],
        key="deploymentId",
        place=lambda world: world.api,
    ),
    "stage": Life(
        "stage",
        "create_stage",
        lambda world: {
            **world.api,
            "stageName": "tf",
            "deploymentId": world.deployment_id,
            "description": "text",
            "variables": {"a": "1", "b": "2"},
        },
        lambda world: {
            "stageName": "tf",
            "deploymentId": world.deployment_id,
            "description": "text",
            "variables": {"a": "1", "b": "2"},
            "cacheClusterEnabled": False,
            "cacheClusterStatus": "NOT_AVAILABLE",
            "methodSettings": {},
            "tracingEnabled": False,
        },
        lambda world: [
            # At once after the create when a log is configured: every configured attribute counts as changed.
            (
                [replace("/deploymentId", world.deployment_id), replace("/description", "text")]
                + [replace("/variables/a", "1"), replace("/variables/b", "2")]
                + [replace("/accessLogSettings/destinationArn", LOGS), replace("/accessLogSettings/format", FORMAT)],
                {"accessLogSettings": {"destinationArn": LOGS, "format": FORMAT}},
            ),
            (
                [replace("/cacheClusterEnabled", "true"), replace("/cacheClusterSize", "1.6")],
                {"cacheClusterEnabled": True, "cacheClusterSize": "1.6", "cacheClusterStatus": "AVAILABLE"},
            ),
            # On a stage without a canary the override comes first, and must make it.
            (
                [replace("/canarySettings/stageVariableOverrides/a", "3"), replace("/canarySettings/percentTraffic", "33.330000")]
                + [replace("/canarySettings/useStageCache", "true"), replace("/canarySettings/deploymentId", world.other_id)],
                {
                    "canarySettings": {
                        "deploymentId": world.other_id,
                        "percentTraffic": 33.33,
                        "stageVariableOverrides": {"a": "3"},
                        "useStageCache": True,
                    }
                },
            ),
            (
                [remove("/canarySettings/stageVariableOverrides/a"), replace("/canarySettings/stageVariableOverrides/b", "4")],
                {
                    "canarySettings": {
                        "deploymentId": world.other_id,
                        "percentTraffic": 33.33,
                        "stageVariableOverrides": {"b": "4"},
                        "useStageCache": True,
                    }
                },
            ),
            (
                [replace("/clientCertificateId", ""), remove("/canarySettings"), replace("/deploymentId", world.other_id)]
                + [replace("/description", ""), replace("/tracingEnabled", "true"), replace("/documentationVersion", "")]
                + [remove("/variables/a"), replace("/variables/b", "5"), replace("/variables/c", "6")]
                + [remove("/accessLogSettings")],
                {
                    "canarySettings": None,
                    "deploymentId": world.other_id,
                    "description": None,
                    "tracingEnabled": True,
                    "variables": {"b": "5", "c": "6"},
                    "accessLogSettings": None,
                },
            ),
        ],
        place=lambda world: {**world.api, "stageName": "tf"},
    ),
    "model": Life(
        "model",
        "create_model",
        lambda world: {**world.api, "name": "Pet", "contentType": JSON, "schema": '{ "type": "object" }', "description": "text"},
        {"name": "Pet", "contentType": JSON, "schema": '{ "type": "object" }', "description": "text"},
        [
            (
                [replace("/description", ""), replace("/schema", '{"type":"array"}')],
                {"description": None, "schema": '{"type":"array"}'},
            ),
        ],
        place=lambda world: {**world.api, "modelName": "Pet"},
    ),
    "request_validator": Life(
        "request_validator",
        "create_request_validator",
        lambda world: {**world.api, "name": "body"},
        {"name": "body", "validateRequestBody": False, "validateRequestParameters": False},
        [
            (
                [replace("/name", "both"), replace("/validateRequestBody", "true"), replace("/validateRequestParameters", "true")],
                {"name": "both", "validateRequestBody": True, "validateRequestParameters": True},
            ),
        ],
        key="requestValidatorId",
        place=lambda world: world.api,
    ),
    # Both maps are always sent.
    "gateway_response": Life(
        "gateway_response",
        "put_gateway_response",
        lambda world: {
            **world.api,
            "responseType": "UNAUTHORIZED",
            "statusCode": "400",
            "responseTemplates": {JSON: "{'message':$context.error.messageString}"},
            "responseParameters": {"gatewayresponse.header.Authorization": "'Basic'"},
        },
        {
            "responseType": "UNAUTHORIZED",
            "statusCode": "400",
            "responseTemplates": {JSON: "{'message':$context.error.messageString}"},
            "responseParameters": {"gatewayresponse.header.Authorization": "'Basic'"},
            "defaultResponse": False,
        },
        lambda world: [
            (
                {
                    **world.api,
                    "responseType": "UNAUTHORIZED",
                    "statusCode": "477",
                    "responseTemplates": {XML: "<a/>"},
                    "responseParameters": {},
                },
                {"statusCode": "477", "responseTemplates": {XML: "<a/>"}, "responseParameters": {}},
            ),
        ],
        place=lambda world: {**world.api, "responseType": "UNAUTHORIZED"},
    ),
}
