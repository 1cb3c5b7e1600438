//! What makes a domain name acceptable.

use postern_api_model::apigateway::{EndpointAccessMode, EndpointType, IpAddressType, SecurityPolicy};
use postern_api_model::domain_name::{Certificate, DomainName, MutualTlsAuthentication};
use postern_api_model::error::{ApiError, ApiResult};

use super::super::rest_api::policy;

/// RFC 1035: characters of a name,
const NAME_CHARS_MAX: usize = 253;
/// and of one of its labels.
const LABEL_CHARS_MAX: usize = 63;
/// AWS's bounds on a truststore's address and its version.
const TRUSTSTORE_URI_CHARS_MAX: usize = 2_048;
const TRUSTSTORE_VERSION_CHARS_MAX: usize = 64;
/// Where the certificates of edge-optimized names are kept (AWS docs, "Edge-optimized custom domain names").
const EDGE_REGION: &str = "us-east-1";

/// The name as it is stored: labels of lower-case letters, digits and hyphens; the first may be a star.
pub(super) fn name(text: &str) -> ApiResult<String> {
    let labels = text.strip_prefix("*.").unwrap_or(text);
    let is_label = |label: &str| {
        let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=LABEL_CHARS_MAX).contains(&label.len())
            && label.bytes().all(legal)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if text.len() <= NAME_CHARS_MAX && labels.split('.').all(is_label) {
        return Ok(text.to_owned());
    }
    Err(ApiError::bad_request("Invalid domain name specified: use labels of a-z, 0-9 and - with dots between them"))
}

/// A policy of a private name as it is stored: plain JSON, `execute-api:/...` written out as AWS's examples show it.
pub(super) fn policy(text: &str, domain: &DomainName) -> ApiResult<Option<String>> {
    let id = DomainName::stored_id(&domain.name, domain.domain_name_id.as_deref());
    let scope = &domain.scope;
    let own = format!("arn:{}:execute-api:{}:{}:/domainnames/{id}", scope.partition(), scope.region, scope.account);
    policy::checked(text, |resource: &mut String| {
        if resource.starts_with(policy::SHORTHAND) {
            resource.clone_from(&own);
        }
    })
}

/// Checks a domain name as it is to be stored.
pub(super) fn check(domain: &DomainName) -> ApiResult<()> {
    check_types(domain)?;
    check_certificates(domain)?;
    check_security(domain)?;
    check_mutual_tls(domain)?;
    if !domain.is_private() && (domain.policy.is_some() || domain.management_policy.is_some()) {
        return Err(ApiError::bad_request("Policies can only be specified for private domain names."));
    }
    Ok(())
}

fn check_types(domain: &DomainName) -> ApiResult<()> {
    let endpoint = &domain.endpoint_configuration;
    if endpoint.types.is_empty() {
        return Err(ApiError::bad_request("REGIONAL Configuration and EDGE Configuration cannot be both DISABLED."));
    }
    if domain.is_private() && endpoint.types.len() > 1 {
        return Err(ApiError::bad_request("A private domain name can have no other endpoint type."));
    }
    if domain.is_private() && domain.name.starts_with('*') {
        return Err(ApiError::bad_request("Wildcard custom domain names are not supported for private domain names."));
    }
    if domain.is_private() && endpoint.ip_address_type == IpAddressType::Ipv4 {
        return Err(ApiError::bad_request("Only dualstack ipAddressType is supported for private domain names."));
    }
    if !endpoint.vpc_endpoint_ids.is_empty() {
        return Err(ApiError::bad_request("vpcEndpointIds cannot be specified for domain names."));
    }
    Ok(())
}

/// The texts for uploads, for members of another type and for another region are reported.
fn check_certificates(domain: &DomainName) -> ApiResult<()> {
    let region = domain.scope.region.as_str();
    let (own, regional) = (&domain.certificate, &domain.regional_certificate);
    if domain.has_type(EndpointType::Regional) {
        if own.uploaded.is_some() && !domain.has_type(EndpointType::Edge) {
            return Err(ApiError::bad_request("Uploading certificates is not supported for REGIONAL."));
        }
        check_certificate(regional, region, "REGIONAL")?;
    } else if !regional.is_empty() {
        let active = if domain.is_private() { "PRIVATE" } else { "EDGE" };
        return Err(ApiError::bad_request(format!("Cannot import certificates for REGIONAL while {active} is active.")));
    }
    match (domain.has_type(EndpointType::Edge), domain.is_private()) {
        (true, _) => check_certificate(own, EDGE_REGION, "EDGE"),
        (false, true) => check_certificate(own, region, "PRIVATE"),
        (false, false) if !own.is_empty() => {
            Err(ApiError::bad_request("Cannot import certificates for EDGE while REGIONAL is active."))
        }
        (false, false) => Ok(()),
    }
}

