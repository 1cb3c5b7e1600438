//! Domain names as tables: what a create and each PATCH path make of one.
#![allow(clippy::unwrap_used)]

use postern_api_model::apigateway::Op::{self, *};
use postern_api_model::apigateway::{CreateDomainNameInput, EndpointAccessMode};
use serde_json::json;

use super::*;
use crate::server::fixture::{self, ACCOUNT, API, Bench, NOW_S, refusal};

const ARN: &str = "arn:aws:acm:us-east-1:111111111111:certificate/1";
const OTHER: &str = "arn:aws:acm:us-east-1:111111111111:certificate/2";

fn caller() -> Caller {
    Caller { scope: fixture::scope(), access_key_id: String::new() }
}

fn input(endpoint_type: EndpointType) -> CreateDomainNameInput {
    let regional = endpoint_type == EndpointType::Regional;
    CreateDomainNameInput {
        domain_name: "api.example.com".into(),
        certificate_arn: (!regional).then(|| ARN.into()),
        regional_certificate_arn: regional.then(|| ARN.into()),
        endpoint_configuration: Some(Given { types: Some(vec![endpoint_type]), ip_address_type: None, vpc_endpoint_ids: None }),
        ..Default::default()
    }
}

fn made(endpoint_type: EndpointType) -> DomainName {
    build(&input(endpoint_type), &caller(), NOW_S).unwrap()
}

fn update(domain: &mut DomainName, operations: &[(Op, &str, &str)]) -> ApiResult<Shown> {
    let patches: Vec<Patch> = operations.iter().map(|(op, path, value)| fixture::patch(*op, path, value)).collect();
    update_in(domain, &patches, NOW_S)
}

#[test]
fn each_type_shows_its_own_members() {
    let regional = show_one(&made(EndpointType::Regional));
    let target = regional.regional_domain_name.unwrap();
    assert!(target.starts_with("d-") && target.ends_with(".execute-api.us-east-1.amazonaws.com"), "{target}");
    assert_eq!((regional.distribution_domain_name, regional.certificate_upload_date), (None, None));
    assert_eq!(regional.domain_name_arn.as_deref(), Some("arn:aws:apigateway:us-east-1::/domainnames/api.example.com"));
    let edge = show_one(&made(EndpointType::Edge));
    let target = edge.distribution_domain_name.unwrap();
    assert!(target.len() == 29 && target.starts_with('d') && target.ends_with(".cloudfront.net"), "{target}");
    assert_eq!(edge.distribution_hosted_zone_id.as_deref(), Some("Z2FDTNDATAQYW2"));
    assert_eq!((edge.regional_domain_name, edge.certificate_upload_date), (None, Some(Timestamp(NOW_S))));
    let private = show_one(&made(EndpointType::Private));
    let id = private.domain_name_id.unwrap();
    assert_eq!(id.len(), 8);
    let arn = format!("arn:aws:apigateway:us-east-1:{ACCOUNT}:/domainnames/api.example.com+{id}");
    assert_eq!(private.domain_name_arn, Some(arn));
    assert_eq!(private.endpoint_configuration.unwrap().ip_address_type, Some(IpAddressType::Dualstack));
}

