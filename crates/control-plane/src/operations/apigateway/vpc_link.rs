//! VpcLink: a REST API's way to a load balancer. There is nothing to set up here, so a link is pending only in the answer that makes it.

use postern_api_model::apigateway::{
    ConnectionType, CreateVpcLinkInput, DeleteVpcLinkInput, GetVpcLinkInput, GetVpcLinksInput, UpdateVpcLinkInput,
    VpcLink as Shown, VpcLinkStatus, VpcLinks,
};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{Definition, DeploymentSnapshot, RestApi, Stage};
use postern_api_model::scope::Caller;
use postern_api_model::vpc_link::VpcLink;
use postern_store::Write;

use super::map_patch::{only_replace, unknown_path};
use super::tag;
use crate::changes::store_failure;
use crate::page::Page;
use crate::patch::Patch;
use crate::{ControlPlane, ids};

/// The text of a link that can be used (AWS docs, "Set up API Gateway private integrations").
const READY: &str = "Your vpc link is ready for use";
/// APIs that are held in memory at one time while the users of a link are looked for: each may be large.
const LOADED_MAX: usize = 25;
/// Users that a refusal names; AWS names all, of which there may be thousands.
const USERS_NAMED_MAX: usize = 100;

pub(super) async fn create(plane: &ControlPlane, caller: &Caller, input: CreateVpcLinkInput) -> ApiResult<Shown> {
    let link = plane.create_with_id_of(ids::SHORT, caller, |id| build(&input, id)).await?;
    Ok(Shown { status: Some(VpcLinkStatus::Pending), status_message: None, ..show_one(&link) })
}

fn build(input: &CreateVpcLinkInput, id: &str) -> ApiResult<VpcLink> {
    let name = name(&input.name)?;
    match input.target_arns.as_slice() {
        [] => return Err(ApiError::bad_request("No target arn specified for vpc link.")),
        [arn] => check_arn(arn)?,
        _ => return Err(ApiError::bad_request("More than one target arn specified for vpc link.")),
    }
    Ok(VpcLink {
        id: id.to_owned(),
        name,
        description: input.description.clone().filter(|description| !description.is_empty()),
        target_arns: input.target_arns.clone(),
        tags: tag::created(input.tags.clone())?,
    })
}

fn name(text: &str) -> ApiResult<String> {
    if text.trim().is_empty() {
        return Err(ApiError::bad_request("Name cannot be empty"));
    }
    Ok(text.to_owned())
}

fn check_arn(arn: &str) -> ApiResult<()> {
    let fields: Vec<&str> = arn.splitn(6, ':').collect();
    let is_arn = matches!(fields[..], ["arn", partition, service, _, _, resource]
        if !partition.is_empty() && !service.is_empty() && !resource.is_empty());
    if is_arn { Ok(()) } else { Err(ApiError::bad_request(format!("Invalid ARN. ARN is not well formed {arn}"))) }
}

pub(super) async fn show(plane: &ControlPlane, caller: &Caller, input: GetVpcLinkInput) -> ApiResult<Shown> {
    plane.load::<VpcLink>(caller, &input.vpc_link_id, missing).await.map(|link| show_one(&link))
}

pub(super) async fn list(plane: &ControlPlane, caller: &Caller, input: GetVpcLinksInput) -> ApiResult<VpcLinks> {
    let page = Page::new(input.limit, input.position.as_deref())?;
    let (links, position) = plane.page(caller, &page, "", |_: &VpcLink| true).await?;
    Ok(VpcLinks { items: Some(links.iter().map(show_one).collect()), position })
}

pub(super) async fn update(plane: &ControlPlane, caller: &Caller, input: UpdateVpcLinkInput) -> ApiResult<Shown> {
    let patches = Patch::list(input.patch_operations)?;
    let change = |link: &mut VpcLink| {
        patches.iter().try_for_each(|patch| apply(link, patch))?;
        Ok(show_one(link))
    };
    plane.change(caller, &input.vpc_link_id, missing, change).await
}

