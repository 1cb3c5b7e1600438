//! The field ledger: what each stored field does to traffic.
//!
//! Every stored field is *effective*, or *blocking* (the requests it concerns answer 501 naming it, never half and never
//! open), or *inert* (stored and echoed; it can neither change a response nor weaken access). The functions here take every
//! definition type apart without `..`, so that a field added to a definition does not compile until it is given its place; the
//! table in [`table`] says the same in words, and a test holds the two together.

mod table;

use super::authorizers::BUILT_TYPES;
use super::lambda;
use postern_api_model::apigateway::SecurityPolicy;
use postern_api_model::apigateway::{ConnectionType, EndpointAccessMode, EndpointType, IntegrationType, ResponseTransferMode};
use postern_api_model::ports::{ApiSource, References};
use postern_api_model::rest_api::{
    AUTHORIZATION_AWS_IAM, AUTHORIZATION_NONE, AccessLogSettings, Authorizer, CanarySettings, Definition, EndpointConfiguration,
    GatewayResponse, Integration, IntegrationResponse, JwtAdditionalClaim, JwtConfiguration, JwtIssuer, Method, MethodResponse,
    MethodSetting, Model, RequestValidator, Resource, Stage,
};
pub use table::{Effect, LedgerEntry, field_ledger};

/// What was found in one definition.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Fields, with the value where that helps, that make requests answer 501.
    pub(crate) blocking: Vec<String>,
    /// Fields that are set and do nothing, for the deployment's log.
    pub(crate) inert: Vec<&'static str>,
}

impl Findings {
    fn block(&mut self, field: impl Into<String>, is_set: IsSet) {
        if is_set == IsSet::Yes {
            self.blocking.push(field.into());
        }
    }

    fn note(&mut self, field: &'static str, is_set: IsSet) {
        if is_set == IsSet::Yes {
            self.inert.push(field);
        }
    }
}

/// Whether a field says anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum IsSet {
    Yes,
    No,
}

fn when(condition: bool) -> IsSet {
    if condition { IsSet::Yes } else { IsSet::No }
}

fn some<T>(value: &Option<T>) -> IsSet {
    when(value.is_some())
}

/// What publishing reads of an API.
pub(crate) fn api_source(source: &ApiSource) {
    let ApiSource { api_id: _, version: _, scope: _, disable_execute_api_endpoint: _, stages: _, deployments: _, references } =
        source;
    // Each is there because a field names it, and stands under that field.
    let References { vpc_links: _, client_certificates: _ } = references;
}

/// The fields of a definition itself; its resources have functions of their own.
pub(crate) fn definition(definition: &Definition, findings: &mut Findings) {
    let Definition {
        name: _,
        description,
        version,
        // Each method that requires a key reads it.
        api_key_source: _,
        binary_media_types: _,
        minimum_compression_size: _,
        // The one of the API counts, at once and without a deployment.
        disable_execute_api_endpoint: _,
        endpoint_configuration,
        policy: _,
        security_policy,
        endpoint_access_mode,
        root_resource_id: _,
        resources: _,
        models,
        request_validators,
        gateway_responses,
        authorizers,
    } = definition;
    findings.note("RestApi.description", some(description));
    findings.note("RestApi.version", some(version));
    if let Some(policy) = security_policy {
        findings.block(format!("securityPolicy {policy}"), when(!listener_meets(*policy)));
    }
    if let Some(mode) = endpoint_access_mode {
        findings.block(format!("endpointAccessMode {mode}"), when(*mode != EndpointAccessMode::Basic));
    }
    endpoint_configuration_fields(endpoint_configuration, findings);
    models.values().for_each(|each| model(each, findings));
    request_validators.values().for_each(|each| request_validator(each, findings));
    gateway_responses.values().for_each(gateway_response);
    authorizers.values().for_each(authorizer);
}

/// Whether the listener's own TLS (1.2 and newer, forward secrecy, authenticated encryption) is what the policy asks for.
fn listener_meets(policy: SecurityPolicy) -> bool {
    match policy {
        SecurityPolicy::Tls10
        | SecurityPolicy::Tls12
        | SecurityPolicy::SecurityPolicyTls1312202106
        | SecurityPolicy::SecurityPolicyTls132025Edge
        | SecurityPolicy::SecurityPolicyTls12Pfs2025Edge
        | SecurityPolicy::SecurityPolicyTls122018Edge => true,
        SecurityPolicy::SecurityPolicyTls1313202509
        | SecurityPolicy::SecurityPolicyTls1313Fips202509
        | SecurityPolicy::SecurityPolicyTls1312PfsPq202509
        | SecurityPolicy::SecurityPolicyTls1312FipsPq202509
        | SecurityPolicy::SecurityPolicyTls1312FipsPfsPq202509
        | SecurityPolicy::SecurityPolicyTls1312Ext2Pq202509
        | SecurityPolicy::SecurityPolicyTls1312Ext2FipsPq202509
        | SecurityPolicy::SecurityPolicyTls1312Pq202509 => false,
    }
}

fn endpoint_configuration_fields(configuration: &EndpointConfiguration, findings: &mut Findings) {
    let EndpointConfiguration { types, ip_address_type: _, vpc_endpoint_ids } = configuration;
    findings.block("endpointConfiguration.types PRIVATE", when(types.contains(&EndpointType::Private)));
    findings.note("EndpointConfiguration.vpcEndpointIds", when(!vpc_endpoint_ids.is_empty()));
}

fn model(model: &Model, _findings: &mut Findings) {
    let Model { id: _, name: _, content_type: _, description: _, schema: _ } = model;
}

