"""Every documented PATCH path of the nouns that are built, with each operation that it takes and one that it does not.

The table is AWS's page of patch operations. A case says what the operation changes in the answer of the noun: nothing else may
change, and a get must show the same. A text in place of a change is the refusal that the page promises.
"""

import itertools

import pytest

import rest_apis
from answers import bare, patch
from refusals import bad_request, refusal

ROLE = "arn:aws:iam::000000000000:role/logs"
LOGS = "arn:aws:logs:us-east-1:000000000000:log-group:g"
FORMAT = "$context.requestId"
HEADER = "gatewayresponse.header.a"
REQUEST = "method.request.header.a"
RESPONSE = "method.response.header.a"
MAPPED = "integration.request.header.a"
SCHEMA = '{"type": "object"}'
JSON = "application/json"
LIMITS = {"rateLimit": 1.0, "burstLimit": 2}
OPS = ("add", "replace", "remove", "copy", "move", "test")
SETTING = {
    "cacheDataEncrypted": False,
    "cacheTtlInSeconds": 300,
    "cachingEnabled": False,
    "dataTraceEnabled": False,
    "metricsEnabled": False,
    "requireAuthorizationForCacheControl": True,
    "throttlingBurstLimit": 5000,
    "throttlingRateLimit": 10000.0,
    "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
}


class Api:
    """An API with one of every noun, and the ids by which calls name them."""

    def __init__(self, client):
        self.client = client
        self.api_id, self.root_id = rest_apis.create(client, "patches")
        self.resource_id = rest_apis.add_resource(client, self.api_id, self.root_id, "pets")
        self.validator_id = client.create_request_validator(restApiId=self.api_id, name="v")["id"]
        client.create_model(restApiId=self.api_id, name="Pet", contentType=JSON, description="d", schema=SCHEMA)
        self.method = {"restApiId": self.api_id, "resourceId": self.root_id, "httpMethod": "GET"}
        self._method()
        rest_apis.add_mock_method(client, self.api_id, self.root_id, "{}", method="POST")
        gateway_response = {"responseParameters": {HEADER: "'a'"}, "responseTemplates": {JSON: "{}"}}
        client.put_gateway_response(restApiId=self.api_id, responseType="DEFAULT_4XX", statusCode="404", **gateway_response)
        self.deployment_id, self.other_id = (client.create_deployment(restApiId=self.api_id)["id"] for _ in range(2))
        self._stage()
        self._beside()
        patches = [patch("add", "/binaryMediaTypes/a~1b"), patch("replace", "/description", "d")]
        client.update_rest_api(restApiId=self.api_id, patchOperations=patches)

    def _method(self):
        response = {**self.method, "statusCode": "200"}
        models = {"application/xml": "Pet"}
        self.client.put_method(**self.method, authorizationType="NONE", requestParameters={REQUEST: False}, requestModels=models)
        self.client.put_method_response(**response, responseParameters={RESPONSE: False}, responseModels=models)
        self.client.put_integration(
            **self.method,
            type="HTTP_PROXY",
            integrationHttpMethod="GET",
            uri="http://127.0.0.1:1/",
            requestParameters={MAPPED: REQUEST},
            requestTemplates={JSON: "{}"},
            cacheKeyParameters=[REQUEST],
        )
        self.client.put_integration_response(**response, responseParameters={RESPONSE: "'a'"}, responseTemplates={JSON: "{}"})

    def _stage(self):
        canary = {"percentTraffic": 10.0, "stageVariableOverrides": {"v": "canary"}, "deploymentId": self.other_id}
        stage = {"restApiId": self.api_id, "stageName": "dev"}
        self.client.create_stage(**stage, deploymentId=self.deployment_id, variables={"v": "stage"}, canarySettings=canary)
        patches = [
            patch("replace", "/accessLogSettings/destinationArn", LOGS),
            patch("replace", "/accessLogSettings/format", FORMAT),
            patch("replace", "/~1pets/GET/metrics/enabled", "false"),
            patch("replace", "/*/*/metrics/enabled", "false"),
        ]
        self.client.update_stage(**stage, patchOperations=patches)

    def _beside(self):
        """What stands beside an API: a key, and a plan of its stage; and its documentation."""
        client, api = self.client, {"restApiId": self.api_id}
        self.key_id = client.create_api_key(name="n")["id"]
        self.stage_name = f"{self.api_id}:dev"
        stages = [{"apiId": self.api_id, "stage": "dev", "throttle": {"/pets/GET": LIMITS}}]
        quota = {"limit": 10, "offset": 1, "period": "WEEK"}
        plan = client.create_usage_plan(name="n", apiStages=stages, throttle=LIMITS, quota=quota)
        self.plan_id = plan["id"]
        client.update_usage_plan(usagePlanId=self.plan_id, patchOperations=[patch("add", "/productCode", "c")])
        part = client.create_documentation_part(**api, location={"type": "API"}, properties="{}")
        self.part_id = part["id"]
        client.create_documentation_version(**api, documentationVersion="1", description="d")

    @property
    def certificate_id(self):
        """One for all tests: its key takes long to find."""
        if not hasattr(self.client, "certificate_id"):
            self.client.certificate_id = self.client.generate_client_certificate(description="d")["clientCertificateId"]
        return self.client.certificate_id

    def place(self, noun):
        """The name of the noun's operations, and what they name it by."""
        api = {"restApiId": self.api_id}
        response = {**self.method, "statusCode": "200"}
        return {
            "Account": ("account", {}),
            "ApiKey": ("api_key", {"apiKey": self.key_id}),
            "ClientCertificate": ("client_certificate", {"clientCertificateId": self.certificate_id if noun == "ClientCertificate" else ""}),
            "DocumentationPart": ("documentation_part", {**api, "documentationPartId": self.part_id}),
            "DocumentationVersion": ("documentation_version", {**api, "documentationVersion": "1"}),
            "UsagePlan": ("usage_plan", {"usagePlanId": self.plan_id}),
            "Deployment": ("deployment", {**api, "deploymentId": self.deployment_id}),
            "GatewayResponse": ("gateway_response", {**api, "responseType": "DEFAULT_4XX"}),
            "Integration": ("integration", self.method),
            "MOCK": ("integration", {**self.method, "httpMethod": "POST"}),
            "IntegrationResponse": ("integration_response", response),
            "Method": ("method", self.method),
            "MethodResponse": ("method_response", response),
            "Model": ("model", {**api, "modelName": "Pet"}),
            "RequestValidator": ("request_validator", {**api, "requestValidatorId": self.validator_id}),
            "Resource": ("resource", {**api, "resourceId": self.resource_id}),
            "RestApi": ("rest_api", api),
            "Stage": ("stage", {**api, "stageName": "dev"}),
        }[noun]

    def get(self, noun):
        name, place = self.place(noun)
        answer = bare(getattr(self.client, f"get_{name}")(**place), "lastUpdatedDate", "methodIntegration", "methodResponses")
        # Only UpdateRestApi shows tags that are not there.
        return {member: value for member, value in answer.items() if (member, value) != ("tags", {})}

    def update(self, noun, *operations):
        name, place = self.place(noun)
        answer = getattr(self.client, f"update_{name}")(**place, patchOperations=list(operations))
        return bare(answer, "lastUpdatedDate", "methodIntegration", "methodResponses", "tags")

    def refusal(self, noun, operation):
        name, place = self.place(noun)
        return refusal(getattr(self.client, f"update_{name}"), **place, patchOperations=[operation])


