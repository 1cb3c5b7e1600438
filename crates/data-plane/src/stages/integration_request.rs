//! The integration request: what a backend is sent, or what a MOCK is asked.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header;
use tokio::time::Instant;

use super::lambda_request::{self, LambdaCall, LambdaProxy};
use super::mapped_request::{self, Destination};
use super::mapping::Context;
use super::read_body::undecodable;
use super::route::Routed;
use super::target::{Parameters, Target, add_fields, mapped_headers};
use super::transform::{Transformation, Untransformable};
use super::validate::Validated;
use crate::compile::{CompiledIntegration, HttpEndpoint, MappedExchange, MockExchange, Transfer};
use crate::content::{self, Compression, Conversion, Handling};
use crate::context::Message;
use crate::error::GatewayError;
use crate::forwarded;
use crate::headers::{self, Field};
use crate::heavy_work::HeavyWork;
use crate::integrations::SignedRequest;
use crate::links::Way;
use crate::mapping_template::{Document, Overrides, RequestFacts};
use crate::transport::{Body, UpstreamRequest};

/// What the integration is asked, by type.
pub(crate) enum IntegrationRequest<'a> {
    /// HTTP_PROXY: the backend's answer is the answer. The call is boxed because it goes through many hands.
    HttpProxy { call: Box<HttpCall>, transfer: Transfer, context: Context<'a> },
    /// The backend's answer chooses from the integration responses, and is mapped.
    Mapped { call: Call<'a>, exchange: &'a MappedExchange, asked: Box<Asked<'a>> },
    /// MOCK: nothing is called.
    Mock { status: Option<u16>, exchange: &'a MockExchange, asked: Box<Asked<'a>> },
    /// AWS_PROXY: the function's answer is the answer.
    LambdaProxy(Box<LambdaProxy<'a>>),
    /// AWS_PROXY with Firehose: the service's answer is the answer.
    ServiceProxy(Box<ServiceProxy<'a>>),
}

impl IntegrationRequest<'_> {
    /// Waiting for an authorizer, a body or a key is no part of `timeoutInMillis`. What is mapped is given its time later.
    pub(crate) fn begins_after(&mut self, waited: Duration) {
        if let Self::HttpProxy { call, .. } = self {
            call.deadline += waited;
        }
    }
}

/// Whether the request is made, or waits for a body to be read or transformed. Boxed because it is not the common one: what a future
/// may have to hold is copied for every request.
#[allow(clippy::large_enum_variant, reason = "the large one is the common one")]
pub(crate) enum Building<'a> {
    Done(IntegrationRequest<'a>),
    Waiting(Pin<Box<dyn Future<Output = Result<IntegrationRequest<'a>, GatewayError>> + Send + 'a>>),
}

/// A mapped request, by where it goes.
pub(crate) enum Call<'a> {
    Http(Box<HttpCall>),
    /// Signed when it is sent.
    Service(Box<SignedRequest<'a>>),
    /// Of a function.
    Lambda(Box<LambdaCall<'a>>),
}

/// A request to a service whose answer is the client's.
pub(crate) struct ServiceProxy<'a> {
    pub(crate) request: SignedRequest<'a>,
    pub(crate) context: Context<'a>,
}

/// A request to a backend, and by when its answer must be whole.
pub(crate) struct HttpCall {
    pub(crate) request: UpstreamRequest,
    pub(crate) deadline: Instant,
    /// Behind a VPC link: the addresses to choose from.
    pub(crate) way: Option<Arc<Way>>,
}

/// What the making of a mapped answer reads of the request.
pub(crate) struct Asked<'a> {
    pub(crate) accept: Option<Box<str>>,
    /// For templates; `None` where there is none to read it.
    pub(crate) facts: Option<Arc<RequestFacts>>,
    /// Those of the request's template.
    pub(crate) overrides: Overrides,
    pub(crate) heavy: &'a HeavyWork,
    pub(crate) context: Context<'a>,
}

/// Builds the integration request.
pub(crate) fn integration_request<'a>(
    validated: Validated<'a>,
    heavy: &'a HeavyWork,
    max_body_bytes: u64,
) -> Result<Building<'a>, GatewayError> {
    let routed = validated.routed();
    match &routed.method.integration {
        CompiledIntegration::HttpProxy(endpoint) if endpoint.request.mappings.body.is_empty() => {
            let context = context(routed, endpoint.transfer);
            let call = http_proxy(validated, endpoint, Parameters::PLAIN)?;
            Ok(Building::Done(IntegrationRequest::HttpProxy { call, transfer: endpoint.transfer, context }))
        }
        CompiledIntegration::HttpProxy(endpoint) => {
            let max_bytes = usize::try_from(max_body_bytes).unwrap_or(usize::MAX);
            Ok(Building::Waiting(Box::pin(http_proxy_of_body(validated, endpoint, heavy, max_bytes))))
        }
        CompiledIntegration::Http(endpoint, exchange) => {
            mapped_request::mapped(validated, Destination::Http(endpoint), exchange, heavy)
        }
        CompiledIntegration::Service(service, exchange) => {
            mapped_request::mapped(validated, Destination::Service(service), exchange, heavy)
        }
        CompiledIntegration::Lambda(endpoint, exchange) => {
            mapped_request::mapped(validated, Destination::Lambda(endpoint), exchange, heavy)
        }
        CompiledIntegration::ServiceProxy(service) => mapped_request::service_proxy(validated, service),
        CompiledIntegration::Mock(exchange) => mapped_request::mock(validated, exchange, heavy),
        CompiledIntegration::LambdaProxy(endpoint) => lambda_request::proxy(validated, endpoint),
        CompiledIntegration::Broken(reason) => Err(GatewayError::Configuration(reason)),
    }
}

