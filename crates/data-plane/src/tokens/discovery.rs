//! Finding the keys of an issuer (OpenID Connect Discovery 1.0, 4).

use postern_api_model::ports::PortFuture;
use serde_json::Value;

use super::fetch::{Place, get};
use super::key_set::{KEY_SET_BYTES_MAX, KeySet};
use super::key_sets::{Fetcher, Issuer, Kind};
use super::settings::{IssuerSettings, KeySource};
use super::strict_json;
use crate::transport::{ChosenBy, Upstreams};

/// Bytes of a discovery document; they have a few thousand.
const DOCUMENT_BYTES_MAX: usize = 150_000;

/// Asks issuers.
pub(super) struct Discovery;

impl Fetcher for Discovery {
    fn keys<'a>(
        &'a self,
        issuer: Issuer<'a>,
        settings: &'a IssuerSettings,
        upstreams: &'a Upstreams,
    ) -> PortFuture<'a, Result<KeySet, String>> {
        Box::pin(keys(issuer, settings, upstreams))
    }
}

async fn keys(issuer: Issuer<'_>, settings: &IssuerSettings, upstreams: &Upstreams) -> Result<KeySet, String> {
    let trusting;
    let upstreams = if settings.extra_roots.is_empty() {
        upstreams
    } else {
        trusting = upstreams.trusting(&settings.extra_roots);
        &trusting
    };
    let (url, chosen_by) = match (&settings.keys, issuer.kind) {
        (KeySource::At(url), _) => (url.clone(), ChosenBy::Operator),
        (KeySource::DiscoveredAt(url), _) => {
            (discovered(url, ChosenBy::Operator, issuer, settings, upstreams).await?, ChosenBy::Api)
        }
        // Where Cognito has them (Cognito docs, "Verifying JSON web tokens").
        (KeySource::Own, Kind::UserPool) => (below(issuer.expected(settings), "jwks.json"), chooser(issuer, settings)),
        (KeySource::Own, Kind::Url) => {
            let url = below(issuer.expected(settings), "openid-configuration");
            (discovered(&url, ChosenBy::Api, issuer, settings, upstreams).await?, ChosenBy::Api)
        }
        (KeySource::Given(_), _) => return Err("its keys are configured".to_owned()),
    };
    let place = Place::parse(&url, settings.reach, chosen_by)?;
    let body = get(&place, upstreams, KEY_SET_BYTES_MAX).await.map_err(|reason| format!("{url}: {reason}"))?;
    KeySet::parse(&body).map_err(|reason| format!("{url}: {reason}"))
}

/// An address that is configured is the operator's word.
fn chooser(issuer: Issuer<'_>, settings: &IssuerSettings) -> ChosenBy {
    if issuer.kind == Kind::UserPool && settings.issuer.is_some() { ChosenBy::Operator } else { ChosenBy::Api }
}

/// A slash at the end of an issuer's URL is not doubled (OpenID Connect Discovery 1.0, 4.1).
fn below(issuer: &str, name: &str) -> String {
    format!("{}/.well-known/{name}", issuer.strip_suffix('/').unwrap_or(issuer))
}

/// Where the document at `url` says that the keys are. It must speak of the very issuer that tokens name.
async fn discovered(
    url: &str,
    chosen_by: ChosenBy,
    issuer: Issuer<'_>,
    settings: &IssuerSettings,
    upstreams: &Upstreams,
) -> Result<String, String> {
    let place = Place::parse(url, settings.reach, chosen_by)?;
    let body = get(&place, upstreams, DOCUMENT_BYTES_MAX).await.map_err(|reason| format!("{url}: {reason}"))?;
    let document = strict_json::object(&body).map_err(|reason| format!("{url}: {reason}"))?;
    if document.get("issuer").and_then(Value::as_str) != Some(issuer.expected(settings)) {
        return Err(format!("{url} is the document of another issuer"));
    }
    let keys = document.get("jwks_uri").and_then(Value::as_str);
    keys.map(str::to_owned).ok_or_else(|| format!("{url} has no jwks_uri"))
}
