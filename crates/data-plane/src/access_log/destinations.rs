//! Where a stage's access log goes: its `destinationArn` names a log group or a delivery stream of AWS's, and the configuration says what
//! that is on this machine. What it does not map goes to the gateway's own access log: lines are never lost without a word.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use postern_api_model::ports::ApiSource;
use postern_api_model::rest_api::{AccessLogSettings, Stage};

use super::AccessLog;
use super::format::Format;
use super::variable::Values;

/// Destinations by ARN, or by the name at its end. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct LogDestinations(Arc<BTreeMap<String, AccessLog>>);

/// A stage's access log.
#[derive(Debug)]
pub(crate) struct StageLog {
    format: Format,
    arn: Box<str>,
    /// `EDGE`, `REGIONAL` or `PRIVATE`.
    endpoint_type: Box<str>,
    /// Looked up with the first line.
    log: OnceLock<AccessLog>,
}

impl LogDestinations {
    /// What each ARN or name stands for.
    pub fn new(destinations: BTreeMap<String, AccessLog>) -> Self {
        Self(Arc::new(destinations))
    }

    /// Lines that were dropped, by destination.
    pub fn dropped(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(name, log)| (name.as_str(), log.dropped()))
    }

    /// Writes what is buffered and stops the writers. To be called once, when traffic is over.
    pub fn close(&self) {
        self.0.values().for_each(AccessLog::close);
    }

    /// The destination with this ARN; a full ARN in the configuration is before a name.
    fn find(&self, arn: &str) -> Option<&AccessLog> {
        // What AWS's own consoles show ends with a colon and a star.
        let arn = arn.strip_suffix(":*").unwrap_or(arn);
        self.0.get(arn).or_else(|| self.0.get(name_of(arn)?))
    }

    /// Says which stages name a destination that is not configured.
    pub(crate) fn say_unmapped(&self, source: &ApiSource) {
        for (stage, settings) in source.stages.values().filter_map(|stage| Some((stage, stage.access_log_settings.as_ref()?))) {
            if let Some(arn) = settings.destination_arn.as_deref().filter(|arn| self.find(arn).is_none()) {
                let (api, stage) = (&source.api_id, &stage.name);
                tracing::info!(
                    api,
                    stage,
                    arn,
                    "no log_destinations entry has this name: lines go to the server's own access log"
                );
            }
        }
    }
}

/// `name` of `arn:aws:logs:…:log-group:name` and of `arn:aws:firehose:…:deliverystream/name`.
fn name_of(arn: &str) -> Option<&str> {
    match arn.splitn(6, ':').collect::<Vec<_>>()[..] {
        ["arn", _, "logs", _, _, group] => group.strip_prefix("log-group:"),
        ["arn", _, "firehose", _, _, stream] => stream.strip_prefix("deliverystream/"),
        _ => None,
    }
}

impl StageLog {
    /// The access log that a stage's settings ask for: both must be there, as on AWS.
    pub(crate) fn of(stage: &Stage, source: &ApiSource) -> Option<Self> {
        let AccessLogSettings { destination_arn, format } = stage.access_log_settings.as_ref()?;
        let (Some(arn), Some(format)) = (destination_arn, format) else {
            let missing = if format.is_none() { "format" } else { "destinationArn" };
            tracing::warn!(
                api = source.api_id,
                stage = stage.name,
                missing,
                "accessLogSettings are incomplete: nothing is logged"
            );
            return None;
        };
        let (format, unknown) = Format::compile(format);
        if !unknown.is_empty() {
            tracing::warn!(
                api = source.api_id,
                stage = stage.name,
                ?unknown,
                "the access log's format names what no variable is"
            );
        }
        let definition = source.deployments.get(&stage.deployment_id);
        let endpoint_type = definition.and_then(|definition| definition.endpoint_configuration.types.first());
        let endpoint_type = endpoint_type.map_or("REGIONAL", |kind| kind.as_str()).into();
        Some(Self { format, arn: arn.as_str().into(), endpoint_type, log: OnceLock::new() })
    }

    pub(crate) fn endpoint_type(&self) -> &str {
        &self.endpoint_type
    }

    /// Writes the line of a request that is over.
    pub(crate) fn write(&self, values: &Values<'_>, destinations: &LogDestinations, own: &AccessLog) {
        let log = self.log.get_or_init(|| {
            // AWS docs, "Set up a canary release deployment": canaries have a log group of their own.
            let canary = values.stage.is_canary().then(|| destinations.find(&format!("{}/Canary", self.arn))).flatten();
            canary.or_else(|| destinations.find(&self.arn)).unwrap_or(own).clone()
        });
        log.append(|out| self.format.push_line(values, out));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_are_found_by_arn_and_by_name() {
        let named = |name: &str| LogDestinations::new([(name.to_owned(), AccessLog::off())].into());
        let group = "arn:aws:logs:eu-west-1:000000000000:log-group:/api/pets";
        for (name, arn, is_found) in [
            (group, group, true),
            (group, "arn:aws:logs:eu-west-1:000000000000:log-group:/api/pets:*", true),
            ("/api/pets", group, true),
            ("pets", group, false),
            ("amazon-apigateway-x", "arn:aws:firehose:eu-west-1:000000000000:deliverystream/amazon-apigateway-x", true),
            ("x", "arn:aws:s3:::x", false),
        ] {
            assert_eq!(named(name).find(arn).is_some(), is_found, "{name} {arn}");
        }
    }
}
