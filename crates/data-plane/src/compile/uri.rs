//! The integration URI: a template over stage variables and integration path parameters.
//!
//! Parsed when the deployment is compiled, resolved against the variables when a stage is published, rendered per request. A
//! template that can never give an address makes an [`Endpoint`] error that the request answers with, as on AWS.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use http::uri::{Authority, PathAndQuery};
use http::{HeaderValue, Uri};

use crate::encode::{self, Place, Spelling};
use crate::links::{Balancer, Linked, Way};
use crate::transport::{ClientIdentity, Origin, Scheme, TlsVerify};

/// A parsed `uri`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UriTemplate {
    pieces: Vec<Piece>,
}

#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Text(Box<str>),
    /// `{name}`: index into the method's path mappings.
    Parameter(usize),
    /// `${stageVariables.name}`.
    StageVariable(Box<str>),
}

/// Why there is no address; the text is for the log only.
pub(crate) type AddressError = &'static str;

const NO_VALUE: AddressError = "a path parameter of the integration URI has no value";

/// The value for a path parameter, by the index of its mapping: asked for where it is rendered, so that none is collected.
pub(crate) type PathValues<'v, 'a> = dyn Fn(usize) -> Option<PathValue<'a>> + 'v;

/// A template whose stage variables are filled in.
#[derive(Debug)]
pub(crate) struct Endpoint {
    target: Target,
    rest: PathAndQueryTemplate,
    scheme: Scheme,
    verify: TlsVerify,
    /// What TLS backends are shown.
    identity: Option<ClientIdentity>,
    /// Behind a VPC link, where the host is rendered.
    balancer: Option<Arc<Balancer>>,
}

/// Path and query of an address whose stage variables are filled in.
#[derive(Debug)]
pub(crate) struct PathAndQueryTemplate {
    path: Vec<Part>,
    query: Vec<Part>,
    /// The whole path and query, when neither holds a parameter.
    fixed: Option<Uri>,
}

#[derive(Debug)]
enum Target {
    Fixed(Address),
    Rendered(Vec<Part>),
}

/// Where to connect, and the `Host` that names it.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    pub(crate) origin: Origin,
    pub(crate) host: HeaderValue,
    /// Behind a VPC link: the addresses.
    pub(crate) way: Option<Arc<Way>>,
}

/// A piece of a template whose stage variables are filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Text(Box<str>),
    /// Index into the method's path mappings.
    Parameter(usize),
}

/// One value for a `{name}`, as the parameter mapping found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PathValue<'a> {
    pub(crate) text: std::borrow::Cow<'a, str>,
    pub(crate) spelling: Spelling,
    /// Whether a `/` in the value separates segments.
    pub(crate) place: Place,
}

impl UriTemplate {
    /// Parses `text`; `names` are the path parameters that have a mapping.
    pub(crate) fn parse(text: &str, names: &[Box<str>]) -> Result<Self, AddressError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            let close = open + rest[open..].find('}').ok_or("the integration URI has an unclosed brace")?;
            let name = &rest[open + 1..close];
            let is_variable = rest[..open].ends_with('$');
            push_text(&mut pieces, if is_variable { &rest[..open - 1] } else { &rest[..open] });
            pieces.push(if is_variable {
                let variable = name.strip_prefix("stageVariables.").ok_or("the integration URI has an unknown variable")?;
                Piece::StageVariable(variable.into())
            } else {
                let known = names.iter().position(|known| **known == *name);
                Piece::Parameter(known.ok_or("the integration URI has a path parameter without a mapping")?)
            });
            rest = &rest[close + 1..];
        }
        push_text(&mut pieces, rest);
        Ok(Self { pieces })
    }

    /// The names in braces that are no variables of the stage's.
    pub(crate) fn parameter_names(text: &str) -> impl Iterator<Item = &str> {
        let mut rest = text;
        std::iter::from_fn(move || {
            loop {
                let (before, after) = rest.split_once('{')?;
                let (name, behind) = after.split_once('}')?;
                rest = behind;
                if !before.ends_with('$') {
                    return Some(name);
                }
            }
        })
    }

    /// Fills the stage variables in; one that the stage lacks renders as nothing.
    pub(crate) fn resolve(&self, variables: &BTreeMap<String, String>, verify: TlsVerify) -> Result<Endpoint, AddressError> {
        Endpoint::new(self.parts(variables), verify)
    }

    /// The same, before anything is read into it; the first part is a text, which may be empty.
    pub(super) fn parts(&self, variables: &BTreeMap<String, String>) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(piece) => text.push_str(piece),
                Piece::StageVariable(name) => text.push_str(variables.get(&**name).map_or("", String::as_str)),
                Piece::Parameter(index) => {
                    parts.push(Part::Text(std::mem::take(&mut text).into()));
                    parts.push(Part::Parameter(*index));
                }
            }
        }
        parts.push(Part::Text(text.into()));
        parts
    }
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    if !text.is_empty() {
        pieces.push(Piece::Text(text.into()));
    }
}

