//! Reading a request's body, for integrations that need it whole: it may have to be decompressed, converted, or read by a template.

use std::pin::Pin;
use std::sync::Arc;

use http::header;

use super::route::Routed;
use super::validate::Checked;
use crate::compile::{CompiledIntegration, Schema};
use crate::content::{self, Handling, Undecodable};
use crate::error::GatewayError;

/// A request whose body is whole and not compressed if its integration needs it so, whole if its model does, and streams if not.
pub(crate) struct BodyRead<'a> {
    routed: Routed<'a>,
    /// What the body has to match.
    schema: Option<&'a Arc<Schema>>,
}

/// Whether there is a body to wait for. Boxed because it is rare: what a future may have to hold is copied for every request.
#[allow(clippy::large_enum_variant, reason = "the large one is the common one")]
pub(crate) enum Reading<'a> {
    Done(BodyRead<'a>),
    Waiting(Pin<Box<dyn Future<Output = Result<BodyRead<'a>, GatewayError>> + Send + 'a>>),
}

/// What an integration does with the body.
enum Need {
    /// It is passed on as it comes.
    Stream,
    /// It is converted as it is, compressed or not.
    Whole,
    /// It is read (AWS docs, "Enabling payload compression for an API": decompressed before it is mapped).
    Decoded,
}

impl Need {
    /// `compression` is the API's `minimumCompressionSize`.
    fn of(integration: &CompiledIntegration, compression: Option<u64>) -> Self {
        match integration {
            CompiledIntegration::HttpProxy(endpoint) if endpoint.request.handling != Handling::Unset => Self::Whole,
            CompiledIntegration::HttpProxy(endpoint) if !endpoint.request.mappings.body.is_empty() => Self::Whole,
            CompiledIntegration::HttpProxy(_) | CompiledIntegration::Broken(_) => Self::Stream,
            CompiledIntegration::Http(..)
            | CompiledIntegration::Service(..)
            | CompiledIntegration::ServiceProxy(_)
            | CompiledIntegration::Lambda(..)
            | CompiledIntegration::Mock(_) => Self::Decoded,
            // Whoever lets answers be compressed gets requests decompressed (reported).
            CompiledIntegration::LambdaProxy(_) if compression.is_some() => Self::Decoded,
            CompiledIntegration::LambdaProxy(_) => Self::Whole,
        }
    }
}

/// Reads the body as far as the integration needs it; at most `max_body_bytes`, before and after decompressing.
pub(crate) fn read_body(checked: Checked<'_>, max_body_bytes: u64) -> Reading<'_> {
    let (routed, schema) = checked.into_parts();
    let read = BodyRead { routed, schema };
    let max_bytes = usize::try_from(max_body_bytes).unwrap_or(usize::MAX);
    let compression = read.routed.received.stage.api.minimum_compression_bytes;
    match Need::of(&read.routed.method.integration, compression) {
        _ if read.routed.received.message.body.exact_len() == Some(0) => Reading::Done(read),
        Need::Stream if schema.is_none() => Reading::Done(read),
        Need::Stream | Need::Whole => Reading::Waiting(Box::pin(whole(read, max_bytes))),
        Need::Decoded => Reading::Waiting(Box::pin(decoded(read, max_bytes))),
    }
}

async fn whole(read: BodyRead<'_>, max_bytes: usize) -> Result<BodyRead<'_>, GatewayError> {
    let message = &mut *read.routed.received.message;
    let body = std::mem::take(&mut message.body).collect(max_bytes).await.map_err(GatewayError::from_request_body)?;
    message.body = body.into();
    Ok(read)
}

async fn decoded(read: BodyRead<'_>, max_bytes: usize) -> Result<BodyRead<'_>, GatewayError> {
    let message = &mut *read.routed.received.message;
    // Known before anything of the body is there.
    let coding = content::request_coding(&message.headers).map_err(undecodable)?;
    let body = std::mem::take(&mut message.body).collect(max_bytes).await.map_err(GatewayError::from_request_body)?;
    message.body = match coding {
        Some(coding) if !body.is_empty() => {
            // A mapping must not tell a backend of a coding that the body no longer has.
            message.headers.remove(header::CONTENT_ENCODING);
            content::decode(body, coding, max_bytes).await.map_err(undecodable)?.into()
        }
        _ => body.into(),
    };
    Ok(read)
}

pub(super) fn undecodable(error: Undecodable) -> GatewayError {
    match error {
        Undecodable::Unsupported | Undecodable::Corrupt => GatewayError::UnsupportedMediaType,
        Undecodable::TooLarge => GatewayError::RequestTooLarge,
    }
}

impl<'a> BodyRead<'a> {
    pub(super) fn into_parts(self) -> (Routed<'a>, Option<&'a Arc<Schema>>) {
        (self.routed, self.schema)
    }
}
