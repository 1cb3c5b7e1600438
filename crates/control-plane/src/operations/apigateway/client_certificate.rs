//! ClientCertificate: what stages show to their backends. Self-signed, as on AWS; a backend trusts the certificate itself.

use std::collections::BTreeSet;
use std::time::Duration;

use postern_api_model::apigateway::{
    ClientCertificate as Shown, ClientCertificates, DeleteClientCertificateInput, GenerateClientCertificateInput,
    GetClientCertificateInput, GetClientCertificatesInput, Op, UpdateClientCertificateInput,
};
use postern_api_model::client_certificate::ClientCertificate;
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::hidden::Hidden;
use postern_api_model::rest_api::{EpochSeconds, Stage};
use postern_api_model::scope::Caller;
use postern_api_model::wire::Timestamp;
use postern_store::{Versioned, Write};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use tokio::sync::Semaphore;

use super::{map_patch, tag};
use crate::changes::store_failure;
use crate::page::Page;
use crate::patch::Patch;
use crate::{ControlPlane, ids};

/// AWS docs, "Generate and configure an SSL certificate for backend authentication": 365 days.
const VALID_SECONDS: i64 = 365 * 24 * 60 * 60;

/// Keys that are looked for at one time, on all of the processor: more would take it from traffic, and the calls wait for their turn.
const GENERATED_AT_ONCE_MAX: usize = 2;
static GENERATING: Semaphore = Semaphore::const_new(GENERATED_AT_ONCE_MAX);

/// The end of the year 9999, after which X.509 has no dates (RFC 5280, 4.1.2.5).
const LAST_SECOND: EpochSeconds = 253_402_300_799;

/// A certificate and its key, in PEM.
struct Generated {
    certificate: String,
    private_key: Hidden,
}

pub(super) async fn generate(plane: &ControlPlane, caller: &Caller, input: GenerateClientCertificateInput) -> ApiResult<Shown> {
    let tags = tag::created(input.tags)?;
    let now = plane.now();
    // An RSA key takes a good part of a second to find: no other call waits for it.
    let generated = {
        let _turn = GENERATING.acquire().await;
        tokio::task::spawn_blocking(move || self_signed(now)).await
    };
    let generated = generated.ok().and_then(Result::ok).ok_or_else(|| {
        tracing::error!("a client certificate could not be generated");
        ApiError::internal()
    })?;
    let certificate = ClientCertificate {
        id: String::new(),
        description: input.description.filter(|description| !description.is_empty()),
        pem: generated.certificate,
        private_key: generated.private_key,
        created: now,
        expires: now.saturating_add(VALID_SECONDS),
        stages: BTreeSet::new(),
        tags,
    };
    plane.transact::<ClientCertificate, _, _>(caller, "", || create_once(caller, &certificate)).await
}

/// Under an id of its own, drawn again when it is taken.
async fn create_once(caller: &Caller, certificate: &ClientCertificate) -> ApiResult<(Shown, Vec<Write>)> {
    let certificate = ClientCertificate { id: ids::random(ids::SHORT), ..certificate.clone() };
    let write = postern_store::create(&caller.scope, &certificate.id, &certificate).map_err(store_failure)?;
    Ok((show_one(&certificate), vec![write]))
}

/// RSA with 2,048 bits and the subject that AWS's certificates have, which backends may compare.
fn self_signed(now: EpochSeconds) -> Result<Generated, rcgen::Error> {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
    let mut params = CertificateParams::default();
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + after_epoch(now);
    params.not_after = epoch + after_epoch(now.saturating_add(VALID_SECONDS));
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CountryName, "US");
    params.distinguished_name.push(DnType::LocalityName, "Seattle");
    params.distinguished_name.push(DnType::CommonName, "ApiGateway");
    let certificate = params.self_signed(&key)?;
    Ok(Generated { certificate: certificate.pem(), private_key: Hidden::new(key.serialize_pem()) })
}

