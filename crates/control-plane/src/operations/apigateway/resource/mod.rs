//! Resource: a node of the path tree.

mod tree;

use indexmap::IndexMap;
use postern_api_model::apigateway::{
    CreateResourceInput, DeleteResourceInput, GetResourceInput, GetResourcesInput, Method as ShownMethod, Op, Resource as Shown,
    Resources, UpdateResourceInput,
};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{Definition, Method, Resource, RestApi};
use postern_api_model::scope::Caller;

use super::method;
use crate::page::Page;
use crate::patch::{self, Patch};
use crate::{ControlPlane, ids};

/// The paths a PATCH may name, in the order in which the service lists them.
const PATHS: &[&str] = &["/parentId", "/pathPart"];
/// The member of `embed` that asks for whole methods.
const EMBED_METHODS: &str = "methods";
/// AWS's bound on resources per API, "Amazon API Gateway quotas"; the root, which nobody creates, is not counted.
const RESOURCES_MAX: usize = 300;

pub(super) async fn create(plane: &ControlPlane, caller: &Caller, input: CreateResourceInput) -> ApiResult<Shown> {
    let change = |api: &mut RestApi| create_in(&mut api.definition, &input);
    plane.change_rest_api(caller, &input.rest_api_id, missing, change).await
}

fn create_in(definition: &mut Definition, input: &CreateResourceInput) -> ApiResult<Shown> {
    let id = ids::fresh(ids::SHORT, |id| definition.resources.contains_key(id));
    add(definition, &input.parent_id, &input.path_part, id.clone())?;
    Ok(show_one(definition, &definition.resources[&id], Methods::Named))
}

/// Adds a resource under `id`, which none has.
pub(super) fn add(definition: &mut Definition, parent_id: &str, path_part: &str, id: String) -> ApiResult<()> {
    let parent = definition.resources.get(parent_id).ok_or_else(missing)?;
    tree::check_part(path_part)?;
    let resource =
        Resource { id, parent_id: Some(parent.id.clone()), path_part: path_part.to_owned(), methods: Default::default() };
    tree::check_place(definition, &resource)?;
    if definition.resources.len() > RESOURCES_MAX {
        return Err(ApiError::limit_exceeded(
            "Maximum number of Resources for this API has been reached. Please contact AWS if you need additional Resources.",
        ));
    }
    definition.resources.insert(resource.id.clone(), resource);
    Ok(())
}

pub(super) async fn show(plane: &ControlPlane, caller: &Caller, input: GetResourceInput) -> ApiResult<Shown> {
    let api = plane.rest_api(caller, &input.rest_api_id, missing).await?;
    let resource = api.definition.resources.get(&input.resource_id).ok_or_else(missing)?;
    Ok(show_one(&api.definition, resource, Methods::asked_for(input.embed.as_deref())))
}

pub(super) async fn list(plane: &ControlPlane, caller: &Caller, input: GetResourcesInput) -> ApiResult<Resources> {
    let page = Page::new(input.limit, input.position.as_deref())?;
    let api = plane.rest_api(caller, &input.rest_api_id, missing).await?;
    let methods = Methods::asked_for(input.embed.as_deref());
    let (items, position) = page.cut(api.definition.resources.values(), |resource| &resource.id);
    let items = items.into_iter().map(|resource| show_one(&api.definition, resource, methods)).collect();
    Ok(Resources { items: Some(items), position })
}

pub(super) async fn update(plane: &ControlPlane, caller: &Caller, input: UpdateResourceInput) -> ApiResult<Shown> {
    let patches = Patch::list(input.patch_operations)?;
    let change = |api: &mut RestApi| update_in(&mut api.definition, &input.resource_id, &patches);
    plane.change_rest_api(caller, &input.rest_api_id, missing, change).await
}

