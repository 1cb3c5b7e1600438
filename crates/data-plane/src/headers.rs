//! Header rules: which fields travel on, which are dropped, renamed or added.
//!
//! The source is AWS's table in "Amazon API Gateway important notes", with the remaps that were recorded for HTTP_PROXY. Fields of
//! one connection (RFC 9110, 7.6.1) pass in neither direction, whatever that table says.
//!
//! A message's fields are looked at once: [`Fields::of`] notes which of the names with a rule are there, so that what is absent,
//! which is most, costs no lookup.

use http::header::{self, Entry};
use http::{HeaderMap, HeaderName, HeaderValue};
use postern_api_model::apigateway::IntegrationType;

macro_rules! fields {
    ($($variant:ident = $name:expr,)+) => {
        /// A field name that some rule speaks of.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum Field { $($variant),+ }

        impl Field {
            #[cfg(test)]
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name on the wire. A constant, since making a name reads all of it.
            pub(crate) const fn name(self) -> HeaderName {
                match self { $(Self::$variant => const { $name }),+ }
            }

            const fn from_bit(bit: u32) -> Option<Self> {
                $(if bit == Self::$variant as u32 { return Some(Self::$variant); })+
                None
            }
        }
    };
}

fields! {
    Te = header::TE,
    Via = header::VIA,
    Host = header::HOST,
    Date = header::DATE,
    Expect = header::EXPECT,
    Server = header::SERVER,
    Upgrade = header::UPGRADE,
    Trailer = header::TRAILER,
    Connection = header::CONNECTION,
    KeepAlive = HeaderName::from_static("keep-alive"),
    UserAgent = header::USER_AGENT,
    ContentMd5 = HeaderName::from_static("content-md5"),
    ContentType = header::CONTENT_TYPE,
    MaxForwards = header::MAX_FORWARDS,
    Authorization = header::AUTHORIZATION,
    ContentLength = header::CONTENT_LENGTH,
    Http2Settings = HeaderName::from_static("http2-settings"),
    ApigwId = HeaderName::from_static("x-amz-apigw-id"),
    TraceId = HeaderName::from_static("x-amzn-trace-id"),
    ForwardedFor = HeaderName::from_static("x-forwarded-for"),
    ProxyConnection = HeaderName::from_static("proxy-connection"),
    WwwAuthenticate = header::WWW_AUTHENTICATE,
    RequestId = HeaderName::from_static("x-amzn-requestid"),
    TransferEncoding = header::TRANSFER_ENCODING,
    ProxyAuthenticate = header::PROXY_AUTHENTICATE,
    ProxyAuthorization = header::PROXY_AUTHORIZATION,
    MethodOverride = HeaderName::from_static("x-http-method-override"),
    LogToken = HeaderName::from_static("x-postern-log"),
}

/// Names that the gateway sets.
pub(crate) mod names {
    use http::HeaderName;

    pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
    pub(crate) const APIGW_ID: HeaderName = HeaderName::from_static("x-amz-apigw-id");
    pub(crate) const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
    pub(crate) const TRACE_ID: HeaderName = HeaderName::from_static("x-amzn-trace-id");
    pub(crate) const API_ID: HeaderName = HeaderName::from_static("x-amzn-apigateway-api-id");
    pub(crate) const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
    pub(crate) const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
    pub(crate) const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
    pub(crate) const FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
}

/// A set of [`Field`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fields(u32);

impl Fields {
    /// The fields with a rule that `headers` holds.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut set = Self::default();
        headers.keys().for_each(|name| set.add(name));
        set
    }

    /// Adds the field of this name, if a rule speaks of it.
    pub(crate) fn add(&mut self, name: &HeaderName) {
        if let Some(field) = classify(name.as_str()) {
            self.0 |= 1 << field as u32;
        }
    }

    /// Whether `field` is in the set.
    pub(crate) fn has(self, field: Field) -> bool {
        self.0 & (1 << field as u32) != 0
    }

    const fn set(fields: &[Field]) -> Self {
        let (mut set, mut at) = (0, 0);
        while at < fields.len() {
            set |= 1 << fields[at] as u32;
            at += 1;
        }
        Self(set)
    }

    const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Iterator for Fields {
    type Item = Field;

    fn next(&mut self) -> Option<Field> {
        let bit = (self.0 != 0).then(|| self.0.trailing_zeros())?;
        self.0 &= self.0 - 1;
        Field::from_bit(bit)
    }
}

