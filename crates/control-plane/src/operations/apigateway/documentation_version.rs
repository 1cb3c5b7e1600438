//! DocumentationVersion: a published state of an API's documentation.

use postern_api_model::apigateway::{
    CreateDocumentationVersionInput, DeleteDocumentationVersionInput, DocumentationVersion as Shown, DocumentationVersions,
    GetDocumentationVersionInput, GetDocumentationVersionsInput, Op, UpdateDocumentationVersionInput,
};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{DocumentationSnapshot, DocumentationVersion, RestApi};
use postern_api_model::scope::Caller;
use postern_api_model::wire::Timestamp;
use postern_store::Write;

use super::{map_patch, rest_api, stage};
use crate::ControlPlane;
use crate::changes::store_failure;
use crate::page::Page;
use crate::patch::Patch;

/// Characters of a version. AWS names no bound; the version is part of the key under which the parts are stored.
const VERSION_CHARS_MAX: usize = 256;
/// A snapshot is written once and never again, so its version is the first.
const SNAPSHOT_VERSION: u64 = 1;

pub(super) async fn create(plane: &ControlPlane, caller: &Caller, input: CreateDocumentationVersionInput) -> ApiResult<Shown> {
    let now = plane.now();
    let change = |api: &mut RestApi| create_in(api, &input, now);
    plane.change_and(caller, &input.rest_api_id, || rest_api::missing(caller, &input.rest_api_id), change).await
}

fn create_in(api: &mut RestApi, input: &CreateDocumentationVersionInput, now: i64) -> ApiResult<(Shown, Vec<Write>)> {
    let name = &input.documentation_version;
    if name.trim().is_empty() || name.chars().count() > VERSION_CHARS_MAX {
        let text = format!("Invalid Documentation version specified: it has 1 to {VERSION_CHARS_MAX} characters");
        return Err(ApiError::bad_request(text));
    }
    if api.documentation_versions.contains_key(name) {
        return Err(ApiError::conflict("Documentation version already exists"));
    }
    if let Some(stage_name) = input.stage_name.as_deref().filter(|name| !name.is_empty()) {
        let stage = api.stages.get_mut(stage_name).ok_or_else(stage::missing)?;
        stage.documentation_version = Some(name.clone());
        stage.last_updated = now;
    }
    let version = DocumentationVersion {
        version: name.clone(),
        created: now,
        description: input.description.clone().filter(|description| !description.is_empty()),
    };
    let shown = show_one(&version);
    api.documentation_versions.insert(name.clone(), version);
    let snapshot = DocumentationSnapshot { parts: api.documentation_parts.clone() };
    let id = postern_store::child_id(&api.id, name);
    let write = postern_store::create(&api.scope, &id, &snapshot).map_err(store_failure)?;
    Ok((shown, vec![write]))
}

pub(super) async fn show(plane: &ControlPlane, caller: &Caller, input: GetDocumentationVersionInput) -> ApiResult<Shown> {
    let api = plane.rest_api(caller, &input.rest_api_id, || rest_api::missing(caller, &input.rest_api_id)).await?;
    api.documentation_versions.get(&input.documentation_version).map(show_one).ok_or_else(missing)
}

pub(super) async fn list(
    plane: &ControlPlane,
    caller: &Caller,
    input: GetDocumentationVersionsInput,
) -> ApiResult<DocumentationVersions> {
    let page = Page::new(input.limit, input.position.as_deref())?;
    let api = plane.rest_api(caller, &input.rest_api_id, || rest_api::missing(caller, &input.rest_api_id)).await?;
    let (items, position) = page.cut(api.documentation_versions.values(), |version| &version.version);
    Ok(DocumentationVersions { items: Some(items.into_iter().map(show_one).collect()), position })
}

pub(super) async fn update(plane: &ControlPlane, caller: &Caller, input: UpdateDocumentationVersionInput) -> ApiResult<Shown> {
    let patches = Patch::list(input.patch_operations)?;
    let change = |api: &mut RestApi| {
        let version = api.documentation_versions.get_mut(&input.documentation_version).ok_or_else(missing)?;
        patches.iter().try_for_each(|patch| apply(version, patch))?;
        Ok(show_one(version))
    };
    plane.change_rest_api(caller, &input.rest_api_id, || rest_api::missing(caller, &input.rest_api_id), change).await
}

fn apply(version: &mut DocumentationVersion, patch: &Patch) -> ApiResult<()> {
    match (patch.parts().as_slice(), patch.op) {
        (["description"], Op::Replace) => version.description = patch.optional(),
        (["description"], _) => {
            return Err(map_patch::unsupported_op("[replace]"));
        }
        _ => return Err(map_patch::unknown_path(patch)),
    }
    Ok(())
}

pub(super) async fn delete(plane: &ControlPlane, caller: &Caller, input: DeleteDocumentationVersionInput) -> ApiResult<()> {
    let change = |api: &mut RestApi| delete_in(api, &input.documentation_version);
    plane.change_and(caller, &input.rest_api_id, || rest_api::missing(caller, &input.rest_api_id), change).await
}

