//! Off the wire: inputs are read once, and every broken constraint is collected on the way.
//!
//! A value that cannot even be read (malformed JSON, the wrong JSON type) is a fault: the first one is the answer. Broken
//! constraints are violations: all of them are, together. A reader returns `None` only after it recorded one of the two, so
//! a typed input exists only when nothing was wrong.

mod json;
mod text;

use std::fmt::Display;

use bytes::Bytes;
use http::HeaderMap;
use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::checks::{Checked, Rule};
use super::path::Path;
use super::query;
use crate::error::{ApiError, ApiResult};

pub(crate) use json::{FromJson, Members, object, string, wrong_type};
pub(crate) use text::FromText;

/// Violations that one answer spells out; those beyond are only counted, so that an answer is bounded whatever the input.
const VIOLATIONS_LISTED_MAX: usize = 100;

/// A management request whose operation is known.
#[derive(Clone, Copy, Debug)]
pub struct WireRequest<'a> {
    /// From the route: label and raw segment.
    pub labels: &'a [(&'static str, &'a str)],
    /// As sent, without the question mark.
    pub raw_query: &'a str,
    /// All headers.
    pub headers: &'a HeaderMap,
    /// The whole body.
    pub body: &'a Bytes,
}

impl WireRequest<'_> {
    /// Reads the input of an operation; `refuse` makes the service's error from the text that lists the violations.
    pub(crate) fn read<I: ReadInput>(&self, refuse: fn(String) -> ApiError) -> ApiResult<I> {
        let mut reader = InputReader {
            request: *self,
            query: query::parse(self.raw_query)?,
            at: Path::Input(I::PLACE),
            body: None,
            problems: Problems::default(),
        };
        let input = I::read(&mut reader);
        reader.problems.into_result(input, refuse)
    }
}

/// An operation's input.
pub(crate) trait ReadInput: Sized {
    /// What messages call it, such as `createRestApiInput`.
    const PLACE: &'static str;

    /// Takes the members from where they travel; `None` after recording a problem.
    fn read(input: &mut InputReader<'_>) -> Option<Self>;
}

/// What is wrong with an input.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    fault: Option<ApiError>,
    count: usize,
    listed: Vec<String>,
}

impl Problems {
    /// A value that cannot be read.
    pub(crate) fn fault(&mut self, error: ApiError) {
        self.fault.get_or_insert(error);
    }

    /// A value that breaks a constraint. `shown` is the value in quotes, or `null`.
    pub(crate) fn violation(&mut self, shown: impl FnOnce() -> String, at: &dyn Display, rule: &dyn Display) {
        self.count += 1;
        if self.listed.len() < VIOLATIONS_LISTED_MAX {
            self.listed.push(format!("Value {} at '{at}' failed to satisfy constraint: {rule}", shown()));
        }
    }

    /// A required value that is not there.
    pub(crate) fn missing(&mut self, at: &dyn Display) {
        self.violation(|| "null".to_owned(), at, &"Member must not be null");
    }

    /// Holds a value against its rules, and returns it: the problems remember that it is not to be used.
    fn check<T: Checked>(&mut self, value: T, at: &dyn Display, rules: &[Rule]) -> T {
        for rule in rules.iter().filter(|rule| value.breaks(**rule)) {
            self.violation(|| format!("'{}'", value.shown()), at, rule);
        }
        value
    }

    fn into_result<I>(self, input: Option<I>, refuse: fn(String) -> ApiError) -> ApiResult<I> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        if self.count > 0 {
            let errors = if self.count == 1 { "error" } else { "errors" };
            return Err(refuse(format!("{} validation {errors} detected: {}", self.count, self.listed.join("; "))));
        }
        input.ok_or_else(ApiError::internal)
    }
}

/// A structure that stands as JSON text inside a string, such as the value of a PATCH. Messages call it `place`.
pub(crate) fn read_text<T: FromJson>(text: &str, place: &'static str) -> ApiResult<T> {
    let json = serde_json::from_str(text)
        .map_err(|error| ApiError::serialization(format!("The value of {place} is not valid JSON: {error}")))?;
    let mut problems = Problems::default();
    let value = T::from_json(json, &Path::Input(place), &mut problems);
    problems.into_result(value, ApiError::validation)
}

/// A request being taken apart, member by member, in the order of the model.
pub(crate) struct InputReader<'a> {
    request: WireRequest<'a>,
    query: Vec<(String, String)>,
    at: Path<'a>,
    /// Parsed when the first member is asked for: an operation without body members never looks at it.
    body: Option<Map<String, Value>>,
    problems: Problems,
}

