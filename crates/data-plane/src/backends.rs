//! What AWS's names stand for here: endpoints of services, Lambda functions, load balancers. Configuration says it; a name that maps to
//! nothing fails at the request, with an error that says which key to set.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use postern_api_model::ports::{
    CredentialSource, Credentials, FunctionAnswer, FunctionCall, FunctionError, FunctionInvoker, FunctionStream, PortFuture,
    WantedCredentials,
};

use crate::tokens::TokenSettings;

/// Everything behind an integration that is no address by itself.
#[derive(Clone)]
pub struct Backends {
    /// Where requests to AWS services go.
    pub services: ServiceEndpoints,
    /// Where functions run that no process of ours runs.
    pub functions: BTreeMap<String, FunctionTarget>,
    /// The functions that run here.
    pub local_functions: Arc<dyn FunctionInvoker>,
    /// What requests to services are signed with.
    pub credentials: Arc<dyn CredentialSource>,
    /// Whose roles and functions an API may name.
    pub accounts: Accounts,
    /// What the targets of VPC links are, by ARN.
    pub link_targets: BTreeMap<String, LinkTarget>,
    /// Where tokens come from, and how they are checked.
    pub tokens: TokenSettings,
}

/// Accounts whose roles, and whose functions where they are declared by their ARN, an API may name. What is declared by a bare name is
/// declared for all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Accounts {
    /// The API's own: AWS passes no role of another account either, and lets nobody invoke a function of another account unasked.
    #[default]
    Own,
    /// Any, where nobody is told apart: documents name the accounts that they come from.
    Any,
}

impl Accounts {
    /// Whether an API of `account` may name what belongs to this ARN's account.
    pub(crate) fn allow(self, arn: &str, account: &str) -> bool {
        self == Self::Any || arn.split(':').nth(4) == Some(account)
    }
}

/// Endpoints by service, such as `sqs`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceEndpoints {
    /// For services without one of their own.
    pub default: Option<ServiceEndpoint>,
    /// By the service's name in integration URIs.
    pub by_service: BTreeMap<String, ServiceEndpoint>,
}

/// Where a service is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceEndpoint {
    /// At AWS: `https://{service}.{region}.amazonaws.com`.
    Aws,
    /// Here.
    At(BaseUrl),
}

/// Where a function runs that is not local.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FunctionTarget {
    /// A Runtime Interface Emulator, which is asked for the function `function`, unsigned.
    RuntimeInterfaceEmulator(BaseUrl),
    /// Whatever answers Lambda's Invoke API, signed.
    Endpoint(BaseUrl),
    /// AWS Lambda, signed.
    Aws,
}

/// What answers for a load balancer, a listener or a Cloud Map service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkTarget {
    /// `host:port` each: names or addresses.
    pub addresses: Vec<LinkAddress>,
    /// The path of a health check over HTTP; without one, a connection is the check.
    pub health_check_path: Option<String>,
}

/// One address of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkAddress {
    /// A name or an IP address, without brackets.
    pub host: String,
    /// Its port; `None`: that of the integration's URI.
    pub port: Option<u16>,
}

/// `http://host:port` or `https://host:port`, with a path in front of all others, or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    /// Whether it is TLS.
    pub tls: bool,
    /// A name or an IP address, without brackets, in lower case.
    pub host: String,
    /// The scheme's own, if none was given.
    pub port: u16,
    /// Empty, or starts with a slash and does not end with one.
    pub path: String,
}

impl Default for Backends {
    /// Nothing is configured: every name maps to nothing.
    fn default() -> Self {
        Self {
            services: ServiceEndpoints::default(),
            functions: BTreeMap::new(),
            local_functions: Arc::new(Nothing),
            credentials: Arc::new(Nothing),
            accounts: Accounts::Own,
            link_targets: BTreeMap::new(),
            tokens: TokenSettings::default(),
        }
    }
}

