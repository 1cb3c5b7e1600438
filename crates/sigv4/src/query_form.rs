//! Signatures in the query string: presigned URLs, with everything that the header form has as `X-Amz-*` parameters.

use http::HeaderMap;

use crate::EXPIRES_S_MAX;
use crate::canonical::{SIGNATURE_PARAMETER, query_pairs};
use crate::error::AuthError;
use crate::presented::{
    Algorithm, Algorithms, Form, Presented, header_text, once, parse_credential, parse_signed_headers, session_token,
};
use crate::time::RequestTime;

const ALGORITHM_PARAMETER: &str = "X-Amz-Algorithm";
const CREDENTIAL_PARAMETER: &str = "X-Amz-Credential";
/// Of Signature Version 4A.
const REGION_SET_PARAMETER: &str = "X-Amz-Region-Set";

/// All names that belong to a presigned URL, in the order in which AWS's documentation has them.
pub(crate) const NAMES: [&str; 9] = [
    ALGORITHM_PARAMETER,
    CREDENTIAL_PARAMETER,
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    SIGNATURE_PARAMETER,
    "X-Amz-Security-Token",
    // Newer SDKs move this header into the query along with the others.
    "X-Amz-Content-Sha256",
    REGION_SET_PARAMETER,
];
/// The first of [`NAMES`]; the others may be absent. AWS asks for `X-Amz-Expires` in S3's documentation and lets some other
/// services do without; every SDK sends it, and a URL that does not say how long it lives is refused here.
const REQUIRED_COUNT: usize = 6;

/// The values of [`NAMES`], decoded, by index.
pub(crate) struct Parameters([Option<String>; NAMES.len()]);

impl Parameters {
    /// `None` when no parameter says that the URL is presigned. One alone (`X-Amz-Date`, say) may be the API's own.
    pub(crate) fn find(raw_query: &str) -> Result<Option<Self>, AuthError> {
        let mut values: [Option<String>; NAMES.len()] = Default::default();
        for (name, value) in query_pairs(raw_query) {
            let Some(index) = NAMES.iter().position(|known| known.as_bytes() == name) else { continue };
            let value = String::from_utf8_lossy(&value).into_owned();
            if values[index].replace(value).is_some() {
                return Err(AuthError::Duplicate { name: NAMES[index] });
            }
        }
        let parameters = Self(values);
        let markers = [ALGORITHM_PARAMETER, CREDENTIAL_PARAMETER, SIGNATURE_PARAMETER];
        Ok(markers.into_iter().any(|name| parameters.has(name)).then_some(parameters))
    }

    fn has(&self, name: &str) -> bool {
        NAMES.iter().zip(&self.0).any(|(known, value)| *known == name && value.is_some())
    }
}

/// Reads the parameters of a presigned URL.
pub(crate) fn parse(parameters: Parameters, headers: &HeaderMap, algorithms: Algorithms) -> Result<Presented, AuthError> {
    let missing: Vec<&str> = NAMES.into_iter().take(REQUIRED_COUNT).filter(|name| !parameters.has(name)).collect();
    let [
        Some(algorithm),
        Some(credential),
        Some(date),
        Some(expires),
        Some(signed_headers),
        Some(signature),
        token,
        content_sha256,
        region_set,
    ] = parameters.0
    else {
        return Err(AuthError::IncompleteQuery { missing });
    };
    let algorithm = Algorithm::named(&algorithm, algorithms)?;
    let region_set = match algorithm {
        Algorithm::Hmac => None,
        Algorithm::Ecdsa => {
            let header = once(headers, "x-amz-region-set", REGION_SET_PARAMETER)?.map(header_text);
            let set = only_one(region_set, header, REGION_SET_PARAMETER)?;
            Some(set.ok_or(AuthError::IncompleteQuery { missing: vec![REGION_SET_PARAMETER] })?)
        }
    };
    let time = RequestTime::parse_basic(&date).ok_or(AuthError::MalformedDate { date })?;
    let expires_s = parse_expires(&expires).ok_or(AuthError::MalformedExpires)?;
    let (access_key_id, scope) = parse_credential(&credential, region_set.as_deref())?;
    let header_token = once(headers, "x-amz-security-token", "X-Amz-Security-Token")?.map(header_text);
    let header_sha256 = once(headers, "x-amz-content-sha256", "x-amz-content-sha256")?.map(header_text);
    Ok(Presented {
        algorithm,
        access_key_id,
        scope,
        session_token: only_one(token, header_token, "X-Amz-Security-Token")?.map(session_token).transpose()?,
        form: Form::Query { expires_s },
        time,
        signed_headers: parse_signed_headers(&signed_headers)?,
        signature,
        content_sha256: only_one(content_sha256, header_sha256, "x-amz-content-sha256")?,
    })
}

/// Digits only: `+60` and `060s` are nothing that a client writes.
fn parse_expires(text: &str) -> Option<u32> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|seconds| (1..=EXPIRES_S_MAX).contains(seconds))
}

fn only_one(query: Option<String>, header: Option<String>, name: &'static str) -> Result<Option<String>, AuthError> {
    match (query, header) {
        (Some(_), Some(_)) => Err(AuthError::Duplicate { name }),
        (query, header) => Ok(query.or(header)),
    }
}