def entries(member, key, present, other, absent=None):
    """The operations on a map `member` that has `key`: another is added, and that one is replaced and removed."""
    escaped = key.replace("/", "~1")
    added = f"{key}b"
    return {
        f"/{member}/{escaped}": {
            "replace": (other, {member: {key: _read(other)}}),
            "remove": (None, {member: absent}),
        },
        f"/{member}/{escaped}b": {"add": (other, {member: {key: _read(present), added: _read(other)}})},
    }


def _read(text):
    return {"true": True, "false": False}.get(text, text)


def of_stage(**throttle):
    """The stages of the plan, with these method throttles; a `_` is a slash."""
    limits = {name.replace("_", "/"): value for name, value in throttle.items()}
    return lambda api: {"apiStages": [{"apiId": api.api_id, "stage": "dev", **({"throttle": limits} if limits else {})}]}


def of_quota(**members):
    return {"quota": {"limit": 10, "offset": 1, "period": "WEEK", **members}}


def setting(**members):
    return {"methodSettings": {"*/*": SETTING, "~1pets/GET": {**SETTING, **members}}}


def canary(api, **members):
    settings = {"deploymentId": api.other_id, "percentTraffic": 10.0, "useStageCache": False}
    return {"canarySettings": {**settings, "stageVariableOverrides": {"v": "canary"}, **members}}


SETTINGS = "/~1pets/GET"

