//! Routing: the resource and method of a request.

use http::{HeaderValue, header};

use super::receive::Received;
use crate::compile::{CompiledMethod, Found, ParameterPlaces};
use crate::error::GatewayError;
use crate::headers::is_sigv4;

/// A request with its method.
pub(crate) struct Routed<'a> {
    pub(super) received: Received<'a>,
    pub(super) method: &'a CompiledMethod,
    pub(super) found: Found,
}

/// Finds the method. Unknown paths and unknown verbs get the same answer (recorded).
pub(crate) fn route(received: Received<'_>) -> Result<Routed<'_>, GatewayError> {
    let api = &received.stage.api;
    match api.find(received.path, &received.arrival.method) {
        Some(found) => {
            let _ = received.arrival.method_index.set(found.method);
            Ok(Routed { method: api.method(found.method), received, found })
        }
        None if received.stage.is_test() => tested(received),
        None => Err(unknown(received.message.headers.get(header::AUTHORIZATION))),
    }
}

/// A test names its method: one whose path does not fit runs without path parameters (recorded).
fn tested(received: Received<'_>) -> Result<Routed<'_>, GatewayError> {
    let (index, method) = received.stage.api.only_method().ok_or(GatewayError::MissingAuthenticationToken)?;
    Ok(Routed { received, method, found: Found { method: index, parameters: ParameterPlaces::new() } })
}

/// AWS reads the `Authorization` of a request that matches nothing as a signature, and says what it lacks.
fn unknown(authorization: Option<&HeaderValue>) -> GatewayError {
    match authorization {
        None => GatewayError::MissingAuthenticationToken,
        Some(value) if is_sigv4(value) => GatewayError::MissingAuthenticationToken,
        Some(value) => GatewayError::IncompleteSignature(incomplete(&String::from_utf8_lossy(value.as_bytes()))),
    }
}

fn incomplete(header: &str) -> String {
    let parameters = header.split_once(' ').map_or(header, |(_, rest)| rest);
    let pairs = || parameters.split([',', ' ']).map(str::trim).filter(|pair| !pair.is_empty());
    if let Some(odd) = pairs().find(|pair| !pair.contains('=')) {
        return format!("'{odd}' not a valid key=value pair (missing equal-sign) in Authorization header: '{header}'.");
    }
    let mut message = String::new();
    for name in ["Credential", "Signature", "SignedHeaders"] {
        if !pairs().any(|pair| pair.split_once('=').is_some_and(|(key, _)| key == name)) {
            message.push_str(&format!("Authorization header requires '{name}' parameter. "));
        }
    }
    message
        + &format!("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization={header}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_authorization_lacks() {
        assert_eq!(
            incomplete("Bearer abc"),
            "'abc' not a valid key=value pair (missing equal-sign) in Authorization header: 'Bearer abc'."
        );
        assert_eq!(incomplete("abc"), "'abc' not a valid key=value pair (missing equal-sign) in Authorization header: 'abc'.");
        let message = incomplete("Basic dXNlcg==");
        assert!(message.starts_with("Authorization header requires 'Credential' parameter. "), "{message}");
        assert!(message.ends_with("Authorization=Basic dXNlcg=="), "{message}");
    }
}
