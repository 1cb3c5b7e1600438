//! The promises that a run is held against.

use super::contest::{Proxy, Question};
use super::functions::{self, BURST, CONCURRENCY};
use super::instructions::Count;
use super::load::Figures;
use super::operations;
use super::renders::Found;
use super::report::{instruction_ratio, render_ratio};
use super::robustness::{REQUESTS_AFTER_RESTART, Restart};
use super::throttle;

/// Postern's userland instructions per request divided by nginx's, at most.
const INSTRUCTION_RATIO_MAX: f64 = 1.1;
/// Postern's CPU time per request divided by nginx's (median of the rounds): above it the text has to explain why.
const CPU_RATIO_EXPLAINED: f64 = 1.15;
/// The same with an API key, a usage plan and a throttle, of nginx's with `map` and `limit_req`.
const METERED_INSTRUCTION_RATIO_MAX: f64 = 1.35;
/// How far what a throttle lets through may be from rate x time + burst, per cent.
const THROTTLE_OFF_PERCENT_MAX: f64 = 1.0;
/// Renderings per second of CPU time, the making of variables included, divided by those of Apache Velocity in a warm JVM, at least.
const RENDER_RATIO_MIN: f64 = 1.0;
/// What an API adds to the median call of a warm function, milliseconds.
const API_OVER_INVOKE_MS_MAX: f64 = 1.0;
/// Median time until a deployment or a stage update is served, milliseconds.
const SERVED_MS_MAX: f64 = 50.0;

/// Longest import or export of an OpenAPI document of two megabytes, milliseconds.
const DOCUMENT_MS_MAX: f64 = 1000.0;
/// and what the process may take for it, MiB.
const DOCUMENT_MIB_MAX: f64 = 200.0;

/// A promise held against a figure.
#[derive(Debug)]
pub struct Gate {
    /// The promise and the figure, in words.
    words: String,
    verdict: Verdict,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Verdict {
    Kept,
    ToExplain,
    Broken,
}

impl Gate {
    fn new(kept: bool, words: String) -> Self {
        Self { words, verdict: if kept { Verdict::Kept } else { Verdict::Broken } }
    }

    /// Whether the run fails.
    pub fn is_broken(&self) -> bool {
        self.verdict == Verdict::Broken
    }

