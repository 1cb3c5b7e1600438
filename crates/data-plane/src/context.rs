//! What is known of a request from its arrival on: its ids, times and sender, and the `$context` variables made of them.

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Uri, Version, header};
use tokio::time::Instant;

use crate::access::{Caller, CallerFact};
use crate::authorizers::{Attempt, Identified};
use crate::clock::{self, EpochMillis};
use crate::compile::{MethodIndex, PublishedStage};
use crate::execution_log::{ExecutionLog, Spellings};
use crate::headers::{Field, Fields, names};
use crate::metering::AcceptedKey;
use crate::observed::Observed;
use crate::stages::path_from_stage;
use crate::traces::TraceContext;
use crate::transport::{Body, Request, SentNames};

/// Bytes of a UUID as text.
const UUID_LEN: usize = 36;
/// Bytes of an extended request id, as recorded: fifteen characters and a `=`.
const EXTENDED_ID_LEN: usize = 16;
/// Bytes of `Root=1-{8 hex}-{24 hex};Parent={16 hex};Sampled=0`.
const TRACE_LEN: usize = 5 + ROOT_LEN + 8 + 16 + 10;
/// Bytes of `1-{8 hex}-{24 hex}`.
const ROOT_LEN: usize = 35;
/// `$context.domainName` under test, as reported.
const TESTED_DOMAIN: &str = "testPrefix.testDomainName";
/// `$context.identity.sourceIp` under test, as reported.
const TESTED_SOURCE_IP: &str = "test-invoke-source-ip";
/// `$context.identity.apiKey` under test, as reported.
const TESTED_API_KEY: &str = "test-invoke-api-key";
/// `$context.identity.apiKeyId` under test, as reported.
const TESTED_API_KEY_ID: &str = "test-invoke-api-key-id";
/// APIs on AWS are called at no other port.
const HTTPS_PORT: u16 = 443;

/// The facts of a request that nothing changes, apart from its fields and body.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub(crate) ids: RequestIds,
    /// When its head was there.
    pub(crate) started: Instant,
    /// The same moment on the wall clock.
    pub(crate) epoch: EpochMillis,
    /// The verb that counts: the client's, or the one it asked for with `X-HTTP-Method-Override`.
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) version: Version,
    pub(crate) peer: IpAddr,
    pub(crate) local_port: u16,
    pub(crate) tls: bool,
    pub(crate) host: Option<HeaderValue>,
    pub(crate) user_agent: Option<HeaderValue>,
    /// How the names of its fields are spelled; see [`Self::spellings`].
    pub(crate) names: WrittenNames,
    /// The client's own verb, where it asked for another.
    pub(crate) overridden: Option<Box<Method>>,
    /// What asks for an execution log, taken out of the message's fields: nothing behind this gateway is to see it.
    pub(crate) log_token: Option<Box<HeaderValue>>,
    /// Its execution log, if it has one; see [`Self::log`].
    pub(crate) log: OnceLock<Arc<ExecutionLog>>,
    /// The API key that it was let in with; set by admission, for methods that require one.
    pub(crate) api_key: OnceLock<Box<AcceptedKey>>,
    /// Who sent it, once that is proven.
    pub(crate) caller: OnceLock<Arc<Caller>>,
    /// The method that it was routed to, in its stage's deployment.
    pub(crate) method_index: OnceLock<MethodIndex>,
    /// What is noted down of it, if anybody asks; see [`Self::observed`].
    pub(crate) observed: OnceLock<Arc<Observed>>,
    /// When the integration was begun, where anything was waited for before; see [`Self::integration_latency`].
    pub(crate) integration_began: OnceLock<Instant>,
    /// What its authorizer said of it.
    pub(crate) authorizer: OnceLock<Box<Identified>>,
    /// How asking its authorizer went, whatever came of it.
    pub(crate) authorizing: OnceLock<Box<Attempt>>,
}

/// Who wrote the names of a request's fields, and where that is to be found.
#[derive(Clone, Debug)]
pub(crate) enum WrittenNames {
    /// A client: they are found out when they are asked for.
    Sent(SentNames),
    /// Somebody who made the request up.
    Given(Arc<[Box<str>]>),
}

impl Default for WrittenNames {
    fn default() -> Self {
        Self::Sent(SentNames::default())
    }
}

/// Fields and body of a request, and which fields with a rule are among them.
#[derive(Default)]
pub(crate) struct Message {
    pub(crate) headers: HeaderMap,
    pub(crate) present: Fields,
    pub(crate) body: Body,
}

