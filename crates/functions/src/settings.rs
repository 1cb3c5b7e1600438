//! How a function is declared.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// AWS's default for how long one invocation may take.
pub const TIMEOUT_MS_DEFAULT: u64 = 3_000;
/// The longest that AWS lets one be configured to.
pub const TIMEOUT_MS_MAX: u64 = 900_000;
/// AWS's default figure, in MB. It is told to the function and not enforced.
pub const MEMORY_MB_DEFAULT: u32 = 128;
/// Processes of one function at one time: what a small machine holds. AWS's is 1,000 in an account.
pub const CONCURRENCY_MAX_DEFAULT: usize = 10;
/// How long a process is kept that nobody calls.
pub const IDLE_TIMEOUT_MS_DEFAULT: u64 = 300_000;

/// One function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionSettings {
    /// A name, which stands for that function in any account and region, or a full ARN without qualifier, which stands for itself alone.
    pub name: String,
    /// How its processes are started.
    pub launch: Launch,
    /// Where they run; `LAMBDA_TASK_ROOT`.
    pub directory: PathBuf,
    /// Besides what the Runtime API's environment has.
    pub environment: BTreeMap<String, String>,
    /// `AWS_LAMBDA_FUNCTION_MEMORY_SIZE`.
    pub memory_mb: u32,
    /// How long one invocation may take.
    pub timeout: Duration,
    /// Processes that are kept warm.
    pub concurrency_min: usize,
    /// Processes at one time.
    pub concurrency_max: usize,
    /// How long a process above the minimum is kept that nobody calls.
    pub idle_timeout: Duration,
    /// What a failed asynchronous call is written to, as lines of JSON.
    pub on_failure: Option<PathBuf>,
}

/// What is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Launch {
    /// This command, which is or starts a Runtime API client. `_HANDLER` is `handler`, where there is one.
    Command {
        /// Program and arguments, no shell.
        command: Vec<String>,
        /// For clients that read it.
        handler: Option<String>,
    },
    /// `module.function`, in the language of the module's file: Python or Node.js.
    Handler(String),
    /// The executable `bootstrap` in the directory.
    Bootstrap,
}
