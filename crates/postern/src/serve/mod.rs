//! `postern serve`: opens the store, wires the planes over it, listens, says that it is ready, and drains at the end.

pub mod backends;
mod caller_keys;
mod counted_store;
mod counters;
mod flushing;
mod listeners;
mod local_functions;
mod log_files;
mod management;
mod metering;
mod publishing;
mod signals;
pub mod source;
mod testing;
pub mod token_issuers;

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use postern_api_model::ports::{ApiSource, CallerKeys, PublishError};
use postern_api_model::scope::Scope;
use postern_control_plane::clock::SystemClock;
use postern_control_plane::{AuthMode, ControlPlane};
use postern_data_plane::backends::Backends;
use postern_data_plane::transport::{UpstreamCounts, Upstreams, Workers};
use postern_data_plane::{AccountLimit, Gateway, GatewaySettings, LogKey, Tracing};
use postern_functions::Functions;
use postern_store::{OpenMode, SqliteStore, Store};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::{Mode, Settings};
use crate::failure::Failure;
use crate::otlp::Exporter;
use crate::signing::ConfiguredCredentials;
use crate::{credentials, log_key};
use caller_keys::{AnyKey, StoreKeys};
use counted_store::CountedStore;
use counters::Counters;
use flushing::GatewayFlusher;
use local_functions::LocalFunctions;
use log_files::AccessLogs;
use management::calls::Calls;
use management::invocations::Invocations;
use management::listener;
use management::metrics::{Metrics, TrafficCounts};
use management::service::{ManagementService, Traffic};
use metering::{Flushing, KeyWatch, StoreKeyLoader, StoreUsageSink};
use publishing::{DataPlane, Served, StoreLoader, StorePublisher, follow};
use signals::Signals;
use testing::GatewayTester;

/// Threads of the control plane's runtime: it waits for the disk more than it computes, and traffic has threads of its own.
const MANAGEMENT_THREADS: usize = 2;
/// For what is left on that runtime once everything has been answered.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);

/// Serves until a signal ends it.
///
/// # Errors
/// When it cannot start.
pub fn run(settings: Settings) -> Result<(), Failure> {
    block_on(serve(&settings))
}

/// Runs a server's life to its end, on a runtime of its own.
///
/// # Errors
/// When the runtime cannot be made, and those of the life.
pub fn block_on(life: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(MANAGEMENT_THREADS)
        .thread_name("management")
        .enable_all()
        .build()
        .map_err(|error| Failure::System { doing: "start a runtime", reason: error.to_string() })?;
    let served = runtime.block_on(life);
    runtime.shutdown_timeout(SHUTDOWN_TIMEOUT);
    served
}

async fn serve(settings: &Settings) -> Result<(), Failure> {
    let mut running = Running::start(settings, FirstKey::Provided).await?;
    running.announce()?;
    running.signalled().await;
    running.end(settings.http.drain_timeout).await;
    Ok(())
}

/// Whether an installation without access keys gets one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstKey {
    /// So that somebody can sign.
    Provided,
    /// Nobody has to sign, and nothing is kept.
    None,
}

/// A server that runs, until it is told to end.
pub struct Running {
    signals: Signals,
    planes: Planes,
    server: Server,
}

impl Running {
    /// Opens the store and listens. Signals are taken over from here on.
    ///
    /// # Errors
    /// When it cannot start.
    pub async fn start(settings: &Settings, first_key: FirstKey) -> Result<Self, Failure> {
        let signals = Signals::new()?;
        let planes = Planes::open(settings, first_key).await?;
        match Server::start(settings, &planes).await {
            Ok(server) => Ok(Self { signals, planes, server }),
            Err(failure) => {
                planes.close().await;
                Err(failure)
            }
        }
    }

    /// The management API, for calls from inside.
    pub fn control_plane(&self) -> Arc<ControlPlane> {
        Arc::clone(&self.server.control_plane)
    }

    /// Where traffic is served.
    pub fn http(&self) -> SocketAddr {
        self.server.http
    }

    /// Says on stdout that it is ready.
    ///
    /// # Errors
    /// When stdout is gone.
    pub fn announce(&self) -> Result<(), Failure> {
        announce(&self.server)
    }