pub(super) fn context<'a>(routed: &Routed<'a>, transfer: Transfer) -> Context<'a> {
    let api = &routed.received.stage.api;
    let resource = api.resource(routed.method.resource);
    let compression = match (api.minimum_compression_bytes, transfer) {
        (Some(minimum), Transfer::Buffered) => Compression::negotiate(&routed.received.message.headers, minimum),
        // Nothing is compressed in STREAM mode (AWS docs, "Stream the integration response").
        (Some(_), Transfer::Stream) | (None, _) => None,
    };
    Context {
        arrival: routed.received.arrival,
        stage: routed.received.stage,
        resource: (&resource.id, &resource.path),
        compression,
    }
}

/// What `contentHandling` and the API's binary media types make of a request's body.
pub(super) fn conversion(routed: &Routed<'_>, handling: Handling) -> Conversion {
    let content_type = routed.received.message.headers.get(header::CONTENT_TYPE);
    Conversion::of_request(routed.received.stage.api.binary_media_types.kind(content_type), handling)
}

/// Converts a body that was read whole.
pub(super) fn convert(mut body: Body, conversion: Conversion) -> Result<Bytes, GatewayError> {
    let whole = body.take_whole().ok_or(UNREAD)?;
    conversion.apply(whole).map_err(|_| UNTRANSFORMED)
}

const UNREAD: GatewayError = GatewayError::Configuration("the request's body was not read");

/// A template reads text alone. AWS's log says the same in these words, whether the body is empty or not.
pub(super) const UNTRANSFORMED: GatewayError = GatewayError::Configuration("Unable to transform request");

/// All of the client's request but what belongs to its connection; mapped parameters are added (AWS docs, "HTTP proxy").
fn http_proxy(
    validated: Validated<'_>,
    endpoint: &HttpEndpoint,
    parameters: Parameters<'_>,
) -> Result<Box<HttpCall>, GatewayError> {
    let routed = validated.routed();
    let (arrival, stage) = (routed.received.arrival, routed.received.stage);
    let target = Target::new(routed, endpoint, arrival.uri.query(), parameters)?;
    let mapped = mapped_headers(routed, &endpoint.request.mappings, parameters)?;
    // Bodies stream unless they are to be converted; what AWS does to text that is not UTF-8 is not recorded for this type.
    let converted = (endpoint.request.handling != Handling::Unset).then(|| conversion(routed, endpoint.request.handling));
    let Message { mut headers, present, mut body } = validated.into_message();
    if let Some(conversion) = converted {
        body = convert(body, conversion)?.into();
    }
    headers::strip_request(&mut headers, present);
    headers.reserve(8 + mapped.len());
    if !present.has(Field::UserAgent) {
        headers.insert(header::USER_AGENT, stage.user_agent().clone());
    }
    forwarded::add(&mut headers, present, arrival);
    add_fields(&mut headers, Some(target.host()), mapped, arrival, stage);
    Ok(target.call(headers, body))
}

/// HTTP_PROXY with mappings that read the body, which passes as it is.
async fn http_proxy_of_body<'a>(
    validated: Validated<'a>,
    endpoint: &'a HttpEndpoint,
    heavy: &'a HeavyWork,
    max_bytes: usize,
) -> Result<IntegrationRequest<'a>, GatewayError> {
    let routed = validated.routed();
    let context = context(routed, endpoint.transfer);
    let whole = validated.whole_body().ok_or(UNREAD)?;
    let document = match content::request_coding(&routed.received.message.headers).map_err(undecodable)? {
        Some(coding) if !whole.is_empty() => content::decode(whole, coding, max_bytes).await.map_err(undecodable)?,
        _ => whole,
    };
    let document = Arc::new(Document::new(document));
    let transformation = Transformation { document, sources: Arc::clone(&endpoint.request.mappings.body), template: None };
    let transformed = transformation.run(heavy, context.stage.api_id()).await.map_err(Untransformable::of_request)?;
    let parameters = Parameters { body: &transformed.values, overrides: None };
    let call = http_proxy(validated, endpoint, parameters)?;
    Ok(IntegrationRequest::HttpProxy { call, transfer: endpoint.transfer, context })
}
