//! The answer of an integration that is not proxied: an integration response is chosen by the status, and makes it.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use tokio::time::Instant;

use super::cached::{Fetched, Place};
use super::hold::{Delivery, Limits, hold};
use super::{Answer, MappedAnswer, aws, lambda};
use crate::backends::Backends;
use crate::compile::{CompiledResponse, MappedExchange, MessageSelection, MockExchange, Responses, Template, Transfer};
use crate::content::{self, Conversion, Kind, TextBody};
use crate::context::Arrival;
use crate::error::GatewayError;
use crate::links;
use crate::mapping_template::{Document, MappingTemplate};
use crate::stages::{Asked, CacheCall, Call, HttpCall, Transformed, Untransformable, unselected, untransformed};
use crate::transport::{Body, BodyError, Response, Upstreams};

/// Calls a backend. Its status chooses.
pub(super) async fn mapped<'a>(
    upstreams: &Upstreams,
    backends: &Backends,
    call: Call<'a>,
    exchange: &'a MappedExchange,
    asked: Box<Asked<'a>>,
    limits: Limits,
    cache: Option<&CacheCall<'_>>,
) -> Result<Box<MappedAnswer<'a>>, GatewayError> {
    let arrival = asked.context.arrival;
    let (deadline, is_function) = match &call {
        Call::Http(call) => (call.deadline, false),
        Call::Service(request) => (request.deadline, false),
        Call::Lambda(call) => (call.deadline, true),
    };
    let asking = ask(upstreams, backends, call, limits, arrival, if cache.is_some() { Said::Nothing } else { Said::Request });
    let Fetched { response, from } = match cache {
        Some(cache) => cache.fetch(deadline, limits, asking).await?,
        None => Fetched { response: asking.await?, from: Place::Endpoint },
    };
    let compiled = if is_function {
        let error_message = lambda::error_message_in(response.body.whole().unwrap_or_default()).await?;
        of_message(&exchange.responses, error_message, response.status, &asked).await?
    } else {
        exchange.responses.select(response.status).map_err(|error| unselected(error, response.status))?
    };
    let mut answer = answered(compiled, response, deadline, limits, asked).await?;
    answer.answered_by = from.answered_by(answer.asked.context.arrival);
    Ok(answer)
}

/// What the log knows already of a request to an HTTP backend.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    Nothing,
    Request,
}

/// Asks the endpoint.
async fn ask(
    upstreams: &Upstreams,
    backends: &Backends,
    call: Call<'_>,
    limits: Limits,
    arrival: &Arrival,
    said: Said,
) -> Result<Response, GatewayError> {
    let log = arrival.log();
    let (mut response, deadline) = match call {
        Call::Http(mut call) => {
            if let Some(log) = log.filter(|_| said == Said::Nothing) {
                log.endpoint_request(&mut call.request).await;
            }
            let HttpCall { request, deadline, way } = *call;
            let response = match way {
                None => upstreams.send(request, deadline).await?,
                Some(way) => links::send(upstreams, &way, request, deadline).await?,
            };
            (response, deadline)
        }
        Call::Lambda(call) => return lambda::custom(upstreams, backends, *call, arrival).await,
        Call::Service(request) => {
            let deadline = request.deadline;
            (aws::call(upstreams, backends, *request, log, limits).await?, deadline)
        }
    };
    if let Some(observed) = arrival.observed() {
        observed.answered(response.status, &response.headers);
    }
    if let Some(log) = log {
        response.body = response.body.with_deadline(deadline);
        log.endpoint_response(&mut response, Transfer::Buffered).await;
    }
    Ok(response)
}

/// The integration response for what a function says of its failure; without a message it is the default one (recorded).
async fn of_message<'a>(
    responses: &'a Responses,
    message: Option<String>,
    status: StatusCode,
    asked: &Asked<'a>,
) -> Result<&'a CompiledResponse, GatewayError> {
    let selected = match message {
        None => responses.default(),
        Some(message) => match responses.select_by_message(&message) {
            MessageSelection::Selected(response) => Ok(response),
            MessageSelection::Failed(error) => Err(error),
            // The message is a tenant's, or even a client's, and may be made to take long.
            MessageSelection::TooLong(patterns) => {
                let matching = move || patterns.full(&message);
                responses.matched(asked.heavy.run(asked.context.stage.api_id(), matching).await?)
            }
        },
    };
    selected.map_err(|error| unselected(error, status))
}