impl Endpoint {
    /// `parts` starts with a text, which may be empty.
    fn new(mut parts: Vec<Part>, verify: TlsVerify) -> Result<Self, AddressError> {
        let Some(Part::Text(first)) = parts.first_mut() else { return Err("the integration URI has no scheme") };
        let (scheme, rest) = match first.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (Scheme::Http, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (Scheme::Https, rest),
            _ => return Err("the integration URI is neither http:// nor https://"),
        };
        *first = rest.into();
        // A fragment is never sent.
        let (parts, _fragment) = split_at_any(parts, &['#']);
        let (authority, rest) = split_at_any(parts, &['/', '?']);
        let (path, query) = split_at_any(rest, &['?']);
        let target = match &authority[..] {
            [] => return Err("the integration URI has no host"),
            [Part::Text(text)] => Target::Fixed(Address::parse(text, scheme, verify)?),
            _ => Target::Rendered(authority),
        };
        let rest = PathAndQueryTemplate::new(path, without_question_mark(query))?;
        Ok(Self { target, rest, scheme, verify, identity: None, balancer: None })
    }

    /// Whether TLS is spoken to it.
    pub(crate) fn is_tls(&self) -> bool {
        self.scheme == Scheme::Https
    }

    /// The same, whose backend is shown `identity` when it asks for a certificate. Before [`Self::through`].
    pub(crate) fn presenting(mut self, identity: ClientIdentity) -> Self {
        if let Target::Fixed(address) = &mut self.target {
            address.origin = address.origin.presenting(identity.clone());
        }
        self.identity = Some(identity);
        self
    }

    /// The same behind a VPC link.
    pub(crate) fn through(mut self, linked: &Linked<'_>) -> Result<Self, AddressError> {
        match &mut self.target {
            Target::Fixed(address) => address.way = Some(Arc::new(linked.way(&address.origin))),
            Target::Rendered(_) => {
                let balancer = linked.balancer_of_any_host(self.scheme).ok_or(
                    "an address of the VPC link's target needs a port, because the host of the integration URI is a parameter",
                )?;
                self.balancer = Some(balancer);
            }
        }
        Ok(self)
    }

    /// Where a request with these path values goes.
    pub(crate) fn address(&self, values: &PathValues<'_, '_>) -> Result<Address, AddressError> {
        match &self.target {
            Target::Fixed(address) => Ok(address.clone()),
            Target::Rendered(parts) => {
                let mut text = String::new();
                for part in parts {
                    match part {
                        Part::Text(part) => text.push_str(part),
                        Part::Parameter(index) => text.push_str(&values(*index).ok_or(NO_VALUE)?.text),
                    }
                }
                let mut address = Address::parse(&text, self.scheme, self.verify)?;
                if let Some(identity) = &self.identity {
                    address.origin = address.origin.presenting(identity.clone());
                }
                address.way = self.balancer.as_ref().map(|balancer| Arc::new(Way::new(Arc::clone(balancer), &address.origin)));
                Ok(address)
            }
        }
    }

    /// What follows the host.
    pub(crate) fn rest(&self) -> &PathAndQueryTemplate {
        &self.rest
    }
}

impl PathAndQueryTemplate {
    /// `query` is without its question mark.
    pub(super) fn new(path: Vec<Part>, query: Vec<Part>) -> Result<Self, AddressError> {
        let mut template = Self { path: clean(path, Place::Path), query: clean(query, Place::Query), fixed: None };
        if template.path.iter().chain(&template.query).all(|part| matches!(part, Part::Text(_))) {
            template.fixed = Some(template.render(&|_| None, None, "")?);
        }
        Ok(template)
    }

    /// Whether a value stands in the path.
    pub(crate) fn has_path_value(&self) -> bool {
        self.path.iter().any(|part| matches!(part, Part::Parameter(_)))
    }

    /// Path and query in origin form: the URI's own query, then the client's raw one, then `mapped` (already encoded).
    pub(crate) fn uri(&self, values: &PathValues<'_, '_>, client_query: Option<&str>, mapped: &str) -> Result<Uri, AddressError> {
        match &self.fixed {
            Some(fixed) if client_query.is_none() && mapped.is_empty() => Ok(fixed.clone()),
            _ => self.render(values, client_query, mapped),
        }
    }

