//! `postern run`: OpenAPI files in, served APIs out, and nothing kept.
//!
//! Each document is read with its files ([`mod@load`]), put into an API and deployed by the operations that a client would call
//! ([`management`]), and shown ([`routes`]). With `--watch` it is read again whenever one of its files changes ([`watch`]); what was
//! served stays until a new reading is whole.

mod bundle;
mod directory;
mod example;
mod files;
mod functions;
mod load;
mod management;
mod mock_integrations;
mod problem;
mod routes;
mod watch;

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use postern_api_model::scope::Scope;
use postern_functions::Reload;
use serde_json::Value;

use crate::cli::RunArgs;
use crate::config::{DeclaredFunctions, Settings};
use crate::failure::Failure;
use crate::serve::{self, FirstKey, Running};
use directory::TemporaryDirectory;
use functions::KnownFunctions;
use load::{Loaded, Reading, Surroundings, load};
use management::Management;
use problem::Problem;
use watch::Watched;

/// Where the APIs are; unsigned calls come from there.
const REGION: &str = "us-east-1";

/// An API that is served.
struct Served {
    path: PathBuf,
    api_id: String,
    deployment_id: String,
    written: Value,
    watched: Watched,
}

/// What deploying needs.
struct Deployer {
    management: Management,
    surroundings: Arc<Surroundings>,
    stage: String,
    http: SocketAddr,
}

/// Serves the files until a signal ends it.
///
/// # Errors
/// When a document cannot be served, or the server cannot start.
pub fn run(arguments: &RunArgs, settings: Settings) -> Result<(), Failure> {
    let scope = Scope { account: settings.account.clone(), region: REGION.to_owned() };
    let (bytes_max, functions) = (settings.import_bytes_max, KnownFunctions::of(&settings));
    let surroundings = Arc::new(Surroundings { scope, bytes_max, functions });
    let (watched, loaded) = load_all(arguments, &surroundings)?;
    let directory = TemporaryDirectory::new()?;
    let reload = if arguments.watch { Reload::OnChange } else { Reload::Never };
    let functions = DeclaredFunctions { reload, ..settings.functions };
    let settings = Settings { data_dir: directory.path().to_owned(), functions, ..settings };
    serve::block_on(async {
        let running = Running::start(&settings, FirstKey::None).await?;
        let deployer = Deployer {
            management: Management(running.control_plane()),
            surroundings,
            stage: arguments.stage.clone(),
            http: running.http(),
        };
        let drain_timeout = settings.http.drain_timeout;
        let mut running = running;
        let ended = live(&mut running, &deployer, arguments, watched.into_iter().zip(loaded).collect()).await;
        running.end(drain_timeout).await;
        ended
    })
}

/// Reads every document before anything starts, and reports everything that is wrong with any.
fn load_all(arguments: &RunArgs, surroundings: &Surroundings) -> Result<(Vec<Watched>, Vec<Loaded>), Failure> {
    let (mut watched, mut loaded, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    for path in &arguments.files {
        let Reading { tried, outcome } = load(path, surroundings);
        watched.push(tried);
        match outcome {
            Ok(document) => loaded.push(document),
            Err(more) => problems.extend(more.iter().map(Problem::to_string)),
        }
    }
    if problems.is_empty() { Ok((watched, loaded)) } else { Err(Failure::Documents(problems)) }
}

async fn live(
    running: &mut Running,
    deployer: &Deployer,
    arguments: &RunArgs,
    documents: Vec<(Watched, Loaded)>,
) -> Result<(), Failure> {
    let mut served = Vec::new();
    let mut lines = Vec::new();
    for (path, (watched, loaded)) in arguments.files.iter().zip(documents) {
        let (api, shown) = deployer.deploy_first(path.clone(), watched, loaded).await?;
        served.push(api);
        lines.extend(shown);
    }
    running.announce()?;
    say(&lines);
    if !arguments.watch {
        running.signalled().await;
        return Ok(());
    }
    let mut ticks = tokio::time::interval(watch::POLL_INTERVAL);
    loop {
        tokio::select! {
            () = running.signalled() => return Ok(()),
            _ = ticks.tick() => {}
        }
        for api in &mut served {
            if api.watched.has_changed() {
                deployer.deploy_again(api).await;
            }
        }
    }
}

impl Deployer {
    async fn deploy_first(&self, path: PathBuf, watched: Watched, loaded: Loaded) -> Result<(Served, Vec<String>), Failure> {
        let refused = |text: String| Failure::Documents(vec![Problem::of_file(&path, text).to_string()]);
        let api_id = self.management.import(loaded.bytes.clone()).await.map_err(refused)?;
        let deployment_id = self.management.deploy(&api_id, &self.stage).await.map_err(refused)?;
        let shown = self.shown(&path, &loaded, &api_id);
        warn(&loaded.warnings);
        Ok((Served { path, api_id, deployment_id, written: loaded.written, watched }, shown))
    }

    /// Reads a document again and serves it. Until that has succeeded, what was served before is.
    async fn deploy_again(&self, api: &mut Served) {
        let (path, surroundings) = (api.path.clone(), Arc::clone(&self.surroundings));
        // A large document takes long enough to hold up the other tasks of this thread.
        let reading = tokio::task::spawn_blocking(move || load(&path, &surroundings));
        let Ok(Reading { tried, outcome }) = reading.await else {
            warn(&[Problem::of_file(&api.path, "reading it panicked; the last good version stays".to_owned())]);
            return;
        };
        api.watched = tried;
        match outcome {
            Err(problems) => {
                warn(&problems);
                warn(&[Problem::of_file(&api.path, "still serving the last good version".to_owned())]);
            }
            Ok(loaded) => {
                if let Err(text) = self.replace(api, loaded).await {
                    warn(&[Problem::of_file(&api.path, format!("{text}; still serving the last good version"))]);
                }
            }
        }
    }

    async fn replace(&self, api: &mut Served, loaded: Loaded) -> Result<(), String> {
        let changes = routes::changes(&api.written, &loaded.written);
        if changes.is_empty() {
            return Ok(());
        }
        self.management.overwrite(&api.api_id, loaded.bytes.clone()).await?;
        let former = std::mem::replace(&mut api.deployment_id, self.management.deploy(&api.api_id, &self.stage).await?);
        let mut lines = vec![format!("{} changed and is served anew:", api.path.display())];
        lines.extend(changes);
        lines.extend(self.shown(&api.path, &loaded, &api.api_id));
        warn(&loaded.warnings);
        say(&lines);
        api.written = loaded.written;
        // Deployments of a long day of edits would otherwise fill the directory.
        if let Err(reason) = self.management.forget(&api.api_id, &former).await {
            tracing::warn!(api_id = api.api_id, reason, "a former deployment stays until the run ends");
        }
        Ok(())
    }

    fn shown(&self, path: &std::path::Path, loaded: &Loaded, api_id: &str) -> Vec<String> {
        routes::lines(&path.display().to_string(), loaded, api_id, &self.stage, self.http)
    }
}

/// On stdout. Who has read the ready line may close it.
fn say(lines: &[String]) {
    let mut out = std::io::stdout().lock();
    for line in lines {
        let _ = writeln!(out, "{line}");
    }
    let _ = out.flush();
}

/// On stderr itself, because logging may be off.
fn warn(problems: &[Problem]) {
    let mut out = std::io::stderr().lock();
    for problem in problems {
        let _ = writeln!(out, "postern: {problem}");
    }
}