/// The ids that a request and its answer carry. Slices of one allocation unless the client brought its own.
#[derive(Clone, Debug)]
pub(crate) struct RequestIds {
    /// A UUID.
    pub(crate) request: HeaderValue,
    /// The same for the log.
    pub(crate) extended: HeaderValue,
    /// `Root=…;Parent=…;Sampled=…`.
    pub(crate) trace: HeaderValue,
}

impl Arrival {
    /// Splits a request into its facts and its message.
    pub(crate) fn new(request: Request) -> (Self, Message) {
        let Request { method, uri, version, mut headers, names, body, peer, local, tls } = request;
        let (present, host, user_agent) = facts_of(&headers);
        let log_token = if present.has(Field::LogToken) { headers.remove(Field::LogToken.name()).map(Box::new) } else { None };
        let epoch = clock::now();
        let arrival = Self {
            ids: RequestIds::new(&headers, present, epoch),
            started: Instant::now(),
            epoch,
            overridden: present.has(Field::MethodOverride).then(|| Box::new(method.clone())),
            method: effective_method(method, &headers, present),
            uri,
            version,
            peer: peer.ip().to_canonical(),
            local_port: local.port(),
            tls,
            host,
            user_agent,
            names: WrittenNames::Sent(names),
            log_token,
            log: OnceLock::new(),
            api_key: OnceLock::new(),
            caller: OnceLock::new(),
            method_index: OnceLock::new(),
            observed: OnceLock::new(),
            integration_began: OnceLock::new(),
            authorizer: OnceLock::new(),
            authorizing: OnceLock::new(),
        };
        (arrival, Message { headers, present, body })
    }

    /// The facts of a request that TestInvokeMethod makes up, with AWS's values for what only a connection has.
    pub(crate) fn tested(method: Method, uri: Uri, mut headers: HeaderMap, body: Bytes) -> (Self, Message) {
        headers.remove(Field::LogToken.name());
        let (present, _, user_agent) = facts_of(&headers);
        let epoch = clock::now();
        let arrival = Self {
            ids: RequestIds::new(&headers, present, epoch),
            started: Instant::now(),
            epoch,
            method,
            uri,
            version: Version::HTTP_11,
            peer: Ipv4Addr::LOCALHOST.into(),
            local_port: HTTPS_PORT,
            tls: true,
            host: Some(HeaderValue::from_static(TESTED_DOMAIN)),
            user_agent,
            names: WrittenNames::default(),
            overridden: None,
            log_token: None,
            log: OnceLock::new(),
            api_key: OnceLock::new(),
            caller: OnceLock::new(),
            method_index: OnceLock::new(),
            observed: OnceLock::new(),
            integration_began: OnceLock::new(),
            authorizer: OnceLock::new(),
            authorizing: OnceLock::new(),
        };
        (arrival, Message { headers, present, body: body.into() })
    }

    /// The names of its fields as they were written, where that is known: HTTP/2 has lower case alone, and of pipelined requests it is
    /// not known. Found out anew each time, while the request is being answered.
    pub(crate) fn spellings(&self) -> Spellings {
        let mut spellings = Spellings::default();
        match &self.names {
            WrittenNames::Sent(names) => names.list().iter().for_each(|name| spellings.add(name)),
            WrittenNames::Given(names) => names.iter().for_each(|name| spellings.add(name)),
        }
        spellings
    }

    /// Where its execution log is written; most requests have none.
    pub(crate) fn log(&self) -> Option<&ExecutionLog> {
        self.log.get().map(|log| &**log)
    }

    /// Where notes of it are taken; most requests have no such place.
    pub(crate) fn observed(&self) -> Option<&Observed> {
        self.observed.get().map(|observed| &**observed)
    }

    /// Takes notes of it from now on; with a place in a trace, backends and clients are told that.
    pub(crate) fn observe(&mut self, trace: Option<TraceContext>) {
        if let Some(trace) = &trace {
            self.ids.trace = trace.amazon();
        }
        let _ = self.observed.set(Arc::new(Observed::of(trace)));
    }

    /// The integration is called from now on.
    pub(crate) fn integration_begins(&self) {
        let _ = self.integration_began.set(Instant::now());
    }

    /// How long it waited before its integration was called.
    pub(crate) fn waited(&self) -> Duration {
        self.integration_began.get().map_or(Duration::ZERO, |began| began.saturating_duration_since(self.started))
    }

    /// How long its integration has been taking. What comes before takes no time worth a look at the clock, unless it waits.
    pub(crate) fn integration_latency(&self) -> Duration {
        self.integration_began.get().unwrap_or(&self.started).elapsed()
    }

