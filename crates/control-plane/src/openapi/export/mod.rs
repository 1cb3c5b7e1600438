//! Writes a frozen definition as a document: Swagger 2.0 or OpenAPI 3.0.1, with the extensions that were asked for.
//!
//! With all extensions an export says everything that an import reads: put back over the same API and deployed again, it is
//! exported the same.

mod documentation;
mod extensions;
mod integration;
mod method;
mod schemas;
mod security;

#[cfg(test)]
mod tests;

use postern_api_model::apigateway::DocumentationPartType;
use postern_api_model::error::ApiResult;
use postern_api_model::rest_api::{Definition, EpochSeconds};
use serde_json::{Map, Value, json};

use documentation::{Documentation, Entity};

pub use documentation::Published;

/// Which document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Swagger 2.0.
    Swagger,
    /// OpenAPI 3.0.1.
    OpenApi30,
}

impl Kind {
    /// Reads `export_type`.
    pub fn from_wire(text: &str) -> Option<Self> {
        match text {
            "swagger" => Some(Self::Swagger),
            "oas30" => Some(Self::OpenApi30),
            _ => None,
        }
    }

    /// As it is read.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Swagger => "swagger",
            Self::OpenApi30 => "oas30",
        }
    }

    /// Where references to schemas lead.
    const fn schemas(self) -> &'static str {
        match self {
            Self::Swagger => "#/definitions/",
            Self::OpenApi30 => "#/components/schemas/",
        }
    }
}

/// Which extensions a document has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extensions {
    /// Integrations.
    integrations: bool,
    /// What makes a security scheme an authorizer.
    authorizers: bool,
    /// Documentation parts, where the stage has a version of them.
    documentation: bool,
    /// All that is left.
    others: bool,
}

impl Extensions {
    /// Every one.
    pub const ALL: Self = Self { integrations: true, authorizers: true, documentation: true, others: true };

    /// Reads the query parameter `extensions`, a list with commas; the name that is none.
    ///
    /// # Errors
    /// The first name that is not known.
    pub fn from_wire(text: &str) -> Result<Self, String> {
        let mut wanted = Self::default();
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match name {
                // The guide writes it without its last letter.
                "integrations" | "integration" => wanted.integrations = true,
                "authorizers" => wanted.authorizers = true,
                "documentation" => wanted.documentation = true,
                "apigateway" => wanted = Self::ALL,
                // Postman reads the plain document.
                "postman" => {}
                other => return Err(other.to_owned()),
            }
        }
        Ok(wanted)
    }
}

/// What is exported.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The API.
    pub api_id: &'a str,
    /// Its region.
    pub region: &'a str,
    /// The stage whose deployment this is.
    pub stage_name: &'a str,
    /// When it was deployed; the version of an API that has none.
    pub deployed: EpochSeconds,
    /// As it was frozen.
    pub definition: &'a Definition,
    /// Its documentation, when the stage has a version of it.
    pub documentation: Option<Published<'a>>,
}

impl Source<'_> {
    /// `info.version`.
    pub fn version(&self) -> String {
        self.definition.version.clone().unwrap_or_else(|| moment(self.deployed))
    }

    fn host(&self) -> String {
        format!("{}.execute-api.{}.amazonaws.com", self.api_id, self.region)
    }
}

/// As AWS writes moments in documents.
fn moment(seconds: EpochSeconds) -> String {
    jiff::Timestamp::from_second(seconds).unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Writes the document.
///
/// # Errors
/// 400 when a method's bodies have models that no document can hold.
pub fn write(source: &Source<'_>, kind: Kind, wanted: Extensions) -> ApiResult<Value> {
    let schemes = security::Schemes::of(source.definition);
    let documentation = Documentation::of(source.documentation);
    let paths = method::paths(source.definition, kind, wanted, &schemes, &documentation)?;
    let mut schemas = schemas::all(source.definition, kind);
    let mut security = schemes.definitions(source.definition, wanted);
    for (kind, objects) in [(DocumentationPartType::Model, &mut schemas), (DocumentationPartType::Authorizer, &mut security)] {
        for (name, object) in objects.iter_mut() {
            let Value::Object(object) = object else { continue };
            documentation.annotate(kind, Entity { name, ..Entity::default() }, object);
        }
    }
    let mut document = match kind {
        Kind::Swagger => swagger(source, paths, schemas, security),
        Kind::OpenApi30 => openapi(source, wanted, paths, schemas, security),
    };
    if let Some(Value::Object(info)) = document.get_mut("info") {
        documentation.annotate_info(info);
    }
    if wanted.others {
        extensions::write(source.definition, kind, &mut document);
    }
    if let (true, Some(published)) = (wanted.documentation, source.documentation) {
        documentation::extension(published, &mut document);
    }
    Ok(Value::Object(document))
}

type Object = Map<String, Value>;

fn swagger(source: &Source<'_>, paths: Object, schemas: Object, security: Object) -> Object {
    let mut document = Object::new();
    document.insert("swagger".to_owned(), json!("2.0"));
    let mut info = Object::new();
    set(&mut info, "description", source.definition.description.as_ref());
    set(&mut info, "version", Some(&source.version()));
    set(&mut info, "title", Some(&source.definition.name));
    document.insert("info".to_owned(), Value::Object(info));
    document.insert("host".to_owned(), json!(source.host()));
    document.insert("basePath".to_owned(), json!(format!("/{}", source.stage_name)));
    document.insert("schemes".to_owned(), json!(["https"]));
    document.insert("paths".to_owned(), Value::Object(paths));
    set_filled(&mut document, "securityDefinitions", security);
    set_filled(&mut document, "definitions", schemas);
    document
}

fn openapi(source: &Source<'_>, wanted: Extensions, paths: Object, schemas: Object, security: Object) -> Object {
    let mut document = Object::new();
    document.insert("openapi".to_owned(), json!("3.0.1"));
    let mut info = Object::new();
    set(&mut info, "title", Some(&source.definition.name));
    set(&mut info, "description", source.definition.description.as_ref());
    set(&mut info, "version", Some(&source.version()));
    document.insert("info".to_owned(), Value::Object(info));
    let mut server = Object::new();
    server.insert("url".to_owned(), json!(format!("https://{}/{{basePath}}", source.host())));
    server.insert("variables".to_owned(), json!({"basePath": {"default": source.stage_name}}));
    if wanted.others {
        set_filled(&mut server, extensions::ENDPOINT, extensions::endpoint(source.definition));
    }
    document.insert("servers".to_owned(), json!([server]));
    document.insert("paths".to_owned(), Value::Object(paths));
    let mut components = Object::new();
    set_filled(&mut components, "schemas", schemas);
    set_filled(&mut components, "securitySchemes", security);
    document.insert("components".to_owned(), Value::Object(components));
    document
}

/// A text, where there is one.
fn set(object: &mut Object, name: &str, text: Option<&String>) {
    if let Some(text) = text {
        object.insert(name.to_owned(), json!(text));
    }
}

/// An object, unless it is empty: the service leaves empty sections out.
fn set_filled(object: &mut Object, name: &str, value: Object) {
    if !value.is_empty() {
        object.insert(name.to_owned(), Value::Object(value));
    }
}
