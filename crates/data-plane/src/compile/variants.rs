//! A stage as requests find it: its production release and, where it has canary settings, the canary release beside it.
//!
//! Both are whole [`PublishedStage`]s, so that behind the draw nothing has to ask which one it serves. What limits a stage counts for
//! both together: they share their buckets.

use std::sync::Arc;

use super::PublishedStage;
use postern_api_model::rest_api::{CanarySettings, Stage};

/// All of the traffic.
const PERCENT_MAX: f64 = 100.0;

/// The releases of a stage.
#[derive(Debug)]
pub(crate) struct Variants {
    production: Arc<PublishedStage>,
    canary: Option<Canary>,
}

#[derive(Debug)]
struct Canary {
    stage: Arc<PublishedStage>,
    /// Of the traffic, from 0 to 100.
    percent: f64,
}

impl Variants {
    /// A stage without a canary.
    pub(super) fn alone(production: PublishedStage) -> Self {
        Self { production: Arc::new(production), canary: None }
    }

    /// The same with a canary.
    pub(super) fn with_canary(self, stage: PublishedStage, settings: &CanarySettings) -> Self {
        Self { canary: Some(Canary { stage: Arc::new(stage), percent: settings.percent_traffic }), ..self }
    }

    /// The release that serves a request. `random` gives a number from 0 up to, and without, 1; it is only asked where there is something
    /// to draw. Each request is drawn by itself: a client is not kept at one release (AWS docs, "Set up a canary release deployment").
    pub(crate) fn draw(&self, random: impl FnOnce() -> f64) -> &Arc<PublishedStage> {
        match &self.canary {
            Some(canary) if random() * PERCENT_MAX < canary.percent => &canary.stage,
            Some(_) | None => &self.production,
        }
    }

    /// Production first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &PublishedStage> {
        std::iter::once(&self.production).chain(self.canary.iter().map(|canary| &canary.stage)).map(|stage| &**stage)
    }
}

/// What a canary serves, as a stage of its own: another deployment, and variables laid over those of the stage. All else is the stage's.
pub(super) fn canary_stage(stage: &Stage, settings: &CanarySettings) -> Stage {
    let mut canary = Stage { deployment_id: settings.deployment_id.clone(), canary_settings: None, ..stage.clone() };
    let overrides = settings.stage_variable_overrides.iter().map(|(name, value)| (name.clone(), value.clone()));
    canary.variables.extend(overrides);
    canary
}

#[cfg(test)]
mod tests;
