//! Mapping expressions: what a parameter may be filled from, and which parameters may be filled.
//!
//! Names follow AWS docs, "Request and response data mapping reference": `[a-zA-Z0-9._$-]+`. Every fault of one call is
//! reported together, in the validation result that the service prints as a Java list.

use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::java_pattern::{JavaPattern, PatternError};
use postern_api_model::rest_api::{Method, MethodResponse, OrderedMap};

const METHOD_REQUEST: &str = "method.request.";
const METHOD_RESPONSE_HEADER: &str = "method.response.header.";
const INTEGRATION_REQUEST: &str = "integration.request.";
const INTEGRATION_RESPONSE: &str = "integration.response.";
const GATEWAY_RESPONSE_HEADER: &str = "gatewayresponse.header.";

/// A source that is well formed but that the method does not declare, or a destination that the method response does not.
fn unknown_parameter(parameter: &str) -> String {
    format!("Invalid mapping expression parameter specified: {parameter}")
}

/// Text that is no expression of its place.
fn malformed(expression: &str) -> String {
    format!("Invalid mapping expression specified: {expression}")
}

/// Answers 400 with everything that was found, or nothing when there is nothing.
fn refuse(faults: &[String]) -> ApiResult<()> {
    if faults.is_empty() {
        return Ok(());
    }
    let faults = faults.join(", ");
    let text = format!("Invalid mapping expression specified: Validation Result: warnings : [], errors : [{faults}]");
    Err(ApiError::bad_request(text))
}

/// Refuses what is no regular expression of Java, in the service's text; what it would take and this gateway cannot match is named.
pub(super) fn check_pattern(pattern: &str) -> ApiResult<()> {
    const TEXT: &str = "Invalid regex pattern specified";
    match JavaPattern::compile(pattern) {
        Ok(_) => Ok(()),
        Err(PatternError::Invalid(_)) => Err(ApiError::bad_request(TEXT)),
        Err(PatternError::Unsupported(what)) => Err(ApiError::bad_request(format!("{TEXT}: {what}"))),
    }
}

/// Checks the keys of a method's `requestParameters`: `method.request.{location}.{name}`, each name in one location only.
pub(super) fn check_request_parameters<'a>(keys: impl Iterator<Item = &'a String> + Clone) -> ApiResult<()> {
    let faults: Vec<String> = keys.clone().filter(|key| request_parameter(key).is_none()).map(|key| malformed(key)).collect();
    refuse(&faults)?;
    let mut names: Vec<&str> = keys.filter_map(|key| request_parameter(key)).map(|(_, name)| name).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(ApiError::bad_request("Parameter names must be unique across querystring, header and path"));
    }
    Ok(())
}

/// The location and name in `method.request.{location}.{name}`.
fn request_parameter(expression: &str) -> Option<(&str, &str)> {
    let (location, name) = expression.strip_prefix(METHOD_REQUEST)?.split_once('.')?;
    let known = matches!(location, "header" | "querystring" | "path" | "multivalueheader" | "multivaluequerystring");
    (known && is_name(name)).then_some((location, name))
}

/// Checks the keys of a method response's `responseParameters`: `method.response.header.{name}`.
pub(super) fn check_response_parameters<'a>(keys: impl Iterator<Item = &'a String>) -> ApiResult<()> {
    let faults: Vec<String> = keys.filter(|key| !is_response_header(key)).map(|key| malformed(key)).collect();
    refuse(&faults)
}

fn is_response_header(key: &str) -> bool {
    key.strip_prefix(METHOD_RESPONSE_HEADER).is_some_and(is_name)
}

/// Checks an integration's `requestParameters` against what the method declares.
pub(super) fn check_integration_request(parameters: &OrderedMap<String>, method: &Method) -> ApiResult<()> {
    let mut faults = Vec::new();
    for (destination, source) in parameters {
        if !is_integration_destination(destination) {
            faults.push(malformed(destination));
        }
        faults.extend(request_source_fault(source, method));
    }
    refuse(&faults)
}

/// Whether `integration.request.{header|querystring|path}.{name}`.
fn is_integration_destination(key: &str) -> bool {
    let place = key.strip_prefix(INTEGRATION_REQUEST).and_then(|place| place.split_once('.'));
    place.is_some_and(|(location, name)| matches!(location, "header" | "querystring" | "path") && is_name(name))
}

