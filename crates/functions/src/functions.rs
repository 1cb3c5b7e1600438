//! All functions of this server: the handle through which others call them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use postern_api_model::ports::{
    FunctionAnswer, FunctionCall, FunctionError, FunctionInvoker, FunctionStream, Invocation, LogType, PortFuture,
};
use postern_api_model::scope::Scope;
use tokio::runtime::Handle;
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::Instant;

use crate::clients::Clients;
use crate::events::{self, Events, Fate};
use crate::janitor::Janitor;
use crate::job::{Event, Job, Reply, Tried, request_id, trace_id};
use crate::limits::{CLIENT_CONTEXT_BYTES_MAX, EVENT_REQUEST_BYTES_MAX, REQUEST_BYTES_MAX, WAITING_KIB_MAX, WAITING_MAX};
use crate::names::FunctionName;
use crate::pool::{self, Message};
use crate::settings::FunctionSettings;
use crate::spec::Spec;
use crate::stats::FunctionStats;
use crate::{declaration, errors, reload};

/// What holds for all functions.
#[derive(Clone, Debug)]
pub struct FunctionsOptions {
    /// Whose a function is when its caller says only its name.
    pub scope: Scope,
    /// For every function, below what it declares itself: credentials, endpoints.
    pub environment: BTreeMap<String, String>,
    /// Whether files that change are taken up.
    pub reload: Reload,
}

/// Whether processes are replaced when the files of their function change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reload {
    /// They go on with what they have read.
    #[default]
    Never,
    /// After the invocation that they have.
    OnChange,
}

/// Why functions cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A declaration names what is not there, or cannot be.
    #[error("function {function}: {reason}")]
    Declaration {
        /// As declared.
        function: String,
        /// In words.
        reason: String,
    },
    /// There is no room for the clients that Postern brings along.
    #[error("the runtime clients cannot be written to the temporary directory: {0}")]
    Clients(std::io::Error),
}

/// The functions. Cloning it is cheap; when the last one is dropped, every process ends.
#[derive(Clone, Debug)]
pub struct Functions {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    scope: Scope,
    by_name: HashMap<String, Arc<Function>>,
    by_arn: HashMap<String, Arc<Function>>,
    /// Where the functions live; callers are elsewhere.
    runtime: Handle,
    janitor: Option<Janitor>,
    clients: Arc<Clients>,
}

#[derive(Debug)]
struct Function {
    spec: Arc<Spec>,
    pool: mpsc::Sender<Message>,
    room: Arc<Semaphore>,
    room_kib: Arc<Semaphore>,
    events: Events,
}