/// Inside of what a certificate can say.
fn after_epoch(seconds: EpochSeconds) -> Duration {
    Duration::from_secs(seconds.clamp(0, LAST_SECOND).unsigned_abs())
}

pub(super) async fn show(plane: &ControlPlane, caller: &Caller, input: GetClientCertificateInput) -> ApiResult<Shown> {
    let certificate: ClientCertificate = plane.load(caller, &input.client_certificate_id, missing).await?;
    Ok(show_one(&certificate))
}

pub(super) async fn list(
    plane: &ControlPlane,
    caller: &Caller,
    input: GetClientCertificatesInput,
) -> ApiResult<ClientCertificates> {
    let page = Page::new(input.limit, input.position.as_deref())?;
    let (certificates, position) = plane.page(caller, &page, "", |_: &ClientCertificate| true).await?;
    Ok(ClientCertificates { items: Some(certificates.iter().map(show_one).collect()), position })
}

pub(super) async fn update(plane: &ControlPlane, caller: &Caller, input: UpdateClientCertificateInput) -> ApiResult<Shown> {
    let patches = Patch::list(input.patch_operations)?;
    let change = |certificate: &mut ClientCertificate| {
        patches.iter().try_for_each(|patch| apply(certificate, patch))?;
        Ok(show_one(certificate))
    };
    plane.change(caller, &input.client_certificate_id, missing, change).await
}

fn apply(certificate: &mut ClientCertificate, patch: &Patch) -> ApiResult<()> {
    match (patch.parts().as_slice(), patch.op) {
        (["description"], Op::Replace) => certificate.description = patch.optional(),
        (["description"], _) => {
            return Err(map_patch::unsupported_op("[replace]"));
        }
        _ => return Err(map_patch::unknown_path(patch)),
    }
    Ok(())
}

pub(super) async fn delete(plane: &ControlPlane, caller: &Caller, input: DeleteClientCertificateInput) -> ApiResult<()> {
    let unused = |certificate: &ClientCertificate| match certificate.stages.first() {
        Some(stage) => {
            let text = format!("Cannot delete Client Certificate {} because it is in use by API Stage {stage}", certificate.id);
            Err(ApiError::conflict(text))
        }
        None => Ok(Vec::new()),
    };
    plane.remove(caller, &input.client_certificate_id, missing, unused).await
}

pub(super) fn missing() -> ApiError {
    ApiError::not_found("Invalid Client Certificate identifier specified")
}

/// Never the private key.
fn show_one(certificate: &ClientCertificate) -> Shown {
    Shown {
        client_certificate_id: Some(certificate.id.clone()),
        description: certificate.description.clone(),
        pem_encoded_certificate: Some(certificate.pem.clone()),
        created_date: Some(Timestamp(certificate.created)),
        expiration_date: Some(Timestamp(certificate.expires)),
        tags: tag::shown(&certificate.tags),
    }
}

/// The certificates of these ids that are there.
pub(super) async fn known(plane: &ControlPlane, caller: &Caller, ids: BTreeSet<&str>) -> ApiResult<BTreeSet<String>> {
    let mut known = BTreeSet::new();
    for id in ids {
        if plane.find_versioned::<ClientCertificate>(caller, id).await?.is_some() {
            known.insert(id.to_owned());
        }
    }
    Ok(known)
}

/// The writes of the other side when a stage goes from one certificate to another: each certificate names the stages that use it, so
/// that none of them is deleted.
pub(super) async fn moved(
    plane: &ControlPlane,
    caller: &Caller,
    stage: &str,
    from: Option<&str>,
    to: Option<&str>,
) -> ApiResult<Vec<Write>> {
    let mut writes = Vec::new();
    if from == to {
        return Ok(writes);
    }
    if let Some(from) = from {
        writes.extend(without(plane, caller, from, &[stage.to_owned()]).await?);
    }
    if let Some(to) = to {
        let found = plane.find_versioned::<ClientCertificate>(caller, to).await?;
        let Versioned { version, mut value } = found.ok_or_else(unknown)?;
        value.stages.insert(stage.to_owned());
        writes.push(postern_store::replace(&caller.scope, to, version, &value).map_err(store_failure)?);
    }
    Ok(writes)
}

