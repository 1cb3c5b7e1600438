//! Tags, by the ARN of what carries them.

use indexmap::IndexMap;
use postern_api_model::api_key::ApiKey;
use postern_api_model::apigateway::{GetTagsInput, TagResourceInput, Tags as Shown, UntagResourceInput};
use postern_api_model::client_certificate::ClientCertificate;
use postern_api_model::domain_name::DomainName;
use postern_api_model::domain_name_access_association::DomainNameAccessAssociation;
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{RestApi, Tags};
use postern_api_model::scope::Caller;
use postern_api_model::usage_plan::UsagePlan;
use postern_api_model::vpc_link::VpcLink;

use super::{api_key, client_certificate, domain_name, domain_name_access_association, rest_api, stage, usage_plan, vpc_link};
use crate::ControlPlane;
use crate::arn::{self, ArnError, Taggable};

/// AWS docs, "Tag restrictions": at most this many per resource,
const COUNT_MAX: usize = 50;
/// with keys of at most this many characters
const KEY_CHARS_MAX: usize = 128;
/// and values of at most this many.
const VALUE_CHARS_MAX: usize = 256;
/// Keys that start so are AWS's own.
const RESERVED_PREFIX: &str = "aws:";

pub(super) async fn tag(plane: &ControlPlane, caller: &Caller, input: TagResourceInput) -> ApiResult<()> {
    let target = target(caller, &input.resource_arn)?;
    change(plane, caller, &target, |tags| {
        *tags = merged(tags, &input.tags)?;
        Ok(())
    })
    .await
}

pub(super) async fn untag(plane: &ControlPlane, caller: &Caller, input: UntagResourceInput) -> ApiResult<()> {
    let target = target(caller, &input.resource_arn)?;
    change(plane, caller, &target, |tags| {
        tags.retain(|key, _| !input.tag_keys.contains(key));
        Ok(())
    })
    .await
}

pub(super) async fn list(plane: &ControlPlane, caller: &Caller, input: GetTagsInput) -> ApiResult<Shown> {
    let tags = match target(caller, &input.resource_arn)? {
        Taggable::RestApi(id) => plane.rest_api(caller, &id, || rest_api::missing(caller, &id)).await?.tags,
        Taggable::Stage { api_id, stage_name } => {
            let mut api = plane.rest_api(caller, &api_id, || rest_api::missing(caller, &api_id)).await?;
            api.stages.remove(&stage_name).ok_or_else(stage::missing)?.tags
        }
        Taggable::ApiKey(id) => plane.load::<ApiKey>(caller, &id, api_key::missing).await?.tags,
        Taggable::UsagePlan(id) => plane.load::<UsagePlan>(caller, &id, usage_plan::missing).await?.tags,
        Taggable::ClientCertificate(id) => plane.load::<ClientCertificate>(caller, &id, client_certificate::missing).await?.tags,
        Taggable::DomainName(id) => plane.load::<DomainName>(caller, &id, domain_name::missing).await?.tags,
        Taggable::DomainNameAccessAssociation(id) => {
            plane.load::<DomainNameAccessAssociation>(caller, &id, domain_name_access_association::missing).await?.tags
        }
        Taggable::VpcLink(id) => plane.load::<VpcLink>(caller, &id, vpc_link::missing).await?.tags,
    };
    Ok(Shown { tags: Some(tags.into_iter().collect()) })
}

/// What a resource's tags are once it is given more.
pub(in crate::operations) fn merged(tags: &Tags, more: &IndexMap<String, String>) -> ApiResult<Tags> {
    let mut merged = tags.clone();
    merged.extend(more.clone());
    check(&merged)?;
    Ok(merged)
}

/// Tags given at creation.
pub(in crate::operations) fn created(tags: Option<IndexMap<String, String>>) -> ApiResult<Tags> {
    let tags = tags.unwrap_or_default().into_iter().collect();
    check(&tags)?;
    Ok(tags)
}

