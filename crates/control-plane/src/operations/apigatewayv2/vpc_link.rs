//! VpcLink of `apigatewayv2`: a way into a private network, for REST APIs too. As with the links of `apigateway`, nothing is set up
//! here, so a link is pending only in the answer that makes it.

use indexmap::IndexMap;
use postern_api_model::apigatewayv2::{
    CreateVpcLinkInput, CreateVpcLinkResponse, DeleteVpcLinkInput, DeleteVpcLinkResponse, GetVpcLinkInput, GetVpcLinkResponse,
    GetVpcLinksInput, GetVpcLinksResponse, UpdateVpcLinkInput, UpdateVpcLinkResponse, VpcLink as Listed, VpcLinkStatus,
    VpcLinkVersion,
};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{EpochSeconds, Tags};
use postern_api_model::scope::Caller;
use postern_api_model::vpc_link::{VpcLink, VpcLinkV2};
use postern_api_model::wire::Timestamp;
use postern_store::Write;

use crate::changes::store_failure;
use crate::operations::apigateway::tag::created as created_tags;
use crate::operations::apigateway::vpc_link::unused;
use crate::page::Page;
use crate::{ControlPlane, ids};

/// The texts of the two states (AWS docs, the outputs of the CLI's `create-vpc-link` and `get-vpc-link`).
const PROVISIONING: &str = "VPC link is provisioning ENIs";
const READY: &str = "VPC link is ready to route traffic";

/// The model's bound: `StringWithLengthBetween1And128`.
const NAME_CHARS_MAX: usize = 128;
/// "Amazon API Gateway quotas": subnets per VPC link.
const SUBNETS_MAX: usize = 10;
/// EC2's bound: security groups of one network interface, when raised as far as it goes.
const SECURITY_GROUPS_MAX: usize = 16;
/// Far more than EC2's own ids have (26), so that nothing is stored that cannot be one.
const EC2_ID_CHARS_MAX: usize = 64;

/// The answers that show one link are types of their own with the same members.
macro_rules! shown {
    ($answer:ident, $link:ident, $status:ident, $message:ident) => {
        $answer {
            created_date: Some(Timestamp($link.created)),
            name: Some($link.name),
            security_group_ids: Some($link.security_group_ids),
            subnet_ids: Some($link.subnet_ids),
            tags: Some(shown_tags($link.tags)),
            vpc_link_id: Some($link.id),
            vpc_link_status: Some(VpcLinkStatus::$status),
            vpc_link_status_message: Some($message.to_owned()),
            vpc_link_version: Some(VpcLinkVersion::V2),
        }
    };
}

pub(super) async fn create(plane: &ControlPlane, caller: &Caller, input: CreateVpcLinkInput) -> ApiResult<CreateVpcLinkResponse> {
    let checked = build(input, plane.now())?;
    let link = plane.transact::<VpcLinkV2, _, _>(caller, "", || create_once(plane, caller, &checked)).await?;
    Ok(shown!(CreateVpcLinkResponse, link, Pending, PROVISIONING))
}

/// Under an id of its own, drawn again when it is taken. Integrations name a link by its id alone, whichever service made it, so that
/// one of `apigateway` takes an id too.
async fn create_once(plane: &ControlPlane, caller: &Caller, checked: &VpcLinkV2) -> ApiResult<(VpcLinkV2, Vec<Write>)> {
    let mut id = ids::random(ids::SHORT);
    while plane.find_versioned::<VpcLink>(caller, &id).await?.is_some() {
        id = ids::random(ids::SHORT);
    }
    let link = VpcLinkV2 { id, ..checked.clone() };
    let write = postern_store::create(&caller.scope, &link.id, &link).map_err(store_failure)?;
    Ok((link, vec![write]))
}

/// A link without its id.
fn build(input: CreateVpcLinkInput, now: EpochSeconds) -> ApiResult<VpcLinkV2> {
    let subnets = Ec2Ids { kind: "Subnet", prefix: "subnet-", count_max: SUBNETS_MAX };
    // The documentation's own example has groups without the hyphen.
    let groups = Ec2Ids { kind: "Security group", prefix: "sg", count_max: SECURITY_GROUPS_MAX };
    if input.subnet_ids.is_empty() {
        return Err(ApiError::bad_request("At least one subnet ID must be specified"));
    }
    let security_group_ids = input.security_group_ids.unwrap_or_default();
    check_name(&input.name)?;
    subnets.check(&input.subnet_ids)?;
    groups.check(&security_group_ids)?;
    let (subnet_ids, tags) = (input.subnet_ids, created_tags(input.tags)?);
    Ok(VpcLinkV2 { id: String::new(), name: input.name, security_group_ids, subnet_ids, created: now, tags })
}

