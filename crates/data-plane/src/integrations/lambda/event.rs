//! The event of a proxy integration, format 1.0, written straight into one buffer.
//!
//! Members are in the order in which AWS writes them, as events in its documentation and in published logs show; maps of fields are
//! ordered by name without regard to case (published logs). What is not there is null, never an empty map (recorded); an authorizer gets
//! empty maps (AWS docs, "Input to an API Gateway Lambda authorizer").

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::access::CallerFact;
use crate::compile::{PublishedStage, ResourceIndex};
use crate::content::{Conversion, Kind};
use crate::context::{Arrival, ContextVariable};
use crate::encode::form_decode;

/// Bytes of the members that every event has, about.
const MEMBERS_BYTES: usize = 2 * 1024;

/// What an event says.
pub(crate) struct Event<'a> {
    pub(crate) arrival: &'a Arrival,
    pub(crate) stage: &'a PublishedStage,
    pub(crate) resource: ResourceIndex,
    /// Behind the stage's name, as sent.
    pub(crate) path: &'a str,
    /// As sent, still percent-encoded.
    pub(crate) path_parameters: Vec<(&'a str, &'a str)>,
    /// Those that the function sees.
    pub(crate) headers: &'a HeaderMap,
    /// How a field's name is written.
    pub(crate) spelling: &'a dyn Fn(&HeaderName) -> String,
    pub(crate) body: Bytes,
    /// What the body is taken for.
    pub(crate) kind: Kind,
}

impl Event<'_> {
    /// As JSON.
    pub(crate) fn to_json(&self) -> Bytes {
        let mut out = Writer::new(MEMBERS_BYTES + self.body.len() + self.body.len() / 2, "null");
        out.start('{');
        self.push_request(&mut out);
        let is_base64 = self.kind == Kind::Binary && !self.body.is_empty();
        out.key("body");
        self.push_body(&mut out);
        out.key("isBase64Encoded");
        out.raw(if is_base64 { "true" } else { "false" });
        out.end('}');
        Bytes::from(out.bytes)
    }

    /// As an authorizer of type REQUEST gets it: without the body.
    pub(crate) fn to_authorizer_json(&self, method_arn: &str) -> Bytes {
        let mut out = Writer::new(MEMBERS_BYTES, "{}");
        out.start('{');
        out.text("type", "REQUEST");
        out.text("methodArn", method_arn);
        self.push_request(&mut out);
        out.end('}');
        Bytes::from(out.bytes)
    }

    fn push_request(&self, out: &mut Writer) {
        let resource = self.stage.api.resource(self.resource);
        let path = format!("/{}", self.path.trim_start_matches('/'));
        out.text("resource", &resource.path);
        // Slashes before the path count once here, and as they came in the context (recorded).
        out.text("path", &path);
        out.text("httpMethod", self.arrival.method.as_str());
        self.push_headers(out);
        self.push_query(out);
        out.map("pathParameters", self.path_parameters.iter().copied());
        out.map("stageVariables", self.stage.variables().iter().map(|(name, value)| (&**name, &**value)));
        self.push_context(out);
    }

    fn push_headers(&self, out: &mut Writer) {
        let mut names: Vec<(String, Vec<&HeaderValue>)> =
            self.headers.keys().map(|name| ((self.spelling)(name), self.headers.get_all(name).iter().collect())).collect();
        names.sort_by_cached_key(|(name, _)| name.to_ascii_lowercase());
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        // The last value stands for all.
        out.map("headers", names.iter().filter_map(|(name, values)| Some((&**name, text(values.last()?)))));
        out.lists("multiValueHeaders", names.iter().map(|(name, values)| (&**name, values.iter().map(|value| text(value)))));
    }

    /// Decoded as forms are (recorded), in the order in which names first came.
    fn push_query(&self, out: &mut Writer) {
        let mut names = Vec::new();
        let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let query = self.arrival.uri.query().unwrap_or("");
        for pair in query.split(['&', ';']).filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = form_decode(name).into_owned();
            let known = values.entry(name.clone()).or_default();
            if known.is_empty() {
                names.push(name);
            }
            known.push(form_decode(value).into_owned());
        }
        let of = |name: &String| values.get(name).map(Vec::as_slice).unwrap_or_default();
        out.map("queryStringParameters", names.iter().filter_map(|name| Some((&**name, of(name).last()?))));
        out.lists("multiValueQueryStringParameters", names.iter().map(|name| (&**name, of(name).iter())));
    }

    fn push_context(&self, out: &mut Writer) {
        use ContextVariable as Variable;
        let resource = self.stage.api.resource(self.resource);
        let value = |variable: Variable| variable.value(self.arrival, self.stage, Some((&resource.id, &resource.path)));
        let text = |out: &mut Writer, name, variable| out.optional(name, value(variable).as_deref());
        out.key("requestContext");
        out.start('{');
        text(out, "resourceId", Variable::ResourceId);
        text(out, "resourcePath", Variable::ResourcePath);
        text(out, "httpMethod", Variable::HttpMethod);
        text(out, "extendedRequestId", Variable::ExtendedRequestId);
        text(out, "requestTime", Variable::RequestTime);
        if let Some(said) = self.arrival.authorizer.get() {
            out.key("authorizer");
            out.raw(&said.event().to_string());
        }
        text(out, "path", Variable::Path);
        text(out, "accountId", Variable::AccountId);
        text(out, "protocol", Variable::Protocol);
        text(out, "stage", Variable::Stage);
        text(out, "domainPrefix", Variable::DomainPrefix);
        out.key("requestTimeEpoch");
        out.raw(&self.arrival.epoch.0.to_string());
        text(out, "requestId", Variable::RequestId);
        out.key("identity");
        out.start('{');
        self.push_identity(out);
        out.end('}');
        text(out, "domainName", Variable::DomainName);
        text(out, "deploymentId", Variable::DeploymentId);
        text(out, "apiId", Variable::ApiId);
        if self.stage.is_canary() {
            out.key("isCanaryRequest");
            out.raw("true");
        }
        out.end('}');
    }

    /// All of its members are there, null when unknown (recorded); the key's only where a key is required, or under test.
    fn push_identity(&self, out: &mut Writer) {
        let value = |variable: ContextVariable| variable.value(self.arrival, self.stage, None);
        let caller = |fact: CallerFact| value(ContextVariable::Caller(fact));
        out.optional("cognitoIdentityPoolId", None);
        out.optional("accountId", caller(CallerFact::AccountId).as_deref());
        out.optional("cognitoIdentityId", None);
        out.optional("caller", caller(CallerFact::Caller).as_deref());
        for (name, variable) in [("apiKey", ContextVariable::ApiKey), ("apiKeyId", ContextVariable::ApiKeyId)] {
            if let Some(text) = value(variable) {
                out.text(name, &text);
            }
        }
        out.optional("sourceIp", value(ContextVariable::SourceIp).as_deref());
        out.optional("principalOrgId", None);
        out.optional("accessKey", caller(CallerFact::AccessKey).as_deref());
        out.optional("cognitoAuthenticationType", None);
        out.optional("cognitoAuthenticationProvider", None);
        out.optional("userArn", caller(CallerFact::UserArn).as_deref());
        out.optional("userAgent", value(ContextVariable::UserAgent).as_deref());
        out.optional("user", caller(CallerFact::User).as_deref());
    }

    fn push_body(&self, out: &mut Writer) {
        match self.kind {
            _ if self.body.is_empty() => out.raw("null"),
            Kind::Binary => {
                out.raw("\"");
                let base64 = STANDARD.encode(&self.body);
                out.raw(&base64);
                out.raw("\"");
            }
            // Bytes that are no UTF-8 become U+FFFD, as recorded of other integrations.
            Kind::Text => {
                let text = Conversion::Text.apply(self.body.clone()).unwrap_or_default();
                out.string(std::str::from_utf8(&text).unwrap_or_default());
            }
        }
    }
}

