//! The fields that carry a trace from one server to the next.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::Tracing;
use crate::headers::names;

/// W3C Trace Context.
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// `00-`, 32 digits, `-`, 16 digits, `-`, 2 digits. A later version may be longer and begins alike.
const TRACEPARENT_LEN: usize = 55;

/// The place of one request in its trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TraceContext {
    pub(super) trace_id: u128,
    /// The client's span.
    pub(super) parent_id: Option<u64>,
    /// This request's.
    pub(super) server_id: u64,
    /// That of the integration's call: what the backend's spans are parts of.
    pub(super) client_id: u64,
    pub(super) is_sampled: bool,
}

/// What a client says of its trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Incoming {
    trace_id: u128,
    parent_id: Option<u64>,
    /// `None`: that is for this gateway to decide.
    is_sampled: Option<bool>,
}

impl TraceContext {
    /// The client's trace, or one with the id that the gateway made up.
    pub(crate) fn begin(headers: &HeaderMap, made_up: &HeaderValue, tracing: &Tracing) -> Self {
        let incoming = headers.get(names::TRACE_ID).and_then(of_amazon).or_else(|| headers.get(TRACEPARENT).and_then(of_w3c));
        let incoming = incoming.or_else(|| of_amazon(made_up).map(|own| Incoming { parent_id: None, is_sampled: None, ..own }));
        // It has a root: the gateway made it.
        let incoming = incoming.unwrap_or(Incoming { trace_id: 0, parent_id: None, is_sampled: Some(false) });
        Self {
            trace_id: incoming.trace_id,
            parent_id: incoming.parent_id,
            server_id: fastrand::u64(1..),
            client_id: fastrand::u64(1..),
            is_sampled: incoming.is_sampled.unwrap_or_else(|| tracing.draw()),
        }
    }

    /// `X-Amzn-Trace-Id` for the backend.
    pub(crate) fn amazon(&self) -> HeaderValue {
        let id = format!("{:032x}", self.trace_id);
        let (time, rest) = id.split_at(8);
        value(format!("Root=1-{time}-{rest};Parent={:016x};Sampled={}", self.client_id, u8::from(self.is_sampled)))
    }

    /// `traceparent` for the backend.
    pub(crate) fn w3c(&self) -> HeaderValue {
        value(format!("00-{:032x}-{:016x}-{:02x}", self.trace_id, self.client_id, u8::from(self.is_sampled)))
    }
}

fn value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("digits, letters and signs are visible ASCII")
}

/// AWS docs, "Tracing header" of X-Ray: `Root=1-{8}-{24};Parent={16};Sampled={0 or 1}`, the latter two optional. `Sampled=?` asks for a decision.
fn of_amazon(value: &HeaderValue) -> Option<Incoming> {
    let text = value.to_str().ok()?;
    let part = |name: &str| text.split(';').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
    let root = part("Root")?;
    let (version, rest) = root.split_once('-')?;
    let (time, rest) = rest.split_once('-')?;
    if version != "1" || time.len() != 8 || rest.len() != 24 {
        return None;
    }
    Some(Incoming {
        trace_id: hex(&format!("{time}{rest}")).filter(|id| *id != 0)?,
        parent_id: part("Parent")
            .filter(|id| id.len() == 16)
            .and_then(hex)
            .and_then(|id| u64::try_from(id).ok())
            .filter(|id| *id != 0),
        is_sampled: match part("Sampled") {
            Some("1") => Some(true),
            Some("0") => Some(false),
            _ => None,
        },
    })
}

