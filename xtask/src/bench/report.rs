//! The findings as Markdown, and their place in `docs/performance.md`.

use std::fs;
use std::path::Path;

use super::contest::Proxy;
use super::documents;
use super::failure::{Doing, Failure, Outcome};
use super::functions::{self, BURST, CONCURRENCY};
use super::instructions::Count;
use super::load::{CONNECTIONS, Figures};
use super::operations::{self, WRITERS};
use super::renders::{Figures as Rendering, Found};
use super::robustness::{REQUESTS_AFTER_RESTART, Restart};
use super::stats::Series;
use super::throttle::{self, LIMIT, PRESSURE};

/// The lines of `docs/performance.md` between which the tables stand.
const MARKERS: (&str, &str) = ("<!-- bench:start -->", "<!-- bench:end -->");

/// A Markdown table.
struct Table {
    lines: Vec<String>,
}

impl Table {
    fn new(columns: &[&str]) -> Self {
        let rule = columns.iter().enumerate().map(|(index, _)| if index == 0 { "---" } else { "---:" });
        let rule: Vec<&str> = rule.collect();
        Self { lines: vec![format!("| {} |", columns.join(" | ")), format!("| {} |", rule.join(" | "))] }
    }

    fn row(&mut self, cells: &[String]) {
        self.lines.push(format!("| {} |", cells.join(" | ")));
    }

    fn render(self) -> String {
        self.lines.join("\n")
    }
}

/// The rounds under load, a table for each number of connections.
pub fn load(all: &[Figures]) -> String {
    let tables = CONNECTIONS.iter().map(|connections| {
        let figures: Vec<&Figures> = all.iter().filter(|figures| figures.connections == *connections).collect();
        format!("### Load: {connections} connections\n\n{}", load_table(&figures))
    });
    tables.collect::<Vec<_>>().join("\n\n")
}

/// The mock under load.
pub fn mock(all: &[Figures]) -> String {
    let tables = CONNECTIONS.iter().map(|connections| {
        let figures: Vec<&Figures> = all.iter().filter(|figures| figures.connections == *connections).collect();
        format!("### MOCK with a template of 1 KB: {connections} connections\n\n{}", load_table(&figures))
    });
    tables.collect::<Vec<_>>().join("\n\n")
}

/// A question with API keys: instructions, and under load.
pub fn metered(name: &str, counts: &[Count], all: &[Figures]) -> String {
    let tables = CONNECTIONS.iter().map(|connections| {
        let figures: Vec<&Figures> = all.iter().filter(|figures| figures.connections == *connections).collect();
        format!("{connections} connections:\n\n{}", load_table(&figures))
    });
    let tables: Vec<String> = [instruction_table(counts)].into_iter().chain(tables).collect();
    format!("### {name} with an API key, a usage plan and a throttle\n\n{}", tables.join("\n\n"))
}

/// What throttles let through.
pub fn throttle(all: &[throttle::Found]) -> String {
    let mut table = Table::new(&["a limit", "requests", "seconds", "admitted", "rate x time + burst", "off by"]);
    for found in all {
        table.row(&[
            found.limit.to_owned(),
            found.asked.to_string(),
            format!("{:.3}", found.seconds),
            found.admitted.to_string(),
            format!("{:.0}", found.due()),
            format!("{:.2} %", found.off_percent()),
        ]);
    }
    format!(
        "### Throttles\n\nA limit of {} requests a second and {} at once, asked {PRESSURE} times as often.\n\n{}",
        LIMIT.rate,
        LIMIT.burst,
        table.render()
    )
}

/// Renderings per second of CPU time, and how they compare.
pub fn renders(found: &Found) -> String {
    let all = match found {
        Found::Skipped(reason) => return format!("### Mapping templates\n\nNot measured: {reason}"),
        Found::Figures(all) => all,
    };
    let columns = ["", "bytes", "output bytes", "Velocity", "Postern", "ratio", "Postern, rendering alone", "ratio"];
    let mut table = Table::new(&columns);
    for figures in all {
        let ratio = |own: &Series| format!("{:.2}", own.ratios(&figures.java).median());
        table.row(&[
            figures.name.clone(),
            figures.template_bytes.to_string(),
            figures.output_bytes.to_string(),
            format!("{:.0}", figures.java.median()),
            format!("{:.0}", figures.own.median()),
            ratio(&figures.own),
            format!("{:.0}", figures.own_rendering.median()),
            ratio(&figures.own_rendering),
        ]);
    }
    let total = |of: fn(&Rendering) -> &Series| {
        let seconds: f64 = all.iter().map(|figures| of(figures).median().recip()).sum();
        all.len() as f64 / seconds
    };
    let (java, own, alone) = (total(|all| &all.java), total(|all| &all.own), total(|all| &all.own_rendering));
    let cells = [
        format!("{java:.0}"),
        format!("{own:.0}"),
        format!("{:.2}", own / java),
        format!("{alone:.0}"),
        format!("{:.2}", alone / java),
    ];
    table.row(&[vec!["all, one after the other".to_owned(), String::new(), String::new()], cells.to_vec()].concat());
    format!(
        "### Mapping templates\n\nRenderings per second of CPU time, beside Apache Velocity 1.7 in a warm JVM, which finds its variables made.\n\n{}",
        table.render()
    )
}

