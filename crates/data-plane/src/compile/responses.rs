//! Integration responses, joined with the method responses they become.

use std::sync::Arc;

use http::{HeaderName, StatusCode};
use postern_api_model::java_pattern::JavaPattern;
use postern_api_model::rest_api::{IntegrationResponse, Method};

use super::expression::{BodySources, ResponseSource};
use super::ledger;
use super::message_patterns::{MessagePatterns, Quick};
use super::templates::{Accepted, Template};
use crate::content::Handling;
use crate::headers;

/// The integration responses of one method, in ascending order of status, as AWS is reported to try them.
#[derive(Debug)]
pub(crate) struct Responses {
    all: Vec<CompiledResponse>,
    /// Of integrations with Lambda.
    by_message: Arc<MessagePatterns>,
}

/// The response for what a function says of its failure.
pub(crate) enum MessageSelection<'a> {
    Selected(&'a CompiledResponse),
    Failed(SelectionError),
    /// Matching is not for this place: these are to be given to [`Responses::matched`].
    TooLong(Arc<MessagePatterns>),
}

/// One integration response.
#[derive(Debug)]
pub(crate) struct CompiledResponse {
    pub(crate) status: StatusCode,
    pattern: Pattern,
    /// Only those that the method response declares.
    pub(crate) headers: Vec<(HeaderName, ResponseSource)>,
    /// What they read of the body.
    pub(crate) body: BodySources,
    pub(crate) templates: Accepted<Template>,
    pub(crate) models: Accepted<()>,
    /// Of the body.
    pub(crate) handling: Handling,
}

#[derive(Debug)]
enum Pattern {
    Default,
    Matches(JavaPattern),
    /// AWS reports a pattern that does not compile when a request meets it.
    Invalid,
}

/// Why no response was chosen; for the log, the client sees AWS's 500.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SelectionError {
    NoMatch,
    InvalidPattern,
    /// Matching takes too long.
    TooManySteps,
    /// What a function says of its failure is longer than patterns are matched against.
    LongMessage,
}

impl Responses {
    /// Compiles the responses of `method`, to be chosen by a status.
    pub(crate) fn compile(method: &Method) -> Self {
        Self { all: Self::compile_all(method), by_message: Arc::new(MessagePatterns::new(std::iter::empty())) }
    }

    /// Compiles the responses of `method`, to be chosen by what a function says of its failure.
    pub(crate) fn compile_for_messages(method: &Method) -> Self {
        let responses = method.integration.iter().flat_map(|integration| &integration.responses);
        let numbered = responses.filter(|(status, _)| StatusCode::from_bytes(status.as_bytes()).is_ok());
        let patterns = numbered.map(|(_, response)| response.selection_pattern.as_deref().unwrap_or(""));
        Self { all: Self::compile_all(method), by_message: Arc::new(MessagePatterns::new(patterns)) }
    }

    fn compile_all(method: &Method) -> Vec<CompiledResponse> {
        let Some(integration) = &method.integration else { return Vec::new() };
        let compile = |(status, response): (&String, &IntegrationResponse)| {
            let code = StatusCode::from_bytes(status.as_bytes()).ok()?;
            Some(CompiledResponse::compile(code, status, response, method))
        };
        integration.responses.iter().filter_map(compile).collect()
    }

    /// Whether a template of any of them may read the client's request.
    pub(crate) fn read_requests(&self) -> bool {
        self.all.iter().any(|response| response.templates.values().any(|template| matches!(template, Template::Mapping(_))))
    }

    /// The response for an integration's status: the first whose pattern matches it whole, else the default.
    pub(crate) fn select(&self, status: StatusCode) -> Result<&CompiledResponse, SelectionError> {
        for response in &self.all {
            match &response.pattern {
                Pattern::Default => {}
                Pattern::Matches(pattern) => match pattern.matches(status.as_str()) {
                    Ok(true) => return Ok(response),
                    Ok(false) => {}
                    Err(_) => return Err(SelectionError::TooManySteps),
                },
                Pattern::Invalid => return Err(SelectionError::InvalidPattern),
            }
        }
        self.default()
    }

