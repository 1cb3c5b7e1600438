//! First stage: what was said, by whom. Nothing is interpreted here but the file's syntax and the names of keys.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use postern_api_model::hidden::Hidden;

use super::entries::{self, Entry};
use super::problem::{Fault, Problem};
use super::table::{CONFIG_ENV, KEYS, Key, Takes};

/// Read from the working directory when no file is named and it exists.
pub const FILE_NAME_DEFAULT: &str = "postern.toml";
/// A configuration is a page of text; anything larger is some other file.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Everything a configuration is read from.
#[derive(Debug, Default)]
pub struct Sources {
    /// Flags of the command line, by key.
    pub flags: Vec<(&'static Key, String)>,
    /// `--config`.
    pub file: Option<PathBuf>,
    /// `--function`, each.
    pub functions: Vec<String>,
    /// What surrounds the process.
    pub invocation: Invocation,
}

/// What surrounds a process, passed in so that tests need not change their own.
#[derive(Default)]
pub struct Invocation {
    /// The whole environment; of names without `POSTERN_`, those are read that AWS's SDKs read.
    pub environment: Vec<(OsString, OsString)>,
    /// Where `postern.toml` is looked for.
    pub working_directory: PathBuf,
}

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A flag.
    Flag(&'static str),
    /// An environment variable.
    Environment(String),
    /// A line of the file.
    File(PathBuf, usize),
    /// The file as a whole.
    WholeFile(PathBuf),
    /// Nobody said so.
    Default,
}

/// A value as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text from a flag, the environment or a string of the file.
    Text(String),
    /// A whole number of the file.
    Number(i128),
    /// A boolean of the file.
    Switch(bool),
    /// A list of strings of the file.
    List(Vec<String>),
    /// A table of strings of the file.
    Texts(Vec<(String, String)>),
    /// Text of a key that takes a secret.
    Secret(Hidden),
    /// Anything else of the file, by TOML's name for it.
    Other(&'static str),
}

/// One value for one key.
#[derive(Clone, Debug)]
pub struct Given {
    /// The key.
    pub key: &'static Key,
    /// What it is given.
    pub value: Value,
    /// By whom.
    pub place: Place,
}

/// What the sources said, the weakest first, and what is wrong with how they said it.
#[derive(Debug, Default)]
pub struct Collected {
    /// File, then environment, then flags: of several values for one key the last counts.
    pub given: Vec<Given>,
    /// Tables with names: the file alone has them.
    pub entries: Vec<Entry>,
    /// Unknown names, bad syntax, an unreadable file.
    pub problems: Vec<Problem>,
    /// The file that was read.
    pub file: Option<PathBuf>,
}

/// Reads all sources.
pub fn collect(sources: &Sources) -> Collected {
    let mut collected = Collected::default();
    let environment = environment(sources, &mut collected.problems);
    let named = sources.file.clone().or(environment.file);
    let found = named.or_else(|| {
        Some(PathBuf::from(FILE_NAME_DEFAULT)).filter(|name| sources.invocation.working_directory.join(name).exists())
    });
    if let Some(path) = found {
        file(&path, &sources.invocation.working_directory.join(&path), &mut collected);
        collected.file = Some(path);
    }
    collected.given.extend(environment.given);
    collected.given.extend(sources.flags.iter().map(|(key, text)| Given {
        key,
        value: Value::Text(text.clone()).kept_as(key.takes),
        place: Place::Flag(key.flag.unwrap_or(key.path)),
    }));
    collected
}

struct Environment {
    given: Vec<Given>,
    file: Option<PathBuf>,
}

fn environment(sources: &Sources, problems: &mut Vec<Problem>) -> Environment {
    let mut found = Environment { given: Vec::new(), file: None };
    let mut variables: Vec<_> = sources
        .invocation
        .environment
        .iter()
        .filter_map(|(name, value)| Some((name.to_str().filter(|name| name.starts_with("POSTERN_"))?, value)))
        .collect();
    variables.sort_unstable();
    for (name, value) in variables {
        let place = Place::Environment(name.to_owned());
        if name == CONFIG_ENV {
            found.file = Some(PathBuf::from(value));
        } else if let Some(key) = KEYS.iter().find(|key| key.env_names().any(|known| known == name)) {
            match value.to_str() {
                Some(text) => found.given.push(Given { key, value: Value::Text(text.to_owned()).kept_as(key.takes), place }),
                None => {
                    problems.push(Problem::mistake(key.path, place, "the value is not UTF-8".to_owned(), key.takes.to_string()))
                }
            }
        } else {
            let known = KEYS.iter().flat_map(|key| key.env_names()).chain([CONFIG_ENV.to_owned()]);
            problems.push(unknown(name, place, known));
        }
    }
    one_name_each(&found.given, problems);
    found
}

/// An address has two variables; which of them counted would be a guess.
fn one_name_each(given: &[Given], problems: &mut Vec<Problem>) {
    for pair in given.windows(2) {
        if let [first, second] = pair
            && first.key.path == second.key.path
            && first.value != second.value
        {
            problems.push(Problem::mistake(
                first.key.path,
                second.place.clone(),
                format!("{} says something else", first.place),
                "one of the two variables".to_owned(),
            ));
        }
    }
}

fn file(shown: &Path, path: &Path, collected: &mut Collected) {
    let text = match read_bounded(path) {
        Ok(text) => text,
        Err(wrong) => {
            let allowed = "a TOML file, readable, UTF-8, up to 1 MiB".to_owned();
            collected.problems.push(Problem::mistake("--config", Place::WholeFile(shown.to_owned()), wrong, allowed));
            return;
        }
    };
    let (table, errors) = DeTable::parse_recoverable(&text);
    for error in errors {
        let line = error.span().map_or(1, |span| line_of(&text, span.start));
        let wrong = error.message().to_owned();
        collected.problems.push(Problem::mistake("syntax", Place::File(shown.to_owned(), line), wrong, "TOML".to_owned()));
    }
    for (name, value) in table.get_ref() {
        match value.get_ref() {
            DeValue::Table(content) if is_section(name.get_ref()) => section(name.get_ref(), content, (shown, &text), collected),
            _ => {
                let line = line_of(&text, name.span().start);
                entry(name.get_ref(), value, Place::File(shown.to_owned(), line), collected);
            }
        }
    }
}

fn section(name: &str, content: &DeTable<'_>, (shown, text): (&Path, &str), collected: &mut Collected) {
    for (inner, value) in content {
        if let (Some(table), Some(content)) = (entries::table_of(name), entries::as_table(value)) {
            let read = entries::entry(table, inner, content, (shown, text), &mut collected.problems);
            collected.entries.extend(read);
        } else {
            let place = Place::File(shown.to_owned(), line_of(text, inner.span().start));
            entry(&format!("{name}.{}", inner.get_ref()), value, place, collected);
        }
    }
}

fn read_bounded(path: &Path) -> Result<String, String> {
    let length = std::fs::metadata(path).map_err(|error| format!("cannot be read: {error}"))?.len();
    if length > FILE_BYTES_MAX {
        return Err(format!("is {length} bytes long"));
    }
    std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))
}