    /// Waits for a signal.
    pub async fn signalled(&mut self) {
        self.signals.next().await;
    }

    /// Answers what is under way, for at most `timeout`, and closes the store.
    pub async fn end(self, timeout: Duration) {
        self.signals.exit_at_the_next();
        tracing::info!(?timeout, "draining; a second signal exits at once");
        self.server.drain(timeout).await;
        self.planes.close().await;
        tracing::info!("drained");
    }
}

/// The store, and both planes over it.
struct Planes {
    store: Arc<CountedStore<SqliteStore>>,
    publisher: Arc<StorePublisher>,
    flushing: Arc<Flushing>,
    gateway: Arc<Gateway>,
    access_logs: AccessLogs,
    exporter: Option<Arc<Exporter>>,
    credentials: Arc<ConfiguredCredentials>,
    functions: Option<LocalFunctions>,
    counters: Arc<Counters>,
    upstream_counts: Arc<UpstreamCounts>,
    /// The last change before anything was served.
    seq: u64,
}

impl Planes {
    async fn open(settings: &Settings, first_key: FirstKey) -> Result<Self, Failure> {
        let file = settings.file.as_ref().map_or_else(|| "none".to_owned(), |file| file.display().to_string());
        tracing::info!(version = env!("CARGO_PKG_VERSION"), configuration_file = file, "starting");
        settings.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
        let counters = Arc::new(Counters::new());
        let store = SqliteStore::open(&settings.data_dir, OpenMode::Serve).await?;
        if first_key == FirstKey::Provided
            && let Some(path) = credentials::provide(&store, &settings.data_dir, &settings.account).await?
        {
            // On stderr itself, because logging may be off and nobody could sign without it.
            let _ = writeln!(std::io::stderr(), "postern: the first access key is in {}", path.display());
        }
        let store = Arc::new(CountedStore::new(store, Arc::clone(&counters)));
        let seq = store.last_change().await?;
        let served = Arc::new(Served::default());
        let loader = Arc::new(StoreLoader::new(Arc::clone(&store) as _, Arc::clone(&served), Handle::current()));
        let log_key = LogKey::new(&log_key::provide(&settings.data_dir)?);
        let exporter = settings.otlp.clone().map(|otlp| Arc::new(Exporter::new(otlp)));
        let access_logs = AccessLogs::open(settings, exporter.as_ref().map(|exporter| exporter.queue()))?;
        let tracing = exporter.as_ref().map(|exporter| Tracing::to(Arc::clone(exporter.queue()) as _, exporter.sample_percent()));
        let credentials = ConfiguredCredentials::new(settings.credentials.clone(), settings.account.clone(), Handle::current());
        let tokens = token_issuers::token_settings(&settings.tokens)?;
        // The last that can fail: what it starts has to be ended.
        let functions = LocalFunctions::start(settings)?;
        let limits = GatewaySettings {
            max_body_bytes: settings.http.max_body_bytes as u64,
            buffer_bytes: settings.http.buffer_bytes,
            resident_apis_max: settings.resident_apis_max,
            cache: settings.cache,
            log_key: Some(log_key),
            backends: Backends { tokens, ..backends::backends(settings, &credentials, functions.as_ref()) },
            account_limit: settings.account_limit,
            log_destinations: access_logs.destinations.clone(),
            tracing: tracing.unwrap_or_default(),
        };
        let api_keys = Arc::new(StoreKeyLoader::new(Arc::clone(&store) as _, Handle::current()));
        let caller_keys: Arc<dyn CallerKeys> = match settings.mode {
            Mode::Signed => Arc::new(StoreKeys::new(Arc::clone(&store) as _, Handle::current())),
            Mode::Dev => Arc::new(AnyKey::new(settings.account.clone())),
        };
        let gateway = Gateway::new(limits, loader, access_logs.own.clone()).with_api_keys(api_keys).with_caller_keys(caller_keys);
        let gateway = Arc::new(gateway);
        let sink = Arc::new(StoreUsageSink::new(store.shared()));
        let flushing = Arc::new(Flushing::new(Arc::clone(&gateway), sink));
        let watch = Arc::new(KeyWatch::new(Arc::clone(&gateway)));
        store.watched_by(Arc::clone(&watch));
        let data_plane = Arc::clone(&gateway) as Arc<dyn DataPlane>;
        let publisher = StorePublisher::new(Arc::clone(&store) as _, data_plane, served, Arc::clone(&counters));
        let (publisher, upstream_counts) = (Arc::new(publisher.with_key_watch(watch)), Arc::default());
        Ok(Self {
            store,
            publisher,
            flushing,
            gateway,
            access_logs,
            exporter,
            credentials,
            functions,
            counters,
            upstream_counts,
            seq,
        })
    }