    /// Who sent it, if that is proven.
    pub(crate) fn caller(&self) -> Option<&Caller> {
        self.caller.get().map(|caller| &**caller)
    }

    /// `http` or `https`.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.tls { "https" } else { "http" }
    }
}

/// What the fields say, in one pass: which of those with a rule there are, the host and the user agent.
fn facts_of(headers: &HeaderMap) -> (Fields, Option<HeaderValue>, Option<HeaderValue>) {
    let (mut present, mut host, mut user_agent) = (Fields::default(), None, None);
    for (name, value) in headers {
        present.add(name);
        let kept = match *name {
            header::HOST => &mut host,
            header::USER_AGENT => &mut user_agent,
            _ => continue,
        };
        // The first, where there are several.
        kept.get_or_insert_with(|| value.clone());
    }
    (present, host, user_agent)
}

/// AWS documents that `X-HTTP-Method-Override` changes the method. A value that is no method changes nothing.
fn effective_method(sent: Method, headers: &HeaderMap, present: Fields) -> Method {
    if !present.has(Field::MethodOverride) {
        return sent;
    }
    let value = headers.get(Field::MethodOverride.name());
    value.and_then(|value| Method::from_bytes(value.as_bytes()).ok()).unwrap_or(sent)
}

impl RequestIds {
    fn new(headers: &HeaderMap, present: Fields, epoch: EpochMillis) -> Self {
        let mut text = [0_u8; UUID_LEN + EXTENDED_ID_LEN + TRACE_LEN];
        let (uuid, rest) = text.split_at_mut(UUID_LEN);
        let (extended, trace) = rest.split_at_mut(EXTENDED_ID_LEN);
        let (high, low) = (fastrand::u64(..), fastrand::u64(..));
        write_uuid(uuid, high, low);
        write_extended_id(extended, [fastrand::u64(..), fastrand::u64(..)]);
        let root = present.has(Field::TraceId).then(|| headers.get(names::TRACE_ID)).flatten().and_then(root_of);
        write_trace(trace, root, epoch.seconds(), low);
        // One allocation, which its slices share.
        let text = Bytes::from_owner(text);
        let value = |from: usize, len: usize| {
            HeaderValue::from_maybe_shared(text.slice(from..from + len)).expect("hexadecimal and base64 digits are visible ASCII")
        };
        let own = present.has(Field::RequestId).then(|| headers.get(names::REQUEST_ID)).flatten();
        Self {
            // Documented: a client's UUID replaces the request id.
            request: own.filter(|id| is_uuid(id.as_bytes())).cloned().unwrap_or_else(|| value(0, UUID_LEN)),
            extended: value(UUID_LEN, EXTENDED_ID_LEN),
            trace: value(UUID_LEN + EXTENDED_ID_LEN, TRACE_LEN),
        }
    }

    /// `Root=…` alone, as gateway responses carry it.
    pub(crate) fn trace_root(&self) -> HeaderValue {
        HeaderValue::from_bytes(&self.trace.as_bytes()[..5 + ROOT_LEN]).expect("it was a header value before")
    }
}

/// The two digits of each byte.
const HEX: [[u8; 2]; 256] = {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < pairs.len() {
        pairs[byte] = [DIGITS[byte >> 4], DIGITS[byte & 15]];
        byte += 1;
    }
    pairs
};

/// The lowest digits of `value`, as many as `out` has room for: an even number.
fn write_hex(out: &mut [u8], value: u64) {
    let bytes = value.to_be_bytes();
    let bytes = &bytes[bytes.len() - out.len() / 2..];
    for (pair, byte) in out.as_chunks_mut().0.iter_mut().zip(bytes) {
        *pair = HEX[usize::from(*byte)];
    }
}

/// RFC 9562, version 4.
fn write_uuid(out: &mut [u8], high: u64, low: u64) {
    let high = (high & !0xf000) | 0x4000;
    let low = (low & !(0b11 << 62)) | (0b10 << 62);
    write_hex(&mut out[..8], high >> 32);
    out[8] = b'-';
    write_hex(&mut out[9..13], high >> 16);
    out[13] = b'-';
    write_hex(&mut out[14..18], high);
    out[18] = b'-';
    write_hex(&mut out[19..23], low >> 48);
    out[23] = b'-';
    write_hex(&mut out[24..], low);
}