fn is_section(name: &str) -> bool {
    let has_keys = KEYS.iter().any(|key| key.path.split_once('.').is_some_and(|(section, _)| section == name));
    has_keys || entries::table_of(name).is_some()
}

fn entry(path: &str, value: &Spanned<DeValue<'_>>, place: Place, collected: &mut Collected) {
    match KEYS.iter().find(|key| key.path == path) {
        Some(key) => collected.given.push(Given { key, value: toml_value(value.get_ref()).kept_as(key.takes), place }),
        None => collected.problems.push(unknown(path, place, KEYS.iter().map(|key| key.path.to_owned()))),
    }
}

/// As it stands in the file.
pub fn toml_value(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Boolean(on) => Value::Switch(*on),
        DeValue::Integer(number) => {
            i128::from_str_radix(number.as_str(), number.radix()).map_or(Value::Other("number"), Value::Number)
        }
        DeValue::Array(items) => items
            .iter()
            .map(|item| item.get_ref().as_str().map(str::to_owned))
            .collect::<Option<Vec<_>>>()
            .map_or(Value::Other("list of other things than strings"), Value::List),
        DeValue::Table(content) => content
            .iter()
            .map(|(name, value)| Some((name.get_ref().to_string(), value.get_ref().as_str()?.to_owned())))
            .collect::<Option<Vec<_>>>()
            .map_or(Value::Other("table of other things than strings"), Value::Texts),
        other => Value::Other(other.type_str()),
    }
}

impl Value {
    /// As a value of a key that takes this: a secret is hidden from here on, and so is whatever stands in its place.
    pub fn kept_as(self, takes: Takes) -> Self {
        match (takes, self) {
            (Takes::Secret, Self::Text(text)) => Self::Secret(Hidden::new(text)),
            (Takes::Secret, _) => Self::Other("value that is not text"),
            (_, value) => value,
        }
    }
}

/// The line of this place in the text, from 1.
pub fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// A name that does not exist, with the nearest that does.
pub fn unknown(name: &str, place: Place, known: impl Iterator<Item = String>) -> Problem {
    let nearest = known.map(|known| (distance(name, &known), known)).min();
    let allowed = match nearest {
        Some((edits, known)) if edits <= name.len() / 3 => format!("did you mean {known}?"),
        _ => "the keys in docs/configuration.md".to_owned(),
    };
    Problem::mistake(name, place, "there is no such key".to_owned(), allowed)
}

/// Levenshtein's distance, for the suggestion.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.bytes().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, b) in other.bytes().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

impl Problem {
    /// A wrong value or name.
    pub fn mistake(key: &str, place: Place, wrong: String, allowed: String) -> Self {
        Self { key: key.to_owned(), place, fault: Fault::Mistake, wrong, allowed }
    }
}

/// Without the environment, which holds secrets.
impl fmt::Debug for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invocation").field("working_directory", &self.working_directory).finish_non_exhaustive()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => f.write_str(name),
            Self::Environment(name) => f.write_str(name),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::WholeFile(path) => write!(f, "{}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}
