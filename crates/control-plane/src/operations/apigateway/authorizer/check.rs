//! What makes an authorizer acceptable. Which members a type needs is AWS's documentation of CreateAuthorizer.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use http::Uri;
use postern_api_model::apigateway::AuthorizerType;
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{Authorizer, JwtAdditionalClaim, JwtConfiguration, JwtIssuer};

use super::super::mapping;

/// AWS's bound on `authorizerResultTtlInSeconds`, "Amazon API Gateway quotas".
const RESULT_TTL_S_MAX: i32 = 3_600;
/// Issuers of a JWT authorizer, further claims of an issuer, and audiences: nothing is documented for REST APIs, so these are HTTP
/// APIs' numbers where there are any.
const ISSUERS_MAX: usize = 10;
const CLAIMS_MAX: usize = 10;
const AUDIENCES_MAX: usize = 50;
/// Claims that are checked anyway, or that scopes are read from.
const RESERVED_CLAIMS: [&str; 7] = ["iss", "aud", "exp", "nbf", "iat", "scope", "scp"];

/// Checks an authorizer as it is to be stored beside `others`, of which one may be its former self.
pub(super) fn check(authorizer: &Authorizer, others: &BTreeMap<String, Authorizer>) -> ApiResult<()> {
    if authorizer.name.trim().is_empty() {
        return Err(ApiError::bad_request("Authorizer name cannot be empty"));
    }
    if others.values().any(|other| other.id != authorizer.id && other.name == authorizer.name) {
        let name = &authorizer.name;
        return Err(ApiError::bad_request(format!(
            "Authorizer name must be unique. Authorizer {name} already exists in this RestApi."
        )));
    }
    let is_role = |role: &String| role.starts_with("arn:");
    if !authorizer.authorizer_credentials.as_ref().is_none_or(is_role) {
        return Err(ApiError::bad_request("Invalid ARN specified in the request"));
    }
    only_members_of_the_type(authorizer)?;
    mapping::check_pattern(authorizer.identity_validation_expression.as_deref().unwrap_or_default())?;
    match authorizer.kind {
        AuthorizerType::Token => {
            check_uri(authorizer)?;
            check_header_source(authorizer)
        }
        AuthorizerType::Request => {
            check_uri(authorizer)?;
            check_request_sources(authorizer)
        }
        AuthorizerType::CognitoUserPools => {
            check_pools(&authorizer.provider_arns)?;
            check_header_source(authorizer)
        }
        AuthorizerType::Jwt => {
            let configuration = authorizer.jwt_configuration.as_ref().ok_or_else(|| invalid("jwtConfiguration is required"))?;
            check_jwt(configuration)?;
            check_header_source(authorizer)
        }
    }
}

/// Refuses what AWS documents as not supported for JWT, and the configuration of JWT for the other types.
fn only_members_of_the_type(authorizer: &Authorizer) -> ApiResult<()> {
    let of_jwt = [("jwtConfiguration", authorizer.jwt_configuration.is_some())];
    let of_others = [
        ("providerARNs", !authorizer.provider_arns.is_empty()),
        ("authorizerUri", authorizer.authorizer_uri.is_some()),
        ("authorizerCredentials", authorizer.authorizer_credentials.is_some()),
        ("authorizerResultTtlInSeconds", authorizer.authorizer_result_ttl_in_seconds.is_some()),
        ("identityValidationExpression", authorizer.identity_validation_expression.is_some()),
    ];
    let refused = if authorizer.kind == AuthorizerType::Jwt { of_others.as_slice() } else { of_jwt.as_slice() };
    match refused.iter().find(|(_, is_set)| *is_set) {
        Some((member, _)) => Err(invalid(&format!("{member} is not supported for authorizers of type {}", authorizer.kind))),
        None => Ok(()),
    }
}

fn invalid(reason: &str) -> ApiError {
    ApiError::bad_request(format!("Invalid request input: {reason}"))
}

/// A time to live within AWS's bounds.
pub(super) fn result_ttl(seconds: i32) -> ApiResult<u32> {
    let allowed = u32::try_from(seconds).ok().filter(|_| seconds <= RESULT_TTL_S_MAX);
    allowed.ok_or_else(|| invalid(&format!("authorizerResultTtlInSeconds must be between 0 and {RESULT_TTL_S_MAX}")))
}

/// `arn:{partition}:apigateway:{region}:lambda:path/{version}/functions/{function}/invocations`, in the reported text.
fn check_uri(authorizer: &Authorizer) -> ApiResult<()> {
    let uri = authorizer.authorizer_uri.as_deref().unwrap_or_default();
    let fields: Vec<&str> = uri.splitn(6, ':').collect();
    let is_invocation = matches!(fields[..], ["arn", partition, "apigateway", region, "lambda", path]
        if partition.starts_with("aws") && is_region(region) && is_function_path(path));
    if is_invocation {
        return Ok(());
    }
    Err(ApiError::bad_request(format!(
        "Invalid Authorizer URI: {uri}. Authorizer URI should be a valid API Gateway ARN that represents a Lambda function \
         invocation."
    )))
}

