//! Lambda functions: those that run here, and where the others run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use postern_data_plane::backends::FunctionTarget;
use postern_functions::{FunctionSettings, Launch, Reload};

use super::entries::Entry;
use super::problem::{Problem, Problems};
use super::sources::{Place, Sources, Value};

use super::tables::{self, Field};
use super::values::Values;

/// All that are declared.
#[derive(Clone, Debug, Default)]
pub struct DeclaredFunctions {
    /// Processes of this machine.
    pub local: Vec<DeclaredFunction>,
    /// The others, by name or ARN.
    pub elsewhere: BTreeMap<String, FunctionTarget>,
    /// Whether the local ones are started anew when their files change; `run --watch` says so.
    pub reload: Reload,
}

/// A local one.
#[derive(Clone, Debug)]
pub struct DeclaredFunction {
    /// How it runs.
    pub settings: FunctionSettings,
    /// Who says so.
    pub place: Place,
}

/// The flag that declares one.
const FLAG: &str = "--function";
/// What it takes.
const FLAG_TAKES: &str = "NAME=DIR:HANDLER, such as hello=./hello:app.handler, or NAME=DIR where DIR has an executable bootstrap";
/// The fields that say where a function runs that does not run here.
static ELSEWHERE: [&Field; 3] = [&tables::EMULATOR, &tables::FUNCTION_ENDPOINT, &tables::FUNCTION_AWS];

/// Reads the tables and the flags.
pub fn read(entries: &[Entry], sources: &Sources, values: &mut Values) -> DeclaredFunctions {
    let mut declared = DeclaredFunctions::default();
    let is_function = |entry: &&Entry| entry.table.section == tables::FUNCTIONS.section;
    for entry in entries.iter().filter(is_function) {
        let base = file_directory(&entry.place, &sources.invocation.working_directory);
        match kind(entry, values) {
            Some(Kind::Elsewhere(target)) => {
                declared.elsewhere.insert(entry.name.clone(), target);
            }
            Some(Kind::Local) => {
                let settings = local(entry, &base, values);
                declared.local.push(DeclaredFunction { settings, place: entry.place.clone() });
            }
            None => {}
        }
    }
    for flag in &sources.functions {
        if let Some(function) = from_flag(flag, &sources.invocation.working_directory, values) {
            let place = Place::Flag(FLAG);
            let name = &function.name;
            let former = declared.local.iter().find(|known| known.settings.name == *name).map(|known| known.place.clone());
            let table = entries.iter().filter(is_function).find(|entry| entry.name == *name).map(|entry| entry.place.clone());
            if let Some(former) = former.or(table) {
                let wrong = format!("the function {name} is also declared by {former}");
                values.report(Problem::mistake(FLAG, place, wrong, "one declaration of a function".to_owned()));
            } else {
                declared.local.push(DeclaredFunction { settings: function, place });
            }
        }
    }
    declared
}

enum Kind {
    Local,
    Elsewhere(FunctionTarget),
}

/// Where the function of this table runs. A table that mixes two kinds has none: what it means would be a guess.
fn kind(entry: &Entry, values: &mut Values) -> Option<Kind> {
    let elsewhere: Vec<&Field> = ELSEWHERE.into_iter().filter(|field| entry.given(field).is_some()).collect();
    let (Some(first), rest) = (elsewhere.first(), elsewhere.get(1..).unwrap_or_default()) else {
        return Some(Kind::Local);
    };
    let is_local = |name: &str| ELSEWHERE.iter().all(|field| field.name != name);
    let mixed: Vec<String> = (rest.iter().map(|field| field.name))
        .chain(entry.fields.iter().map(|given| given.field.name).filter(|name| is_local(name)))
        .map(|name| format!("`{name}`"))
        .collect();
    if !mixed.is_empty() {
        let wrong =
            format!("`{}` says that the function runs elsewhere, and {} does not go with it", first.name, mixed.join(", "));
        let allowed = "exactly one of emulator, endpoint and aws and nothing else, or none of them and a directory".to_owned();
        values.report(Problem::mistake(&entry.own_path(), entry.place.clone(), wrong, allowed));
        return None;
    }
    let emulator = values.url_field(entry, &tables::EMULATOR).map(FunctionTarget::RuntimeInterfaceEmulator);
    let endpoint = values.url_field(entry, &tables::FUNCTION_ENDPOINT).map(FunctionTarget::Endpoint);
    let aws = values.field(entry, &tables::FUNCTION_AWS, |value| (*value == Value::Switch(true)).then_some(FunctionTarget::Aws));
    emulator.or(endpoint).or(aws).map(Kind::Elsewhere)
}

