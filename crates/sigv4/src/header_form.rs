//! Signatures in the `Authorization` header:
//! `AWS4-HMAC-SHA256 Credential=KEY/20150830/REGION/SERVICE/aws4_request, SignedHeaders=host;x-amz-date, Signature=HEX`.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue};

use crate::AUTHORIZATION_BYTES_MAX;
use crate::error::AuthError;
use crate::presented::{
    Algorithm, Algorithms, Form, Presented, header_text, limit, once, parse_credential, parse_signed_headers, session_token,
};
use crate::time::RequestTime;

/// The parameters of the header, each at most once; an empty value is none, but for `SignedHeaders`.
#[derive(Default)]
struct Parameters<'a> {
    credential: Option<&'a str>,
    signed_headers: Option<&'a str>,
    signature: Option<&'a str>,
}

/// Reads the header and those that belong to it.
pub(crate) fn parse(authorization: &HeaderValue, headers: &HeaderMap, algorithms: Algorithms) -> Result<Presented, AuthError> {
    limit("The Authorization header", authorization.len(), AUTHORIZATION_BYTES_MAX)?;
    let Ok(text) = authorization.to_str() else {
        return Err(AuthError::NotKeyValue { authorization_sha256: hashed(authorization) });
    };
    let (algorithm, rest) = text.trim().split_once([' ', '\t']).unwrap_or((text.trim(), ""));
    if algorithm.is_empty() {
        return Err(AuthError::Missing);
    }
    if algorithm.contains('=') {
        return Err(AuthError::NoAlgorithm);
    }
    let parameters = Parameters::split(rest, authorization)?;
    let date = DateHeader::find(headers)?;
    let (Some(credential), Some(signed_headers), Some(signature), Some(date)) =
        (parameters.credential, parameters.signed_headers, parameters.signature, date)
    else {
        return Err(incomplete(&parameters, date, authorization));
    };
    let algorithm = Algorithm::named(algorithm, algorithms)?;
    let region_set = match algorithm {
        Algorithm::Hmac => None,
        Algorithm::Ecdsa => {
            let set = once(headers, "x-amz-region-set", "X-Amz-Region-Set")?.map(header_text);
            Some(set.ok_or_else(|| AuthError::IncompleteHeader {
                missing: vec!["Authorization header requires existence of a 'X-Amz-Region-Set' header."],
                authorization_sha256: hashed(authorization),
            })?)
        }
    };
    let time = date.time()?;
    let (access_key_id, scope) = parse_credential(credential, region_set.as_deref())?;
    Ok(Presented {
        algorithm,
        access_key_id,
        scope,
        session_token: once(headers, "x-amz-security-token", "X-Amz-Security-Token")?
            .map(|value| session_token(header_text(value)))
            .transpose()?,
        form: Form::Header,
        time,
        signed_headers: parse_signed_headers(signed_headers)?,
        signature: signature.to_owned(),
        content_sha256: once(headers, "x-amz-content-sha256", "x-amz-content-sha256")?.map(header_text),
    })
}

impl<'a> Parameters<'a> {
    /// Parameters are separated by commas, blanks or both. That a blank alone separates was recorded: `Credential= KEY`
    /// is answered with "missing equal-sign". Parameters that AWS does not name have no meaning and are passed over.
    fn split(rest: &'a str, authorization: &HeaderValue) -> Result<Self, AuthError> {
        let mut parameters = Self::default();
        for part in rest.split([',', ' ', '\t']).filter(|part| !part.is_empty()) {
            let Some((name, value)) = part.split_once('=') else {
                return Err(AuthError::NotKeyValue { authorization_sha256: hashed(authorization) });
            };
            let (slot, name) = match name {
                "Credential" => (&mut parameters.credential, "Credential"),
                "SignedHeaders" => (&mut parameters.signed_headers, "SignedHeaders"),
                "Signature" => (&mut parameters.signature, "Signature"),
                _ => continue,
            };
            if slot.replace(value).is_some() {
                return Err(AuthError::Duplicate { name });
            }
        }
        parameters.credential = parameters.credential.filter(|value| !value.is_empty());
        parameters.signature = parameters.signature.filter(|value| !value.is_empty());
        Ok(parameters)
    }
}

/// The header that says when the request was signed.
#[derive(Clone, Copy)]
enum DateHeader<'a> {
    XAmzDate(&'a HeaderValue),
    Date(&'a HeaderValue),
}

impl<'a> DateHeader<'a> {
    /// AWS looks at `X-Amz-Date` first, and at `Date` when there is none.
    fn find(headers: &'a HeaderMap) -> Result<Option<Self>, AuthError> {
        if let Some(value) = once(headers, "x-amz-date", "X-Amz-Date")? {
            return Ok(Some(Self::XAmzDate(value)));
        }
        Ok(once(headers, "date", "Date")?.map(Self::Date))
    }

    fn time(self) -> Result<RequestTime, AuthError> {
        let (date, time) = match self {
            Self::XAmzDate(value) => (header_text(value), RequestTime::parse_basic(&header_text(value))),
            Self::Date(value) => (header_text(value), RequestTime::parse_date_header(&header_text(value))),
        };
        time.ok_or(AuthError::MalformedDate { date })
    }
}

fn incomplete(parameters: &Parameters<'_>, date: Option<DateHeader<'_>>, authorization: &HeaderValue) -> AuthError {
    let sentences = [
        (parameters.credential.is_some(), "Authorization header requires 'Credential' parameter."),
        (parameters.signature.is_some(), "Authorization header requires 'Signature' parameter."),
        (parameters.signed_headers.is_some(), "Authorization header requires 'SignedHeaders' parameter."),
        (date.is_some(), "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."),
    ];
    let missing = sentences.into_iter().filter(|(there, _)| !there).map(|(_, sentence)| sentence).collect();
    AuthError::IncompleteHeader { missing, authorization_sha256: hashed(authorization) }
}

/// AWS names the header by its hash so that a log of the answer does not hold a secret.
fn hashed(authorization: &HeaderValue) -> String {
    STANDARD.encode(digest(&SHA256, authorization.as_bytes()))
}
