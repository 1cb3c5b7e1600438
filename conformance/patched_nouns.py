"""One of every noun that has PATCH operations, for the tests that patch them."""

import functools

import rest_apis
from answers import bare, patch
from refusals import refusal

LOGS = "arn:aws:logs:us-east-1:000000000000:log-group:g"
FORMAT = "$context.requestId"
HEADER = "gatewayresponse.header.a"
REQUEST = "method.request.header.a"
RESPONSE = "method.response.header.a"
MAPPED = "integration.request.header.a"
SCHEMA = '{"type": "object"}'
JSON = "application/json"
LIMITS = {"rateLimit": 1.0, "burstLimit": 2}
CLIENT_REGION = "patch-coverage-1"
CERTIFICATES = f"arn:aws:acm:{CLIENT_REGION}:000000000000:certificate"
AUTHORIZER = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:%s/invocations"
POOL = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_%s"
NLB = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/nlb/1"
TRUSTSTORE = {"truststoreUri": "s3://bucket/key", "truststoreVersion": "1"}


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

    @functools.cached_property
    def authorizer(self):
        source = {"identitySource": "method.request.header.a", "authorizerResultTtlInSeconds": 0}
        return self._authorizer(name="n", type="REQUEST", authorizerUri=AUTHORIZER % "a", **source)

    @functools.cached_property
    def pools(self):
        source = {"identitySource": "method.request.header.a"}
        return self._authorizer(name="c", type="COGNITO_USER_POOLS", providerARNs=[POOL % "a", POOL % "b"], **source)

    def _authorizer(self, **members):
        made = self.client.create_authorizer(restApiId=self.api_id, **members)
        return {"restApiId": self.api_id, "authorizerId": made["id"]}

    @functools.cached_property
    def domain(self):
        name = f"{self.api_id}.patches.example.com"
        self.client.create_domain_name(
            domainName=name,
            endpointConfiguration={"types": ["REGIONAL"]},
            regionalCertificateArn=f"{CERTIFICATES}/1",
            regionalCertificateName="n",
            mutualTlsAuthentication=TRUSTSTORE,
        )
        self.client.create_base_path_mapping(domainName=name, basePath="b", restApiId=self.api_id, stage="dev")
        return {"domainName": name}

    @functools.cached_property
    def link(self):
        return {"vpcLinkId": self.client.create_vpc_link(name="n", description="d", targetArns=[NLB])["id"]}

    def place(self, noun):
        """The name of the noun's operations, and what they name it by."""
        made_when_asked = {
            "Authorizer": ("authorizer", lambda: self.authorizer),
            "COGNITO_USER_POOLS": ("authorizer", lambda: self.pools),
            "BasePathMapping": ("base_path_mapping", lambda: {**self.domain, "basePath": "b"}),
            "DomainName": ("domain_name", lambda: self.domain),
            "VpcLink": ("vpc_link", lambda: self.link),
        }
        if noun in made_when_asked:
            name, made = made_when_asked[noun]
            return name, made()
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
