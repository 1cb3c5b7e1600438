//! Configuration, read in stages: what was said and by whom ([`sources`]), then each value on its own ([`values`]), then
//! what the values mean together ([`Settings::read`]). A flag wins over the environment, the environment over the file, the
//! file over the default. Every problem of every stage is reported at once.

pub mod credentials;
mod entries;
mod functions;
mod key;
mod logs;
mod problem;
mod reference;
mod sdk_environment;
mod service_names;
mod services;
mod sources;
pub mod table;
pub mod tables;
mod token_issuers;
mod values;

#[cfg(test)]
mod table_tests;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use postern_data_plane::backends::{LinkTarget, ServiceEndpoints};
use postern_data_plane::{AccountLimit, CacheLimits};

pub use credentials::CredentialSettings;
pub use functions::DeclaredFunctions;
pub use logs::{LineTarget, Log, LogFormat, OtlpSettings};
pub use problem::{Fault, Problem, Problems};
pub use sources::{Invocation, Place, Sources};
pub use token_issuers::{DeclaredIssuer, DeclaredKeys, DeclaredTokens};

use entries::Entry;
use table::Key;
use values::Values;

/// The permission bit of a file.
const READABLE_BY_OTHERS: u32 = 0o004;

/// A configuration that makes sense.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The file that was read, if one was.
    pub file: Option<PathBuf>,
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// Twelve digits.
    pub account: String,
    /// How callers prove who they are.
    pub mode: Mode,
    /// Management address.
    pub management: SocketAddr,
    /// API traffic.
    pub http: Http,
    /// Addresses that the guard lets integrations connect to.
    pub allowed_addresses: Vec<IpAddr>,
    /// Whether HTTP/2 is offered to backends.
    pub http2_backends: bool,
    /// Lambda functions, here and elsewhere.
    pub functions: DeclaredFunctions,
    /// Where AWS services are.
    pub services: ServiceEndpoints,
    /// What requests to them are signed with.
    pub credentials: CredentialSettings,
    /// What VPC links lead to, by ARN.
    pub link_targets: BTreeMap<String, LinkTarget>,
    /// Where tokens come from.
    pub tokens: DeclaredTokens,
    /// What the user should know, once somebody reads a log.
    pub warnings: Vec<String>,
    /// Compiled APIs in memory.
    pub resident_apis_max: usize,
    /// How fast the APIs of one account may be called; `None`: as fast as they can be served.
    pub account_limit: Option<AccountLimit>,
    /// What stages cache.
    pub cache: CacheLimits,
    /// Bytes of an OpenAPI document.
    pub import_bytes_max: usize,
    /// Logging.
    pub log: Log,
    /// Where access logs of stages go, by ARN or name.
    pub log_destinations: BTreeMap<String, LineTarget>,
    /// A collector of telemetry.
    pub otlp: Option<OtlpSettings>,
    /// Whether metrics name APIs.
    pub metrics_per_api: bool,
}

/// How callers prove who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// By a signature made with an access key of the store.
    Signed,
    /// Not at all, on loopback.
    Dev,
}

/// The traffic listener.
#[derive(Clone, Debug)]
pub struct Http {
    /// Where it listens.
    pub address: SocketAddr,
    /// For a request's head.
    pub header_timeout: Duration,
    /// Between two reads of a body.
    pub body_timeout: Duration,
    /// Between two requests.
    pub idle_timeout: Duration,
    /// Largest body, both ways.
    pub max_body_bytes: usize,
    /// Held back of a BUFFERED response.
    pub buffer_bytes: usize,
    /// Sum of a request's header fields.
    pub max_header_bytes: usize,
    /// Path and query of a request.
    pub max_target_bytes: usize,
    /// Client connections of one thread.
    pub connections_per_worker_max: usize,
    /// Threads.
    pub workers: NonZeroUsize,
    /// For requests under way at the end.
    pub drain_timeout: Duration,
}

impl Settings {
    /// Reads everything.
    ///
    /// # Errors
    /// With every problem of every source.
    pub fn read(sources: &Sources) -> Result<Self, Problems> {
        let collected = sources::collect(sources);
        let mut values = Values::new(collected.given, collected.problems);
        let (file, entries) = (collected.file, collected.entries);
        let sdk = sdk_environment::read(&sources.invocation.environment, &mut values);
        let warnings = file_warnings(sources, file.as_deref(), &values, &entries);
        refuse_https(&mut values);
        let management = values.address(&table::MANAGEMENT_ADDRESS);
        let http = Http::read(&mut values);
        let mode = if values.switch(&table::DEV) { Mode::Dev } else { Mode::Signed };
        let listeners = [(&table::MANAGEMENT_ADDRESS, management), (&table::HTTP_ADDRESS, http.address)];
        loopback_only(mode, &listeners, &mut values);
        let settings = Self {
            file,
            data_dir: values.path(&table::DATA_DIR),
            functions: functions::read(&entries, sources, &mut values),
            services: services::endpoints(&entries, sdk.endpoints, &mut values),
            credentials: credentials::read(&entries, sdk.keys, mode, &mut values),
            link_targets: services::link_targets(&entries, &mut values),
            tokens: token_issuers::read(&entries, sources, &mut values),
            warnings,
            account: values.account(&table::ACCOUNT),
            mode,
            management,
            http,
            allowed_addresses: values.ip_addresses(&table::INTEGRATIONS_ALLOWED_ADDRESSES),
            http2_backends: values.switch(&table::INTEGRATIONS_HTTP2),
            resident_apis_max: values.size(&table::LIMITS_RESIDENT_APIS_MAX),
            account_limit: account_limit(&mut values),
            cache: CacheLimits {
                bytes_max: values.size(&table::LIMITS_CACHE_BYTES_MAX),
                stage_bytes_max: values.size(&table::LIMITS_STAGE_CACHE_BYTES_MAX),
            },
            import_bytes_max: values.size(&table::LIMITS_IMPORT_BYTES_MAX),
            log: logs::read(&mut values),
            log_destinations: logs::destinations(&entries, &mut values),
            otlp: logs::otlp(&mut values),
            metrics_per_api: values.optional_switch(&table::METRICS_PER_API).unwrap_or(mode == Mode::Dev),
        };
        logs::need_otlp(settings.otlp.as_ref(), &settings.log, &settings.log_destinations, &mut values);
        values.finish(settings)
    }
}

