//! Percent-decoding of paths and query strings.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::error::{ApiError, ApiResult};

/// The query's parameters in order, decoded. A parameter without `=` has an empty value.
pub(crate) fn parse(raw_query: &str) -> ApiResult<Vec<(String, String)>> {
    raw_query.split('&').filter(|pair| !pair.is_empty()).map(parameter).collect()
}

fn parameter(pair: &str) -> ApiResult<(String, String)> {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    Ok((decode_plus(name)?, decode_plus(value)?))
}

fn decode_plus(raw: &str) -> ApiResult<String> {
    // A plus sign is a space here as in HTML forms; every SDK sends `%20` and `%2B` and cannot tell.
    if raw.contains('+') { decode(&raw.replace('+', " ")).map(Cow::into_owned) } else { decode(raw).map(Cow::into_owned) }
}

/// One segment of a path, or one name or value of a query, decoded.
///
/// # Errors
/// When the bytes are not UTF-8.
pub(crate) fn decode(raw: &str) -> ApiResult<Cow<'_, str>> {
    percent_decode_str(raw)
        .decode_utf8()
        .map_err(|_| ApiError::serialization(format!("'{raw}' does not decode to UTF-8: send text percent-encoded as UTF-8")))
}
