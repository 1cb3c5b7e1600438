//! Integrations as tables: what is taken, what is refused and with which text, and every PATCH path.

#![allow(clippy::unwrap_used)]

use postern_api_model::apigateway::Op::{self, Add, Move, Remove, Replace};
use postern_api_model::apigateway::{ContentHandlingStrategy, ResponseTransferMode};

use super::*;
use crate::operations::apigateway::method::fixture::{self, ROOT, definition, map, patches, refusal};

const LAMBDA: &str =
    "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:0:function:f/invocations";
const ROLE: &str = "arn:aws:iam::000000000000:role/r";

fn input(kind: IntegrationType, uri: &str) -> PutIntegrationInput {
    PutIntegrationInput {
        integration_http_method: Some("POST".to_owned()),
        uri: Some(uri.to_owned()),
        ..fixture::put_integration(kind)
    }
}

fn http() -> PutIntegrationInput {
    input(IntegrationType::HttpProxy, "http://example.com/{id}")
}

fn mock() -> PutIntegrationInput {
    fixture::put_integration(IntegrationType::Mock)
}

/// [`definition`] whose method declares a path parameter.
fn declared() -> Definition {
    let mut definition = definition();
    let method = method::find_mut(&mut definition, ROOT, "GET").unwrap();
    method.request_parameters.insert("method.request.path.id".to_owned(), true);
    definition
}

fn update(definition: &mut Definition, operations: &[(Op, &str, Option<&str>)]) -> ApiResult<Shown> {
    update_in(definition, ROOT, "GET", &patches(operations))
}

#[test]
fn defaults_depend_on_the_type() {
    let connection = Some(ConnectionType::Internet);
    for (input, http_method, connection_type) in [
        (http(), Some("POST"), connection),
        (input(IntegrationType::Http, "https://example.com"), Some("POST"), connection),
        (input(IntegrationType::AwsProxy, LAMBDA), Some("POST"), None),
        (input(IntegrationType::Aws, LAMBDA), Some("POST"), None),
        (mock(), None, None),
    ] {
        let expected = Shown {
            cache_key_parameters: Some(Vec::new()),
            cache_namespace: Some(ROOT.to_owned()),
            connection_type,
            http_method: http_method.map(str::to_owned),
            passthrough_behavior: Some("WHEN_NO_MATCH".to_owned()),
            timeout_in_millis: Some(29_000),
            r#type: Some(input.r#type),
            uri: input.uri.clone(),
            ..Default::default()
        };
        let mut definition = definition();
        assert_eq!(put_in(&mut definition, &input).unwrap(), expected);
        assert_eq!(show_one(find(method::find(&definition, ROOT, "GET").unwrap()).unwrap()), expected);
    }
}

#[test]
fn what_was_sent_is_shown() {
    let sent = PutIntegrationInput {
        connection_type: Some(ConnectionType::VpcLink),
        connection_id: Some("${stageVariables.vpcLinkId}".to_owned()),
        integration_target: Some("arn:aws:elasticloadbalancing:eu-west-1:0:listener/app/a/b/c".to_owned()),
        credentials: Some(ROLE.to_owned()),
        request_parameters: Some(map([("integration.request.path.id", "method.request.path.id")])),
        request_templates: Some(map([("application/json", "{}"), ("text/plain", "")])),
        passthrough_behavior: Some("never".to_owned()),
        content_handling: Some(ContentHandlingStrategy::ConvertToText),
        timeout_in_millis: Some(50),
        cache_namespace: Some("shared".to_owned()),
        cache_key_parameters: Some(vec!["method.request.path.id".to_owned()]),
        response_transfer_mode: Some(ResponseTransferMode::Stream),
        tls_config: Some(TlsConfig { insecure_skip_verification: None }),
        ..http()
    };
    let expected = Shown {
        r#type: Some(IntegrationType::HttpProxy),
        http_method: Some("POST".to_owned()),
        uri: sent.uri.clone(),
        connection_type: sent.connection_type,
        connection_id: sent.connection_id.clone(),
        integration_target: sent.integration_target.clone(),
        credentials: sent.credentials.clone(),
        request_parameters: sent.request_parameters.clone(),
        request_templates: sent.request_templates.clone(),
        passthrough_behavior: Some("NEVER".to_owned()),
        content_handling: sent.content_handling,
        timeout_in_millis: Some(50),
        cache_namespace: Some("shared".to_owned()),
        cache_key_parameters: sent.cache_key_parameters.clone(),
        response_transfer_mode: sent.response_transfer_mode,
        tls_config: Some(TlsConfig { insecure_skip_verification: Some(false) }),
        integration_responses: None,
    };
    assert_eq!(put_in(&mut declared(), &sent).unwrap(), expected);
}