fn delete_in(api: &mut RestApi, name: &str) -> ApiResult<((), Vec<Write>)> {
    if !api.documentation_versions.contains_key(name) {
        return Err(missing());
    }
    if let Some(stage) = api.stages.values().find(|stage| stage.documentation_version.as_deref() == Some(name)) {
        let text = format!("Cannot delete documentation version '{name}', is referenced in stage: {}", stage.name);
        return Err(ApiError::conflict(text));
    }
    api.documentation_versions.remove(name);
    let id = postern_store::child_id(&api.id, name);
    Ok(((), vec![postern_store::delete::<DocumentationSnapshot>(&api.scope, &id, SNAPSHOT_VERSION)]))
}

fn missing() -> ApiError {
    ApiError::not_found("Invalid Documentation version specified")
}

fn show_one(version: &DocumentationVersion) -> Shown {
    Shown {
        version: Some(version.version.clone()),
        created_date: Some(Timestamp(version.created)),
        description: version.description.clone(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::server::fixture::{self, Bench, patch, refusal};
    use serde_json::json;

    fn input(version: &str) -> CreateDocumentationVersionInput {
        CreateDocumentationVersionInput { documentation_version: version.into(), ..Default::default() }
    }

    #[test]
    fn a_version_is_made_once_and_for_a_stage_that_is_there() {
        let mut api = fixture::api();
        let (shown, writes) = create_in(&mut api, &input("1"), 7).unwrap();
        assert_eq!((shown.version.as_deref(), shown.created_date, shown.description), (Some("1"), Some(Timestamp(7)), None));
        assert_eq!(writes.len(), 1);
        assert_eq!(refusal(create_in(&mut api, &input("1"), 7)), (409, "Documentation version already exists".into()));
        for version in ["", " ", &"v".repeat(VERSION_CHARS_MAX + 1)] {
            assert_eq!(refusal(create_in(&mut api, &input(version), 7)).0, 400);
        }
        let staged = CreateDocumentationVersionInput { stage_name: Some("none".into()), ..input("2") };
        assert_eq!(refusal(create_in(&mut api, &staged, 7)), (404, "Invalid stage identifier specified".into()));
    }

    #[test]
    fn only_the_description_can_be_replaced() {
        let mut version = DocumentationVersion { version: "1".into(), created: 0, description: None };
        apply(&mut version, &patch(Op::Replace, "/description", "text")).unwrap();
        assert_eq!(version.description.as_deref(), Some("text"));
        apply(&mut version, &patch(Op::Replace, "/description", "")).unwrap();
        assert_eq!(version.description, None);
        assert_eq!(refusal(apply(&mut version, &patch(Op::Add, "/description", "x"))).0, 400);
        assert_eq!(refusal(apply(&mut version, &patch(Op::Replace, "/version", "x"))).0, 400);
    }

    #[tokio::test]
    async fn a_snapshot_stays_what_it_was_and_goes_with_its_version() {
        let bench = Bench::dev().await;
        let base = format!("/restapis/{}/documentation", fixture::API);
        let part = json!({"location": {"type": "API"}, "properties": "{\"a\":1}"}).to_string();
        assert_eq!(bench.call("POST", &format!("{base}/parts"), &part).await.0, 201);
        let (status, _, made) = bench.call("POST", &format!("{base}/versions"), r#"{"documentationVersion": "v/1"}"#).await;
        assert_eq!((status, made), (201, json!({"version": "v/1", "createdDate": fixture::NOW_S})));
        let import = bench.call("PUT", &format!("{base}/parts?mode=overwrite"), "{}").await;
        assert_eq!((import.0, import.2), (200, json!({"ids": []})));
        let id = postern_store::child_id(fixture::API, "v/1");
        let scope = fixture::scope();
        let stored = || postern_store::load::<DocumentationSnapshot>(bench.store.as_ref(), &scope, &id);
        let parts = stored().await.unwrap().unwrap().value.parts;
        assert_eq!(parts.values().map(|part| part.properties.as_str()).collect::<Vec<_>>(), ["{\"a\":1}"]);
        assert_eq!(bench.call("DELETE", &format!("{base}/versions/v%2F1"), "").await.0, 202);
        assert_eq!(stored().await.unwrap(), None);
        let (status, _, body) = bench.call("GET", &format!("{base}/versions/v%2F1"), "").await;
        assert_eq!((status, body), (404, json!({"message": "Invalid Documentation version specified"})));
    }

    #[tokio::test]
    async fn the_snapshots_go_with_the_api() {
        let bench = Bench::dev().await;
        let api = format!("/restapis/{}", fixture::API);
        bench.call("POST", &format!("{api}/documentation/versions"), r#"{"documentationVersion": "1"}"#).await;
        assert_eq!(bench.call("DELETE", &api, "").await.0, 202);
        let id = postern_store::child_id(fixture::API, "1");
        let left = postern_store::load::<DocumentationSnapshot>(bench.store.as_ref(), &fixture::scope(), &id).await;
        assert_eq!(left.unwrap(), None);
    }
}