/// What an integration response makes of a backend's answer.
async fn answered<'a>(
    compiled: &'a CompiledResponse,
    response: Response,
    deadline: Instant,
    limits: Limits,
    asked: Box<Asked<'a>>,
) -> Result<Box<MappedAnswer<'a>>, GatewayError> {
    let Response { status: _, headers, body } = response;
    let mut backend = Backend { headers, body, deadline, limits };
    Ok(match Making::of(compiled, asked.accept.as_deref())? {
        Making::Pass => {
            let (body, delivery) = backend.converted(compiled, &asked).await?;
            MappedAnswer::new(compiled, backend.headers, Answer { body, delivery }, asked)
        }
        Making::Literal(text) => {
            // The backend's body is not used, but an answer that breaks off is none.
            let headers = backend.spent().await?;
            let body = output(compiled, text.clone(), &asked)?;
            MappedAnswer::new(compiled, headers, Answer::whole(body), asked)
        }
        Making::Transformed(payload) => backend.transformed(compiled, payload, asked).await?,
    })
}

/// MOCK: the status was asked for, and there is no body.
pub(super) async fn mock<'a>(
    status: Option<u16>,
    exchange: &'a MockExchange,
    asked: Box<Asked<'a>>,
) -> Result<Box<MappedAnswer<'a>>, GatewayError> {
    let status = status.and_then(|code| StatusCode::from_u16(code).ok()).ok_or(GatewayError::Configuration(
        "Unable to parse statusCode. It should be an integer that is defined in the request template.",
    ))?;
    let compiled = exchange.responses.select(status).map_err(|error| unselected(error, status))?;
    let body = match Making::of(compiled, asked.accept.as_deref())? {
        Making::Pass => Bytes::new(),
        Making::Literal(text) => output(compiled, text.clone(), &asked)?,
        Making::Transformed(payload) => return transformed(compiled, payload, Bytes::new(), HeaderMap::new(), asked).await,
    };
    Ok(MappedAnswer::new(compiled, HeaderMap::new(), Answer::whole(body), asked))
}

