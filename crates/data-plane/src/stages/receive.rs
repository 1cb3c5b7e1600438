//! Reception: the API and stage a request is for.

use std::sync::Arc;

use super::address::Address;
use crate::compile::PublishedStage;
use crate::context::{Arrival, Message};
use crate::error::GatewayError;
use crate::registry::Registry;

/// A stage that serves the request, and where the path behind its name starts.
pub(crate) struct Located {
    pub(crate) stage: Arc<PublishedStage>,
    path_at: usize,
}

/// A request with its stage.
pub(crate) struct Received<'a> {
    pub(super) arrival: &'a Arrival,
    pub(super) stage: &'a Arc<PublishedStage>,
    /// Behind the stage's name, as sent.
    pub(super) path: &'a str,
    /// Borrowed, so that the stages do not move it along; the last one takes it.
    pub(super) message: &'a mut Message,
}

/// Finds the stage. An API that does not exist, one whose default endpoint is off and an unknown stage look the same from
/// outside, as on AWS.
pub(crate) async fn locate(registry: &Registry, arrival: &Arrival) -> Result<Located, GatewayError> {
    let address = Address::of(arrival).ok_or(GatewayError::Forbidden)?;
    let api_id = address.api_id.as_str();
    let found = match registry.resident(api_id) {
        Some(api) => Some(api),
        // Boxed because it is rare: what a future may have to hold is copied for every request.
        None => Box::pin(registry.load(api_id)).await.map_err(GatewayError::Store)?,
    };
    let api = found.filter(|api| !api.is_disabled).ok_or(GatewayError::Forbidden)?;
    api.touch(arrival.epoch.seconds());
    let stage = Arc::clone(api.stage(address.stage).ok_or(GatewayError::Forbidden)?.draw(fastrand::f64));
    Ok(Located { stage, path_at: address.path_at })
}

impl Located {
    /// The stage that TestInvokeMethod makes up. Its requests name no stage in their paths.
    pub(crate) fn tested(stage: Arc<PublishedStage>) -> Self {
        Self { stage, path_at: 0 }
    }

    /// The path behind the stage's name, as sent.
    pub(crate) fn path<'a>(&self, arrival: &'a Arrival) -> &'a str {
        &arrival.uri.path()[self.path_at..]
    }

    /// Puts the message to its stage.
    pub(crate) fn receive<'a>(&'a self, arrival: &'a Arrival, message: &'a mut Message) -> Received<'a> {
        Received { arrival, stage: &self.stage, path: self.path(arrival), message }
    }
}