fn apply(link: &mut VpcLink, patch: &Patch) -> ApiResult<()> {
    match patch.parts().as_slice() {
        ["name"] => {
            only_replace(patch)?;
            link.name = name(patch.text())?;
        }
        ["description"] => {
            only_replace(patch)?;
            link.description = patch.optional();
        }
        ["targetArns", ..] => return Err(ApiError::bad_request("Target arns are not allowed to be changed/added.")),
        _ => return Err(unknown_path(patch)),
    }
    Ok(())
}

pub(super) async fn delete(plane: &ControlPlane, caller: &Caller, input: DeleteVpcLinkInput) -> ApiResult<()> {
    let id = &input.vpc_link_id;
    plane.transact::<VpcLink, _, _>(caller, id, || removal(plane, caller, id)).await
}

/// Every API that was looked at for users must be unchanged when the link goes.
async fn removal(plane: &ControlPlane, caller: &Caller, id: &str) -> ApiResult<((), Vec<Write>)> {
    let found = plane.load_versioned::<VpcLink>(caller, id, missing).await?;
    let mut also = vec![postern_store::delete::<VpcLink>(&caller.scope, id, found.version)];
    also.extend(unused(plane, caller, id).await?);
    Ok(((), also))
}

/// Refused while a deployed method goes through the link, in the text that AWS gives for links of both services (reported); else the
/// checks that it stays so until the link is gone.
pub(in crate::operations) async fn unused(plane: &ControlPlane, caller: &Caller, id: &str) -> ApiResult<Vec<Write>> {
    let mut seen = Vec::new();
    let users = users(plane, caller, id, &mut seen).await?;
    if users.is_empty() {
        return Ok(seen);
    }
    Err(ApiError::bad_request(format!(
        "Cannot delete vpc link. Vpc link '{id}', is referenced in [{}] in format of [RESTApiId:Method:Resource:Stage].",
        users.join(", ")
    )))
}

/// The deployed methods that go through a link; `seen` gets a check for each API that was looked at.
async fn users(plane: &ControlPlane, caller: &Caller, link_id: &str, seen: &mut Vec<Write>) -> ApiResult<Vec<String>> {
    let mut users = Vec::new();
    let mut after: Option<String> = None;
    while users.len() < USERS_NAMED_MAX {
        let apis = postern_store::list::<RestApi>(plane.store(), &caller.scope, after.as_deref(), LOADED_MAX).await;
        let apis = apis.map_err(store_failure)?;
        let Some((last, _)) = apis.last() else { break };
        after = Some(last.clone());
        for (api_id, api) in apis {
            seen.push(postern_store::expect::<RestApi>(&caller.scope, &api_id, api.version));
            for stage in api.value.stages.values() {
                let methods = methods_of(plane, caller, &api_id, stage, link_id).await?;
                users.extend(methods.into_iter().map(|method| format!("{api_id}:{method}:{}", stage.name)));
            }
        }
    }
    users.truncate(USERS_NAMED_MAX);
    Ok(users)
}

/// `{VERB}:{resource id}` of the methods that a stage serves through the link, its canary's included.
async fn methods_of(plane: &ControlPlane, caller: &Caller, api_id: &str, stage: &Stage, link_id: &str) -> ApiResult<Vec<String>> {
    let canary = stage.canary_settings.as_ref();
    let mut methods = Vec::new();
    for deployment_id in std::iter::once(&stage.deployment_id).chain(canary.map(|canary| &canary.deployment_id)) {
        let id = postern_store::snapshot_id(api_id, deployment_id);
        let snapshot = postern_store::load::<DeploymentSnapshot>(plane.store(), &caller.scope, &id).await;
        let Some(snapshot) = snapshot.map_err(store_failure)? else { continue };
        let variable = |name: &str| {
            let overridden = canary.and_then(|canary| canary.stage_variable_overrides.get(name));
            [overridden, stage.variables.get(name)].into_iter().flatten().any(|value| value == link_id)
        };
        methods.extend(methods_through(&snapshot.value.definition, link_id, variable));
    }
    methods.sort_unstable();
    methods.dedup();
    Ok(methods)
}

