//! What a template is rendered with. All of it is owned, so that a rendering may go on in another thread, and nothing is converted
//! before a template asks for it.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use http::{HeaderMap, HeaderValue};
use serde_json::{Map, Value};

use super::document::Document;
use super::overrides::Overrides;
use crate::access::CallerFact;
use crate::compile::{PublishedStage, ResourceIndex, parameter_names};
use crate::context::{Arrival, ContextVariable};
use crate::encode::{form_decode, query_values};
use crate::render::TemplateInput;

/// What one rendering reads.
#[derive(Debug)]
pub(crate) struct Inputs {
    /// The client's request, in the response's template too.
    pub(crate) request: Arc<RequestFacts>,
    /// The request's body or, in a response's template, the integration's.
    pub(crate) body: Arc<Document>,
    /// Those of the request's template, which the response's can read and add to.
    pub(crate) overrides: Overrides,
}

/// A request, and what is known of the API that it is for.
#[derive(Debug)]
pub(crate) enum RequestFacts {
    /// One that is being served.
    Live(Box<LiveRequest>),
    /// What someone wrote down.
    Given(Box<TemplateInput>),
}

/// A request that is being served.
#[derive(Debug)]
pub(crate) struct LiveRequest {
    arrival: Arrival,
    stage: Arc<PublishedStage>,
    resource: ResourceIndex,
    headers: HeaderMap,
    /// In the order of the resource's parameters; as sent, as in the event of a Lambda proxy integration (recorded).
    path_values: Vec<Box<str>>,
}

/// The value of a context variable.
pub(super) enum ContextValue<'a> {
    Text(Cow<'a, str>),
    /// Something with variables of its own, such as `identity`.
    Group,
}

/// Kinds of request parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParameterKind {
    Path,
    Query,
    Header,
}

impl LiveRequest {
    /// `path` is what was routed, and `parameters` where its values stand in it.
    pub(crate) fn new(
        arrival: &Arrival,
        stage: Arc<PublishedStage>,
        resource: ResourceIndex,
        path: &str,
        parameters: &[Range<usize>],
        headers: HeaderMap,
    ) -> Self {
        let value = |range: &Range<usize>| path.get(range.clone()).unwrap_or_default().into();
        let path_values = parameters.iter().map(value).collect();
        Self { arrival: arrival.clone(), stage, resource, headers, path_values }
    }

    fn authorizer(&self) -> &Map<String, Value> {
        static NONE: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
        self.arrival.authorizer.get().map_or(&*NONE, |said| said.object())
    }

    fn path_parameters(&self) -> impl Iterator<Item = (Box<str>, &str)> {
        let names = parameter_names(&self.stage.api.resource(self.resource).path);
        names.into_iter().zip(self.path_values.iter().map(|value| &**value))
    }

    fn query(&self) -> &str {
        self.arrival.uri.query().unwrap_or_default()
    }

    fn context(&self, name: &str) -> Option<ContextValue<'_>> {
        if name == "identity" {
            return Some(ContextValue::Group);
        }
        if let Some(path) = name.strip_prefix("authorizer") {
            return match path.strip_prefix('.') {
                Some(path) => match in_object(self.authorizer(), path) {
                    Some(ContextValue::Group) => Some(ContextValue::Group),
                    _ => self.arrival.authorizer.get()?.variable(path).map(ContextValue::Text),
                },
                None => (!self.authorizer().is_empty()).then_some(ContextValue::Group),
            };
        }
        let resource = self.stage.api.resource(self.resource);
        let value = ContextVariable::parse(name)?.value(&self.arrival, &self.stage, Some((&resource.id, &resource.path)))?;
        Some(ContextValue::Text(value))
    }
}

