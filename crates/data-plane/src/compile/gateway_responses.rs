//! Customised gateway responses: which one a failure takes, and its parts, parsed.
//!
//! Templates here are no Velocity even on AWS: `$context`, `$stageVariables` and `$method.request` are substituted and nothing else
//! happens.

use std::collections::BTreeMap;

use http::{HeaderName, StatusCode, header};
use postern_api_model::apigateway::GatewayResponseType;
use postern_api_model::rest_api::{Definition, GatewayResponse};

use super::templates::Accepted;
use crate::context::ContextVariable;
use crate::headers;

/// The customised responses of a deployment, by the type that failures look up; empty for most APIs.
#[derive(Debug, Default)]
pub(crate) struct GatewayResponses {
    by_type: BTreeMap<GatewayResponseType, CustomResponse>,
    /// The request's fields that any of them reads.
    fields: Vec<HeaderName>,
}

/// One customised response.
#[derive(Debug)]
pub(crate) struct CustomResponse {
    /// Wins over the status of the failure.
    pub(crate) status: Option<StatusCode>,
    pub(crate) headers: Vec<(HeaderName, FailureSource)>,
    /// Empty: the built-in template.
    pub(crate) templates: Accepted<Vec<TemplatePiece>>,
}

/// A piece of a gateway response's template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TemplatePiece {
    Text(Box<str>),
    Value(FailureSource),
}

/// Where a value of a gateway response comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FailureSource {
    /// `context.error.X`.
    Error(ErrorVariable),
    /// `context.X`.
    Context(ContextVariable),
    /// `stageVariables.X`.
    StageVariable(Box<str>),
    /// `method.request.header.X`: the last value.
    Header(HeaderName),
    /// `method.request.multivalueheader.X`: the values joined with `,`.
    HeaderAll(HeaderName),
    /// `method.request.querystring.X`: the last value.
    Query(Box<str>),
    /// `method.request.multivaluequerystring.X`: the values joined with `,`.
    QueryAll(Box<str>),
    /// `method.request.path.X`, by name: a failure belongs to no resource in advance.
    Path(Box<str>),
    /// `'text'`.
    Static(Box<str>),
    /// Never has a value here.
    Absent,
}

/// `$context.error.X`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorVariable {
    Message,
    /// In quotes.
    MessageString,
    ResponseType,
    ValidationErrorString,
}

impl GatewayResponses {
    pub(crate) fn compile(definition: &Definition) -> Self {
        let put = &definition.gateway_responses;
        if put.is_empty() {
            return Self::default();
        }
        let mut responses = BTreeMap::new();
        for &kind in GatewayResponseType::ALL {
            // AWS docs: the response to an oversized request cannot be customised.
            if kind == GatewayResponseType::RequestTooLarge {
                continue;
            }
            // Its own definition, else its family's whole; a type's own one takes nothing from the family (recorded).
            let source = put.get(&kind).or_else(|| put.get(&kind.family()?));
            if let Some(response) = source {
                responses.insert(kind, CustomResponse::compile(response));
            }
        }
        let mut fields: Vec<HeaderName> = responses.values().flat_map(CustomResponse::fields).cloned().collect();
        fields.push(header::ACCEPT);
        fields.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
        fields.dedup();
        Self { by_type: responses, fields }
    }

    /// The request's fields that have to be kept for a failure: `Accept`, and what mappings and templates read. None when nothing
    /// is customised.
    pub(crate) fn fields(&self) -> &[HeaderName] {
        &self.fields
    }

    pub(crate) fn of(&self, kind: GatewayResponseType) -> Option<&CustomResponse> {
        if self.by_type.is_empty() { None } else { self.by_type.get(&kind) }
    }
}

impl CustomResponse {
    fn compile(response: &GatewayResponse) -> Self {
        let parameter = |(key, expression): (&String, &String)| {
            let name = HeaderName::from_bytes(key.strip_prefix("gatewayresponse.header.")?.as_bytes()).ok()?;
            Some((headers::response_name(name)?, FailureSource::mapped(expression)))
        };
        let templates = response.response_templates.iter();
        Self {
            status: response.status_code.as_deref().and_then(final_status),
            headers: response.response_parameters.iter().filter_map(parameter).collect(),
            templates: Accepted::new(templates.map(|(media_type, text)| (media_type.as_str(), parse_template(text)))),
        }
    }

    fn sources(&self) -> impl Iterator<Item = &FailureSource> {
        let in_templates = self.templates.values().flatten().filter_map(|piece| match piece {
            TemplatePiece::Value(source) => Some(source),
            TemplatePiece::Text(_) => None,
        });
        self.headers.iter().map(|(_, source)| source).chain(in_templates)
    }

    fn fields(&self) -> impl Iterator<Item = &HeaderName> {
        self.sources().filter_map(|source| match source {
            FailureSource::Header(name) | FailureSource::HeaderAll(name) => Some(name),
            _ => None,
        })
    }
}