fn check_name(name: &str) -> ApiResult<()> {
    if name.trim().is_empty() || name.chars().count() > NAME_CHARS_MAX {
        return Err(ApiError::bad_request(format!("Name must be between 1 and {NAME_CHARS_MAX} characters long")));
    }
    Ok(())
}

/// What ids of one kind of EC2's resources look like. There is no VPC here, so that only their form can be wrong.
struct Ec2Ids {
    kind: &'static str,
    prefix: &'static str,
    count_max: usize,
}

impl Ec2Ids {
    fn check(&self, ids: &[String]) -> ApiResult<()> {
        if ids.len() > self.count_max {
            let text = format!("{} IDs: at most {} can be specified", self.kind, self.count_max);
            return Err(ApiError::bad_request(text));
        }
        match ids.iter().find(|id| !self.fits(id)) {
            Some(id) => Err(ApiError::bad_request(format!("{} ID {id} is invalid", self.kind))),
            None => Ok(()),
        }
    }

    fn fits(&self, id: &str) -> bool {
        let named = id.strip_prefix(self.prefix).is_some_and(|rest| !rest.is_empty());
        named && id.len() <= EC2_ID_CHARS_MAX && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    }
}

pub(super) async fn show(plane: &ControlPlane, caller: &Caller, input: GetVpcLinkInput) -> ApiResult<GetVpcLinkResponse> {
    let id = &input.vpc_link_id;
    let link = plane.load::<VpcLinkV2>(caller, id, || missing(id)).await?;
    Ok(shown!(GetVpcLinkResponse, link, Available, READY))
}

pub(super) async fn list(plane: &ControlPlane, caller: &Caller, input: GetVpcLinksInput) -> ApiResult<GetVpcLinksResponse> {
    let page = Page::of_v2(input.max_results.as_deref(), input.next_token.as_deref())?;
    let (links, next_token) = plane.page(caller, &page, "", |_: &VpcLinkV2| true).await?;
    Ok(GetVpcLinksResponse { items: Some(links.into_iter().map(listed).collect()), next_token })
}

fn listed(link: VpcLinkV2) -> Listed {
    Listed {
        created_date: Some(Timestamp(link.created)),
        name: link.name,
        security_group_ids: link.security_group_ids,
        subnet_ids: link.subnet_ids,
        tags: Some(shown_tags(link.tags)),
        vpc_link_id: link.id,
        vpc_link_status: Some(VpcLinkStatus::Available),
        vpc_link_status_message: Some(READY.to_owned()),
        vpc_link_version: Some(VpcLinkVersion::V2),
    }
}

/// Only the name can change (AWS docs, "Set up VPC links V2": they are immutable).
pub(super) async fn update(plane: &ControlPlane, caller: &Caller, input: UpdateVpcLinkInput) -> ApiResult<UpdateVpcLinkResponse> {
    let id = &input.vpc_link_id;
    let change = |link: &mut VpcLinkV2| {
        if let Some(name) = &input.name {
            check_name(name)?;
            link.name.clone_from(name);
        }
        Ok(link.clone())
    };
    let link = plane.change(caller, id, || missing(id), change).await?;
    Ok(shown!(UpdateVpcLinkResponse, link, Available, READY))
}

/// Refused while it is in use, which the operation's model has no error for, and AWS does all the same (reported).
pub(super) async fn delete(plane: &ControlPlane, caller: &Caller, input: DeleteVpcLinkInput) -> ApiResult<DeleteVpcLinkResponse> {
    let id = &input.vpc_link_id;
    plane.transact::<VpcLinkV2, _, _>(caller, id, || removal(plane, caller, id)).await
}

async fn removal(plane: &ControlPlane, caller: &Caller, id: &str) -> ApiResult<(DeleteVpcLinkResponse, Vec<Write>)> {
    let found = plane.load_versioned::<VpcLinkV2>(caller, id, || missing(id)).await?;
    let mut also = vec![postern_store::delete::<VpcLinkV2>(&caller.scope, id, found.version)];
    also.extend(unused(plane, caller, id).await?);
    Ok((DeleteVpcLinkResponse {}, also))
}

pub(super) fn missing(id: &str) -> ApiError {
    ApiError::not_found(format!("Invalid VpcLink identifier specified {id}"))
}

