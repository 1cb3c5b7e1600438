//! DocumentationPart: what an API's documentation says of one entity.

pub(super) mod import;
mod location;
mod undocumented;

use postern_api_model::apigateway::{
    CreateDocumentationPartInput, DeleteDocumentationPartInput, DocumentationPart as Shown, DocumentationPartIds,
    DocumentationParts, GetDocumentationPartInput, GetDocumentationPartsInput, ImportDocumentationPartsInput, LocationStatusType,
    Op, PutMode, UpdateDocumentationPartInput,
};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{DocumentationLocation, DocumentationPart, RestApi};
use postern_api_model::scope::Caller;
use serde_json::{Map, Value};

use super::rest_api;
use crate::page::Page;
use crate::patch::{self, Patch};
use crate::{ControlPlane, ids};

/// AWS's quota: documentation parts per API.
const PARTS_MAX: usize = 2_000;
/// The paths a PATCH may name.
const PATHS: &[&str] = &["/properties"];

pub(super) async fn create(plane: &ControlPlane, caller: &Caller, input: CreateDocumentationPartInput) -> ApiResult<Shown> {
    let location = location::stored(input.location)?;
    let properties = checked_properties(&input.properties)?;
    let change = |api: &mut RestApi| create_in(api, &location, properties);
    plane.change_rest_api(caller, &input.rest_api_id, || rest_api::missing(caller, &input.rest_api_id), change).await
}

fn create_in(api: &mut RestApi, location: &DocumentationLocation, properties: &str) -> ApiResult<Shown> {
    let parts = &mut api.documentation_parts;
    if parts.values().any(|part| part.location.is_same(location)) {
        // AWS docs, "Document an API using the API Gateway REST API".
        let text = format!("Documentation part already exists for the specified location: {location}.");
        return Err(ApiError::conflict(text));
    }
    if parts.len() >= PARTS_MAX {
        return Err(too_many());
    }
    let id = ids::fresh(ids::SHORT, |id| parts.contains_key(id));
    let part = DocumentationPart { id: id.clone(), location: location.clone(), properties: properties.to_owned() };
    let shown = show_one(&part);
    parts.insert(id, part);
    Ok(shown)
}

fn too_many() -> ApiError {
    ApiError::limit_exceeded(format!("Maximum number of documentation parts for this API has been reached: {PARTS_MAX}"))
}

/// A JSON object, kept as it was written.
fn checked_properties(text: &str) -> ApiResult<&str> {
    match serde_json::from_str::<Map<String, Value>>(text) {
        Ok(_) => Ok(text),
        Err(_) => Err(ApiError::bad_request("Invalid documentation part properties: they must be a JSON object")),
    }
}

pub(super) async fn show(plane: &ControlPlane, caller: &Caller, input: GetDocumentationPartInput) -> ApiResult<Shown> {
    let api = plane.rest_api(caller, &input.rest_api_id, missing).await?;
    api.documentation_parts.get(&input.documentation_part_id).map(show_one).ok_or_else(missing)
}

pub(super) async fn list(
    plane: &ControlPlane,
    caller: &Caller,
    input: GetDocumentationPartsInput,
) -> ApiResult<DocumentationParts> {
    let page = Page::new(input.limit, input.position.as_deref())?;
    let api = plane.rest_api(caller, &input.rest_api_id, || rest_api::missing(caller, &input.rest_api_id)).await?;
    let is_asked = |location: &DocumentationLocation| {
        input.r#type.is_none_or(|kind| kind == location.kind)
            && input.path.as_ref().is_none_or(|path| location.path.as_ref() == Some(path))
            && input.name_query.as_ref().is_none_or(|name| location.name.as_ref() == Some(name))
    };
    let (items, position) = match input.location_status {
        Some(LocationStatusType::Undocumented) => list_undocumented(&api, &page, is_asked),
        Some(LocationStatusType::Documented) | None => {
            let asked = api.documentation_parts.values().filter(|part| is_asked(&part.location));
            let (parts, position) = page.cut(asked, |part| &part.id);
            (parts.into_iter().map(show_one).collect(), position)
        }
    };
    Ok(DocumentationParts { items: Some(items), position })
}

