//! Which AWS service a request goes to, and for what.

use bytes::Bytes;
use http::{HeaderMap, Method, header};
use tokio::time::Instant;

use super::route::Routed;
use super::target::{Parameters, carries_body, mapped_query, path_and_query, path_value};
use crate::access::Signer;
use crate::compile::{CompiledRequest, CompiledService, JsonFields, ResolvedService};
use crate::error::GatewayError;
use crate::headers::names;
use crate::integrations::{Place, Service, SignedRequest};

/// Which service is asked, and for what.
pub(super) struct ServiceTarget<'a> {
    service: &'a ResolvedService,
    account: &'a str,
    signer: Signer<'a>,
    uri: http::Uri,
    method: Method,
}

impl<'a> ServiceTarget<'a> {
    pub(super) fn new(routed: &Routed<'a>, compiled: &CompiledService, parameters: Parameters<'_>) -> Result<Self, GatewayError> {
        let CompiledRequest { verb, mappings, timeout: _, handling: _ } = &compiled.request;
        let service = routed.received.stage.service(routed.found.method).map_err(GatewayError::Configuration)?;
        let values = |index: usize| path_value(index, routed, mappings, parameters);
        let uri = path_and_query(&service.rest, &values, None, &mapped_query(routed, mappings, parameters))?;
        let (arrival, stage) = (routed.received.arrival, routed.received.stage);
        let signer = Signer::of(&service.signatory, arrival, stage)?;
        let account = stage.account();
        Ok(Self { service, account, signer, uri, method: verb.clone().unwrap_or_else(|| routed.received.arrival.method.clone()) })
    }

    /// What the request says in its fields, unless something else is mapped there.
    pub(super) fn defaults(&self, headers: &mut HeaderMap) {
        if let Some(JsonFields { target, content_type }) = &self.service.json {
            headers.insert(names::TARGET, target.clone());
            headers.insert(header::CONTENT_TYPE, content_type.clone());
        }
    }

    /// The request to it.
    pub(super) fn call(self, headers: HeaderMap, body: Bytes, deadline: Instant) -> SignedRequest<'a> {
        let ResolvedService { subdomain, name, region, rest: _, json: _, signatory: _ } = self.service;
        let body = if carries_body(&self.method) { body } else { Bytes::new() };
        SignedRequest {
            service: Service { subdomain: subdomain.as_deref(), name },
            region,
            account: self.account,
            place: Place::Configured,
            method: self.method,
            uri: self.uri,
            headers,
            body,
            signer: self.signer,
            deadline,
        }
    }
}
