//! Measurements, for the constants that say how long things take and how large they get. Run them in a release build, on a quiet
//! machine:
//! `cargo test --release -p postern-data-plane --lib measured -- --ignored --test-threads 1`.

#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use super::*;
use crate::render::TemplateInput;

fn inputs(body: String) -> Arc<Inputs> {
    let request = Arc::new(RequestFacts::Given(Box::<TemplateInput>::default()));
    Arc::new(Inputs { request, body: Arc::new(Document::new(Bytes::from(body))), overrides: Overrides::default() })
}

/// Templates that run out of work, each with another kind of it.
const GREEDY: [(&str, &str); 6] = [
    ("loop", "#foreach($a in [1..1000])#foreach($b in [1..1000])#foreach($c in [1..1000])$c#end#end#end"),
    ("sums", "#set($s = 0)#foreach($a in [1..1000])#foreach($b in [1..1000])#set($s = $s + $a * $b)#end#end"),
    ("texts", "#set($s = 'abcdefgh')#foreach($a in [1..1000])#foreach($b in [1..1000])#if($s.toUpperCase() == 'x')y#end#end#end"),
    ("paths", "#foreach($a in [1..1000])#foreach($b in [1..1000])#set($x = $input.path('$.a.b'))#end#end"),
    ("filters", "#foreach($a in [1..1000])#foreach($b in [1..1000])#set($x = $input.json('$.list[?(@.k == 3)]'))#end#end"),
    (
        "patterns",
        "#set($s = 'a1b22c333')#foreach($a in [1..1000])#foreach($b in [1..1000])#set($x = $s.replaceAll('[0-9]+', '-'))#end#end",
    ),
];

/// Of the budget for work that is done at once. On a machine that does nothing else.
const INLINE_MAX: Duration = Duration::from_millis(2);
/// Of the whole budget.
const FULL_MAX: Duration = Duration::from_secs(2);
/// Of the process, with a body of 10 MB; half a gigabyte, and what the bodies before it left.
const PEAK_MIB_MAX: u64 = 640;

#[test]
#[ignore = "measures"]
fn time_of_the_budgets() {
    let list: Vec<String> = (0..50).map(|at| format!("{{\"k\":{at}}}")).collect();
    let inputs = inputs(format!("{{\"a\":{{\"b\":1}},\"list\":[{}]}}", list.join(",")));
    for (name, text) in GREEDY {
        let template = MappingTemplate::compile(text).unwrap();
        for (limits, most) in [(RenderLimits::INLINE, INLINE_MAX), (RenderLimits::FULL, FULL_MAX)] {
            let _ = template.render(&inputs, RenderLimits::INLINE);
            let started = Instant::now();
            let _ = template.render(&inputs, limits);
            let elapsed = started.elapsed();
            assert!(elapsed < most, "{name} takes {elapsed:?} with {limits:?}");
        }
    }
}

/// Peak memory of the process, in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

#[test]
#[ignore = "measures"]
fn memory_of_a_large_body() {
    let template = MappingTemplate::compile("$input.path('$').size()").unwrap();
    let record = "{\"id\":123456,\"name\":\"some name\",\"active\":true,\"price\":12.50}";
    for unit in ["0", "100", "\"a\"", "{}", "[0]", "{\"\":0}", "{\"a\":1,\"b\":2}", record] {
        let count = 10 * 1024 * 1024 / (unit.len() + 1);
        let inputs = inputs(format!("[{}]", vec![unit; count].join(",")));
        let _ = template.render(&inputs, RenderLimits::FULL);
        assert!(peak() < PEAK_MIB_MAX, "{unit} takes {} MiB", peak());
    }
}