/// A warm function both ways, and the burst.
pub fn functions(figures: &functions::Figures) -> String {
    let mut table = Table::new(&["a warm Python function that does nothing", "p50 ms", "p99 ms"]);
    for (way, series) in [("through an API (AWS_PROXY)", &figures.api_ms), ("through the Invoke API", &figures.invoke_ms)] {
        table.row(&[way.to_owned(), format!("{:.2}", series.median()), format!("{:.2}", series.percentile(99.0))]);
    }
    format!(
        "### Functions\n\n{}\n\n{BURST} calls at once through an API, with at most {CONCURRENCY} processes: {} lost, the last answered after \
         {:.0} ms; {} processes and {} waiting calls at most.",
        table.render(),
        figures.lost,
        figures.burst_ms,
        figures.processes_max,
        figures.waiting_max
    )
}

/// Postern's renderings per second of CPU time divided by Velocity's, each template as often as the others.
pub fn render_ratio(found: &Found) -> Option<f64> {
    let Found::Figures(all) = found else { return None };
    let seconds = |of: fn(&Rendering) -> &Series| all.iter().map(|figures| of(figures).median().recip()).sum::<f64>();
    Some(seconds(|figures| &figures.java) / seconds(|figures| &figures.own))
}

fn load_table(all: &[&Figures]) -> String {
    let mut table = Table::new(&[
        "",
        "requests/s",
        "ratio",
        "p50 ms",
        "p99 ms",
        "CPU us/request",
        "CPU ratio (lowest to highest)",
        "peak RSS MiB",
        "requests",
        "lost",
    ]);
    let base = all.iter().find(|figures| figures.proxy == Proxy::Nginx);
    for figures in all {
        let rate_ratio = base.map(|base| figures.requests_per_second.ratios(&base.requests_per_second));
        let cpu_ratio = base.map(|base| figures.cpu_us.ratios(&base.cpu_us));
        table.row(&[
            figures.proxy.name().to_owned(),
            with_range(&figures.requests_per_second, 0),
            rate_ratio.map_or_else(|| "-".into(), |ratio| format!("{:.2}", ratio.median())),
            format!("{:.2}", figures.p50_ms.median()),
            format!("{:.1}", figures.p99_ms.median()),
            with_range(&figures.cpu_us, 1),
            cpu_ratio.map_or_else(|| "-".into(), |ratio| with_range(&ratio, 2)),
            format!("{:.0}", figures.peak_mib.median()),
            figures.requests.to_string(),
            figures.lost.to_string(),
        ]);
    }
    table.render()
}

/// Instructions per request.
pub fn instructions(counts: &[Count]) -> String {
    format!("### Userland instructions\n\n{}", instruction_table(counts))
}

fn instruction_table(counts: &[Count]) -> String {
    let mut table = Table::new(&["", "instructions/request", "ratio"]);
    for count in counts {
        let ratio = instruction_ratio(counts, count.proxy).map_or_else(|| "-".into(), |ratio| format!("{ratio:.2}"));
        table.row(&[count.proxy.name().to_owned(), format!("{:.0}", count.per_request), ratio]);
    }
    table.render()
}

/// A proxy's instructions per request divided by nginx's.
pub fn instruction_ratio(counts: &[Count], proxy: Proxy) -> Option<f64> {
    let of = |proxy| counts.iter().find(|count| count.proxy == proxy).map(|count| count.per_request);
    Some(of(proxy)? / of(Proxy::Nginx)?)
}

/// The backend's restart.
pub fn restarts(restarts: &[Restart]) -> String {
    let mut table = Table::new(&["", "answered 200"]);
    for restart in restarts {
        table.row(&[restart.proxy.name().to_owned(), format!("{} of {REQUESTS_AFTER_RESTART}", restart.answered)]);
    }
    format!("### Backend restarted behind a warm pool\n\n{}", table.render())
}

