//! From a path to a document that an import will take, or to what is wrong with it.

use std::path::Path;

use postern_api_model::rest_api::Definition;
use postern_api_model::scope::Scope;
use postern_control_plane::check_import;
use postern_control_plane::openapi::Document;
use postern_control_plane::openapi::document::DOCUMENT_BYTES_MAX;
use serde_json::Value;

use super::bundle::{Bundle, bundle};
use super::files::Files;
use super::functions::KnownFunctions;
use super::mock_integrations::{self, Mocks};
use super::problem::Problem;
use super::watch::Watched;

/// Warnings that are shown for a document.
const WARNINGS_MAX: usize = 20;
/// The name of an integration in a document and the reason that AWS gives for its absence.
const NO_INTEGRATION: &str =
    "No integration defined for method; add x-amazon-apigateway-integration, or remove it everywhere to get MOCK integrations";

/// A document that can be imported and deployed.
pub struct Loaded {
    /// As it was given to `postern run`, with its references followed.
    pub written: Value,
    /// What is imported: one text, mocks included.
    pub bytes: Vec<u8>,
    /// What that becomes.
    pub definition: Definition,
    /// Whether the answers are made up.
    pub mocks: Mocks,
    /// What the import leaves out.
    pub warnings: Vec<Problem>,
}

/// A reading of a document, whatever came of it.
pub struct Reading {
    /// Files that it depends on.
    pub tried: Watched,
    /// The document, or everything that is wrong.
    pub outcome: Result<Loaded, Vec<Problem>>,
}

/// What reading depends on besides the files.
pub struct Surroundings {
    /// Whose the API becomes.
    pub scope: Scope,
    /// What a document and its files may have together.
    pub bytes_max: usize,
    /// What may be called.
    pub functions: KnownFunctions,
}

/// Reads a document and its files.
pub fn load(path: &Path, surroundings: &Surroundings) -> Reading {
    let tried = Watched::new(path);
    let files = match Files::open(path, surroundings.bytes_max) {
        Ok(files) => files,
        Err(problem) => return Reading { tried, outcome: Err(vec![problem]) },
    };
    match bundle(files) {
        Ok(bundle) => {
            let outcome = check(&bundle, surroundings);
            Reading { tried: bundle.into_tried(), outcome }
        }
        Err((files, problems)) => Reading { tried: files.tried, outcome: Err(problems) },
    }
}

fn check(bundle: &Bundle, surroundings: &Surroundings) -> Result<Loaded, Vec<Problem>> {
    let Surroundings { scope, bytes_max, functions } = surroundings;
    let bytes_max = *bytes_max;
    let mut root = bundle.root.clone();
    let mocks = mock_integrations::add(&mut root);
    let bytes = root.to_string().into_bytes();
    let one = |pointer: &str, text: String| vec![bundle.problem(pointer, text)];
    if bytes.len() > bytes_max {
        let text = format!(
            "with its files and mocks it has {} bytes of at most {bytes_max}; limits.import_bytes_max can be raised",
            bytes.len()
        );
        return Err(one("", text));
    }
    let document = Document::parse(&bytes, bytes_max.max(DOCUMENT_BYTES_MAX)).map_err(|error| one("", error.to_string()))?;
    let checked = check_import(document, scope).map_err(|error| one("", error.to_string()))?;
    let placed = |findings: &[postern_control_plane::openapi::import::Finding], max: usize| -> Vec<Problem> {
        findings.iter().take(max).map(|finding| bundle.problem(&finding.place, finding.text.clone())).collect()
    };
    let mut problems = placed(checked.findings.problems(), usize::MAX);
    problems.extend(undeployable(bundle, &root));
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut warnings = placed(checked.findings.warnings(), WARNINGS_MAX);
    warnings.extend(functions.missing_in(&root).into_iter().map(|(place, text)| bundle.problem(&place, text)));
    Ok(Loaded { written: bundle.root.clone(), bytes, definition: checked.definition, mocks, warnings })
}

/// What imports and cannot be deployed: a document without methods, or with methods that have no integration.
fn undeployable(bundle: &Bundle, root: &Value) -> Vec<Problem> {
    if mock_integrations::operations(root).next().is_none() {
        return vec![bundle.problem("/paths", "The REST API doesn't contain any methods".to_owned())];
    }
    let without = mock_integrations::operations(root)
        .filter(|(.., operation)| operation.is_object() && operation.get("x-amazon-apigateway-integration").is_none());
    let problem = |(path, method, _): (&String, &str, &Value)| {
        bundle.problem(&format!("/paths/{}/{method}", super::bundle::escaped(path)), NO_INTEGRATION.to_owned())
    };
    without.map(problem).collect()
}
