//! ImportRestApi and PutRestApi: an API from an OpenAPI document.
//!
//! The document is read first, and put into an API by a pure function. Anything that stops the import leaves the API as it was, or
//! makes none.

mod apply;
#[cfg(any(test, fuzzing))]
pub(in super::super) mod fuzzing;
mod paths;
mod settings;

#[cfg(test)]
mod tests;

use bytes::Bytes;
use indexmap::IndexMap;
use postern_api_model::apigateway::{EndpointType, ImportRestApiInput, PutMode, PutRestApiInput, RestApi as Shown};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{Definition, EndpointConfiguration, RestApi};
use postern_api_model::scope::{Caller, Scope};

use super::super::documentation_part::import as parts;
use super::{create, missing, show_one, show_updated};
use crate::ControlPlane;
use crate::openapi::document::{Document, DocumentError};
use crate::openapi::import::{self as openapi, BasePath, Context, Findings, Imported, UnknownVersion};
use apply::Mode;

/// AWS's text for what is no document that can be imported.
const INVALID_INPUT: &str = "Invalid OpenAPI input.";
/// Where a document keeps its documentation.
const DOCUMENTATION: &str = "x-amazon-apigateway-documentation";
/// Findings whose place is looked up for the log; each takes another walk over the text.
const LOCATED_MAX: usize = 10;

/// What to do when something had to be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Warnings {
    /// Tell.
    Told,
    /// Refuse the whole import.
    Refused,
}

impl Warnings {
    fn new(fail_on_warnings: Option<bool>) -> Self {
        if fail_on_warnings == Some(true) { Self::Refused } else { Self::Told }
    }

    fn check(self, findings: &Findings) -> ApiResult<()> {
        if self == Self::Refused && !findings.warnings().is_empty() {
            return Err(refusal("Warnings found during import:", &findings.warning_texts()));
        }
        Ok(())
    }
}

pub(in super::super) async fn import(plane: &ControlPlane, caller: &Caller, input: ImportRestApiInput) -> ApiResult<Shown> {
    let parameters = Parameters::read(input.parameters)?;
    let document = parse(plane, input.body, &caller.scope).await?;
    let warnings = Warnings::new(input.fail_on_warnings);
    let now = plane.now();
    let mut told = Vec::new();
    let make = |id: &str| {
        let read = read(&document, &parameters, id)?;
        told = read.imported.findings.warning_texts();
        build(&read, &parameters, warnings, &caller.scope, id, now)
    };
    let api = plane.create(caller, make).await?;
    Ok(with_warnings(show_one(&api), told))
}

/// A new API of what was read.
fn build(read: &Read, parameters: &Parameters, warnings: Warnings, scope: &Scope, id: &str, now: i64) -> ApiResult<RestApi> {
    let name = create::name(read.imported.name.as_deref().unwrap_or_default())?;
    let mut api = empty(name, parameters, scope, id, now);
    apply::apply(&mut api, read, Mode::Overwrite)?;
    warnings.check(&read.imported.findings)?;
    Ok(api)
}

fn empty(name: String, parameters: &Parameters, scope: &Scope, id: &str, now: i64) -> RestApi {
    let mut definition = create::empty(name);
    definition.endpoint_configuration = EndpointConfiguration::of_type(parameters.endpoint_type.unwrap_or(EndpointType::Edge));
    definition.endpoint_configuration.vpc_endpoint_ids.clone_from(&parameters.vpc_endpoint_ids);
    RestApi::new(id, scope.clone(), now, definition)
}

/// What importing a document would make, and everything that there is to say of it, each with its place.
#[derive(Debug)]
pub struct CheckedImport {
    /// As a deployment would freeze it, apart from ids, which are drawn anew by each import.
    pub definition: Definition,
    /// What the reading found and what the API refuses. With a problem in it the import would be refused.
    pub findings: Findings,
}

/// Imports a document into an API that nobody keeps. ImportRestApi answers AWS's texts alone; this is for who holds the file and wants
/// to know the places in it.
///
/// # Errors
/// When it is of no version that can be read.
pub fn check_import(mut document: Document, scope: &Scope) -> Result<CheckedImport, UnknownVersion> {
    /// Any id will do: it shows in no message.
    const API_ID: &str = "0000000000";
    substitute(&mut document, scope);
    let parameters = Parameters {
        base_path: BasePath::Ignore,
        documentation: Documentation::Read,
        endpoint_type: None,
        vpc_endpoint_ids: Vec::new(),
    };
    let read = read_all(&document, &parameters, API_ID)?;
    let name = create::name(read.imported.name.as_deref().unwrap_or_default());
    let untitled = name.as_ref().err().map(|error| error.message.clone());
    let mut api = empty(name.unwrap_or_default(), &parameters, scope, API_ID, 0);
    let mut findings = apply::apply_all(&mut api, &read, Mode::Overwrite);
    if let Some(message) = untitled.filter(|_| read.imported.name.is_none()) {
        findings.problem(message, "/info");
    }
    Ok(CheckedImport { definition: api.definition, findings })
}

pub(in super::super) async fn put(plane: &ControlPlane, caller: &Caller, input: PutRestApiInput) -> ApiResult<Shown> {
    let parameters = Parameters::read(input.parameters)?;
    let missing = || missing(caller, &input.rest_api_id);
    // Before the document is read: nothing of it matters to an API that is not there.
    plane.rest_api(caller, &input.rest_api_id, missing).await?;
    let document = parse(plane, input.body, &caller.scope).await?;
    let read = read(&document, &parameters, &input.rest_api_id)?;
    let warnings = Warnings::new(input.fail_on_warnings);
    let mode = match input.mode {
        Some(PutMode::Overwrite) => Mode::Overwrite,
        Some(PutMode::Merge) | None => Mode::Merge,
    };
    let change = |api: &mut RestApi| {
        apply::apply(api, &read, mode)?;
        warnings.check(&read.imported.findings)?;
        Ok(show_updated(api))
    };
    let shown = plane.change_rest_api(caller, &input.rest_api_id, missing, change).await?;
    Ok(with_warnings(shown, read.imported.findings.warning_texts()))
}