impl InputReader<'_> {
    /// A label of the path; the route has put it there. `member` is its name in messages.
    pub(crate) fn checked_label<T: FromText + Checked>(&mut self, wire: &str, member: &str, rules: &[Rule]) -> Option<T> {
        let value: T = self.label(wire, member)?;
        Some(self.problems.check(value, &member, rules))
    }

    /// A label without constraints beyond its type.
    pub(crate) fn label<T: FromText>(&mut self, wire: &str, member: &str) -> Option<T> {
        let Some((_, raw)) = self.request.labels.iter().find(|(label, _)| *label == wire) else {
            self.problems.missing(&member);
            return None;
        };
        match query::decode(raw) {
            Ok(text) => T::from_text(&text, member, &mut self.problems),
            Err(error) => {
                self.problems.fault(error);
                None
            }
        }
    }

    /// A query parameter; the first when it is repeated.
    pub(crate) fn query<T: FromText>(&mut self, wire: &str, member: &str) -> Option<Option<T>> {
        let Some((_, text)) = self.query.iter().find(|(name, _)| name == wire) else {
            return Some(None);
        };
        T::from_text(text, member, &mut self.problems).map(Some)
    }

    /// A query parameter that must be there.
    pub(crate) fn required_query<T: FromText>(&mut self, wire: &str, member: &str) -> Option<T> {
        let value = self.query(wire, member)?;
        self.present(value, &member)
    }

    /// A query parameter with constraints.
    pub(crate) fn checked_query<T: FromText + Checked>(&mut self, wire: &str, member: &str, rules: &[Rule]) -> Option<Option<T>> {
        let value: Option<T> = self.query(wire, member)?;
        Some(value.map(|value| self.problems.check(value, &member, rules)))
    }

    /// A list, sent as a repeated query parameter.
    pub(crate) fn query_list(&mut self, wire: &str) -> Option<Option<Vec<String>>> {
        let values: Vec<String> = self.query.iter().filter(|(name, _)| name == wire).map(|(_, value)| value.clone()).collect();
        Some((!values.is_empty()).then_some(values))
    }

    /// A list in the query that must be there.
    pub(crate) fn required_query_list(&mut self, wire: &str, member: &str) -> Option<Vec<String>> {
        let values = self.query_list(wire)?;
        self.present(values, &member)
    }

    /// A map spread over the query: every parameter that is not in `claimed`, which belong to other members and to the route.
    pub(crate) fn query_map(&mut self, claimed: &[&str]) -> Option<Option<IndexMap<String, String>>> {
        let rest = self.query.iter().filter(|(name, _)| !claimed.contains(&name.as_str()) && !is_signature(name));
        let map: IndexMap<String, String> = rest.cloned().collect();
        Some((!map.is_empty()).then_some(map))
    }

    /// A header.
    pub(crate) fn header(&mut self, wire: &str) -> Option<Option<String>> {
        let Some(value) = self.request.headers.get(wire) else { return Some(None) };
        match value.to_str() {
            Ok(text) => Some(Some(text.to_owned())),
            Err(_) => {
                self.problems.fault(ApiError::serialization(format!("Header '{wire}' must be visible ASCII")));
                None
            }
        }
    }

    /// The raw body. Its size is the operation's to judge: AWS has an error of its own for it.
    pub(crate) fn payload(&mut self) -> Option<Bytes> {
        Some(self.request.body.clone())
    }

    /// The members of the JSON body.
    pub(crate) fn body(&mut self) -> Members<'_> {
        if self.body.is_none() {
            self.body = Some(json::parse_body(self.request.body).unwrap_or_else(|error| {
                self.problems.fault(error);
                Map::new()
            }));
        }
        Members::new(self.body.get_or_insert_default(), &self.at, &mut self.problems)
    }

    fn present<T>(&mut self, value: Option<T>, at: &dyn Display) -> Option<T> {
        if value.is_none() {
            self.problems.missing(at);
        }
        value
    }
}

/// Whether a query parameter belongs to a presigned URL's signature, and so to no operation.
fn is_signature(name: &str) -> bool {
    const PREFIX: &[u8] = b"x-amz-";
    name.as_bytes().get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
}

/// Passes a value of a closed set on, or records that `text` stands for none.
pub(crate) fn in_set<T>(
    value: Option<T>,
    text: &str,
    at: &dyn Display,
    set: Option<&'static str>,
    problems: &mut Problems,
) -> Option<T> {
    if value.is_none() {
        problems.violation(|| format!("'{text}'"), at, &set.unwrap_or_default());
    }
    value
}
