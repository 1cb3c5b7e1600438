//! Reads a document into the parts of a REST API. Nothing here knows an API that exists: what the parts do to one, and whether it
//! takes them, is for the operations to say.
//!
//! What is wrong but can be left out is a warning; what stops the import is a problem. Both carry AWS's text and the place in
//! the document that they are about.

mod authorizer;
mod base_path;
mod findings;
mod integration;
mod models;
mod operation;
mod parameters;
mod responses;
mod security;
mod settings;

#[cfg(test)]
mod tests;

use postern_api_model::apigateway::{
    CreateAuthorizerInput, CreateModelInput, PutIntegrationInput, PutIntegrationResponseInput, PutMethodInput,
    PutMethodResponseInput,
};
use serde_json::Value;

use super::document::Document;
use super::node::Node;

pub use base_path::BasePath;
pub use findings::{Finding, Findings};
pub use settings::{Setting, Settings, Validator};

/// What the reading depends on besides the document.
#[derive(Clone, Debug)]
pub struct Context {
    /// Models refer to each other by addresses with this id.
    pub api_id: String,
    /// What the paths begin with.
    pub base_path: BasePath,
}

/// The parts of a REST API that a document describes. Its documentation is read by the operations on documentation parts.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// `info.title`.
    pub name: Option<String>,
    /// `info.description`.
    pub description: Option<String>,
    /// `info.version`.
    pub version: Option<String>,
    /// Settings of the API as a whole.
    pub settings: Settings,
    /// In the order of the document, then those of schemas without a name.
    pub models: Vec<Part<CreateModelInput>>,
    /// By the name of their security scheme.
    pub authorizers: Vec<Part<CreateAuthorizerInput>>,
    /// Paths and methods in the order of the document; a path may have no methods.
    pub paths: Vec<ImportedPath>,
    /// What to tell the user.
    pub findings: Findings,
}

/// An input of the operation that would make the part, and where the document has it. Ids in it are blank.
#[derive(Clone, Debug)]
pub struct Part<T> {
    /// The input.
    pub input: T,
    /// A JSON pointer.
    pub place: String,
}

/// A path of the document, base path included.
#[derive(Clone, Debug)]
pub struct ImportedPath {
    /// As it shows in messages.
    pub path: String,
    /// Its segments; none for the root.
    pub segments: Vec<String>,
    /// A JSON pointer.
    pub place: String,
    /// In the order of the document.
    pub methods: Vec<ImportedMethod>,
}

/// A method with everything under it.
#[derive(Clone, Debug)]
pub struct ImportedMethod {
    /// A JSON pointer.
    pub place: String,
    /// The method itself; its authorizer and validator have no ids yet.
    pub method: PutMethodInput,
    /// Name of the authorizer.
    pub authorizer: Option<String>,
    /// Name of the request validator.
    pub validator: Option<String>,
    /// Method responses.
    pub responses: Vec<PutMethodResponseInput>,
    /// None when the document has none; the method can then not be deployed.
    pub integration: Option<PutIntegrationInput>,
    /// Integration responses.
    pub integration_responses: Vec<PutIntegrationResponseInput>,
}

/// The two families of documents. They differ in names and places, not in what they say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    /// `swagger: "2.0"`.
    Swagger2,
    /// `openapi: 3.0.x` and `3.1.x`.
    OpenApi3,
}

/// The document is none that can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither \"swagger\": \"2.0\" nor \"openapi\": \"3.0.x\" or \"3.1.x\"")]
pub struct UnknownVersion;

/// What every part of the reading needs.
struct Reader<'d> {
    root: Node<'d>,
    version: Version,
    findings: Findings,
    models: models::Models<'d>,
    security: security::Schemes<'d>,
}

/// Reads a document.
///
/// # Errors
/// When it is of no version that can be read. Everything else is in the findings.
pub fn read(document: &Document, context: &Context) -> Result<Imported, UnknownVersion> {
    let root = Node::root(document.root());
    let version = version(&root).ok_or(UnknownVersion)?;
    let mut findings = Findings::default();
    let models = models::Models::new(&root, version, &context.api_id, &mut findings);
    let security = security::Schemes::new(&root, version, &mut findings);
    let mut reader = Reader { root, version, findings, models, security };
    let info = reader.root.get("info");
    let info_text = |name: &str| info.as_ref().and_then(|info| info.text_of(name));
    let settings = settings::read(&mut reader);
    let paths = operation::paths(&mut reader, context.base_path);
    Ok(Imported {
        name: info_text("title"),
        description: info_text("description"),
        version: info_text("version"),
        settings,
        models: reader.models.finish(),
        authorizers: reader.security.finish(),
        paths,
        findings: reader.findings,
    })
}

fn version(root: &Node<'_>) -> Option<Version> {
    let is_three = |text: &str| text == "3.0" || text == "3.1" || text.starts_with("3.0.") || text.starts_with("3.1.");
    match (root.text_of("swagger"), root.text_of("openapi")) {
        (Some(text), None) if text == "2.0" || text == "2" => Some(Version::Swagger2),
        (None, Some(text)) if is_three(&text) => Some(Version::OpenApi3),
        _ => None,
    }
}

impl<'d> Reader<'d> {
    fn document(&self) -> &'d Value {
        self.root.value
    }

    /// What a node stands for; a warning when its reference leads nowhere.
    fn resolve(&mut self, node: &Node<'d>) -> Option<Node<'d>> {
        node.resolved(self.document())
            .map_err(|reference| self.findings.warn(format!("Reference '{reference}' not found. Ignoring."), &node.place))
            .ok()
    }
}
