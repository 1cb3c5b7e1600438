//! A REST API as one aggregate: loaded whole, changed by pure functions, written back under a version check.
//!
//! [`RestApi`] is the aggregate. Its [`Definition`] is what CreateDeployment freezes; stages, deployments and tags are
//! outside it, so that changing a stage needs no deployment and a deployment never holds itself.

mod authorizer;
mod deployment;
mod documentation_part;
mod documentation_version;
mod gateway_response;
mod integration;
mod method;
mod model;
mod request_validator;
mod resource;
mod stage;

pub use authorizer::{Authorizer, JwtAdditionalClaim, JwtConfiguration, JwtIssuer, RESULT_TTL_S_DEFAULT};
pub use deployment::{Deployment, DeploymentSnapshot};
pub use documentation_part::{ANY as DOCUMENTATION_ANY, DocumentationLocation, DocumentationPart};
pub use documentation_version::{DocumentationSnapshot, DocumentationVersion};
pub use gateway_response::{GatewayResponse, TEMPLATE_DEFAULT};
pub use integration::{Integration, IntegrationResponse, TIMEOUT_MS_DEFAULT, vpc_link_id};
pub use method::{AUTHORIZATION_AWS_IAM, AUTHORIZATION_NONE, Method, MethodResponse};
pub use model::Model;
pub use request_validator::RequestValidator;
pub use resource::Resource;
pub use stage::{AccessLogSettings, CanarySettings, MethodSetting, Stage};

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::apigateway::{ApiKeySourceType, EndpointAccessMode, EndpointType, GatewayResponseType, IpAddressType, SecurityPolicy};
use crate::scope::Scope;

/// Seconds since the epoch. v1 answers carry dates as JSON numbers in this unit.
pub type EpochSeconds = i64;

/// Tags of a taggable resource, ordered by key.
pub type Tags = BTreeMap<String, String>;

/// One REST API and everything that belongs to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RestApi {
    /// Ten characters of `[a-z0-9]`, unique in the whole installation.
    pub id: String,
    /// Whose API it is.
    pub scope: Scope,
    /// When CreateRestApi or ImportRestApi made it.
    pub created: EpochSeconds,
    /// What a deployment freezes.
    pub definition: Definition,
    /// By deployment id. What each froze is an immutable aggregate of its own, [`DeploymentSnapshot`].
    #[serde(default)]
    pub deployments: BTreeMap<String, Deployment>,
    /// By stage name.
    #[serde(default)]
    pub stages: BTreeMap<String, Stage>,
    /// By part id. Published by documentation versions, so outside of what a deployment freezes.
    #[serde(default)]
    pub documentation_parts: BTreeMap<String, DocumentationPart>,
    /// By version. What each holds is an immutable aggregate of its own, [`DocumentationSnapshot`].
    #[serde(default)]
    pub documentation_versions: BTreeMap<String, DocumentationVersion>,
    /// Tags of the API itself; a stage has its own.
    #[serde(default)]
    pub tags: Tags,
}

/// The part of a REST API that a deployment freezes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// Not unique.
    pub name: String,
    /// Never stored empty by CreateRestApi.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The API's own version text, as the user gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Where an API key is read from.
    pub api_key_source: ApiKeySourceType,
    /// Media types treated as binary, in the order in which the user gave them; Terraform compares the order.
    #[serde(default)]
    pub binary_media_types: Vec<String>,
    /// Bytes from which a response is compressed; `None` is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_compression_size: Option<u32>,
    /// The default host name answers 403 while this is set.
    #[serde(default)]
    pub disable_execute_api_endpoint: bool,
    /// Endpoint types and what goes with them.
    pub endpoint_configuration: EndpointConfiguration,
    /// The resource policy as plain JSON text (unescaped); answers carry it escaped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// TLS policy of the default endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_policy: Option<SecurityPolicy>,
    /// Access mode of the default endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint_access_mode: Option<EndpointAccessMode>,
    /// Id of the resource whose path is `/`.
    pub root_resource_id: String,
    /// By resource id; holds the root.
    pub resources: BTreeMap<String, Resource>,
    /// By model name.
    #[serde(default)]
    pub models: BTreeMap<String, Model>,
    /// By validator id.
    #[serde(default)]
    pub request_validators: BTreeMap<String, RequestValidator>,
    /// Only the types that were put explicitly.
    #[serde(default)]
    pub gateway_responses: BTreeMap<GatewayResponseType, GatewayResponse>,
    /// By authorizer id.
    #[serde(default)]
    pub authorizers: BTreeMap<String, Authorizer>,
}