/// How answers show tags: not at all when there are none.
pub(super) fn shown(tags: &Tags) -> Option<IndexMap<String, String>> {
    (!tags.is_empty()).then(|| tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
}

fn check(tags: &Tags) -> ApiResult<()> {
    if tags.len() > COUNT_MAX {
        return Err(ApiError::bad_request(format!("Too many tags: a resource can have at most {COUNT_MAX}")));
    }
    for (key, value) in tags {
        if key.is_empty() || key.chars().count() > KEY_CHARS_MAX {
            return Err(ApiError::bad_request(format!("Invalid tag key: keys have 1 to {KEY_CHARS_MAX} characters")));
        }
        if key.to_ascii_lowercase().starts_with(RESERVED_PREFIX) {
            return Err(ApiError::bad_request(format!("Invalid tag key: {key}. Keys must not start with {RESERVED_PREFIX}")));
        }
        if value.chars().count() > VALUE_CHARS_MAX {
            return Err(ApiError::bad_request(format!("Invalid tag value: values have at most {VALUE_CHARS_MAX} characters")));
        }
    }
    Ok(())
}

fn target(caller: &Caller, arn: &str) -> ApiResult<Taggable> {
    arn::parse(arn, &caller.scope).map_err(|error| match error {
        ArnError::Malformed | ArnError::Foreign => ApiError::bad_request("Invalid ARN specified in the request"),
        ArnError::Unbuilt => ApiError::not_implemented(&format!("Tagging of {arn}")),
    })
}

async fn change(
    plane: &ControlPlane,
    caller: &Caller,
    target: &Taggable,
    mut change: impl FnMut(&mut Tags) -> ApiResult<()> + Send,
) -> ApiResult<()> {
    match target {
        Taggable::RestApi(id) => {
            let of_api = |api: &mut RestApi| change(&mut api.tags);
            plane.change_rest_api(caller, id, || rest_api::missing(caller, id), of_api).await
        }
        Taggable::Stage { api_id, stage_name } => {
            let of_stage = |api: &mut RestApi| change(&mut api.stages.get_mut(stage_name).ok_or_else(stage::missing)?.tags);
            plane.change_rest_api(caller, api_id, || rest_api::missing(caller, api_id), of_stage).await
        }
        Taggable::ApiKey(id) => plane.change(caller, id, api_key::missing, |key: &mut ApiKey| change(&mut key.tags)).await,
        Taggable::UsagePlan(id) => {
            plane.change(caller, id, usage_plan::missing, |plan: &mut UsagePlan| change(&mut plan.tags)).await
        }
        Taggable::ClientCertificate(id) => {
            let of_certificate = |certificate: &mut ClientCertificate| change(&mut certificate.tags);
            plane.change(caller, id, client_certificate::missing, of_certificate).await
        }
        Taggable::DomainName(id) => {
            plane.change(caller, id, domain_name::missing, |domain: &mut DomainName| change(&mut domain.tags)).await
        }
        Taggable::DomainNameAccessAssociation(id) => {
            let of_association = |association: &mut DomainNameAccessAssociation| change(&mut association.tags);
            plane.change(caller, id, domain_name_access_association::missing, of_association).await
        }
        Taggable::VpcLink(id) => plane.change(caller, id, vpc_link::missing, |link: &mut VpcLink| change(&mut link.tags)).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::fixture::{ACCOUNT, Bench, refusal};
    use serde_json::json;

    fn many(count: usize) -> Tags {
        (0..count).map(|n| (format!("k{n}"), String::new())).collect()
    }

    #[test]
    fn bounds_of_tags() {
        assert!(check(&many(50)).is_ok());
        assert!(check(&Tags::from([("\u{e4}".repeat(128), "\u{e4}".repeat(256))])).is_ok());
        let one = |key: &str, value: &str| Tags::from([(key.to_owned(), value.to_owned())]);
        for tags in [many(51), one("", "v"), one(&"k".repeat(129), "v"), one("k", &"v".repeat(257)), one("AWS:k", "v")] {
            assert_eq!(refusal(check(&tags)).0, 400);
        }
    }

    fn target(resource: &str) -> String {
        format!("/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A{}", resource.replace('/', "%2F"))
    }

    #[tokio::test]
    async fn what_an_arn_can_name() {
        let bench = Bench::dev().await;
        let not_found = |text: &str| (404, "NotFoundException".to_owned(), json!({ "message": text }));
        let api_missing = format!("Invalid API identifier specified {ACCOUNT}:none");
        assert_eq!(bench.call("GET", &target("/restapis/none"), "").await, not_found(&api_missing));
        assert_eq!(bench.call("GET", &target("/restapis/none/stages/dev"), "").await, not_found(&api_missing));
        let stage = target("/restapis/abcde12345/stages/none");
        assert_eq!(bench.call("GET", &stage, "").await, not_found("Invalid stage identifier specified"));
        let link = target("/vpclinks/abc");
        assert_eq!(bench.call("GET", &link, "").await, not_found("Invalid Vpc Link identifier specified"));
        let key = target("/apikeys/none");
        assert_eq!(bench.call("GET", &key, "").await, not_found("Invalid API Key identifier specified"));
        assert_eq!(bench.call("GET", &target("/usageplans/none"), "").await, not_found("Invalid Usage Plan ID specified"));
        let certificate = target("/clientcertificates/none");
        assert_eq!(bench.call("GET", &certificate, "").await, not_found("Invalid Client Certificate identifier specified"));
        assert_eq!(bench.call("GET", &target("/apis/none"), "").await.0, 501);
        for resource in ["/restapis", "/restapis/abcde12345/resources/a", "restapis/abcde12345", "/nothing/a"] {
            let (status, _, body) = bench.call("GET", &target(resource), "").await;
            assert_eq!((status, body), (400, json!({"message": "Invalid ARN specified in the request"})), "{resource}");
        }
        for arn in ["nonsense", "arn%3Aaws%3Aapigateway%3Aeu-west-1%3A%3A%2Frestapis%2Fabcde12345"] {
            assert_eq!(bench.call("GET", &format!("/tags/{arn}"), "").await.0, 400);
        }
    }

    #[tokio::test]
    async fn tags_are_merged_and_removed_by_key() {
        let bench = Bench::dev().await;
        let path = target("/restapis/abcde12345");
        assert_eq!(bench.call("GET", &path, "").await.2, json!({"tags": {}}));
        for body in [r#"{"tags": {"a": "1", "b": "1"}}"#, r#"{"tags": {"b": "2", "c": ""}}"#, r#"{"tags": {}}"#] {
            assert_eq!(bench.call("PUT", &path, body).await.0, 204);
        }
        assert_eq!(bench.call("GET", &path, "").await.2, json!({"tags": {"a": "1", "b": "2", "c": ""}}));
        // Too many together, though not by themselves: nothing changes.
        let more = json!({"tags": many(48)}).to_string();
        assert_eq!(bench.call("PUT", &path, &more).await.0, 400);
        assert_eq!(bench.call("DELETE", &format!("{path}?tagKeys=a&tagKeys=c&tagKeys=none"), "").await.0, 204);
        assert_eq!(bench.call("GET", &path, "").await.2, json!({"tags": {"b": "2"}}));
        assert_eq!(bench.call("DELETE", &path, "").await.0, 400);
        assert_eq!(bench.call("PUT", &path, "{}").await.0, 400);
    }
}
