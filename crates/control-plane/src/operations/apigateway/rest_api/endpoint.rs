//! Endpoint types and what may go with them.
//!
//! A PATCH may pass through states that may not last, such as a public API that still has VPC endpoints, so the rules that
//! tie members together are checked once, on the result.

use postern_api_model::apigateway::{
    EndpointAccessMode, EndpointConfiguration as Given, EndpointType, IpAddressType, SecurityPolicy,
};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{Definition, EndpointConfiguration};

/// The configuration that a create asks for.
pub(super) fn created(given: &Given) -> ApiResult<EndpointConfiguration> {
    let endpoint_type = match given.types.as_deref() {
        None => EndpointType::Edge,
        Some([one]) => *one,
        Some([]) => {
            return Err(ApiError::bad_request("REGIONAL Configuration and EDGE Configuration cannot be both DISABLED."));
        }
        Some(_) => return Err(ApiError::bad_request("Cannot create an api with multiple Endpoint Types.")),
    };
    let default = EndpointConfiguration::of_type(endpoint_type);
    Ok(EndpointConfiguration {
        ip_address_type: given.ip_address_type.unwrap_or(default.ip_address_type),
        vpc_endpoint_ids: given.vpc_endpoint_ids.clone().unwrap_or_default(),
        ..default
    })
}

/// Makes the API one of another type.
pub(super) fn set_type(endpoint: &mut EndpointConfiguration, endpoint_type: EndpointType) {
    if endpoint_type == EndpointType::Private {
        endpoint.ip_address_type = IpAddressType::Dualstack;
    }
    endpoint.types = vec![endpoint_type];
}

/// The one type that an API has.
pub(super) fn the_type(definition: &Definition) -> EndpointType {
    definition.endpoint_configuration.types.first().copied().unwrap_or(EndpointType::Edge)
}

/// Refuses members that do not go together.
pub(super) fn check(definition: &Definition) -> ApiResult<()> {
    let endpoint = &definition.endpoint_configuration;
    let is_private = the_type(definition) == EndpointType::Private;
    if is_private && endpoint.ip_address_type == IpAddressType::Ipv4 {
        return Err(ApiError::bad_request("Only dualstack ipAddressType is supported for Private APIs."));
    }
    if !is_private && !endpoint.vpc_endpoint_ids.is_empty() {
        return Err(ApiError::bad_request("VPCEndpoints can only be specified with PRIVATE apis."));
    }
    check_security_policy(definition)
}

/// AWS docs, "Security policies for REST APIs": which policy is for which type, and that the enhanced ones (and only they)
/// come with an access mode.
fn check_security_policy(definition: &Definition) -> ApiResult<()> {
    let Some(policy) = definition.security_policy else {
        return match definition.endpoint_access_mode {
            Some(_) => Err(ApiError::bad_request("endpointAccessMode can only be specified with an enhanced securityPolicy.")),
            None => Ok(()),
        };
    };
    let endpoint_type = the_type(definition);
    if !suits(policy, endpoint_type) {
        return Err(ApiError::bad_request(format!("securityPolicy {policy} is not supported for {endpoint_type} APIs.")));
    }
    match (is_enhanced(policy), definition.endpoint_access_mode) {
        (true, None) => Err(ApiError::bad_request(format!("endpointAccessMode must be specified with securityPolicy {policy}."))),
        (false, Some(_)) => {
            Err(ApiError::bad_request("endpointAccessMode can only be specified with an enhanced securityPolicy."))
        }
        (true, Some(_)) | (false, None) => Ok(()),
    }
}

fn suits(policy: SecurityPolicy, endpoint_type: EndpointType) -> bool {
    match policy {
        SecurityPolicy::Tls10 => endpoint_type != EndpointType::Private,
        SecurityPolicy::Tls12 => endpoint_type != EndpointType::Edge,
        enhanced => enhanced.as_str().ends_with("_EDGE") == (endpoint_type == EndpointType::Edge),
    }
}

fn is_enhanced(policy: SecurityPolicy) -> bool {
    !matches!(policy, SecurityPolicy::Tls10 | SecurityPolicy::Tls12)
}

/// The members whose change is bound to what was there before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before {
    endpoint_type: EndpointType,
    security_policy: SecurityPolicy,
    access_mode: Option<EndpointAccessMode>,
}

impl Before {
    /// Remembers them.
    pub(super) fn new(definition: &Definition) -> Self {
        Self {
            endpoint_type: the_type(definition),
            security_policy: effective_policy(definition),
            access_mode: definition.endpoint_access_mode,
        }
    }

    /// Refuses changes that AWS does not offer: "Change an API endpoint type" lists those between types, and the security
    /// policies' page the others.
    pub(super) fn check_change(self, definition: &Definition) -> ApiResult<()> {
        let endpoint_type = the_type(definition);
        if self.endpoint_type != endpoint_type {
            if (self.endpoint_type, endpoint_type) == (EndpointType::Private, EndpointType::Edge) {
                return Err(ApiError::bad_request("Cannot change the endpoint type of an API from PRIVATE to EDGE."));
            }
            if self.access_mode == Some(EndpointAccessMode::Strict) {
                return Err(ApiError::bad_request(
                    "Cannot change the endpoint type of an API while endpointAccessMode is STRICT.",
                ));
            }
        }
        let policies = (self.security_policy, definition.security_policy);
        if policies == (SecurityPolicy::Tls10, Some(SecurityPolicy::Tls12)) && self.endpoint_type == endpoint_type {
            return Err(ApiError::bad_request("Cannot change the securityPolicy of an API from TLS_1_0 to TLS_1_2."));
        }
        Ok(())
    }
}

/// The policy in force when none was chosen.
fn effective_policy(definition: &Definition) -> SecurityPolicy {
    definition.security_policy.unwrap_or(match the_type(definition) {
        EndpointType::Private => SecurityPolicy::Tls12,
        EndpointType::Edge | EndpointType::Regional => SecurityPolicy::Tls10,
    })
}
