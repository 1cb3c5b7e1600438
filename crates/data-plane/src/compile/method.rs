//! One method with its integration, ready to serve.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;
use postern_api_model::apigateway::{ConnectionType, IntegrationType, ResponseTransferMode};
use postern_api_model::rest_api::{AUTHORIZATION_AWS_IAM, AUTHORIZATION_NONE, Definition, Integration, Method};

use super::authorizers::{self, AuthorizerIndex, BUILT_TYPES};
use super::caching::CacheParameters;
use super::expression::{BodySources, Destination, RequestSource};
use super::lambda::{self, LambdaEndpoint};
use super::responses::Responses;
use super::routes::ResourceIndex;
use super::schema::Schemas;
use super::service::CompiledService;
use super::templates::{Passthrough, RequestTemplates, Template};
use super::uri::{AddressError, UriTemplate};
use super::validation::{MissingValidator, Validation};
use super::{Blocked, ledger, mock};
use crate::content::Handling;
use crate::encode::{self, Place, Spelling};
use crate::headers::{self, ForbiddenMappings};
use crate::links::LinkUse;
use crate::mapping_template::MappingTemplate;
use crate::transport::TlsVerify;

/// A method of a deployment.
#[derive(Debug)]
pub(crate) struct CompiledMethod {
    pub(crate) resource: ResourceIndex,
    /// `GET`, or `ANY`.
    pub(crate) verb: Box<str>,
    /// Whether a client must present an API key.
    pub(crate) requires_api_key: bool,
    /// Who may call it.
    pub(crate) authorization: Authorization,
    /// A token must have one of them, if there are any.
    pub(crate) scopes: Box<[Box<str>]>,
    /// What its request validator checks, if anything.
    pub(crate) validation: Option<Box<Validation>>,
    pub(crate) integration: CompiledIntegration,
    /// What tells its answers apart; `None` when they cannot be cached.
    pub(crate) cache_parameters: Option<Box<CacheParameters>>,
    /// What this method asks for that is not built yet.
    pub(crate) blocked: Option<Blocked>,
}

/// How callers show that they may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Authorization {
    /// Not at all.
    None,
    /// By a signature.
    AwsIam,
    /// As this authorizer says; or why there is none to ask.
    Authorizer(Result<AuthorizerIndex, &'static str>),
    /// In a way that is not built; the method is always blocked.
    Unbuilt,
}

impl CompiledMethod {
    /// Whether an authorizer decides who may call it.
    pub(crate) fn has_authorizer(&self) -> bool {
        matches!(self.authorization, Authorization::Authorizer(_))
    }
}

/// What stands behind a method.
#[derive(Debug)]
pub(crate) enum CompiledIntegration {
    HttpProxy(HttpEndpoint),
    Http(HttpEndpoint, MappedExchange),
    /// An AWS service.
    Service(CompiledService, MappedExchange),
    Mock(MockExchange),
    /// AWS with a function.
    Lambda(LambdaEndpoint, MappedExchange),
    /// AWS_PROXY with one.
    LambdaProxy(LambdaEndpoint),
    /// AWS_PROXY with Firehose.
    ServiceProxy(CompiledService),
    /// Configured so that every request fails; AWS says so at the request.
    Broken(&'static str),
}

/// What is asked of a backend, whichever it is.
#[derive(Debug)]
pub(crate) struct CompiledRequest {
    /// `None`: the client's verb.
    pub(crate) verb: Option<http::Method>,
    pub(crate) mappings: Mappings,
    pub(crate) timeout: Duration,
    /// Of the request's body.
    pub(crate) handling: Handling,
}

/// How an HTTP backend is asked.
#[derive(Debug)]
pub(crate) struct HttpEndpoint {
    pub(crate) request: CompiledRequest,
    pub(crate) uri: Result<UriTemplate, AddressError>,
    pub(crate) transfer: Transfer,
    pub(crate) verify: TlsVerify,
    /// The VPC link that requests go through; `None`: they go where the URI leads.
    pub(crate) link: Option<LinkUse>,
}

/// Whether an answer is held back until it is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transfer {
    Buffered,
    Stream,
}

