//! Mapping templates: the engine beside Apache Velocity 1.7 in a warm JVM, on the same templates and variables.
//!
//! Both are programs that render on command and end with their input. Each holds its parsed templates; what is counted is the CPU
//! time of the process, garbage collection and compiling included, so that a busy machine changes little.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use super::failure::{Doing, Failure, Outcome};
use super::process::{Cpus, ticks_of, ticks_per_second};
use super::stats::Series;
use crate::workspace;

/// Where the templates and their variables stand, below the workspace's root.
const TEMPLATES: &str = "xtask/src/bench/templates/renders";
/// Apache Velocity and what it needs, as Debian's packages velocity, libjsonpath-java and libjson-smart-java have them.
const JARS: [&str; 9] = [
    "velocity",
    "commons-collections3",
    "commons-lang",
    "json-path",
    "json-smart",
    "accessors-smart",
    "asm",
    "slf4j-api",
    "slf4j-nop",
];
/// Of one heap, without threads of the collector's own: one core's work, as the engine's is.
const JVM_FLAGS: [&str; 3] = ["-XX:+UseSerialGC", "-Xms256m", "-Xmx256m"];

/// How much to measure.
#[derive(Debug, Clone, Copy)]
pub struct Amount {
    /// Rounds; each has a run of both engines.
    pub rounds: u32,
    /// Renderings of each template before anything is measured.
    pub warm_up: u32,
    /// Renderings in a run.
    pub renders: u32,
}

/// What one template gave.
#[derive(Debug, Default)]
pub struct Figures {
    /// Of its file.
    pub name: String,
    /// Bytes of the template.
    pub template_bytes: usize,
    /// Bytes of the output.
    pub output_bytes: usize,
    /// Renderings per second of CPU time, round by round: of Postern's engine,
    pub own: Series,
    /// of the same without making the variables,
    pub own_rendering: Series,
    /// and of Apache Velocity.
    pub java: Series,
}

/// What the scenario found.
#[derive(Debug)]
pub enum Found {
    /// By template.
    Figures(Vec<Figures>),
    /// There is nothing to compare with, and why.
    Skipped(String),
}

/// Compares the outputs, then measures in alternating rounds.
pub fn measure(scratch: &Path, amount: Amount) -> Outcome<Found> {
    let java = match java(scratch)? {
        Ok(command) => command,
        Err(reason) => return Ok(Found::Skipped(reason)),
    };
    let templates = templates()?;
    let mut own = Engine::start("Postern", &mut Cpus::Measured.command(engine()?), &templates)?;
    let mut java = Engine::start("Apache Velocity", &mut { java }, &templates)?;
    let mut all = Vec::new();
    for (index, path) in templates.iter().enumerate() {
        all.push(same_output(&mut own, &mut java, index, path, scratch)?);
    }
    for (index, figures) in all.iter_mut().enumerate() {
        eprintln!("renders: {}", figures.name);
        for engine in [&mut own, &mut java] {
            engine.command(&format!("run {index} {}", amount.warm_up))?;
        }
        for _ in 0..amount.rounds {
            let rate = own.rate("run", index, amount.renders)?;
            let making = own.rate("make", index, amount.renders)?;
            figures.own.push(rate);
            // What is left of the time of each.
            figures.own_rendering.push((rate.recip() - making.recip()).recip());
            figures.java.push(java.rate("run", index, amount.renders)?);
        }
    }
    Ok(Found::Figures(all))
}

/// The template files in the order of their names.
fn templates() -> Outcome<Vec<PathBuf>> {
    let directory = workspace::root().join(TEMPLATES);
    let entries = fs::read_dir(&directory).doing(|| format!("reading {}", directory.display()))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "vtl"));
    paths.sort_unstable();
    Ok(paths)
}

