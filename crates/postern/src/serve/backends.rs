//! From the configuration to what stands behind integrations.

use std::sync::Arc;

use postern_data_plane::backends::Backends;

use crate::config::Settings;
use crate::failure::Failure;
use crate::signing::ConfiguredCredentials;

/// What AWS's names stand for on this machine.
///
/// # Errors
/// When functions are to run here, which does not exist yet.
pub fn backends(settings: &Settings, credentials: &Arc<ConfiguredCredentials>) -> Result<Backends, Failure> {
    if !settings.functions.local.is_empty() {
        return Err(Failure::NotImplemented("serve with local functions"));
    }
    Ok(Backends {
        services: settings.services.clone(),
        functions: settings.functions.elsewhere.clone(),
        credentials: Arc::clone(credentials) as _,
        link_targets: settings.link_targets.clone(),
        ..Backends::default()
    })
}
