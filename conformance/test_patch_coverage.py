"""Every documented PATCH path of the nouns that are built, with each operation that it takes and one that it does not.

The table is AWS's page of patch operations. A case says what the operation changes in the answer of the noun: nothing else may
change, and a get must show the same. A text in place of a change is the refusal that the page promises. Usage, which is read by other
names than it is changed by, is in test_usage_plans.py.
"""

import itertools

import pytest

from answers import patch
from patched_nouns import (
    AUTHORIZER,
    CERTIFICATES,
    CLIENT_REGION,
    FORMAT,
    HEADER,
    JSON,
    LIMITS,
    LOGS,
    MAPPED,
    POOL,
    REQUEST,
    RESPONSE,
    TRUSTSTORE,
    Api,
)
from refusals import bad_request

ROLE = "arn:aws:iam::000000000000:role/logs"
POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"*"}]}'
NO_EDGE = "Cannot import certificates for EDGE while REGIONAL is active."
NO_EDGE_CERTIFICATE = "A certificate was not provided for the endpoint type EDGE."
NOT_PRIVATE = "Policies can only be specified for private domain names."
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
    "Authorizer": {
        "/authorizerUri": {"replace": (AUTHORIZER % "b", {"authorizerUri": AUTHORIZER % "b"})},
        "/authorizerCredentials": {"replace": (ROLE, {"authorizerCredentials": ROLE})},
        "/authorizerResultTtlInSeconds": {"replace": ("7", {"authorizerResultTtlInSeconds": 7})},
        "/authType": {"replace": ("text", {"authType": "text"})},
        "/identitySource": {
            "add": ("stageVariables.v", {"identitySource": "method.request.header.a,stageVariables.v"}),
            "replace": ("stageVariables.v", {"identitySource": "stageVariables.v"}),
            "remove": ("method.request.header.a", {"identitySource": None}),
        },
        "/identityValidationExpression": {"replace": ("(?=a).+", {"identityValidationExpression": "(?=a).+"})},
        "/name": {"replace": ("other", {"name": "other"})},
        "/type": {"replace": ("TOKEN", {"type": "TOKEN"})},
    },
    "COGNITO_USER_POOLS": {
        "/providerARNs": {
            "add": (POOL % "c", {"providerARNs": [POOL % pool for pool in "abc"]}),
            "remove": (POOL % "a", {"providerARNs": [POOL % "b"]}),
        },
    },
    "BasePathMapping": {
        # By its path the mapping is found again, so that another one is in test_base_path_mappings.py.
        "/basePath": {"replace": ("b", {})},
        "/restapiId": {"replace": ("none", "Invalid REST API identifier specified")},
        "/stage": {"replace": ("", {"stage": None})},
    },
    "DomainName": {
        "/certificateName": {"add": ("m", NO_EDGE), "replace": ("m", NO_EDGE), "remove": (None, {})},
        "/certificateArn": {
            "add": (f"{CERTIFICATES}/2", NO_EDGE),
            "replace": (f"{CERTIFICATES}/2", NO_EDGE),
            "remove": (None, {}),
        },
        "/regionalCertificateName": {
            "add": ("m", {"regionalCertificateName": "m"}),
            "replace": ("m", {"regionalCertificateName": "m"}),
            "remove": (None, {"regionalCertificateName": None}),
        },
        "/regionalCertificateArn": {
            "add": (f"{CERTIFICATES}/2", {"regionalCertificateArn": f"{CERTIFICATES}/2"}),
            "replace": (f"{CERTIFICATES}/2", {"regionalCertificateArn": f"{CERTIFICATES}/2"}),
            "remove": (None, "A certificate was not provided for the endpoint type REGIONAL."),
        },
        "/endpointConfiguration/types": {
            "add": ("EDGE", NO_EDGE_CERTIFICATE),
            "remove": ("REGIONAL", "REGIONAL Configuration and EDGE Configuration cannot be both DISABLED."),
        },
        "/endpointConfiguration/types/REGIONAL": {"replace": ("EDGE", NO_EDGE_CERTIFICATE)},
        "/endpointConfiguration/ipAddressType": {
            "replace": ("dualstack", {"endpointConfiguration": {"types": ["REGIONAL"], "ipAddressType": "dualstack"}})
        },
        "/endpointAccessMode": {
            "replace": ("BASIC", "endpointAccessMode can only be specified with an enhanced securityPolicy.")
        },
        "/mutualTlsAuthentication/truststoreUri": {
            "add": ("s3://b/k", {"mutualTlsAuthentication": {**TRUSTSTORE, "truststoreUri": "s3://b/k"}}),
            "replace": ("s3://b/k", {"mutualTlsAuthentication": {**TRUSTSTORE, "truststoreUri": "s3://b/k"}}),
            "remove": (None, {"mutualTlsAuthentication": None}),
        },
        "/mutualTlsAuthentication/truststoreVersion": {
            "add": ("2", {"mutualTlsAuthentication": {**TRUSTSTORE, "truststoreVersion": "2"}}),
            "replace": ("2", {"mutualTlsAuthentication": {**TRUSTSTORE, "truststoreVersion": "2"}}),
            "remove": (None, {"mutualTlsAuthentication": {"truststoreUri": TRUSTSTORE["truststoreUri"]}}),
        },
        "/ownershipVerificationCertificateArn": {
            "add": (f"{CERTIFICATES}/2", {"ownershipVerificationCertificateArn": f"{CERTIFICATES}/2"}),
            "replace": (f"{CERTIFICATES}/2", {"ownershipVerificationCertificateArn": f"{CERTIFICATES}/2"}),
            "remove": (None, {}),
        },
        "/securityPolicy": {
            "replace": (
                "TLS_1_0",
                "Mutual TLS authentication is only supported for REGIONAL domain names with the securityPolicy TLS_1_2.",
            )
        },
        "/routingMode": {"replace": ("ROUTING_RULE_ONLY", {"routingMode": "ROUTING_RULE_ONLY"})},
        "/policy": {"replace": (POLICY, NOT_PRIVATE)},
        "/managementPolicy": {"replace": (POLICY, NOT_PRIVATE)},
    },
    "VpcLink": {
        "/name": {"replace": ("other", {"name": "other"})},
        "/description": {"replace": ("text", {"description": "text"})},
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
        "/clientCertificateId": {
            "replace": (lambda api: api.certificate_id, lambda api: {"clientCertificateId": api.certificate_id})
        },
        "/deploymentId": {
            "replace": (lambda api: api.other_id, lambda api: {"deploymentId": api.other_id}),
            "copy": ("/canarySettings/deploymentId", lambda api: {"deploymentId": api.other_id}),
        },
        "/description": {"replace": ("text", {"description": "text"})},
        "/documentationVersion": {"replace": ("1", {"documentationVersion": "1"})},
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
    return server.client("apigateway", region=CLIENT_REGION)


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
