//! Puts what was read into an API, by the same functions that the single operations use: what they refuse, an import refuses too.

use std::collections::{BTreeMap, BTreeSet};

use postern_api_model::apigateway::{PutMethodInput, PutMode};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{Definition, RestApi};

use super::super::super::{integration, integration_response, method, method_response, model};
use super::super::{create, endpoint};
use super::paths::Paths;
use super::{DOCUMENTATION, Read, parts, refusal, settings};
use crate::ids;
use crate::openapi::import::{Findings, Imported, ImportedMethod, ImportedPath};

/// What becomes of what the API already has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// What the document does not name stays.
    Merge,
    /// What the document does not name goes.
    Overwrite,
}

impl From<Mode> for PutMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Merge => Self::Merge,
            Mode::Overwrite => Self::Overwrite,
        }
    }
}

/// Changes the API.
///
/// # Errors
/// With everything that stops the import; the API is then to be thrown away.
pub(super) fn apply(api: &mut RestApi, read: &Read, mode: Mode) -> ApiResult<()> {
    let findings = apply_all(api, read, mode);
    if findings.problems().is_empty() {
        return Ok(());
    }
    Err(refusal("Errors found during import:", &findings.problem_texts()))
}

/// Changes the API as far as it can be, and returns what the reading found together with what the API refuses.
pub(super) fn apply_all(api: &mut RestApi, read: &Read, mode: Mode) -> Findings {
    let imported = &read.imported;
    let mut paths = Paths::of(&api.definition);
    let kept = Kept::of(&api.definition);
    if mode == Mode::Overwrite {
        api.definition = reset(&api.definition);
        paths.forget_all(&api.definition);
    }
    let mut findings = imported.findings.clone();
    info(&mut api.definition, imported, &mut findings);
    settings::apply(api, &imported.settings, &kept.validators, &mut findings);
    models(&mut api.definition, imported, &kept.models, &mut findings);
    settings::authorizers(&mut api.definition, imported, &kept.authorizers, &mut findings);
    let mut methods = Methods { definition: &mut api.definition, paths, put: BTreeSet::new(), findings: &mut findings };
    imported.paths.iter().for_each(|path| methods.put_path(path));
    if let Some(documentation) = &read.documentation
        && let Err(error) = parts::apply(&mut api.documentation_parts, &documentation.parts, mode.into())
    {
        findings.problem(error.message, &format!("/{DOCUMENTATION}"));
    }
    if let Err(error) = endpoint::check(&api.definition) {
        findings.problem(error.message, "");
    }
    findings
}

/// Ids by name, so that what an import replaces keeps its id.
struct Kept {
    validators: BTreeMap<String, String>,
    models: BTreeMap<String, String>,
    authorizers: BTreeMap<String, String>,
}

impl Kept {
    fn of(definition: &Definition) -> Self {
        let validators = definition.request_validators.values();
        let validators = validators.filter_map(|validator| Some((validator.name.clone()?, validator.id.clone())));
        let models = definition.models.values().map(|model| (model.name.clone(), model.id.clone()));
        let authorizers = definition.authorizers.values().map(|authorizer| (authorizer.name.clone(), authorizer.id.clone()));
        Self { validators: validators.collect(), models: models.collect(), authorizers: authorizers.collect() }
    }
}

/// The API without anything that a document could say. Its endpoint is never said there.
fn reset(definition: &Definition) -> Definition {
    let root_id = definition.root_resource_id.clone();
    let mut empty = create::empty(definition.name.clone());
    let mut root = empty.resources.remove(&empty.root_resource_id).unwrap_or_else(|| definition.root().clone());
    root.id.clone_from(&root_id);
    Definition {
        description: definition.description.clone(),
        version: definition.version.clone(),
        disable_execute_api_endpoint: definition.disable_execute_api_endpoint,
        endpoint_configuration: definition.endpoint_configuration.clone(),
        security_policy: definition.security_policy,
        endpoint_access_mode: definition.endpoint_access_mode,
        resources: BTreeMap::from([(root_id.clone(), root)]),
        root_resource_id: root_id,
        ..empty
    }
}

/// What the document has no title for keeps its name.
fn info(definition: &mut Definition, imported: &Imported, findings: &mut Findings) {
    let set = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    if let Some(title) = &imported.name {
        match create::name(title) {
            Ok(name) => definition.name = name,
            Err(error) => findings.problem(error.message, "/info/title"),
        }
    }
    definition.description = set(&imported.description).or(definition.description.take());
    definition.version = set(&imported.version).or(definition.version.take());
}

