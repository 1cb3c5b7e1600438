//! Aggregates with their types: JSON in the store, values outside of it.

use postern_api_model::account::Account;
use postern_api_model::api_key::{ApiKey, ApiKeyValue};
use postern_api_model::client_certificate::ClientCertificate;
use postern_api_model::domain_name::{DomainClaim, DomainName};
use postern_api_model::domain_name_access_association::DomainNameAccessAssociation;
use postern_api_model::rest_api::{DeploymentSnapshot, DocumentationSnapshot, RestApi};
use postern_api_model::scope::Scope;
use postern_api_model::usage_plan::{UsageDay, UsagePlan, UsagePlanKey};
use postern_api_model::vpc_link::{VpcLink, VpcLinkV2};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StoreError;
use crate::key::{Key, Kind, Versioned, Write};
use crate::store::Store;

/// A value that is stored whole under one key.
pub trait Aggregate: Serialize + DeserializeOwned + Send {
    /// Under which kind.
    const KIND: Kind;
}

/// Its id is the API's.
impl Aggregate for RestApi {
    const KIND: Kind = Kind::REST_API;
}

/// Its id is [`snapshot_id`].
impl Aggregate for DeploymentSnapshot {
    const KIND: Kind = Kind::REST_DEPLOYMENT;
}

/// Its id is the account's.
impl Aggregate for Account {
    const KIND: Kind = Kind::ACCOUNT;
}

/// Its id is [`DomainName::stored_id`].
impl Aggregate for DomainName {
    const KIND: Kind = Kind::DOMAIN_NAME;
}

/// Its id is the name.
impl Aggregate for DomainClaim {
    const KIND: Kind = Kind::DOMAIN_CLAIM;
}

/// Its id is [`DomainNameAccessAssociation::stored_id`].
impl Aggregate for DomainNameAccessAssociation {
    const KIND: Kind = Kind::DOMAIN_ACCESS;
}

/// Its id is the link's.
impl Aggregate for VpcLink {
    const KIND: Kind = Kind::VPC_LINK;
}

/// Its id is the link's.
impl Aggregate for VpcLinkV2 {
    const KIND: Kind = Kind::VPC_LINK_V2;
}

/// Its id is [`child_id`] of the API and the version.
impl Aggregate for DocumentationSnapshot {
    const KIND: Kind = Kind::DOCUMENTATION_VERSION;
}

/// Its id is the key's.
impl Aggregate for ApiKey {
    const KIND: Kind = Kind::API_KEY;
}

/// Its id is a digest of the value.
impl Aggregate for ApiKeyValue {
    const KIND: Kind = Kind::API_KEY_VALUE;
}

/// Its id is the plan's.
impl Aggregate for UsagePlan {
    const KIND: Kind = Kind::USAGE_PLAN;
}

/// Its id is [`child_id`] of the plan and the key.
impl Aggregate for UsagePlanKey {
    const KIND: Kind = Kind::USAGE_PLAN_KEY;
}

/// Its id is [`child_id`] of the [`UsagePlanKey`]'s id and the day.
impl Aggregate for UsageDay {
    const KIND: Kind = Kind::USAGE_DAY;
}

/// Its id is the certificate's.
impl Aggregate for ClientCertificate {
    const KIND: Kind = Kind::CLIENT_CERTIFICATE;
}

/// The id under which a deployment's frozen definition is stored: a child of the API, for [`Write::DeleteChildren`].
pub fn snapshot_id(api_id: &str, deployment_id: &str) -> String {
    child_id(api_id, deployment_id)
}

/// The id of what stands under a parent, for [`Write::DeleteChildren`].
pub fn child_id(parent_id: &str, id: &str) -> String {
    format!("{parent_id}/{id}")
}

/// The key of an aggregate of type `A`.
pub fn key_of<A: Aggregate>(scope: &Scope, id: &str) -> Key {
    Key { kind: A::KIND, scope: scope.clone(), id: id.to_owned() }
}

/// Loads one aggregate.
///
/// # Errors
/// [`StoreError::Corrupt`] when the stored body is not an `A`; otherwise as [`Store::load`].
pub async fn load<A: Aggregate>(store: &dyn Store, scope: &Scope, id: &str) -> Result<Option<Versioned<A>>, StoreError> {
    let key = key_of::<A>(scope, id);
    match store.load(&key).await? {
        Some(Versioned { version, value }) => Ok(Some(Versioned { version, value: decode(id, &value)? })),
        None => Ok(None),
    }
}

/// One page of the aggregates of a scope in the order of their ids, as [`Store::list`].
///
/// # Errors
/// As [`load`].
pub async fn list<A: Aggregate>(
    store: &dyn Store,
    scope: &Scope,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<(String, Versioned<A>)>, StoreError> {
    let rows = store.list(A::KIND, scope, after, limit).await?;
    rows.into_iter()
        .map(|(id, Versioned { version, value })| {
            let value = decode(&id, &value)?;
            Ok((id, Versioned { version, value }))
        })
        .collect()
}

/// The write that makes an aggregate.
///
/// # Errors
/// As [`encode`].
pub fn create<A: Aggregate>(scope: &Scope, id: &str, value: &A) -> Result<Write, StoreError> {
    Ok(Write::Create { key: key_of::<A>(scope, id), body: encode(id, value)? })
}

/// The write that follows version `expected_version`.
///
/// # Errors
/// As [`encode`].
pub fn replace<A: Aggregate>(scope: &Scope, id: &str, expected_version: u64, value: &A) -> Result<Write, StoreError> {
    Ok(Write::Replace { key: key_of::<A>(scope, id), expected_version, body: encode(id, value)? })
}

/// The write that removes an aggregate which was read at version `expected_version`.
pub fn delete<A: Aggregate>(scope: &Scope, id: &str, expected_version: u64) -> Write {
    Write::Delete { key: key_of::<A>(scope, id), expected_version }
}

/// The write that keeps an aggregate, read at version `expected_version`, from being removed by those who have not seen the reference
/// to it that the same commit makes.
pub fn touch<A: Aggregate>(scope: &Scope, id: &str, expected_version: u64) -> Write {
    Write::Touch { key: key_of::<A>(scope, id), expected_version }
}

/// The check that an aggregate is still as it was read at version `expected_version`.
pub fn expect<A: Aggregate>(scope: &Scope, id: &str, expected_version: u64) -> Write {
    Write::Expect { key: key_of::<A>(scope, id), expected_version }
}

/// The stored form of an aggregate.
///
/// # Errors
/// [`StoreError::Corrupt`] when the value has no JSON form, such as a map whose keys are no strings.
pub fn encode<A: Aggregate>(id: &str, value: &A) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|error| corrupt::<A>(id, &error))
}

/// An aggregate from its stored form; `id` is for the error.
///
/// # Errors
/// [`StoreError::Corrupt`] when it is not an `A`.
pub fn decode<A: Aggregate>(id: &str, body: &[u8]) -> Result<A, StoreError> {
    serde_json::from_slice(body).map_err(|error| corrupt::<A>(id, &error))
}

/// serde_json's own text can quote the value, and a stage variable may be a secret; place and category are enough to find it.
fn corrupt<A: Aggregate>(id: &str, error: &serde_json::Error) -> StoreError {
    let problem = match error.classify() {
        serde_json::error::Category::Data => "a member is missing or has another type",
        serde_json::error::Category::Eof => "it ends early",
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => "it is not JSON",
    };
    let reason = format!("{problem}, at line {} column {}", error.line(), error.column());
    StoreError::Corrupt { kind: A::KIND.as_str().to_owned(), id: id.to_owned(), reason }
}