/// How the answer's body is made.
enum Making<'a> {
    /// It is the integration's.
    Pass,
    Literal(&'a Bytes),
    /// Something reads the integration's body.
    Transformed(Payload<'a>),
}

/// What the client gets when something read the integration's body.
enum Payload<'a> {
    Template(&'a Arc<MappingTemplate>),
    Literal(&'a Bytes),
    PassedThrough,
}

impl<'a> Making<'a> {
    fn of(compiled: &'a CompiledResponse, accept: Option<&str>) -> Result<Self, GatewayError> {
        let reads_body = !compiled.body.is_empty();
        Ok(match compiled.templates.select(accept).map(|choice| &choice.value) {
            None if reads_body => Self::Transformed(Payload::PassedThrough),
            None => Self::Pass,
            Some(Template::Literal(text)) if reads_body => Self::Transformed(Payload::Literal(text)),
            Some(Template::Literal(text)) => Self::Literal(text),
            Some(Template::Mapping(template)) => Self::Transformed(Payload::Template(template)),
            Some(Template::Broken(reason)) => {
                return Err(GatewayError::Transformation(format!("Unable to transform response: {reason}")));
            }
        })
    }
}

/// What a template rendered, as the client gets it: text, and what it is base64 of where the client or the integration response wants
/// bytes.
fn output(compiled: &CompiledResponse, text: Bytes, asked: &Asked<'_>) -> Result<Bytes, GatewayError> {
    let accepted = asked.context.stage.api.binary_media_types.accepted(asked.accept.as_deref());
    match Conversion::of_response(Kind::Text, accepted, compiled.handling) {
        Conversion::Text => Ok(text),
        conversion => conversion.apply(text).map_err(untransformed),
    }
}

/// A backend's answer that is there but for its body.
struct Backend {
    headers: HeaderMap,
    body: Body,
    deadline: Instant,
    limits: Limits,
}

impl Backend {
    /// Reads the body to its end. A long one is given up with its connection.
    async fn spent(self) -> Result<HeaderMap, GatewayError> {
        match self.body.with_deadline(self.deadline).collect(self.limits.buffer_bytes).await {
            Ok(_) | Err(BodyError::TooLarge { .. }) => Ok(self.headers),
            Err(error) => Err(GatewayError::from_response_body(error)),
        }
    }

    async fn transformed<'a>(
        self,
        compiled: &'a CompiledResponse,
        payload: Payload<'a>,
        asked: Box<Asked<'a>>,
    ) -> Result<Box<MappedAnswer<'a>>, GatewayError> {
        if let Payload::Template(template) = payload
            && compiled.body.is_empty()
            && !template.reads_body()
        {
            let headers = self.spent().await?;
            return transformed(compiled, payload, Bytes::new(), headers, asked).await;
        }
        let max_bytes = usize::try_from(self.limits.max_body_bytes).unwrap_or(usize::MAX);
        let collected = self.body.with_deadline(self.deadline).collect(max_bytes).await;
        let whole = collected.map_err(GatewayError::from_response_body)?;
        let whole = match content::request_coding(&self.headers) {
            Ok(Some(coding)) if !whole.is_empty() => {
                let decoded = content::decode(whole, coding, max_bytes).await;
                decoded.map_err(|_| GatewayError::Malformed("the answer's Content-Encoding is broken".to_owned()))?
            }
            _ => whole,
        };
        transformed(compiled, payload, whole, self.headers, asked).await
    }

    /// The body as the client gets it, without a template.
    async fn converted(&mut self, compiled: &CompiledResponse, asked: &Asked<'_>) -> Result<(Body, Delivery), GatewayError> {
        let types = &asked.context.stage.api.binary_media_types;
        let kind = types.kind(self.headers.get(header::CONTENT_TYPE));
        let conversion = match Conversion::of_response(kind, types.accepted(asked.accept.as_deref()), compiled.handling) {
            // A compressed body is no text; replacing what is not UTF-8 in it would only break it.
            Conversion::Text if content::is_coded(&self.headers) => Conversion::Bytes,
            conversion => conversion,
        };
        converted(std::mem::take(&mut self.body), conversion, self.deadline, self.limits).await
    }
}

/// Makes an answer of a body that is whole and not compressed.
async fn transformed<'a>(
    compiled: &'a CompiledResponse,
    payload: Payload<'a>,
    whole: Bytes,
    headers: HeaderMap,
    mut asked: Box<Asked<'a>>,
) -> Result<Box<MappedAnswer<'a>>, GatewayError> {
    let types = &asked.context.stage.api.binary_media_types;
    let kind = types.kind(headers.get(header::CONTENT_TYPE));
    // Text is all that templates and mappings can read.
    let text = match kind {
        Kind::Text => whole.clone(),
        Kind::Binary => Conversion::ToBase64.apply(whole.clone()).map_err(untransformed)?,
    };
    let passed = Conversion::of_response(kind, types.accepted(asked.accept.as_deref()), compiled.handling);
    let template = match payload {
        Payload::Template(template) => Some(Arc::clone(template)),
        Payload::Literal(_) | Payload::PassedThrough => None,
    };
    let transformation = asked.transformation(Arc::new(Document::new(text)), Arc::clone(&compiled.body), template);
    let made = transformation.run(asked.heavy, asked.context.stage.api_id()).await;
    let Transformed { values, rendered } = made.map_err(Untransformable::of_response)?;
    let body = match (rendered, payload) {
        (Some(rendered), _) => {
            asked.overrides = rendered.overrides;
            output(compiled, rendered.text.into(), &asked)?
        }
        (None, Payload::Literal(text)) => output(compiled, text.clone(), &asked)?,
        (None, Payload::Template(_) | Payload::PassedThrough) => passed.apply(whole).map_err(untransformed)?,
    };
    let mut answer = MappedAnswer::new(compiled, headers, Answer::whole(body), asked);
    answer.values = values;
    Ok(answer)
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
