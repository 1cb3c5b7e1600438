//! Parameter mapping: where a value comes from and which parameter it fills.
//!
//! Expressions such as `method.request.path.id` are parsed once, when a deployment is compiled. What no one understands is AWS's
//! configuration error at the request.

use std::sync::Arc;

use http::HeaderName;
use postern_jsonpath::Path;

use crate::context::ContextVariable;

/// Where a value on its way to the backend comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RequestSource {
    /// `method.request.path.X`, as the place of `X` among the resource's path parameters.
    Path(usize),
    /// `method.request.querystring.X`: the last value.
    Query(Box<str>),
    /// `method.request.multivaluequerystring.X`: every value.
    QueryAll(Box<str>),
    /// `method.request.header.X`: the last value.
    Header(HeaderName),
    /// `method.request.multivalueheader.X`: the values joined with `,`.
    HeaderAll(HeaderName),
    /// `method.request.body` and `method.request.body.X`, as a place in [`BodySources`].
    Body(usize),
    /// `stageVariables.X`.
    StageVariable(Box<str>),
    /// `context.X`.
    Context(ContextVariable),
    /// `'text'`.
    Static(Box<str>),
    /// A path parameter that the resource does not have, or a context variable without a value: always absent.
    Absent,
}

/// Where a value on its way back to the client comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ResponseSource {
    /// `integration.response.header.X`: the last value.
    Header(HeaderName),
    /// `integration.response.multivalueheader.X`: the values joined with `,`.
    HeaderAll(HeaderName),
    /// `integration.response.body` and `integration.response.body.X`, as a place in [`BodySources`].
    Body(usize),
    /// `stageVariables.X`.
    StageVariable(Box<str>),
    /// `context.X`.
    Context(ContextVariable),
    /// `'text'`.
    Static(Box<str>),
    /// A context variable that has no value on this gateway.
    Absent,
}

/// A part of a body that mappings read.
#[derive(Clone, Debug)]
pub(crate) enum BodySource {
    Whole,
    /// One value, or the list of an indefinite path.
    Path(Path),
}

/// The parts of a body that the mappings of one message read. Shared, because they may be read on another thread.
pub(crate) type BodySources = Arc<[BodySource]>;

/// An expression that AWS's grammar does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Invalid;

/// Which parameter of the integration request is filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// `integration.request.header.X`.
    Header(HeaderName),
    /// `integration.request.querystring.X`.
    Query(Box<str>),
    /// `integration.request.path.X`.
    Path(Box<str>),
}

impl RequestSource {
    /// Parses `expression` for a resource whose path parameters are `path_parameters`. What it reads of the body is added to `body`.
    pub(crate) fn parse(expression: &str, path_parameters: &[Box<str>], body: &mut Vec<BodySource>) -> Result<Self, Invalid> {
        if let Some(common) = Common::parse(expression)? {
            return Ok(match common {
                Common::StageVariable(name) => Self::StageVariable(name),
                Common::Context(Some(variable)) => Self::Context(variable),
                Common::Context(None) => Self::Absent,
                Common::Static(text) => Self::Static(text),
            });
        }
        let place = expression.strip_prefix("method.request.").ok_or(Invalid)?;
        if let Some(source) = BodySource::parse(place)? {
            body.push(source);
            return Ok(Self::Body(body.len() - 1));
        }
        let (kind, name) = place.split_once('.').ok_or(Invalid)?;
        Ok(match kind {
            "path" => path_parameters.iter().position(|known| **known == *name).map_or(Self::Absent, Self::Path),
            "querystring" => Self::Query(name.into()),
            "multivaluequerystring" => Self::QueryAll(name.into()),
            "header" => Self::Header(header_name(name)?),
            "multivalueheader" => Self::HeaderAll(header_name(name)?),
            _ => return Err(Invalid),
        })
    }
}

impl ResponseSource {
    /// Parses the source of a method response header. What it reads of the body is added to `body`.
    pub(crate) fn parse(expression: &str, body: &mut Vec<BodySource>) -> Result<Self, Invalid> {
        if let Some(common) = Common::parse(expression)? {
            return Ok(match common {
                Common::StageVariable(name) => Self::StageVariable(name),
                Common::Context(Some(variable)) => Self::Context(variable),
                Common::Context(None) => Self::Absent,
                Common::Static(text) => Self::Static(text),
            });
        }
        let place = expression.strip_prefix("integration.response.").ok_or(Invalid)?;
        if let Some(source) = BodySource::parse(place)? {
            body.push(source);
            return Ok(Self::Body(body.len() - 1));
        }
        let (kind, name) = place.split_once('.').ok_or(Invalid)?;
        Ok(match kind {
            "header" => Self::Header(header_name(name)?),
            "multivalueheader" => Self::HeaderAll(header_name(name)?),
            _ => return Err(Invalid),
        })
    }
}