/// `random` gives two halves: ten digits of six bits fit into the first, the others into the second.
fn write_extended_id(out: &mut [u8], random: [u64; 2]) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (first, second) = out[..EXTENDED_ID_LEN - 1].split_at_mut(10);
    for (digits, mut random) in [first, second].into_iter().zip(random) {
        for digit in digits {
            *digit = ALPHABET[(random & 63) as usize];
            random >>= 6;
        }
    }
    out[EXTENDED_ID_LEN - 1] = b'=';
}

/// A client's root is kept, everything else is this gateway's own.
fn write_trace(out: &mut [u8], root: Option<&[u8]>, seconds: u64, seed: u64) {
    out[..5].copy_from_slice(b"Root=");
    match root {
        Some(root) => out[5..5 + ROOT_LEN].copy_from_slice(root),
        None => {
            out[5..7].copy_from_slice(b"1-");
            write_hex(&mut out[7..15], seconds);
            out[15] = b'-';
            write_hex(&mut out[16..32], fastrand::u64(..));
            write_hex(&mut out[32..40], seed);
        }
    }
    out[40..48].copy_from_slice(b";Parent=");
    write_hex(&mut out[48..64], fastrand::u64(..));
    out[64..].copy_from_slice(b";Sampled=0");
}

/// The root in a client's trace header, when it has the form that AWS documents.
fn root_of(value: &HeaderValue) -> Option<&[u8]> {
    let field =
        value.as_bytes().split(|byte| *byte == b';').map(<[u8]>::trim_ascii).find_map(|part| part.strip_prefix(b"Root="))?;
    let shaped = field.len() == ROOT_LEN && field.starts_with(b"1-") && field[10] == b'-';
    let hex = |part: &[u8]| part.iter().all(u8::is_ascii_hexdigit);
    (shaped && hex(&field[2..10]) && hex(&field[11..])).then_some(field)
}

fn is_uuid(text: &[u8]) -> bool {
    text.len() == UUID_LEN
        && text.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// A `$context` variable that has a value on this gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ContextVariable {
    AccountId,
    ApiId,
    DeploymentId,
    DomainName,
    DomainPrefix,
    ExtendedRequestId,
    HttpMethod,
    ApiKey,
    Caller(CallerFact),
    /// `authorizer.…`: what an authorizer said under this name.
    Authorizer(Box<str>),
    ApiKeyId,
    SourceIp,
    UserAgent,
    IsCanaryRequest,
    Path,
    Protocol,
    RequestId,
    RequestTime,
    RequestTimeEpoch,
    ResourceId,
    ResourcePath,
    Stage,
    XrayTraceId,
}