impl Functions {
    /// Makes functions callable, and starts the processes that are kept warm. They live on the runtime that this is called on.
    ///
    /// # Errors
    /// When a declaration names what is not there; says what to change. Nothing is left running then.
    pub fn start(settings: Vec<FunctionSettings>, options: FunctionsOptions) -> Result<Self, StartError> {
        let clients = Arc::new(Clients::write().map_err(StartError::Clients)?);
        let run_id: Arc<str> = format!("{:032x}", fastrand::u128(..)).into();
        let mut specs: Vec<(String, Arc<Spec>)> = Vec::new();
        for declared in settings {
            let key = declared.name.clone();
            let fail = |reason: String| StartError::Declaration { function: key.clone(), reason };
            let (name, scope) = declaration::name(&declared.name, &options.scope).map_err(fail)?;
            declaration::check(&declared).map_err(fail)?;
            if specs.iter().any(|(other, _)| *other == key) {
                return Err(fail("it is declared twice".to_owned()));
            }
            // A relative directory would be looked up in itself once a process runs there.
            let directory = std::path::absolute(&declared.directory).map_err(|error| fail(error.to_string()))?;
            let spec = Spec {
                name,
                settings: FunctionSettings { directory, ..declared },
                environment: options.environment.clone(),
                scope,
                clients: clients.clone(),
                run_id: run_id.clone(),
                index: specs.len(),
                stats: crate::stats::Stats::default(),
                launched: OnceCell::new(),
            };
            specs.push((key, Arc::new(spec)));
        }
        let mut inner = Inner {
            scope: options.scope,
            by_name: HashMap::new(),
            by_arn: HashMap::new(),
            runtime: Handle::current(),
            janitor: (!specs.is_empty()).then(|| janitor(&run_id)).flatten(),
            clients,
        };
        for (key, spec) in specs {
            let function = Arc::new(Function::start(spec, options.reload));
            let map = if key.starts_with("arn:") { &mut inner.by_arn } else { &mut inner.by_name };
            map.insert(key, function);
        }
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Ends every process, waits until they are gone, and leaves no file behind. Invocations that still run are broken off.
    pub async fn shutdown(&self, timeout: Duration) {
        let mut waiting = Vec::new();
        for function in self.inner.all() {
            function.events.running.close();
            if function.events.unfinished() > 0 {
                let (function, lost) = (&function.spec.name, function.events.unfinished());
                tracing::warn!(function, lost, "asynchronous calls that were not finished are lost with the server");
            }
            let (done, is_done) = oneshot::channel();
            if function.pool.send(Message::Shutdown(done)).await.is_ok() {
                waiting.push(is_done);
            }
        }
        let all = async {
            for done in waiting {
                done.await.ok();
            }
        };
        if tokio::time::timeout(timeout, all).await.is_err() {
            // The janitor stays, and looks again when the server is gone.
            tracing::error!("processes of functions did not end within {timeout:?}");
        } else if let Some(janitor) = &self.inner.janitor {
            janitor.end().await;
        }
        // Other handles may outlive the server's end, and nothing is started any more.
        if let Err(error) = self.inner.clients.remove() {
            tracing::warn!(%error, "the temporary directory of the runtime clients cannot be removed");
        }
    }

    /// Whose a function is when its caller says only its name.
    pub fn scope(&self) -> &Scope {
        &self.inner.scope
    }

    /// What is counted of each function.
    pub fn stats(&self) -> Vec<FunctionStats> {
        let mut stats: Vec<FunctionStats> =
            self.inner.all().map(|function| function.spec.stats.read(&function.spec.settings.name)).collect();
        stats.sort_by(|a, b| a.function.cmp(&b.function));
        stats
    }

    fn find(&self, name: &str) -> Result<(&Arc<Function>, FunctionName), FunctionError> {
        let name = FunctionName::parse(name, &self.inner.scope).ok_or_else(|| errors::bad_name(name))?;
        let function = self.inner.by_arn.get(&name.unqualified_arn()).or_else(|| self.inner.by_name.get(&name.name));
        function.map(|function| (function, name.clone())).ok_or_else(|| errors::not_found(&name.arn()))
    }

    async fn submit(&self, call: FunctionCall, reply: Reply) -> Result<(), FunctionError> {
        let (function, name) = self.find(&call.function)?;
        let log = call.log;
        function.submit(event(call, &name)?, log, reply).await
    }

    async fn call(&self, call: FunctionCall) -> Result<FunctionAnswer, FunctionError> {
        match call.invocation {
            Invocation::RequestResponse => {
                let (reply, answer) = oneshot::channel();
                self.submit(call, Reply::Whole(reply)).await?;
                answer.await.map_err(|_| errors::shutting_down())?
            }
            Invocation::DryRun => {
                let (_, name) = self.find(&call.function)?;
                Ok(empty_answer(&name, request_id()))
            }
            Invocation::Event => self.take_event(call),
        }
    }

    /// Takes an event over; it is run on the functions' own runtime.
    fn take_event(&self, call: FunctionCall) -> Result<FunctionAnswer, FunctionError> {
        let (function, name) = self.find(&call.function)?;
        let event = event(call, &name)?;
        let (events, kib) = (&function.events, kib(&event));
        let places = (events.room.clone().try_acquire_owned(), events.room_kib.clone().try_acquire_many_owned(kib));
        let (Ok(place), Ok(space)) = places else {
            function.spec.stats.throttled();
            return Err(errors::throttled());
        };
        let answer = empty_answer(&name, event.request_id.clone());
        let function = function.clone();
        self.inner.runtime.spawn(async move {
            let fate = events::deliver(&function.events.running, || function.run(event.clone())).await;
            if fate != Fate::Done {
                events::record(&function.spec, &event, fate).await;
            }
            drop((place, space));
        });
        Ok(answer)
    }

    async fn call_streaming(&self, call: FunctionCall) -> Result<FunctionStream, FunctionError> {
        if call.invocation == Invocation::Event {
            return Err(errors::invalid_parameter("A streamed result has a caller that waits for it"));
        }
        let (reply, stream) = oneshot::channel();
        self.submit(call, Reply::Pieces(reply)).await?;
        stream.await.map_err(|_| errors::shutting_down())?
    }
}

impl FunctionInvoker for Functions {
    fn knows(&self, function: &str, account: Option<&str>) -> bool {
        self.find(function).is_ok_and(|(function, name)| {
            let is_declared_by_arn = function.spec.settings.name.starts_with("arn:");
            !is_declared_by_arn || account.is_none_or(|account| name.scope().account == account)
        })
    }

    fn invoke(&self, call: FunctionCall) -> PortFuture<'_, Result<FunctionAnswer, FunctionError>> {
        Box::pin(self.call(call))
    }

    fn invoke_streaming(&self, call: FunctionCall) -> PortFuture<'_, Result<FunctionStream, FunctionError>> {
        Box::pin(self.call_streaming(call))
    }
}

impl Inner {
    fn all(&self) -> impl Iterator<Item = &Arc<Function>> {
        self.by_name.values().chain(self.by_arn.values())
    }
}

