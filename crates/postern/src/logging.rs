//! Logs: lines on stderr, so that stdout holds nothing but what a program may read.

mod behind;

use std::backtrace::Backtrace;
use std::io::IsTerminal;
use std::sync::OnceLock;
use std::time::Duration;

use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};
use crate::failure::Failure;
use behind::Behind;

/// For the last lines of a process.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

static STARTED: OnceLock<Behind> = OnceLock::new();

/// Starts logging, for good.
///
/// # Errors
/// When the system gives no thread.
pub fn start(log: &Log) -> Result<(), Failure> {
    let started = Behind::start(std::io::stderr());
    let behind = started.map_err(|error| Failure::System { doing: "start a thread for the log", reason: error.to_string() })?;
    let _ = STARTED.set(behind.clone());
    let builder = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(&log.filter))
        .with_writer(move || behind.clone())
        .with_ansi(std::io::stderr().is_terminal())
        // Reporting them goes to stderr as well, and panics when that is what is gone.
        .log_internal_errors(false);
    match log.format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
    log_panics();
    Ok(())
}

/// Waits for the last lines to be written. To be called before the process ends.
pub fn flush() {
    if let Some(behind) = STARTED.get() {
        behind.flush_within(FLUSH_TIMEOUT);
    }
}

/// A panic ends one task or connection, never the process: nobody would know of it.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let text = panic.payload_as_str().unwrap_or("no message");
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, backtrace = %Backtrace::capture(), "panic: {text}");
        // The one thread whose panic ends the process.
        if std::thread::current().name() == Some("main") {
            flush();
        }
    }));
}
