//! From the configuration to what stands behind integrations.

use std::sync::Arc;

use postern_data_plane::backends::{Accounts, Backends};

use crate::config::{Mode, Settings};
use crate::signing::ConfiguredCredentials;

use super::local_functions::LocalFunctions;

/// What AWS's names stand for on this machine.
pub fn backends(settings: &Settings, credentials: &Arc<ConfiguredCredentials>, local: Option<&LocalFunctions>) -> Backends {
    let backends = Backends { credentials: Arc::clone(credentials) as _, ..configured(settings) };
    match local {
        Some(local) => Backends { local_functions: Arc::new(local.handle()), ..backends },
        None => backends,
    }
}

/// The same without what is alive: keys, and functions that run here.
pub fn configured(settings: &Settings) -> Backends {
    Backends {
        services: settings.services.clone(),
        functions: settings.functions.elsewhere.clone(),
        link_targets: settings.link_targets.clone(),
        accounts: match settings.mode {
            Mode::Signed => Accounts::Own,
            Mode::Dev => Accounts::Any,
        },
        ..Backends::default()
    }
}