# Noun, path, operation: (value, what it changes). `copy` has the value as `from`.
DOCUMENTED = {
    "Account": {
        "/cloudwatchRoleArn": {"replace": (ROLE, {"cloudwatchRoleArn": ROLE})},
        "/features": {"add": ("UsagePlans", {}), "remove": ("UsagePlans", "Usage Plans cannot be disabled once enabled")},
    },
    "ApiKey": {
        "/customerId": {"replace": ("c", {"customerId": "c"})},
        "/description": {"replace": ("text", {"description": "text"})},
        "/enabled": {"replace": ("true", {"enabled": True})},
        "/name": {"replace": ("other", {"name": "other"})},
        "/labels": {"add": ("l", {}), "remove": ("l", {})},
        "/stages": {
            "add": (lambda api: f"{api.api_id}/dev", lambda api: {"stageKeys": [f"{api.api_id}/dev"]}),
            "remove": (lambda api: f"{api.api_id}/dev", {}),
        },
    },
    "ClientCertificate": {"/description": {"replace": ("text", {"description": "text"})}},
    "DocumentationPart": {"/properties": {"replace": ('{"a":1}', {"properties": '{"a":1}'})}},
    "DocumentationVersion": {"/description": {"replace": ("text", {"description": "text"})}},
    "UsagePlan": {
        "/apiStages": {
            "add": (lambda api: api.stage_name, {}),
            "remove": (lambda api: api.stage_name, {"apiStages": []}),
        },
        "/apiStages/{stage}/throttle": {
            "add": ('{"//PUT": {"rateLimit": 3}}', of_stage(__PUT={"rateLimit": 3.0})),
            "replace": ('{"//PUT": {"rateLimit": 3}}', of_stage(__PUT={"rateLimit": 3.0})),
            "remove": (None, of_stage()),
        },
        "/apiStages/{stage}/throttle//pets/GET": {"remove": (None, of_stage())},
        "/apiStages/{stage}/throttle//pets/GET/rateLimit": {
            "add": ("3", of_stage(_pets_GET={**LIMITS, "rateLimit": 3.0})),
            "replace": ("3", of_stage(_pets_GET={**LIMITS, "rateLimit": 3.0})),
        },
        "/apiStages/{stage}/throttle//pets/GET/burstLimit": {
            "add": ("3", of_stage(_pets_GET={**LIMITS, "burstLimit": 3})),
            "replace": ("3", of_stage(_pets_GET={**LIMITS, "burstLimit": 3})),
        },
        "/description": {"replace": ("text", {"description": "text"})},
        "/name": {"replace": ("other", {"name": "other"})},
        "/productCode": {
            "add": ("d", {"productCode": "d"}),
            "replace": ("d", {"productCode": "d"}),
            "remove": (None, {"productCode": None}),
        },
        "/quota": {"remove": (None, {"quota": None})},
        "/quota/limit": {"add": ("3", of_quota(limit=3)), "replace": ("3", of_quota(limit=3))},
        "/quota/offset": {"add": ("3", of_quota(offset=3)), "replace": ("3", of_quota(offset=3))},
        "/quota/period": {"add": ("MONTH", of_quota(period="MONTH")), "replace": ("MONTH", of_quota(period="MONTH"))},
        "/throttle": {"remove": (None, {"throttle": None})},
        "/throttle/burstLimit": {
            "add": ("3", {"throttle": {**LIMITS, "burstLimit": 3}}),
            "replace": ("3", {"throttle": {**LIMITS, "burstLimit": 3}}),
        },
        "/throttle/rateLimit": {
            "add": ("3", {"throttle": {**LIMITS, "rateLimit": 3.0}}),
            "replace": ("3", {"throttle": {**LIMITS, "rateLimit": 3.0}}),
        },
    },
    "Deployment": {"/description": {"replace": ("text", {"description": "text"})}},
    "GatewayResponse": {
        "/statusCode": {"replace": ("410", {"statusCode": "410"})},
        **entries("responseParameters", HEADER, "'a'", "'b'", {}),
        # Without a template of its own the built-in one is in force.
        **entries("responseTemplates", JSON, "{}", "[]", {JSON: '{"message":$context.error.messageString}'}),
    },
    "Integration": {
        f"/cacheKeyParameters/{REQUEST}": {
            "replace": (REQUEST, {}),
            "remove": ("", {"cacheKeyParameters": []}),
        },
        f"/cacheKeyParameters/{MAPPED}": {"add": ("", {"cacheKeyParameters": [REQUEST, MAPPED]})},
        "/cacheKeyParameters": {
            "add": (MAPPED, {"cacheKeyParameters": [REQUEST, MAPPED]}),
            "replace": (MAPPED, {"cacheKeyParameters": [MAPPED]}),
            "remove": (REQUEST, {"cacheKeyParameters": []}),
        },
        "/cacheNamespace": {"replace": ("shared", {"cacheNamespace": "shared"})},
        "/connectionId": {"replace": ("abc123", {"connectionId": "abc123"})},
        "/connectionType": {"replace": ("INTERNET", {"connectionType": "INTERNET"})},
        "/contentHandling": {"replace": ("CONVERT_TO_TEXT", {"contentHandling": "CONVERT_TO_TEXT"})},
        "/credentials": {"replace": (ROLE, {"credentials": ROLE})},
        "/httpMethod": {"replace": ("PUT", {"httpMethod": "PUT"})},
        "/integrationTarget": {"replace": ("arn:aws:elb", {"integrationTarget": "arn:aws:elb"})},
        "/passthroughBehavior": {"replace": ("NEVER", {"passthroughBehavior": "NEVER"})},
        **entries("requestParameters", MAPPED, REQUEST, "'b'"),
        **entries("requestTemplates", JSON, "{}", "[]"),
        "/responseTransferMode": {"replace": ("STREAM", {"responseTransferMode": "STREAM"})},
        "/timeoutInMillis": {"replace": ("500", {"timeoutInMillis": 500})},
        "/tlsConfig/insecureSkipVerification": {"replace": ("true", {"tlsConfig": {"insecureSkipVerification": True}})},
        "/uri": {"replace": ("https://example.com/a", {"uri": "https://example.com/a"})},
        "/type": {},
    },
    "MOCK": {"/httpMethod": {}, "/uri": {}},
    "IntegrationResponse": {
        "/contentHandling": {"replace": ("CONVERT_TO_BINARY", {"contentHandling": "CONVERT_TO_BINARY"})},
        "/selectionPattern": {"replace": (r"5\d\d", {"selectionPattern": r"5\d\d"})},
        f"/responseParameters/{RESPONSE}": {
            "add": ("'b'", {"responseParameters": {RESPONSE: "'b'"}}),
            "replace": ("'b'", {"responseParameters": {RESPONSE: "'b'"}}),
            "remove": (None, {"responseParameters": None}),
        },
        **entries("responseTemplates", JSON, "{}", "[]"),
    },
    "Method": {
        "/authorizationType": {"replace": ("aws_iam", {"authorizationType": "AWS_IAM"})},
        # Ignored while the type takes none.
        "/authorizerId": {"replace": ("abc123", {})},
        "/apiKeyRequired": {"replace": ("true", {"apiKeyRequired": True})},
        "/operationName": {"replace": ("list", {"operationName": "list"})},
        "/requestValidatorId": {"replace": (lambda api: api.validator_id, lambda api: {"requestValidatorId": api.validator_id})},
        "/authorizationScopes": {
            "add": (
                "a/b",
                "Invalid Method authorization type specified. Authorization Scopes are only valid for COGNITO_USER_POOLS"
                " authorization type",
            ),
            "remove": ("a/b", {}),
        },
        **entries("requestParameters", REQUEST, "false", "true"),
        **entries("requestModels", "application/xml", "Pet", "Empty"),
    },
    "MethodResponse": {
        **entries("responseModels", "application/xml", "Pet", "Empty"),
        **entries("responseParameters", RESPONSE, "false", "true"),
    },
    "Model": {
        "/description": {"replace": ("text", {"description": "text"})},
        "/schema": {"replace": ('{"type":"array"}', {"schema": '{"type":"array"}'})},
    },
    "RequestValidator": {
        "/name": {"replace": ("other", {"name": "other"})},
        "/validateRequestBody": {"replace": ("true", {"validateRequestBody": True})},
        "/validateRequestParameters": {"replace": ("true", {"validateRequestParameters": True})},
    },
    "Resource": {
        "/parentId": {"replace": (lambda api: api.root_id, {})},
        "/pathPart": {"replace": ("dogs", {"pathPart": "dogs", "path": "/dogs"})},
    },
    "RestApi": {
        "/apiKeySource": {"replace": ("AUTHORIZER", {"apiKeySource": "AUTHORIZER"})},
        "/binaryMediaTypes/a~1b": {
            "replace": ("c/d", {"binaryMediaTypes": ["c/d"]}),
            "remove": (None, {"binaryMediaTypes": None}),
        },
        "/binaryMediaTypes/*~1*": {"add": (None, {"binaryMediaTypes": ["a/b", "*/*"]})},
        "/description": {
            "add": ("text", {"description": "text"}),
            "replace": ("text", {"description": "text"}),
            "remove": (None, {"description": None}),
        },
        "/disableExecuteApiEndpoint": {"replace": ("true", {"disableExecuteApiEndpoint": True})},
        "/endpointConfiguration/types/EDGE": {
            "replace": ("REGIONAL", {"endpointConfiguration": {"types": ["REGIONAL"], "ipAddressType": "ipv4"}})
        },
        "/endpointConfiguration/types/0": {
            "replace": ("PRIVATE", {"endpointConfiguration": {"types": ["PRIVATE"], "ipAddressType": "dualstack"}})
        },
        "/endpointConfiguration/vpcEndpointIds": {
            "add": ("vpce-1", "VPCEndpoints can only be specified with PRIVATE apis."),
            "remove": ("vpce-1", {}),
        },
        "/endpointConfiguration/ipAddressType": {
            "replace": ("dualstack", {"endpointConfiguration": {"types": ["EDGE"], "ipAddressType": "dualstack"}})
        },
        "/endpointAccessMode": {
            "replace": ("BASIC", "endpointAccessMode can only be specified with an enhanced securityPolicy.")
        },
        "/minimumCompressionSize": {"replace": ("0", {"minimumCompressionSize": 0})},
        "/name": {"replace": ("other", {"name": "other"})},
        "/policy": {"replace": ("", {})},
        "/securityPolicy": {"replace": ("TLS_1_0", {"securityPolicy": "TLS_1_0"})},
        "/version": {"replace": ("2", {"version": "2"})},
    },
    "Stage": {
        "/accessLogSettings": {"remove": (None, {"accessLogSettings": None})},
        "/accessLogSettings/destinationArn": {
            "add": (f"{LOGS}2", {"accessLogSettings": {"destinationArn": f"{LOGS}2", "format": FORMAT}}),
            "replace": (f"{LOGS}2", {"accessLogSettings": {"destinationArn": f"{LOGS}2", "format": FORMAT}}),
            "remove": (None, {"accessLogSettings": {"format": FORMAT}}),
        },
        "/accessLogSettings/format": {
            "add": (f"{FORMAT} a", {"accessLogSettings": {"destinationArn": LOGS, "format": f"{FORMAT} a"}}),
            "replace": (f"{FORMAT} a", {"accessLogSettings": {"destinationArn": LOGS, "format": f"{FORMAT} a"}}),
            "remove": (None, {"accessLogSettings": {"destinationArn": LOGS}}),
        },
        "/cacheClusterEnabled": {
            "replace": (
                "true",
                {"cacheClusterEnabled": True, "cacheClusterSize": "0.5", "cacheClusterStatus": "AVAILABLE"},
            )
        },
        "/cacheClusterSize": {"replace": ("1.6", {"cacheClusterSize": "1.6"})},
        "/canarySettings": {"remove": (None, {"canarySettings": None})},
        "/canarySettings/deploymentId": {
            "replace": (lambda api: api.deployment_id, lambda api: canary(api, deploymentId=api.deployment_id))
        },
        "/canarySettings/percentTraffic": {"replace": ("33.330000", lambda api: canary(api, percentTraffic=33.33))},
        "/canarySettings/stageVariableOverrides/v": {
            "replace": ("other", lambda api: canary(api, stageVariableOverrides={"v": "other"}))
        },
        "/canarySettings/useStageCache": {"replace": ("true", lambda api: canary(api, useStageCache=True))},
        "/clientCertificateId": {"replace": ("", {})},
        "/deploymentId": {
            "replace": (lambda api: api.other_id, lambda api: {"deploymentId": api.other_id}),
            "copy": ("/canarySettings/deploymentId", lambda api: {"deploymentId": api.other_id}),
        },
        "/description": {"replace": ("text", {"description": "text"})},
        "/documentationVersion": {"replace": ("", {})},
        "/tracingEnabled": {"replace": ("true", {"tracingEnabled": True})},
        "/variables": {
            "replace": ('{"w": "1"}', {"variables": {"w": "1"}}),
            "remove": (None, {"variables": None}),
            "copy": ("/canarySettings/stageVariableOverrides", {"variables": {"v": "canary"}}),
        },
        "/variables/v": {"replace": ("other", {"variables": {"v": "other"}}), "remove": (None, {"variables": None})},
        f"{SETTINGS}/metrics/enabled": {"replace": ("true", setting(metricsEnabled=True))},
        f"{SETTINGS}/logging/dataTrace": {"replace": ("true", setting(dataTraceEnabled=True))},
        f"{SETTINGS}/logging/loglevel": {"replace": ("OFF", setting(loggingLevel="OFF"))},
        f"{SETTINGS}/throttling/burstLimit": {"replace": ("7", setting(throttlingBurstLimit=7))},
        f"{SETTINGS}/throttling/rateLimit": {"replace": ("-1.000000", setting(throttlingRateLimit=-1.0))},
        f"{SETTINGS}/caching/enabled": {"replace": ("true", setting(cachingEnabled=True))},
        f"{SETTINGS}/caching/dataEncrypted": {"replace": ("true", setting(cacheDataEncrypted=True))},
        f"{SETTINGS}/caching/ttlInSeconds": {"replace": ("0", setting(cacheTtlInSeconds=0))},
        f"{SETTINGS}/caching/requireAuthorizationForCacheControl": {
            "replace": ("false", setting(requireAuthorizationForCacheControl=False))
        },
        f"{SETTINGS}/caching/unauthorizedCacheControlHeaderStrategy": {
            "replace": ("FAIL_WITH_403", setting(unauthorizedCacheControlHeaderStrategy="FAIL_WITH_403"))
        },
        SETTINGS: {"remove": (None, {"methodSettings": {"*/*": SETTING}})},
        "/*/*": {"remove": (None, {"methodSettings": {"~1pets/GET": SETTING}})},
    },
}