/// Moves and renames, then looks at the place where that ends: on the way the resource may stand beside one of its name.
pub(super) fn update_in(definition: &mut Definition, id: &str, patches: &[Patch]) -> ApiResult<Shown> {
    let before = definition.resources.get(id).ok_or_else(missing)?;
    let before = (before.parent_id.clone(), before.path_part.clone());
    patches.iter().try_for_each(|patch| apply(definition, id, patch))?;
    let resource = &definition.resources[id];
    if (&resource.parent_id, &resource.path_part) != (&before.0, &before.1) {
        tree::check_place(definition, resource)?;
    }
    Ok(show_one(definition, resource, Methods::Named))
}

fn apply(definition: &mut Definition, id: &str, patch: &Patch) -> ApiResult<()> {
    // The service lists the paths that take the operation: none takes another one than replace.
    let listed = if patch.op == Op::Replace { PATHS } else { &[] };
    let path = patch.path.as_deref().filter(|path| PATHS.contains(path)).ok_or_else(|| patch::unknown_path(patch, listed))?;
    if patch.op != Op::Replace {
        return Err(patch::unsupported_op(patch));
    }
    if id == definition.root_resource_id {
        return Err(ApiError::bad_request(format!("Root resource cannot update its {}.", &path[1..])));
    }
    if path == "/pathPart" {
        tree::check_part(patch.text())?;
    } else {
        let parent_id = patch.text();
        if !definition.resources.contains_key(parent_id) {
            return Err(missing());
        }
        // Before it is done: a cycle has no path.
        if tree::is_within(definition, parent_id, id) {
            return Err(ApiError::bad_request("Resources cannot be cyclical."));
        }
    }
    let resource = definition.resources.get_mut(id).ok_or_else(missing)?;
    match path {
        "/pathPart" => patch.text().clone_into(&mut resource.path_part),
        _ => resource.parent_id = Some(patch.text().to_owned()),
    }
    Ok(())
}

pub(super) async fn delete(plane: &ControlPlane, caller: &Caller, input: DeleteResourceInput) -> ApiResult<()> {
    let change = |api: &mut RestApi| delete_in(&mut api.definition, &input.resource_id);
    plane.change_rest_api(caller, &input.rest_api_id, missing, change).await
}

/// Removes the resource with everything under it.
fn delete_in(definition: &mut Definition, id: &str) -> ApiResult<()> {
    if !definition.resources.contains_key(id) {
        return Err(missing());
    }
    if id == definition.root_resource_id {
        return Err(ApiError::bad_request("Root resource cannot be deleted."));
    }
    let subtree: Vec<String> =
        definition.resources.keys().filter(|other| tree::is_within(definition, other, id)).cloned().collect();
    for removed in subtree {
        definition.resources.remove(&removed);
    }
    Ok(())
}

/// Of a resource, and of the API around it: this family says the same for both.
pub(super) fn missing() -> ApiError {
    ApiError::not_found("Invalid Resource identifier specified")
}

/// How much of its methods a resource shows.
#[derive(Clone, Copy, Debug)]
enum Methods {
    /// An empty object under each verb.
    Named,
    /// What GetMethod answers under each verb.
    Whole,
}

impl Methods {
    /// Reads `embed`.
    fn asked_for(embed: Option<&[String]>) -> Self {
        if embed.unwrap_or_default().iter().any(|member| member == EMBED_METHODS) { Self::Whole } else { Self::Named }
    }
}

fn show_one(definition: &Definition, resource: &Resource, methods: Methods) -> Shown {
    let show_method = |method: &Method| match methods {
        Methods::Named => ShownMethod::default(),
        Methods::Whole => method::show_one(method),
    };
    let methods: IndexMap<String, ShownMethod> =
        resource.methods.iter().map(|(verb, method)| (verb.clone(), show_method(method))).collect();
    Shown {
        id: Some(resource.id.clone()),
        parent_id: resource.parent_id.clone(),
        path: definition.path(&resource.id),
        path_part: resource.parent_id.as_ref().map(|_| resource.path_part.clone()),
        resource_methods: Some(methods).filter(|methods| !methods.is_empty()),
    }
}
