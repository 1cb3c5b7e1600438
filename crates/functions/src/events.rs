//! Asynchronous calls: taken at once, run when there is a process, tried again when they fail, and written down when that was in vain.
//!
//! AWS (developer guide, "Asynchronous invocation"): an error of the function is tried twice more, after one minute and after two; a
//! throttle is tried again for up to six hours, with pauses from one second to five minutes. The queue is in memory: what waits in it when
//! the server ends is lost, and the log says how much.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use postern_api_model::ports::{FunctionAnswer, FunctionError};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::job::Event;
use crate::spec::Spec;

/// Events of one function that wait, for a process or for their next attempt.
pub const EVENTS_MAX: usize = 10_000;
/// Their payloads together, in KiB.
pub const EVENTS_KIB_MAX: usize = 128 * 1024;
/// AWS's pauses after an error of the function; past the last one, the event is given up.
const RETRY_PAUSES: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(120)];
/// AWS's first pause after a throttle; doubled each time.
const THROTTLE_PAUSE_MIN: Duration = Duration::from_secs(1);
/// AWS's longest.
const THROTTLE_PAUSE_MAX: Duration = Duration::from_secs(300);
/// AWS's for an event that finds no process.
const AGE_MAX: Duration = Duration::from_secs(6 * 60 * 60);

/// The events of one function.
#[derive(Debug)]
pub struct Events {
    /// Those that wait.
    pub room: Arc<Semaphore>,
    /// Their payloads.
    pub room_kib: Arc<Semaphore>,
    /// Those that run: no more than there are processes, so that callers who wait find room too.
    pub running: Arc<Semaphore>,
}

impl Events {
    /// For a function with so many processes.
    pub fn new(concurrency: usize) -> Self {
        Self {
            room: Arc::new(Semaphore::new(EVENTS_MAX)),
            room_kib: Arc::new(Semaphore::new(EVENTS_KIB_MAX)),
            running: Arc::new(Semaphore::new(concurrency)),
        }
    }

    /// How many have not come to an end.
    pub fn unfinished(&self) -> usize {
        EVENTS_MAX.saturating_sub(self.room.available_permits())
    }
}

/// How an event ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The function has dealt with it.
    Done,
    /// It failed for good.
    GivenUp {
        /// `RetriesExhausted` or `EventAgeExceeded`, as AWS says.
        condition: &'static str,
        /// How often it was run.
        attempts: usize,
        /// The last answer, if it was ever run.
        answer: Option<FunctionAnswer>,
    },
    /// The server is going down.
    Lost,
}

/// Runs an event until it is dealt with or given up.
pub async fn deliver<F>(running: &Semaphore, mut attempt: impl FnMut() -> F) -> Fate
where
    F: Future<Output = Result<FunctionAnswer, FunctionError>>,
{
    let since = Instant::now();
    let mut attempts = 0;
    let mut throttle_pause = THROTTLE_PAUSE_MIN;
    let mut last = None;
    loop {
        let Ok(place) = running.acquire().await else { return Fate::Lost };
        let outcome = attempt().await;
        drop(place);
        let pause = match outcome {
            Ok(answer) if answer.function_error.is_none() => return Fate::Done,
            Ok(answer) => {
                attempts += 1;
                let Some(pause) = RETRY_PAUSES.get(attempts - 1) else {
                    return Fate::GivenUp { condition: "RetriesExhausted", attempts, answer: Some(answer) };
                };
                last = Some(answer);
                *pause
            }
            Err(error) if error.status == 429 => {
                let pause = throttle_pause;
                throttle_pause = (throttle_pause * 2).min(THROTTLE_PAUSE_MAX);
                pause
            }
            Err(_) => return Fate::Lost,
        };
        if since.elapsed() + pause > AGE_MAX {
            return Fate::GivenUp { condition: "EventAgeExceeded", attempts, answer: last };
        }
        tokio::time::sleep(pause).await;
    }
}

/// Writes down what became of an event that failed for good.
pub async fn record(spec: &Spec, event: &Event, fate: Fate) {
    let Fate::GivenUp { condition, attempts, answer } = fate else { return };
    spec.stats.event_failed();
    let (function, request_id) = (&spec.name, &event.request_id);
    tracing::error!(function, request_id, condition, attempts, "an asynchronous call has failed for good");
    let Some(file) = spec.settings.on_failure.clone() else { return };
    let line = failure_record(event, condition, attempts, answer.as_ref()).to_string();
    let written = tokio::task::spawn_blocking({
        let file = file.clone();
        move || append(&file, line)
    });
    if let Ok(Err(error)) = written.await {
        tracing::error!(function, request_id, %error, "{} cannot be written", file.display());
    }
}

