//! What is logged, how, and where to.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use postern_data_plane::backends::BaseUrl;

use super::entries::Entry;
use super::problem::Problem;
use super::services::required;
use super::sources::Place;
use super::table;
use super::tables;
use super::values::Values;

/// Logging.
#[derive(Clone, Debug)]
pub struct Log {
    /// A filter that `tracing-subscriber` takes.
    pub filter: String,
    /// How lines look.
    pub format: LogFormat,
    /// Where access lines go.
    pub access: LineTarget,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One object per line.
    Json,
}

/// A collector of telemetry.
#[derive(Clone, Debug)]
pub struct OtlpSettings {
    /// `/v1/metrics` and so on is put behind its path.
    pub endpoint: BaseUrl,
    /// Fields that each request has, such as the collector's key.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Between two exports of metrics.
    pub metrics_interval: Duration,
    /// Of a hundred requests whose clients have not decided it, how many are traced.
    pub sample_percent: u8,
}

/// Where lines go.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LineTarget {
    /// Standard error.
    Stderr,
    /// Standard output, behind the line that says that the server is ready.
    Stdout,
    /// The OTLP collector.
    Otlp,
    /// Nowhere.
    Off,
    /// To the end of a file.
    File(PathBuf),
}

/// The server's own logs.
pub fn read(values: &mut Values) -> Log {
    let format = match values.word(&table::LOG_FORMAT).as_str() {
        "json" => LogFormat::Json,
        _ => LogFormat::Text,
    };
    let access = LineTarget::of(&values.text(&table::LOG_ACCESS));
    Log { filter: values.log_filter(&table::LOG_LEVEL), format, access }
}

/// Those of stages.
pub fn destinations(entries: &[Entry], values: &mut Values) -> BTreeMap<String, LineTarget> {
    let mut destinations = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.table.section == tables::LOG_DESTINATIONS.section) {
        required(entry, &tables::LOG_TARGET, values);
        if let Some(target) = values.text_field(entry, &tables::LOG_TARGET) {
            destinations.insert(entry.name.clone(), LineTarget::of(&target));
        }
    }
    destinations
}

/// The collector, if there is one.
pub fn otlp(values: &mut Values) -> Option<OtlpSettings> {
    let headers = values.otlp_headers(&table::OTLP_HEADERS).unwrap_or_default();
    let metrics_interval = values.milliseconds(&table::OTLP_METRICS_INTERVAL_MS);
    let sample_percent = u8::try_from(values.size(&table::OTLP_SAMPLE_PERCENT)).unwrap_or(100);
    let endpoint = values.url(&table::OTLP_ENDPOINT)?;
    Some(OtlpSettings { endpoint, headers, metrics_interval, sample_percent })
}

/// A log cannot go to a collector that there is not.
pub fn need_otlp(settings: Option<&OtlpSettings>, log: &Log, destinations: &BTreeMap<String, LineTarget>, values: &mut Values) {
    let is_wanted = log.access == LineTarget::Otlp || destinations.values().any(|target| *target == LineTarget::Otlp);
    if settings.is_none() && is_wanted {
        let wrong = "a log's target is otlp, and there is no collector".to_owned();
        let allowed = "the address of a collector, such as http://127.0.0.1:4318".to_owned();
        values.report(Problem::mistake(table::OTLP_ENDPOINT.path, Place::Default, wrong, allowed));
    }
}

/// Fields as `OTEL_EXPORTER_OTLP_HEADERS` has them. They are marked as secrets.
pub fn otlp_fields(text: &str) -> Option<Vec<(HeaderName, HeaderValue)>> {
    let fields = text.split(',').map(str::trim).filter(|field| !field.is_empty()).map(|field| {
        let (name, value) = field.split_once('=')?;
        let value = percent_encoding::percent_decode_str(value.trim()).decode_utf8().ok()?;
        let mut value = HeaderValue::from_str(&value).ok()?;
        value.set_sensitive(true);
        Some((HeaderName::from_bytes(name.trim().as_bytes()).ok()?, value))
    });
    fields.collect()
}

impl LineTarget {
    fn of(text: &str) -> Self {
        match text {
            "stderr" => Self::Stderr,
            "stdout" => Self::Stdout,
            "otlp" => Self::Otlp,
            "off" => Self::Off,
            path => Self::File(PathBuf::from(path)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn fields_of_the_collector() {
        let parsed = otlp_fields(" x-key = a%20b ,Authorization=Bearer%20x").unwrap();
        assert_eq!(parsed[0], (HeaderName::from_static("x-key"), HeaderValue::from_static("a b")));
        assert!(parsed[1].1.is_sensitive());
        assert_eq!(otlp_fields("").unwrap(), []);
        assert_eq!(otlp_fields("nonsense"), None);
        assert_eq!(otlp_fields("a b=c"), None);
    }
}