/// A stage names a certificate that is not there.
pub(super) fn unknown() -> ApiError {
    ApiError::bad_request("Invalid Client Certificate identifier specified")
}

/// The writes that take stages which are about to go out of their certificates.
pub(super) async fn without_stages(
    plane: &ControlPlane,
    caller: &Caller,
    api_id: &str,
    gone: &[&Stage],
) -> ApiResult<Vec<Write>> {
    let used: BTreeSet<&str> = gone.iter().filter_map(|stage| stage.client_certificate_id.as_deref()).collect();
    let names: Vec<String> = gone.iter().map(|stage| stage_name(api_id, &stage.name)).collect();
    let mut writes = Vec::new();
    for id in used {
        writes.extend(without(plane, caller, id, &names).await?);
    }
    Ok(writes)
}

async fn without(plane: &ControlPlane, caller: &Caller, id: &str, stages: &[String]) -> ApiResult<Option<Write>> {
    let Some(Versioned { version, mut value }) = plane.find_versioned::<ClientCertificate>(caller, id).await? else {
        return Ok(None);
    };
    value.stages.retain(|stage| !stages.contains(stage));
    postern_store::replace(&caller.scope, id, version, &value).map(Some).map_err(store_failure)
}

/// How a certificate names a stage that uses it.
pub(super) fn stage_name(api_id: &str, stage: &str) -> String {
    format!("{api_id}:{stage}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::server::fixture::{self, Bench, patch, refusal};
    use serde_json::json;

    #[test]
    fn only_the_description_can_be_replaced() {
        let mut certificate = ClientCertificate {
            id: "abc123".into(),
            description: None,
            pem: String::new(),
            private_key: Hidden::new("secret".into()),
            created: 0,
            expires: 0,
            stages: BTreeSet::new(),
            tags: Default::default(),
        };
        apply(&mut certificate, &patch(Op::Replace, "/description", "text")).unwrap();
        assert_eq!(certificate.description.as_deref(), Some("text"));
        apply(&mut certificate, &patch(Op::Replace, "/description", "")).unwrap();
        assert_eq!(certificate.description, None);
        assert_eq!(refusal(apply(&mut certificate, &patch(Op::Remove, "/description", ""))).0, 400);
        assert_eq!(refusal(apply(&mut certificate, &patch(Op::Replace, "/pem", "x"))).0, 400);
        assert!(!format!("{certificate:?}").contains("secret"));
    }

    #[tokio::test]
    async fn a_certificate_is_shown_without_its_key() {
        let bench = Bench::dev().await;
        let (status, _, made) = bench.call("POST", "/clientcertificates", r#"{"description": "d", "tags": {"a": "1"}}"#).await;
        assert_eq!(status, 201);
        let id = made["clientCertificateId"].as_str().unwrap();
        let pem = made["pemEncodedCertificate"].as_str().unwrap();
        assert!(pem.starts_with("-----BEGIN CERTIFICATE-----") && pem.trim_end().ends_with("-----END CERTIFICATE-----"));
        let wanted = json!({
            "clientCertificateId": id, "pemEncodedCertificate": pem, "description": "d", "tags": {"a": "1"},
            "createdDate": fixture::NOW_S, "expirationDate": fixture::NOW_S + VALID_SECONDS,
        });
        assert_eq!(made, wanted);
        assert_eq!(bench.call("GET", &format!("/clientcertificates/{id}"), "").await.2, wanted);
        assert_eq!(bench.call("GET", "/clientcertificates", "").await.2, json!({"item": [wanted]}));
        let stored: ClientCertificate =
            postern_store::load(bench.store.as_ref(), &fixture::scope(), id).await.unwrap().unwrap().value;
        assert!(stored.private_key.expose().starts_with("-----BEGIN PRIVATE KEY-----"));
    }
}
