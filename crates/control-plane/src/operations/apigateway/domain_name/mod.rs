//! DomainName: a name of one's own for APIs. Changes are in effect when their call is answered, so its status is always AVAILABLE.
//!
//! A public name is unique in its region over all accounts: a claim without an account stands beside it in the store.

mod certificate;
mod check;
mod patch;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use postern_api_model::apigateway::{
    CreateDomainNameInput, DeleteDomainNameInput, DomainName as Shown, DomainNameStatus, DomainNames,
    EndpointConfiguration as Given, EndpointConfiguration as ShownEndpoint, EndpointType, GetDomainNameInput,
    GetDomainNamesInput, IpAddressType, MutualTlsAuthentication as ShownMutualTls, ResourceOwner, RoutingMode, SecurityPolicy,
    UpdateDomainNameInput,
};
use postern_api_model::domain_name::{Certificate, DomainClaim, DomainName, MutualTlsAuthentication};
use postern_api_model::domain_name_access_association::DomainNameAccessAssociation;
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::EndpointConfiguration;
use postern_api_model::scope::{Caller, Scope};
use postern_api_model::wire::Timestamp;
use postern_store::{StoreError, Write};

use super::tag;
use crate::changes::store_failure;
use crate::page::Page;
use crate::patch::Patch;
use crate::{ControlPlane, ids};

/// Characters of a private domain name's id, as in AWS's examples,
const ID_CHARS: usize = 8;
/// of the middle of a distribution's name,
const DISTRIBUTION_CHARS: usize = 13;
/// The hosted zone of every distribution (AWS docs, "Amazon CloudFront endpoints").
const DISTRIBUTION_ZONE: &str = "Z2FDTNDATAQYW2";
/// The hosted zone of regional names, that of us-east-1: clients only copy it into alias records, which mean nothing outside of AWS.
const REGIONAL_ZONE: &str = "Z1UJRXOUMOOFQ8";

pub(super) async fn create(plane: &ControlPlane, caller: &Caller, input: CreateDomainNameInput) -> ApiResult<Shown> {
    let domain = build(&input, caller, plane.now())?;
    let id = DomainName::stored_id(&domain.name, domain.domain_name_id.as_deref());
    let mut writes = vec![postern_store::create(&caller.scope, &id, &domain).map_err(store_failure)?];
    if !domain.is_private() {
        let claim = DomainClaim { account: caller.scope.account.clone() };
        let scope = DomainClaim::scope(&caller.scope.region);
        writes.push(postern_store::create(&scope, &domain.name, &claim).map_err(store_failure)?);
    }
    match plane.store().commit(writes).await {
        Ok(()) => Ok(show_one(&domain)),
        Err(StoreError::Conflict { .. }) => Err(ApiError::bad_request("The domain name you provided already exists.")),
        Err(error) => Err(store_failure(error)),
    }
}

fn build(input: &CreateDomainNameInput, caller: &Caller, now: i64) -> ApiResult<DomainName> {
    let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let endpoint_configuration = endpoint(input.endpoint_configuration.as_ref())?;
    let is_private = endpoint_configuration.types.contains(&EndpointType::Private);
    let mutual_tls = input.mutual_tls_authentication.as_ref().map(|given| MutualTlsAuthentication {
        truststore_uri: given.truststore_uri.clone().unwrap_or_default(),
        truststore_version: filled(&given.truststore_version),
    });
    let mut domain = DomainName {
        name: check::name(&input.domain_name)?,
        scope: caller.scope.clone(),
        domain_name_id: is_private.then(|| ids::random(ID_CHARS)),
        endpoint_configuration,
        certificate: Certificate {
            arn: filled(&input.certificate_arn),
            name: filled(&input.certificate_name),
            upload_date: None,
            uploaded: certificate::uploaded(input)?,
        },
        regional_certificate: Certificate {
            arn: filled(&input.regional_certificate_arn),
            name: filled(&input.regional_certificate_name),
            ..Certificate::default()
        },
        distribution_domain_name: None,
        regional_domain_name: None,
        security_policy: input.security_policy.unwrap_or(SecurityPolicy::Tls12),
        endpoint_access_mode: input.endpoint_access_mode,
        mutual_tls_authentication: mutual_tls.filter(|given| *given != MutualTlsAuthentication::default()),
        ownership_verification_certificate_arn: filled(&input.ownership_verification_certificate_arn),
        policy: None,
        management_policy: None,
        routing_mode: input.routing_mode.unwrap_or(RoutingMode::BasePathMappingOnly),
        tags: tag::created(input.tags.clone())?,
        mappings: BTreeMap::new(),
    };
    domain.policy = check::policy(input.policy.as_deref().unwrap_or_default(), &domain)?;
    check::check(&domain)?;
    settle(&mut domain, now);
    Ok(domain)
}