fn local(entry: &Entry, base: &Path, values: &mut Values) -> FunctionSettings {
    if entry.given(&tables::DIRECTORY).is_none() {
        let allowed = "the directory of the function's code, or one of emulator, endpoint and aws".to_owned();
        let problem = Problem::mistake(&entry.path(&tables::DIRECTORY), entry.place.clone(), "is missing".to_owned(), allowed);
        values.report(problem);
    }
    let directory = values.text_field(entry, &tables::DIRECTORY).unwrap_or_default();
    let handler = values.field(entry, &tables::HANDLER, |value| match value {
        Value::Text(text) if !text.is_empty() => Some(text.clone()),
        _ => None,
    });
    let command = values.list_field(entry, &tables::COMMAND, |word| Some(word.to_owned()));
    let environment = values.field(entry, &tables::FUNCTION_ENVIRONMENT, |value| match value {
        Value::Texts(pairs) if pairs.iter().all(|(name, value)| is_variable(name, value)) => {
            Some(pairs.iter().cloned().collect())
        }
        _ => None,
    });
    let minimum = values.number_field(entry, &tables::CONCURRENCY_MIN);
    let maximum = values.number_field(entry, &tables::CONCURRENCY_MAX);
    if minimum > maximum {
        let place = entry.given(&tables::CONCURRENCY_MIN).map_or_else(|| entry.place.clone(), |given| given.place.clone());
        let wrong = format!("{minimum} is more than concurrency_max");
        values.report(Problem::mistake(&entry.path(&tables::CONCURRENCY_MIN), place, wrong, format!("up to {maximum}")));
    }
    FunctionSettings {
        name: entry.name.clone(),
        launch: launch(command, handler),
        directory: base.join(directory),
        environment: environment.unwrap_or_default(),
        memory_mb: u32::try_from(values.number_field(entry, &tables::MEMORY_MB)).unwrap_or(u32::MAX),
        timeout: Duration::from_millis(values.number_field(entry, &tables::TIMEOUT_MS)),
        concurrency_min: usize::try_from(minimum).unwrap_or(usize::MAX),
        concurrency_max: usize::try_from(maximum).unwrap_or(usize::MAX),
        idle_timeout: Duration::from_millis(values.number_field(entry, &tables::IDLE_TIMEOUT_MS)),
        on_failure: values.text_field(entry, &tables::ON_FAILURE).map(|path| base.join(path)),
    }
}

fn launch(command: Option<Vec<String>>, handler: Option<String>) -> Launch {
    match (command, handler) {
        (Some(command), handler) => Launch::Command { command, handler },
        (None, Some(handler)) => Launch::Handler(handler),
        (None, None) => Launch::Bootstrap,
    }
}

/// Whether a process can be given this variable.
fn is_variable(name: &str, value: &str) -> bool {
    !name.is_empty() && !name.contains(['=', '\0']) && !value.contains('\0')
}

/// `NAME=DIR:HANDLER`. A handler may have colons (`Class::method`), the directories of Unix rarely do.
fn from_flag(flag: &str, working_directory: &Path, values: &mut Values) -> Option<FunctionSettings> {
    let parsed = flag.split_once('=').filter(|(name, rest)| (tables::FUNCTIONS.is_name)(name) && !rest.is_empty());
    let Some((name, rest)) = parsed else {
        let wrong = format!("{flag:?} is not possible");
        values.report(Problem::mistake(FLAG, Place::Flag(FLAG), wrong, FLAG_TAKES.to_owned()));
        return None;
    };
    let (directory, handler) = rest.split_once(':').unwrap_or((rest, ""));
    let handler = Some(handler.to_owned()).filter(|handler| !handler.is_empty());
    let number =
        |field: &Field| field.default.and_then(|default| default.parse::<u64>().ok()).expect("a test reads every default");
    Some(FunctionSettings {
        name: name.to_owned(),
        launch: launch(None, handler),
        directory: working_directory.join(directory),
        environment: BTreeMap::new(),
        memory_mb: u32::try_from(number(&tables::MEMORY_MB)).unwrap_or(u32::MAX),
        timeout: Duration::from_millis(number(&tables::TIMEOUT_MS)),
        concurrency_min: usize::try_from(number(&tables::CONCURRENCY_MIN)).unwrap_or(usize::MAX),
        concurrency_max: usize::try_from(number(&tables::CONCURRENCY_MAX)).unwrap_or(usize::MAX),
        idle_timeout: Duration::from_millis(number(&tables::IDLE_TIMEOUT_MS)),
        on_failure: None,
    })
}

/// Where relative paths of a table start: a file can be moved with what it names.
pub(super) fn file_directory(place: &Place, working_directory: &Path) -> PathBuf {
    match place {
        Place::File(file, _) => {
            working_directory.join(file).parent().map_or_else(|| working_directory.to_owned(), Path::to_owned)
        }
        _ => working_directory.to_owned(),
    }
}

impl DeclaredFunctions {
    /// Whether what the local ones are started from is there. Apart from [`read`], so that `postern keys` works without it.
    ///
    /// # Errors
    /// With everything that is missing.
    pub fn check(&self) -> Result<(), Problems> {
        let problems: Vec<Problem> =
            self.local.iter().filter_map(|function| missing(&function.settings, &function.place)).collect();
        if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
    }
}

fn missing(settings: &FunctionSettings, place: &Place) -> Option<Problem> {
    let (name, shown) = (&settings.name, settings.directory.display());
    let problem = |wrong: String, allowed: &str| {
        Some(Problem::mistake(&format!("functions.{name}"), place.clone(), wrong, allowed.to_owned()))
    };
    if !settings.directory.is_dir() {
        return problem(format!("{shown} is no directory"), "the directory of the function's code");
    }
    match &settings.launch {
        Launch::Bootstrap if !settings.directory.join("bootstrap").is_file() => problem(
            format!("{shown} has no file bootstrap"),
            "a handler (--function NAME=DIR:HANDLER, `handler = ...`), a command, or an executable bootstrap in the directory",
        ),
        _ => None,
    }
}
