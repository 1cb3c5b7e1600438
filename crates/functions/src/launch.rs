//! How a function is started: which program, found from the handler's file where only a handler is declared.
//!
//! The clients of AWS are taken where they are installed: `awslambdaric` if the function's Python can import it, `aws-lambda-ric` if it is in
//! the function's `node_modules`. Otherwise it is the small one that Postern brings along, one for each language.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use crate::clients::Client;
use crate::settings::{FunctionSettings, Launch};
use crate::spec::Spec;

/// AWS's client for Node.js, as npm installs it.
const NODE_RIC: &str = "node_modules/.bin/aws-lambda-ric";
/// Asks Python whether AWS's client is there.
const PYTHON_RIC_TEST: &str = "import importlib.util, sys; sys.exit(importlib.util.find_spec('awslambdaric') is None)";
/// A Python starts in a fraction of this.
const TEST_TIMEOUT: Duration = Duration::from_secs(10);

/// What is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launched {
    /// Program and arguments, up to our client.
    pub command: Vec<OsString>,
    /// The client of ours that it is started with.
    pub client: Option<Client>,
    /// The arguments behind it.
    pub arguments: Vec<OsString>,
    /// `_HANDLER`.
    pub handler: Option<String>,
    /// The end of `AWS_EXECUTION_ENV`; AWS sets none for a bootstrap.
    pub runtime: Option<&'static str>,
}

/// The language of a handler's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    Python,
    Node,
}

/// Whether there is what a function's declaration names.
///
/// # Errors
/// Says what is missing, and where it was looked for.
pub fn check(settings: &FunctionSettings) -> Result<(), String> {
    let directory = &settings.directory;
    if !directory.is_dir() {
        return Err(format!("the directory {} does not exist", directory.display()));
    }
    match &settings.launch {
        Launch::Command { command, .. } if command.first().is_none_or(String::is_empty) => Err("the command is empty".to_owned()),
        Launch::Command { .. } => Ok(()),
        Launch::Handler(handler) => language(directory, handler).map(|_| ()),
        Launch::Bootstrap => {
            let file = directory.join("bootstrap");
            match std::fs::metadata(&file) {
                Ok(metadata) if metadata.is_file() && metadata.permissions().mode() & 0o111 != 0 => Ok(()),
                Ok(_) => Err(format!("{} is not executable: chmod +x it", file.display())),
                Err(_) => Err(format!(
                    "{} does not exist: name a handler or a command, or add an executable of that name",
                    file.display()
                )),
            }
        }
    }
}

/// How a function is started.
///
/// # Errors
/// When there is no file for its handler; says which were looked for.
pub async fn find(spec: &Spec) -> Result<Launched, String> {
    let settings = &spec.settings;
    match &settings.launch {
        Launch::Command { command, handler } => {
            Ok(Launched::program(command.iter().map(OsString::from).collect(), handler.clone()))
        }
        Launch::Bootstrap => {
            let command = vec![settings.directory.join("bootstrap").into()];
            // AWS's wants one to be set in any case, and calls it `hello.handler` or `bootstrap` in its own examples.
            Ok(Launched::program(command, Some("bootstrap".to_owned())))
        }
        Launch::Handler(handler) => {
            let language = language(&settings.directory, handler)?;
            Ok(match language {
                Language::Python => python(spec, handler).await,
                Language::Node => node(spec, handler),
            })
        }
    }
}

impl Launched {
    fn program(command: Vec<OsString>, handler: Option<String>) -> Self {
        Self { command, client: None, arguments: Vec::new(), handler, runtime: None }
    }
}

async fn python(spec: &Spec, handler: &str) -> Launched {
    // Unbuffered, so that what is printed is in the log of the invocation that printed it.
    let mut command: Vec<OsString> = vec!["python3".into(), "-u".into()];
    let client = if has_python_ric(spec).await {
        command.extend(["-m".into(), "awslambdaric".into()]);
        None
    } else {
        Some(Client::Python)
    };
    let (arguments, handler) = (vec![handler.into()], Some(handler.to_owned()));
    Launched { command, client, arguments, handler, runtime: Some("python") }
}