fn check_certificate(certificate: &Certificate, region: &str, endpoint_type: &str) -> ApiResult<()> {
    if !certificate.is_given() {
        let text = format!("A certificate was not provided for the endpoint type {endpoint_type}.");
        return Err(ApiError::bad_request(text));
    }
    certificate.arn.as_deref().map_or(Ok(()), |arn| check_arn(arn, Some(region)))
}

/// `arn:{partition}:acm:{region}:{account}:certificate/{id}`.
fn check_arn(arn: &str, wanted_region: Option<&str>) -> ApiResult<()> {
    let fields: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", _, "acm", region, account, resource] = fields[..] else { return Err(invalid_arn(arn)) };
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    if !is_account || resource.strip_prefix("certificate/").is_none_or(str::is_empty) {
        return Err(invalid_arn(arn));
    }
    match wanted_region {
        Some(wanted) if wanted != region => {
            Err(ApiError::bad_request(format!("Invalid certificate ARN: {arn}. Certificate must be in '{wanted}'.")))
        }
        _ => Ok(()),
    }
}

fn invalid_arn(arn: &str) -> ApiError {
    ApiError::bad_request(format!("Invalid certificate ARN: {arn}. It must be the ARN of a certificate in ACM."))
}

/// AWS docs, "Security policies for custom domain names": which policy is for which type, and that the enhanced ones (and only they)
/// come with an access mode.
fn check_security(domain: &DomainName) -> ApiResult<()> {
    let policy = domain.security_policy;
    let is_legacy = matches!(policy, SecurityPolicy::Tls10 | SecurityPolicy::Tls12);
    let is_edge_policy = policy.as_str().ends_with("_EDGE");
    for endpoint_type in &domain.endpoint_configuration.types {
        let suits = match endpoint_type {
            EndpointType::Edge => is_legacy || is_edge_policy,
            EndpointType::Regional => !is_edge_policy,
            EndpointType::Private => !is_edge_policy && policy != SecurityPolicy::Tls10,
        };
        if !suits {
            let text = format!("securityPolicy {policy} is not supported for {endpoint_type} domain names.");
            return Err(ApiError::bad_request(text));
        }
    }
    match (is_legacy, domain.endpoint_access_mode) {
        (false, None) => {
            Err(ApiError::bad_request(format!("endpointAccessMode must be specified with securityPolicy {policy}.")))
        }
        (true, Some(_)) => {
            Err(ApiError::bad_request("endpointAccessMode can only be specified with an enhanced securityPolicy."))
        }
        (true, None) | (false, Some(_)) => Ok(()),
    }
}

/// AWS docs, "Configuring mutual TLS authentication for a REST API".
fn check_mutual_tls(domain: &DomainName) -> ApiResult<()> {
    let Some(MutualTlsAuthentication { truststore_uri, truststore_version }) = &domain.mutual_tls_authentication else {
        return match &domain.ownership_verification_certificate_arn {
            Some(_) => Err(ApiError::bad_request(
                "ownershipVerificationCertificateArn can only be specified with mutualTlsAuthentication.",
            )),
            None => Ok(()),
        };
    };
    if domain.endpoint_configuration.types != [EndpointType::Regional] || domain.security_policy != SecurityPolicy::Tls12 {
        return Err(ApiError::bad_request(
            "Mutual TLS authentication is only supported for REGIONAL domain names with the securityPolicy TLS_1_2.",
        ));
    }
    let object = truststore_uri.strip_prefix("s3://").and_then(|rest| rest.split_once('/'));
    let is_object = object.is_some_and(|(bucket, key)| !bucket.is_empty() && !key.is_empty());
    if !is_object || truststore_uri.chars().count() > TRUSTSTORE_URI_CHARS_MAX {
        return Err(ApiError::bad_request(
            "Invalid truststoreUri specified. It must be in the format s3://bucket-name/key-name.",
        ));
    }
    if truststore_version.as_ref().is_some_and(|version| version.chars().count() > TRUSTSTORE_VERSION_CHARS_MAX) {
        return Err(ApiError::bad_request(format!(
            "Invalid truststoreVersion specified. It can have at most {TRUSTSTORE_VERSION_CHARS_MAX} characters."
        )));
    }
    domain.ownership_verification_certificate_arn.as_deref().map_or(Ok(()), |arn| check_arn(arn, None))
}

/// Refuses changes that AWS does not offer.
pub(super) fn check_change(before: &DomainName, after: &DomainName) -> ApiResult<()> {
    if before.is_private() != after.is_private() {
        return Err(ApiError::bad_request("Cannot change a domain name between public and private."));
    }
    if before.endpoint_configuration.types.len() > 1 && before.security_policy != after.security_policy {
        return Err(ApiError::bad_request("Cannot change the securityPolicy of a domain name with two endpoint types."));
    }
    let moved = before.endpoint_configuration.types != after.endpoint_configuration.types;
    if moved && before.endpoint_access_mode == Some(EndpointAccessMode::Strict) {
        return Err(ApiError::bad_request(
            "Cannot change the endpoint type of a domain name while endpointAccessMode is STRICT.",
        ));
    }
    Ok(())
}