/// The rule's field for a name in lower case. By length first: most names differ from all others in that alone.
fn classify(name: &str) -> Option<Field> {
    let field = match (name.len(), name) {
        (2, "te") => Field::Te,
        (3, "via") => Field::Via,
        (4, "host") => Field::Host,
        (4, "date") => Field::Date,
        (6, "expect") => Field::Expect,
        (6, "server") => Field::Server,
        (7, "upgrade") => Field::Upgrade,
        (7, "trailer") => Field::Trailer,
        (10, "connection") => Field::Connection,
        (10, "keep-alive") => Field::KeepAlive,
        (10, "user-agent") => Field::UserAgent,
        (11, "content-md5") => Field::ContentMd5,
        (12, "content-type") => Field::ContentType,
        (12, "max-forwards") => Field::MaxForwards,
        (13, "authorization") => Field::Authorization,
        (14, "content-length") => Field::ContentLength,
        (13, "x-postern-log") => Field::LogToken,
        (14, "http2-settings") => Field::Http2Settings,
        (14, "x-amz-apigw-id") => Field::ApigwId,
        (15, "x-amzn-trace-id") => Field::TraceId,
        (15, "x-forwarded-for") => Field::ForwardedFor,
        (16, "proxy-connection") => Field::ProxyConnection,
        (16, "www-authenticate") => Field::WwwAuthenticate,
        (16, "x-amzn-requestid") => Field::RequestId,
        (17, "transfer-encoding") => Field::TransferEncoding,
        (18, "proxy-authenticate") => Field::ProxyAuthenticate,
        (19, "proxy-authorization") => Field::ProxyAuthorization,
        (22, "x-http-method-override") => Field::MethodOverride,
        _ => return None,
    };
    Some(field)
}

/// Fields that belong to one connection.
const HOP_BY_HOP: Fields = Fields::set(&[
    Field::Connection,
    Field::KeepAlive,
    Field::ProxyConnection,
    Field::Te,
    Field::Trailer,
    Field::TransferEncoding,
    Field::Upgrade,
    Field::Http2Settings,
    Field::ProxyAuthenticate,
    Field::ProxyAuthorization,
]);

/// Dropped from a request. `content-length` is regenerated from the body; `host` stays, to be overwritten where it stands.
const REQUEST_DROPPED: Fields = HOP_BY_HOP.or(Fields::set(&[
    Field::ContentLength,
    Field::ContentMd5,
    Field::Expect,
    Field::MaxForwards,
    Field::MethodOverride,
    Field::Server,
    Field::TraceId,
    Field::Via,
    Field::WwwAuthenticate,
]));

/// Dropped from a response. (`proxy-authenticate` and `connection` are among the fields of one connection.)
const RESPONSE_DROPPED: Fields = HOP_BY_HOP.or(Fields::set(&[Field::ApigwId, Field::Expect, Field::Host, Field::Via]));

/// Renamed in a response, see [`remapped`].
const REMAPPED: Fields = Fields::set(&[
    Field::Connection,
    Field::ContentLength,
    Field::Date,
    Field::RequestId,
    Field::Server,
    Field::WwwAuthenticate,
    Field::Authorization,
    Field::ContentMd5,
    Field::MaxForwards,
    Field::UserAgent,
]);