impl ContextVariable {
    /// The variable that `name` (without `context.`) stands for; `None` for one that is never set here.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "accountId" => Self::AccountId,
            "apiId" => Self::ApiId,
            "deploymentId" => Self::DeploymentId,
            "domainName" => Self::DomainName,
            "domainPrefix" => Self::DomainPrefix,
            "extendedRequestId" => Self::ExtendedRequestId,
            "httpMethod" => Self::HttpMethod,
            "identity.apiKey" => Self::ApiKey,
            "identity.apiKeyId" => Self::ApiKeyId,
            "identity.sourceIp" => Self::SourceIp,
            "identity.userAgent" => Self::UserAgent,
            "isCanaryRequest" => Self::IsCanaryRequest,
            "path" => Self::Path,
            "protocol" => Self::Protocol,
            "requestId" => Self::RequestId,
            "requestTime" => Self::RequestTime,
            "requestTimeEpoch" => Self::RequestTimeEpoch,
            "resourceId" => Self::ResourceId,
            "resourcePath" => Self::ResourcePath,
            "stage" => Self::Stage,
            "xrayTraceId" => Self::XrayTraceId,
            other if other.starts_with("authorizer.") => Self::Authorizer(other["authorizer.".len()..].into()),
            other => {
                let name = other.strip_prefix("identity.")?;
                Self::Caller(CallerFact::ALL.into_iter().find(|(known, _)| *known == name)?.1)
            }
        })
    }

    /// Its value for a request. `resource` is (id, path), unknown before routing.
    pub(crate) fn value<'a>(
        &self,
        arrival: &'a Arrival,
        stage: &'a PublishedStage,
        resource: Option<(&'a str, &'a str)>,
    ) -> Option<Cow<'a, str>> {
        let text = |value: &'a HeaderValue| value.to_str().ok().map(Cow::Borrowed);
        let host = || arrival.host.as_ref().and_then(|host| host.to_str().ok());
        let domain = || host().map(|host| host.rsplit_once(':').map_or(host, |(name, _)| name));
        match self {
            Self::AccountId => Some(stage.account().into()),
            Self::ApiId => Some(stage.api_id().into()),
            Self::DeploymentId => Some(stage.deployment_id().into()),
            Self::DomainName => domain().map(Cow::Borrowed),
            Self::DomainPrefix => domain().and_then(|name| name.split('.').next()).map(Cow::Borrowed),
            Self::ExtendedRequestId => text(&arrival.ids.extended),
            Self::HttpMethod => Some(arrival.method.as_str().into()),
            Self::ApiKey if stage.is_test() => Some(TESTED_API_KEY.into()),
            Self::ApiKey => text(&arrival.api_key.get()?.value),
            Self::ApiKeyId if stage.is_test() => Some(TESTED_API_KEY_ID.into()),
            Self::ApiKeyId => Some(arrival.api_key.get()?.id.as_str().into()),
            Self::Caller(fact) => arrival.caller().map(|caller| caller.fact(*fact)),
            Self::Authorizer(path) => arrival.authorizer.get()?.variable(path),
            Self::SourceIp if stage.is_test() => Some(TESTED_SOURCE_IP.into()),
            Self::SourceIp => Some(arrival.peer.to_string().into()),
            Self::UserAgent => arrival.user_agent.as_ref().and_then(text),
            Self::IsCanaryRequest => Some(if stage.is_canary() { "true" } else { "false" }.into()),
            // A test has no stage in its path.
            Self::Path if stage.is_test() => Some(arrival.uri.path().into()),
            Self::Path => Some(path_from_stage(arrival)),
            Self::Protocol => Some(if arrival.version == Version::HTTP_2 { "HTTP/2.0" } else { "HTTP/1.1" }.into()),
            Self::RequestId => text(&arrival.ids.request),
            Self::RequestTime => Some(arrival.epoch.request_time().into()),
            Self::RequestTimeEpoch => Some(arrival.epoch.0.to_string().into()),
            Self::ResourceId => resource.map(|(id, _)| id.into()),
            Self::ResourcePath => resource.map(|(_, path)| path.into()),
            Self::Stage => Some(stage.name().into()),
            Self::XrayTraceId => Some(Cow::Owned(xray_root(&arrival.ids.trace))),
        }
    }
}

fn xray_root(trace: &HeaderValue) -> String {
    String::from_utf8_lossy(&trace.as_bytes()[5..5 + ROOT_LEN]).into_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn ids(fields: &[(&'static str, &'static str)]) -> RequestIds {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        RequestIds::new(&headers, Fields::of(&headers), EpochMillis(1_775_738_096_007))
    }

    #[test]
    fn shapes() {
        let ids = ids(&[]);
        let id = ids.request.to_str().unwrap();
        assert!(is_uuid(id.as_bytes()), "{id}");
        assert_eq!(&id[14..15], "4");
        assert!("89ab".contains(&id[19..20]));
        let extended = ids.extended.to_str().unwrap();
        assert!(extended.len() == 16 && extended.ends_with('='));
        let trace = ids.trace.to_str().unwrap();
        assert!(trace.starts_with("Root=1-") && trace.contains(";Parent=") && trace.ends_with(";Sampled=0"), "{trace}");
        assert!(root_of(&ids.trace).is_some());
        assert_eq!(ids.trace_root().len(), 40);
    }

    #[test]
    fn two_requests_differ() {
        assert_ne!(ids(&[]).request, ids(&[]).request);
    }

    #[test]
    fn a_clients_own_ids() {
        let own = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef";
        assert_eq!(ids(&[("x-amzn-requestid", own)]).request, own);
        assert_ne!(ids(&[("x-amzn-requestid", "not-a-uuid")]).request, "not-a-uuid");
        let root = "Root=1-3152b799-8954dae64eda91bc9a23a7e8";
        let trace = ids(&[("x-amzn-trace-id", "Self=1; Root=1-3152b799-8954dae64eda91bc9a23a7e8;Sampled=1")]).trace;
        assert!(trace.to_str().unwrap().starts_with(root), "{trace:?}");
        let trace = ids(&[("x-amzn-trace-id", "Root=evil")]).trace;
        assert!(!trace.to_str().unwrap().contains("evil"));
    }

    #[test]
    fn variables() {
        assert_eq!(ContextVariable::parse("identity.sourceIp"), Some(ContextVariable::SourceIp));
        assert_eq!(ContextVariable::parse("identity.user"), Some(ContextVariable::Caller(CallerFact::User)));
        assert_eq!(ContextVariable::parse("identity.cognitoIdentityId"), None);
    }
}