fn request_source_fault(source: &str, method: &Method) -> Option<String> {
    if is_common_source(source) || source.strip_prefix(METHOD_REQUEST).is_some_and(is_body) {
        return None;
    }
    let Some((location, name)) = request_parameter(source) else { return Some(malformed(source)) };
    let declared = &method.request_parameters;
    // The multi-value form reads a parameter that is declared in the plain form.
    let plain = location.strip_prefix("multivalue").map(|plain| format!("{METHOD_REQUEST}{plain}.{name}"));
    let known = declared.contains_key(source) || plain.is_some_and(|plain| declared.contains_key(&plain));
    (!known).then(|| unknown_parameter(source))
}

/// Checks an integration response's `responseParameters` against the method response of its status.
pub(super) fn check_integration_response(
    parameters: &OrderedMap<String>,
    method_response: Option<&MethodResponse>,
) -> ApiResult<()> {
    if parameters.is_empty() {
        return Ok(());
    }
    let Some(method_response) = method_response else {
        return refuse(&["No method response exists for method.".to_owned()]);
    };
    let mut faults = Vec::new();
    for (destination, source) in parameters {
        if !is_response_header(destination) {
            faults.push(malformed(destination));
        } else if !method_response.response_parameters.contains_key(destination) {
            faults.push(unknown_parameter(destination));
        }
        if !is_response_source(source) {
            faults.push(malformed(source));
        }
    }
    refuse(&faults)
}

/// Checks a gateway response's `responseParameters`. It is made without an integration, and for any method, so that sources are
/// parts of the request which nobody has to declare.
pub(super) fn check_gateway_response(parameters: &OrderedMap<String>) -> ApiResult<()> {
    let is_destination = |key: &str| key.strip_prefix(GATEWAY_RESPONSE_HEADER).is_some_and(is_name);
    let mut faults = Vec::new();
    for (destination, source) in parameters {
        if !is_destination(destination) {
            faults.push(malformed(destination));
        }
        if !is_common_source(source) && request_parameter(source).is_none() {
            faults.push(malformed(source));
        }
    }
    refuse(&faults)
}

/// Checks where an authorizer reads a token from: one request header.
pub(super) fn check_identity_header(source: &str) -> ApiResult<()> {
    let is_header = request_parameter(source).is_some_and(|(location, _)| location == "header");
    if is_header { Ok(()) } else { refuse(&[malformed(source)]) }
}

/// Checks where an authorizer of type REQUEST reads identities from (AWS docs, "Input to an API Gateway Lambda authorizer").
pub(super) fn check_identity_sources<'a>(sources: impl Iterator<Item = &'a str>) -> ApiResult<()> {
    let is_source = |source: &str| {
        let is_parameter = request_parameter(source).is_some_and(|(location, _)| matches!(location, "header" | "querystring"));
        let name = source.strip_prefix("stageVariables.").or_else(|| source.strip_prefix("context."));
        is_parameter || name.is_some_and(is_name)
    };
    let faults: Vec<String> = sources.filter(|source| !is_source(source)).map(malformed).collect();
    refuse(&faults)
}

fn is_response_source(source: &str) -> bool {
    let place = source.strip_prefix(INTEGRATION_RESPONSE);
    let is_header = |place: &str| {
        let name = place.strip_prefix("header.").or_else(|| place.strip_prefix("multivalueheader."));
        name.is_some_and(is_name)
    };
    is_common_source(source) || place.is_some_and(|place| is_body(place) || is_header(place))
}

/// Sources of both directions: `'text'`, `stageVariables.{name}`, `context.{name}`.
fn is_common_source(source: &str) -> bool {
    let is_literal = source.len() >= 2 && source.starts_with('\'') && source.ends_with('\'');
    let name = source.strip_prefix("stageVariables.").or_else(|| source.strip_prefix("context."));
    is_literal || name.is_some_and(is_name)
}

