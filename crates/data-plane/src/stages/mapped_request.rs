//! The integration request where it is mapped: nothing but what is mapped, and a body that a template renders or that is passed through.
//! What is mapped does not depend on where it goes, which is a [`Destination`]; a MOCK goes nowhere.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use tokio::time::Instant;

use super::integration_request::{
    Asked, Building, Call, IntegrationRequest, ServiceProxy, UNTRANSFORMED, context, conversion, convert,
};
use super::lambda_request::LambdaTarget;
use super::route::Routed;
use super::service_target::ServiceTarget;
use super::target::{Parameters, Target, add_fields, mapped_headers, override_headers};
use super::transform::{Transformation, Transformed, Untransformable};
use super::validate::Validated;
use crate::compile::{
    BodySources, CompiledRequest, CompiledService, HttpEndpoint, LambdaEndpoint, MEDIA_TYPE_DEFAULT, MappedExchange,
    MockExchange, MockTemplate, Responses, Selected, Template, Transfer, accept_of, status_code,
};
use crate::content::{Conversion, Kind};
use crate::error::GatewayError;
use crate::headers::ForbiddenMappings;
use crate::heavy_work::HeavyWork;
use crate::mapping_template::{Document, Inputs, LiveRequest, MappingTemplate, Overrides, RequestFacts};

/// What becomes of the body.
enum Payload {
    Literal(Bytes),
    Template(Arc<MappingTemplate>),
    PassedThrough,
}

/// What reads the client's request besides mappings.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    Nothing,
    /// One of the request or of the answer may.
    Template,
}

impl Reader {
    /// Of the answer.
    fn of(responses: &Responses) -> Self {
        if responses.read_requests() { Self::Template } else { Self::Nothing }
    }
}

/// Where a mapped request goes.
#[derive(Clone, Copy)]
pub(super) enum Destination<'a> {
    Http(&'a HttpEndpoint),
    Service(&'a CompiledService),
    Lambda(&'a LambdaEndpoint),
}

/// The same for one request: its address, with the path and the query that are mapped.
enum Aim<'a> {
    Http(Target),
    Service(ServiceTarget<'a>),
    Lambda(LambdaTarget<'a>),
}

/// What is sent there.
struct Mapped {
    /// Whole but for what only the destination knows, such as a signature.
    headers: HeaderMap,
    /// Of a verb that has none as well.
    body: Bytes,
    /// The time in which the request's body arrived was the client's.
    deadline: Instant,
}

impl<'a> Destination<'a> {
    fn request(self) -> &'a CompiledRequest {
        match self {
            Self::Http(endpoint) => &endpoint.request,
            Self::Service(service) => &service.request,
            Self::Lambda(endpoint) => &endpoint.request,
        }
    }

    fn forbidden(self) -> ForbiddenMappings {
        match self {
            Self::Http(_) => ForbiddenMappings::OfAll,
            Self::Service(_) | Self::Lambda(_) => ForbiddenMappings::OfServices,
        }
    }

    fn aim(self, routed: &Routed<'a>, parameters: Parameters<'_>) -> Result<Aim<'a>, GatewayError> {
        match self {
            Self::Http(endpoint) => Target::new(routed, endpoint, None, parameters).map(Aim::Http),
            Self::Service(service) => ServiceTarget::new(routed, service, parameters).map(Aim::Service),
            Self::Lambda(endpoint) => LambdaTarget::new(routed, endpoint).map(Aim::Lambda),
        }
    }
}

impl<'a> Aim<'a> {
    /// What the destination adds to the fields before anything is mapped over them.
    fn defaults(&self, headers: &mut HeaderMap) {
        match self {
            Self::Http(_) | Self::Lambda(_) => {}
            Self::Service(target) => target.defaults(headers),
        }
    }

    /// `Host`, when it is known already.
    fn host(&self) -> Option<HeaderValue> {
        match self {
            Self::Http(target) => Some(target.host()),
            Self::Service(_) => None,
            Self::Lambda(target) => Some(target.host()),
        }
    }

    fn call(self, mapped: Mapped) -> Call<'a> {
        let Mapped { headers, body, deadline } = mapped;
        match self {
            Self::Http(target) => {
                let mut call = target.call(headers, body.into());
                call.deadline = deadline;
                Call::Http(call)
            }
            Self::Service(target) => Call::Service(Box::new(target.call(headers, body, deadline))),
            Self::Lambda(target) => Call::Lambda(Box::new(target.call(headers, body, deadline))),
        }
    }
}

