//! Where a stage's access log goes: its `destinationArn` names a log group or a delivery stream of AWS's, and the configuration says what
//! that is on this machine. What it does not map goes to the gateway's own access log: lines are never lost without a word.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use postern_api_model::ports::ApiSource;
use postern_api_model::rest_api::{AccessLogSettings, Stage};

use super::format::Format;
use super::variable::Values;
use super::{AccessLog, escape};
use crate::backends::Accounts;

/// Destinations by ARN, or by the name at its end. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct LogDestinations {
    by_name: Arc<BTreeMap<String, AccessLog>>,
    /// Whose destinations an API may name by their ARN; a bare name is declared for all.
    accounts: Accounts,
}

/// A stage's access log.
#[derive(Debug)]
pub(crate) struct StageLog {
    format: Format,
    arn: Box<str>,
    /// `EDGE`, `REGIONAL` or `PRIVATE`.
    endpoint_type: Box<str>,
    /// Looked up with the first line.
    log: OnceLock<Target>,
}

/// Where the lines of a stage go.
#[derive(Debug)]
enum Target {
    /// What its destination stands for.
    Mapped(AccessLog),
    /// The gateway's own log, among the lines of others and of the server.
    Own(AccessLog),
}

impl LogDestinations {
    /// What each ARN or name stands for.
    pub fn new(destinations: BTreeMap<String, AccessLog>) -> Self {
        Self { by_name: Arc::new(destinations), accounts: Accounts::default() }
    }

    /// The same for APIs that may name what belongs to these accounts.
    pub(crate) fn for_accounts(self, accounts: Accounts) -> Self {
        Self { accounts, ..self }
    }

    /// Lines that were dropped, by destination. Destinations that share a target are counted once, under the names of all; those that
    /// share it with the gateway's `own` log are counted there.
    pub fn dropped(&self, own: &AccessLog) -> Vec<(String, u64)> {
        let mut found: Vec<(String, &AccessLog)> = Vec::new();
        for (name, log) in self.by_name.iter().filter(|(_, log)| !log.is(own)) {
            match found.iter_mut().find(|(_, other)| log.is(other)) {
                Some((names, _)) => names.extend([",", name]),
                None => found.push((name.clone(), log)),
            }
        }
        found.into_iter().map(|(names, log)| (names, log.dropped())).collect()
    }

    /// Writes what is buffered here and in the gateway's `own` log, and stops the writers. To be called once, when traffic is over. What is
    /// not written within five seconds is given up.
    pub fn close(&self, own: &AccessLog) {
        AccessLog::close_all(self.by_name.values().chain([own]), super::CLOSE_TIMEOUT);
    }

    /// The destination with this ARN, for an API of `account`; a full ARN in the configuration is before a name.
    fn find(&self, arn: &str, account: &str) -> Option<&AccessLog> {
        // What AWS's own consoles show ends with a colon and a star.
        let arn = arn.strip_suffix(":*").unwrap_or(arn);
        // What is declared by its ARN is for its own account: nobody writes into another one's log.
        let by_arn = self.accounts.allow(arn, account).then(|| self.by_name.get(arn)).flatten();
        by_arn.or_else(|| self.by_name.get(name_of(arn)?))
    }

    /// Says which stages name a destination that is not configured for their account, and what becomes of their lines.
    pub(crate) fn say_unmapped(&self, source: &ApiSource, own: &AccessLog) {
        for (stage, settings) in source.stages.values().filter_map(|stage| Some((stage, stage.access_log_settings.as_ref()?))) {
            if let Some(arn) = settings.destination_arn.as_deref().filter(|arn| self.find(arn, &source.scope.account).is_none()) {
                let (api, stage) = (&source.api_id, &stage.name);
                if own.is_on() {
                    const TEXT: &str =
                        "no log_destinations entry of this account has this name: lines go to the server's own access log";
                    tracing::info!(api, stage, arn, "{TEXT}");
                } else {
                    const TEXT: &str = "no log_destinations entry of this account has this name and log.access is off: \
                                        nothing is logged";
                    tracing::warn!(api, stage, arn, "{TEXT}");
                }
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
        let target = self.log.get_or_init(|| {
            let find = |arn: &str| destinations.find(arn, values.stage.account());
            // AWS docs, "Set up a canary release deployment": canaries have a log group of their own.
            let canary = values.stage.is_canary().then(|| find(&format!("{}/Canary", self.arn))).flatten();
            let mapped = canary.or_else(|| find(&self.arn)).cloned();
            mapped.map_or_else(|| Target::Own(own.clone()), Target::Mapped)
        });
        match target {
            Target::Mapped(log) => log.append(|out| self.format.push_line(values, out)),
            Target::Own(log) => log.append(|out| {
                let mut line = Vec::new();
                self.format.push_line(values, &mut line);
                push_wrapped(values.stage.api_id(), values.stage.name(), &String::from_utf8_lossy(&line), out);
            }),
        }
    }
}

/// A line in a format of somebody's own, where others' lines are: it says whose it is, and cannot pass for one of the server's.
fn push_wrapped(api: &str, stage: &str, line: &str, out: &mut Vec<u8>) {
    let members: [(&[u8], &str); 3] =
        [(b"{\"api\":\"", api), (b"\",\"stage\":\"", stage), (b"\",\"line\":\"", line.trim_end_matches('\n'))];
    for (name, value) in members {
        out.extend_from_slice(name);
        escape::push_json(out, value);
    }
    out.extend_from_slice(b"\"}\n");
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
            assert_eq!(named(name).find(arn, "000000000000").is_some(), is_found, "{name} {arn}");
        }
    }

    #[test]
    fn an_arn_is_for_its_own_account() {
        let group = "arn:aws:logs:eu-west-1:000000000000:log-group:/api/pets";
        let named = |name: &str| LogDestinations::new([(name.to_owned(), AccessLog::off())].into());
        assert!(named(group).find(group, "111111111111").is_none());
        assert!(named("/api/pets").find(group, "111111111111").is_some(), "a bare name is declared for all");
        assert!(named(group).for_accounts(Accounts::Any).find(group, "111111111111").is_some());
    }

    #[test]
    fn a_shared_target_is_counted_once() {
        let log = || AccessLog::to_writer(Box::new(std::io::sink()));
        let (own, shared, other) = (log(), log(), log());
        let named = [("/a", &shared), ("/b", &other), ("/c", &shared), ("/d", &own)];
        let named = LogDestinations::new(named.map(|(name, log)| (name.to_owned(), log.clone())).into());
        assert_eq!(named.dropped(&own), [("/a,/c".to_owned(), 0), ("/b".to_owned(), 0)]);
        named.close(&own);
    }

    #[test]
    fn a_wrapped_line_is_one_value() {
        let mut out = Vec::new();
        push_wrapped("abc", "prod", "{\"time\":\"\u{1b}é\"}\n", &mut out);
        assert_eq!(out, b"{\"api\":\"abc\",\"stage\":\"prod\",\"line\":\"{\\\"time\\\":\\\"\\u001b\xc3\xa9\\\"}\"}\n");
    }
}