impl FailureSource {
    /// An expression of `responseParameters`. What the control plane would have refused has no value.
    fn mapped(expression: &str) -> Self {
        let text = expression.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
        text.map(|text| Self::Static(text.into())).or_else(|| Self::named(expression)).unwrap_or(Self::Absent)
    }

    /// The source of this name; `None` for text that only looks like one.
    fn named(name: &str) -> Option<Self> {
        if let Some(name) = name.strip_prefix("stageVariables.") {
            return Some(Self::StageVariable(name.into()));
        }
        if let Some(name) = name.strip_prefix("context.") {
            return Some(Self::context(name));
        }
        let (kind, name) = name.strip_prefix("method.request.")?.split_once('.')?;
        let field = || HeaderName::from_bytes(name.as_bytes()).ok();
        Some(match kind {
            "header" => field().map_or(Self::Absent, Self::Header),
            "multivalueheader" => field().map_or(Self::Absent, Self::HeaderAll),
            "querystring" => Self::Query(name.into()),
            "multivaluequerystring" => Self::QueryAll(name.into()),
            "path" => Self::Path(name.into()),
            _ => return None,
        })
    }

    fn context(name: &str) -> Self {
        match name {
            "error.message" => Self::Error(ErrorVariable::Message),
            "error.messageString" => Self::Error(ErrorVariable::MessageString),
            "error.responseType" => Self::Error(ErrorVariable::ResponseType),
            "error.validationErrorString" => Self::Error(ErrorVariable::ValidationErrorString),
            other => ContextVariable::parse(other).map_or(Self::Absent, Self::Context),
        }
    }
}

/// A status of 1xx is no final answer: the failure keeps its own.
fn final_status(status: &str) -> Option<StatusCode> {
    StatusCode::from_bytes(status.as_bytes()).ok().filter(|status| !status.is_informational())
}

/// Text and variables. A `$` that begins none stays as it is.
fn parse_template(text: &str) -> Vec<TemplatePiece> {
    let mut pieces = Vec::new();
    let (mut start, mut at) = (0, 0);
    while let Some(found) = text[at..].find('$') {
        let dollar = at + found;
        at = dollar + 1;
        let Some((source, len)) = variable(&text[at..]) else { continue };
        if dollar > start {
            pieces.push(TemplatePiece::Text(text[start..dollar].into()));
        }
        pieces.push(TemplatePiece::Value(source));
        at += len;
        start = at;
    }
    if start < text.len() {
        pieces.push(TemplatePiece::Text(text[start..].into()));
    }
    pieces
}

/// The variable that `text`, behind a `$`, begins with, and its length.
fn variable(text: &str) -> Option<(FailureSource, usize)> {
    let (name, len) = match text.strip_prefix('{') {
        Some(braced) => {
            let name = reference(braced);
            braced[name.len()..].starts_with('}').then_some((name, name.len() + 2))?
        }
        None => (reference(text), reference(text).len()),
    };
    Some((FailureSource::named(name)?, len))
}

/// The dotted name that `text` begins with; a dot at its end is punctuation.
fn reference(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))).unwrap_or(text.len());
    text[..end].trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn templates() {
        use ErrorVariable::{Message, MessageString, ValidationErrorString};
        let text = |text: &str| TemplatePiece::Text(text.into());
        let value = TemplatePiece::Value;
        let error = |variable| value(FailureSource::Error(variable));
        let request_id = || value(FailureSource::Context(ContextVariable::RequestId));
        let table = [
            ("plain", vec![text("plain")]),
            ("", vec![]),
            ("{\"message\":$context.error.messageString}", vec![text("{\"message\":"), error(MessageString), text("}")]),
            ("$context.error.message.", vec![error(Message), text(".")]),
            ("$context.error.validationErrorString", vec![error(ValidationErrorString)]),
            ("${context.requestId}x", vec![request_id(), text("x")]),
            ("$stageVariables.a", vec![value(FailureSource::StageVariable("a".into()))]),
            ("$context.authorizer.x", vec![value(FailureSource::Context(ContextVariable::Authorizer("x".into())))]),
            ("$context.integration.x", vec![value(FailureSource::Absent)]),
            ("$method.request.header.X-A ", vec![value(FailureSource::Header(HeaderName::from_static("x-a"))), text(" ")]),
            ("$method.request.path.id", vec![value(FailureSource::Path("id".into()))]),
            ("$method.request.querystring.q", vec![value(FailureSource::Query("q".into()))]),
            ("$method.request.body", vec![text("$method.request.body")]),
            ("a $input.json('$') b", vec![text("a $input.json('$') b")]),
            ("#set($x = 1)", vec![text("#set($x = 1)")]),
            ("5 $", vec![text("5 $")]),
            ("$$context.requestId", vec![text("$"), request_id()]),
            ("${context.requestId", vec![text("${context.requestId")]),
        ];
        for (template, expected) in table {
            assert_eq!(parse_template(template), expected, "{template}");
        }
    }
}