async fn has_python_ric(spec: &Spec) -> bool {
    let test = tokio::process::Command::new("python3")
        .args(["-c", PYTHON_RIC_TEST])
        .env_clear()
        .envs(spec.variables(None, None))
        .current_dir(&spec.settings.directory)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .status();
    // A Python that is missing fails again, and visibly, when it is started.
    matches!(tokio::time::timeout(TEST_TIMEOUT, test).await, Ok(Ok(status)) if status.success())
}

fn node(spec: &Spec, handler: &str) -> Launched {
    let ric = spec.settings.directory.join(NODE_RIC);
    let (command, client) = if ric.is_file() { (ric.into(), None) } else { ("node".into(), Some(Client::Node)) };
    let (arguments, handler) = (vec![handler.into()], Some(handler.to_owned()));
    Launched { command: vec![command], client, arguments, handler, runtime: Some("nodejs") }
}

/// The language of the file that a handler such as `app.handler` or `src/app.handler` names.
fn language(directory: &Path, handler: &str) -> Result<Language, String> {
    let Some((module, _)) = handler.rsplit_once('.').filter(|(module, function)| !module.is_empty() && !function.is_empty())
    else {
        return Err(format!(
            "{handler:?} is no handler: it is the file without its ending, a dot, and the function, as in app.handler"
        ));
    };
    // AWS's Python client takes `a.b.handler` and `a/b.handler` for the same file.
    let nested = module.replace('.', "/");
    // Its Node.js client ends the file's name at the first dot, and takes the rest for exports within exports.
    let (folder, base) = handler.rsplit_once('/').map_or((String::new(), handler), |(folder, base)| (format!("{folder}/"), base));
    let file = format!("{folder}{}", base.split('.').next().unwrap_or_default());
    let candidates: Vec<(Language, PathBuf)> = [
        (Language::Python, format!("{nested}.py")),
        (Language::Python, format!("{nested}/__init__.py")),
        (Language::Node, format!("{file}.mjs")),
        (Language::Node, format!("{file}.js")),
        (Language::Node, format!("{file}.cjs")),
    ]
    .into_iter()
    .map(|(language, file)| (language, directory.join(file)))
    .collect();
    let found: Vec<&(Language, PathBuf)> = candidates.iter().filter(|(_, file)| file.is_file()).collect();
    match found.as_slice() {
        [] => {
            let looked: Vec<String> = candidates.iter().map(|(_, file)| file.display().to_string()).collect();
            Err(format!("there is no file for the handler {handler}: looked for {}", looked.join(", ")))
        }
        [(first, file), rest @ ..] => match rest.iter().find(|(language, _)| language != first) {
            None => Ok(*first),
            Some((_, other)) => Err(format!(
                "the handler {handler} may be in {} or {}: declare a command instead",
                file.display(),
                other.display()
            )),
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_file_says_the_language() {
        let directory = tempfile::tempdir().unwrap();
        let touch = |file: &str| {
            let file = directory.path().join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "").unwrap();
        };
        for file in ["app.py", "index.mjs", "old.cjs", "a/b.py", "pkg/__init__.py", "two.py", "two.js", "src/handler.js"] {
            touch(file);
        }
        let language = |handler: &str| language(directory.path(), handler);
        for handler in ["app.handler", "a/b.handler", "a.b.handler", "pkg.handler"] {
            assert_eq!(language(handler), Ok(Language::Python), "{handler}");
        }
        for handler in ["index.handler", "index.api.handler", "old.handler", "src/handler.main"] {
            assert_eq!(language(handler), Ok(Language::Node), "{handler}");
        }
        for (handler, says) in [
            ("app", "is no handler"),
            (".handler", "is no handler"),
            ("app.", "is no handler"),
            ("none.handler", "none.py"),
            ("two.handler", "declare a command"),
        ] {
            assert!(language(handler).unwrap_err().contains(says), "{handler}");
        }
    }
}
