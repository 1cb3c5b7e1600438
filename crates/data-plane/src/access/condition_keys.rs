//! What conditions may read of a request (AWS docs, "AWS condition keys that can be used in API Gateway resource policies").
//!
//! `aws:Principal...`, `aws:userid` and `aws:username` are of callers who signed. Without a value here: `aws:SourceArn` is of calls by AWS services, `aws:SourceVpc`, `aws:SourceVpce` and `aws:VpcSourceIp` of
//! private endpoints. A condition that needs one is not met.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, header};
use postern_policy::Keys;

use super::caller::Caller;
use crate::context::Arrival;

/// The condition keys of one request.
pub(crate) struct ConditionKeys<'a> {
    arrival: &'a Arrival,
    headers: &'a HeaderMap,
    caller: Option<&'a Caller>,
}

impl<'a> ConditionKeys<'a> {
    /// `caller` is who is proven to ask, if anyone is.
    pub(crate) fn of(arrival: &'a Arrival, headers: &'a HeaderMap, caller: Option<&'a Caller>) -> Self {
        Self { arrival, headers, caller }
    }

    /// A field's value. Several lines of one field are one list (RFC 9110, 5.3): a client must not choose which of them counts.
    fn field(&self, name: HeaderName) -> Option<Cow<'a, str>> {
        let values: Vec<_> = self.headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        (!values.is_empty()).then(|| values.join(", ").into())
    }
}

impl Keys for ConditionKeys<'_> {
    fn values(&self, key: &str) -> Option<Vec<Cow<'_, str>>> {
        let arrival = self.arrival;
        let value: Cow<'_, str> = match key {
            "aws:currenttime" => arrival.epoch.rfc3339().into(),
            "aws:epochtime" => arrival.epoch.seconds().to_string().into(),
            "aws:securetransport" => if arrival.tls { "true" } else { "false" }.into(),
            "aws:sourceip" => arrival.peer.to_string().into(),
            "aws:referer" => self.field(header::REFERER)?,
            "aws:useragent" => self.field(header::USER_AGENT)?,
            key => self.caller?.condition_value(key)?.into(),
        };
        Some(vec![value])
    }
}