impl Function {
    fn start(spec: Arc<Spec>, reload: Reload) -> Self {
        // One place more than there is room to wait, for what is no job.
        let (pool, messages) = mpsc::channel(WAITING_MAX + spec.settings.concurrency_max + 1);
        tokio::spawn(pool::run(spec.clone(), messages));
        if reload == Reload::OnChange {
            tokio::spawn(reload::watch(spec.settings.directory.clone(), pool.downgrade(), spec.name.clone()));
        }
        let events = Events::new(spec.settings.concurrency_max);
        Self {
            spec,
            pool,
            events,
            room: Arc::new(Semaphore::new(WAITING_MAX)),
            room_kib: Arc::new(Semaphore::new(WAITING_KIB_MAX)),
        }
    }

    async fn submit(&self, event: Event, log: LogType, reply: Reply) -> Result<(), FunctionError> {
        let room = match self.room(&event) {
            Some(room) => room,
            None => self.room_of_the_gone(&event).await?,
        };
        let job = Job { event, reply, log, tried: Tried::Never, since: Instant::now(), room };
        // There is room in the channel for every job that has found room to wait.
        self.pool.send(Message::Invoke(Box::new(job))).await.map_err(|_| errors::shutting_down())
    }

    /// A place to wait in, if there is one.
    fn room(&self, event: &Event) -> Option<Vec<OwnedSemaphorePermit>> {
        let place = self.room.clone().try_acquire_owned().ok()?;
        let space = self.room_kib.clone().try_acquire_many_owned(kib(event)).ok()?;
        Some(vec![place, space])
    }

    /// The same once the calls have left whose callers are gone.
    async fn room_of_the_gone(&self, event: &Event) -> Result<Vec<OwnedSemaphorePermit>, FunctionError> {
        let (done, is_done) = oneshot::channel();
        self.pool.send(Message::Purge(done)).await.map_err(|_| errors::shutting_down())?;
        is_done.await.map_err(|_| errors::shutting_down())?;
        self.room(event).ok_or_else(|| {
            self.spec.stats.throttled();
            errors::throttled()
        })
    }

    async fn run(&self, event: Event) -> Result<FunctionAnswer, FunctionError> {
        let (reply, answer) = oneshot::channel();
        self.submit(event, LogType::None, Reply::Whole(reply)).await?;
        answer.await.map_err(|_| errors::shutting_down())?
    }
}

/// What the function is told of a call.
fn event(call: FunctionCall, name: &FunctionName) -> Result<Event, FunctionError> {
    Ok(Event {
        request_id: request_id(),
        arn: name.arn(),
        version: name.version().to_owned(),
        payload: checked_payload(call.payload, call.invocation)?,
        client_context: call.client_context.as_deref().map(client_context).transpose()?,
        trace_id: Some(call.trace_id.unwrap_or_else(trace_id)),
    })
}

fn kib(event: &Event) -> u32 {
    u32::try_from(event.payload.len().div_ceil(1024)).unwrap_or(u32::MAX)
}

/// Without one, functions that hang outlive a server that is killed.
fn janitor(run_id: &str) -> Option<Janitor> {
    let started = Janitor::start(run_id);
    if let Err(error) = &started {
        tracing::warn!(%error, "no shell: functions may outlive this server if it is killed");
    }
    started.ok()
}

fn checked_payload(payload: Bytes, invocation: Invocation) -> Result<Bytes, FunctionError> {
    if payload.len() > REQUEST_BYTES_MAX {
        return Err(errors::request_too_large());
    }
    if invocation == Invocation::Event && payload.len() > EVENT_REQUEST_BYTES_MAX {
        return Err(errors::event_too_large(payload.len()));
    }
    // AWS gives the function an empty object where the caller sent nothing (reported).
    if payload.is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    serde_json::from_slice::<serde::de::IgnoredAny>(&payload).map_err(|error| errors::not_json(&error))?;
    Ok(payload)
}

/// The JSON that a client sent in base64.
fn client_context(encoded: &str) -> Result<String, FunctionError> {
    let wrong = || errors::invalid_parameter("Client context must be a valid Base64-encoded JSON object.");
    if encoded.len() > CLIENT_CONTEXT_BYTES_MAX {
        return Err(errors::invalid_parameter("Client context must be no more than 3583 bytes of Base64."));
    }
    let decoded = base64::engine::general_purpose::STANDARD.decode(encoded).map_err(|_| wrong())?;
    let value: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&decoded).map_err(|_| wrong())?;
    // Written anew, so that no line end of it ever reaches a header.
    Ok(serde_json::Value::Object(value).to_string())
}

fn empty_answer(name: &FunctionName, request_id: String) -> FunctionAnswer {
    FunctionAnswer {
        request_id,
        executed_version: name.version().to_owned(),
        function_error: None,
        payload: Bytes::new(),
        log_tail: None,
    }
}
