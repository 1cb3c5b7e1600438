//! What a PATCH changes on a domain name.

use postern_api_model::apigateway::{EndpointAccessMode, EndpointType, IpAddressType, Op, RoutingMode, SecurityPolicy};
use postern_api_model::domain_name::{Certificate, DomainName};
use postern_api_model::error::{ApiError, ApiResult};

use super::super::map_patch::{only_replace, unknown_path, unsupported_op};
use super::check;
use crate::patch::Patch;

/// Applies the operations in order. A type that went takes its certificate along, so that one replace of the type is enough.
pub(super) fn apply_all(domain: &mut DomainName, patches: &[Patch]) -> ApiResult<()> {
    let before = domain.endpoint_configuration.types.clone();
    patches.iter().try_for_each(|patch| apply(domain, patch))?;
    let went = |endpoint_type| before.contains(&endpoint_type) && !domain.has_type(endpoint_type);
    let (edge_went, regional_went) = (went(EndpointType::Edge), went(EndpointType::Regional));
    if edge_went {
        domain.certificate = Certificate::default();
    }
    if regional_went {
        domain.regional_certificate = Certificate::default();
    }
    if domain.mutual_tls_authentication.as_ref().is_some_and(|mutual_tls| mutual_tls.truststore_uri.is_empty()) {
        // An empty address is how mutual TLS is switched off.
        domain.mutual_tls_authentication = None;
    }
    Ok(())
}

fn apply(domain: &mut DomainName, patch: &Patch) -> ApiResult<()> {
    match patch.parts()[..] {
        ["certificateName"] => domain.certificate.name = optional(patch)?,
        ["certificateArn"] => {
            let arn = optional(patch)?;
            if arn != domain.certificate.arn {
                // The one that was uploaded is replaced; the new one is dated when the change is settled.
                let name = domain.certificate.name.take();
                domain.certificate = Certificate { arn, name, upload_date: None, uploaded: None };
            }
        }
        ["regionalCertificateName"] => domain.regional_certificate.name = optional(patch)?,
        ["regionalCertificateArn"] => domain.regional_certificate.arn = optional(patch)?,
        ["ownershipVerificationCertificateArn"] => domain.ownership_verification_certificate_arn = optional(patch)?,
        ["mutualTlsAuthentication", "truststoreUri"] => {
            let uri = optional(patch)?.unwrap_or_default();
            domain.mutual_tls_authentication.get_or_insert_default().truststore_uri = uri;
        }
        ["mutualTlsAuthentication", "truststoreVersion"] => {
            let version = optional(patch)?;
            domain.mutual_tls_authentication.get_or_insert_default().truststore_version = version;
        }
        ["endpointConfiguration", "types"] => patch_types(domain, patch)?,
        ["endpointConfiguration", "types", place] => replace_type(domain, patch, place)?,
        ["endpointConfiguration", "ipAddressType"] => {
            domain.endpoint_configuration.ip_address_type = choice(patch, IpAddressType::from_wire, "ipAddressType")?;
        }
        ["endpointAccessMode"] => {
            only_replace(patch)?;
            domain.endpoint_access_mode = match patch.text() {
                "" => None,
                _ => Some(choice(patch, EndpointAccessMode::from_wire, "endpointAccessMode")?),
            };
        }
        ["securityPolicy"] => domain.security_policy = choice(patch, SecurityPolicy::from_wire, "securityPolicy")?,
        ["routingMode"] => domain.routing_mode = choice(patch, RoutingMode::from_wire, "routingMode")?,
        ["policy"] => {
            only_replace(patch)?;
            domain.policy = check::policy(patch.text(), domain)?;
        }
        ["managementPolicy"] => {
            only_replace(patch)?;
            domain.management_policy = check::policy(patch.text(), domain)?;
        }
        _ => return Err(unknown_path(patch)),
    }
    Ok(())
}

/// A member that can be set and taken away.
fn optional(patch: &Patch) -> ApiResult<Option<String>> {
    match patch.op {
        Op::Add | Op::Replace => Ok(patch.optional()),
        Op::Remove => Ok(None),
        Op::Move | Op::Copy | Op::Test => Err(unsupported_op("[add, remove, replace]")),
    }
}

/// A member of a closed set that can only be replaced.
fn choice<T>(patch: &Patch, read: fn(&str) -> Option<T>, member: &str) -> ApiResult<T> {
    only_replace(patch)?;
    read(patch.text()).ok_or_else(|| ApiError::bad_request(format!("Invalid {member} specified: {}", patch.text())))
}

fn endpoint_type(patch: &Patch) -> ApiResult<EndpointType> {
    let invalid = || ApiError::bad_request(format!("Invalid endpoint type specified: {}", patch.text()));
    EndpointType::from_wire(patch.text()).ok_or_else(invalid)
}

/// The steps of a move: the new type is added, later the old one is removed (AWS docs, "Migrate a custom domain name").
fn patch_types(domain: &mut DomainName, patch: &Patch) -> ApiResult<()> {
    let types = &mut domain.endpoint_configuration.types;
    match patch.op {
        Op::Add => {
            let added = endpoint_type(patch)?;
            if !types.contains(&added) {
                types.push(added);
            }
        }
        Op::Remove => {
            let removed = endpoint_type(patch)?;
            types.retain(|kept| *kept != removed);
        }
        _ => return Err(unsupported_op("[add, remove]")),
    }
    Ok(())
}

/// The type is named by itself or by its place, as Terraform does.
fn replace_type(domain: &mut DomainName, patch: &Patch, place: &str) -> ApiResult<()> {
    only_replace(patch)?;
    let new = endpoint_type(patch)?;
    let types = &mut domain.endpoint_configuration.types;
    let index = match EndpointType::from_wire(place) {
        Some(old) => types.iter().position(|found| *found == old),
        None => place.parse().ok().filter(|index| *index < types.len()),
    };
    let slot = index.and_then(|index| types.get_mut(index)).ok_or_else(|| unknown_path(patch))?;
    *slot = new;
    types.dedup();
    Ok(())
}