/// The word `region` in place of one is what the text was reported for.
fn is_region(region: &str) -> bool {
    !region.is_empty() && region != "region" && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_function_path(path: &str) -> bool {
    let function = path.strip_prefix("path/2015-03-31/functions/").and_then(|rest| rest.strip_suffix("/invocations"));
    function.is_some_and(|function| function.starts_with("arn:") && !function.contains('/') && !function.contains(' '))
}

fn check_header_source(authorizer: &Authorizer) -> ApiResult<()> {
    let Some(source) = authorizer.identity_source.as_deref() else {
        return Err(invalid(&format!("identitySource is required for authorizers of type {}", authorizer.kind)));
    };
    mapping::check_identity_header(source)
}

/// The sources make the cache's key, so they are only needed with a cache (reported: the text says no more than this).
fn check_request_sources(authorizer: &Authorizer) -> ApiResult<()> {
    match authorizer.identity_source.as_deref() {
        Some(sources) => mapping::check_identity_sources(sources.split(',').map(str::trim)),
        None if authorizer.authorizer_result_ttl_in_seconds == Some(0) => Ok(()),
        None => Err(ApiError::bad_request("Invalid request input")),
    }
}

/// `arn:{partition}:cognito-idp:{region}:{account}:userpool/{pool}`.
fn check_pools(arns: &[String]) -> ApiResult<()> {
    if arns.is_empty() {
        return Err(invalid("providerARNs are required for authorizers of type COGNITO_USER_POOLS"));
    }
    let is_pool = |arn: &String| {
        let fields: Vec<&str> = arn.splitn(6, ':').collect();
        matches!(fields[..], ["arn", partition, "cognito-idp", region, account, pool]
            if partition.starts_with("aws") && is_region(region) && account.len() == 12
                && account.bytes().all(|byte| byte.is_ascii_digit())
                && pool.strip_prefix("userpool/").is_some_and(|id| !id.is_empty()))
    };
    match arns.iter().find(|arn| !is_pool(arn)) {
        Some(arn) => Err(invalid(&format!("{arn} is not the ARN of a user pool"))),
        None => Ok(()),
    }
}

fn check_jwt(configuration: &JwtConfiguration) -> ApiResult<()> {
    let JwtConfiguration { issuers, default_algorithms } = configuration;
    if default_algorithms.is_empty() {
        return Err(invalid("jwtConfiguration.defaultAlgorithms must name at least one algorithm"));
    }
    if !(1..=ISSUERS_MAX).contains(&issuers.len()) {
        return Err(invalid(&format!("jwtConfiguration.issuers must have 1 to {ISSUERS_MAX} issuers")));
    }
    issuers.iter().try_for_each(check_issuer)?;
    unique(issuers.iter().map(|issuer| issuer.issuer.as_str()), "issuer")
}

fn check_issuer(issuer: &JwtIssuer) -> ApiResult<()> {
    let JwtIssuer { issuer, audiences, additional_claims } = issuer;
    if !is_issuer_url(issuer) {
        return Err(invalid(&format!(
            "issuer {issuer} must be an https URL with a host and without user information, query or fragment"
        )));
    }
    if !(1..=AUDIENCES_MAX).contains(&audiences.len()) || audiences.iter().any(String::is_empty) {
        return Err(invalid(&format!("issuer {issuer} must have 1 to {AUDIENCES_MAX} audiences, none of them empty")));
    }
    if additional_claims.len() > CLAIMS_MAX {
        return Err(invalid(&format!("issuer {issuer} can have at most {CLAIMS_MAX} additionalClaims")));
    }
    additional_claims.iter().try_for_each(check_claim)?;
    unique(additional_claims.iter().map(|claim| claim.claim_name.as_str()), "claimName")
}

/// An issuer of this machine may have no certificate, as those of development servers. It is believed only where the operator says so.
fn is_issuer_url(text: &str) -> bool {
    let is_plain = !text.contains(['@', '?', '#', ' ']);
    let Some(uri) = text.parse::<Uri>().ok().filter(|_| is_plain) else { return false };
    match (uri.scheme_str(), uri.host()) {
        (Some("https"), Some(host)) => !host.is_empty(),
        (Some("http"), Some(host)) => is_this_machine(host),
        _ => false,
    }
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

fn check_claim(claim: &JwtAdditionalClaim) -> ApiResult<()> {
    let name = &claim.claim_name;
    if name.is_empty() || RESERVED_CLAIMS.contains(&name.as_str()) {
        let reserved = RESERVED_CLAIMS.join(", ");
        return Err(invalid(&format!("claimName {name:?} must not be empty and none of {reserved}")));
    }
    if claim.expected_values.as_ref().is_some_and(Vec::is_empty) {
        // It would refuse whoever has the claim.
        return Err(invalid(&format!("expectedValues of claim {name} must have a value, or be left out")));
    }
    if claim.expected_values.iter().flatten().any(String::is_empty) {
        return Err(invalid(&format!("expectedValues of claim {name} must not be empty")));
    }
    Ok(())
}

fn unique<'a>(names: impl Iterator<Item = &'a str>, what: &str) -> ApiResult<()> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(invalid(&format!("{what} {name} appears twice")));
        }
    }
    Ok(())
}