    fn render(&self, values: &PathValues<'_, '_>, client_query: Option<&str>, mapped: &str) -> Result<Uri, AddressError> {
        thread_local! {
            /// Where targets are put together, so that each is allocated once and at its size.
            static TEXT: RefCell<String> = const { RefCell::new(String::new()) };
        }
        TEXT.with_borrow_mut(|text| {
            text.clear();
            self.push_target(text, values, client_query, mapped)?;
            let target = Bytes::copy_from_slice(text.as_bytes());
            PathAndQuery::from_maybe_shared(target).map(Uri::from).map_err(|_| "the integration URI is malformed")
        })
    }

    fn push_target(
        &self,
        text: &mut String,
        values: &PathValues<'_, '_>,
        client_query: Option<&str>,
        mapped: &str,
    ) -> Result<(), AddressError> {
        render_parts(text, &self.path, values, Part::in_path)?;
        if !text.starts_with('/') {
            text.insert(0, '/');
        }
        let query_at = text.len();
        render_parts(text, &self.query, values, Part::in_query)?;
        if text.len() > query_at {
            text.insert(query_at, '?');
        }
        for more in [client_query.unwrap_or(""), mapped] {
            if !more.is_empty() {
                text.push(if text.len() == query_at { '?' } else { '&' });
                text.push_str(more);
            }
        }
        Ok(())
    }
}

impl Part {
    fn in_path(value: &PathValue<'_>) -> Place {
        value.place
    }

    fn in_query(_: &PathValue<'_>) -> Place {
        Place::Query
    }
}

fn render_parts(
    out: &mut String,
    parts: &[Part],
    values: &PathValues<'_, '_>,
    place: impl Fn(&PathValue<'_>) -> Place,
) -> Result<(), AddressError> {
    for part in parts {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Parameter(index) => {
                let value = values(*index).ok_or(NO_VALUE)?;
                encode::push(out, &value.text, place(&value), value.spelling);
            }
        }
    }
    Ok(())
}

impl Address {
    /// Parses `host`, `host:port`, `[v6]` or `[v6]:port`. Anything else, user information included, is no address; so a value in
    /// the authority cannot lead elsewhere than to another host name.
    fn parse(text: &str, scheme: Scheme, verify: TlsVerify) -> Result<Self, AddressError> {
        const INVALID: AddressError = "the host of the integration URI is invalid";
        let lower = text.to_ascii_lowercase();
        let plain = lower.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte));
        let authority: Authority = lower.parse().map_err(|_| INVALID)?;
        if !plain || authority.host().is_empty() {
            return Err(INVALID);
        }
        let port = match lower.get(authority.host().len()..).ok_or(INVALID)? {
            "" => match scheme {
                Scheme::Http => 80,
                Scheme::Https => 443,
            },
            port => port.strip_prefix(':').and_then(|port| port.parse().ok()).filter(|port| *port != 0).ok_or(INVALID)?,
        };
        let host = HeaderValue::from_str(&lower).map_err(|_| INVALID)?;
        Ok(Self { origin: Origin::new(scheme, authority.host(), port, verify), host, way: None })
    }
}

/// Splits before the first of `marks` in a text; the second half keeps it.
pub(super) fn split_at_any(parts: Vec<Part>, marks: &[char]) -> (Vec<Part>, Vec<Part>) {
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for part in parts {
        match part {
            Part::Text(text) if after.is_empty() => match text.find(marks) {
                Some(at) => {
                    before.push(Part::Text(text[..at].into()));
                    after.push(Part::Text(text[at..].into()));
                }
                None => before.push(Part::Text(text)),
            },
            part if after.is_empty() => before.push(part),
            part => after.push(part),
        }
    }
    before.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
    (before, after)
}

pub(super) fn without_question_mark(mut query: Vec<Part>) -> Vec<Part> {
    if let Some(Part::Text(first)) = query.first_mut() {
        *first = first.strip_prefix('?').unwrap_or(first).into();
    }
    query
}

/// Encodes what a URI cannot hold; `&`, `=` and `+` of the query's own text keep their meaning.
fn clean(parts: Vec<Part>, place: Place) -> Vec<Part> {
    parts
        .into_iter()
        .filter(|part| !matches!(part, Part::Text(text) if text.is_empty()))
        .map(|part| match part {
            Part::Text(text) => {
                let mut out = String::new();
                for (index, kept) in text.split('?').enumerate() {
                    // A further `?` is an ordinary character of a query (RFC 3986, 3.4) and cannot be in a path here.
                    if index > 0 && place == Place::Query {
                        out.push('?');
                    }
                    encode::push(&mut out, kept, Place::Path, Spelling::Encoded);
                }
                Part::Text(out.into())
            }
            parameter => parameter,
        })
        .collect()
}

#[cfg(test)]
mod tests;
