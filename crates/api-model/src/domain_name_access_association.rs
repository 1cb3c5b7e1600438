//! A VPC endpoint's way to a private domain name.

use serde::{Deserialize, Serialize};

use crate::apigateway::AccessAssociationSourceType;
use crate::rest_api::Tags;
use crate::scope::Scope;

/// One association. It belongs to the account of the VPC endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainNameAccessAssociation {
    /// Whose it is.
    pub scope: Scope,
    /// The private domain's name.
    pub domain_name: String,
    /// The private domain's id.
    pub domain_name_id: String,
    /// VPCE.
    pub source_type: AccessAssociationSourceType,
    /// Id of the VPC endpoint.
    pub source: String,
    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

impl DomainNameAccessAssociation {
    /// Its id in the store: the domain's, a slash and the endpoint's.
    pub fn stored_id(domain_name: &str, domain_name_id: &str, source: &str) -> String {
        format!("{domain_name}+{domain_name_id}/{source}")
    }
}