/// `requestParameters`, by destination.
#[derive(Debug)]
pub(crate) struct Mappings {
    pub(crate) headers: Vec<(HeaderName, RequestSource)>,
    /// Keys are encoded.
    pub(crate) query: Vec<(Box<str>, RequestSource)>,
    /// Keys in the order of [`UriTemplate`]'s parameters.
    pub(crate) path: Vec<(Box<str>, RequestSource)>,
    /// What they read of the body.
    pub(crate) body: BodySources,
}

/// Bodies and responses of an integration that is mapped both ways.
#[derive(Debug)]
pub(crate) struct MappedExchange {
    pub(crate) templates: RequestTemplates<Template>,
    pub(crate) responses: Responses,
}

/// A MOCK: the status that each request template asks for, read when it was compiled.
#[derive(Debug)]
pub(crate) struct MockExchange {
    pub(crate) templates: RequestTemplates<MockTemplate>,
    pub(crate) responses: Responses,
    /// Of the request's body.
    pub(crate) handling: Handling,
}

/// A MOCK's request template.
#[derive(Clone, Debug)]
pub(crate) enum MockTemplate {
    Status(u16),
    /// No integer `statusCode` in it.
    Unreadable,
    /// Its status is known when it is rendered.
    Mapping(Arc<MappingTemplate>),
    /// See [`Template::Broken`].
    Broken(Box<str>),
}

/// What the method's surroundings contribute.
pub(crate) struct Surroundings<'a> {
    pub(crate) resource: ResourceIndex,
    /// Path of the resource.
    pub(crate) path: &'a str,
    pub(crate) path_parameters: &'a [Box<str>],
    pub(crate) definition: &'a Definition,
    pub(crate) schemas: &'a Schemas<'a>,
}

impl CompiledMethod {
    /// Compiles one method; never fails, because AWS reports what is wrong with a method when it is called.
    pub(crate) fn compile(method: &Method, surroundings: &Surroundings<'_>, findings: &mut ledger::Findings) -> Self {
        let label = format!("{} {}", method.http_method, surroundings.path);
        let mut own = ledger::Findings::default();
        ledger::method(method, &mut own);
        let integration = match &method.integration {
            Some(integration) => {
                ledger::integration(integration, &mut own);
                CompiledIntegration::compile(method, integration, surroundings, &mut own)
            }
            // CreateDeployment refuses this; a snapshot that holds it all the same answers like AWS's broken ones.
            None => CompiledIntegration::Broken("the method has no integration"),
        };
        let compiled = Validation::compile(method, surroundings.definition, surroundings.path_parameters, surroundings.schemas);
        let (validation, integration) = match compiled {
            Ok(validation) => (validation, integration),
            Err(MissingValidator) => (None, CompiledIntegration::Broken("the method's request validator does not exist")),
        };
        findings.inert.append(&mut own.inert);
        Self {
            resource: surroundings.resource,
            verb: method.http_method.as_str().into(),
            requires_api_key: method.api_key_required,
            authorization: Authorization::compile(method, surroundings.definition),
            scopes: method.authorization_scopes.iter().map(|scope| scope.as_str().into()).collect(),
            validation,
            integration,
            cache_parameters: method
                .integration
                .as_ref()
                .and_then(|integration| CacheParameters::compile(integration, surroundings.path_parameters)),
            blocked: Blocked::of(&label, own.blocking),
        }
    }

    /// The endpoint, when the integration has one.
    pub(crate) fn endpoint(&self) -> Option<&HttpEndpoint> {
        match &self.integration {
            CompiledIntegration::HttpProxy(endpoint) | CompiledIntegration::Http(endpoint, _) => Some(endpoint),
            CompiledIntegration::Service(..)
            | CompiledIntegration::Lambda(..)
            | CompiledIntegration::LambdaProxy(_)
            | CompiledIntegration::ServiceProxy(_)
            | CompiledIntegration::Mock(_)
            | CompiledIntegration::Broken(_) => None,
        }
    }

