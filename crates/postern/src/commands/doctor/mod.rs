//! `postern doctor`: says in words what would fail. It looks at the configuration, the machine and the data directory, also beside a
//! running server, and changes nothing.

mod findings;
mod machine;
mod stored;

use std::io::Write;

use crate::cli::Output;
use crate::config::{Problems, Settings};
use crate::failure::Failure;
use crate::serve::token_issuers::token_settings;
use findings::{Findings, Standing};

/// Looks at everything and prints what it found.
///
/// # Errors
/// When something fails or will, or when there is nobody to tell.
pub async fn run(settings: Result<Settings, Problems>, output: Output, out: &mut (dyn Write + Send)) -> Result<(), Failure> {
    let mut findings = Findings::default();
    match settings {
        Err(Problems(problems)) => {
            problems.iter().for_each(|problem| findings.add(Standing::Error, "configuration", problem.to_string()));
        }
        Ok(settings) => {
            configuration(&settings, &mut findings);
            machine::look(&settings, &mut findings);
            stored::look(&settings, &mut findings).await;
        }
    }
    findings.print(output, out).map_err(Failure::Output)?;
    match findings.worst() {
        Standing::Error => Err(Failure::Unwell),
        Standing::Ok | Standing::Warning => Ok(()),
    }
}

fn configuration(settings: &Settings, findings: &mut Findings) {
    const ABOUT: &str = "configuration";
    let text = settings.file.as_ref().map_or_else(
        || "no file, only flags, variables and defaults".to_owned(),
        |file| format!("{} can be used", file.display()),
    );
    findings.add(Standing::Ok, ABOUT, text);
    for warning in &settings.warnings {
        findings.add(Standing::Warning, ABOUT, warning);
    }
    if let Err(failure) = token_settings(&settings.tokens) {
        findings.add(Standing::Error, "token issuers", failure.to_string());
    } else if !settings.tokens.issuers.is_empty() {
        findings.add(Standing::Ok, "token issuers", format!("the files of {} can be read", settings.tokens.issuers.len()));
    }
    match settings.functions.check() {
        Ok(()) if settings.functions.local.is_empty() => {}
        Ok(()) => findings.add(Standing::Ok, "functions", format!("{} can be started", settings.functions.local.len())),
        Err(Problems(problems)) => {
            problems.iter().for_each(|problem| findings.add(Standing::Error, "functions", problem.to_string()));
        }
    }
}
