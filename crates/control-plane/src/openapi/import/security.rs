//! Who may call a method: security schemes, and what operations require of them.
//!
//! What cannot be understood never opens a method: a requirement that names no scheme stops the import.

use indexmap::IndexMap;
use postern_api_model::apigateway::CreateAuthorizerInput;
use postern_api_model::rest_api::AUTHORIZATION_NONE;
use serde_json::Value;

use super::{Findings, Part, Version, authorizer};
use crate::openapi::node::Node;

/// The extension that makes a scheme an authorizer.
pub(super) const AUTHORIZER: &str = "x-amazon-apigateway-authorizer";
/// The extension that names IAM, or an authorizer's own kind.
pub(super) const AUTH_TYPE: &str = "x-amazon-apigateway-authtype";
/// The value of [`AUTH_TYPE`] for IAM.
const SIGV4: &str = "awsSigv4";
const IAM: &str = "AWS_IAM";
/// Types whose tokens carry scopes.
const SCOPED: [&str; 2] = ["COGNITO_USER_POOLS", "JWT"];

/// What a scheme asks for.
enum Scheme {
    ApiKey,
    Iam,
    /// The method's authorization type.
    Authorizer(&'static str),
    /// Known to OpenAPI, not to REST APIs: such as `oauth2` without an authorizer.
    Unsupported(String),
    /// An authorizer that could not be read; the problem has been noted.
    Broken,
}

/// The schemes of a document, and what the root requires.
pub(super) struct Schemes<'d> {
    schemes: IndexMap<&'d str, Scheme>,
    authorizers: Vec<Part<CreateAuthorizerInput>>,
    root: Option<Node<'d>>,
}

/// What a method asks of its callers.
pub(super) struct Access {
    pub(super) authorization_type: String,
    pub(super) authorizer: Option<String>,
    pub(super) scopes: Vec<String>,
    pub(super) api_key_required: bool,
}

impl Access {
    fn open() -> Self {
        Self { authorization_type: AUTHORIZATION_NONE.to_owned(), authorizer: None, scopes: Vec::new(), api_key_required: false }
    }

    fn is_open(&self) -> bool {
        self.authorization_type == AUTHORIZATION_NONE
    }
}

impl<'d> Schemes<'d> {
    pub(super) fn new(root: &Node<'d>, version: Version, findings: &mut Findings) -> Self {
        let section = match version {
            Version::Swagger2 => root.get("securityDefinitions"),
            Version::OpenApi3 => root.get("components").and_then(|components| components.get("securitySchemes")),
        };
        let mut schemes = Self { schemes: IndexMap::new(), authorizers: Vec::new(), root: root.get("security") };
        for (name, node) in section.iter().flat_map(|section| section.members().collect::<Vec<_>>()) {
            let Ok(node) = node.resolved(root.value) else { continue };
            let scheme = schemes.scheme(name, &node, findings);
            schemes.schemes.insert(name, scheme);
        }
        schemes
    }

    fn scheme(&mut self, name: &str, node: &Node<'d>, findings: &mut Findings) -> Scheme {
        if let Some(extension) = node.get(AUTHORIZER) {
            return match authorizer::read(name, node, &extension) {
                Ok(input) => {
                    let kind = authorizer::authorization_type(input.r#type);
                    self.authorizers.push(Part { input, place: node.place.clone() });
                    Scheme::Authorizer(kind)
                }
                Err(text) => {
                    findings.problem(format!("Unable to create authorizer '{name}': {text}"), &extension.place);
                    Scheme::Broken
                }
            };
        }
        if node.text_of(AUTH_TYPE).is_some_and(|auth_type| auth_type.eq_ignore_ascii_case(SIGV4)) {
            return Scheme::Iam;
        }
        let is = |member: &str, value: &str| node.text_of(member).is_some_and(|text| text.eq_ignore_ascii_case(value));
        if is("type", "apiKey") && is("name", "x-api-key") && is("in", "header") {
            return Scheme::ApiKey;
        }
        Scheme::Unsupported(node.text_of("type").unwrap_or_default())
    }

    /// What an operation asks of its callers: its own requirements, or else those of the root. Problems are told of `subject`.
    pub(super) fn access(&self, operation: &Node<'d>, subject: &str, findings: &mut Findings) -> Access {
        let mut access = Access::open();
        let own = operation.get("security");
        let required = own.as_ref().or(self.root.as_ref());
        // REST APIs know one authorizer and one key per method, so alternatives are all required.
        for requirement in required.map(|list| requirements(list, subject, findings)).unwrap_or_default() {
            for (name, scopes) in requirement.members() {
                if !findings.afford(scopes.value.as_array().map_or(0, Vec::len), &scopes.place) {
                    break;
                }
                self.require(name, &scopes, &mut access, subject, findings);
            }
        }
        if let Some(auth) = operation.get("x-amazon-apigateway-auth") {
            auth_extension(&auth, &mut access, subject, findings);
        }
        access
    }

    fn require(&self, name: &str, scopes: &Node<'d>, access: &mut Access, subject: &str, findings: &mut Findings) {
        let (authorization_type, authorizer) = match self.schemes.get(name) {
            Some(Scheme::ApiKey) => {
                access.api_key_required = true;
                return;
            }
            Some(Scheme::Unsupported(kind)) => {
                findings.warn(format!("Unsupported security definition type '{kind}' for '{name}'. Ignoring."), &scopes.place);
                return;
            }
            Some(Scheme::Broken) => return,
            Some(Scheme::Iam) => (IAM, None),
            Some(Scheme::Authorizer(kind)) => (*kind, Some(name.to_owned())),
            None => {
                findings.problem(format!("{subject}: Security definition '{name}' not found."), &scopes.place);
                return;
            }
        };
        if !access.is_open() && (access.authorization_type != authorization_type || access.authorizer != authorizer) {
            let text = format!("{subject}: Method can have only one authorizer; '{name}' is another one.");
            findings.problem(text, &scopes.place);
            return;
        }
        access.authorization_type = authorization_type.to_owned();
        access.authorizer = authorizer;
        if SCOPED.contains(&authorization_type) {
            access.scopes.extend(scopes.value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
        }
    }
}

impl Schemes<'_> {
    pub(super) fn finish(self) -> Vec<Part<CreateAuthorizerInput>> {
        self.authorizers
    }
}

/// The requirements of a list. Anything but a list of objects would require nothing if it were passed over.
fn requirements<'d>(list: &Node<'d>, subject: &str, findings: &mut Findings) -> Vec<Node<'d>> {
    let mut unreadable = |node: &Node<'_>| {
        let text = format!("{subject}: Invalid security requirement specified: expected a list of objects");
        findings.problem(text, &node.place);
    };
    if !list.value.is_array() {
        unreadable(list);
    }
    let items = list.items().filter(|item| {
        let is_object = item.value.is_object();
        if !is_object {
            unreadable(item);
        }
        is_object
    });
    items.collect()
}

/// `x-amazon-apigateway-auth`, which knows two types and is said in so many words, so it wins.
fn auth_extension(auth: &Node<'_>, access: &mut Access, subject: &str, findings: &mut Findings) {
    let text = auth.text_of("type").unwrap_or_default();
    let Some(kind) = [AUTHORIZATION_NONE, IAM].into_iter().find(|kind| kind.eq_ignore_ascii_case(&text)) else {
        let text = format!("{subject}: Invalid Method authorization type specified: {text}. Valid options are NONE,AWS_IAM");
        findings.problem(text, &auth.place);
        return;
    };
    *access = Access { authorization_type: kind.to_owned(), api_key_required: access.api_key_required, ..Access::open() };
}
