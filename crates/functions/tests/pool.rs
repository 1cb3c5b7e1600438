//! How many processes a function has, and who waits for one.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod support;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use postern_api_model::ports::FunctionInvoker as _;
use postern_functions::Functions;
use support::{Declared, PATIENCE, Running, call, end, error, invoke, result};
use tokio::task::JoinHandle;

const SLEEPS: &str = "import os, time\ndef handler(event, context):\n    time.sleep(event.get('s', 0))\n    return os.getpid()\n";

/// The processes that served so many calls at once.
async fn at_once(functions: &Functions, calls: usize, event: &'static str) -> BTreeSet<String> {
    let calls: Vec<_> = (0..calls)
        .map(|_| {
            let functions = functions.clone();
            tokio::spawn(async move { result(&functions, event).await })
        })
        .collect();
    let mut served = BTreeSet::new();
    for call in calls {
        served.insert(call.await.unwrap());
    }
    served
}

#[tokio::test]
async fn calls_run_side_by_side_up_to_the_maximum() {
    let running = Declared::python(SLEEPS).with(|settings| settings.concurrency_max = 3).start();
    let served = at_once(&running, 9, r#"{"s":0.3}"#).await;
    assert_eq!(served.len(), 3);
    assert_eq!(running.stats()[0].processes, 3);
    assert_eq!(running.stats()[0].invocations, 9);
    end(running).await;
}

#[tokio::test]
async fn a_thousand_calls_find_their_turn() {
    let running = Declared::python(SLEEPS).start();
    assert!(at_once(&running, 1000, "{}").await.len() <= 10);
    assert_eq!(running.stats()[0].invocations, 1000);
    end(running).await;
}

#[tokio::test]
async fn past_the_queue_calls_are_refused() {
    let running = Declared::python(SLEEPS).with(|settings| settings.concurrency_max = 1).start();
    result(&running, "{}").await;
    let calls: Vec<_> = (0..2_100)
        .map(|_| {
            let functions = running.functions.clone();
            tokio::spawn(async move { invoke(&functions, r#"{"s":30}"#).await })
        })
        .collect();
    tokio::time::timeout(PATIENCE, async {
        while running.stats()[0].throttles < 90 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    let refused = invoke(&running, "{}").await.unwrap_err();
    assert_eq!((refused.code, refused.status, refused.message.as_str()), ("TooManyRequestsException", 429, "Rate Exceeded."));
    end(running).await;
    for call in calls {
        // Whoever waited when the server ended was told so, or was run.
        call.await.unwrap().unwrap_err();
    }
}

#[tokio::test]
async fn an_idle_process_is_ended_but_for_those_kept_warm() {
    let idle = Declared::python(SLEEPS).with(|settings| settings.idle_timeout = Duration::from_millis(200));
    let running = idle.with(|settings| settings.concurrency_min = 1).start();
    at_once(&running, 3, r#"{"s":0.3}"#).await;
    wait_until(&running, |processes| processes == 1).await;
    end(running).await;
}

async fn wait_until(functions: &Functions, fits: impl Fn(u64) -> bool) {
    tokio::time::timeout(PATIENCE, async {
        while !fits(functions.stats()[0].processes) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_function_that_cannot_start_says_why_and_is_tried_again() {
    let running = Declared::python("raise RuntimeError('at load')\n").start();
    for _ in 0..4 {
        let failure = error(&running, "{}").await;
        assert_eq!((&failure["errorType"], &failure["errorMessage"]), (&"RuntimeError".into(), &"at load".into()));
    }
    // Repaired, it runs without any restart of the server.
    running.declared.write("app.py", SLEEPS);
    result(&running, "{}").await;
    end(running).await;
}

#[tokio::test]
async fn a_process_that_exits_before_it_is_ready_is_reported() {
    let running = Declared::bootstrap("import sys\nsys.exit(7)\n").start();
    let failure = error(&running, "{}").await;
    assert_eq!(failure["errorType"], "Runtime.ExitError");
    assert!(failure["errorMessage"].as_str().unwrap().ends_with("Runtime exited with error: exit status 7"), "{failure}");
    end(running).await;
}

#[tokio::test]
async fn a_warm_call_is_fast() {
    let running = Declared::python(SLEEPS).start();
    result(&running, "{}").await;
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..200 {
        let since = Instant::now();
        result(&running, "{}").await;
        times.push(since.elapsed());
    }
    times.sort();
    // A bound that no busy machine reaches; anything that polls or waits for a delayed acknowledgement (40 ms) does.
    println!("median {:?}", times[100]);
    assert!(times[100] < Duration::from_millis(30), "{:?}", times[100]);
    end(running).await;
}

/// Waits for its file `go`, and writes down which events it was given.
const NOTES: &str = "import os, time\ndef handler(event, context):\n    with open('ran', 'a') as file:\n        file.write(event + '\\n')\n    while not os.path.exists('go'):\n        time.sleep(0.01)\n";

/// A function with one process that has the call `first`, and that call.
async fn busy() -> (Running, JoinHandle<String>) {
    let running = Declared::python(NOTES).with(|settings| settings.concurrency_max = 1).start();
    let first = later(&running, r#""first""#);
    wait_for(|| running.declared.path().join("ran").exists()).await;
    (running, first)
}

fn later(functions: &Functions, event: &'static str) -> JoinHandle<String> {
    let functions = functions.clone();
    tokio::spawn(async move { result(&functions, event).await })
}

async fn wait_for(fits: impl Fn() -> bool) {
    tokio::time::timeout(PATIENCE, async {
        while !fits() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .unwrap();
}

/// Calls whose callers go away while they wait.
async fn abandon(running: &Running, calls: u64) {
    let waiting = running.stats()[0].waiting;
    let calls: Vec<_> = (0..calls)
        .map(|number| {
            let functions = running.functions.clone();
            tokio::spawn(async move {
                let call = call(r#""abandoned""#);
                if number % 2 == 0 {
                    functions.invoke(call).await.map(drop)
                } else {
                    functions.invoke_streaming(call).await.map(drop)
                }
            })
        })
        .collect();
    let all = waiting + calls.len() as u64;
    wait_for(|| running.stats()[0].waiting == all).await;
    for call in calls {
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
    }
}

async fn release(running: Running, calls: Vec<JoinHandle<String>>) -> String {
    running.declared.write("go", "");
    for call in calls {
        call.await.unwrap();
    }
    let ran = std::fs::read_to_string(running.declared.path().join("ran")).unwrap();
    end(running).await;
    ran
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_not_run() {
    let (running, first) = busy().await;
    abandon(&running, 4).await;
    let second = later(&running, r#""second""#);
    wait_for(|| running.stats()[0].waiting == 5).await;
    abandon(&running, 4).await;
    let third = later(&running, r#""third""#);
    assert_eq!(release(running, vec![first, second, third]).await, "first\nsecond\nthird\n");
}

#[tokio::test]
async fn the_places_of_those_who_have_gone_are_others() {
    let (running, first) = busy().await;
    // As many as may wait.
    abandon(&running, 2_000).await;
    let second = later(&running, r#""second""#);
    wait_for(|| running.stats()[0].waiting == 1).await;
    assert_eq!(running.stats()[0].throttles, 0);
    assert_eq!(release(running, vec![first, second]).await, "first\nsecond\n");
}

#[tokio::test]
async fn no_file_is_left_when_other_handles_outlive_the_end() {
    let running =
        Declared::python("import os\ndef handler(event, context):\n    return os.environ['LAMBDA_RUNTIME_DIR']\n").start();
    let directory: std::path::PathBuf = serde_json::from_str(&result(&running, "{}").await).unwrap();
    assert!(directory.is_dir());
    let other = running.functions.clone();
    end(running).await;
    assert!(!directory.exists());
    assert_eq!(invoke(&other, "{}").await.unwrap_err().status, 500);
}
