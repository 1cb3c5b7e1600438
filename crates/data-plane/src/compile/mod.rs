//! From a frozen definition to what a request reads.
//!
//! [`CompiledApi`] is made once per deployment and never changes. A [`PublishedStage`] is one of those plus the stage's variables and
//! settings; it is made again whenever the stage changes, without compiling. What is wrong with a method compiles to a method
//! that answers so, because AWS says it at the request.

mod authorizers;
mod caching;
mod credentials;
mod expression;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod gateway_responses;
mod json_services;
mod lambda;
mod lambda_authorizer;
mod ledger;
mod logging;
mod message_patterns;
mod method;
mod method_settings;
mod mock;
mod published;
mod responses;
mod routes;
mod schema;
mod service;
mod stage_authorizers;
mod templates;
mod throttles;
mod uri;
mod validation;
mod variants;

use std::collections::BTreeSet;
use std::sync::Arc;

pub(crate) use authorizers::{AuthorizerIndex, AuthorizerKind, CompiledAuthorizer};
pub(crate) use caching::{CacheParameters, Caching, Renewal};
pub(crate) use credentials::Signatory;
pub(crate) use expression::{BodySource, BodySources, RequestSource, ResponseSource};
pub(crate) use gateway_responses::{CustomResponse, ErrorVariable, FailureSource, GatewayResponses, TemplatePiece};
pub(crate) use lambda::{LambdaEndpoint, LambdaFunction, filled};
pub(crate) use lambda_authorizer::{IdentityPlace, IdentitySource, LambdaAuthorizer, Shows};
pub use ledger::{Effect, LedgerEntry, field_ledger};
pub(crate) use method::{
    Authorization, CompiledIntegration, CompiledMethod, CompiledRequest, HttpEndpoint, MappedExchange, Mappings, MockExchange,
    MockTemplate, Transfer,
};
pub(crate) use method_settings::of_settings;
pub(crate) use mock::status_code;
use postern_api_model::apigateway::ApiKeySourceType;
use postern_api_model::rest_api::Definition;
#[cfg(any(test, fuzzing))]
pub(crate) use published::publish;
pub(crate) use published::{Calls, PublishedApi, PublishedStage, publish_with};
pub(crate) use responses::{CompiledResponse, MessageSelection, Responses, SelectionError};
use routes::Routes;
pub(crate) use routes::{Greed, ParameterPlaces, ResourceIndex, parameter_name, parameter_names};
pub(crate) use schema::Schema;
pub(crate) use service::{CompiledService, JsonFields, ResolvedService};
pub(crate) use templates::{MEDIA_TYPE_DEFAULT, Selected, Template, accept_of};
use throttles::Throttles;
pub(crate) use uri::{Address, AddressError, PathAndQueryTemplate, PathValue, PathValues};
pub(crate) use validation::{BodyModel, Validation};

use crate::access::ResourcePolicy;
use crate::content::BinaryMediaTypes;

/// Index of a method in its [`CompiledApi`].
pub(crate) type MethodIndex = usize;

/// The verbs that `ANY` stands for (AWS docs, "Set up a method using the API Gateway console").
const ANY_COVERS: [http::Method; 7] = [
    http::Method::DELETE,
    http::Method::GET,
    http::Method::HEAD,
    http::Method::OPTIONS,
    http::Method::PATCH,
    http::Method::POST,
    http::Method::PUT,
];

/// One deployment, compiled.
#[derive(Debug)]
pub(crate) struct CompiledApi {
    routes: Routes,
    resources: Vec<CompiledResource>,
    methods: Vec<CompiledMethod>,
    authorizers: Vec<CompiledAuthorizer>,
    pub(crate) gateway_responses: GatewayResponses,
    pub(crate) binary_media_types: BinaryMediaTypes,
    /// Bytes from which an answer is compressed; `None`: never.
    pub(crate) minimum_compression_bytes: Option<u64>,
    pub(crate) policy: ResourcePolicy,
    /// Who gives the API keys of methods that require one.
    pub(crate) api_key_source: ApiKeySourceType,
    /// What holds for every method of the deployment.
    pub(crate) blocked: Option<Blocked>,
}

/// One resource that has methods.
#[derive(Debug)]
pub(crate) struct CompiledResource {
    pub(crate) id: Box<str>,
    pub(crate) path: Box<str>,
    methods: Vec<(http::Method, MethodIndex)>,
    any: Option<MethodIndex>,
}

/// A resource and method that a request matched.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) method: MethodIndex,
    /// Ranges of the path that was matched, in the order of the resource's parameters.
    pub(crate) parameters: ParameterPlaces,
}

/// Features that a request needs and that are not built yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Blocked {
    message: Arc<str>,
    fields_at: usize,
}

impl Blocked {
    /// `None` when nothing blocks. `label` says what is blocked, such as `GET /pets`.
    fn of(label: &str, mut fields: Vec<String>) -> Option<Self> {
        fields.dedup();
        (!fields.is_empty()).then(|| {
            let start = format!("{label} is not implemented yet: ");
            Self { message: format!("{start}{}", fields.join(", ")).into(), fields_at: start.len() }
        })
    }

    /// The client's message.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The fields alone.
    fn fields(&self) -> &str {
        &self.message[self.fields_at..]
    }
}

