//! Tags by ARN, as `apigatewayv2` has them. Of what it can tag, only VPC links and domain names are there; APIs and their stages are
//! not found. An ARN of a VPC link names one of `apigatewayv2` here, and one of `apigateway` there.

use postern_api_model::apigatewayv2::{GetTagsInput, GetTagsResponse, TagResourceInput, TagResourceResponse, UntagResourceInput};
use postern_api_model::domain_name::DomainName;
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::Tags;
use postern_api_model::scope::Caller;
use postern_api_model::vpc_link::VpcLinkV2;

use super::vpc_link;
use crate::ControlPlane;
use crate::arn::{self, ArnError, Taggable};
use crate::operations::apigateway::domain_name::missing as domain_name_missing;
use crate::operations::apigateway::tag::merged;

/// What can carry tags.
enum Target {
    VpcLink(String),
    /// By its id in the store; the two services share domain names.
    DomainName(String),
}

pub(super) async fn tag(plane: &ControlPlane, caller: &Caller, input: TagResourceInput) -> ApiResult<TagResourceResponse> {
    let target = target(caller, &input.resource_arn)?;
    let more = input.tags.unwrap_or_default();
    change(plane, caller, &target, |tags| {
        *tags = merged(tags, &more)?;
        Ok(())
    })
    .await?;
    Ok(TagResourceResponse {})
}

pub(super) async fn untag(plane: &ControlPlane, caller: &Caller, input: UntagResourceInput) -> ApiResult<()> {
    let target = target(caller, &input.resource_arn)?;
    change(plane, caller, &target, |tags| {
        tags.retain(|key, _| !input.tag_keys.contains(key));
        Ok(())
    })
    .await
}

pub(super) async fn list(plane: &ControlPlane, caller: &Caller, input: GetTagsInput) -> ApiResult<GetTagsResponse> {
    let tags = match target(caller, &input.resource_arn)? {
        Target::VpcLink(id) => plane.load::<VpcLinkV2>(caller, &id, || vpc_link::missing(&id)).await?.tags,
        Target::DomainName(id) => plane.load::<DomainName>(caller, &id, domain_name_missing).await?.tags,
    };
    Ok(GetTagsResponse { tags: Some(tags.into_iter().collect()) })
}

async fn change(
    plane: &ControlPlane,
    caller: &Caller,
    target: &Target,
    mut change: impl FnMut(&mut Tags) -> ApiResult<()> + Send,
) -> ApiResult<()> {
    match target {
        Target::VpcLink(id) => {
            plane.change(caller, id, || vpc_link::missing(id), |link: &mut VpcLinkV2| change(&mut link.tags)).await
        }
        Target::DomainName(id) => {
            plane.change(caller, id, domain_name_missing, |domain: &mut DomainName| change(&mut domain.tags)).await
        }
    }
}

fn target(caller: &Caller, arn: &str) -> ApiResult<Target> {
    let invalid = || ApiError::bad_request("Invalid ARN specified in the request");
    match arn::parse(arn, &caller.scope) {
        Ok(Taggable::VpcLink(id)) => Ok(Target::VpcLink(id)),
        Ok(Taggable::DomainName(id)) => Ok(Target::DomainName(id)),
        Err(ArnError::Unbuilt) => Err(api_missing(caller, arn)),
        Ok(_) | Err(ArnError::Malformed | ArnError::Foreign) => Err(invalid()),
    }
}

/// What AWS answers for an API that is not there.
fn api_missing(caller: &Caller, arn: &str) -> ApiError {
    let id = arn.split('/').nth(2).unwrap_or_default();
    ApiError::not_found(format!("Invalid API identifier specified {}:{id}", caller.scope.account))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::server::fixture::{ACCOUNT, Bench};
    use serde_json::json;

    fn target(resource: &str) -> String {
        format!("/v2/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A{}", resource.replace('/', "%2F"))
    }

    #[tokio::test]
    async fn the_tags_of_a_link() {
        let bench = Bench::dev().await;
        let body = json!({"name": "l", "subnetIds": ["subnet-a"]}).to_string();
        let (_, _, made) = bench.call("POST", "/v2/vpclinks", &body).await;
        let path = target(&format!("/vpclinks/{}", made["vpcLinkId"].as_str().unwrap()));
        assert_eq!(bench.call("GET", &path, "").await.2, json!({"tags": {}}));
        let tagged = bench.call("POST", &path, r#"{"tags": {"a": "1", "b": "1"}}"#).await;
        assert_eq!((tagged.0, tagged.2), (201, json!({})));
        assert_eq!(bench.call("POST", &path, r#"{"tags": {"b": "2"}}"#).await.0, 201);
        assert_eq!(bench.call("POST", &path, r#"{"tags": {"aws:b": "2"}}"#).await.0, 400);
        assert_eq!(bench.call("GET", &path, "").await.2, json!({"tags": {"a": "1", "b": "2"}}));
        assert_eq!(bench.call("DELETE", &format!("{path}?tagKeys=a"), "").await.0, 204);
        assert_eq!(bench.call("GET", &path, "").await.2, json!({"tags": {"b": "2"}}));
    }

    #[tokio::test]
    async fn what_an_arn_can_name() {
        let bench = Bench::dev().await;
        let missing = |text: String| (404, "NotFoundException".to_owned(), json!({ "message": text }));
        for (resource, text) in [
            ("/vpclinks/abc123", "Invalid VpcLink identifier specified abc123".to_owned()),
            ("/apis/abc", format!("Invalid API identifier specified {ACCOUNT}:abc")),
            ("/apis/abc/stages/dev", format!("Invalid API identifier specified {ACCOUNT}:abc")),
            ("/domainnames/a.example.com", "Invalid domain name identifier specified".to_owned()),
        ] {
            let wanted = missing(text);
            assert_eq!(bench.call("GET", &target(resource), "").await, wanted, "{resource}");
            assert_eq!(bench.call("POST", &target(resource), r#"{"tags": {"a": "b"}}"#).await, wanted, "{resource}");
            assert_eq!(bench.call("DELETE", &format!("{}?tagKeys=a", target(resource)), "").await, wanted, "{resource}");
        }
        for resource in ["/restapis/abcde12345", "/nothing/a", "apis/abc"] {
            let (status, _, body) = bench.call("GET", &target(resource), "").await;
            assert_eq!((status, body), (400, json!({"message": "Invalid ARN specified in the request"})), "{resource}");
        }
    }
}
