//! The functions that run here, on a runtime of their own: a burst of management calls must not hold up what processes say, nor they it.

use std::collections::BTreeMap;
use std::time::Duration;

use postern_api_model::scope::Scope;
use postern_functions::{Functions, FunctionsOptions};
use tokio::runtime::Runtime;

use crate::config::Settings;
use crate::failure::Failure;

/// Threads of that runtime: it moves bytes between sockets and pipes, and the processes are what computes.
const THREADS: usize = 2;
/// For processes to be gone once they were killed.
const END_TIMEOUT: Duration = Duration::from_secs(5);
/// Where a function is when its caller says only its name, as of unsigned calls.
const REGION: &str = "us-east-1";

/// Functions, and where they live.
pub struct LocalFunctions {
    functions: Functions,
    runtime: Runtime,
}

impl LocalFunctions {
    /// Starts those that are declared; `None` when none is.
    ///
    /// # Errors
    /// When one cannot be run as it is declared.
    pub fn start(settings: &Settings) -> Result<Option<Self>, Failure> {
        let declared = &settings.functions;
        if declared.local.is_empty() {
            return Ok(None);
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("functions")
            .enable_all()
            .build()
            .map_err(|error| Failure::System { doing: "start a runtime", reason: error.to_string() })?;
        let options = FunctionsOptions {
            scope: Scope { account: settings.account.clone(), region: REGION.to_owned() },
            // Nothing of the server's own: its keys are not its functions'.
            environment: BTreeMap::new(),
            reload: declared.reload,
        };
        let local = declared.local.iter().map(|function| function.settings.clone()).collect();
        let started = {
            let _entered = runtime.enter();
            Functions::start(local, options)
        };
        match started {
            Ok(functions) => Ok(Some(Self { functions, runtime })),
            Err(error) => {
                // Dropping it would wait, which a thread that drives other tasks must not.
                runtime.shutdown_background();
                Err(error.into())
            }
        }
    }

    /// To call them by.
    pub fn handle(&self) -> Functions {
        self.functions.clone()
    }

    /// Ends every process.
    pub async fn end(self) {
        self.functions.shutdown(END_TIMEOUT).await;
        self.runtime.shutdown_background();
    }
}