/// Postern as something to operate.
pub fn operations(figures: &operations::Figures) -> String {
    let mut changes = Table::new(&["until a change is served", "median ms", "p99 ms", "highest ms"]);
    for (name, series) in
        [("CreateDeployment", &figures.deploy_to_served_ms), ("UpdateStage (a variable)", &figures.update_to_served_ms)]
    {
        let row = [series.median(), series.percentile(99.0), series.percentile(100.0)];
        changes.row(&[vec![name.to_owned()], row.iter().map(|ms| format!("{ms:.2}")).collect()].concat());
    }
    let mut rates = Table::new(&["management operations", "per second"]);
    rates.row(&["GetRestApi, one connection".into(), format!("{:.0}", figures.reads_per_second)]);
    rates.row(&["CreateResource, one connection".into(), format!("{:.0}", figures.sequential_writes_per_second)]);
    let parallel = format!("CreateResource, {WRITERS} connections, an API each");
    rates.row(&[parallel, format!("{:.0}", figures.parallel_writes_per_second)]);
    let late = figures.late_changes;
    format!(
        "### Changes\n\n{}\n\nFirst requests after the operation's answer that did not see the change yet: {late}.\n\n{}\n\n### Size\n\n{}\n\n\
         ### A large OpenAPI document\n\n{}",
        changes.render(),
        rates.render(),
        sizes(&figures.sizes),
        documents(&figures.documents),
    )
}

fn documents(figures: &documents::Figures) -> String {
    let mut table = Table::new(&["", "median ms", "highest ms"]);
    for (name, series) in [("ImportRestApi", &figures.import_ms), ("GetExport", &figures.export_ms)] {
        let row = [series.median(), series.percentile(100.0)];
        table.row(&[vec![name.to_owned()], row.iter().map(|ms| format!("{ms:.0}")).collect()].concat());
    }
    let bytes = figures.document_bytes as f64 / 1e6;
    format!(
        "{}\n\nThe document has {bytes:.1} MB. The process that imported and exported it in turns took {:.0} MiB at most.",
        table.render(),
        figures.peak_mib
    )
}

fn sizes(sizes: &operations::Sizes) -> String {
    let mut table =
        Table::new(&["deployed APIs", "start to ready ms", "RSS MiB after the first answer", "RSS MiB, all asked once"]);
    let (small, large) = (sizes.small, sizes.large);
    table.row(&[small.apis.to_string(), format!("{:.0}", small.start_ms), format!("{:.0}", small.resident_mib), "-".into()]);
    let all_asked = format!("{:.0}", sizes.all_asked_mib);
    table.row(&[large.apis.to_string(), format!("{:.0}", large.start_ms), format!("{:.0}", large.resident_mib), all_asked]);
    format!(
        "{}\n\nMaking and deploying {} APIs over {WRITERS} connections took {:.0} s and left the process at {:.0} MiB. The first answer of \
         an API not served before took {:.2} ms (median; p99 {:.2} ms).",
        table.render(),
        large.apis,
        sizes.filled_in_seconds,
        sizes.after_filling_mib,
        sizes.cold_ms.median(),
        sizes.cold_ms.percentile(99.0),
    )
}

fn with_range(series: &Series, decimals: usize) -> String {
    let (lowest, highest) = series.range();
    format!("{:.decimals$} ({lowest:.decimals$} to {highest:.decimals$})", series.median())
}

/// Puts `report` between the markers of the file.
pub fn write(report: &str, file: &Path) -> Outcome<()> {
    let text = fs::read_to_string(file).doing(|| format!("reading {}", file.display()))?;
    let text = between_markers(&text, report)
        .ok_or_else(|| Failure::new(format!("{} lacks the lines {} and {}", file.display(), MARKERS.0, MARKERS.1)))?;
    fs::write(file, text).doing(|| format!("writing {}", file.display()))
}

fn between_markers(text: &str, report: &str) -> Option<String> {
    let (before, rest) = text.split_once(MARKERS.0)?;
    let (_, after) = rest.split_once(MARKERS.1)?;
    Some(format!("{before}{}\n\n{}\n\n{}{after}", MARKERS.0, report.trim(), MARKERS.1))
}

#[cfg(test)]
mod tests {
    use super::{Table, between_markers};

    #[test]
    fn a_report_replaces_the_one_before() {
        let text = "before\n<!-- bench:start -->\nold\n<!-- bench:end -->\nafter\n";
        let expected = "before\n<!-- bench:start -->\n\nnew\n\n<!-- bench:end -->\nafter\n";
        assert_eq!(between_markers(text, "new").as_deref(), Some(expected));
        assert_eq!(between_markers("nothing", "new"), None);
    }

    #[test]
    fn a_table_aligns_figures_right() {
        let mut table = Table::new(&["", "a"]);
        table.row(&["x".into(), "1".into()]);
        assert_eq!(table.render(), "|  | a |\n| --- | ---: |\n| x | 1 |");
    }
}