/// The request is mapped, and so will the answer be.
pub(super) fn mapped<'a>(
    validated: Validated<'a>,
    destination: Destination<'a>,
    exchange: &'a MappedExchange,
    heavy: &'a HeavyWork,
) -> Result<Building<'a>, GatewayError> {
    let routed = validated.routed();
    let conversion = conversion(routed, destination.request().handling);
    let content_type = routed.received.message.headers.get(header::CONTENT_TYPE);
    let payload = match exchange.templates.select(content_type) {
        Selected::Template(_) if conversion.result() == Kind::Binary => return Err(UNTRANSFORMED),
        Selected::Template(Template::Literal(text)) => Payload::Literal(text.clone()),
        Selected::Template(Template::Mapping(template)) => Payload::Template(Arc::clone(template)),
        Selected::Template(Template::Broken(reason)) => return Err(broken(reason)),
        Selected::PassThrough => Payload::PassedThrough,
        Selected::Unsupported => return Err(GatewayError::UnsupportedMediaType),
    };
    let template = match &payload {
        Payload::Template(template) => Some(Arc::clone(template)),
        Payload::Literal(_) | Payload::PassedThrough => None,
    };
    let asked = Asked::new(routed, heavy, if template.is_some() { Reader::Template } else { Reader::of(&exchange.responses) });
    let sources = &destination.request().mappings.body;
    if template.is_none() && sources.is_empty() {
        let call = call(validated, destination, payload, conversion, &Transformed::default())?;
        return Ok(Building::Done(IntegrationRequest::Mapped { call, exchange, asked }));
    }
    Ok(Building::Waiting(Box::pin(async move {
        let mut asked = asked;
        let document = document(&validated, conversion)?;
        let sources = Arc::clone(sources);
        let transformation = asked.transformation(document, sources, template);
        let api_id = asked.context.stage.api_id();
        let mut transformed = transformation.run(heavy, api_id).await.map_err(Untransformable::of_request)?;
        let payload = match &mut transformed.rendered {
            Some(rendered) => Payload::Literal(std::mem::take(&mut rendered.text).into()),
            None => payload,
        };
        let call = call(validated, destination, payload, conversion, &transformed)?;
        asked.carry(transformed);
        Ok(IntegrationRequest::Mapped { call, exchange, asked })
    })))
}

/// The client's body as it came, and what the action needs; the answer is not mapped.
pub(super) fn service_proxy<'a>(validated: Validated<'a>, service: &'a CompiledService) -> Result<Building<'a>, GatewayError> {
    let routed = validated.routed();
    if !service.request.mappings.body.is_empty() {
        return Err(GatewayError::Configuration("parameters of a proxy integration cannot be mapped from the body"));
    }
    let context = context(routed, Transfer::Buffered);
    let conversion = conversion(routed, service.request.handling);
    let target = Destination::Service(service);
    match call(validated, target, Payload::PassedThrough, conversion, &Transformed::default())? {
        Call::Service(request) => {
            let request = Box::new(ServiceProxy { request: *request, context });
            Ok(Building::Done(IntegrationRequest::ServiceProxy(request)))
        }
        Call::Http(_) | Call::Lambda(_) => Err(GatewayError::Configuration("the integration is none of a service")),
    }
}

/// Puts the request together.
fn call<'a>(
    validated: Validated<'a>,
    destination: Destination<'a>,
    payload: Payload,
    conversion: Conversion,
    transformed: &Transformed,
) -> Result<Call<'a>, GatewayError> {
    let routed = validated.routed();
    let (arrival, stage) = (routed.received.arrival, routed.received.stage);
    let overrides = transformed.rendered.as_ref().map(|rendered| &rendered.overrides).filter(|overrides| !overrides.is_empty());
    let overrides = overrides.map(|overrides| &overrides.request);
    let parameters = Parameters { body: &transformed.values, overrides };
    let aim = destination.aim(routed, parameters)?;
    let mapped = mapped_headers(routed, &destination.request().mappings, parameters)?;
    let content_type = routed.received.message.headers.get(header::CONTENT_TYPE).cloned();
    let message = validated.into_message();
    let body = match payload {
        Payload::Literal(text) => text,
        Payload::Template(_) | Payload::PassedThrough => convert(message.body, conversion)?,
    };
    let mut headers = HeaderMap::with_capacity(8 + mapped.len());
    let default = HeaderValue::from_static(MEDIA_TYPE_DEFAULT);
    headers.insert(header::ACCEPT, default.clone());
    headers.insert(header::CONTENT_TYPE, content_type.unwrap_or(default));
    headers.insert(header::USER_AGENT, stage.user_agent().clone());
    aim.defaults(&mut headers);
    add_fields(&mut headers, aim.host(), mapped, arrival, stage);
    if let Some(overrides) = overrides {
        override_headers(&mut headers, &overrides.header, destination.forbidden())?;
    }
    Ok(aim.call(Mapped { headers, body, deadline: Instant::now() + destination.request().timeout }))
}

