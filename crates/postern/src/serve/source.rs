//! From the store to the data plane: reads what an API's stages serve.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use postern_api_model::ports::{ApiSource, References};
use postern_api_model::rest_api::{Definition, DeploymentSnapshot, RestApi};
use postern_store::{Store, StoreError, Versioned, decode, load, references, snapshot_id};

/// How often an API is read again because a deployment of it went while it was being read. Each time somebody must have
/// deleted one in between; more than a few in a row is a damaged store.
const READS_MAX: usize = 5;

/// Why an API cannot be served from the store.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A stage points to a deployment that is not there.
    #[error("a stage serves deployment {deployment_id}, which is not in the store")]
    DeploymentMissing {
        /// The deployment.
        deployment_id: String,
    },
}

/// What the data plane needs to serve an API; `None` when there is no such API or nothing of it is served.
///
/// # Errors
/// When the store does not answer, or holds what cannot be.
pub async fn read(store: &dyn Store, api_id: &str) -> Result<Option<ApiSource>, ReadError> {
    let mut reads = 1;
    loop {
        let Some((_, Versioned { version, value })) = store.find_api(api_id).await? else { return Ok(None) };
        let api: RestApi = decode(api_id, &value)?;
        if api.stages.is_empty() {
            return Ok(None);
        }
        match deployments(store, &api).await {
            Ok(deployments) => {
                let references = references_of(store, &api, &deployments).await?;
                return Ok(Some(source(api, version, deployments, references)));
            }
            Err(ReadError::DeploymentMissing { .. }) if reads < READS_MAX => reads += 1,
            Err(error) => return Err(error),
        }
    }
}

/// The frozen definitions that the stages and their canaries point to.
async fn deployments(store: &dyn Store, api: &RestApi) -> Result<BTreeMap<String, Arc<Definition>>, ReadError> {
    let stages = api.stages.values();
    let canaries = stages.clone().filter_map(|stage| stage.canary_settings.as_ref()).map(|canary| &canary.deployment_id);
    let ids: BTreeSet<&String> = stages.map(|stage| &stage.deployment_id).chain(canaries).collect();
    let mut definitions = BTreeMap::new();
    for id in ids {
        let snapshot = load::<DeploymentSnapshot>(store, &api.scope, &snapshot_id(&api.id, id)).await?;
        let snapshot = snapshot.ok_or_else(|| ReadError::DeploymentMissing { deployment_id: id.clone() })?;
        definitions.insert(id.clone(), Arc::new(snapshot.value.definition));
    }
    Ok(definitions)
}

/// What the stages and what they serve name of what stands beside the API, under its own account and region.
async fn references_of(
    store: &dyn Store,
    api: &RestApi,
    deployments: &BTreeMap<String, Arc<Definition>>,
) -> Result<References, StoreError> {
    let (mut links, mut certificates) = (BTreeSet::new(), BTreeSet::new());
    for stage in api.stages.values() {
        certificates.extend(stage.client_certificate_id.clone());
        if let Some(definition) = deployments.get(&stage.deployment_id) {
            links.extend(definition.vpc_link_ids(&stage.variables));
        }
        let Some(canary) = &stage.canary_settings else { continue };
        let overrides = canary.stage_variable_overrides.iter().map(|(name, value)| (name.clone(), value.clone()));
        let variables = stage.variables.clone().into_iter().chain(overrides).collect();
        if let Some(definition) = deployments.get(&canary.deployment_id) {
            links.extend(definition.vpc_link_ids(&variables));
        }
    }
    references(store, &api.scope, &links, &certificates).await
}

fn source(api: RestApi, version: u64, deployments: BTreeMap<String, Arc<Definition>>, references: References) -> ApiSource {
    ApiSource {
        api_id: api.id,
        version,
        scope: api.scope,
        disable_execute_api_endpoint: api.definition.disable_execute_api_endpoint,
        stages: api.stages,
        deployments,
        references,
    }
}