#[test]
fn refused_creates() {
    let with = |endpoint_type, change: &dyn Fn(&mut CreateDomainNameInput)| {
        let mut input = input(endpoint_type);
        change(&mut input);
        input
    };
    let (edge, regional, private) = (EndpointType::Edge, EndpointType::Regional, EndpointType::Private);
    let mutual_tls = |uri: &str| postern_api_model::apigateway::MutualTlsAuthenticationInput {
        truststore_uri: Some(uri.into()),
        truststore_version: None,
    };
    let enhanced = SecurityPolicy::SecurityPolicyTls1313202509;
    for (input, part) in [
        (with(edge, &|i| i.domain_name = "API.example.com".into()), "Invalid domain name specified"),
        (with(edge, &|i| i.domain_name = "a.*.com".into()), "Invalid domain name specified"),
        (with(edge, &|i| i.domain_name = "a..com".into()), "Invalid domain name specified"),
        (with(edge, &|i| i.certificate_arn = None), "A certificate was not provided for the endpoint type EDGE."),
        (
            with(regional, &|i| i.regional_certificate_arn = None),
            "A certificate was not provided for the endpoint type REGIONAL.",
        ),
        (
            with(regional, &|i| i.certificate_arn = Some(ARN.into())),
            "Cannot import certificates for EDGE while REGIONAL is active.",
        ),
        (with(edge, &|i| i.regional_certificate_arn = Some(ARN.into())), "Cannot import certificates for REGIONAL while EDGE"),
        (with(edge, &|i| i.certificate_arn = Some("arn:aws:iam::1:x".into())), "Invalid certificate ARN: arn:aws:iam::1:x."),
        (with(edge, &|i| i.certificate_arn = Some(ARN.replace("us-east-1", "eu-west-1"))), "Certificate must be in 'us-east-1'."),
        (with(private, &|i| i.domain_name = "*.example.com".into()), "Wildcard custom domain names"),
        (with(edge, &|i| i.policy = Some("{}".into())), "Invalid policy document"),
        (with(edge, &|i| i.security_policy = Some(enhanced)), "is not supported for EDGE"),
        (with(regional, &|i| i.security_policy = Some(enhanced)), "endpointAccessMode must be specified"),
        (
            with(regional, &|i| i.endpoint_access_mode = Some(EndpointAccessMode::Basic)),
            "endpointAccessMode can only be specified with an enhanced securityPolicy.",
        ),
        (with(edge, &|i| i.mutual_tls_authentication = Some(mutual_tls("s3://b/k"))), "only supported for REGIONAL"),
        (with(regional, &|i| i.mutual_tls_authentication = Some(mutual_tls("https://b/k"))), "Invalid truststoreUri"),
        (with(regional, &|i| i.ownership_verification_certificate_arn = Some(ARN.into())), "only be specified with mutualTls"),
        (with(edge, &|i| i.certificate_body = Some("x".into())), "certificatePrivateKey is missing"),
    ] {
        let (status, text) = refusal(build(&input, &caller(), NOW_S));
        assert!(status == 400 && text.contains(part), "{part}: {text}");
    }
}

#[test]
fn a_name_is_moved_in_two_steps_or_in_one() {
    let mut domain = made(EndpointType::Edge);
    let both = [(Add, "/endpointConfiguration/types", "REGIONAL"), (Add, "/regionalCertificateArn", OTHER)];
    let shown = update(&mut domain, &both).unwrap();
    assert_eq!(shown.endpoint_configuration.unwrap().types, Some(vec![EndpointType::Edge, EndpointType::Regional]));
    let target = shown.regional_domain_name;
    assert!(target.is_some() && shown.distribution_domain_name.is_some());
    let (status, _) = refusal(update(&mut domain, &[(Replace, "/securityPolicy", "TLS_1_0")]));
    assert_eq!(status, 400);
    let shown = update(&mut domain, &[(Remove, "/endpointConfiguration/types", "EDGE")]).unwrap();
    assert_eq!((shown.regional_domain_name, shown.distribution_domain_name, shown.certificate_arn), (target, None, None));

    let mut domain = made(EndpointType::Edge);
    for place in ["0", "EDGE"] {
        let mut moved = domain.clone();
        let path = format!("/endpointConfiguration/types/{place}");
        update(&mut moved, &[(Replace, &path, "REGIONAL"), (Replace, "/regionalCertificateArn", ARN)]).unwrap();
        assert!(moved.has_type(EndpointType::Regional) && moved.certificate.is_empty());
    }
    let private =
        [(Replace, "/endpointConfiguration/types/0", "PRIVATE"), (Replace, "/endpointConfiguration/ipAddressType", "dualstack")];
    assert_eq!(refusal(update(&mut domain, &private)).1, "Cannot change a domain name between public and private.");
}

#[test]
fn each_path_changes_its_member() {
    let mut domain = made(EndpointType::Regional);
    let shown = update(
        &mut domain,
        &[
            (Replace, "/regionalCertificateArn", OTHER),
            (Add, "/regionalCertificateName", "label"),
            (Replace, "/endpointConfiguration/ipAddressType", "dualstack"),
            (Replace, "/mutualTlsAuthentication/truststoreVersion", "v1"),
            (Replace, "/mutualTlsAuthentication/truststoreUri", "s3://bucket/key"),
            (Add, "/ownershipVerificationCertificateArn", ARN),
            (Replace, "/routingMode", "ROUTING_RULE_ONLY"),
        ],
    );
    let shown = shown.unwrap();
    assert_eq!(
        (shown.regional_certificate_arn.as_deref(), shown.regional_certificate_name.as_deref()),
        (Some(OTHER), Some("label"))
    );
    let mutual_tls = shown.mutual_tls_authentication.unwrap();
    assert_eq!(
        (mutual_tls.truststore_uri.as_deref(), mutual_tls.truststore_version.as_deref()),
        (Some("s3://bucket/key"), Some("v1"))
    );
    assert_eq!(shown.routing_mode, Some(RoutingMode::RoutingRuleOnly));
    let shown = update(
        &mut domain,
        &[
            (Remove, "/regionalCertificateName", ""),
            (Replace, "/mutualTlsAuthentication/truststoreUri", ""),
            (Remove, "/ownershipVerificationCertificateArn", ""),
            (Replace, "/securityPolicy", "SecurityPolicy_TLS13_1_3_2025_09"),
            (Replace, "/endpointAccessMode", "BASIC"),
        ],
    );
    let shown = shown.unwrap();
    assert_eq!((shown.regional_certificate_name, shown.mutual_tls_authentication), (None, None));
    assert_eq!(shown.endpoint_access_mode, Some(EndpointAccessMode::Basic));
    let back = [(Replace, "/securityPolicy", "TLS_1_2"), (Replace, "/endpointAccessMode", "")];
    assert_eq!(update(&mut domain, &back).unwrap().endpoint_access_mode, None);
}