impl Destination {
    /// Parses a key of `requestParameters`.
    pub(crate) fn parse(key: &str) -> Result<Self, Invalid> {
        let place = key.strip_prefix("integration.request.").ok_or(Invalid)?;
        let (kind, name) = place.split_once('.').ok_or(Invalid)?;
        Ok(match kind {
            "header" => Self::Header(header_name(name)?),
            "querystring" => Self::Query(name.into()),
            "path" => Self::Path(name.into()),
            _ => return Err(Invalid),
        })
    }
}

/// Sources that both directions share.
enum Common {
    StageVariable(Box<str>),
    Context(Option<ContextVariable>),
    Static(Box<str>),
}

impl Common {
    fn parse(expression: &str) -> Result<Option<Self>, Invalid> {
        if let Some(rest) = expression.strip_prefix('\'') {
            let text = rest.strip_suffix('\'').ok_or(Invalid)?;
            return Ok(Some(Self::Static(text.into())));
        }
        if let Some(name) = expression.strip_prefix("stageVariables.") {
            return Ok(Some(Self::StageVariable(name.into())));
        }
        if let Some(name) = expression.strip_prefix("context.") {
            return Ok(Some(Self::Context(ContextVariable::parse(name))));
        }
        Ok(None)
    }
}

impl BodySource {
    /// `None` when `place` is not in the body.
    fn parse(place: &str) -> Result<Option<Self>, Invalid> {
        let Some(path) = place.strip_prefix("body") else { return Ok(None) };
        match path.chars().next() {
            None => Ok(Some(Self::Whole)),
            Some('.' | '[') => Path::compile(&format!("${path}")).map(|path| Some(Self::Path(path))).map_err(|_| Invalid),
            Some(_) => Ok(None),
        }
    }
}

fn header_name(name: &str) -> Result<HeaderName, Invalid> {
    HeaderName::from_bytes(name.as_bytes()).map_err(|_| Invalid)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn request_sources() {
        let parameters: Vec<Box<str>> = vec!["id".into(), "proxy".into()];
        let header = |name: &'static str| HeaderName::from_static(name);
        let table = [
            ("method.request.path.id", Ok(RequestSource::Path(0))),
            ("method.request.path.proxy", Ok(RequestSource::Path(1))),
            ("method.request.path.none", Ok(RequestSource::Absent)),
            ("method.request.querystring.q", Ok(RequestSource::Query("q".into()))),
            ("method.request.querystring.a.b", Ok(RequestSource::Query("a.b".into()))),
            ("method.request.multivaluequerystring.q", Ok(RequestSource::QueryAll("q".into()))),
            ("method.request.header.X-One", Ok(RequestSource::Header(header("x-one")))),
            ("method.request.multivalueheader.X-One", Ok(RequestSource::HeaderAll(header("x-one")))),
            ("stageVariables.host", Ok(RequestSource::StageVariable("host".into()))),
            ("context.requestId", Ok(RequestSource::Context(ContextVariable::RequestId))),
            ("context.authorizer.claims.sub", Ok(RequestSource::Context(ContextVariable::Authorizer("claims.sub".into())))),
            ("context.integration.x", Ok(RequestSource::Absent)),
            ("'a value'", Ok(RequestSource::Static("a value".into()))),
            ("''", Ok(RequestSource::Static("".into()))),
            ("method.request.body", Ok(RequestSource::Body(0))),
            ("method.request.body.a.b", Ok(RequestSource::Body(0))),
            ("method.request.body[0]", Ok(RequestSource::Body(0))),
            ("method.request.body.a[?(", Err(Invalid)),
            ("method.request.bodyguard", Err(Invalid)),
            ("'open", Err(Invalid)),
            ("'", Err(Invalid)),
            ("method.request.cookie.a", Err(Invalid)),
            ("method.request.header.a b", Err(Invalid)),
            ("nonsense", Err(Invalid)),
            ("", Err(Invalid)),
        ];
        for (expression, expected) in table {
            assert_eq!(RequestSource::parse(expression, &parameters, &mut Vec::new()), expected, "{expression}");
        }
    }

    #[test]
    fn response_sources() {
        let table = [
            ("integration.response.header.Date", Ok(ResponseSource::Header(http::header::DATE))),
            ("integration.response.multivalueheader.Vary", Ok(ResponseSource::HeaderAll(http::header::VARY))),
            ("'*'", Ok(ResponseSource::Static("*".into()))),
            ("integration.response.body.id", Ok(ResponseSource::Body(0))),
            ("method.request.header.a", Err(Invalid)),
        ];
        for (expression, expected) in table {
            assert_eq!(ResponseSource::parse(expression, &mut Vec::new()), expected, "{expression}");
        }
    }

    #[test]
    fn destinations() {
        assert_eq!(Destination::parse("integration.request.path.a").unwrap(), Destination::Path("a".into()));
        assert_eq!(Destination::parse("integration.request.querystring.a").unwrap(), Destination::Query("a".into()));
        assert_eq!(Destination::parse("integration.request.header.Accept").unwrap(), Destination::Header(http::header::ACCEPT));
        assert!(Destination::parse("integration.request.body.a").is_err());
        assert!(Destination::parse("method.request.path.a").is_err());
    }
}