impl fmt::Debug for Backends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { services, functions, local_functions: _, credentials: _, accounts, link_targets, tokens } = self;
        let mut shown = f.debug_struct("Backends");
        shown
            .field("services", services)
            .field("functions", functions)
            .field("accounts", accounts)
            .field("link_targets", link_targets)
            .field("tokens", tokens);
        shown.finish_non_exhaustive()
    }
}

/// No function runs here, and nothing can be signed.
struct Nothing;

impl FunctionInvoker for Nothing {
    fn knows(&self, _function: &str, _account: Option<&str>) -> bool {
        false
    }

    fn invoke(&self, call: FunctionCall) -> PortFuture<'_, Result<FunctionAnswer, FunctionError>> {
        Box::pin(async move { Err(unknown(&call)) })
    }

    fn invoke_streaming(&self, call: FunctionCall) -> PortFuture<'_, Result<FunctionStream, FunctionError>> {
        Box::pin(async move { Err(unknown(&call)) })
    }
}

fn unknown(call: &FunctionCall) -> FunctionError {
    let message = format!("Function not found: {}", call.function);
    FunctionError { code: "ResourceNotFoundException", status: 404, message }
}

impl CredentialSource for Nothing {
    fn credentials<'a>(&'a self, _wanted: WantedCredentials<'a>) -> PortFuture<'a, Result<Credentials, String>> {
        Box::pin(async { Err("no credentials are configured".to_owned()) })
    }
}

impl FromStr for BaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("{text:?} is no address such as http://127.0.0.1:9000 or https://sqs.example.com/prefix");
        let uri: http::Uri = text.parse().map_err(|_| expected())?;
        let tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(expected()),
        };
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or_else(expected)?;
        if uri.query().is_some() || authority.host().is_empty() {
            return Err(expected());
        }
        let host = authority.host();
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host).to_ascii_lowercase();
        let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
        Ok(Self { tls, host, port, path: uri.path().trim_end_matches('/').to_owned() })
    }
}

impl fmt::Display for LinkAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let brackets = if self.host.contains(':') { ["[", "]"] } else { ["", ""] };
        write!(f, "{}{}{}", brackets[0], self.host, brackets[1])?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl FromStr for LinkAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("{text:?} is no address such as 10.0.0.5:8080, [fd00::5]:8080 or backend.internal");
        let authority: http::uri::Authority = text.parse().map_err(|_| expected())?;
        let host = authority.host();
        // What stands behind the host is a port, or nothing.
        let port = match text.strip_prefix(host) {
            Some("") => None,
            Some(rest) => Some(rest.strip_prefix(':').and_then(|port| port.parse().ok()).ok_or_else(expected)?),
            None => return Err(expected()),
        };
        if host.is_empty() {
            return Err(expected());
        }
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        Ok(Self { host: host.to_ascii_lowercase(), port })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn base_urls() {
        let url = |tls, host: &str, port, path: &str| BaseUrl { tls, host: host.to_owned(), port, path: path.to_owned() };
        assert_eq!("http://LOCALHOST:9000".parse(), Ok(url(false, "localhost", 9000, "")));
        assert_eq!("https://[::1]/a/b/".parse(), Ok(url(true, "::1", 443, "/a/b")));
        for wrong in ["", "localhost:9000", "ftp://host", "http://user@host", "http://host?x", "http://"] {
            assert!(wrong.parse::<BaseUrl>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn link_addresses() {
        let address = |host: &str, port| LinkAddress { host: host.to_owned(), port };
        assert_eq!("10.0.0.5:8080".parse(), Ok(address("10.0.0.5", Some(8080))));
        assert_eq!("[fd00::5]:80".parse(), Ok(address("fd00::5", Some(80))));
        assert_eq!("Backend.internal".parse(), Ok(address("backend.internal", None)));
        for wrong in ["", ":80", "a@b", "host:", "http://host", "host:99999", "host:port"] {
            assert!(wrong.parse::<LinkAddress>().is_err(), "{wrong}");
        }
    }
}
