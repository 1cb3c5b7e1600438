//! How many processes a function has, and who waits for one.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod support;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use postern_functions::Functions;
use support::{Declared, PATIENCE, end, error, invoke, result};

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