fn methods_through(definition: &Definition, link_id: &str, variable: impl Fn(&str) -> bool) -> Vec<String> {
    let names_link = |connection_id: &str| {
        let name = connection_id.strip_prefix("${stageVariables.").and_then(|rest| rest.strip_suffix('}'));
        connection_id == link_id || name.is_some_and(&variable)
    };
    let mut methods = Vec::new();
    for resource in definition.resources.values() {
        for method in resource.methods.values() {
            let integration = method.integration.as_ref();
            let linked = integration.filter(|integration| integration.connection_type == Some(ConnectionType::VpcLink));
            if linked.and_then(|integration| integration.connection_id.as_deref()).is_some_and(names_link) {
                methods.push(format!("{}:{}", method.http_method, resource.id));
            }
        }
    }
    methods
}

pub(super) fn missing() -> ApiError {
    ApiError::not_found("Invalid Vpc Link identifier specified")
}

fn show_one(link: &VpcLink) -> Shown {
    Shown {
        id: Some(link.id.clone()),
        name: Some(link.name.clone()),
        description: link.description.clone(),
        target_arns: Some(link.target_arns.clone()),
        status: Some(VpcLinkStatus::Available),
        status_message: Some(READY.to_owned()),
        tags: tag::shown(&link.tags),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::server::fixture::{self, Bench, patch, refusal};
    use postern_api_model::apigateway::Op;
    use serde_json::json;

    const NLB: &str = "arn:aws:elasticloadbalancing:us-east-1:111111111111:loadbalancer/net/nlb/1";

    fn link() -> VpcLink {
        let (id, name) = ("abc123".to_owned(), "link".to_owned());
        VpcLink { id, name, description: Some("d".into()), target_arns: vec![NLB.into()], tags: Default::default() }
    }

    #[test]
    fn what_a_patch_changes() {
        let mut changed = link();
        apply(&mut changed, &patch(Op::Replace, "/name", "other")).unwrap();
        apply(&mut changed, &patch(Op::Replace, "/description", "")).unwrap();
        assert_eq!(changed, VpcLink { name: "other".into(), description: None, ..link() });
    }

    #[test]
    fn what_a_patch_cannot_do() {
        let only_replace = "Invalid patch operation specified. Must be one of: [replace]";
        for (patch, text) in [
            (patch(Op::Add, "/name", "x"), only_replace),
            (patch(Op::Remove, "/description", ""), only_replace),
            (patch(Op::Replace, "/name", " "), "Name cannot be empty"),
            (patch(Op::Replace, "/targetArns", NLB), "Target arns are not allowed to be changed/added."),
            (patch(Op::Add, "/targetArns/0", NLB), "Target arns are not allowed to be changed/added."),
            (patch(Op::Replace, "/id", "x"), "Invalid patch path /id"),
        ] {
            assert_eq!(refusal(apply(&mut link(), &patch)), (400, text.to_owned()));
        }
    }

    #[tokio::test]
    async fn a_link_is_pending_once() {
        let bench = Bench::dev().await;
        let body = json!({"name": "l", "targetArns": [NLB]}).to_string();
        let (status, _, made) = bench.call("POST", "/vpclinks", &body).await;
        assert_eq!((status, &made["status"], made.get("statusMessage")), (202, &json!("PENDING"), None));
        let path = format!("/vpclinks/{}", made["id"].as_str().unwrap());
        let (_, _, shown) = bench.call("GET", &path, "").await;
        assert_eq!((&shown["status"], &shown["statusMessage"]), (&json!("AVAILABLE"), &json!(READY)));
        assert_eq!(bench.call("DELETE", &path, "").await.0, 202);
        assert_eq!(bench.call("GET", &path, "").await.0, 404);
    }

    #[test]
    fn a_link_may_be_named_by_a_stage_variable() {
        let mut definition = fixture::api().definition;
        let root = definition.resources.get_mut(fixture::ROOT).unwrap();
        let integration = root.methods.get_mut("GET").unwrap().integration.as_mut().unwrap();
        integration.connection_type = Some(ConnectionType::VpcLink);
        integration.connection_id = Some("${stageVariables.link}".into());
        let user = format!("GET:{}", fixture::ROOT);
        assert_eq!(methods_through(&definition, "abc123", |name| name == "link"), [user]);
        assert_eq!(methods_through(&definition, "abc123", |_| false), Vec::<String>::new());
    }
}