/// Endpoint types and their companions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointConfiguration {
    /// Exactly one in practice.
    pub types: Vec<EndpointType>,
    /// `ipv4` for EDGE and REGIONAL, `dualstack` for PRIVATE unless asked otherwise.
    pub ip_address_type: IpAddressType,
    /// PRIVATE only.
    #[serde(default)]
    pub vpc_endpoint_ids: Vec<String>,
}

/// A map that keeps the order in which its entries were made, as the service does for what it echoes.
pub type OrderedMap<V> = IndexMap<String, V>;

impl RestApi {
    /// An API without deployments, stages, documentation and tags.
    pub fn new(id: &str, scope: Scope, created: EpochSeconds, definition: Definition) -> Self {
        Self {
            id: id.to_owned(),
            scope,
            created,
            definition,
            deployments: BTreeMap::new(),
            stages: BTreeMap::new(),
            documentation_parts: BTreeMap::new(),
            documentation_versions: BTreeMap::new(),
            tags: Tags::new(),
        }
    }
}

impl EndpointConfiguration {
    /// What the service makes of a type alone.
    pub fn of_type(endpoint_type: EndpointType) -> Self {
        let ip_address_type = match endpoint_type {
            EndpointType::Private => IpAddressType::Dualstack,
            EndpointType::Edge | EndpointType::Regional => IpAddressType::Ipv4,
        };
        Self { types: vec![endpoint_type], ip_address_type, vpc_endpoint_ids: Vec::new() }
    }
}

impl Definition {
    /// An API with nothing but its root, with the service's defaults.
    pub fn empty(name: &str, root_id: &str) -> Self {
        let root = Resource { id: root_id.to_owned(), parent_id: None, path_part: String::new(), methods: BTreeMap::new() };
        Self {
            name: name.to_owned(),
            description: None,
            version: None,
            api_key_source: ApiKeySourceType::Header,
            binary_media_types: Vec::new(),
            minimum_compression_size: None,
            disable_execute_api_endpoint: false,
            endpoint_configuration: EndpointConfiguration::of_type(EndpointType::Edge),
            policy: None,
            security_policy: None,
            endpoint_access_mode: None,
            root_resource_id: root_id.to_owned(),
            resources: BTreeMap::from([(root_id.to_owned(), root)]),
            models: BTreeMap::new(),
            request_validators: BTreeMap::new(),
            gateway_responses: BTreeMap::new(),
            authorizers: BTreeMap::new(),
        }
    }

    /// The resource whose path is `/`.
    ///
    /// # Panics
    /// Never: every constructor puts the root into `resources`, and no operation removes it.
    pub fn root(&self) -> &Resource {
        &self.resources[&self.root_resource_id]
    }

    /// The VPC links that methods go through under a stage's variables.
    pub fn vpc_link_ids(&self, stage_variables: &BTreeMap<String, String>) -> BTreeSet<String> {
        let methods = self.resources.values().flat_map(|resource| resource.methods.values());
        let integrations = methods.filter_map(|method| method.integration.as_ref());
        integrations.filter_map(|integration| integration.vpc_link_id(stage_variables)).map(str::to_owned).collect()
    }

    /// The full path of a resource, `/` for the root: the parts from the root downwards.
    /// `None` when `id` is no resource of this API.
    pub fn path(&self, id: &str) -> Option<String> {
        let mut parts = Vec::new();
        let mut resource = self.resources.get(id)?;
        while let Some(parent) = &resource.parent_id {
            parts.push(resource.path_part.as_str());
            resource = self.resources.get(parent)?;
        }
        parts.reverse();
        Some(format!("/{}", parts.join("/")))
    }
}
