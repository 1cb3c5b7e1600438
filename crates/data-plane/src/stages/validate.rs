//! Validation: what the method's request validator asks of parameters and body. It stands behind throttles and before the cache and
//! the integration request (AWS docs, "Request validation"); parameters are checked before the body.

use std::sync::Arc;

use bytes::Bytes;
use http::header;

use super::admit::Admitted;
use super::mapping::request_value;
use super::read_body::{BodyRead, undecodable};
use super::route::Routed;
use crate::compile::{BodyModel, Schema, Selected, Validation};
use crate::content;
use crate::context::Message;
use crate::error::GatewayError;
use crate::heavy_work::HeavyWork;
use crate::transport::Body;

/// Recorded for an empty body, in AWS's log.
const EMPTY_BODY: &str = "[Unknown error parsing request body]";

/// A request that its method's validator, if any, has passed.
pub(crate) struct Validated<'a>(Routed<'a>);

/// A request whose parameters are valid, and the model that its body has to match.
pub(crate) struct Checked<'a> {
    routed: Routed<'a>,
    schema: Option<&'a Arc<Schema>>,
}

/// Whether there is a body to be checked.
#[allow(clippy::large_enum_variant, reason = "both hold the request")]
pub(crate) enum Validating<'a> {
    Valid(Validated<'a>),
    Body(BodyCheck<'a>),
}

/// A request whose body is to be checked.
pub(crate) struct BodyCheck<'a> {
    routed: Routed<'a>,
    schema: &'a Arc<Schema>,
}

/// Checks the parameters, and finds the body's model.
pub(crate) fn check_parameters(admitted: Admitted<'_>) -> Result<Checked<'_>, GatewayError> {
    let routed = admitted.into_routed();
    let Some(validation) = &routed.method.validation else { return Ok(Checked { routed, schema: None }) };
    parameters(validation, &routed)?;
    match validation.models.select(routed.received.message.headers.get(header::CONTENT_TYPE)) {
        Selected::Template(BodyModel::Schema(schema)) => Ok(Checked { routed, schema: Some(schema) }),
        Selected::Template(BodyModel::Broken(reason)) => Err(GatewayError::Model(reason.clone())),
        Selected::PassThrough | Selected::Unsupported => Ok(Checked { routed, schema: None }),
    }
}

/// Finds out whether the body is to be checked.
pub(crate) fn validate(read: BodyRead<'_>) -> Validating<'_> {
    match read.into_parts() {
        (routed, None) => Validating::Valid(Validated(routed)),
        (routed, Some(schema)) => Validating::Body(BodyCheck { routed, schema }),
    }
}

impl<'a> Checked<'a> {
    pub(super) fn into_parts(self) -> (Routed<'a>, Option<&'a Arc<Schema>>) {
        (self.routed, self.schema)
    }
}

fn parameters(validation: &Validation, routed: &Routed<'_>) -> Result<(), GatewayError> {
    let is_missing = |source| request_value(source, routed, &[]).is_none_or(|value| value.text.trim().is_empty());
    let missing: Vec<&str> =
        validation.required.iter().filter(|(_, source)| is_missing(source)).map(|(name, _)| &**name).collect();
    if missing.is_empty() { Ok(()) } else { Err(GatewayError::missing_parameters(&missing)) }
}

impl<'a> BodyCheck<'a> {
    /// Checks the body, which is whole, and puts it back as it was.
    pub(crate) async fn run(self, heavy: &HeavyWork, max_body_bytes: u64) -> Result<Validated<'a>, GatewayError> {
        let Self { routed, schema } = self;
        let max_bytes = usize::try_from(max_body_bytes).unwrap_or(usize::MAX);
        let message = &mut *routed.received.message;
        let coding = content::request_coding(&message.headers).map_err(undecodable)?;
        let bytes = std::mem::take(&mut message.body).collect(max_bytes).await.map_err(GatewayError::from_request_body)?;
        if bytes.is_empty() {
            return Err(GatewayError::InvalidBody(EMPTY_BODY.to_owned()));
        }
        // HTTP_PROXY passes a body on as it is coded.
        let text = match coding {
            Some(coding) => content::decode(bytes.clone(), coding, max_bytes).await.map_err(undecodable)?,
            None => bytes.clone(),
        };
        let outcome = if schema.is_quick(text.len()) {
            schema.check(&text)
        } else {
            let schema = Arc::clone(schema);
            heavy.run(routed.received.stage.api_id(), move || schema.check(&text)).await?
        };
        outcome.map_err(GatewayError::InvalidBody)?;
        if let Some(log) = routed.received.arrival.log() {
            log.validated();
        }
        message.body = Body::full(bytes);
        Ok(Validated(routed))
    }
}

impl<'a> Validated<'a> {
    pub(super) fn routed(&self) -> &Routed<'a> {
        &self.0
    }

    /// The body, when all of it is there; it stays in its place.
    pub(super) fn whole_body(&self) -> Option<Bytes> {
        self.0.received.message.body.whole()
    }

    pub(super) fn into_message(self) -> Message {
        std::mem::take(self.0.received.message)
    }
}