/// `x-amzn-remapped-{name}`: recorded for the first four, the documented table for the others.
const fn remapped(field: Field) -> Option<HeaderName> {
    macro_rules! to {
        ($name:literal) => {
            const { HeaderName::from_static(concat!("x-amzn-remapped-", $name)) }
        };
    }
    Some(match field {
        Field::Connection => to!("connection"),
        Field::ContentLength => to!("content-length"),
        Field::Date => to!("date"),
        Field::RequestId => to!("x-amzn-requestid"),
        Field::Server => to!("server"),
        Field::WwwAuthenticate => to!("www-authenticate"),
        Field::Authorization => to!("authorization"),
        Field::ContentMd5 => to!("content-md5"),
        Field::MaxForwards => to!("max-forwards"),
        Field::UserAgent => to!("user-agent"),
        _ => return None,
    })
}

/// Removes from a client's fields what does not travel on to a proxied backend.
pub(crate) fn strip_request(headers: &mut HeaderMap, present: Fields) {
    if present.has(Field::Connection) {
        remove_named_by_connection(headers);
    }
    for field in present.and(REQUEST_DROPPED) {
        headers.remove(field.name());
    }
    // A signature was made for this gateway, and its secret half is not the backend's business.
    if present.has(Field::Authorization) && headers.get_all(header::AUTHORIZATION).iter().any(is_sigv4) {
        headers.remove(header::AUTHORIZATION);
    }
}

/// Removes from a client's fields what a function does not see: of those that no backend sees, `Via` alone is for functions (AWS's table).
pub(crate) fn strip_event(headers: &mut HeaderMap, present: Fields) {
    let via: Vec<HeaderValue> =
        if present.has(Field::Via) { headers.get_all(header::VIA).iter().cloned().collect() } else { Vec::new() };
    strip_request(headers, present);
    for value in via {
        headers.append(header::VIA, value);
    }
}

/// Removes and renames in a backend's fields what does not travel on to the client as it is.
pub(crate) fn rewrite_response(headers: &mut HeaderMap, present: Fields) {
    if present.and(RESPONSE_DROPPED.or(REMAPPED)) == Fields::default() {
        return;
    }
    // Seldom is a field there several times, which costs more to look after.
    let has_repeated = headers.len() > headers.keys_len();
    if present.has(Field::Connection) && (has_repeated || !headers.get(header::CONNECTION).is_some_and(names_no_field)) {
        remove_named_by_connection(headers);
    }
    for field in present.and(REMAPPED) {
        let Some(to) = remapped(field) else { continue };
        if has_repeated {
            rename_all(headers, field.name(), to);
        } else if let Some(value) = headers.remove(field.name()) {
            headers.insert(to, value);
        }
    }
    for field in present.and(RESPONSE_DROPPED) {
        headers.remove(field.name());
    }
}

fn rename_all(headers: &mut HeaderMap, from: HeaderName, to: HeaderName) {
    let Entry::Occupied(entry) = headers.entry(from) else { return };
    let mut values = entry.remove_entry_mult().1;
    let Some(first) = values.next() else { return };
    let rest: Vec<HeaderValue> = values.collect();
    headers.insert(to.clone(), first);
    for value in rest {
        headers.append(to.clone(), value);
    }
}

/// What a mapped method response header of this name becomes: itself, a remapped name, or nothing.
pub(crate) fn response_name(name: HeaderName) -> Option<HeaderName> {
    let Some(field) = classify(name.as_str()) else { return Some(name) };
    remapped(field).or_else(|| (!RESPONSE_DROPPED.has(field)).then_some(name))
}

/// Whether a mapping may set this request header: fields that frame the message or belong to one connection are the gateway's.
pub(crate) fn may_be_mapped(name: &HeaderName) -> bool {
    const NEVER: Fields = HOP_BY_HOP.or(Fields::set(&[Field::Expect]));
    classify(name.as_str()).is_none_or(|field| !NEVER.has(field))
}

/// Mapping these fails every request with 500, as reported from AWS.
fn is_forbidden_mapping(name: &HeaderName) -> bool {
    *name == header::CONTENT_LENGTH || *name == header::TRANSFER_ENCODING || *name == names::TRACE_ID || *name == names::API_ID
}