/// What an authorizer of type TOKEN gets.
pub(crate) fn token_event(method_arn: &str, token: &str) -> Bytes {
    let mut out = Writer::new(method_arn.len() + token.len() + MEMBERS_BYTES, "{}");
    out.start('{');
    out.text("type", "TOKEN");
    out.text("methodArn", method_arn);
    out.text("authorizationToken", token);
    out.end('}');
    Bytes::from(out.bytes)
}

/// Writes JSON. A comma stands before whatever does not begin its object or list.
struct Writer {
    bytes: Vec<u8>,
    /// What stands for a map without entries.
    no_entries: &'static str,
}

impl Writer {
    fn new(bytes: usize, no_entries: &'static str) -> Self {
        Self { bytes: Vec::with_capacity(bytes), no_entries }
    }

    fn start(&mut self, bracket: char) {
        self.bytes.push(bracket as u8);
    }

    fn end(&mut self, bracket: char) {
        self.bytes.push(bracket as u8);
    }

    fn raw(&mut self, json: &str) {
        self.bytes.extend_from_slice(json.as_bytes());
    }

    fn comma(&mut self) {
        if !matches!(self.bytes.last(), Some(b'{' | b'[')) {
            self.bytes.push(b',');
        }
    }

    fn key(&mut self, name: &str) {
        self.comma();
        self.string(name);
        self.bytes.push(b':');
    }

    fn string(&mut self, text: &str) {
        // Writing to a Vec cannot fail, nor can text be no JSON.
        let _ = serde_json::to_writer(&mut self.bytes, text);
    }

    fn text(&mut self, name: &str, text: &str) {
        self.key(name);
        self.string(text);
    }

    fn optional(&mut self, name: &str, text: Option<&str>) {
        self.key(name);
        match text {
            Some(text) => self.string(text),
            None => self.raw("null"),
        }
    }

    /// A member that says so when there is nothing in it.
    fn map<V: AsRef<str>>(&mut self, name: &str, entries: impl Iterator<Item = (impl AsRef<str>, V)>) {
        let mut entries = entries.peekable();
        self.key(name);
        if entries.peek().is_none() {
            return self.raw(self.no_entries);
        }
        self.start('{');
        for (name, value) in entries {
            self.text(name.as_ref(), value.as_ref());
        }
        self.end('}');
    }

    fn lists<V: AsRef<str>>(&mut self, name: &str, entries: impl Iterator<Item = (impl AsRef<str>, impl Iterator<Item = V>)>) {
        let mut entries = entries.peekable();
        self.key(name);
        if entries.peek().is_none() {
            return self.raw(self.no_entries);
        }
        self.start('{');
        for (name, values) in entries {
            self.key(name.as_ref());
            self.start('[');
            for value in values {
                self.comma();
                self.string(value.as_ref());
            }
            self.end(']');
        }
        self.end('}');
    }
}
