//! What a caller shows, as an authorizer's identity sources name it.
//!
//! A source that a request has twice is refused: the authorizer may look at one value and the backend at the other. What cannot be text
//! is refused as well.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName};

use crate::compile::{IdentityPlace, IdentitySource, PublishedStage};
use crate::context::Arrival;
use crate::encode::query_values;

/// A request, as far as identities are read from it.
#[derive(Clone, Copy)]
pub(crate) struct Presented<'a> {
    pub(crate) arrival: &'a Arrival,
    pub(crate) stage: &'a PublishedStage,
    pub(crate) headers: &'a HeaderMap,
    /// Id and path.
    pub(crate) resource: (&'a str, &'a str),
    /// Context variables that a test makes up.
    pub(crate) additional: Option<&'a BTreeMap<String, String>>,
}

/// Nobody is to be told apart by what was sent: a source is missing, or there twice. No authorizer is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unidentified;

/// What is asked of sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needed {
    /// Each must have a value: together they are the key of an answer.
    Every,
    /// They may be missing (AWS docs: without caching they are not checked).
    Any,
}

impl<'a> Presented<'a> {
    /// The token in a header field.
    pub(crate) fn token(&self, header: &HeaderName) -> Result<&'a str, Unidentified> {
        self.field(header)?.ok_or(Unidentified)
    }

    /// The values of the sources, in order; those that are missing are empty.
    pub(crate) fn sources(&self, sources: &'a [IdentitySource], needed: Needed) -> Result<Vec<String>, Unidentified> {
        let value = |source: &IdentitySource| {
            let value = self.value(&source.place)?.filter(|value| !value.is_empty());
            match (value, needed) {
                (Some(value), _) => Ok(value),
                (None, Needed::Any) => Ok(String::new()),
                (None, Needed::Every) => Err(Unidentified),
            }
        };
        sources.iter().map(value).collect()
    }

    fn value(&self, place: &IdentityPlace) -> Result<Option<String>, Unidentified> {
        match place {
            IdentityPlace::Header(name) => Ok(self.field(name)?.map(str::to_owned)),
            IdentityPlace::Query(key) => {
                let mut values = query_values(self.arrival.uri.query().unwrap_or_default(), key);
                let first = values.next().map(std::borrow::Cow::into_owned);
                if values.next().is_some() { Err(Unidentified) } else { Ok(first) }
            }
            IdentityPlace::StageVariable(name) => Ok(self.stage.variable(name).map(str::to_owned)),
            IdentityPlace::Context(name, variable) => {
                let made_up = self.additional.and_then(|additional| additional.get(&**name)).cloned();
                let known = || Some(variable.as_ref()?.value(self.arrival, self.stage, Some(self.resource))?.into_owned());
                Ok(made_up.or_else(known))
            }
        }
    }

    /// The value of the only field of that name, if it says anything.
    fn field(&self, name: &HeaderName) -> Result<Option<&'a str>, Unidentified> {
        let mut values = self.headers.get_all(name).iter();
        let (first, second) = (values.next(), values.next());
        if second.is_some() {
            return Err(Unidentified);
        }
        let text = first.map(|value| std::str::from_utf8(value.as_bytes()).map_err(|_| Unidentified)).transpose()?;
        Ok(text.filter(|text| !text.trim().is_empty()))
    }
}