/// v2 shows an empty map where v1 shows none (AWS docs, the outputs of the CLI).
fn shown_tags(tags: Tags) -> IndexMap<String, String> {
    tags.into_iter().collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::server::fixture::{Bench, refusal};
    use serde_json::{Value, json};

    fn input() -> CreateVpcLinkInput {
        CreateVpcLinkInput {
            name: "link".into(),
            security_group_ids: Some(vec!["sg1234".into(), "sg-0a1b".into()]),
            subnet_ids: vec!["subnet-aaaa".into()],
            tags: None,
        }
    }

    #[test]
    fn what_a_link_is_made_of() {
        let link = build(input(), 7).unwrap();
        assert_eq!((link.created, link.name.as_str(), link.subnet_ids.len()), (7, "link", 1));
        assert!(build(CreateVpcLinkInput { security_group_ids: None, ..input() }, 7).unwrap().security_group_ids.is_empty());
        assert!(build(CreateVpcLinkInput { name: "\u{e4}".repeat(NAME_CHARS_MAX), ..input() }, 7).is_ok());
    }

    #[test]
    fn what_makes_no_link() {
        let subnets = |ids: &[&str]| CreateVpcLinkInput { subnet_ids: ids.iter().map(|id| (*id).into()).collect(), ..input() };
        let groups = |id: &str| CreateVpcLinkInput { security_group_ids: Some(vec![id.into()]), ..input() };
        let long = format!("subnet-{}", "a".repeat(EC2_ID_CHARS_MAX));
        for wrong in [
            CreateVpcLinkInput { name: String::new(), ..input() },
            CreateVpcLinkInput { name: " ".into(), ..input() },
            CreateVpcLinkInput { name: "n".repeat(NAME_CHARS_MAX + 1), ..input() },
            subnets(&[]),
            subnets(&["subnet-"]),
            subnets(&["subnet-a", "a/b"]),
            subnets(&["subnet-a b"]),
            subnets(&[&long]),
            subnets(&["subnet-a"; SUBNETS_MAX + 1]),
            groups("group"),
            groups("sg"),
            CreateVpcLinkInput { tags: Some(IndexMap::from([("aws:x".to_owned(), String::new())])), ..input() },
        ] {
            assert_eq!(refusal(build(wrong.clone(), 0)).0, 400, "{wrong:?}");
        }
    }

    #[tokio::test]
    async fn a_links_life_on_the_wire() {
        let bench = Bench::dev().await;
        let body = json!({"name": "l", "subnetIds": ["subnet-a"], "tags": {"a": "1"}}).to_string();
        let (status, _, made) = bench.call("POST", "/v2/vpclinks", &body).await;
        let id = made["vpcLinkId"].as_str().unwrap().to_owned();
        let wanted = |status: &str, text: &str, name: &str| {
            json!({
                "createdDate": "2015-08-30T12:36:00Z", "name": name, "securityGroupIds": [], "subnetIds": ["subnet-a"],
                "tags": {"a": "1"}, "vpcLinkId": id, "vpcLinkStatus": status, "vpcLinkStatusMessage": text,
                "vpcLinkVersion": "V2",
            })
        };
        assert_eq!((status, &made), (201, &wanted("PENDING", PROVISIONING, "l")));
        let path = format!("/v2/vpclinks/{id}");
        let ready = wanted("AVAILABLE", READY, "l");
        assert_eq!(bench.call("GET", &path, "").await.2, ready);
        assert_eq!(bench.call("GET", "/v2/vpclinks", "").await.2, json!({ "items": [ready] }));
        assert_eq!(bench.call("PATCH", &path, r#"{"name": "m"}"#).await.2, wanted("AVAILABLE", READY, "m"));
        assert_eq!(bench.call("PATCH", &path, "{}").await.2, wanted("AVAILABLE", READY, "m"));
        assert_eq!(bench.call("PATCH", &path, r#"{"name": ""}"#).await.0, 400);
        assert_eq!(bench.call("GET", &format!("/vpclinks/{id}"), "").await.0, 404, "it is none of v1's");
        let deleted = bench.call("DELETE", &path, "").await;
        assert_eq!((deleted.0, deleted.2), (202, Value::Null));
        let gone = (404, "NotFoundException".to_owned(), json!({"message": missing(&id).message}));
        for (method, body) in [("GET", ""), ("PATCH", r#"{"name": "m"}"#), ("DELETE", "")] {
            assert_eq!(bench.call(method, &path, body).await, gone);
        }
    }

    #[tokio::test]
    async fn pages() {
        let bench = Bench::dev().await;
        let body = json!({"name": "l", "subnetIds": ["subnet-a"]}).to_string();
        for _ in 0..5 {
            bench.call("POST", "/v2/vpclinks", &body).await;
        }
        let (mut seen, mut target) = (0, "/v2/vpclinks?maxResults=2".to_owned());
        loop {
            let page = bench.call("GET", &target, "").await.2;
            seen += page["items"].as_array().unwrap().len();
            let Some(token) = page["nextToken"].as_str() else { break };
            target = format!("/v2/vpclinks?maxResults=2&nextToken={}", token.replace('=', "%3D").replace('+', "%2B"));
        }
        assert_eq!(seen, 5);
        for query in ["maxResults=x", "maxResults=-1", "nextToken=x"] {
            assert_eq!(bench.call("GET", &format!("/v2/vpclinks?{query}"), "").await.0, 400, "{query}");
        }
    }
}
