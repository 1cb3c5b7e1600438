//! The ledger in words; COMPATIBILITY.md shows it.

/// What a stored field does to traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It does what it does on AWS.
    Effective,
    /// Some or all of its values make the requests they concern answer 501, naming the field.
    Blocking,
    /// Stored and echoed; traffic does not change.
    Inert,
}

/// One stored field.
#[derive(Clone, Copy, Debug)]
pub struct LedgerEntry {
    /// `Type.member` in AWS's names.
    pub field: &'static str,
    /// What it does.
    pub effect: Effect,
    /// Why, or which values.
    pub reason: &'static str,
}

/// Every stored field of a REST API, its deployments and its stages.
pub fn field_ledger() -> &'static [LedgerEntry] {
    LEDGER
}

const fn effective(field: &'static str, reason: &'static str) -> LedgerEntry {
    LedgerEntry { field, effect: Effect::Effective, reason }
}

const fn blocking(field: &'static str, reason: &'static str) -> LedgerEntry {
    LedgerEntry { field, effect: Effect::Blocking, reason }
}

const fn inert(field: &'static str, reason: &'static str) -> LedgerEntry {
    LedgerEntry { field, effect: Effect::Inert, reason }
}

const LEDGER: &[LedgerEntry] = &[
    inert("RestApi.name", "a label"),
    inert("RestApi.description", "a label"),
    inert("RestApi.version", "a label"),
    effective("RestApi.apiKeySource", "who gives the keys of methods that require one"),
    effective("RestApi.binaryMediaTypes", "bodies of HTTP and MOCK; of HTTP_PROXY where contentHandling is set"),
    effective("RestApi.minimumCompressionSize", "answers of integrations"),
    effective("RestApi.disableExecuteApiEndpoint", "the API's own value, at once; the one frozen in a deployment is not read"),
    blocking("RestApi.endpointConfiguration", "see EndpointConfiguration"),
    effective("RestApi.policy", "who may call; one that does not parse denies everything"),
    blocking("RestApi.securityPolicy", "policies that ask for TLS 1.3 only, FIPS or post-quantum key exchange"),
    blocking("RestApi.endpointAccessMode", "STRICT"),
    effective("RestApi.rootResourceId", "routing"),
    effective("RestApi.resources", "routing"),
    effective("RestApi.models", "read by request validators"),
    effective("RestApi.requestValidators", "what methods check"),
    effective("RestApi.gatewayResponses", "answers of the gateway itself"),
    effective("RestApi.authorizers", "see Authorizer"),
    blocking("EndpointConfiguration.types", "PRIVATE"),
    inert("EndpointConfiguration.ipAddressType", "the listeners' addresses are configured, not stored"),
    inert("EndpointConfiguration.vpcEndpointIds", "only PRIVATE endpoints have them, and they are blocked"),
    effective("Resource.id", "$context.resourceId"),
    effective("Resource.parentId", "routing"),
    effective("Resource.pathPart", "routing"),
    effective("Resource.methods", "routing"),
    effective("Method.httpMethod", "routing"),
    blocking("Method.authorizationType", "types that AWS does not name"),
    effective("Method.authorizerId", "one that is missing, or of another type, fails every request"),
    effective("Method.authorizationScopes", "a token must have one of them"),
    effective("Method.apiKeyRequired", "keys, plans, throttles and quotas of clients"),
    inert("Method.operationName", "a name for generated clients"),
    effective("Method.requestValidatorId", "what is checked of a request"),
    effective("Method.requestParameters", "which parameters a request validator requires"),
    effective("Method.requestModels", "the model that a body is validated by"),
    effective("Method.responses", "headers and media types of HTTP, AWS and MOCK"),
    effective("Method.integration", "what is called"),
    effective("MethodResponse.responseParameters", "which mapped headers are returned"),
    effective("MethodResponse.responseModels", "the Content-Type where no template gives one"),
    effective("Integration.type", "what is called, and whether it is mapped"),
    effective("Integration.httpMethod", "the verb of the backend's request"),
    effective("Integration.uri", "the backend's address"),
    blocking("Integration.connectionType", "VPC_LINK for AWS and AWS_PROXY"),
    effective("Integration.connectionId", "with VPC_LINK, of HTTP and HTTP_PROXY"),
    effective("Integration.integrationTarget", "behind a VPC link of apigatewayv2"),
    blocking("Integration.credentials", "of HTTP, HTTP_PROXY and MOCK"),
    effective("Integration.requestParameters", "of HTTP, HTTP_PROXY and AWS"),
    effective("Integration.requestTemplates", "of HTTP, AWS and MOCK"),
    effective("Integration.passthroughBehavior", "of HTTP, AWS and MOCK"),
    effective("Integration.contentHandling", "the body that is sent"),
    effective("Integration.timeoutInMillis", "covers the whole exchange"),
    effective("Integration.cacheNamespace", "integrations with the same one share entries"),
    effective("Integration.cacheKeyParameters", "what tells answers apart"),
    blocking("Integration.responseTransferMode", "STREAM, but for HTTP_PROXY and functions behind AWS_PROXY"),
    effective("Integration.insecureSkipVerification", "TLS to the backend"),
    effective("Integration.responses", "of HTTP, AWS and MOCK"),
    effective("IntegrationResponse.selectionPattern", "matched against the whole status"),
    effective("IntegrationResponse.responseParameters", "of HTTP, AWS and MOCK"),
    effective("IntegrationResponse.responseTemplates", "of HTTP, AWS and MOCK"),
    effective("IntegrationResponse.contentHandling", "of HTTP, AWS and MOCK"),
    effective("GatewayResponse.statusCode", "the status of that kind of failure"),
    effective("GatewayResponse.responseParameters", "fields of that kind of failure"),
    effective("GatewayResponse.responseTemplates", "the body of that kind of failure, by what the client accepts"),
    effective("Stage.name", "the first segment of the path"),
    effective("Stage.deploymentId", "what is served"),
    inert("Stage.created", "shown only"),
    inert("Stage.lastUpdated", "shown only"),
    inert("Stage.description", "a label"),
    effective("Stage.variables", "in URIs, mappings and gateway responses"),
    effective("Stage.methodSettings", "see MethodSetting"),
    effective("Stage.cacheClusterEnabled", "whether the stage has a cache"),
    effective("Stage.cacheClusterSize", "up to what is configured for a stage; another size begins empty"),
    effective("Stage.canarySettings", "see CanarySettings"),
    effective("Stage.accessLogSettings", "a line for each request, besides the gateway's own access log"),
    effective("Stage.clientCertificateId", "shown to HTTPS backends of HTTP and HTTP_PROXY"),
    inert("Stage.documentationVersion", "a label"),
    effective("Stage.tracingEnabled", "spans by OTLP, where otlp.endpoint is configured; there is no X-Ray here"),
    inert("Stage.usagePlans", "the plans say themselves which stages they open"),
    inert("Stage.tags", "labels"),
    effective("MethodSetting.metricsEnabled", "metrics of the method, besides those of the stage"),
    effective("MethodSetting.loggingLevel", "the execution log, which goes to the server's log"),
    effective("MethodSetting.dataTraceEnabled", "with level INFO"),
    effective(
        "MethodSetting.throttlingBurstLimit",
        "a bucket for each method; -1, and the account's own 5000 and 10000 together, are no limit",
    ),
    effective("MethodSetting.throttlingRateLimit", "see throttlingBurstLimit"),
    effective("MethodSetting.cachingEnabled", "for GET, and for other verbs by name"),
    effective("MethodSetting.cacheTtlInSeconds", "0: nothing is cached"),
    effective("MethodSetting.cacheDataEncrypted", "entries are sealed in memory"),
    effective("MethodSetting.requireAuthorizationForCacheControl", "who may have an answer fetched anew"),
    effective("MethodSetting.unauthorizedCacheControlHeaderStrategy", "what becomes of others"),
    effective("CanarySettings.deploymentId", "what canary requests are served"),
    effective("CanarySettings.percentTraffic", "drawn for each request by itself"),
    effective("CanarySettings.stageVariableOverrides", "laid over Stage.variables for canary requests"),
    effective("CanarySettings.useStageCache", "without it canary requests are not cached"),
    effective("AccessLogSettings.destinationArn", "what log_destinations maps it to, else the server's own access log"),
    effective("AccessLogSettings.format", "with every variable; values are escaped by what the format is"),
    inert("Model.id", "models are referred to by name"),
    effective("Model.name", "what methods and other models refer to"),
    inert("Model.contentType", "a method names the media type of each of its models itself"),
    inert("Model.description", "a label"),
    effective("Model.schema", "what a body must match"),
    effective("RequestValidator.id", "what methods refer to"),
    inert("RequestValidator.name", "a label"),
    effective("RequestValidator.validateRequestBody", "whether the body is checked"),
    effective("RequestValidator.validateRequestParameters", "whether required parameters are checked"),
    effective("Authorizer.id", "methods name it"),
    inert("Authorizer.name", "a label"),
    effective("Authorizer.type", "how it decides"),
    inert("Authorizer.authType", "a word for OpenAPI documents"),
    effective("Authorizer.authorizerUri", "the function that is asked"),
    effective("Authorizer.authorizerCredentials", "the role that the function is called with"),
    effective("Authorizer.authorizerResultTtlInSeconds", "of TOKEN and REQUEST"),
    effective("Authorizer.identitySource", "what a caller is known by; where tokens are"),
    effective("Authorizer.identityValidationExpression", "of TOKEN, and of user pools: what a token's audience must match"),
    effective("Authorizer.providerARNs", "whose tokens are accepted"),
    effective("Authorizer.jwtConfiguration", "which tokens are accepted"),
    effective("JwtConfiguration.issuers", "whose tokens are accepted"),
    effective("JwtConfiguration.defaultAlgorithms", "how they may be signed"),
    effective("JwtIssuer.issuer", "a token's `iss`, exactly"),
    effective("JwtIssuer.audiences", "a token's `aud` has one"),
    effective("JwtIssuer.additionalClaims", "see JwtAdditionalClaim"),
    effective("JwtAdditionalClaim.claimName", "the claim"),
    effective("JwtAdditionalClaim.format", "it is one text"),
    effective("JwtAdditionalClaim.required", "whether it must be there"),
    effective("JwtAdditionalClaim.expectedValues", "what it may be"),
];