#[test]
fn a_private_names_policies_are_written_out() {
    let mut domain = made(EndpointType::Private);
    let policy =
        r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}}"#;
    let shown = update(&mut domain, &[(Replace, "/policy", policy), (Replace, "/managementPolicy", policy)]).unwrap();
    let id = shown.domain_name_id.unwrap();
    let own = format!("arn:aws:execute-api:us-east-1:{ACCOUNT}:/domainnames/api.example.com+{id}");
    let expected = json!({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": own}});
    assert_eq!(shown.policy, Some(expected.to_string()));
    assert_eq!(shown.management_policy, shown.policy);
    assert_eq!(update(&mut domain, &[(Replace, "/policy", "")]).unwrap().policy, None);
}

#[test]
fn refused_patches_change_nothing() {
    let before = made(EndpointType::Regional);
    for (op, path, value, text) in [
        (Add, "/securityPolicy", "TLS_1_2", "Invalid patch operation specified. Must be one of: [replace]"),
        (Copy, "/certificateArn", ARN, "Invalid patch operation specified. Must be one of: [add, remove, replace]"),
        (Replace, "/endpointConfiguration/types", "EDGE", "Invalid patch operation specified. Must be one of: [add, remove]"),
        (Replace, "/endpointConfiguration/types/1", "EDGE", "Invalid patch path /endpointConfiguration/types/1"),
        (Replace, "/domainName", "b.example.com", "Invalid patch path /domainName"),
        (Replace, "/securityPolicy", "TLS_2", "Invalid securityPolicy specified: TLS_2"),
        (Replace, "/regionalCertificateArn", "", "A certificate was not provided for the endpoint type REGIONAL."),
        (
            Remove,
            "/endpointConfiguration/types",
            "REGIONAL",
            "REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.",
        ),
    ] {
        let mut domain = before.clone();
        assert_eq!(refusal(update(&mut domain, &[(op, path, value)])), (400, text.to_owned()));
        assert_eq!(domain, before);
    }
}

#[tokio::test]
async fn a_public_name_is_taken_in_every_account_of_its_region() {
    let bench = Bench::dev().await;
    let body = json!({"domainName": "api.example.com", "certificateArn": ARN}).to_string();
    assert_eq!(bench.call("POST", "/domainnames", &body).await.0, 201);
    let (status, _, refused) = bench.call("POST", "/domainnames", &body).await;
    assert_eq!((status, refused), (400, json!({"message": "The domain name you provided already exists."})));
    let claim =
        postern_store::load::<DomainClaim>(bench.store.as_ref(), &DomainClaim::scope("us-east-1"), "api.example.com").await;
    assert_eq!(claim.unwrap().map(|claim| claim.value.account).as_deref(), Some(ACCOUNT));
    assert_eq!(bench.call("DELETE", "/domainnames/api.example.com", "").await.0, 202);
    assert_eq!(bench.call("POST", "/domainnames", &body).await.0, 201);
}

#[tokio::test]
async fn an_api_that_a_domain_leads_to_stays() {
    let bench = Bench::dev().await;
    let body = json!({"domainName": "api.example.com", "certificateArn": ARN}).to_string();
    bench.call("POST", "/domainnames", &body).await;
    let mapping = json!({"restApiId": API}).to_string();
    let (status, _, made) = bench.call("POST", "/domainnames/api.example.com/basepathmappings", &mapping).await;
    assert_eq!((status, made), (201, json!({"basePath": "(none)", "restApiId": API})));
    let (status, _, refused) = bench.call("DELETE", &format!("/restapis/{API}"), "").await;
    let text = format!(
        "Deleting RestApi {API} failed. Please remove all base path mappings related to the RestApi in your domains: api.example.com"
    );
    assert_eq!((status, refused), (400, json!({"message": text})));
    assert_eq!(bench.call("DELETE", "/domainnames/api.example.com/basepathmappings/%28none%29", "").await.0, 202);
    assert_eq!(bench.call("DELETE", &format!("/restapis/{API}"), "").await.0, 202);
}