fn with_warnings(shown: Shown, warnings: Vec<String>) -> Shown {
    Shown { warnings: (!warnings.is_empty()).then_some(warnings), ..shown }
}

/// Parses off the threads that answer calls: a large document takes a while.
async fn parse(plane: &ControlPlane, body: Bytes, scope: &Scope) -> ApiResult<Document> {
    let (bytes_max, scope) = (plane.import_bytes_max(), scope.clone());
    let parsed = tokio::task::spawn_blocking(move || {
        Document::parse(&body, bytes_max).map(|mut document| {
            substitute(&mut document, &scope);
            document
        })
    });
    match parsed.await {
        Ok(Ok(document)) => Ok(document),
        Ok(Err(error)) => Err(unparseable(&error)),
        Err(error) => {
            tracing::error!(%error, "parsing an OpenAPI document panicked");
            Err(ApiError::internal())
        }
    }
}

/// AWS docs, "AWS variables for OpenAPI import".
fn substitute(document: &mut Document, scope: &Scope) {
    let variables = [
        ("AWS::AccountId", scope.account.as_str()),
        ("AWS::Partition", scope.partition()),
        ("AWS::Region", scope.region.as_str()),
    ];
    document.substitute(&variables);
}

fn unparseable(error: &DocumentError) -> ApiError {
    if let DocumentError::TooLarge { .. } = error {
        return ApiError::too_large(error.to_string());
    }
    // The client gets AWS's words; the place is for whoever runs the server.
    let place = match error {
        DocumentError::Malformed { position: Some(position), .. } => position.to_string(),
        _ => String::new(),
    };
    tracing::info!(%error, %place, "an OpenAPI document cannot be parsed");
    ApiError::bad_request(INVALID_INPUT)
}

/// What was read of a document.
struct Read {
    imported: Imported,
    /// None when the document has no documentation, or it is ignored: then what there is stays, whatever the mode.
    documentation: Option<parts::Imported>,
}

fn read(document: &Document, parameters: &Parameters, api_id: &str) -> ApiResult<Read> {
    read_all(document, parameters, api_id).map_err(|_| ApiError::bad_request(INVALID_INPUT))
}

fn read_all(document: &Document, parameters: &Parameters, api_id: &str) -> Result<Read, UnknownVersion> {
    let context = Context { api_id: api_id.to_owned(), base_path: parameters.base_path };
    let mut imported = openapi::read(document, &context)?;
    let is_read = parameters.documentation == Documentation::Read && document.root().get(DOCUMENTATION).is_some();
    let documentation = is_read.then(|| parts::read(document.root()));
    for warning in documentation.iter().flat_map(|documentation| &documentation.warnings) {
        imported.findings.warn(warning.as_str(), &format!("/{DOCUMENTATION}"));
    }
    if tracing::enabled!(tracing::Level::DEBUG) {
        for finding in imported.findings.problems().iter().chain(imported.findings.warnings()).take(LOCATED_MAX) {
            let place = document.locate(&finding.place).map(|place| place.to_string()).unwrap_or_default();
            tracing::debug!(api_id, pointer = finding.place, %place, text = finding.text, "found during import");
        }
    }
    Ok(Read { imported, documentation })
}

/// The layout of AWS's refusals: a heading, then a line for each finding.
fn refusal(heading: &str, texts: &[String]) -> ApiError {
    let lines: String = texts.iter().map(|text| format!("\n\t{text}")).collect();
    ApiError::bad_request(format!("{heading}{lines}"))
}

/// What becomes of [`DOCUMENTATION`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Documentation {
    /// Its parts are read.
    Read,
    /// `ignore=documentation`.
    Ignored,
}

/// The query of an import.
struct Parameters {
    base_path: BasePath,
    documentation: Documentation,
    endpoint_type: Option<EndpointType>,
    vpc_endpoint_ids: Vec<String>,
}

impl Parameters {
    /// Others are not AWS's and go unread, as there.
    fn read(given: Option<IndexMap<String, String>>) -> ApiResult<Self> {
        let given = given.unwrap_or_default();
        let invalid = |name: &str, value: &str, options: &str| {
            ApiError::bad_request(format!("Invalid {name} specified: {value}. Valid options are {options}"))
        };
        let get = |name: &str| given.get(name).filter(|value| !value.is_empty()).map(String::as_str);
        let base_path = match get("basepath") {
            Some(text) => BasePath::from_wire(text).ok_or_else(|| invalid("basepath", text, "ignore,prepend,split"))?,
            None => BasePath::Ignore,
        };
        let documentation = match get("ignore") {
            Some("documentation") => Documentation::Ignored,
            Some(text) => return Err(invalid("ignore", text, "documentation")),
            None => Documentation::Read,
        };
        let types = "endpointConfigurationTypes";
        let endpoint_type =
            get(types).map(|text| EndpointType::from_wire(text).ok_or_else(|| invalid(types, text, "EDGE,REGIONAL,PRIVATE")));
        let vpc_endpoint_ids = get("endpointConfigurationVpcEndpointIds").unwrap_or_default();
        let vpc_endpoint_ids = vpc_endpoint_ids.split(',').map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned);
        Ok(Self {
            base_path,
            documentation,
            endpoint_type: endpoint_type.transpose()?,
            vpc_endpoint_ids: vpc_endpoint_ids.collect(),
        })
    }
}