/// Entities without a part: they have no id, so the page counts by their printed locations.
fn list_undocumented(
    api: &RestApi,
    page: &Page,
    is_asked: impl Fn(&DocumentationLocation) -> bool,
) -> (Vec<Shown>, Option<String>) {
    let mut asked: Vec<(String, DocumentationLocation)> =
        undocumented::locations(api).into_iter().filter(is_asked).map(|location| (location.to_string(), location)).collect();
    asked.sort_unstable();
    let (entities, position) = page.cut(asked.iter(), |(key, _)| key);
    let shown = |location| Shown { id: None, location: Some(location::shown(location)), properties: None };
    (entities.into_iter().map(|(_, location)| shown(location)).collect(), position)
}

pub(super) async fn update(plane: &ControlPlane, caller: &Caller, input: UpdateDocumentationPartInput) -> ApiResult<Shown> {
    let patches = Patch::list(input.patch_operations)?;
    let change = |api: &mut RestApi| {
        let part = api.documentation_parts.get_mut(&input.documentation_part_id).ok_or_else(missing)?;
        patches.iter().try_for_each(|patch| apply(part, patch))?;
        Ok(show_one(part))
    };
    // An unknown API reads as an unknown part, as recorded.
    plane.change_rest_api(caller, &input.rest_api_id, missing, change).await
}

fn apply(part: &mut DocumentationPart, patch: &Patch) -> ApiResult<()> {
    if patch.path.as_deref() != Some("/properties") {
        return Err(patch::unknown_path(patch, PATHS));
    }
    if patch.op != Op::Replace {
        return Err(patch::unsupported_op(patch));
    }
    checked_properties(patch.text())?.clone_into(&mut part.properties);
    Ok(())
}

pub(super) async fn delete(plane: &ControlPlane, caller: &Caller, input: DeleteDocumentationPartInput) -> ApiResult<()> {
    let change = |api: &mut RestApi| api.documentation_parts.remove(&input.documentation_part_id).map(drop).ok_or_else(missing);
    plane.change_rest_api(caller, &input.rest_api_id, || rest_api::missing(caller, &input.rest_api_id), change).await
}

/// Takes the documentation out of an OpenAPI document, and nothing else.
pub(super) async fn import(
    plane: &ControlPlane,
    caller: &Caller,
    input: ImportDocumentationPartsInput,
) -> ApiResult<DocumentationPartIds> {
    let (body, bytes_max) = (input.body.clone(), plane.import_bytes_max());
    // Parsing a large document takes longer than a thread that answers others may be held.
    let work = move || import::document(&body, bytes_max).map(|document| import::read(document.root()));
    let imported = tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "reading documentation did not end");
        ApiError::internal()
    })??;
    if input.fail_on_warnings.unwrap_or_default() && !imported.warnings.is_empty() {
        let text = format!("Warnings found during import:\n\t{}", imported.warnings.join("\n\t"));
        return Err(ApiError::bad_request(text));
    }
    let mode = input.mode.unwrap_or(PutMode::Merge);
    let change = |api: &mut RestApi| import::apply(&mut api.documentation_parts, &imported.parts, mode);
    let missing = || rest_api::missing(caller, &input.rest_api_id);
    let part_ids = plane.change_rest_api(caller, &input.rest_api_id, missing, change).await?;
    Ok(DocumentationPartIds { ids: Some(part_ids), warnings: Some(imported.warnings).filter(|warnings| !warnings.is_empty()) })
}

fn missing() -> ApiError {
    ApiError::not_found("Invalid Documentation part identifier specified")
}

fn show_one(part: &DocumentationPart) -> Shown {
    Shown {
        id: Some(part.id.clone()),
        location: Some(location::shown(&part.location)),
        properties: Some(part.properties.clone()),
    }
}

#[cfg(test)]
mod tests;