TAKEN = [(noun, path, op) for noun, paths in DOCUMENTED.items() for path, ops in paths.items() for op in ops]


MAPS = {
    "binaryMediaTypes",
    "cacheKeyParameters",
    "requestModels",
    "requestParameters",
    "requestTemplates",
    "responseModels",
    "responseParameters",
    "responseTemplates",
}



def unlisted():
    """Each path with an operation that it does not take. An entry of a map takes three under one key or another."""
    for noun, paths in DOCUMENTED.items():
        for path, ops in paths.items():
            is_entry = path.count("/") > 1 and path.split("/")[1] in MAPS
            yield noun, path, next(op for op in OPS if op not in ops and not (is_entry and op in ("add", "replace", "remove")))


@pytest.fixture(scope="module")
def client(server):
    """A region of its own: the account's settings are shared by all that is in one."""
    return server.client("apigateway", region="patch-coverage-1")


@pytest.fixture
def api(client):
    return Api(client)


def resolved(value, api):
    return value(api) if callable(value) else value


def filled(path, api):
    """Only the API knows what its stage is called in a path."""
    return path.replace("{stage}", api.stage_name)


@pytest.mark.parametrize(("noun", "path", "op"), TAKEN)
def test_an_operation_that_is_listed(api, noun, path, op):
    value, change = (resolved(part, api) for part in DOCUMENTED[noun][path][op])
    before = api.get(noun)
    operation = patch(op, filled(path, api), **{"from" if op == "copy" else "value": value})
    if isinstance(change, str):
        assert api.refusal(noun, operation) == bad_request(change)
        assert api.get(noun) == before
        return
    wanted = {member: value for member, value in {**before, **change}.items() if value is not None}
    assert api.update(noun, operation) == wanted
    assert api.get(noun) == wanted


@pytest.mark.parametrize(("noun", "path", "op"), list(unlisted()))
def test_an_operation_that_is_not_listed(api, noun, path, op):
    before = api.get(noun)
    status, code, _ = api.refusal(noun, patch(op, filled(path, api), "1", **{"from": "/description"}))
    assert (status, code) == (400, "BadRequestException")
    assert api.get(noun) == before


@pytest.mark.parametrize("noun", DOCUMENTED)
def test_a_path_that_is_not_documented(api, noun):
    before = api.get(noun)
    keyless = [f"/{member}/" for member in sorted(MAPS - {"cacheKeyParameters"})]
    for op, path in itertools.product(OPS, ["/", "/nothing", "/nothing/at/all", "/id", "/name/deeper", *keyless]):
        status, code, _ = api.refusal(noun, patch(op, path, "1", **{"from": "/description"}))
        assert (status, code) == (400, "BadRequestException"), (op, path)
    assert api.get(noun) == before


@pytest.mark.parametrize("noun", DOCUMENTED)
def test_no_operations_at_all_change_nothing(api, noun):
    before = api.get(noun)
    assert api.update(noun) == before == api.get(noun)