fn models(definition: &mut Definition, imported: &Imported, ids: &BTreeMap<String, String>, findings: &mut Findings) {
    for part in &imported.models {
        let name = &part.input.name;
        definition.models.remove(name);
        if let Err(error) = model::create_in(definition, &part.input) {
            findings.problem(format!("Unable to create model for '{name}': {}", error.message), &part.place);
        }
        if let (Some(model), Some(id)) = (definition.models.get_mut(name), ids.get(name)) {
            model.id.clone_from(id);
        }
    }
}

/// Puts methods, and notes what is refused.
struct Methods<'a> {
    definition: &'a mut Definition,
    paths: Paths,
    /// What this import has put: a second one of the same kind is an error, one from before is replaced.
    put: BTreeSet<(String, String)>,
    findings: &'a mut Findings,
}

impl Methods<'_> {
    fn put_path(&mut self, path: &ImportedPath) {
        match self.paths.ensure(self.definition, &path.segments) {
            Ok(Some(id)) => path.methods.iter().for_each(|method| self.put_method(&path.path, &id, method)),
            // A path above it was refused, and that was noted.
            Ok(None) => {}
            Err((failed, error)) => {
                let text = format!("Unable to create resource at path '{failed}': {}", error.message);
                self.findings.problem(text, &path.place);
            }
        }
    }

    fn put_method(&mut self, path: &str, resource_id: &str, imported: &ImportedMethod) {
        let verb = &imported.method.http_method;
        let is_first = self.put.insert((resource_id.to_owned(), verb.clone()));
        if is_first && let Some(resource) = self.definition.resources.get_mut(resource_id) {
            resource.methods.remove(verb);
        }
        let put = self.method_input(resource_id, imported).and_then(|input| method::put_in(self.definition, &input).map(drop));
        if let Err(error) = put {
            let text = format!("Unable to put method '{verb}' on resource at path '{path}': {}", error.message);
            self.findings.problem(text, &imported.place);
            return;
        }
        self.put_responses(path, resource_id, imported);
        self.put_integration(path, resource_id, imported);
    }

    /// The method with the ids of what it names.
    fn method_input(&self, resource_id: &str, imported: &ImportedMethod) -> ApiResult<PutMethodInput> {
        let mut input = imported.method.clone();
        resource_id.clone_into(&mut input.resource_id);
        if let Some(name) = &imported.authorizer {
            let mut authorizers = self.definition.authorizers.values();
            input.authorizer_id = authorizers.find(|authorizer| authorizer.name == *name).map(|authorizer| authorizer.id.clone());
        }
        if let Some(name) = imported.validator.as_ref().filter(|name| !name.is_empty()) {
            let mut validators = self.definition.request_validators.values();
            let found = validators.find(|validator| validator.name.as_ref() == Some(name));
            let found = found.ok_or_else(|| ApiError::bad_request("Invalid Request Validator identifier specified"))?;
            input.request_validator_id = Some(found.id.clone());
        }
        Ok(input)
    }

    fn put_responses(&mut self, path: &str, resource_id: &str, imported: &ImportedMethod) {
        let verb = &imported.method.http_method;
        for response in &imported.responses {
            let mut input = response.clone();
            resource_id.clone_into(&mut input.resource_id);
            input.http_method.clone_from(verb);
            if let Err(error) = method_response::put_in(self.definition, &input) {
                let place = format!("{}/responses/{}", imported.place, input.status_code);
                let text = format!("Unable to put method response on '{verb}' for resource at path '{path}': {}", error.message);
                self.findings.problem(text, &place);
            }
        }
    }

    fn put_integration(&mut self, path: &str, resource_id: &str, imported: &ImportedMethod) {
        let Some(integration) = &imported.integration else { return };
        let verb = &imported.method.http_method;
        let place = format!("{}/x-amazon-apigateway-integration", imported.place);
        let mut input = integration.clone();
        resource_id.clone_into(&mut input.resource_id);
        input.http_method.clone_from(verb);
        if let Err(error) = integration::put_in(self.definition, &input) {
            let text = format!("Unable to put integration on '{verb}' for resource at path '{path}': {}", error.message);
            self.findings.problem(text, &place);
            return;
        }
        for response in &imported.integration_responses {
            let mut input = response.clone();
            resource_id.clone_into(&mut input.resource_id);
            input.http_method.clone_from(verb);
            if let Err(error) = integration_response::put_in(self.definition, &input) {
                let text =
                    format!("Unable to put integration response on '{verb}' for resource at path '{path}': {}", error.message);
                self.findings.problem(text, &format!("{place}/responses"));
            }
        }
    }
}

/// The id that something of this name had, or a new one.
pub(super) fn id_for(name: &str, ids: &BTreeMap<String, String>, is_taken: impl Fn(&str) -> bool) -> String {
    let is_kept = |id: &str| ids.values().any(|kept| kept == id);
    ids.get(name).cloned().unwrap_or_else(|| ids::fresh(ids::SHORT, |id| is_taken(id) || is_kept(id)))
}