/// MOCK: the request template's status chooses the answer; where there is none for the media type, the request itself is read.
pub(super) fn mock<'a>(
    validated: Validated<'a>,
    exchange: &'a MockExchange,
    heavy: &'a HeavyWork,
) -> Result<Building<'a>, GatewayError> {
    let routed = validated.routed();
    let content_type = routed.received.message.headers.get(header::CONTENT_TYPE);
    let conversion = conversion(routed, exchange.handling);
    let asked = || Asked::new(routed, heavy, Reader::of(&exchange.responses));
    let (status, asked) = match exchange.templates.select(content_type) {
        Selected::Template(_) if conversion.result() == Kind::Binary => return Err(UNTRANSFORMED),
        Selected::Template(MockTemplate::Status(code)) => (Some(*code), asked()),
        Selected::Template(MockTemplate::Unreadable) => (None, asked()),
        Selected::Template(MockTemplate::Broken(reason)) => return Err(broken(reason)),
        Selected::Unsupported => return Err(GatewayError::UnsupportedMediaType),
        Selected::PassThrough => {
            let asked = asked();
            let body = convert(validated.into_message().body, conversion)?;
            (std::str::from_utf8(&body).ok().and_then(status_code), asked)
        }
        Selected::Template(MockTemplate::Mapping(template)) => {
            let mut asked = Asked::new(routed, heavy, Reader::Template);
            let template = Arc::clone(template);
            return Ok(Building::Waiting(Box::pin(async move {
                let document = document(&validated, conversion)?;
                let transformation = asked.transformation(document, [].into(), Some(template));
                let api_id = asked.context.stage.api_id();
                let transformed = transformation.run(heavy, api_id).await.map_err(Untransformable::of_request)?;
                let status = transformed.rendered.as_ref().and_then(|rendered| status_code(&rendered.text));
                asked.carry(transformed);
                Ok(IntegrationRequest::Mock { status, exchange, asked })
            })));
        }
    };
    Ok(Building::Done(IntegrationRequest::Mock { status, exchange, asked }))
}

/// AWS takes a template that it cannot parse, and answers 500 to the requests that need it.
fn broken(reason: &str) -> GatewayError {
    GatewayError::Transformation(format!("Unable to transform request: {reason}"))
}

/// The body as templates and mappings read it.
fn document(validated: &Validated<'_>, conversion: Conversion) -> Result<Arc<Document>, GatewayError> {
    let whole = validated.whole_body().ok_or(UNTRANSFORMED)?;
    let text = if conversion.result() == Kind::Text { conversion.apply(whole).map_err(|_| UNTRANSFORMED)? } else { whole };
    Ok(Arc::new(Document::new(text)))
}

impl<'a> Asked<'a> {
    fn new(routed: &Routed<'a>, heavy: &'a HeavyWork, reader: Reader) -> Box<Self> {
        let received = &routed.received;
        let facts = (reader == Reader::Template).then(|| {
            let live = LiveRequest::new(
                received.arrival,
                Arc::clone(received.stage),
                routed.method.resource,
                received.path,
                &routed.found.parameters,
                received.message.headers.clone(),
            );
            Arc::new(RequestFacts::Live(Box::new(live)))
        });
        Box::new(Self {
            accept: accept_of(&received.message.headers).map(Box::from),
            facts,
            overrides: Overrides::default(),
            heavy,
            context: context(routed, Transfer::Buffered),
        })
    }

    /// What is to be made of a body: the request's, or the integration's.
    pub(crate) fn transformation(
        &self,
        document: Arc<Document>,
        sources: BodySources,
        template: Option<Arc<MappingTemplate>>,
    ) -> Transformation {
        let inputs = self.facts.as_ref().map(|request| {
            Arc::new(Inputs { request: Arc::clone(request), body: Arc::clone(&document), overrides: self.overrides.clone() })
        });
        Transformation { document, sources, template: template.zip(inputs) }
    }

    /// Takes over what a template has overridden.
    pub(crate) fn carry(&mut self, transformed: Transformed) {
        if let Some(rendered) = transformed.rendered {
            self.overrides = rendered.overrides;
        }
    }
}
