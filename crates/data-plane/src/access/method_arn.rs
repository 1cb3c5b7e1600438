//! The ARN of a method as a request calls it: `arn:aws:execute-api:{region}:{account}:{api}/{stage}/{VERB}/{path}`.
//!
//! The verb is the one that was routed. The path is that of the matched resource with the request's values in its parameters: extra
//! slashes, a slash at the end and encoded letters, which routing passes over, do not make another path of it.

use std::borrow::Cow;

use super::readings::{self, Unreadable};
use crate::compile::{Found, Greed, PublishedStage, parameter_name};
use crate::error::GatewayError;

/// Bytes of an ARN that is decided about (AWS docs, "Amazon API Gateway important notes").
const ARN_BYTES_MAX: usize = 1_600;
/// Digits of an account that a refusal shows, the last ones.
const ACCOUNT_DIGITS_SHOWN: usize = 4;

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MethodArn {
    as_sent: String,
    /// Where the account stands in it.
    account: std::ops::Range<usize>,
    others: Result<Vec<String>, Unreadable>,
}

impl MethodArn {
    /// The ARN of a request that was routed: `path` is the one that was matched.
    ///
    /// # Errors
    /// When it is too long to be decided about.
    pub(crate) fn of(stage: &PublishedStage, verb: &http::Method, found: &Found, path: &str) -> Result<Self, GatewayError> {
        let scope = stage.scope();
        let resource = stage.api.resource(stage.api.method(found.method).resource);
        let before = format!("arn:{}:execute-api:{}:", scope.partition(), scope.region);
        let account = before.len()..before.len() + scope.account.len();
        let prefix = format!("{before}{}:{}/{}/{verb}/", scope.account, stage.api_id(), stage.name());
        let path = concrete(&resource.path, found, path);
        if prefix.len() + path.len() > ARN_BYTES_MAX {
            return Err(GatewayError::UriTooLong);
        }
        let others = readings::others(&path).map(|others| others.iter().map(|other| format!("{prefix}{other}")).collect());
        Ok(Self { as_sent: prefix + &path, account, others })
    }

    /// Whether its path can be read in ways that can be told; without that every policy denies it.
    pub(super) fn is_clear(&self) -> bool {
        self.others.is_ok()
    }

    /// Every reading, the one as sent first; `None` when the path has none that can be trusted.
    pub(super) fn readings(&self) -> Option<impl Iterator<Item = &str>> {
        let others = self.others.as_ref().ok()?;
        Some(std::iter::once(self.as_sent.as_str()).chain(others.iter().map(String::as_str)))
    }

    /// As authorizers are asked about it: with the path as sent.
    pub(crate) fn as_sent(&self) -> &str {
        &self.as_sent
    }

    /// As refusals show it: the account is masked (seen of the service).
    pub(super) fn masked(&self) -> Cow<'_, str> {
        let hidden = self.account.len().saturating_sub(ACCOUNT_DIGITS_SHOWN);
        let mut masked = self.as_sent.clone();
        masked.replace_range(self.account.start..self.account.start + hidden, &"*".repeat(hidden));
        masked.into()
    }
}

/// The resource's path with the values that the request gives its parameters, without the first slash.
fn concrete(resource: &str, found: &Found, path: &str) -> String {
    let mut values = found.parameters.iter().map(|range| path.get(range.clone()).unwrap_or_default());
    let parts = resource.split('/').filter(|part| !part.is_empty()).map(|part| match parameter_name(part) {
        Some((_, Greed::Segment | Greed::Rest)) => values.next().unwrap_or_default(),
        None => part,
    });
    parts.collect::<Vec<_>>().join("/")
}
