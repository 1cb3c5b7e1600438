//! Getting a document of an issuer: one GET, bounded in time and size, that is led nowhere else.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use tokio::time::Instant;

use super::settings::Reach;
use crate::transport::{Body, ChosenBy, Origin, Scheme, TlsVerify, UpstreamRequest, Upstreams};

/// How long one document may take: HTTP APIs' number.
const TIMEOUT_MS: u64 = 1_500;
/// Whom logs of issuers shall name.
const USER_AGENT: HeaderValue = HeaderValue::from_static("Postern");

/// Where a document is.
#[derive(Debug)]
pub(super) struct Place {
    origin: Origin,
    uri: Uri,
    host: HeaderValue,
}

impl Place {
    /// Reads a URL.
    ///
    /// # Errors
    /// When it is none that may be asked; in words.
    pub(super) fn parse(url: &str, reach: Reach, chosen_by: ChosenBy) -> Result<Self, String> {
        let uri: Uri = url.parse().map_err(|_| format!("{url:?} is no URL"))?;
        let scheme = match (uri.scheme_str(), reach) {
            (Some("https"), _) => Scheme::Https,
            (Some("http"), Reach::Plain) => Scheme::Http,
            (Some("http"), Reach::Https) => {
                return Err(format!("{url:?} is no https URL, and token_issuers does not allow http"));
            }
            _ => return Err(format!("{url:?} is no https URL")),
        };
        let authority =
            uri.authority().filter(|authority| !authority.host().is_empty()).ok_or_else(|| format!("{url:?} has no host"))?;
        if authority.as_str().contains('@') || url.contains('#') {
            return Err(format!("{url:?} has user information or a fragment"));
        }
        let port = authority.port_u16().unwrap_or(if scheme == Scheme::Https { 443 } else { 80 });
        let origin = Origin::new(scheme, authority.host(), port, TlsVerify::Full);
        let origin = match chosen_by {
            ChosenBy::Api => origin,
            ChosenBy::Operator => origin.chosen_by_operator(),
        };
        let host = HeaderValue::from_str(authority.as_str()).map_err(|_| format!("{url:?} has no host"))?;
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        let uri = target.parse().map_err(|_| format!("{url:?} has no path that can be asked for"))?;
        Ok(Self { origin, uri, host })
    }
}

/// Whether an issuer may be asked at `url`.
///
/// # Errors
/// When not: it is no URL, or another scheme's, or holds what no address of a document does. In words.
pub fn check_url(url: &str, reach: Reach) -> Result<(), String> {
    Place::parse(url, reach, ChosenBy::Operator).map(drop)
}

/// What is at `place`, if that is at most `bytes_max` long.
///
/// # Errors
/// When it cannot be had, in words. A redirection is not followed: it could lead anywhere.
pub(super) async fn get(place: &Place, upstreams: &Upstreams, bytes_max: usize) -> Result<bytes::Bytes, String> {
    let deadline = Instant::now() + Duration::from_millis(TIMEOUT_MS);
    let mut headers = HeaderMap::new();
    headers.insert(header::HOST, place.host.clone());
    headers.insert(header::USER_AGENT, USER_AGENT);
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    let (origin, uri) = (place.origin.clone(), place.uri.clone());
    let request = UpstreamRequest { origin, method: Method::GET, uri, headers, body: Body::empty() };
    let answer = upstreams.send(request, deadline).await.map_err(|error| error.to_string())?;
    if answer.status != StatusCode::OK {
        return Err(format!("the answer is {}", answer.status.as_u16()));
    }
    if answer.headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return Err("the answer is compressed, unasked".to_owned());
    }
    answer.body.with_deadline(deadline).collect(bytes_max).await.map_err(|error| error.to_string())
}