    /// The function, when the integration calls one.
    pub(crate) fn lambda(&self) -> Option<&LambdaEndpoint> {
        match &self.integration {
            CompiledIntegration::Lambda(endpoint, _) | CompiledIntegration::LambdaProxy(endpoint) => Some(endpoint),
            _ => None,
        }
    }

    /// The AWS service, when the integration is one of a service.
    pub(crate) fn service(&self) -> Option<&CompiledService> {
        match &self.integration {
            CompiledIntegration::Service(service, _) | CompiledIntegration::ServiceProxy(service) => Some(service),
            _ => None,
        }
    }
}

impl Authorization {
    fn compile(method: &Method, definition: &Definition) -> Self {
        match method.authorization_type.as_str() {
            AUTHORIZATION_NONE => Self::None,
            AUTHORIZATION_AWS_IAM => Self::AwsIam,
            kind if BUILT_TYPES.contains(&kind) => Self::Authorizer(authorizers::of_method(method, definition)),
            _ => Self::Unbuilt,
        }
    }
}

impl CompiledIntegration {
    fn compile(
        method: &Method,
        integration: &Integration,
        surroundings: &Surroundings<'_>,
        findings: &mut ledger::Findings,
    ) -> Self {
        let inert = &mut Vec::new();
        let responses = || Responses::compile(method);
        let passthrough = Passthrough::parse(&integration.passthrough_behavior);
        let templates =
            || integration.request_templates.iter().map(|(key, text)| (Box::from(key.as_str()), Template::parse(text)));
        let compiled = match integration.kind {
            IntegrationType::HttpProxy => match HttpEndpoint::compile(integration, surroundings, inert) {
                Ok(endpoint) => Self::HttpProxy(endpoint),
                Err(reason) => Self::Broken(reason),
            },
            IntegrationType::Http => match HttpEndpoint::compile(integration, surroundings, inert) {
                Ok(endpoint) => {
                    let templates = RequestTemplates::new(templates(), passthrough);
                    Self::Http(endpoint, MappedExchange { templates, responses: responses() })
                }
                Err(reason) => Self::Broken(reason),
            },
            IntegrationType::Mock => Self::Mock(MockExchange {
                templates: RequestTemplates::new(templates().map(|(key, template)| (key, template.into())), passthrough),
                responses: responses(),
                handling: integration.content_handling.into(),
            }),
            IntegrationType::Aws | IntegrationType::AwsProxy if lambda::is_lambda(integration) => {
                match CompiledRequest::compile(integration, surroundings.path_parameters, inert) {
                    Ok(request) if integration.kind == IntegrationType::Aws => {
                        let templates = RequestTemplates::new(templates(), passthrough);
                        let responses = Responses::compile_for_messages(method);
                        let exchange = MappedExchange { templates, responses };
                        Self::Lambda(LambdaEndpoint::compile(integration, request), exchange)
                    }
                    // Mappings have no effect on an event, yet one onto a field that is the gateway's own fails as elsewhere (reported).
                    Ok(request) => Self::LambdaProxy(LambdaEndpoint::compile(integration, request)),
                    Err(reason) => Self::Broken(reason),
                }
            }
            IntegrationType::Aws | IntegrationType::AwsProxy => {
                match CompiledRequest::compile(integration, surroundings.path_parameters, inert) {
                    Ok(request) if integration.kind == IntegrationType::AwsProxy => {
                        Self::ServiceProxy(CompiledService::compile(integration, request))
                    }
                    Ok(request) => {
                        let templates = RequestTemplates::new(templates(), passthrough);
                        let exchange = MappedExchange { templates, responses: responses() };
                        Self::Service(CompiledService::compile(integration, request), exchange)
                    }
                    Err(reason) => Self::Broken(reason),
                }
            }
        };
        findings.inert.append(inert);
        compiled
    }
}

impl From<Template> for MockTemplate {
    fn from(template: Template) -> Self {
        match template {
            Template::Mapping(template) => Self::Mapping(template),
            Template::Broken(reason) => Self::Broken(reason),
            Template::Literal(text) => {
                std::str::from_utf8(&text).ok().and_then(mock::status_code).map_or(Self::Unreadable, Self::Status)
            }
        }
    }
}

