//! What is known of a function once it is declared, and the environment that its processes get.
//!
//! The environment is AWS's (developer guide, "Using Lambda environment variables"), not the server's: what the server was started with
//! may hold its secrets. Only `PATH` and the linker's path pass, because without them `python3` and `node` would not be found or not
//! start.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::sync::Arc;

use postern_api_model::scope::Scope;
use tokio::sync::OnceCell;

use crate::clients::Clients;
use crate::launch::{self, Launched};
use crate::names::LATEST;
use crate::process::Program;
use crate::settings::FunctionSettings;
use crate::stats::Stats;

/// What passes from the server's environment.
const INHERITED: [&str; 3] = ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"];
/// Where there is no `PATH` at all: AWS's value.
const PATH_DEFAULT: &str = "/usr/local/bin:/usr/bin/:/bin:/opt/bin";
/// What a declaration cannot set: the platform's own. AWS refuses these too; it also refuses keys and regions, which here are how a
/// function gets them.
pub const RESERVED: [&str; 16] = [
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_LAMBDA_MAX_CONCURRENCY",
    "AWS_LAMBDA_METADATA_API",
    "AWS_LAMBDA_METADATA_TOKEN",
    "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
    crate::process::MARKER,
];

/// A declared function.
#[derive(Debug)]
pub struct Spec {
    /// The name alone.
    pub name: String,
    /// As declared.
    pub settings: FunctionSettings,
    /// What all functions get besides.
    pub environment: BTreeMap<String, String>,
    /// Whose it is when nothing else is said.
    pub scope: Scope,
    /// The clients that Postern brings along.
    pub clients: Arc<Clients>,
    /// No other run of a server has it.
    pub run_id: Arc<str>,
    /// Its place among the declarations: a name alone may be declared in several accounts.
    pub index: usize,
    /// What is counted.
    pub stats: Stats,
    /// How it is started, found out once.
    pub launched: OnceCell<Launched>,
}

impl Spec {
    /// What marks the processes of one environment.
    pub fn marker(&self, id: u64) -> String {
        format!("{}.{}.{id}", self.run_id, self.index)
    }

    /// What is started, and with which environment.
    ///
    /// # Errors
    /// When it cannot be found out how to start it; says why.
    pub async fn program(&self, api: SocketAddr) -> Result<Program, String> {
        let launched = self.launched.get_or_try_init(|| launch::find(self)).await?;
        let missing = |error| format!("the runtime clients cannot be written to the temporary directory: {error}");
        let mut command = launched.command.clone();
        if let Some(client) = launched.client {
            command.push(self.clients.file(client).map_err(missing)?.into());
        }
        command.extend(launched.arguments.iter().cloned());
        let mut environment = self.variables(Some(launched), Some(api));
        environment.insert("LAMBDA_RUNTIME_DIR".into(), self.clients.directory().map_err(missing)?.into());
        Ok(Program { command, environment })
    }

    /// The whole environment; later ones win. Without an address, it is for finding out how to start it.
    pub fn variables(&self, launched: Option<&Launched>, api: Option<SocketAddr>) -> BTreeMap<OsString, OsString> {
        let mut all: BTreeMap<OsString, OsString> = BTreeMap::new();
        all.insert("PATH".into(), PATH_DEFAULT.into());
        all.extend(INHERITED.iter().filter_map(|name| Some(((*name).into(), std::env::var_os(name)?))));
        let mut set = |name: &str, value: OsString| drop(all.insert(name.into(), value));
        set("LANG", "en_US.UTF-8".into());
        set("TZ", ":UTC".into());
        set("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR".into());
        set("AWS_REGION", self.scope.region.clone().into());
        set("AWS_DEFAULT_REGION", self.scope.region.clone().into());
        for (name, value) in self.environment.iter().chain(&self.settings.environment) {
            set(name, value.into());
        }
        set("LAMBDA_TASK_ROOT", self.settings.directory.clone().into());
        set("AWS_LAMBDA_FUNCTION_NAME", self.name.clone().into());
        set("AWS_LAMBDA_FUNCTION_VERSION", LATEST.into());
        set("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", self.settings.memory_mb.to_string().into());
        let kept_warm = self.settings.concurrency_min > 0;
        set("AWS_LAMBDA_INITIALIZATION_TYPE", if kept_warm { "provisioned-concurrency" } else { "on-demand" }.into());
        set("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", self.name).into());
        set("AWS_LAMBDA_LOG_STREAM_NAME", log_stream().into());
        if let Some(api) = api {
            set("AWS_LAMBDA_RUNTIME_API", api.to_string().into());
        }
        if let Some(handler) = launched.and_then(|launched| launched.handler.clone()) {
            set("_HANDLER", handler.into());
        }
        if let Some(runtime) = launched.and_then(|launched| launched.runtime) {
            set("AWS_EXECUTION_ENV", format!("AWS_Lambda_{runtime}").into());
        }
        all
    }
}

/// `YYYY/MM/DD/[$LATEST]` and 32 hex digits, as AWS names them.
fn log_stream() -> String {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    format!("{:04}/{:02}/{:02}/[{LATEST}]{:032x}", today.year(), today.month(), today.day(), fastrand::u128(..))
}
