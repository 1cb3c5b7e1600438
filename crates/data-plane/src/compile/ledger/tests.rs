//! Every stored field has a row, and a blocking one refuses what it concerns.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use postern_api_model::apigateway::ApiKeySourceType;
use postern_api_model::apigateway::{
    AuthorizerType, CacheClusterSize, ContentHandlingStrategy, GatewayResponseType, IpAddressType, JwtClaimFormat,
};

use super::*;

/// Every field that serde writes for a value with everything set.
fn keys(name: &str, json: serde_json::Result<serde_json::Value>) -> Vec<String> {
    let json = json.unwrap();
    json.as_object().unwrap().keys().map(|key| format!("{name}.{}", aws_name(name, key))).collect()
}

/// Stored names are AWS's in snake case, but for a few.
fn aws_name(owner: &str, stored: &str) -> String {
    match (owner, stored) {
        ("Integration" | "Authorizer", "kind") => "type".to_owned(),
        ("Authorizer", "provider_arns") => "providerARNs".to_owned(),
        _ => {
            let mut parts = stored.split('_');
            let first = parts.next().unwrap().to_owned();
            parts.fold(first, |name, part| name + &part[..1].to_uppercase() + &part[1..])
        }
    }
}

fn integration_sample() -> Integration {
    Integration {
        kind: IntegrationType::HttpProxy,
        http_method: Some("GET".into()),
        uri: Some("http://b/".into()),
        connection_type: Some(ConnectionType::Internet),
        connection_id: Some("x".into()),
        integration_target: Some("x".into()),
        credentials: Some("x".into()),
        request_parameters: [("a".to_owned(), "b".to_owned())].into(),
        request_templates: [("a".to_owned(), "b".to_owned())].into(),
        passthrough_behavior: "NEVER".into(),
        content_handling: Some(ContentHandlingStrategy::ConvertToText),
        timeout_in_millis: 50,
        cache_namespace: "x".into(),
        cache_key_parameters: vec!["x".into()],
        response_transfer_mode: Some(ResponseTransferMode::Buffered),
        insecure_skip_verification: Some(true),
        responses: BTreeMap::new(),
    }
}

fn definition_sample() -> Definition {
    Definition {
        name: "x".into(),
        description: Some("x".into()),
        version: Some("x".into()),
        api_key_source: ApiKeySourceType::Header,
        binary_media_types: vec!["*/*".into()],
        minimum_compression_size: Some(0),
        disable_execute_api_endpoint: true,
        endpoint_configuration: endpoint_sample(),
        policy: Some("{}".into()),
        security_policy: Some(SecurityPolicy::SecurityPolicyTls1313202509),
        endpoint_access_mode: Some(EndpointAccessMode::Strict),
        root_resource_id: "root".into(),
        resources: BTreeMap::new(),
        models: BTreeMap::new(),
        request_validators: BTreeMap::new(),
        gateway_responses: [(GatewayResponseType::Default4xx, gateway_response_sample())].into(),
        authorizers: [("a".to_owned(), authorizer_sample())].into(),
    }
}

fn endpoint_sample() -> EndpointConfiguration {
    EndpointConfiguration {
        types: vec![EndpointType::Private],
        ip_address_type: IpAddressType::Dualstack,
        vpc_endpoint_ids: vec!["x".into()],
    }
}

fn claim_sample() -> JwtAdditionalClaim {
    JwtAdditionalClaim {
        claim_name: "x".into(),
        format: JwtClaimFormat::SingleString,
        required: Some(true),
        expected_values: Some(vec!["x".into()]),
    }
}

fn issuer_sample() -> JwtIssuer {
    JwtIssuer { issuer: "https://x".into(), audiences: vec!["x".into()], additional_claims: vec![claim_sample()] }
}

fn jwt_sample() -> JwtConfiguration {
    JwtConfiguration { issuers: vec![issuer_sample()], default_algorithms: Vec::new() }
}

fn authorizer_sample() -> Authorizer {
    Authorizer {
        id: "a".into(),
        name: "x".into(),
        kind: AuthorizerType::Jwt,
        auth_type: Some("x".into()),
        authorizer_uri: Some("x".into()),
        authorizer_credentials: Some("x".into()),
        authorizer_result_ttl_in_seconds: Some(0),
        identity_source: Some("x".into()),
        identity_validation_expression: Some("x".into()),
        provider_arns: vec!["x".into()],
        jwt_configuration: Some(jwt_sample()),
    }
}

fn gateway_response_sample() -> GatewayResponse {
    GatewayResponse { status_code: Some("400".into()), ..GatewayResponse::default() }
}

fn method_sample() -> Method {
    Method {
        http_method: "GET".into(),
        authorization_type: "CUSTOM".into(),
        authorizer_id: Some("x".into()),
        authorization_scopes: vec!["x".into()],
        api_key_required: true,
        operation_name: Some("x".into()),
        request_validator_id: Some("x".into()),
        request_parameters: [("a".to_owned(), true)].into(),
        request_models: [("a".to_owned(), "b".to_owned())].into(),
        responses: BTreeMap::new(),
        integration: Some(integration_sample()),
    }
}

fn canary_sample() -> CanarySettings {
    CanarySettings {
        deployment_id: "d".into(),
        percent_traffic: 10.0,
        stage_variable_overrides: [("a".to_owned(), "b".to_owned())].into(),
        use_stage_cache: true,
    }
}