fn endpoint(given: Option<&Given>) -> ApiResult<EndpointConfiguration> {
    let endpoint_type = match given.and_then(|given| given.types.as_deref()) {
        None | Some([]) => EndpointType::Edge,
        Some([one]) => *one,
        Some(_) => return Err(ApiError::bad_request("Cannot create a domain name with multiple Endpoint Types.")),
    };
    let default = if endpoint_type == EndpointType::Private { IpAddressType::Dualstack } else { IpAddressType::Ipv4 };
    Ok(EndpointConfiguration {
        types: vec![endpoint_type],
        ip_address_type: given.and_then(|given| given.ip_address_type).unwrap_or(default),
        vpc_endpoint_ids: given.and_then(|given| given.vpc_endpoint_ids.clone()).unwrap_or_default(),
    })
}

/// Fills in and takes away what follows from the types: targets for DNS, and the date of the certificate.
fn settle(domain: &mut DomainName, now: i64) {
    let regional = || format!("d-{}.execute-api.{}.amazonaws.com", ids::random(ids::LONG), domain.scope.region);
    let regional = domain.has_type(EndpointType::Regional).then(|| domain.regional_domain_name.clone().unwrap_or_else(regional));
    let edge = || format!("d{}.cloudfront.net", ids::random(DISTRIBUTION_CHARS));
    let edge = domain.has_type(EndpointType::Edge).then(|| domain.distribution_domain_name.clone().unwrap_or_else(edge));
    (domain.regional_domain_name, domain.distribution_domain_name) = (regional, edge);
    if domain.certificate.is_given() {
        domain.certificate.upload_date.get_or_insert(now);
    }
}

pub(super) async fn show(plane: &ControlPlane, caller: &Caller, input: GetDomainNameInput) -> ApiResult<Shown> {
    let id = DomainName::stored_id(&input.domain_name, input.domain_name_id.as_deref());
    plane.load::<DomainName>(caller, &id, missing).await.map(|domain| show_one(&domain))
}

pub(super) async fn list(plane: &ControlPlane, caller: &Caller, input: GetDomainNamesInput) -> ApiResult<DomainNames> {
    let page = Page::new(input.limit, input.position.as_deref())?;
    if input.resource_owner == Some(ResourceOwner::OtherAccounts) {
        // Other accounts' names are shared by associations, which only reach one's own here.
        return Ok(DomainNames { items: Some(Vec::new()), position: None });
    }
    let (domains, position) = plane.page(caller, &page, "", |_: &DomainName| true).await?;
    Ok(DomainNames { items: Some(domains.iter().map(show_one).collect()), position })
}

pub(super) async fn update(plane: &ControlPlane, caller: &Caller, input: UpdateDomainNameInput) -> ApiResult<Shown> {
    let patches = Patch::list(input.patch_operations)?;
    let id = DomainName::stored_id(&input.domain_name, input.domain_name_id.as_deref());
    let now = plane.now();
    plane.change(caller, &id, missing, |domain: &mut DomainName| update_in(domain, &patches, now)).await
}

/// The members depend on each other, so they are checked once, on the result.
fn update_in(domain: &mut DomainName, patches: &[Patch], now: i64) -> ApiResult<Shown> {
    let mut changed = domain.clone();
    patch::apply_all(&mut changed, patches)?;
    check::check_change(domain, &changed)?;
    check::check(&changed)?;
    settle(&mut changed, now);
    *domain = changed;
    Ok(show_one(domain))
}

