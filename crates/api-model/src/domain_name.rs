//! A custom domain name and what it leads to. It takes effect without a deployment.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::apigateway::{EndpointAccessMode, EndpointType, RoutingMode, SecurityPolicy};
use crate::base_path_mapping::BasePathMapping;
use crate::hidden::Hidden;
use crate::rest_api::{EndpointConfiguration, EpochSeconds, Tags};
use crate::scope::Scope;

/// One domain name of an account in a region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainName {
    /// Lower case; the first label may be `*`.
    pub name: String,
    /// Whose it is.
    pub scope: Scope,
    /// Of private names only, which may exist beside a public one, and in several accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain_name_id: Option<String>,
    /// One type; two while it is moved from one to the other.
    pub endpoint_configuration: EndpointConfiguration,
    /// For EDGE and PRIVATE.
    #[serde(default)]
    pub certificate: Certificate,
    /// For REGIONAL.
    #[serde(default)]
    pub regional_certificate: Certificate,
    /// What DNS records of an EDGE name point to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distribution_domain_name: Option<String>,
    /// What DNS records of a REGIONAL name point to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regional_domain_name: Option<String>,
    /// TLS versions and cipher suites.
    pub security_policy: SecurityPolicy,
    /// Only with an enhanced policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint_access_mode: Option<EndpointAccessMode>,
    /// Whose client certificates are accepted; without it none is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutual_tls_authentication: Option<MutualTlsAuthentication>,
    /// ARN of the certificate that proves the domain's ownership; never served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ownership_verification_certificate_arn: Option<String>,
    /// PRIVATE: who may invoke, as plain JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// PRIVATE: who may associate, as plain JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub management_policy: Option<String>,
    /// Which of mappings and routing rules count.
    pub routing_mode: RoutingMode,
    /// Tags.
    #[serde(default)]
    pub tags: Tags,
    /// By base path.
    #[serde(default)]
    pub mappings: BTreeMap<String, BasePathMapping>,
}

impl DomainName {
    /// Its id in the store: the name, and for a private one also its id.
    pub fn stored_id(name: &str, domain_name_id: Option<&str>) -> String {
        match domain_name_id {
            // No name has a plus.
            Some(id) => format!("{name}+{id}"),
            None => name.to_owned(),
        }
    }

    /// Whether only VPC endpoints may reach it.
    pub fn is_private(&self) -> bool {
        self.has_type(EndpointType::Private)
    }

    /// Whether it is of this type, among others perhaps.
    pub fn has_type(&self, endpoint_type: EndpointType) -> bool {
        self.endpoint_configuration.types.contains(&endpoint_type)
    }
}

/// Which account has a public domain name in a region. Stored under a scope without an account, so that nobody else can take it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainClaim {
    /// Twelve digits.
    pub account: String,
}

impl DomainClaim {
    /// The scope of all claims of a region.
    pub fn scope(region: &str) -> Scope {
        Scope { account: String::new(), region: region.to_owned() }
    }
}

/// A server certificate, by its handle or uploaded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// ARN of a certificate that is kept elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// A label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When it was set; shown for EDGE and PRIVATE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload_date: Option<EpochSeconds>,
    /// The certificate itself, where it was uploaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uploaded: Option<UploadedCertificate>,
}

impl Certificate {
    /// Whether there is something to serve.
    pub fn is_given(&self) -> bool {
        self.arn.is_some() || self.uploaded.is_some()
    }

    /// Whether nothing was set at all.
    pub fn is_empty(&self) -> bool {
        !self.is_given() && self.name.is_none()
    }
}

/// An uploaded certificate, checked: the key fits, and it covers the name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadedCertificate {
    /// PEM.
    pub body: String,
    /// PEM, intermediates first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<String>,
    /// PEM; no answer has a member for it.
    pub private_key: Hidden,
}

/// Where the certificates of accepted authorities are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MutualTlsAuthentication {
    /// `s3://bucket/key`.
    pub truststore_uri: String,
    /// A version of that object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truststore_version: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_names_stand_beside_public_ones() {
        assert_eq!(DomainName::stored_id("a.example.com", None), "a.example.com");
        assert_eq!(DomainName::stored_id("a.example.com", Some("abcd1234")), "a.example.com+abcd1234");
    }
}
