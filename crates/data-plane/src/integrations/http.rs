//! HTTP: the backend's answer is chosen from by its status, and mapped.

use http::header;
use tokio::time::Instant;

use super::HttpAnswer;
use super::hold::{Delivery, Limits, hold};
use crate::compile::HttpExchange;
use crate::content::{self, Conversion, TextBody};
use crate::error::GatewayError;
use crate::stages::{Context, HttpCall, rendered, unselected, untransformed};
use crate::transport::{Body, BodyError, Upstreams};

pub(super) async fn call<'a>(
    upstreams: &Upstreams,
    call: HttpCall,
    exchange: &'a HttpExchange,
    accept: Option<Box<str>>,
    context: Context<'a>,
    limits: Limits,
) -> Result<HttpAnswer<'a>, GatewayError> {
    let HttpCall { request, deadline } = call;
    let response = upstreams.send(request, deadline).await?;
    let compiled = exchange.responses.select(response.status).map_err(unselected)?;
    let (body, delivery) = match rendered(compiled, accept.as_deref(), &context)? {
        // The backend's body is not used, but an answer that breaks off is none. A long one is given up with its connection.
        Some(text) => match response.body.with_deadline(deadline).collect(limits.buffer_bytes).await {
            Ok(_) | Err(BodyError::TooLarge { .. }) => (Body::full(text), Delivery::Whole),
            Err(error) => return Err(GatewayError::from_response_body(error)),
        },
        None => {
            let types = &context.stage.api.binary_media_types;
            let kind = types.kind(response.headers.get(header::CONTENT_TYPE));
            let conversion = match Conversion::of_response(kind, types.accepted(accept.as_deref()), compiled.handling) {
                // A compressed body is no text; replacing what is not UTF-8 in it would only break it.
                Conversion::Text if content::is_coded(&response.headers) => Conversion::Bytes,
                conversion => conversion,
            };
            converted(response.body, conversion, deadline, limits).await?
        }
    };
    let latency = Instant::now().saturating_duration_since(context.arrival.started);
    Ok(HttpAnswer { compiled, headers: response.headers, body, delivery, latency, accept, context })
}

/// Base64 is converted whole: what is not base64 must become a 500, and not half an answer.
async fn converted(
    body: Body,
    conversion: Conversion,
    deadline: Instant,
    limits: Limits,
) -> Result<(Body, Delivery), GatewayError> {
    match conversion {
        Conversion::Bytes => hold(body, deadline, limits).await,
        Conversion::Text => {
            let (mut body, delivery) = hold(body, deadline, limits).await?;
            Ok(match body.take_whole() {
                Some(whole) => (Body::full(content::to_text(whole)), delivery),
                None => (Body::stream(TextBody::new(body)), delivery),
            })
        }
        Conversion::ToBase64 | Conversion::FromBase64 => {
            let max_bytes = usize::try_from(limits.max_body_bytes).unwrap_or(usize::MAX);
            let collected = body.with_deadline(deadline).collect(max_bytes).await;
            let whole = collected.map_err(GatewayError::from_response_body)?;
            let converted = conversion.apply(whole).map_err(untransformed)?;
            Ok((Body::full(converted), Delivery::Whole))
        }
    }
}