/// W3C Trace Context, "traceparent Header": a later version is read as far as this one goes.
fn of_w3c(value: &HeaderValue) -> Option<Incoming> {
    let text = value.to_str().ok()?.trim();
    let (known, more) = text.split_at_checked(TRACEPARENT_LEN)?;
    let [version, trace_id, parent_id, flags] = known.split('-').collect::<Vec<_>>()[..] else { return None };
    let is_well_formed = (version.len(), trace_id.len(), parent_id.len(), flags.len()) == (2, 32, 16, 2);
    let is_read = version != "ff" && (more.is_empty() || (version != "00" && more.starts_with('-')));
    if !is_well_formed || !is_read || known.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    hex(version)?;
    Some(Incoming {
        trace_id: hex(trace_id).filter(|id| *id != 0)?,
        parent_id: Some(u64::try_from(hex(parent_id)?).ok().filter(|id| *id != 0)?),
        is_sampled: Some(hex(flags)? & 1 == 1),
    })
}

/// Digits alone: the standard library takes a sign as well.
fn hex(text: &str) -> Option<u128> {
    text.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u128::from_str_radix(text, 16).ok())?
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const TRACE: u128 = 0x5759_e988_bd86_2e3f_e1be_46a9_9427_2793;

    fn amazon(text: &'static str) -> Option<Incoming> {
        of_amazon(&HeaderValue::from_static(text))
    }

    fn w3c(text: &'static str) -> Option<Incoming> {
        of_w3c(&HeaderValue::from_static(text))
    }

    #[test]
    fn awss_field() {
        let whole = amazon("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1").unwrap();
        assert_eq!(whole, Incoming { trace_id: TRACE, parent_id: Some(0x5399_5c3f_42cd_8ad8), is_sampled: Some(true) });
        let root = amazon("Self=1-x; Root=1-5759e988-bd862e3fe1be46a994272793; Sampled=?").unwrap();
        assert_eq!((root.parent_id, root.is_sampled), (None, None));
        for wrong in [
            "",
            "Root=1",
            "Root=2-5759e988-bd862e3fe1be46a994272793",
            "Root=1-5759e988-+d862e3fe1be46a994272793",
            "Sampled=1",
            "Root=1-00000000-000000000000000000000000",
        ] {
            assert_eq!(amazon(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn w3cs_field() {
        let whole = w3c("00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01").unwrap();
        assert_eq!(whole, Incoming { trace_id: TRACE, parent_id: Some(0x5399_5c3f_42cd_8ad8), is_sampled: Some(true) });
        assert_eq!(w3c("cc-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-00-what-comes").unwrap().is_sampled, Some(false));
        for wrong in [
            "",
            "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01-more",
            "ff-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01",
            "00-00000000000000000000000000000000-53995c3f42cd8ad8-01",
            "00-5759e988bd862e3fe1be46a994272793-0000000000000000-01",
            "00-5759E988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01",
            "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-0",
            "00-5759e988bd862e3fe1be46a99427279-553995c3f42cd8ad8-01",
        ] {
            assert_eq!(w3c(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_goes_on() {
        let made_up = HeaderValue::from_static("Root=1-00000001-000000000000000000000002;Parent=0000000000000003;Sampled=0");
        let tracing = Tracing { sink: None, sample_percent: 100 };
        let own = TraceContext::begin(&HeaderMap::new(), &made_up, &tracing);
        assert_eq!((own.trace_id >> 96, own.parent_id, own.is_sampled), (1, None, true));
        let never = TraceContext::begin(&HeaderMap::new(), &made_up, &Tracing { sink: None, sample_percent: 0 });
        assert!(!never.is_sampled);
        let mut headers = HeaderMap::new();
        headers.insert(TRACEPARENT, HeaderValue::from_static("00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-00"));
        let theirs = TraceContext::begin(&headers, &made_up, &tracing);
        assert_eq!((theirs.trace_id, theirs.is_sampled), (TRACE, false));
        let sent = format!("Root=1-5759e988-bd862e3fe1be46a994272793;Parent={:016x};Sampled=0", theirs.client_id);
        assert_eq!(theirs.amazon(), sent.as_str());
        assert_eq!(theirs.w3c(), format!("00-5759e988bd862e3fe1be46a994272793-{:016x}-00", theirs.client_id).as_str());
    }
}