fn setting_sample() -> MethodSetting {
    MethodSetting {
        metrics_enabled: true,
        logging_level: Some("INFO".into()),
        data_trace_enabled: true,
        caching_enabled: true,
        throttling_rate_limit: 1.0,
        throttling_burst_limit: 2,
        ..MethodSetting::default()
    }
}

fn stage_sample() -> Stage {
    Stage {
        name: "s".into(),
        deployment_id: "d".into(),
        created: 0,
        last_updated: 0,
        description: Some("x".into()),
        variables: [("a".to_owned(), "b".to_owned())].into(),
        method_settings: [("*/*".to_owned(), setting_sample())].into(),
        cache_cluster_enabled: true,
        cache_cluster_size: Some(CacheClusterSize::V05),
        canary_settings: Some(canary_sample()),
        access_log_settings: Some(access_log_sample()),
        client_certificate_id: Some("x".into()),
        documentation_version: Some("x".into()),
        tracing_enabled: true,
        usage_plans: ["p".to_owned()].into(),
        tags: [("a".to_owned(), "b".to_owned())].into(),
    }
}

fn access_log_sample() -> AccessLogSettings {
    AccessLogSettings { destination_arn: Some("x".into()), format: Some("x".into()) }
}

#[test]
fn the_table_has_every_stored_field_once() {
    let resource = Resource { id: "r".into(), parent_id: Some("p".into()), path_part: "x".into(), methods: BTreeMap::new() };
    let model =
        Model { id: "m".into(), name: "m".into(), content_type: "x".into(), description: Some("x".into()), schema: "{}".into() };
    let validator = RequestValidator {
        id: "v".into(),
        name: Some("v".into()),
        validate_request_body: true,
        validate_request_parameters: true,
    };
    let response = IntegrationResponse {
        selection_pattern: Some("x".into()),
        response_parameters: [("a".to_owned(), "b".to_owned())].into(),
        response_templates: Some([("a".to_owned(), "b".to_owned())].into()),
        content_handling: Some(ContentHandlingStrategy::ConvertToText),
    };
    let stored: Vec<String> = [
        keys("RestApi", serde_json::to_value(definition_sample())),
        keys("EndpointConfiguration", serde_json::to_value(endpoint_sample())),
        keys("Resource", serde_json::to_value(&resource)),
        keys("Method", serde_json::to_value(method_sample())),
        keys("MethodResponse", serde_json::to_value(MethodResponse::default())),
        keys("Integration", serde_json::to_value(integration_sample())),
        keys("IntegrationResponse", serde_json::to_value(&response)),
        keys("GatewayResponse", serde_json::to_value(gateway_response_sample())),
        keys("Stage", serde_json::to_value(stage_sample())),
        keys("MethodSetting", serde_json::to_value(setting_sample())),
        keys("CanarySettings", serde_json::to_value(canary_sample())),
        keys("AccessLogSettings", serde_json::to_value(access_log_sample())),
        keys("Model", serde_json::to_value(&model)),
        keys("RequestValidator", serde_json::to_value(&validator)),
        keys("Authorizer", serde_json::to_value(authorizer_sample())),
        keys("JwtConfiguration", serde_json::to_value(jwt_sample())),
        keys("JwtIssuer", serde_json::to_value(issuer_sample())),
        keys("JwtAdditionalClaim", serde_json::to_value(claim_sample())),
    ]
    .concat();
    let listed: Vec<String> = field_ledger().iter().map(|entry| entry.field.to_owned()).collect();
    let (stored_set, listed_set): (BTreeSet<_>, BTreeSet<_>) = (stored.iter().collect(), listed.iter().collect());
    assert_eq!(listed.len(), listed_set.len(), "a field is listed twice");
    assert_eq!(listed_set.difference(&stored_set).collect::<Vec<_>>(), Vec::<&&String>::new(), "listed and not stored");
    assert_eq!(stored_set.difference(&listed_set).collect::<Vec<_>>(), Vec::<&&String>::new(), "stored and not listed");
}

#[test]
fn what_blocks_an_api() {
    let mut findings = Findings::default();
    definition(&definition_sample(), &mut findings);
    let expected =
        ["securityPolicy SecurityPolicy_TLS13_1_3_2025_09", "endpointAccessMode STRICT", "endpointConfiguration.types PRIVATE"];
    assert_eq!(findings.blocking, expected);
}

#[test]
fn what_blocks_a_method() {
    let mut findings = Findings::default();
    method(&Method { authorization_type: "OTHER".into(), ..method_sample() }, &mut findings);
    assert_eq!(findings.blocking, ["authorizationType OTHER"]);
    let mut findings = Findings::default();
    method(&method_sample(), &mut findings);
    assert!(findings.blocking.is_empty(), "{findings:?}");
    let mut findings = Findings::default();
    let mut sample = integration_sample();
    sample.connection_type = Some(ConnectionType::VpcLink);
    integration(&sample, &mut findings);
    assert_eq!(findings.blocking, ["integration.credentials"]);
    let mut findings = Findings::default();
    let uri = Some("arn:aws:apigateway:us-east-1:firehose:action/PutRecord".to_owned());
    let response_transfer_mode = Some(ResponseTransferMode::Stream);
    let firehose = Integration { kind: IntegrationType::AwsProxy, credentials: None, uri, response_transfer_mode, ..sample };
    integration(&firehose, &mut findings);
    assert_eq!(findings.blocking, ["integration.connectionType VPC_LINK", "integration.responseTransferMode STREAM"]);
}

#[test]
fn what_a_stage_says_to_no_effect() {
    let inert = stage(&stage_sample());
    assert!(inert.contains(&"Stage.usagePlans"), "{inert:?}");
}