#[test]
fn a_mock_keeps_neither_verb_nor_address() {
    let sent = PutIntegrationInput { r#type: IntegrationType::Mock, ..http() };
    assert!(sent.integration_http_method.is_some() && sent.uri.is_some());
    let mut definition = definition();
    let shown = put_in(&mut definition, &sent).unwrap();
    assert_eq!((&shown.http_method, &shown.uri), (&None, &None));
    assert_eq!(shown, put_in(&mut definition, &mock()).unwrap());
    let refused = put_in(&mut definition, &PutIntegrationInput { integration_http_method: Some("FETCH".to_owned()), ..sent });
    assert!(refused.is_err(), "what is dropped is checked first");
}

#[test]
fn a_put_replaces_the_integration_and_its_responses() {
    let mut definition = definition();
    put_in(&mut definition, &PutIntegrationInput { request_templates: Some(map([("a/b", "c")])), ..mock() }).unwrap();
    let method = method::find_mut(&mut definition, ROOT, "GET").unwrap();
    method.integration.as_mut().unwrap().responses.insert("200".to_owned(), Default::default());
    assert!(show_one(find(method).unwrap()).integration_responses.is_some());
    let shown = put_in(&mut definition, &mock()).unwrap();
    assert_eq!((shown.integration_responses, shown.request_templates), (None, None));
}

#[test]
fn addresses() {
    use IntegrationType::{Aws, AwsProxy, Http, HttpProxy};
    let endpoint = "Invalid HTTP endpoint specified for URI";
    let arn = "Invalid ARN specified in the request";
    let target = "AWS ARN for integration must contain path or action";
    let proxy = "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.";
    let role = "Role ARN must be specified for AWS integrations";
    for (kind, uri, expected) in [
        (Http, "http://example.com", ""),
        (Http, "HTTPS://example.com:8443/a/b?c=d&e=%20", ""),
        (HttpProxy, "http://127.0.0.1:1/{proxy}", ""),
        (HttpProxy, "http://[::1]:8080/", ""),
        (HttpProxy, "http://[::1]", ""),
        (HttpProxy, "https://${stageVariables.host}:${stageVariables.port}/v1/{id}", ""),
        (HttpProxy, "https://{host}/", ""),
        (HttpProxy, "https://my_service.internal/", ""),
        (Http, "", endpoint),
        (Http, "example.com", endpoint),
        (Http, "ftp://example.com", endpoint),
        (Http, "http://", endpoint),
        (Http, "http:///path", endpoint),
        (Http, "http://:80/", endpoint),
        (Http, "http://example.com:99999/", endpoint),
        (Http, "http://example.com:http/", endpoint),
        (Http, "http://example.com/a b", endpoint),
        (Http, "http://exa mple.com/", endpoint),
        (Http, "http://user@example.com/", endpoint),
        (Http, "http://example.com/{id", endpoint),
        (Http, "http://example.com/id}", endpoint),
        (Http, "http://example.com/{}", endpoint),
        (Http, "http://example.com/{stageVariables.name}", endpoint),
        (Http, "http://example.com/\r\nHost:a", endpoint),
        (Http, LAMBDA, endpoint),
        (Aws, LAMBDA, ""),
        (AwsProxy, LAMBDA, ""),
        (AwsProxy, "arn:aws-cn:apigateway:cn-north-1:lambda:path/2021-11-15/functions/${stageVariables.f}/invocations", ""),
        (Aws, "http://example.com", arn),
        (Aws, "", arn),
        (Aws, "arn:aws:s3", arn),
        (Aws, "arn:aws:lambda:eu-west-1:0:function:f", target),
        (Aws, "arn:aws:s3:::path/b", target),
        (Aws, "arn:aws:apigateway:eu-west-1:sns:publish", target),
        (Aws, "arn:aws:apigateway:eu-west-1:s3:path/bucket/key", role),
        (Aws, "arn:aws:apigateway:eu-west-1:sns:action/Publish", role),
        (AwsProxy, "arn:aws:apigateway:eu-west-1:dynamodb:action/Query", proxy),
        (AwsProxy, "arn:aws:apigateway:eu-west-1:firehose:action/PutRecord", role),
    ] {
        let result = put_in(&mut definition(), &input(kind, uri));
        let got = result.map_or_else(|error| error.message, |_| String::new());
        assert_eq!(got, expected, "{kind} {uri}");
    }
    let with_role = PutIntegrationInput {
        credentials: Some(ROLE.to_owned()),
        ..input(Aws, "arn:aws:apigateway:eu-west-1:sns:action/Publish")
    };
    assert_eq!(put_in(&mut definition(), &with_role).unwrap().credentials.as_deref(), Some(ROLE));
}

#[test]
fn refused_puts() {
    let timeout = "Timeout should be between 50 ms and 29000 ms";
    let connection = "ConnectionId should be set to the vpcLinkId or stage variable on connection type VPC_LINK";
    let with = |change: fn(&mut PutIntegrationInput)| {
        let mut input = http();
        change(&mut input);
        input
    };
    for (input, status, text) in [
        (with(|i| i.resource_id = "gone00".to_owned()), 404, "Invalid Resource identifier specified"),
        (with(|i| i.http_method = "PUT".to_owned()), 404, "Invalid Method identifier specified"),
        (with(|i| i.integration_http_method = None), 400, "Enumeration value for HttpMethod must be non-empty"),
        (with(|i| i.integration_http_method = Some(String::new())), 400, "Enumeration value for HttpMethod must be non-empty"),
        (
            with(|i| i.integration_http_method = Some("FETCH".to_owned())),
            400,
            "Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY",
        ),
        (with(|i| i.timeout_in_millis = Some(49)), 400, timeout),
        (with(|i| i.timeout_in_millis = Some(29_001)), 400, timeout),
        (with(|i| i.timeout_in_millis = Some(-1)), 400, timeout),
        (with(|i| i.connection_type = Some(ConnectionType::VpcLink)), 400, connection),
        (with(|i| i.credentials = Some("role".to_owned())), 400, "Invalid ARN specified in the request"),
        (
            with(|i| i.passthrough_behavior = Some("ALWAYS".to_owned())),
            400,
            "Invalid PassthroughBehavior specified. Valid options are WHEN_NO_MATCH,WHEN_NO_TEMPLATES,NEVER",
        ),
        (
            with(|i| i.cache_key_parameters = Some(vec!["method.request.path.other".to_owned()])),
            400,
            "Invalid cache key parameter specified",
        ),
        (
            with(|i| i.request_templates = Some([("a/b".to_owned(), "x".repeat(300 * 1024 + 1))].into_iter().collect())),
            400,
            "Mapping template exceeds the maximum size of 307200 bytes",
        ),
        (
            with(|i| i.request_parameters = Some(map([("integration.request.header.a", "notquoted")]))),
            400,
            "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression \
             specified: notquoted]",
        ),
        (
            with(|i| i.request_parameters = Some(map([("integration.request.path.id", "method.request.path.petId")]))),
            400,
            "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression \
             parameter specified: method.request.path.petId]",
        ),
    ] {
        let mut definition = declared();
        let before = definition.clone();
        assert_eq!(refusal(put_in(&mut definition, &input)), (status, text.to_owned()));
        assert_eq!(definition, before);
    }
    let largest = PutIntegrationInput {
        request_templates: Some([("a/b".to_owned(), "x".repeat(300 * 1024))].into_iter().collect()),
        ..http()
    };
    assert!(put_in(&mut definition(), &largest).is_ok());
}

#[test]
fn patches_change_their_member() {
    let mut definition = declared();
    put_in(&mut definition, &http()).unwrap();
    let shown = update(
        &mut definition,
        &[
            (Replace, "/cacheNamespace", Some("shared")),
            (Replace, "/connectionType", Some("VPC_LINK")),
            (Replace, "/connectionId", Some("abc123")),
            (Replace, "/contentHandling", Some("CONVERT_TO_BINARY")),
            (Replace, "/credentials", Some(ROLE)),
            (Replace, "/httpMethod", Some("ANY")),
            (Replace, "/integrationTarget", Some("arn:aws:b")),
            (Replace, "/passthroughBehavior", Some("WHEN_NO_TEMPLATES")),
            (Replace, "/responseTransferMode", Some("BUFFERED")),
            (Replace, "/timeoutInMillis", Some("12000")),
            (Replace, "/tlsConfig/insecureSkipVerification", Some("true")),
            (Replace, "/uri", Some("https://example.com/")),
            (Add, "/requestParameters/integration.request.header.a", Some("'1'")),
            (Replace, "/requestParameters/integration.request.header.a", Some("method.request.path.id")),
            (Add, "/requestTemplates/application~1json", Some("")),
            (Replace, "/requestTemplates/application~1json", Some("{}")),
            (Add, "/cacheKeyParameters/method.request.path.id", Some("")),
            (Add, "/cacheKeyParameters", Some("integration.request.header.a")),
            (Replace, "/cacheKeyParameters/method.request.path.id", Some("")),
        ],
    );
    let expected = Shown {
        r#type: Some(IntegrationType::HttpProxy),
        cache_namespace: Some("shared".to_owned()),
        connection_type: Some(ConnectionType::VpcLink),
        connection_id: Some("abc123".to_owned()),
        content_handling: Some(ContentHandlingStrategy::ConvertToBinary),
        credentials: Some(ROLE.to_owned()),
        http_method: Some("ANY".to_owned()),
        integration_target: Some("arn:aws:b".to_owned()),
        passthrough_behavior: Some("WHEN_NO_TEMPLATES".to_owned()),
        response_transfer_mode: Some(ResponseTransferMode::Buffered),
        timeout_in_millis: Some(12_000),
        tls_config: Some(TlsConfig { insecure_skip_verification: Some(true) }),
        uri: Some("https://example.com/".to_owned()),
        request_parameters: Some(map([("integration.request.header.a", "method.request.path.id")])),
        request_templates: Some(map([("application/json", "{}")])),
        cache_key_parameters: Some(vec!["method.request.path.id".to_owned(), "integration.request.header.a".to_owned()]),
        integration_responses: None,
    };
    assert_eq!(shown.unwrap(), expected);

    let shown = update(
        &mut definition,
        &[
            (Replace, "/connectionType", Some("INTERNET")),
            (Replace, "/connectionId", Some("")),
            (Replace, "/contentHandling", Some("")),
            (Replace, "/credentials", None),
            (Replace, "/integrationTarget", Some("")),
            (Replace, "/responseTransferMode", Some("")),
            (Replace, "/tlsConfig/insecureSkipVerification", Some("false")),
            (Remove, "/cacheKeyParameters/integration.request.header.a", Some("")),
            (Remove, "/cacheKeyParameters", Some("method.request.path.id")),
            (Remove, "/requestParameters/integration.request.header.a", Some("method.request.path.id")),
            (Remove, "/requestTemplates/application~1json", None),
        ],
    );
    let expected = Shown {
        connection_type: Some(ConnectionType::Internet),
        connection_id: None,
        content_handling: None,
        credentials: None,
        integration_target: None,
        response_transfer_mode: None,
        tls_config: Some(TlsConfig { insecure_skip_verification: Some(false) }),
        request_parameters: None,
        request_templates: None,
        cache_key_parameters: Some(Vec::new()),
        ..expected
    };
    assert_eq!(shown.unwrap(), expected);
    assert_eq!(update(&mut definition, &[]).unwrap(), expected);
    let shown = update(&mut definition, &[(Replace, "/cacheKeyParameters", Some("method.request.path.id"))]).unwrap();
    assert_eq!(shown.cache_key_parameters, Some(vec!["method.request.path.id".to_owned()]));
}

#[test]
fn a_parameter_that_goes_takes_its_cache_key_along() {
    let mut definition = declared();
    let input = PutIntegrationInput {
        request_parameters: Some(map([("integration.request.header.a", "'1'"), ("integration.request.header.b", "'2'")])),
        cache_key_parameters: Some(vec!["integration.request.header.a".to_owned(), "method.request.path.id".to_owned()]),
        ..fixture::put_integration(IntegrationType::Mock)
    };
    put_in(&mut definition, &input).unwrap();
    // Terraform removes the parameter first, and looks at the cache keys again before it goes on.
    let shown = update(&mut definition, &[(Remove, "/requestParameters/integration.request.header.a", Some("'1'"))]).unwrap();
    assert_eq!(shown.cache_key_parameters, Some(vec!["method.request.path.id".to_owned()]));
    // A key that went stale another way is in nobody's way.
    method::find_mut(&mut definition, ROOT, "GET").unwrap().request_parameters.clear();
    let shown = update(&mut definition, &[(Replace, "/timeoutInMillis", Some("50"))]).unwrap();
    assert_eq!(shown.cache_key_parameters, Some(vec!["method.request.path.id".to_owned()]));
}

#[test]
fn a_patch_of_something_else_does_not_trip_over_a_stale_mapping() {
    let mut definition = declared();
    let parameters = map([("integration.request.path.id", "method.request.path.id")]);
    put_in(&mut definition, &PutIntegrationInput { request_parameters: Some(parameters), ..http() }).unwrap();
    method::find_mut(&mut definition, ROOT, "GET").unwrap().request_parameters.clear();
    assert!(update(&mut definition, &[(Replace, "/timeoutInMillis", Some("1000"))]).is_ok());
    assert!(update(&mut definition, &[(Remove, "/requestParameters/integration.request.path.id", None)]).is_ok());
}

#[test]
fn refused_patches_change_nothing() {
    let only_replace = "Invalid patch operation specified. Must be one of: [replace]";
    let timeout = "Timeout should be between 50 ms and 29000 ms";
    let entry = "Invalid parameter name specified";
    let cache_key = "Invalid cache key parameter specified";
    for (operation, status, text) in [
        ((Replace, "/type", Some("MOCK")), 400, "Invalid patch path /type"),
        ((Replace, "/nothing", None), 400, "Invalid patch path /nothing"),
        ((Replace, "/tlsConfig", Some("true")), 400, "Invalid patch path /tlsConfig"),
        ((Replace, "/requestTemplates/application/json", Some("")), 400, "Invalid patch path /requestTemplates/application/json"),
        ((Add, "/uri", Some("http://example.com")), 400, only_replace),
        ((Remove, "/credentials", None), 400, only_replace),
        ((Remove, "/tlsConfig/insecureSkipVerification", None), 400, only_replace),
        ((Replace, "/uri", Some("nonsense")), 400, "Invalid HTTP endpoint specified for URI"),
        ((Replace, "/uri", None), 400, "Invalid HTTP endpoint specified for URI"),
        ((Replace, "/httpMethod", Some("")), 400, "Enumeration value for HttpMethod must be non-empty"),
        ((Replace, "/timeoutInMillis", Some("29001")), 400, timeout),
        ((Replace, "/timeoutInMillis", Some("soon")), 400, timeout),
        ((Replace, "/cacheNamespace", Some("")), 400, "Invalid cache namespace specified"),
        (
            (Replace, "/connectionType", Some("WIRE")),
            400,
            "Invalid ConnectionType specified. Valid options are INTERNET,VPC_LINK",
        ),
        (
            (Replace, "/connectionType", Some("VPC_LINK")),
            400,
            "ConnectionId should be set to the vpcLinkId or stage variable on connection type VPC_LINK",
        ),
        (
            (Replace, "/contentHandling", Some("KEEP")),
            400,
            "Invalid ContentHandling specified. Valid options are CONVERT_TO_BINARY,CONVERT_TO_TEXT",
        ),
        (
            (Replace, "/responseTransferMode", Some("DRIP")),
            400,
            "Invalid ResponseTransferMode specified. Valid options are BUFFERED,STREAM",
        ),
        ((Replace, "/credentials", Some("role")), 400, "Invalid ARN specified in the request"),
        ((Replace, "/requestTemplates/a~1b", Some("")), 404, entry),
        ((Remove, "/requestParameters/integration.request.header.a", None), 404, entry),
        ((Remove, "/cacheKeyParameters/method.request.path.id", Some("")), 404, entry),
        ((Remove, "/cacheKeyParameters", Some("method.request.path.id")), 404, entry),
        ((Add, "/cacheKeyParameters/method.request.path.other", Some("")), 400, cache_key),
        ((Add, "/cacheKeyParameters", None), 400, cache_key),
        (
            (Move, "/cacheKeyParameters", Some("a")),
            400,
            "Invalid patch operation specified. Must be one of: [add, remove, replace]",
        ),
        (
            (Add, "/requestParameters/integration.request.header.a", Some("b")),
            400,
            "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression \
             specified: b]",
        ),
    ] {
        let mut definition = declared();
        put_in(&mut definition, &http()).unwrap();
        let before = definition.clone();
        let operations = [(Replace, "/cacheNamespace", Some("changed")), operation];
        assert_eq!(refusal(update(&mut definition, &operations)), (status, text.to_owned()), "{operation:?}");
        assert_eq!(definition, before);
    }
    let mut definition = definition();
    put_in(&mut definition, &mock()).unwrap();
    for path in ["/uri", "/httpMethod"] {
        let refused = refusal(update(&mut definition, &[(Replace, path, Some("GET"))]));
        assert_eq!(refused, (400, format!("Invalid patch path {path}")));
    }
}

#[test]
fn what_is_missing_is_named_from_the_outside_in() {
    let mut definition = definition();
    for (resource_id, verb, text) in [
        ("gone00", "GET", "Invalid Resource identifier specified"),
        (ROOT, "PUT", "Invalid Method identifier specified"),
        (ROOT, "GET", "Invalid Integration identifier specified"),
    ] {
        let expected = (404, text.to_owned());
        assert_eq!(refusal(update_in(&mut definition, resource_id, verb, &[])), expected);
        assert_eq!(refusal(delete_in(&mut definition, resource_id, verb)), expected);
    }
    put_in(&mut definition, &mock()).unwrap();
    assert_eq!(delete_in(&mut definition, ROOT, "GET"), Ok(()));
    assert_eq!(refusal(delete_in(&mut definition, ROOT, "GET")).1, "Invalid Integration identifier specified");
}
