//! What an API refers to beside itself, read along with it: its own account's in its own region, and nobody else's.

use std::collections::BTreeMap;

use crate::hidden::Hidden;

/// What was found of what an API names. What was not found is not in here: requests that need it fail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct References {
    /// VPC links by id, of both services.
    pub vpc_links: BTreeMap<String, LinkEnd>,
    /// Client certificates of stages, by id.
    pub client_certificates: BTreeMap<String, CertificateAndKey>,
}

/// Where a VPC link leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkEnd {
    /// One of `apigateway`: to the load balancer with this ARN.
    LoadBalancer(String),
    /// One of `apigatewayv2`: into a network. The integration says to which load balancer there.
    Network,
}

/// What a stage shows to its backends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateAndKey {
    /// PEM.
    pub certificate: String,
    /// PKCS#8 in PEM.
    pub private_key: Hidden,
}