impl Http {
    fn read(values: &mut Values) -> Self {
        let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self {
            address: values.address(&table::HTTP_ADDRESS),
            header_timeout: values.milliseconds(&table::HTTP_HEADER_TIMEOUT_MS),
            body_timeout: values.milliseconds(&table::HTTP_BODY_TIMEOUT_MS),
            idle_timeout: values.milliseconds(&table::HTTP_IDLE_TIMEOUT_MS),
            max_body_bytes: values.size(&table::HTTP_MAX_BODY_BYTES),
            buffer_bytes: values.size(&table::HTTP_BUFFER_BYTES),
            max_header_bytes: values.size(&table::HTTP_MAX_HEADER_BYTES),
            max_target_bytes: values.size(&table::HTTP_MAX_TARGET_BYTES),
            connections_per_worker_max: values.size(&table::HTTP_CONNECTIONS_PER_WORKER_MAX),
            workers: values.optional_size(&table::HTTP_WORKERS).and_then(NonZeroUsize::new).unwrap_or(cores),
            drain_timeout: values.milliseconds(&table::HTTP_DRAIN_TIMEOUT_MS),
        }
    }
}

/// A rate alone has a bucket of half a second's worth, which is AWS's proportion.
fn account_limit(values: &mut Values) -> Option<AccountLimit> {
    let bounded = |size: usize| u32::try_from(size).unwrap_or(u32::MAX);
    let rate = values.optional_size(&table::LIMITS_ACCOUNT_RATE).map(bounded);
    let burst = values.optional_size(&table::LIMITS_ACCOUNT_BURST).map(bounded);
    if rate.is_none() && burst.is_some() {
        let place = values.place_of(&table::LIMITS_ACCOUNT_BURST).unwrap_or(Place::Default);
        let wrong = "a bucket that nothing refills is no limit".to_owned();
        let allowed = "together with `limits.account_rate_per_second`".to_owned();
        values.report(Problem::mistake(table::LIMITS_ACCOUNT_BURST.path, place, wrong, allowed));
    }
    rate.map(|rate_per_second| AccountLimit { rate_per_second, burst: burst.unwrap_or((rate_per_second / 2).max(1)) })
}

/// Whoever reads the file can sign as whoever stands in it.
fn file_warnings(sources: &Sources, file: Option<&Path>, values: &Values, entries: &[Entry]) -> Vec<String> {
    let Some(file) = file else { return Vec::new() };
    let in_tables = entries.iter().flat_map(|entry| &entry.fields).any(|given| matches!(given.value, sources::Value::Secret(_)));
    let mode =
        std::fs::metadata(sources.invocation.working_directory.join(file)).map_or(0, |metadata| metadata.permissions().mode());
    if (values.has_secret_in_file() || in_tables) && mode & READABLE_BY_OTHERS != 0 {
        let file = file.display();
        vec![format!("{file} holds a secret key and every user of this machine can read it; chmod 600 {file}")]
    } else {
        Vec::new()
    }
}

fn refuse_https(values: &mut Values) {
    if let Some(place) = values.place_of(&table::HTTPS_ADDRESS) {
        values.report(Problem {
            key: table::HTTPS_ADDRESS.path.to_owned(),
            place,
            fault: Fault::NotImplemented,
            wrong: "`postern serve --https` is not implemented yet".to_owned(),
            allowed: "leave it out, and put a TLS proxy in front of the http address".to_owned(),
        });
    }
}

/// Without signatures, whoever can connect owns every API: only this machine may.
fn loopback_only(mode: Mode, listeners: &[(&'static Key, SocketAddr)], values: &mut Values) {
    if mode != Mode::Dev {
        return;
    }
    for (key, address) in listeners.iter().filter(|(_, address)| !address.ip().to_canonical().is_loopback()) {
        let place = values.place_of(key).unwrap_or(Place::Default);
        values.report(Problem::mistake(
            key.path,
            place,
            format!("dev mode accepts every signature, and {address} is not a loopback address"),
            "a loopback address such as 127.0.0.1, or no dev mode".to_owned(),
        ));
    }
}