pub(super) async fn delete(plane: &ControlPlane, caller: &Caller, input: DeleteDomainNameInput) -> ApiResult<()> {
    let id = DomainName::stored_id(&input.domain_name, input.domain_name_id.as_deref());
    plane.transact::<DomainName, _, _>(caller, &id, || removal(plane, caller, &id)).await
}

/// The mappings go with it. Associations are looked for after the domain was read: making one touches the domain.
async fn removal(plane: &ControlPlane, caller: &Caller, id: &str) -> ApiResult<((), Vec<Write>)> {
    let found = plane.load_versioned::<DomainName>(caller, id, missing).await?;
    let mut also = vec![postern_store::delete::<DomainName>(&caller.scope, id, found.version)];
    if found.value.is_private() {
        let first = format!("{id}/");
        let rows = postern_store::list::<DomainNameAccessAssociation>(plane.store(), &caller.scope, Some(&first), 1).await;
        if rows.map_err(store_failure)?.iter().any(|(association, _)| association.starts_with(&first)) {
            return Err(ApiError::bad_request(
                "Cannot delete the domain name while it has domain name access associations. Please delete them first.",
            ));
        }
    } else {
        let scope = DomainClaim::scope(&caller.scope.region);
        let claim = postern_store::load::<DomainClaim>(plane.store(), &scope, &found.value.name).await.map_err(store_failure)?;
        also.extend(claim.map(|claim| postern_store::delete::<DomainClaim>(&scope, &found.value.name, claim.version)));
    }
    Ok(((), also))
}

pub(in crate::operations) fn missing() -> ApiError {
    ApiError::not_found("Invalid domain name identifier specified")
}

/// The ARN of a domain name; a private one's has an account and an id.
pub(super) fn arn(scope: &Scope, name: &str, domain_name_id: Option<&str>) -> String {
    let account = if domain_name_id.is_some() { scope.account.as_str() } else { "" };
    let id = DomainName::stored_id(name, domain_name_id);
    format!("arn:{}:apigateway:{}:{account}:/domainnames/{id}", scope.partition(), scope.region)
}

fn show_one(domain: &DomainName) -> Shown {
    let endpoint = &domain.endpoint_configuration;
    let mutual_tls = domain.mutual_tls_authentication.as_ref().map(|mutual_tls| ShownMutualTls {
        truststore_uri: Some(mutual_tls.truststore_uri.clone()),
        truststore_version: mutual_tls.truststore_version.clone(),
        truststore_warnings: None,
    });
    Shown {
        domain_name: Some(domain.name.clone()),
        domain_name_id: domain.domain_name_id.clone(),
        domain_name_arn: Some(arn(&domain.scope, &domain.name, domain.domain_name_id.as_deref())),
        domain_name_status: Some(DomainNameStatus::Available),
        domain_name_status_message: None,
        certificate_arn: domain.certificate.arn.clone(),
        certificate_name: domain.certificate.name.clone(),
        certificate_upload_date: domain.certificate.upload_date.map(Timestamp),
        regional_certificate_arn: domain.regional_certificate.arn.clone(),
        regional_certificate_name: domain.regional_certificate.name.clone(),
        distribution_domain_name: domain.distribution_domain_name.clone(),
        distribution_hosted_zone_id: domain.distribution_domain_name.as_ref().map(|_| DISTRIBUTION_ZONE.to_owned()),
        regional_domain_name: domain.regional_domain_name.clone(),
        regional_hosted_zone_id: domain.regional_domain_name.as_ref().map(|_| REGIONAL_ZONE.to_owned()),
        endpoint_configuration: Some(ShownEndpoint {
            types: Some(endpoint.types.clone()),
            ip_address_type: Some(endpoint.ip_address_type),
            vpc_endpoint_ids: Some(endpoint.vpc_endpoint_ids.clone()).filter(|ids| !ids.is_empty()),
        }),
        security_policy: Some(domain.security_policy),
        endpoint_access_mode: domain.endpoint_access_mode,
        mutual_tls_authentication: mutual_tls,
        ownership_verification_certificate_arn: domain.ownership_verification_certificate_arn.clone(),
        // Plain, unlike that of an API: Terraform's provider reads it so.
        policy: domain.policy.clone(),
        management_policy: domain.management_policy.clone(),
        routing_mode: Some(domain.routing_mode),
        tags: tag::shown(&domain.tags),
    }
}
