//! What only an access log or a trace asks of a request, besides what is known at its end: noted down where it passes by.
//!
//! Requests of stages that have neither carry an empty place in their [`Arrival`](crate::context::Arrival), and pay one look at it.

use std::sync::{Arc, OnceLock};

use http::{HeaderMap, HeaderName, StatusCode};

use crate::headers::names;
use crate::mapping_template::ResponseOverrides;
use crate::traces::TraceContext;

/// The id that S3 gives a request.
const OF_S3: HeaderName = HeaderName::from_static("x-amz-request-id");

/// The notes of one request. Each is taken once.
#[derive(Debug, Default)]
pub(crate) struct Observed {
    /// Its place in its trace, if its stage is traced.
    trace: Option<TraceContext>,
    answered: OnceLock<StatusCode>,
    code_answered: OnceLock<StatusCode>,
    endpoint_request_id: OnceLock<Box<str>>,
    overridden: OnceLock<Overridden>,
}

/// What templates overrode of a response.
#[derive(Debug)]
struct Overridden {
    status: Option<StatusCode>,
    headers: Vec<(Arc<str>, String)>,
}

impl Observed {
    /// Nothing yet.
    pub(crate) fn of(trace: Option<TraceContext>) -> Self {
        Self { trace, ..Self::default() }
    }

    /// Its place in its trace.
    pub(crate) fn trace(&self) -> Option<&TraceContext> {
        self.trace.as_ref()
    }

    /// What a backend, a service or Lambda itself answered.
    pub(crate) fn answered(&self, status: StatusCode, headers: &HeaderMap) {
        let _ = self.answered.set(status);
        if let Some(id) = headers.get(names::REQUEST_ID).or_else(|| headers.get(OF_S3)) {
            let _ = self.endpoint_request_id.set(String::from_utf8_lossy(id.as_bytes()).into());
        }
    }

    /// The status that a function's code gave.
    pub(crate) fn code_answered(&self, status: StatusCode) {
        let _ = self.code_answered.set(status);
    }

    /// What a function that streams answered: Lambda accepted the call, and its code gave this status.
    pub(crate) fn streamed(&self, request_id: &str, status: StatusCode) {
        let _ = self.answered.set(StatusCode::OK);
        let _ = self.code_answered.set(status);
        let _ = self.endpoint_request_id.set(request_id.into());
    }

    /// What templates overrode of the response.
    pub(crate) fn overridden(&self, overrides: &ResponseOverrides) {
        let headers = overrides.header.iter().map(|(name, value)| (Arc::clone(name), value.texts().join(",")));
        let _ = self.overridden.set(Overridden { status: overrides.status(), headers: headers.collect() });
    }

    /// `$context.integrationStatus`: of a function, Lambda's own.
    pub(crate) fn service_status(&self) -> Option<StatusCode> {
        self.answered.get().copied()
    }

    /// `$context.integration.status`: of a function, the one that its code gave.
    pub(crate) fn integration_status(&self) -> Option<StatusCode> {
        self.code_answered.get().or(self.answered.get()).copied()
    }

    /// `$context.awsEndpointRequestId`.
    pub(crate) fn endpoint_request_id(&self) -> Option<&str> {
        self.endpoint_request_id.get().map(|id| &**id)
    }

    /// `$context.responseOverride.status`.
    pub(crate) fn overridden_status(&self) -> Option<StatusCode> {
        self.overridden.get()?.status
    }

    /// `$context.responseOverride.header.{name}`.
    pub(crate) fn overridden_header(&self, name: &str) -> Option<&str> {
        let headers = &self.overridden.get()?.headers;
        headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}
