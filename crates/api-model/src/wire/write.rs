//! Onto the wire: outputs as JSON, absent members left out, empty ones kept.

use std::future::Future;
use std::pin::Pin;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::WireResponse;
use crate::error::ApiResult;

/// A type with one JSON form.
pub(crate) trait IntoJson {
    /// The value as AWS's clients expect it.
    fn into_json(self) -> Value;
}

/// An object under construction.
#[derive(Default)]
pub(crate) struct MembersOut(Map<String, Value>);

impl MembersOut {
    /// A member that every answer has.
    pub(crate) fn required<T: IntoJson>(mut self, name: &'static str, value: T) -> Self {
        self.0.insert(name.to_owned(), value.into_json());
        self
    }

    /// A member that is left out when absent.
    pub(crate) fn optional<T: IntoJson>(self, name: &'static str, value: Option<T>) -> Self {
        match value {
            Some(value) => self.required(name, value),
            None => self,
        }
    }

    /// The object.
    pub(crate) fn finish(self) -> Value {
        Value::Object(self.0)
    }
}

/// An operation's output as a whole answer.
pub(crate) trait WriteOutput {
    /// The answer with this output.
    fn write(self, status: u16) -> WireResponse;
}

impl WriteOutput for () {
    fn write(self, status: u16) -> WireResponse {
        WireResponse::empty(status)
    }
}

/// An operation on its way; boxed so that a dispatch over a hundred operations is no larger than one.
pub(crate) type Answer<'a> = Pin<Box<dyn Future<Output = ApiResult<WireResponse>> + Send + 'a>>;

/// Awaits an operation and writes its output.
pub(crate) fn answer<'a, O: WriteOutput>(status: u16, output: impl Future<Output = ApiResult<O>> + Send + 'a) -> Answer<'a> {
    Box::pin(async move { Ok(output.await?.write(status)) })
}

macro_rules! into_json_by_from {
    ($($type:ty),+) => {
        $(impl IntoJson for $type {
            fn into_json(self) -> Value {
                Value::from(self)
            }
        })+
    };
}

into_json_by_from!(String, bool, i32, i64, f64);

impl<T: IntoJson> IntoJson for Box<T> {
    fn into_json(self) -> Value {
        (*self).into_json()
    }
}

impl<T: IntoJson> IntoJson for Vec<T> {
    fn into_json(self) -> Value {
        Value::Array(self.into_iter().map(IntoJson::into_json).collect())
    }
}

impl<T: IntoJson> IntoJson for IndexMap<String, T> {
    fn into_json(self) -> Value {
        Value::Object(self.into_iter().map(|(key, value)| (key, value.into_json())).collect())
    }
}
