//! DomainNameAccessAssociation: a VPC endpoint's way to a private domain name.
//!
//! Another account may associate on AWS where the domain's management policy lets it. Policies are not evaluated yet, so here only the
//! domain's own account does.

use postern_api_model::apigateway::{
    AccessAssociationSourceType, CreateDomainNameAccessAssociationInput, DeleteDomainNameAccessAssociationInput,
    DomainNameAccessAssociation as Shown, DomainNameAccessAssociations, GetDomainNameAccessAssociationsInput,
    RejectDomainNameAccessAssociationInput, ResourceOwner,
};
use postern_api_model::domain_name::DomainName;
use postern_api_model::domain_name_access_association::DomainNameAccessAssociation;
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::scope::Caller;
use postern_store::{LIST_ROWS_MAX, Write};

use super::{domain_name, tag};
use crate::ControlPlane;
use crate::arn;
use crate::changes::store_failure;
use crate::page::Page;

/// How the id of a VPC endpoint begins.
const VPC_ENDPOINT: &str = "vpce-";

pub(super) async fn create(
    plane: &ControlPlane,
    caller: &Caller,
    input: CreateDomainNameAccessAssociationInput,
) -> ApiResult<Shown> {
    let association = build(caller, &input)?;
    let domain_id = DomainName::stored_id(&association.domain_name, Some(&association.domain_name_id));
    plane.transact::<DomainName, _, _>(caller, &domain_id, || creation(plane, caller, &domain_id, &association)).await
}

fn build(caller: &Caller, input: &CreateDomainNameAccessAssociationInput) -> ApiResult<DomainNameAccessAssociation> {
    let domain = arn::private_domain(&input.domain_name_arn, &caller.scope).ok_or_else(invalid_arn)?;
    let AccessAssociationSourceType::Vpce = input.access_association_source_type;
    let source = &input.access_association_source;
    let is_endpoint = source
        .strip_prefix(VPC_ENDPOINT)
        .is_some_and(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
    if !is_endpoint {
        return Err(ApiError::bad_request(format!("Invalid access association source specified: {source}")));
    }
    if domain.account != caller.scope.account {
        return Err(unknown_domain());
    }
    Ok(DomainNameAccessAssociation {
        scope: caller.scope.clone(),
        domain_name: domain.name,
        domain_name_id: domain.domain_name_id,
        source_type: input.access_association_source_type,
        source: source.clone(),
        tags: tag::created(input.tags.clone())?,
    })
}

/// Refused where the endpoint already reaches a domain of that name: it could not tell two of them apart (AWS docs, "Custom domain
/// names for private APIs").
async fn creation(
    plane: &ControlPlane,
    caller: &Caller,
    domain_id: &str,
    association: &DomainNameAccessAssociation,
) -> ApiResult<(Shown, Vec<Write>)> {
    let domain = plane.load_versioned::<DomainName>(caller, domain_id, unknown_domain).await?;
    let same_name = format!("{}+", association.domain_name);
    let mut after = same_name.clone();
    loop {
        let rows =
            postern_store::list::<DomainNameAccessAssociation>(plane.store(), &caller.scope, Some(&after), LIST_ROWS_MAX).await;
        let rows = rows.map_err(store_failure)?;
        let others = || rows.iter().take_while(|(id, _)| id.starts_with(&same_name));
        if others().any(|(_, other)| other.value.source == association.source) {
            return Err(ApiError::conflict(format!(
                "The VPC endpoint {} already has an access association with a domain name {}",
                association.source, association.domain_name
            )));
        }
        match rows.last() {
            Some((last, _)) if last.starts_with(&same_name) => after.clone_from(last),
            _ => break,
        }
    }
    let write = postern_store::create(&caller.scope, &id_of(association), association).map_err(store_failure)?;
    let touch = postern_store::touch::<DomainName>(&caller.scope, domain_id, domain.version);
    Ok((show_one(association), vec![write, touch]))
}

/// The create knows no NotFoundException.
fn unknown_domain() -> ApiError {
    ApiError::bad_request(domain_name::missing().message)
}

fn id_of(association: &DomainNameAccessAssociation) -> String {
    DomainNameAccessAssociation::stored_id(&association.domain_name, &association.domain_name_id, &association.source)
}

pub(super) async fn list(
    plane: &ControlPlane,
    caller: &Caller,
    input: GetDomainNameAccessAssociationsInput,
) -> ApiResult<DomainNameAccessAssociations> {
    let page = Page::new(input.limit, input.position.as_deref())?;
    if input.resource_owner == Some(ResourceOwner::OtherAccounts) {
        return Ok(DomainNameAccessAssociations { items: Some(Vec::new()), position: None });
    }
    let (associations, position) = plane.page(caller, &page, "", |_: &DomainNameAccessAssociation| true).await?;
    Ok(DomainNameAccessAssociations { items: Some(associations.iter().map(show_one).collect()), position })
}

pub(super) async fn delete(
    plane: &ControlPlane,
    caller: &Caller,
    input: DeleteDomainNameAccessAssociationInput,
) -> ApiResult<()> {
    let found = arn::access_association(&input.domain_name_access_association_arn, &caller.scope).ok_or_else(invalid_arn)?;
    if found.account != caller.scope.account {
        return Err(missing());
    }
    plane.remove::<DomainNameAccessAssociation>(caller, &found.stored_id(), missing, |_| Ok(Vec::new())).await
}

/// Ends the association of another account with a domain of the caller's. Only one's own can exist here, and those are deleted.
pub(super) async fn reject(
    plane: &ControlPlane,
    caller: &Caller,
    input: RejectDomainNameAccessAssociationInput,
) -> ApiResult<()> {
    let domain = arn::private_domain(&input.domain_name_arn, &caller.scope).ok_or_else(invalid_arn)?;
    let found = arn::access_association(&input.domain_name_access_association_arn, &caller.scope).ok_or_else(invalid_arn)?;
    if domain.account != caller.scope.account {
        return Err(domain_name::missing());
    }
    let domain_id = DomainName::stored_id(&domain.name, Some(&domain.domain_name_id));
    plane.load::<DomainName>(caller, &domain_id, domain_name::missing).await?;
    if found.account != caller.scope.account || (&found.name, &found.domain_name_id) != (&domain.name, &domain.domain_name_id) {
        return Err(missing());
    }
    plane.load::<DomainNameAccessAssociation>(caller, &found.stored_id(), missing).await?;
    Err(ApiError::bad_request("Cannot reject an access association of your own account. Delete it instead."))
}

fn invalid_arn() -> ApiError {
    ApiError::bad_request("Invalid ARN specified in the request")
}

pub(super) fn missing() -> ApiError {
    ApiError::not_found("Invalid domain name access association identifier specified")
}

fn show_one(association: &DomainNameAccessAssociation) -> Shown {
    let DomainNameAccessAssociation { scope, domain_name, domain_name_id, source_type, source, tags } = association;
    let (partition, region, account) = (scope.partition(), &scope.region, &scope.account);
    let arn = format!(
        "arn:{partition}:apigateway:{region}:{account}:/domainnameaccessassociations/domainname/{domain_name}+{domain_name_id}\
         /vpcesource/{source}"
    );
    Shown {
        domain_name_access_association_arn: Some(arn),
        domain_name_arn: Some(domain_name::arn(scope, domain_name, Some(domain_name_id))),
        access_association_source_type: Some(*source_type),
        access_association_source: Some(source.clone()),
        tags: tag::shown(tags),
    }
}
