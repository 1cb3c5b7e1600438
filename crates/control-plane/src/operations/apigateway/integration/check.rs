//! What makes an integration acceptable.

use postern_api_model::apigateway::{ConnectionType, IntegrationType, ResponseTransferMode};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{Integration, Method};

use super::super::{mapping, method};

/// AWS's bounds on `timeoutInMillis`.
const TIMEOUT_MS: std::ops::RangeInclusive<i32> = 50..=29_000;
/// Those of an answer that streams, which may take 15 minutes (AWS docs, "Stream the integration response").
const STREAM_TIMEOUT_MS: std::ops::RangeInclusive<i32> = 50..=900_000;
/// AWS's bound on a mapping template, "Amazon API Gateway quotas": 300 KB.
pub(in super::super) const TEMPLATE_BYTES_MAX: usize = 300 * 1024;
const PASSTHROUGH_BEHAVIORS: [&str; 3] = ["WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"];
/// Stands in for `{name}` and `${stageVariables.name}` while the rest of a URI is checked.
const PLACEHOLDER: char = 'x';

/// Checks the members that depend on each other. Parameters are checked by [`check_parameters`], cache keys by
/// [`check_cache_keys`].
pub(super) fn check(integration: &Integration) -> ApiResult<()> {
    check_backend(integration)?;
    if integration.credentials.as_deref().is_some_and(|credentials| !credentials.starts_with("arn:")) {
        return Err(invalid_arn());
    }
    if integration.connection_type == Some(ConnectionType::VpcLink) && integration.connection_id.is_none() {
        return Err(ApiError::bad_request(
            "ConnectionId should be set to the vpcLinkId or stage variable on connection type VPC_LINK",
        ));
    }
    integration.request_templates.values().try_for_each(|template| check_template(template))
}

/// Checks all mapping expressions, which may read what the method declares.
pub(super) fn check_parameters(integration: &Integration, method: &Method) -> ApiResult<()> {
    mapping::check_integration_request(&integration.request_parameters, method)
}

/// The verb and the address, which every type but MOCK needs.
fn check_backend(integration: &Integration) -> ApiResult<()> {
    if integration.kind == IntegrationType::Mock {
        return integration.http_method.as_deref().map_or(Ok(()), method::check_verb);
    }
    let verb = integration.http_method.as_deref();
    method::check_verb(verb.ok_or_else(|| ApiError::bad_request("Enumeration value for HttpMethod must be non-empty"))?)?;
    let uri = integration.uri.as_deref().unwrap_or_default();
    match integration.kind {
        IntegrationType::Aws | IntegrationType::AwsProxy => check_aws_uri(uri, integration),
        _ if is_http_uri(uri) => Ok(()),
        _ => Err(ApiError::bad_request("Invalid HTTP endpoint specified for URI")),
    }
}

/// `arn:{partition}:apigateway:{region}:{service}:{path|action}/{rest}`.
fn check_aws_uri(uri: &str, integration: &Integration) -> ApiResult<()> {
    let fields: Vec<&str> = uri.splitn(6, ':').collect();
    let ["arn", _, owner, _, service, target] = fields[..] else { return Err(invalid_arn()) };
    if owner != "apigateway" || !(target.starts_with("path/") || target.starts_with("action/")) {
        return Err(ApiError::bad_request("AWS ARN for integration must contain path or action"));
    }
    let is_proxy = integration.kind == IntegrationType::AwsProxy;
    if is_proxy && !matches!(service, "lambda" | "firehose") {
        return Err(ApiError::bad_request(
            "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.",
        ));
    }
    // A function can permit its callers itself; every other service wants a role.
    if service != "lambda" && integration.credentials.is_none() {
        return Err(ApiError::bad_request("Role ARN must be specified for AWS integrations"));
    }
    Ok(())
}

fn invalid_arn() -> ApiError {
    ApiError::bad_request("Invalid ARN specified in the request")
}

/// Whether `http://` or `https://`, a host and perhaps a port, then anything that a URI may hold. Placeholders may stand
/// anywhere after the scheme.
fn is_http_uri(uri: &str) -> bool {
    let Some(uri) = without_placeholders(uri) else { return false };
    let Some((scheme, rest)) = uri.split_once("://") else { return false };
    if !(scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")) {
        return false;
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_uri_character = |c: char| !(c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '\\'));
    is_authority(authority) && rest.chars().all(is_uri_character)
}

fn is_authority(authority: &str) -> bool {
    // The last colon outside of an IPv6 address's brackets begins the port.
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let is_port = |port: &str| port.contains(PLACEHOLDER) || port.parse::<u16>().is_ok();
    let is_host_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~[]:".contains(&byte);
    !host.is_empty() && host.bytes().all(is_host_byte) && port.is_none_or(is_port)
}

/// The text with every `{name}` and `${stageVariables.name}` replaced; `None` when a brace has no partner.
fn without_placeholders(text: &str) -> Option<String> {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find(['{', '}']) {
        let name = rest[open..].strip_prefix('{')?;
        let close = name.find(['{', '}']).filter(|close| *close > 0 && name[*close..].starts_with('}'))?;
        let before = &rest[..open];
        let is_variable = name[..close].starts_with("stageVariables.");
        masked.push_str(if is_variable { before.strip_suffix('$')? } else { before });
        masked.push(PLACEHOLDER);
        rest = &name[close + 1..];
    }
    masked.push_str(rest);
    Some(masked)
}

/// Checks the cache keys that were not there `before`: each is a parameter that the method declares, or one that the
/// integration fills.
pub(super) fn check_cache_keys(integration: &Integration, before: &[String], method: &Method) -> ApiResult<()> {
    let is_parameter =
        |key: &String| method.request_parameters.contains_key(key) || integration.request_parameters.contains_key(key);
    if integration.cache_key_parameters.iter().filter(|key| !is_parameter(key)).all(|key| before.contains(key)) {
        return Ok(());
    }
    Err(ApiError::bad_request("Invalid cache key parameter specified"))
}

/// Also for the templates of an integration response.
pub(in super::super) fn check_template(template: &str) -> ApiResult<()> {
    if template.len() <= TEMPLATE_BYTES_MAX {
        return Ok(());
    }
    Err(ApiError::bad_request(format!("Mapping template exceeds the maximum size of {TEMPLATE_BYTES_MAX} bytes")))
}

/// The behaviour in capitals; imports are recorded to take it in any case.
pub(super) fn passthrough_behavior(text: &str) -> ApiResult<String> {
    let known = PASSTHROUGH_BEHAVIORS.iter().find(|known| known.eq_ignore_ascii_case(text));
    known.map(|known| (*known).to_owned()).ok_or_else(|| {
        let options = PASSTHROUGH_BEHAVIORS.join(",");
        ApiError::bad_request(format!("Invalid PassthroughBehavior specified. Valid options are {options}"))
    })
}

/// A timeout within AWS's bounds.
pub(super) fn timeout(millis: i32, transfer: Option<ResponseTransferMode>) -> ApiResult<u32> {
    let bounds = if transfer == Some(ResponseTransferMode::Stream) { STREAM_TIMEOUT_MS } else { TIMEOUT_MS };
    let allowed = Some(millis).filter(|millis| bounds.contains(millis)).and_then(|millis| u32::try_from(millis).ok());
    allowed.ok_or_else(|| {
        let text = format!("Timeout should be between {} ms and {} ms", bounds.start(), bounds.end());
        ApiError::bad_request(text)
    })
}
