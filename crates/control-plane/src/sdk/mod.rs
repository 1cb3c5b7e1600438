//! Client SDKs: source code, in the language asked for, that calls the methods of a stage.
//!
//! [`operations`] reads a frozen definition into a [`Client`], a list of methods that knows no language. One small module per
//! language writes it as files, from the texts in `templates/`. Everything of the definition that gets into a file passes
//! through [`identifier`] (names) or [`text`] (strings and comments), so that no definition can write code.

mod identifier;
mod java;
mod javascript;
mod kinds;
mod operations;
mod properties;
mod python;
mod ruby;
mod schema;
mod template;
mod text;
mod typescript;
mod zip;

#[cfg(test)]
mod tests;

use bytes::Bytes;
use postern_api_model::error::{ApiError, ApiResult};

pub(crate) use kinds::{KINDS, Kind, Language, Presence, Property, find};
pub(crate) use operations::{Client, Source};
pub(crate) use properties::Properties;

/// One file of an SDK.
#[derive(Clone, Debug, PartialEq, Eq)]
struct File {
    /// Relative, with `/`. Made of fixed names, identifiers and checked properties only.
    path: String,
    text: String,
}

impl File {
    fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into() }
    }
}

/// The SDK of a client in one language, as a zip. The same input gives the same bytes.
///
/// # Errors
/// When a property that the language needs is missing or cannot be a name there.
pub(crate) fn archive(client: &Client, language: Language, properties: &Properties) -> ApiResult<Bytes> {
    let files = files(client, language, properties)?;
    zip::archive(&files).map_err(|error| {
        tracing::error!(%error, "an SDK could not be packed");
        ApiError::internal()
    })
}

fn files(client: &Client, language: Language, properties: &Properties) -> ApiResult<Vec<File>> {
    match language {
        Language::Javascript => Ok(javascript::files(client)),
        Language::Typescript => Ok(typescript::files(client)),
        Language::Python => Ok(python::files(client)),
        Language::Java => Ok(java::files(client, &java::Project::new(properties)?)),
        Language::Ruby => Ok(ruby::files(client, &ruby::Gem::new(properties)?)),
    }
}
