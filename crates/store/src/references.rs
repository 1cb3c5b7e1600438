//! Reading what APIs refer to beside themselves.

use std::collections::BTreeSet;

use postern_api_model::client_certificate::ClientCertificate;
use postern_api_model::ports::{CertificateAndKey, LinkEnd, References};
use postern_api_model::scope::Scope;
use postern_api_model::vpc_link::{VpcLink, VpcLinkV2};

use crate::aggregate::load;
use crate::error::StoreError;
use crate::store::Store;

/// The VPC links and client certificates of these ids that are there, of one account in one region.
///
/// # Errors
/// As [`load`].
pub async fn references(
    store: &dyn Store,
    scope: &Scope,
    vpc_link_ids: &BTreeSet<String>,
    client_certificate_ids: &BTreeSet<String>,
) -> Result<References, StoreError> {
    let mut found = References::default();
    for id in vpc_link_ids {
        if let Some(end) = link_end(store, scope, id).await? {
            found.vpc_links.insert(id.clone(), end);
        }
    }
    for id in client_certificate_ids {
        if let Some(stored) = load::<ClientCertificate>(store, scope, id).await? {
            let ClientCertificate { pem, private_key, .. } = stored.value;
            found.client_certificates.insert(id.clone(), CertificateAndKey { certificate: pem, private_key });
        }
    }
    Ok(found)
}

/// No two links of the two services have one id.
async fn link_end(store: &dyn Store, scope: &Scope, id: &str) -> Result<Option<LinkEnd>, StoreError> {
    if let Some(link) = load::<VpcLink>(store, scope, id).await? {
        return Ok(link.value.target_arns.into_iter().next().map(LinkEnd::LoadBalancer));
    }
    Ok(load::<VpcLinkV2>(store, scope, id).await?.map(|_| LinkEnd::Network))
}