/// Fails unless both engines render a template to the same bytes.
fn same_output(own: &mut Engine, java: &mut Engine, index: usize, path: &Path, scratch: &Path) -> Outcome<Figures> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut outputs = Vec::new();
    for (engine, kind) in [(own, "own"), (java, "java")] {
        let file = scratch.join(format!("{name}.{kind}"));
        engine.command(&format!("show {index} {}", file.display()))?;
        outputs.push(fs::read(&file).doing(|| format!("reading {}", file.display()))?);
    }
    if outputs[0] != outputs[1] {
        return Err(Failure::new(format!("{name} renders differently; both outputs are in {}", scratch.display())));
    }
    let template_bytes = fs::metadata(path).doing(|| format!("looking at {}", path.display()))?.len() as usize;
    Ok(Figures { name, template_bytes, output_bytes: outputs[0].len(), ..Figures::default() })
}

/// Builds the engine's program with the release profile, and says where it is.
fn engine() -> Outcome<PathBuf> {
    eprintln!("building the engine's program (release profile) ...");
    let output = workspace::cargo()
        .args(["bench", "--package", "postern-velocity", "--bench", "renders", "--no-run"])
        .args(["--message-format", "json-render-diagnostics"])
        .stderr(Stdio::inherit())
        .output()
        .doing(|| "running cargo bench".into())?;
    let messages = String::from_utf8_lossy(&output.stdout);
    let mut executables = messages.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        message.get("executable")?.as_str().map(PathBuf::from)
    });
    executables.next_back().filter(|_| output.status.success()).ok_or_else(|| Failure::new("the engine's program does not build"))
}

/// Compiles the Java program; the inner error says what is missing on this machine.
fn java(scratch: &Path) -> Outcome<Result<Command, String>> {
    const INSTALL: &str =
        "apt-get install --no-install-recommends velocity libjsonpath-java libjson-smart-java default-jdk-headless";
    let jars = JARS.map(|jar| format!("/usr/share/java/{jar}.jar"));
    if let Some(missing) = jars.iter().find(|jar| !Path::new(jar).is_file()) {
        return Ok(Err(format!("there is no {missing}; on Debian: {INSTALL}")));
    }
    let classes = scratch.join("classes");
    let source = workspace::root().join("xtask/src/bench/templates/Renders.java");
    let mut compiler = Command::new("javac");
    compiler.arg("-cp").arg(jars.join(":")).arg("-d").arg(&classes).arg(&source);
    match compiler.status() {
        Err(_) => Ok(Err(format!("there is no JVM (javac); on Debian: {INSTALL}"))),
        Ok(status) if !status.success() => Err(Failure::new(format!("javac ended with {status}"))),
        Ok(_) => {
            let mut command = Cpus::Measured.command("java");
            command.args(JVM_FLAGS).arg("-cp").arg(format!("{}:{}", classes.display(), jars.join(":"))).arg("Renders");
            Ok(Ok(command))
        }
    }
}

/// A program that renders on command; it ends when its input does.
struct Engine {
    name: &'static str,
    child: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Engine {
    fn start(name: &'static str, command: &mut Command, templates: &[PathBuf]) -> Outcome<Self> {
        command.arg(workspace::root().join(TEMPLATES).join("context.json")).args(templates);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().doing(|| format!("starting {name}"))?;
        let commands = child.stdin.take();
        let answers = child.stdout.take().ok_or_else(|| Failure::new("a piped child without stdout"))?;
        Ok(Self { name, child, commands, answers: BufReader::new(answers) })
    }

    fn command(&mut self, command: &str) -> Outcome<()> {
        let commands = self.commands.as_mut().ok_or_else(|| Failure::new("a piped child without stdin"))?;
        writeln!(commands, "{command}").doing(|| format!("asking {}", self.name))?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer).doing(|| format!("listening to {}", self.name))?;
        if answer.trim_end() == "ok" { Ok(()) } else { Err(Failure::new(format!("{} broke off at {command:?}", self.name))) }
    }

    /// How often in a second of CPU time.
    fn rate(&mut self, what: &str, index: usize, count: u32) -> Outcome<f64> {
        let before = ticks_of(self.child.id())?;
        self.command(&format!("{what} {index} {count}"))?;
        let ticks = (ticks_of(self.child.id())? - before).max(1);
        Ok(f64::from(count) / (ticks as f64 / ticks_per_second()?))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.commands = None;
        // Fails only when the process has ended already.
        let _ = self.child.wait();
    }
}