/// Whose rules a mapping of request headers follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ForbiddenMappings {
    /// [`is_forbidden_mapping`].
    OfAll,
    /// Those, and what AWS's own requests to its services consist of, as reported.
    OfServices,
}

impl ForbiddenMappings {
    /// Of an integration of this type.
    pub(crate) fn of(kind: &IntegrationType) -> Self {
        match kind {
            IntegrationType::Aws | IntegrationType::AwsProxy => Self::OfServices,
            IntegrationType::Http | IntegrationType::HttpProxy | IntegrationType::Mock => Self::OfAll,
        }
    }

    /// Whether mapping this field fails every request with 500.
    pub(crate) fn forbids(self, name: &HeaderName) -> bool {
        let of_services = [header::AUTHORIZATION, header::CONNECTION, header::EXPECT, header::PROXY_AUTHENTICATE, header::TE];
        is_forbidden_mapping(name) || (self == Self::OfServices && of_services.contains(name))
    }
}

/// Whether an `Authorization` value is an AWS signature.
pub(crate) fn is_sigv4(value: &HeaderValue) -> bool {
    value.as_bytes().starts_with(b"AWS4-")
}

/// Whether a value of `Connection` is one of the common ones.
fn names_no_field(value: &HeaderValue) -> bool {
    matches!(value.as_bytes(), b"keep-alive" | b"close" | b"Keep-Alive" | b"Close")
}

/// Whether a message's `Connection` may name fields, which are removed then.
pub(crate) fn names_fields_of_the_connection(headers: &HeaderMap) -> bool {
    !headers.get_all(header::CONNECTION).iter().all(names_no_field)
}