impl HttpEndpoint {
    fn compile(
        integration: &Integration,
        surroundings: &Surroundings<'_>,
        inert: &mut Vec<&'static str>,
    ) -> Result<Self, &'static str> {
        let request = CompiledRequest::compile(integration, surroundings.path_parameters, inert)?;
        let uri = UriTemplate::parse(integration.uri.as_deref().unwrap_or(""), &request.mappings.path_names());
        Ok(Self {
            request,
            uri,
            transfer: match integration.response_transfer_mode {
                Some(ResponseTransferMode::Stream) => Transfer::Stream,
                Some(ResponseTransferMode::Buffered) | None => Transfer::Buffered,
            },
            verify: match integration.insecure_skip_verification {
                Some(true) => TlsVerify::AnyIssuer,
                Some(false) | None => TlsVerify::Full,
            },
            link: (integration.connection_type == Some(ConnectionType::VpcLink)).then(|| LinkUse {
                connection_id: integration.connection_id.as_deref().unwrap_or_default().into(),
                integration_target: integration.integration_target.as_deref().map(Box::from),
            }),
        })
    }
}

impl CompiledRequest {
    fn compile(
        integration: &Integration,
        path_parameters: &[Box<str>],
        inert: &mut Vec<&'static str>,
    ) -> Result<Self, &'static str> {
        let verb = match integration.http_method.as_deref() {
            None | Some("ANY" | "") => None,
            Some(verb) => Some(http::Method::from_bytes(verb.as_bytes()).map_err(|_| "the integration's verb is invalid")?),
        };
        Ok(Self {
            verb,
            mappings: Mappings::compile(integration, path_parameters, inert)?,
            timeout: Duration::from_millis(integration.timeout_in_millis.into()),
            handling: integration.content_handling.into(),
        })
    }
}

impl Mappings {
    /// The path parameters that something is mapped to.
    pub(super) fn path_names(&self) -> Vec<Box<str>> {
        self.path.iter().map(|(name, _)| name.clone()).collect()
    }

    fn compile(
        integration: &Integration,
        path_parameters: &[Box<str>],
        inert: &mut Vec<&'static str>,
    ) -> Result<Self, &'static str> {
        const BROKEN: &str = "a parameter mapping is invalid";
        let forbidden = ForbiddenMappings::of(&integration.kind);
        let (mut mappings, mut body) = (Self { headers: vec![], query: vec![], path: vec![], body: [].into() }, Vec::new());
        for (key, expression) in &integration.request_parameters {
            let source = RequestSource::parse(expression, path_parameters, &mut body).map_err(|_| BROKEN)?;
            match Destination::parse(key).map_err(|_| BROKEN)? {
                Destination::Header(name) if forbidden.forbids(&name) => {
                    return Err("a parameter mapping sets a header that is the gateway's own");
                }
                Destination::Header(name) if headers::may_be_mapped(&name) => mappings.headers.push((name, source)),
                // Fields of one connection never reach a backend (AWS's table drops them as well).
                Destination::Header(_) => inert.push("Integration.requestParameters of a connection's own header"),
                Destination::Query(name) => {
                    let mut encoded = String::new();
                    encode::push(&mut encoded, &name, Place::Query, Spelling::Plain);
                    mappings.query.push((encoded.into(), source));
                }
                Destination::Path(name) => mappings.path.push((name, source)),
            }
        }
        if matches!(integration.kind, IntegrationType::Http | IntegrationType::Aws) && !integration.request_templates.is_empty() {
            mappings.add_overridable(integration.uri.as_deref().unwrap_or(""));
        }
        Ok(Self { body: body.into(), ..mappings })
    }

    /// A path parameter of the URI that nothing is mapped to may still be set by a template's override.
    fn add_overridable(&mut self, uri: &str) {
        for name in UriTemplate::parameter_names(uri) {
            if !self.path.iter().any(|(known, _)| **known == *name) {
                self.path.push((name.into(), RequestSource::Absent));
            }
        }
    }
}
