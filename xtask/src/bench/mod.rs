//! `cargo xtask bench`: Postern beside nginx and haproxy on one machine, and Postern as something to operate.
//!
//! The method, and how to read the figures, is told in `docs/performance.md`, into which `--write` puts the tables.

use std::env;
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};

mod backend;
mod contest;
mod documents;
mod failure;
mod functions;
mod gates;
mod http;
mod instructions;
mod load;
mod machine;
mod management;
mod metered;
mod operations;
mod postern;
mod process;
mod renders;
mod report;
mod robustness;
mod stats;
mod throttle;
mod wrk;

use contest::{Contest, Entry, Proxy, Question};
use failure::{Doing, Failure, Outcome};
use gates::Gate;

use crate::workspace;

/// What `cargo xtask bench` is asked to do.
#[derive(clap::Args)]
pub struct Args {
    /// What to measure.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "proxy,mock,metered,throttle,renders,lambda,operations")]
    scenario: Vec<Scenario>,
    /// Which proxies to compare; ratios need nginx.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "nginx,haproxy,postern")]
    proxies: Vec<Proxy>,
    /// Rounds of load; each has a run of every proxy at every number of connections [default: 9, --quick: 1].
    #[arg(long)]
    rounds: Option<u32>,
    /// Length of a run, seconds [default: 4, --quick: 1].
    #[arg(long)]
    seconds: Option<u32>,
    /// APIs to deploy for the figures of size [default: 10000, --quick: 200].
    #[arg(long)]
    apis: Option<usize>,
    /// About a minute instead of ten: to see that it works, not to publish.
    #[arg(long, conflicts_with = "write")]
    quick: bool,
    /// A release binary of Postern to use instead of building one.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// A directory in which everything stays that was written while measuring, callgrind's profiles among it.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// Put the tables into docs/performance.md.
    #[arg(long)]
    write: bool,
    #[command(subcommand)]
    part: Option<Part>,
}

