//! Documentation of one entity of an API: where it belongs, and what it says.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::apigateway::DocumentationPartType;

/// What an absent method or status code stands for.
pub const ANY: &str = "*";

/// One part. A deployment does not freeze it: a documentation version does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentationPart {
    /// Six characters.
    pub id: String,
    /// No two parts of an API have the same.
    pub location: DocumentationLocation,
    /// A JSON object as text, as it was given.
    pub properties: String,
}

/// The entity that a part documents. Absent is how a member was left out, and is shown so.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DocumentationLocation {
    /// What kind of entity.
    pub kind: DocumentationPartType,
    /// Path of a resource; there for every kind that has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Verb; absent is [`ANY`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Status of a response; absent is [`ANY`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_code: Option<String>,
    /// Name of a parameter, header, model or authorizer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl DocumentationLocation {
    /// Whether both name the same entity: an absent method or status code is [`ANY`].
    pub fn is_same(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }

    /// What two locations of the same entity have in common, in an order for sets.
    pub fn parts(&self) -> (DocumentationPartType, Option<&str>, &str, &str, Option<&str>) {
        (
            self.kind,
            self.path.as_deref(),
            self.method.as_deref().unwrap_or(ANY),
            self.status_code.as_deref().unwrap_or(ANY),
            self.name.as_deref(),
        )
    }
}

impl fmt::Display for DocumentationLocation {
    /// As the service's texts print it: `type 'RESOURCE', path '/'`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "type '{}'", self.kind)?;
        let members = [("path", &self.path), ("method", &self.method), ("statusCode", &self.status_code), ("name", &self.name)];
        for (name, value) in members {
            if let Some(value) = value {
                write!(f, ", {name} '{value}'")?;
            }
        }
        Ok(())
    }
}