/// A method that a deployment of a definition would serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// `GET` and so on, or `ANY`.
    pub verb: String,
    /// The resource's path.
    pub path: String,
    /// What every request to it is answered with, as 501, when it needs what is not built yet.
    pub refused: Option<String>,
}

/// The routes of a definition, by path and verb.
pub fn routes_of(definition: &Definition) -> Vec<Route> {
    let (compiled, _) = CompiledApi::compile(definition);
    let route = |method: &CompiledMethod| Route {
        verb: method.verb.to_string(),
        path: compiled.resource(method.resource).path.to_string(),
        refused: compiled.blocked.as_ref().or(method.blocked.as_ref()).map(|blocked| blocked.message().to_owned()),
    };
    let mut routes: Vec<Route> = compiled.methods.iter().map(route).collect();
    routes.sort_unstable_by(|a, b| (&a.path, &a.verb).cmp(&(&b.path, &b.verb)));
    routes
}

impl CompiledApi {
    /// Compiles a definition. Fields that are set and do nothing are said once, in the log.
    pub(crate) fn compile(definition: &Definition) -> (Self, Vec<&'static str>) {
        let mut findings = ledger::Findings::default();
        ledger::definition(definition, &mut findings);
        let blocked = Blocked::of("This API", std::mem::take(&mut findings.blocking));
        let (mut resources, mut methods) = (Vec::new(), Vec::new());
        let schemas = schema::Schemas::new(definition);
        for resource in definition.resources.values() {
            ledger::resource(resource);
            let Some(path) = definition.path(&resource.id).filter(|_| !resource.methods.is_empty()) else { continue };
            let surroundings = method::Surroundings {
                resource: resources.len(),
                path: &path,
                path_parameters: &routes::parameter_names(&path),
                definition,
                schemas: &schemas,
            };
            let mut compiled =
                CompiledResource { id: resource.id.as_str().into(), path: Box::from(&*path), methods: vec![], any: None };
            for (verb, method) in &resource.methods {
                match (verb.as_str(), http::Method::from_bytes(verb.as_bytes())) {
                    ("ANY", _) => compiled.any = Some(methods.len()),
                    (_, Ok(verb)) => compiled.methods.push((verb, methods.len())),
                    (_, Err(_)) => continue,
                }
                methods.push(CompiledMethod::compile(method, &surroundings, &mut findings));
            }
            resources.push(compiled);
        }
        let routes = Routes::new(resources.iter().enumerate().map(|(index, resource)| (index, &*resource.path)));
        let gateway_responses = GatewayResponses::compile(definition);
        findings.inert.sort_unstable();
        findings.inert.dedup();
        let compiled = Self {
            routes,
            resources,
            methods,
            authorizers: authorizers::compile(definition),
            gateway_responses,
            binary_media_types: BinaryMediaTypes::compile(&definition.binary_media_types),
            policy: ResourcePolicy::compile(definition.policy.as_deref()),
            api_key_source: definition.api_key_source,
            minimum_compression_bytes: definition.minimum_compression_size.map(u64::from),
            blocked,
        };
        (compiled, findings.inert)
    }

    /// The method for a path and verb: the most specific resource, then its exact verb, then `ANY`. A resource that lacks the
    /// verb ends the search.
    pub(crate) fn find(&self, path: &str, verb: &http::Method) -> Option<Found> {
        let found = self.routes.find(path)?;
        let resource = &self.resources[found.resource];
        let exact = resource.methods.iter().find(|(known, _)| known == verb).map(|(_, index)| *index);
        let method = exact.or_else(|| resource.any.filter(|_| ANY_COVERS.contains(verb)))?;
        Some(Found { method, parameters: found.parameters })
    }

    /// The value of a matched resource's path parameter, in the path that was matched.
    pub(crate) fn path_parameter<'p>(&self, found: &Found, path: &'p str, name: &str) -> Option<&'p str> {
        let resource = self.resource(self.method(found.method).resource);
        let at = routes::parameter_names(&resource.path).iter().position(|known| **known == *name)?;
        path.get(found.parameters.get(at)?.clone())
    }

    /// The method of an API that was compiled for one, to be tested.
    pub(crate) fn only_method(&self) -> Option<(MethodIndex, &CompiledMethod)> {
        self.methods.iter().enumerate().next()
    }

    pub(crate) fn method(&self, index: MethodIndex) -> &CompiledMethod {
        &self.methods[index]
    }

    pub(crate) fn authorizers(&self) -> &[CompiledAuthorizer] {
        &self.authorizers
    }

    pub(crate) fn authorizer(&self, index: AuthorizerIndex) -> &CompiledAuthorizer {
        &self.authorizers[index]
    }

    pub(crate) fn resource(&self, index: ResourceIndex) -> &CompiledResource {
        &self.resources[index]
    }

    /// The fields that make requests answer 501, each once.
    fn refusing_fields(&self) -> BTreeSet<&str> {
        let of_methods = self.methods.iter().filter_map(|method| method.blocked.as_ref());
        self.blocked.iter().chain(of_methods).map(Blocked::fields).collect()
    }

    pub(crate) fn methods(&self) -> &[CompiledMethod] {
        &self.methods
    }
}

#[cfg(test)]
mod tests;