    /// The response for what has no message: the one without a pattern.
    pub(crate) fn default(&self) -> Result<&CompiledResponse, SelectionError> {
        let default = self.all.iter().find(|response| matches!(response.pattern, Pattern::Default));
        default.ok_or(SelectionError::NoMatch)
    }

    /// The response for what a function says of its failure, as far as it can be found at once.
    pub(crate) fn select_by_message(&self, message: &str) -> MessageSelection<'_> {
        let matched = match self.by_message.quick(message) {
            Quick::Done(found) => found,
            Quick::TooLong => return MessageSelection::TooLong(Arc::clone(&self.by_message)),
        };
        self.matched(matched).map_or_else(MessageSelection::Failed, MessageSelection::Selected)
    }

    /// The response whose pattern matched, or the default.
    pub(crate) fn matched(&self, found: Result<Option<usize>, SelectionError>) -> Result<&CompiledResponse, SelectionError> {
        match found? {
            Some(at) => self.all.get(at).ok_or(SelectionError::NoMatch),
            None => self.default(),
        }
    }
}

impl CompiledResponse {
    fn compile(code: StatusCode, status: &str, response: &IntegrationResponse, method: &Method) -> Self {
        ledger::integration_response(response);
        let declared = method.responses.get(status);
        let (mut headers, mut body) = (Vec::new(), Vec::new());
        for (key, expression) in &response.response_parameters {
            let Some(name) = key.strip_prefix("method.response.header.") else { continue };
            let known = declared.is_some_and(|method_response| method_response.response_parameters.contains_key(key));
            let name = HeaderName::from_bytes(name.as_bytes()).ok().and_then(headers::response_name);
            // Undeclared, or a field that the gateway keeps to itself: the client never sees it, as on AWS.
            let Some(name) = name.filter(|_| known) else { continue };
            if let Ok(source) = ResponseSource::parse(expression, &mut body) {
                headers.push((name, source));
            }
        }
        let templates = response.response_templates.iter().flatten();
        let templates = templates.map(|(media_type, text)| (media_type.as_str(), Template::parse(text)));
        let models = declared.into_iter().flat_map(|declared| declared.response_models.keys());
        Self {
            status: code,
            pattern: Pattern::compile(response.selection_pattern.as_deref().unwrap_or("")),
            headers,
            body: body.into(),
            templates: Accepted::new(templates),
            handling: response.content_handling.into(),
            models: Accepted::new(models.map(|media_type| (media_type.as_str(), ()))),
        }
    }
}

impl Pattern {
    fn compile(pattern: &str) -> Self {
        if pattern.is_empty() {
            return Self::Default;
        }
        JavaPattern::compile(pattern).map_or(Self::Invalid, Self::Matches)
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
            body: [].into(),
            templates: Accepted::new([]),
            models: Accepted::new([]),
            handling: Handling::Unset,
        };
        let by_message = Arc::new(MessagePatterns::new(std::iter::empty()));
        let responses = Responses { all: patterns.iter().map(response).collect(), by_message };
        responses.select(StatusCode::from_u16(status).unwrap()).map(|response| response.status.as_u16())
    }

    #[test]
    fn selection() {
        type Row<'a> = (&'a [(u16, &'a str)], u16, Result<u16, SelectionError>);
        let table: [Row<'_>; 11] = [
            (&[(200, "")], 404, Ok(200)),
            (&[(200, "2\\d{2}")], 204, Ok(200)),
            (&[(200, "2\\d{2}")], 404, Err(SelectionError::NoMatch)),
            (&[(200, ""), (404, "404")], 404, Ok(404)),
            (&[(200, "20")], 200, Err(SelectionError::NoMatch)),
            (&[(400, "4.*"), (404, "404")], 404, Ok(400)),
            (&[(200, "2|4")], 200, Err(SelectionError::NoMatch)),
            (&[(200, "(")], 200, Err(SelectionError::InvalidPattern)),
            (&[(200, "(?!404)\\d++"), (404, "")], 200, Ok(200)),
            (&[(200, "(?!404)\\d++"), (404, "")], 404, Ok(404)),
            (&[], 200, Err(SelectionError::NoMatch)),
        ];
        for (patterns, status, expected) in table {
            assert_eq!(select(patterns, status), expected, "{patterns:?} {status}");
        }
    }
}