    /// A line of a Markdown list.
    pub fn line(&self) -> String {
        let verdict = match self.verdict {
            Verdict::Kept => "kept",
            Verdict::ToExplain => "over it; see what the results say",
            Verdict::Broken => "BROKEN",
        };
        format!("* {}: {verdict}", self.words)
    }
}

/// Lost requests and CPU time.
pub fn of_load(all: &[Figures]) -> Vec<Gate> {
    let mut gates = Vec::new();
    for own in all.iter().filter(|figures| figures.proxy == Proxy::Postern) {
        let connections = own.connections;
        gates.push(Gate::new(own.lost == 0, format!("lost at {connections} connections: {} of {}", own.lost, own.requests)));
        let base = all.iter().find(|figures| figures.proxy == Proxy::Nginx && figures.connections == connections);
        if let Some(base) = base {
            let ratio = own.cpu_us.ratios(&base.cpu_us).median();
            let words = format!(
                "CPU time per request at {connections} connections is {ratio:.2} of nginx's, explained above {CPU_RATIO_EXPLAINED}"
            );
            let verdict = if ratio <= CPU_RATIO_EXPLAINED { Verdict::Kept } else { Verdict::ToExplain };
            gates.push(Gate { words, verdict });
        }
    }
    gates
}

/// Instructions per request.
pub fn of_instructions(counts: &[Count]) -> Vec<Gate> {
    let ratio = instruction_ratio(counts, Proxy::Postern);
    let gate = ratio.map(|ratio| {
        let words = format!("instructions per request are {ratio:.2} of nginx's, at most {INSTRUCTION_RATIO_MAX}");
        Gate::new(ratio <= INSTRUCTION_RATIO_MAX, words)
    });
    gate.into_iter().collect()
}

/// With API keys: the instructions of proxying, and that nothing is lost.
pub fn of_metered(question: Question, counts: &[Count], all: &[Figures]) -> Vec<Gate> {
    let mut gates = Vec::new();
    if let (Question::Proxy, Some(ratio)) = (question, instruction_ratio(counts, Proxy::Postern)) {
        let words = format!(
            "instructions per request with an API key, a usage plan and a throttle are {ratio:.2} of nginx's, at most \
             {METERED_INSTRUCTION_RATIO_MAX}"
        );
        gates.push(Gate::new(ratio <= METERED_INSTRUCTION_RATIO_MAX, words));
    }
    let (lost, requests) = all
        .iter()
        .filter(|figures| figures.proxy == Proxy::Postern)
        .fold((0, 0), |sum, figures| (sum.0 + figures.lost, sum.1 + figures.requests));
    gates.push(Gate::new(lost == 0, format!("lost with API keys: {lost} of {requests}")));
    gates
}

/// What throttles let through.
pub fn of_throttle(all: &[throttle::Found]) -> Vec<Gate> {
    let gate = |found: &throttle::Found| {
        let off = found.off_percent();
        let words = format!(
            "a limit {} lets through what it should within {off:.2} %, at most {THROTTLE_OFF_PERCENT_MAX} %",
            found.limit
        );
        Gate::new(off <= THROTTLE_OFF_PERCENT_MAX, words)
    };
    all.iter().map(gate).collect()
}

/// The backend's restart.
pub fn of_restarts(restarts: &[Restart]) -> Vec<Gate> {
    let own = restarts.iter().filter(|restart| restart.proxy == Proxy::Postern);
    let gate = |restart: &Restart| {
        let words = format!("answered 200 after a backend restart: {} of {REQUESTS_AFTER_RESTART}", restart.answered);
        Gate::new(restart.answered == REQUESTS_AFTER_RESTART, words)
    };
    own.map(gate).collect()
}

/// Templates, with the making of their variables.
pub fn of_renders(found: &Found) -> Option<Gate> {
    let ratio = render_ratio(found)?;
    let words =
        format!("templates rendered per second of CPU time are {ratio:.2} of Apache Velocity's, at least {RENDER_RATIO_MIN}");
    Some(Gate::new(ratio >= RENDER_RATIO_MIN, words))
}

/// A warm function behind an API, and a burst.
pub fn of_functions(figures: &functions::Figures) -> Vec<Gate> {
    let added = figures.api_ms.median() - figures.invoke_ms.median();
    let lost = format!("lost of {BURST} calls at once with concurrency {CONCURRENCY}: {}", figures.lost);
    let bounds = format!(
        "at most {} processes and {} waiting calls at one time, of {CONCURRENCY} and {BURST}",
        figures.processes_max, figures.waiting_max
    );
    vec![
        Gate::new(
            added < API_OVER_INVOKE_MS_MAX,
            format!("an API adds {added:.2} ms to a warm function (median), less than {API_OVER_INVOKE_MS_MAX} ms"),
        ),
        Gate::new(figures.lost == 0, lost),
        Gate::new(figures.processes_max <= CONCURRENCY as u64 && figures.waiting_max <= BURST as u64, bounds),
    ]
}

/// Changes served in time, and by the first request.
pub fn of_operations(figures: &operations::Figures) -> Vec<Gate> {
    let served = |name: &str, median: f64| {
        Gate::new(median < SERVED_MS_MAX, format!("{name} is served after {median:.2} ms (median), less than {SERVED_MS_MAX} ms"))
    };
    let documents = &figures.documents;
    let highest = documents.import_ms.percentile(100.0).max(documents.export_ms.percentile(100.0));
    let large = format!(
        "a large OpenAPI document is imported or exported in {highest:.0} ms at most and {:.0} MiB, less than {DOCUMENT_MS_MAX} ms and \
         {DOCUMENT_MIB_MAX} MiB",
        documents.peak_mib
    );
    vec![
        served("CreateDeployment", figures.deploy_to_served_ms.median()),
        served("UpdateStage", figures.update_to_served_ms.median()),
        Gate::new(figures.late_changes == 0, format!("changes that the next request did not see: {}", figures.late_changes)),
        Gate::new(highest < DOCUMENT_MS_MAX && documents.peak_mib < DOCUMENT_MIB_MAX, large),
    ]
}