/// AWS's record of an on-failure destination.
fn failure_record(event: &Event, condition: &str, attempts: usize, answer: Option<&FunctionAnswer>) -> Value {
    let parsed =
        |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or_else(|_| Value::from(String::from_utf8_lossy(bytes)));
    let arn = if event.arn.split(':').count() > 7 { event.arn.clone() } else { format!("{}:{}", event.arn, event.version) };
    let mut record = json!({
        "version": "1.0",
        "timestamp": format!("{:.3}", jiff::Timestamp::now()),
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": arn,
            "condition": condition,
            "approximateInvokeCount": attempts,
        },
        "requestPayload": parsed(&event.payload),
    });
    if let Some(answer) = answer {
        record["responseContext"] =
            json!({ "statusCode": 200, "executedVersion": answer.executed_version, "functionError": answer.function_error });
        record["responsePayload"] = parsed(&answer.payload);
    }
    record
}

/// Whole lines, whoever else appends. Only this user reads them: they hold what callers sent.
fn append(file: &Path, mut line: String) -> std::io::Result<()> {
    line.push('\n');
    OpenOptions::new().append(true).create(true).mode(0o600).open(file)?.write_all(line.as_bytes())
}

/// Whether records can be written.
///
/// # Errors
/// Says which directory is missing.
pub fn check(on_failure: Option<&PathBuf>) -> Result<(), String> {
    let Some(file) = on_failure else { return Ok(()) };
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if directory.is_dir() { Ok(()) } else { Err(format!("on_failure: the directory {} does not exist", directory.display())) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use bytes::Bytes;

    use super::*;
    use crate::errors;

    fn answer(function_error: Option<&str>) -> Result<FunctionAnswer, FunctionError> {
        Ok(FunctionAnswer {
            request_id: "id".to_owned(),
            executed_version: "$LATEST".to_owned(),
            function_error: function_error.map(str::to_owned),
            payload: Bytes::from_static(br#"{"errorMessage":"boom"}"#),
            log_tail: None,
        })
    }

    /// What becomes of an event whose attempts come to this, and the seconds at which they were made.
    async fn fate(outcome: impl Fn(usize) -> Result<FunctionAnswer, FunctionError>) -> (Fate, Vec<u64>) {
        let (since, mut at) = (Instant::now(), Vec::new());
        let fate = deliver(&Semaphore::new(1), || {
            at.push(since.elapsed().as_secs());
            std::future::ready(outcome(at.len()))
        })
        .await;
        (fate, at)
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_is_tried_twice_more() {
        let (end, at) = fate(|_| answer(Some("Unhandled"))).await;
        assert!(matches!(end, Fate::GivenUp { condition: "RetriesExhausted", attempts: 3, answer: Some(_) }), "{end:?}");
        assert_eq!(at, [0, 60, 180]);
        assert_eq!(fate(|attempt| answer((attempt < 3).then_some("Unhandled"))).await, (Fate::Done, vec![0, 60, 180]));
        assert_eq!(fate(|_| answer(None)).await, (Fate::Done, vec![0]));
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttle_is_tried_again_for_hours() {
        let (end, at) = fate(|_| Err(errors::throttled())).await;
        assert_eq!(end, Fate::GivenUp { condition: "EventAgeExceeded", attempts: 0, answer: None });
        assert_eq!(at[..5], [0, 1, 3, 7, 15]);
        let last = *at.last().unwrap();
        assert!((5 * 3600..=6 * 3600).contains(&last), "{last}");
    }

    #[test]
    fn records_are_lines_that_only_this_user_reads() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("failed.jsonl");
        check(Some(&file)).unwrap();
        append(&file, "1".to_owned()).unwrap();
        append(&file, "2".to_owned()).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "1\n2\n");
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_record_is_that_of_a_destination() {
        let event = Event {
            request_id: "id".to_owned(),
            arn: "arn:aws:lambda:us-east-1:000000000000:function:hello".to_owned(),
            version: "$LATEST".to_owned(),
            payload: Bytes::from_static(b"{\"a\":1}"),
            client_context: None,
            trace_id: None,
        };
        let record = failure_record(&event, "RetriesExhausted", 3, Some(&answer(Some("Unhandled")).unwrap()));
        let keys: Vec<&String> = record.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["version", "timestamp", "requestContext", "requestPayload", "responseContext", "responsePayload"]);
        assert_eq!(record["requestContext"]["functionArn"], "arn:aws:lambda:us-east-1:000000000000:function:hello:$LATEST");
        assert_eq!((&record["requestPayload"]["a"], &record["responsePayload"]["errorMessage"]), (&1.into(), &"boom".into()));
    }
}