    fn control_plane(&self, settings: &Settings, http: SocketAddr, upstreams: Upstreams) -> ControlPlane {
        let auth = match settings.mode {
            Mode::Signed => AuthMode::Verify,
            Mode::Dev => AuthMode::Dev { account: settings.account.clone() },
        };
        let publisher = Arc::clone(&self.publisher) as _;
        let tester = Arc::new(GatewayTester::new(Arc::clone(&self.gateway), upstreams));
        let flusher = Arc::new(GatewayFlusher(Arc::clone(&self.gateway)));
        let store = Arc::clone(&self.store) as _;
        let control_plane = ControlPlane::new(store, publisher, flusher, tester, Arc::new(SystemClock), auth);
        let meter = Arc::clone(&self.flushing) as _;
        let control_plane =
            control_plane.with_traffic_at(http).with_import_bytes_max(settings.import_bytes_max).with_usage_meter(meter);
        match settings.account_limit {
            // Bounded by the configuration.
            Some(AccountLimit { rate_per_second, burst }) => {
                control_plane.with_account_limit(f64::from(rate_per_second), i32::try_from(burst).unwrap_or(i32::MAX))
            }
            None => control_plane,
        }
    }

    fn management_service(
        &self,
        settings: &Settings,
        control_plane: Arc<ControlPlane>,
        upstreams: Upstreams,
    ) -> ManagementService<Gateway> {
        let (gateway, handler) = (Arc::clone(&self.gateway), Arc::clone(&self.gateway));
        let connections = Arc::clone(&self.upstream_counts);
        let functions = self.functions.as_ref().map(LocalFunctions::handle);
        let counted = functions.clone();
        let function_stats = move || counted.as_ref().map(Functions::stats).unwrap_or_default();
        let (destinations, own) = (self.access_logs.destinations.clone(), self.access_logs.own.clone());
        let measured = settings.metrics_per_api.then(|| Arc::clone(&self.gateway));
        let traffic_stats = move || traffic_counts(&gateway, &connections);
        let metrics = Metrics::new(Arc::clone(&self.counters), traffic_stats, function_stats)
            .with_lines_dropped(move || destinations.dropped(&own));
        let metrics = match self.exporter.as_ref().map(|exporter| Arc::clone(exporter.queue())) {
            Some(queue) => metrics.with_otlp(move || queue.dropped()),
            None => metrics,
        };
        let metrics = match measured {
            Some(gateway) => metrics.with_apis(move || gateway.api_metrics()),
            None => metrics,
        };
        let traffic = Traffic { handler, upstreams, max_body_bytes: settings.http.max_body_bytes };
        let invocations = Invocations::new(Arc::clone(&control_plane), functions, settings.mode);
        let traffic = (settings.mode == Mode::Dev).then_some(traffic);
        ManagementService { calls: Calls::new(control_plane), invocations, metrics, traffic }
    }

    async fn close(self) {
        // First: what usage plans counted must not wait for a log or a collector that takes nothing.
        self.flushing.finish().await;
        if let Some(functions) = self.functions {
            functions.end().await;
        }
        self.access_logs.close();
        if let Some(exporter) = self.exporter {
            exporter.end().await;
        }
        self.store.inner().close().await;
    }
}

/// What runs.
struct Server {
    management: SocketAddr,
    http: SocketAddr,
    control_plane: Arc<ControlPlane>,
    stop: watch::Sender<bool>,
    managing: JoinHandle<()>,
    following: JoinHandle<()>,
    flushing: Arc<Flushing>,
    flushed: JoinHandle<()>,
    checking: JoinHandle<()>,
    workers: Workers,
}

