//! Integration responses, joined with the method responses they become.

use http::{HeaderName, StatusCode};
use postern_api_model::rest_api::{IntegrationResponse, Method};
use regex::Regex;

use super::expression::{ExpressionError, ResponseSource};
use super::templates::{Accepted, Template};
use super::{Blocked, ledger};
use crate::content::Handling;
use crate::headers;

/// Bytes a compiled selection pattern may take, so that a definition cannot take the memory of all.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// The integration responses of one method, in ascending order of status, as AWS is reported to try them.
#[derive(Debug)]
pub(crate) struct Responses(Vec<CompiledResponse>);

/// One integration response.
#[derive(Debug)]
pub(crate) struct CompiledResponse {
    pub(crate) status: StatusCode,
    pattern: Pattern,
    /// Only those that the method response declares.
    pub(crate) headers: Vec<(HeaderName, ResponseSource)>,
    pub(crate) templates: Accepted<Template>,
    pub(crate) models: Accepted<()>,
    /// Of the body.
    pub(crate) handling: Handling,
    /// What of this response is not built yet.
    pub(crate) blocked: Option<Blocked>,
}

#[derive(Debug)]
enum Pattern {
    Default,
    Matches(Regex),
    /// AWS reports a pattern that does not compile when a request meets it.
    Invalid,
}

/// Why no response was chosen; for the log, the client sees AWS's 500.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SelectionError {
    NoMatch,
    InvalidPattern,
}

impl Responses {
    /// Compiles the responses of `method`.
    pub(crate) fn compile(method: &Method, label: &str) -> Self {
        let Some(integration) = &method.integration else { return Self(Vec::new()) };
        let compile = |(status, response): (&String, &IntegrationResponse)| {
            let code = StatusCode::from_bytes(status.as_bytes()).ok()?;
            Some(CompiledResponse::compile(code, status, response, method, label))
        };
        Self(integration.responses.iter().filter_map(compile).collect())
    }

    /// The response for an integration's status: the first whose pattern matches it whole, else the default.
    pub(crate) fn select(&self, status: StatusCode) -> Result<&CompiledResponse, SelectionError> {
        let mut default = None;
        for response in &self.0 {
            match &response.pattern {
                Pattern::Default => default = default.or(Some(response)),
                Pattern::Matches(pattern) if pattern.is_match(status.as_str()) => return Ok(response),
                Pattern::Matches(_) => {}
                Pattern::Invalid => return Err(SelectionError::InvalidPattern),
            }
        }
        default.ok_or(SelectionError::NoMatch)
    }

    /// What of any of these responses is not built yet.
    pub(crate) fn blocked(&self) -> impl Iterator<Item = &Blocked> {
        self.0.iter().filter_map(|response| response.blocked.as_ref())
    }
}

impl CompiledResponse {
    fn compile<'a>(code: StatusCode, status: &str, response: &'a IntegrationResponse, method: &Method, label: &str) -> Self {
        ledger::integration_response(response);
        let mut blocking = Vec::new();
        let declared = method.responses.get(status);
        let mut headers = Vec::new();
        for (key, expression) in &response.response_parameters {
            let Some(name) = key.strip_prefix("method.response.header.") else { continue };
            let known = declared.is_some_and(|method_response| method_response.response_parameters.contains_key(key));
            let name = HeaderName::from_bytes(name.as_bytes()).ok().and_then(headers::response_name);
            match (name, ResponseSource::parse(expression)) {
                (Some(name), Ok(source)) if known => headers.push((name, source)),
                (_, Err(ExpressionError::Unsupported)) => {
                    blocking.push(format!("integrationResponse.responseParameters {key}={expression}"));
                }
                // Undeclared, or a field that the gateway keeps to itself: the client never sees it, as on AWS.
                _ => {}
            }
        }
        let templates = response.response_templates.iter().flatten();
        let parse = |(media_type, text): (&'a String, &String)| {
            let field = format!("integrationResponse.responseTemplates {media_type}");
            (media_type.as_str(), Template::parse(text, label, &field))
        };
        let templates: Vec<_> = templates.map(parse).collect();
        blocking.extend(templates.iter().filter_map(|(_, template)| Some(template.blocked()?.fields().to_owned())));
        let models = declared.into_iter().flat_map(|declared| declared.response_models.keys());
        Self {
            status: code,
            pattern: Pattern::compile(response.selection_pattern.as_deref().unwrap_or("")),
            headers,
            templates: Accepted::new(templates),
            handling: response.content_handling.into(),
            models: Accepted::new(models.map(|media_type| (media_type.as_str(), ()))),
            blocked: Blocked::of(label, blocking),
        }
    }
}

impl Pattern {
    fn compile(pattern: &str) -> Self {
        if pattern.is_empty() {
            return Self::Default;
        }
        let anchored = format!("^(?:{pattern})$");
        match regex::RegexBuilder::new(&anchored).size_limit(PATTERN_BYTES_MAX).build() {
            Ok(regex) => Self::Matches(regex),
            Err(_) => Self::Invalid,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn select(patterns: &[(u16, &str)], status: u16) -> Result<u16, SelectionError> {
        let response = |(code, pattern): &(u16, &str)| CompiledResponse {
            status: StatusCode::from_u16(*code).unwrap(),
            pattern: Pattern::compile(pattern),
            headers: Vec::new(),
            templates: Accepted::new([]),
            models: Accepted::new([]),
            handling: Handling::Unset,
            blocked: None,
        };
        let responses = Responses(patterns.iter().map(response).collect());
        responses.select(StatusCode::from_u16(status).unwrap()).map(|response| response.status.as_u16())
    }

    #[test]
    fn selection() {
        type Row<'a> = (&'a [(u16, &'a str)], u16, Result<u16, SelectionError>);
        let table: [Row<'_>; 9] = [
            (&[(200, "")], 404, Ok(200)),
            (&[(200, "2\\d{2}")], 204, Ok(200)),
            (&[(200, "2\\d{2}")], 404, Err(SelectionError::NoMatch)),
            (&[(200, ""), (404, "404")], 404, Ok(404)),
            (&[(200, "20")], 200, Err(SelectionError::NoMatch)),
            (&[(400, "4.*"), (404, "404")], 404, Ok(400)),
            (&[(200, "2|4")], 200, Err(SelectionError::NoMatch)),
            (&[(200, "(")], 200, Err(SelectionError::InvalidPattern)),
            (&[], 200, Err(SelectionError::NoMatch)),
        ];
        for (patterns, status, expected) in table {
            assert_eq!(select(patterns, status), expected, "{patterns:?} {status}");
        }
    }
}
