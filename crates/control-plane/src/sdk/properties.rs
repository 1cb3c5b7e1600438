//! The parameters of GetSdk, checked against what the SDK type takes.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use postern_api_model::error::{ApiError, ApiResult};

use super::kinds::{Kind, Presence};

/// A parameter of Postern's own, for every type: the URL that the client calls unless it is told another.
const INVOKE_URL: &str = "invokeUrl";

/// Bounds on what is written into file names, project files and sources.
const NAME_CHARS_MAX: usize = 100;
const LICENCE_CHARS_MAX: usize = 8 * 1024;
const URL_CHARS_MAX: usize = 1024;

/// What was given, by the name that AWS's list has for it. Empty values count as not given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Properties {
    values: BTreeMap<&'static str, String>,
    invoke_url: Option<String>,
}

impl Properties {
    /// Takes what the type knows, and refuses the rest by name.
    pub(crate) fn new(kind: &Kind, given: IndexMap<String, String>) -> ApiResult<Self> {
        let mut properties = Self::default();
        for (name, value) in given.into_iter().filter(|(_, value)| !value.is_empty()) {
            if name == INVOKE_URL {
                properties.invoke_url = Some(checked_url(value)?);
                continue;
            }
            let known = kind.properties.iter().find(|property| property.name == name || property.alias == Some(name.as_str()));
            let Some(known) = known else {
                return Err(ApiError::bad_request(format!(
                    "Invalid parameter {name} for SDK type {}: it takes {}",
                    kind.id,
                    names(kind)
                )));
            };
            properties.values.insert(known.name, value);
        }
        let missing = |name: &'static str| !properties.values.contains_key(name);
        match kind.properties.iter().find(|property| property.presence == Presence::Required && missing(property.name)) {
            Some(property) => {
                Err(ApiError::bad_request(format!("Missing required parameter {} for SDK type {}", property.name, kind.id)))
            }
            None => Ok(properties),
        }
    }

    /// The URL to call, if the caller of GetSdk said it.
    pub(crate) fn invoke_url(&self) -> Option<&str> {
        self.invoke_url.as_deref()
    }

    /// A name: one that `legal` takes whole. `rule` says in words what that is.
    pub(super) fn name(&self, property: &str, rule: &str, legal: impl Fn(&str) -> bool) -> ApiResult<Option<String>> {
        let Some(value) = self.values.get(property) else { return Ok(None) };
        if value.len() <= NAME_CHARS_MAX && legal(value) {
            return Ok(Some(value.clone()));
        }
        Err(ApiError::bad_request(format!("Invalid value for {property}: use {rule}, {NAME_CHARS_MAX} characters at most")))
    }

    /// Any text, bounded.
    pub(super) fn licence(&self, property: &str) -> ApiResult<Option<&str>> {
        match self.values.get(property) {
            Some(value) if value.len() > LICENCE_CHARS_MAX => {
                Err(ApiError::bad_request(format!("Invalid value for {property}: use {LICENCE_CHARS_MAX} characters at most")))
            }
            value => Ok(value.map(String::as_str)),
        }
    }
}

fn names(kind: &Kind) -> String {
    let names: Vec<&str> = kind.properties.iter().map(|property| property.name).chain([INVOKE_URL]).collect();
    names.join(", ")
}

/// An absolute URL whose path other paths can be put behind.
fn checked_url(url: String) -> ApiResult<String> {
    let parsed = url.parse::<http::Uri>().ok().filter(|uri| {
        let plain = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        plain && uri.query().is_none() && matches!(uri.scheme_str(), Some("http" | "https"))
    });
    match parsed {
        Some(_) if url.len() <= URL_CHARS_MAX && !url.contains('#') => Ok(url.trim_end_matches('/').to_owned()),
        _ => Err(ApiError::bad_request(format!(
            "Invalid value for {INVOKE_URL}: use a URL of http or https without user, query and fragment, {URL_CHARS_MAX} characters at most"
        ))),
    }
}

/// `a`, `a-b`, `a.b_c-1`: what project files of Java and Ruby take as an id or a version.
pub(super) fn is_project_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphanumeric())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// Letters, digits and `_`, begun by a letter.
pub(super) fn is_identifier(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::kinds::find;
    use super::*;
    use crate::server::fixture::refusal;

    fn read(kind: &str, given: &[(&str, &str)]) -> ApiResult<Properties> {
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Properties::new(find(kind).unwrap(), given)
    }

    #[test]
    fn both_spellings_are_taken() {
        for given in [[("service.name", "A"), ("java.package-name", "b")], [("serviceName", "A"), ("javaPackageName", "b")]] {
            let properties = read("java", &given).unwrap();
            assert_eq!(properties.name("service.name", "", is_identifier).unwrap().as_deref(), Some("A"));
            assert_eq!(properties.name("java.package-name", "", is_identifier).unwrap().as_deref(), Some("b"));
        }
    }

    #[test]
    fn what_is_missing_or_unknown_is_refused_by_name() {
        for (kind, given, text) in [
            ("java", vec![("service.name", "A")], "Missing required parameter java.package-name for SDK type java"),
            ("swift", vec![("classPrefix", "")], "Missing required parameter classPrefix for SDK type swift"),
            ("javascript", vec![("x", "1")], "Invalid parameter x for SDK type javascript: it takes invokeUrl"),
        ] {
            assert_eq!(refusal(read(kind, &given)), (400, text.to_owned()));
        }
    }

    #[test]
    fn urls() {
        let read = |url: &str| read("python", &[("invokeUrl", url)]);
        assert_eq!(read("https://api.example.com/v1/").unwrap().invoke_url(), Some("https://api.example.com/v1"));
        assert_eq!(read("http://[::1]:8080").unwrap().invoke_url(), Some("http://[::1]:8080"));
        for url in
            ["ftp://a", "/v1", "a.example", "http://u:p@a/", "http://a/?x=1", "http://a/#b", "javascript:alert(1)", "http://a b/"]
        {
            assert_eq!(refusal(read(url)).0, 400, "{url}");
        }
        assert_eq!(refusal(read(&format!("http://{}/", "a".repeat(2000)))).0, 400);
    }
}
