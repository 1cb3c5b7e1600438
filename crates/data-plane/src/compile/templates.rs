//! Choosing a template: by the request's media type, or by what the client accepts.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};

use crate::mapping_template::MappingTemplate;

/// Media type of a request that names none (AWS docs, "Mapping templates").
pub(crate) const MEDIA_TYPE_DEFAULT: &str = "application/json";

/// A template, compiled.
#[derive(Clone, Debug)]
pub(crate) enum Template {
    /// Renders as itself.
    Literal(Bytes),
    /// Shared, because it may be rendered on another thread.
    Mapping(Arc<MappingTemplate>),
    /// It cannot be parsed, which AWS says at the request; the text is for the log.
    Broken(Box<str>),
}

impl Template {
    pub(crate) fn parse(text: &str) -> Self {
        match MappingTemplate::compile(text) {
            Ok(template) => match template.literal() {
                Some(text) => Self::Literal(text.clone()),
                None => Self::Mapping(Arc::new(template)),
            },
            Err(error) => Self::Broken(error.to_string().into()),
        }
    }
}

/// `passthroughBehavior`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passthrough {
    WhenNoMatch,
    WhenNoTemplates,
    Never,
}

impl Passthrough {
    /// The stored text; AWS's model leaves it an open string, and anything unknown takes the default.
    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "WHEN_NO_TEMPLATES" => Self::WhenNoTemplates,
            "NEVER" => Self::Never,
            _ => Self::WhenNoMatch,
        }
    }
}

/// Request templates by media type.
#[derive(Debug)]
pub(crate) struct RequestTemplates<T> {
    by_type: Vec<(Box<str>, T)>,
    passthrough: Passthrough,
}

/// What happens to a request's body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Selected<'a, T> {
    Template(&'a T),
    PassThrough,
    /// 415.
    Unsupported,
}

impl<T> RequestTemplates<T> {
    pub(crate) fn new(by_type: impl IntoIterator<Item = (Box<str>, T)>, passthrough: Passthrough) -> Self {
        Self { by_type: by_type.into_iter().collect(), passthrough }
    }

    /// AWS docs, "Integration passthrough behaviors"; the `$default` template matches what nothing else does.
    pub(crate) fn select(&self, content_type: Option<&HeaderValue>) -> Selected<'_, T> {
        let media_type = content_type.and_then(|value| value.to_str().ok()).map_or(MEDIA_TYPE_DEFAULT, media_type);
        let of =
            |wanted: &str| self.by_type.iter().find(|(key, _)| key.eq_ignore_ascii_case(wanted)).map(|(_, template)| template);
        if let Some(template) = of(media_type).or_else(|| of("$default")) {
            return Selected::Template(template);
        }
        match self.passthrough {
            Passthrough::WhenNoMatch => Selected::PassThrough,
            Passthrough::WhenNoTemplates if self.by_type.is_empty() => Selected::PassThrough,
            Passthrough::WhenNoTemplates | Passthrough::Never => Selected::Unsupported,
        }
    }
}

/// A value per media type of an answer.
#[derive(Debug)]
pub(crate) struct Accepted<T>(Vec<Choice<T>>);

/// One media type of an answer.
#[derive(Debug)]
pub(crate) struct Choice<T> {
    media_type: Box<str>,
    pub(crate) content_type: HeaderValue,
    pub(crate) value: T,
}

impl<T> Accepted<T> {
    /// Media types that are no header value are left out: no answer could name them.
    pub(crate) fn new<'a>(by_type: impl IntoIterator<Item = (&'a str, T)>) -> Self {
        let choice = |(media_type, value): (&'a str, T)| {
            let content_type = HeaderValue::from_str(media_type).ok()?;
            Some(Choice { media_type: media_type.into(), content_type, value })
        };
        Self(by_type.into_iter().filter_map(choice).collect())
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|choice| &choice.value)
    }

    /// By the first media type that the client accepts, else `application/json`, else the first.
    pub(crate) fn select(&self, accept: Option<&str>) -> Option<&Choice<T>> {
        let of = |wanted: &str| self.0.iter().find(|choice| choice.media_type.eq_ignore_ascii_case(wanted));
        let first = accept.and_then(|accept| accept.split(',').next()).map(media_type);
        first.and_then(of).or_else(|| of(MEDIA_TYPE_DEFAULT)).or_else(|| self.0.first())
    }
}

/// The `Accept` field's text.
pub(crate) fn accept_of(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::ACCEPT)?.to_str().ok()
}

/// A media type without its parameters.
fn media_type(value: &str) -> &str {
    value.split(';').next().unwrap_or(value).trim()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn literal_or_not() {
        let is_literal = |text| matches!(Template::parse(text), Template::Literal(literal) if literal == text);
        assert!(is_literal("{\"a\": 1}"));
        assert!(!is_literal("$input.json('$')"));
        assert!(matches!(Template::parse("#if(true)"), Template::Broken(_)));
    }

    #[test]
    fn passthrough_table() {
        use Passthrough::{Never, WhenNoMatch, WhenNoTemplates};
        use Selected::{PassThrough, Template, Unsupported};
        let templates = |keys: &[&str], passthrough| {
            RequestTemplates::new(keys.iter().map(|key| (Box::from(*key), (*key).to_owned())), passthrough)
        };
        let json = "application/json".to_owned();
        let default = "$default".to_owned();
        type Row<'a> = (&'a [&'a str], Passthrough, Option<&'static str>, Selected<'a, String>);
        let table: Vec<Row<'_>> = vec![
            (&["application/json"], Never, None, Template(&json)),
            (&["application/json"], Never, Some("Application/JSON; charset=utf-8"), Template(&json)),
            (&["application/json"], WhenNoMatch, Some("text/plain"), PassThrough),
            (&["application/json"], WhenNoTemplates, Some("text/plain"), Unsupported),
            (&["application/json"], Never, Some("text/plain"), Unsupported),
            (&["application/json", "$default"], Never, Some("text/plain"), Template(&default)),
            (&[], WhenNoMatch, None, PassThrough),
            (&[], WhenNoTemplates, None, PassThrough),
            (&[], Never, None, Unsupported),
        ];
        for (keys, passthrough, content_type, expected) in table {
            let value = content_type.map(HeaderValue::from_static);
            assert_eq!(
                templates(keys, passthrough).select(value.as_ref()),
                expected,
                "{keys:?} {passthrough:?} {content_type:?}"
            );
        }
    }

    #[test]
    fn accept_table() {
        let pick = |keys: &[&'static str], accept| {
            let accepted = Accepted::new(keys.iter().map(|key| (*key, ())));
            accepted.select(accept).map(|choice| choice.content_type.to_str().unwrap().to_owned())
        };
        let both = &["text/xml", "application/json"];
        assert_eq!(pick(both, None).as_deref(), Some("application/json"));
        assert_eq!(pick(both, Some("text/xml;q=0.5, a/b")).as_deref(), Some("text/xml"));
        assert_eq!(pick(both, Some("a/b, text/xml")).as_deref(), Some("application/json"));
        assert_eq!(pick(&["text/xml", "a/b"], Some("*/*")).as_deref(), Some("text/xml"));
        assert_eq!(pick(&[], Some("*/*")), None);
    }
}