impl Server {
    async fn start(settings: &Settings, planes: &Planes) -> Result<Self, Failure> {
        let listener = listeners::bind_management(settings.management).await?;
        let management = listeners::local_address(&listener, settings.management)?;
        let mut upstreams = listeners::upstream_settings(settings, management, Arc::clone(&planes.upstream_counts));
        let workers = listeners::start_workers(settings, upstreams.clone(), Arc::clone(&planes.gateway))?;
        let http = workers.addresses().first().copied().unwrap_or(settings.http.address);
        upstreams.own_addresses.push(http);
        if settings.mode == Mode::Dev {
            tracing::warn!("dev mode: every access key and signature is accepted");
        }
        let upstreams = Upstreams::new(upstreams);
        planes.credentials.connect(&settings.services, upstreams.clone());
        let control_plane = Arc::new(planes.control_plane(settings, http, upstreams.clone()));
        if let Some(exporter) = &planes.exporter {
            let gateway = Arc::clone(&planes.gateway);
            exporter.start(upstreams.clone(), move || management::api_metrics::at_most(gateway.api_metrics()));
        }
        let (checked, checkers) = (Arc::clone(&planes.gateway), upstreams.clone());
        let service = Arc::new(planes.management_service(settings, Arc::clone(&control_plane), upstreams));
        let (stop, stopped) = watch::channel(false);
        let managing = tokio::spawn(async move {
            listener::serve(listener, Arc::clone(&service), stopped).await;
            service.calls.finished().await;
        });
        let following = tokio::spawn(follow(Arc::clone(&planes.publisher), planes.seq));
        let checking = tokio::spawn(async move { checked.check_links(&checkers).await });
        let flushing = Arc::clone(&planes.flushing);
        let flushed = tokio::spawn(Arc::clone(&flushing).run());
        Ok(Self { management, http, control_plane, stop, managing, following, checking, flushing, flushed, workers })
    }

    /// Lets what is under way be answered, for at most `timeout`.
    async fn drain(self, timeout: Duration) {
        self.following.abort();
        self.checking.abort();
        self.stop.send_replace(true);
        let (managed, ()) = tokio::join!(tokio::time::timeout(timeout, self.managing), self.workers.drain(timeout));
        if managed.is_err() {
            tracing::warn!("management calls were still under way when the time for draining was over");
        }
        self.flushing.stop();
        if tokio::time::timeout(timeout, self.flushed).await.is_err() {
            tracing::warn!("what usage plans counted was still being stored when the time for draining was over");
        }
    }
}

impl DataPlane for Gateway {
    fn publish(&self, source: ApiSource) -> Result<(), PublishError> {
        Gateway::publish(self, source)
    }

    fn withdraw(&self, api_id: &str) {
        Gateway::withdraw(self, api_id);
    }

    fn resident_version(&self, api_id: &str) -> Option<u64> {
        Gateway::resident_version(self, api_id)
    }

    fn apis_naming_vpc_link(&self, link: Option<(&Scope, &str)>) -> Vec<String> {
        Gateway::apis_naming_vpc_link(self, link)
    }
}

fn traffic_counts(gateway: &Gateway, connections: &UpstreamCounts) -> TrafficCounts {
    let counts = gateway.metrics();
    let succeeded = counts.requests.saturating_sub(counts.client_errors).saturating_sub(counts.server_errors);
    TrafficCounts {
        requests: [("success", succeeded), ("client_error", counts.client_errors), ("server_error", counts.server_errors)],
        failures: [("integration", counts.integration_failures), ("gateway", counts.gateway_failures)],
        refusals: [("throttle", counts.throttled), ("quota", counts.quota_exceeded), ("api_key", counts.without_api_key)],
        resident_apis: counts.resident_apis,
        cache_bytes: counts.cache_bytes,
        resident_api_keys: counts.resident_api_keys,
        usage_unwritten: counts.usage_unwritten,
        access_log_dropped: counts.access_log_dropped,
        backend_connections: connections.open() as u64,
        backend_connections_idle: connections.idle() as u64,
    }
}

/// The one line on stdout: part of the command line's contract.
fn announce(server: &Server) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "postern ready management=http://{} http=http://{}", server.management, server.http)
        .and_then(|()| out.flush())
        .map_err(Failure::Output)
}