/// Things that the bench starts of itself.
#[derive(Subcommand)]
enum Part {
    /// The backend of the comparison.
    #[command(hide = true)]
    Backend {
        /// Where to listen.
        #[arg(long)]
        listen: SocketAddr,
    },
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scenario {
    /// Proxying beside nginx and haproxy.
    Proxy,
    /// Its instructions per request alone, which a busy machine does not move.
    Instructions,
    /// A MOCK whose template is rendered, beside nginx returning the same text.
    Mock,
    /// Both with an API key, a usage plan and a throttle, beside nginx with `map` and `limit_req`.
    Metered,
    /// How exact a throttle is under ten times as many requests as it lets through.
    Throttle,
    /// Rendering templates beside Apache Velocity in a JVM.
    Renders,
    /// A warm function through an API and through the Invoke API, and a burst.
    Lambda,
    /// Deploying, managing, starting, memory.
    Operations,
}

/// The amounts of the full bench and of the quick one.
struct Amounts {
    load: load::Amount,
    instruction_requests: u32,
    throttle: throttle::Amount,
    renders: renders::Amount,
    functions: functions::Amount,
    operations: operations::Amount,
}

impl Amounts {
    fn of(args: &Args) -> Self {
        let full_or_quick = |full, quick| if args.quick { quick } else { full };
        Self {
            load: load::Amount {
                rounds: args.rounds.unwrap_or(full_or_quick(9, 1)).max(1),
                seconds: args.seconds.unwrap_or(full_or_quick(4, 1)).max(1),
            },
            instruction_requests: full_or_quick(8000, 1600),
            throttle: throttle::Amount { seconds: full_or_quick(10, 2) },
            renders: renders::Amount {
                rounds: args.rounds.unwrap_or(full_or_quick(5, 1)).max(1),
                warm_up: full_or_quick(30_000, 10_000),
                renders: full_or_quick(20_000, 10_000),
            },
            functions: functions::Amount { calls: full_or_quick(5000, 500) as usize },
            operations: operations::Amount {
                changes: full_or_quick(200, 40),
                operations: full_or_quick(2000, 320) as usize,
                apis: args.apis.unwrap_or(full_or_quick(10_000, 200) as usize).max(1),
            },
        }
    }
}

/// The tables of a run and what is promised about them.
#[derive(Default)]
struct Findings {
    sections: Vec<String>,
    gates: Vec<Gate>,
}

/// Measures, prints, and fails when a promise is broken.
pub fn run(args: &Args) -> Outcome<()> {
    if let Some(Part::Backend { listen }) = args.part {
        return backend::serve(listen);
    }
    let asked = |scenario| args.scenario.contains(&scenario);
    let needs_proxies = [Scenario::Proxy, Scenario::Instructions, Scenario::Mock, Scenario::Metered].into_iter().any(asked);
    if needs_proxies || asked(Scenario::Operations) {
        machine::check_tools()?;
    }
    let alone = [Scenario::Throttle, Scenario::Lambda, Scenario::Operations];
    let needs_postern = needs_proxies && args.proxies.contains(&Proxy::Postern) || alone.into_iter().any(asked);
    let binary = match &args.binary {
        _ if !needs_postern => None,
        Some(path) => Some(postern::given(path)?),
        None => Some(postern::build()?),
    };
    let scratch = scratch(args.keep.as_deref())?;
    let amounts = Amounts::of(args);
    let mut findings = Findings::default();
    if asked(Scenario::Proxy) {
        compare(args, &amounts, binary.as_deref(), scratch.path(), &mut findings)?;
    }
    if asked(Scenario::Instructions) {
        count(args, &amounts, binary.as_deref(), scratch.path(), &mut findings)?;
    }
    if asked(Scenario::Mock) {
        mock(args, &amounts, binary.as_deref(), scratch.path(), &mut findings)?;
    }
    if asked(Scenario::Metered) {
        metered(args, &amounts, binary.as_deref(), scratch.path(), &mut findings)?;
    }
    if let (true, Some(binary)) = (asked(Scenario::Throttle), &binary) {
        let found = throttle::measure(binary, scratch.path(), amounts.throttle)?;
        findings.sections.push(report::throttle(&found));
        findings.gates.extend(gates::of_throttle(&found));
    }
    if asked(Scenario::Renders) {
        let found = renders::measure(scratch.path(), amounts.renders)?;
        findings.sections.push(report::renders(&found));
        findings.gates.extend(gates::of_renders(&found));
    }
    if let (true, Some(binary)) = (asked(Scenario::Lambda), &binary) {
        let figures = functions::measure(binary, scratch.path(), amounts.functions)?;
        findings.sections.push(report::functions(&figures));
        findings.gates.extend(gates::of_functions(&figures));
    }
    if let (true, Some(binary)) = (asked(Scenario::Operations), &binary) {
        let figures = operations::measure(binary, scratch.path(), amounts.operations)?;
        findings.sections.push(report::operations(&figures));
        findings.gates.extend(gates::of_operations(&figures));
    }
    finish(args, &findings, binary.as_deref())
}

/// The scenario "proxy", robustness included.
fn compare(args: &Args, amounts: &Amounts, binary: Option<&Path>, scratch: &Path, findings: &mut Findings) -> Outcome<()> {
    let with_postern = args.proxies.contains(&Proxy::Postern);
    let mut contest = Contest::prepare(scratch, binary.filter(|_| with_postern), Entry::Open)?;
    for proxy in &args.proxies {
        contest.check_same_work(*proxy)?;
    }
    let figures = load::measure(&contest, &args.proxies, amounts.load)?;
    let counted: Vec<Proxy> = args.proxies.iter().copied().chain([Proxy::NginxNumbering, Proxy::NginxBare]).collect();
    let counts = instructions::count(&contest, &counted, amounts.instruction_requests)?;
    let restarts = robustness::restart_backend(&mut contest, &args.proxies)?;
    findings.sections.extend([report::instructions(&counts), report::load(&figures), report::restarts(&restarts)]);
    findings.gates.extend(gates::of_instructions(&counts));
    findings.gates.extend(gates::of_load(&figures));
    findings.gates.extend(gates::of_restarts(&restarts));
    Ok(())
}

/// The scenario "instructions".
fn count(args: &Args, amounts: &Amounts, binary: Option<&Path>, scratch: &Path, findings: &mut Findings) -> Outcome<()> {
    let binary = binary.filter(|_| args.proxies.contains(&Proxy::Postern));
    let directory = scratch.join("instructions");
    fs::create_dir_all(&directory).doing(|| format!("creating {}", directory.display()))?;
    let contest = Contest::prepare(&directory, binary, Entry::Open)?;
    let counts = instructions::count(&contest, &args.proxies, amounts.instruction_requests)?;
    findings.sections.push(report::instructions(&counts));
    findings.gates.extend(gates::of_instructions(&counts));
    Ok(())
}

/// The scenario "mock": Postern and nginx, whichever of the two is asked for.
fn mock(args: &Args, amounts: &Amounts, binary: Option<&Path>, scratch: &Path, findings: &mut Findings) -> Outcome<()> {
    let proxies = without_haproxy(args);
    let binary = binary.filter(|_| proxies.contains(&Proxy::Postern));
    let directory = scratch.join("mock");
    fs::create_dir_all(&directory).doing(|| format!("creating {}", directory.display()))?;
    let contest = Contest::prepare(&directory, binary, Entry::Open)?.asking(Question::Mock);
    contest.check_same_text(&proxies)?;
    let figures = load::measure(&contest, &proxies, amounts.load)?;
    findings.sections.push(report::mock(&figures));
    Ok(())
}

/// The scenario "metered": the same two, both questions.
fn metered(args: &Args, amounts: &Amounts, binary: Option<&Path>, scratch: &Path, findings: &mut Findings) -> Outcome<()> {
    let proxies = without_haproxy(args);
    let binary = binary.filter(|_| proxies.contains(&Proxy::Postern));
    let directory = scratch.join("metered");
    fs::create_dir_all(&directory).doing(|| format!("creating {}", directory.display()))?;
    let mut contest = Contest::prepare(&directory, binary, Entry::Metered)?;
    for (question, name) in [(Question::Proxy, "HTTP_PROXY"), (Question::Mock, "MOCK")] {
        contest = contest.asking(question);
        contest.check_keys(&proxies)?;
        match question {
            Question::Proxy => proxies.iter().try_for_each(|proxy| contest.check_same_work(*proxy))?,
            Question::Mock => contest.check_same_text(&proxies)?,
        }
        let figures = load::measure(&contest, &proxies, amounts.load)?;
        let counts = instructions::count(&contest, &proxies, amounts.instruction_requests)?;
        findings.sections.push(report::metered(name, &counts, &figures));
        findings.gates.extend(gates::of_metered(question, &counts, &figures));
    }
    Ok(())
}

/// The proxies asked for, less the one that is configured for proxying alone.
fn without_haproxy(args: &Args) -> Vec<Proxy> {
    [Proxy::Nginx, Proxy::Postern].into_iter().filter(|proxy| args.proxies.contains(proxy)).collect()
}

fn finish(args: &Args, findings: &Findings, binary: Option<&Path>) -> Outcome<()> {
    let command = published_command(env::args().skip(1));
    let gates: Vec<String> = findings.gates.iter().map(Gate::line).collect();
    let mut report = format!("Measured with `cargo xtask {}` on\n\n{}\n\n", command, machine::description(binary));
    if !gates.is_empty() {
        report += &format!("{}\n\n", gates.join("\n"));
    }
    report += &findings.sections.join("\n\n");
    writeln!(std::io::stdout(), "{report}").doing(|| "printing the report".into())?;
    if args.write {
        report::write(&report, &workspace::root().join("docs/performance.md"))?;
    }
    let broken = findings.gates.iter().filter(|gate| gate.is_broken()).count();
    match broken {
        0 => Ok(()),
        _ => Err(Failure::new(format!("{broken} of the promises above are broken"))),
    }
}

/// The command as others can repeat it: where a binary stood concerns this machine only.
fn published_command(words: impl Iterator<Item = String>) -> String {
    let mut published = Vec::new();
    let mut words = words;
    while let Some(word) = words.next() {
        match word.as_str() {
            "--binary" | "--keep" => drop(words.next()),
            word if word.starts_with("--binary=") || word.starts_with("--keep=") => {}
            _ => published.push(word),
        }
    }
    published.join(" ")
}

/// A directory in the build's: on a real disk, where syncing costs what it costs, and out of the way.
fn scratch(keep: Option<&Path>) -> Outcome<tempfile::TempDir> {
    let parent = keep.map_or_else(workspace::target_dir, Path::to_owned);
    // Proxies get paths of it and run elsewhere.
    let parent = std::path::absolute(&parent).doing(|| format!("finding {}", parent.display()))?;
    fs::create_dir_all(&parent).doing(|| format!("creating {}", parent.display()))?;
    tempfile::Builder::new()
        .prefix("bench-")
        .disable_cleanup(keep.is_some())
        .tempdir_in(&parent)
        .doing(|| format!("creating a directory in {}", parent.display()))
}

#[cfg(test)]
mod tests {
    use super::published_command;

    #[test]
    fn a_published_command_names_no_path() {
        let words = ["bench", "--binary", "/home/me/postern", "--write", "--keep=/tmp/x", "--rounds", "9"];
        assert_eq!(published_command(words.into_iter().map(str::to_owned)), "bench --write --rounds 9");
    }
}
