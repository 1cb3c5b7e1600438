//! The port through which the control plane empties what the data plane keeps of answers and decisions.

use postern_api_model::ports::{CacheFlusher, PortFuture};

/// The data plane caches neither answers nor authorizers' decisions yet, so every cache is empty before it is flushed.
#[derive(Clone, Copy, Debug)]
pub struct NothingKept;

impl CacheFlusher for NothingKept {
    fn flush_responses<'a>(&'a self, _api_id: &'a str, _stage_name: &'a str) -> PortFuture<'a, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }

    fn flush_authorizations<'a>(&'a self, _api_id: &'a str, _stage_name: &'a str) -> PortFuture<'a, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }
}