impl RequestFacts {
    /// A parameter by its name; the last of several values.
    pub(super) fn parameter(&self, kind: ParameterKind, name: &str) -> Option<Cow<'_, str>> {
        match (self, kind) {
            (Self::Live(live), ParameterKind::Path) => {
                live.path_parameters().find(|(known, _)| **known == *name).map(|(_, value)| value.into())
            }
            (Self::Live(live), ParameterKind::Query) => {
                query_values(live.query(), name).last().map(|value| Cow::Owned(value.into_owned()))
            }
            (Self::Live(live), ParameterKind::Header) => live.headers.get_all(name).iter().next_back().map(header_text),
            (Self::Given(given), kind) => {
                let is_it = |known: &str| match kind {
                    ParameterKind::Header => known.eq_ignore_ascii_case(name),
                    ParameterKind::Path | ParameterKind::Query => known == name,
                };
                given.parameters(kind).iter().rev().find(|(known, _)| is_it(known)).map(|(_, value)| value.into())
            }
        }
    }

    /// Bytes that are gone through to find one parameter; fields are hashed.
    pub(super) fn searched_bytes(&self, kind: ParameterKind) -> usize {
        match (self, kind) {
            (Self::Live(live), ParameterKind::Path) => live.stage.api.resource(live.resource).path.len(),
            (Self::Live(live), ParameterKind::Query) => live.query().len(),
            (Self::Live(_), ParameterKind::Header) => 0,
            (Self::Given(given), kind) => given.parameters(kind).iter().map(|(name, _)| name.len()).sum(),
        }
    }

    /// All parameters of a kind, in the order in which they came; the last value of each.
    pub(super) fn parameters(&self, kind: ParameterKind) -> Vec<(String, String)> {
        match (self, kind) {
            (Self::Live(live), ParameterKind::Path) => {
                live.path_parameters().map(|(name, value)| (name.into_string(), value.to_owned())).collect()
            }
            (Self::Live(live), ParameterKind::Query) => {
                let pairs = live.query().split(['&', ';']).filter(|pair| !pair.is_empty());
                let decoded = |text: &str| form_decode(text).into_owned();
                pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(k, v)| (decoded(k), decoded(v))).collect()
            }
            (Self::Live(live), ParameterKind::Header) => {
                let spellings = live.arrival.spellings();
                let spelled = |name| spellings.written(name).unwrap_or(name.as_str()).to_owned();
                live.headers.iter().map(|(name, value)| (spelled(name), header_text(value).into_owned())).collect()
            }
            (Self::Given(given), kind) => given.parameters(kind).to_vec(),
        }
    }

    /// A `$context` variable by its name without `context.`.
    pub(super) fn context(&self, name: &str) -> Option<ContextValue<'_>> {
        match self {
            Self::Live(live) => live.context(name),
            Self::Given(given) => in_object(&given.context, name),
        }
    }

    /// The names of a group's variables that have a value.
    pub(super) fn context_names(&self, group: &str) -> Vec<String> {
        let of = |object: &Map<String, Value>| object.keys().cloned().collect();
        match self {
            Self::Live(_) if group == "identity" => {
                let is_set = |name: &&str| self.context(&format!("identity.{name}")).is_some();
                let of_callers = CallerFact::ALL.map(|(name, _)| name);
                let names = of_callers.iter().chain(&["apiKey", "apiKeyId", "sourceIp", "userAgent"]);
                names.filter(|name| is_set(name)).map(|name| (*name).to_owned()).collect()
            }
            Self::Live(live) => match group.strip_prefix("authorizer") {
                Some("") => of(live.authorizer()),
                Some(path) => object_at(live.authorizer(), path.trim_start_matches('.')).map(of).unwrap_or_default(),
                None => Vec::new(),
            },
            Self::Given(given) => object_at(&given.context, group).map(of).unwrap_or_default(),
        }
    }

    pub(super) fn stage_variable(&self, name: &str) -> Option<&str> {
        match self {
            Self::Live(live) => live.stage.variable(name),
            Self::Given(given) => given.stage_variables.get(name).map(String::as_str),
        }
    }

    pub(super) fn stage_variables(&self) -> Vec<(String, String)> {
        let variables = match self {
            Self::Live(live) => live.stage.variables(),
            Self::Given(given) => &given.stage_variables,
        };
        variables.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

fn header_text(value: &HeaderValue) -> Cow<'_, str> {
    String::from_utf8_lossy(value.as_bytes())
}

/// All context values are texts in templates (recorded of `isCanaryRequest`).
fn in_object<'a>(object: &'a Map<String, Value>, path: &str) -> Option<ContextValue<'a>> {
    let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
    // A name may have dots in it, as those of claims do.
    let value = object.get(path).or_else(|| object_at(object, parent)?.get(name))?;
    Some(match value {
        Value::Null => return None,
        Value::Object(_) => ContextValue::Group,
        Value::String(text) => ContextValue::Text(text.into()),
        other => ContextValue::Text(other.to_string().into()),
    })
}

fn object_at<'a>(object: &'a Map<String, Value>, path: &str) -> Option<&'a Map<String, Value>> {
    path.split('.').filter(|name| !name.is_empty()).try_fold(object, |object, name| object.get(name)?.as_object())
}