/// `body`, or `body.` and a JSONPath without its `$.`.
fn is_body(place: &str) -> bool {
    place == "body" || place.strip_prefix("body.").is_some_and(|path| !path.is_empty())
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._$-".contains(&byte))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::operations::apigateway::method::fixture;

    /// What is left of a refusal once the part that every one has is cut off.
    fn faults(result: ApiResult<()>) -> String {
        let Err(error) = result else { return String::new() };
        assert_eq!((error.code, error.status), ("BadRequestException", 400));
        let prefix = "Invalid mapping expression specified: Validation Result: warnings : [], errors : [";
        error.message.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(']')).unwrap_or(&error.message).to_owned()
    }

    #[test]
    fn method_request_parameters() {
        let unique = "Parameter names must be unique across querystring, header and path";
        for (keys, expected) in [
            (vec![], ""),
            (vec!["method.request.header.X-Key", "method.request.querystring.page", "method.request.path.id"], ""),
            (vec!["method.request.multivalueheader.a", "method.request.multivaluequerystring.b"], ""),
            (vec!["method.request.foo.bar"], "Invalid mapping expression specified: method.request.foo.bar"),
            (vec!["method.request.header."], "Invalid mapping expression specified: method.request.header."),
            (vec!["method.request.header"], "Invalid mapping expression specified: method.request.header"),
            (vec!["method.request.header.a b"], "Invalid mapping expression specified: method.request.header.a b"),
            (vec!["method.request.querystring.a[0]"], "Invalid mapping expression specified: method.request.querystring.a[0]"),
            (vec!["integration.request.path.a"], "Invalid mapping expression specified: integration.request.path.a"),
            (vec!["a", "b"], "Invalid mapping expression specified: a, Invalid mapping expression specified: b"),
            (vec!["method.request.header.id", "method.request.path.id"], unique),
        ] {
            let keys: Vec<String> = keys.into_iter().map(str::to_owned).collect();
            assert_eq!(faults(check_request_parameters(keys.iter())), expected, "{keys:?}");
        }
    }

    #[test]
    fn integration_requests() {
        let mut method = fixture::method("GET");
        for key in ["method.request.path.id", "method.request.querystring.page", "method.request.header.X"] {
            method.request_parameters.insert(key.to_owned(), true);
        }
        let to = "integration.request.header.a";
        for (destination, source, expected) in [
            (to, "method.request.path.id", ""),
            ("integration.request.path.id", "method.request.header.X", ""),
            ("integration.request.querystring.id", "method.request.multivaluequerystring.page", ""),
            (to, "method.request.multivalueheader.X", ""),
            (to, "method.request.body", ""),
            (to, "method.request.body.pets[0].name", ""),
            (to, "'text with spaces'", ""),
            (to, "''", ""),
            (to, "stageVariables.name", ""),
            (to, "context.identity.sourceIp", ""),
            (to, "method.request.header.x", "Invalid mapping expression parameter specified: method.request.header.x"),
            (to, "method.request.path.other", "Invalid mapping expression parameter specified: method.request.path.other"),
            (to, "notquoted", "Invalid mapping expression specified: notquoted"),
            (to, "\"*\"", "Invalid mapping expression specified: \"*\""),
            (to, "'", "Invalid mapping expression specified: '"),
            (to, "", "Invalid mapping expression specified: "),
            (to, "method.request.body.", "Invalid mapping expression specified: method.request.body."),
            (to, "integration.response.header.a", "Invalid mapping expression specified: integration.response.header.a"),
            ("integration.request.body", "'a'", "Invalid mapping expression specified: integration.request.body"),
            (
                "integration.request.multivalueheader.a",
                "'a'",
                "Invalid mapping expression specified: integration.request.multivalueheader.a",
            ),
            ("a", "b", "Invalid mapping expression specified: a, Invalid mapping expression specified: b"),
        ] {
            let parameters = fixture::map([(destination, source)]);
            assert_eq!(faults(check_integration_request(&parameters, &method)), expected, "{destination} {source}");
        }
    }

    #[test]
    fn integration_responses() {
        let mut declared = MethodResponse::default();
        declared.response_parameters.insert("method.response.header.a".to_owned(), false);
        let to = "method.response.header.a";
        for (destination, source, expected) in [
            (to, "'*'", ""),
            (to, "integration.response.header.Location", ""),
            (to, "integration.response.multivalueheader.Set-Cookie", ""),
            (to, "integration.response.body", ""),
            (to, "integration.response.body.errorMessage", ""),
            (to, "context.requestId", ""),
            (to, "stageVariables.origin", ""),
            (to, "method.request.header.a", "Invalid mapping expression specified: method.request.header.a"),
            (
                to,
                "integration.response.querystring.a",
                "Invalid mapping expression specified: integration.response.querystring.a",
            ),
            (to, "*", "Invalid mapping expression specified: *"),
            ("method.response.header.b", "'*'", "Invalid mapping expression parameter specified: method.response.header.b"),
            ("method.response.body.b", "'*'", "Invalid mapping expression specified: method.response.body.b"),
        ] {
            let parameters = fixture::map([(destination, source)]);
            let result = check_integration_response(&parameters, Some(&declared));
            assert_eq!(faults(result), expected, "{destination} {source}");
            assert_eq!(faults(check_integration_response(&parameters, None)), "No method response exists for method.");
        }
        assert_eq!(faults(check_integration_response(&OrderedMap::new(), None)), "");
    }
}