fn request_validator(validator: &RequestValidator, _findings: &mut Findings) {
    let RequestValidator { id: _, name: _, validate_request_body: _, validate_request_parameters: _ } = validator;
}

fn gateway_response(response: &GatewayResponse) {
    let GatewayResponse { status_code: _, response_parameters: _, response_templates: _ } = response;
}

/// What an authorizer cannot do, every request to the methods that name it is told.
fn authorizer(authorizer: &Authorizer) {
    let Authorizer {
        id: _,
        name: _,
        kind: _,
        auth_type: _,
        authorizer_uri: _,
        authorizer_credentials: _,
        authorizer_result_ttl_in_seconds: _,
        identity_source: _,
        identity_validation_expression: _,
        provider_arns: _,
        jwt_configuration,
    } = authorizer;
    let Some(JwtConfiguration { issuers, default_algorithms: _ }) = jwt_configuration else { return };
    for JwtIssuer { issuer: _, audiences: _, additional_claims } in issuers {
        for JwtAdditionalClaim { claim_name: _, format: _, required: _, expected_values: _ } in additional_claims {}
    }
}

/// A resource is all path.
pub(crate) fn resource(resource: &Resource) {
    let Resource { id: _, parent_id: _, path_part: _, methods: _ } = resource;
}

/// The fields of a method itself.
pub(crate) fn method(method: &Method, findings: &mut Findings) {
    let Method {
        http_method: _,
        authorization_type,
        authorizer_id,
        authorization_scopes: _,
        // See `api_key`.
        api_key_required: _,
        operation_name,
        request_validator_id: _,
        request_parameters: _,
        request_models: _,
        responses,
        integration: _,
    } = method;
    let is_built = matches!(authorization_type.as_str(), AUTHORIZATION_NONE | AUTHORIZATION_AWS_IAM)
        || BUILT_TYPES.contains(&authorization_type.as_str());
    findings.block(format!("authorizationType {authorization_type}"), when(!is_built));
    let asks = BUILT_TYPES.contains(&authorization_type.as_str());
    findings.note("Method.authorizerId", when(authorizer_id.is_some() && !asks));
    findings.note("Method.operationName", some(operation_name));
    responses.values().for_each(method_response);
}

fn method_response(response: &MethodResponse) {
    let MethodResponse { response_parameters: _, response_models: _ } = response;
}

/// The fields of an integration.
pub(crate) fn integration(integration: &Integration, findings: &mut Findings) {
    let Integration {
        kind,
        http_method: _,
        uri: _,
        connection_type,
        connection_id: _,
        integration_target: _,
        credentials,
        request_parameters: _,
        request_templates: _,
        passthrough_behavior: _,
        content_handling: _,
        timeout_in_millis: _,
        cache_namespace: _,
        cache_key_parameters: _,
        response_transfer_mode,
        insecure_skip_verification: _,
        responses: _,
    } = integration;
    let proxies_function = *kind == IntegrationType::AwsProxy && lambda::is_lambda(integration);
    let linked = *connection_type == Some(ConnectionType::VpcLink);
    let of_aws = matches!(kind, IntegrationType::Aws | IntegrationType::AwsProxy);
    findings.block("integration.connectionType VPC_LINK", when(linked && of_aws));
    findings.block("integration.credentials", when(credentials.is_some() && !of_aws));
    let streams = *response_transfer_mode == Some(ResponseTransferMode::Stream);
    findings.block(
        "integration.responseTransferMode STREAM",
        when(streams && *kind != IntegrationType::HttpProxy && !proxies_function),
    );
}

/// The fields of an integration response.
pub(crate) fn integration_response(response: &IntegrationResponse) {
    let IntegrationResponse { selection_pattern: _, response_parameters: _, response_templates: _, content_handling: _ } =
        response;
}

/// The fields of a stage: those that are set and do nothing. None blocks.
pub(crate) fn stage(stage: &Stage) -> Vec<&'static str> {
    let Stage {
        name: _,
        deployment_id: _,
        created: _,
        last_updated: _,
        description,
        variables: _,
        method_settings,
        cache_cluster_enabled: _,
        cache_cluster_size: _,
        canary_settings,
        access_log_settings,
        client_certificate_id: _,
        documentation_version,
        tracing_enabled: _,
        usage_plans,
        tags,
    } = stage;
    let mut all = Findings::default();
    all.note("Stage.description", some(description));
    all.note("Stage.documentationVersion", some(documentation_version));
    all.note("Stage.usagePlans", when(!usage_plans.is_empty()));
    all.note("Stage.tags", when(!tags.is_empty()));
    // One without the other logs nothing, and publishing says so.
    if let Some(AccessLogSettings { destination_arn: _, format: _ }) = access_log_settings {}
    if let Some(canary) = canary_settings {
        let CanarySettings { deployment_id: _, percent_traffic: _, stage_variable_overrides: _, use_stage_cache: _ } = canary;
    }
    method_settings.values().for_each(method_setting);
    all.inert.sort_unstable();
    all.inert.dedup();
    all.inert
}

fn method_setting(setting: &MethodSetting) {
    let MethodSetting {
        metrics_enabled: _,
        logging_level: _,
        data_trace_enabled: _,
        throttling_burst_limit: _,
        throttling_rate_limit: _,
        caching_enabled: _,
        cache_ttl_in_seconds: _,
        cache_data_encrypted: _,
        require_authorization_for_cache_control: _,
        unauthorized_cache_control_header_strategy: _,
    } = setting;
}

#[cfg(test)]
mod tests;