/// RFC 9110, 7.6.1: the fields that `Connection` names belong to the connection too.
fn remove_named_by_connection(headers: &mut HeaderMap) {
    if !names_fields_of_the_connection(headers) {
        return;
    }
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .filter_map(|token| HeaderName::from_bytes(token.trim_ascii()).ok())
        // The connection's own field and the framing are handled by their rules; a peer cannot have them removed early.
        .filter(|name| !matches!(*name, header::CONNECTION | header::CONTENT_LENGTH | header::HOST))
        .collect();
    for name in named {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn map(fields: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| (HeaderName::try_from(*name).unwrap(), HeaderValue::try_from(*value).unwrap());
        let mut headers = HeaderMap::new();
        for (name, value) in fields.iter().map(pair) {
            headers.append(name, value);
        }
        headers
    }

    fn lines(headers: &HeaderMap) -> Vec<String> {
        let mut lines: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        lines.sort();
        lines
    }

    #[test]
    fn every_field_classifies_as_itself() {
        for field in Field::ALL {
            assert_eq!(classify(field.name().as_str()), Some(*field));
            assert_eq!(Field::from_bit(*field as u32), Some(*field));
        }
        assert!(Field::ALL.len() <= 32, "the set is 32 bits wide");
        assert_eq!(classify("accept"), None);
    }

    #[test]
    fn requests() {
        let mut headers = map(&[
            ("Host", "a"),
            ("Connection", "keep-alive, X-Mine"),
            ("Connection", "X-Other"),
            ("Keep-Alive", "5"),
            ("X-Mine", "1"),
            ("X-Other", "1"),
            ("TE", "trailers"),
            ("Trailer", "x"),
            ("Transfer-Encoding", "chunked"),
            ("Upgrade", "h2c"),
            ("HTTP2-Settings", "x"),
            ("Proxy-Connection", "x"),
            ("Proxy-Authorization", "x"),
            ("Expect", "100-continue"),
            ("Content-Length", "3"),
            ("Content-MD5", "x"),
            ("Max-Forwards", "3"),
            ("Server", "x"),
            ("Via", "1.1 x"),
            ("WWW-Authenticate", "x"),
            ("X-HTTP-Method-Override", "PUT"),
            ("X-Amzn-Trace-Id", "x"),
            ("Accept", "a/b"),
            ("Authorization", "Bearer x"),
            ("Cookie", "a=1"),
            ("Cookie", "b=2"),
            ("Content-Type", "a/b"),
            ("User-Agent", "x"),
        ]);
        let present = Fields::of(&headers);
        strip_request(&mut headers, present);
        let expected = [
            "accept: a/b",
            "authorization: Bearer x",
            "content-type: a/b",
            "cookie: a=1",
            "cookie: b=2",
            "host: a",
            "user-agent: x",
        ];
        assert_eq!(lines(&headers), expected);
    }

    #[test]
    fn signatures_stay_here() {
        let mut headers = map(&[("Authorization", "AWS4-HMAC-SHA256 Credential=x")]);
        let present = Fields::of(&headers);
        strip_request(&mut headers, present);
        assert!(headers.is_empty());
    }

    #[test]
    fn responses() {
        let mut headers = map(&[
            ("Connection", "close, X-Mine, Content-Length"),
            ("X-Mine", "1"),
            ("Keep-Alive", "5"),
            ("Content-Length", "3"),
            ("Date", "now"),
            ("Server", "s"),
            ("Transfer-Encoding", "chunked"),
            ("X-Amzn-RequestId", "id"),
            ("X-Amz-Apigw-Id", "id"),
            ("X-Amzn-Trace-Id", "t"),
            ("WWW-Authenticate", "Basic"),
            ("WWW-Authenticate", "Digest"),
            ("Via", "x"),
            ("Proxy-Authenticate", "x"),
            ("Set-Cookie", "a"),
            ("Set-Cookie", "b"),
            ("Content-Type", "a/b"),
            ("Content-Encoding", "gzip"),
        ]);
        let present = Fields::of(&headers);
        rewrite_response(&mut headers, present);
        let expected = [
            "content-encoding: gzip",
            "content-type: a/b",
            "set-cookie: a",
            "set-cookie: b",
            "x-amzn-remapped-connection: close, X-Mine, Content-Length",
            "x-amzn-remapped-content-length: 3",
            "x-amzn-remapped-date: now",
            "x-amzn-remapped-server: s",
            "x-amzn-remapped-www-authenticate: Basic",
            "x-amzn-remapped-www-authenticate: Digest",
            "x-amzn-remapped-x-amzn-requestid: id",
            "x-amzn-trace-id: t",
        ];
        assert_eq!(lines(&headers), expected);
    }

    #[test]
    fn responses_without_a_field_that_comes_twice() {
        let mut headers = map(&[("Connection", "close, X-Mine"), ("X-Mine", "1"), ("Date", "now"), ("Via", "x"), ("Etag", "e")]);
        let present = Fields::of(&headers);
        rewrite_response(&mut headers, present);
        assert_eq!(lines(&headers), ["etag: e", "x-amzn-remapped-connection: close, X-Mine", "x-amzn-remapped-date: now"]);
        let mut headers = map(&[("Connection", "keep-alive"), ("Keep-Alive", "timeout=5"), ("Content-Length", "3")]);
        let present = Fields::of(&headers);
        rewrite_response(&mut headers, present);
        assert_eq!(lines(&headers), ["x-amzn-remapped-connection: keep-alive", "x-amzn-remapped-content-length: 3"]);
    }

    #[test]
    fn mapped_names() {
        let of = |name: &str| response_name(HeaderName::try_from(name).unwrap()).map(|name| name.as_str().to_owned());
        assert_eq!(of("X-A").as_deref(), Some("x-a"));
        assert_eq!(of("Content-Type").as_deref(), Some("content-type"));
        assert_eq!(of("Date").as_deref(), Some("x-amzn-remapped-date"));
        assert_eq!(of("Transfer-Encoding"), None);
        assert_eq!(of("Connection").as_deref(), Some("x-amzn-remapped-connection"));
        assert!(!may_be_mapped(&header::UPGRADE) && may_be_mapped(&header::ACCEPT));
        assert!(is_forbidden_mapping(&names::API_ID) && !is_forbidden_mapping(&header::ACCEPT));
    }
}
