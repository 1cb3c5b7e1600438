//! The port through which the control plane empties what the data plane keeps of answers and decisions.

use std::sync::Arc;

use postern_api_model::ports::{CacheFlusher, PortFuture};
use postern_data_plane::Gateway;

/// Empties the gateway's caches.
pub struct GatewayFlusher(pub Arc<Gateway>);

impl CacheFlusher for GatewayFlusher {
    fn flush_responses<'a>(&'a self, api_id: &'a str, stage_name: &'a str) -> PortFuture<'a, Result<(), String>> {
        self.0.flush_stage_cache(api_id, stage_name);
        Box::pin(async { Ok(()) })
    }

    fn flush_authorizations<'a>(&'a self, api_id: &'a str, stage_name: &'a str) -> PortFuture<'a, Result<(), String>> {
        self.0.flush_authorizers(api_id, stage_name);
        Box::pin(async { Ok(()) })
    }
}
