//! Second stage: each value on its own. Every value that was given is checked, one that a stronger source overrides too.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use postern_api_model::hidden::Hidden;
use postern_data_plane::backends::{BaseUrl, ServiceEndpoint};

use super::entries::Entry;
use super::problem::{Problem, Problems};
use super::sources::{Given, Place, Value};
use super::table::{Key, Takes};
use super::tables::Field;

/// The given values, and the problems so far.
pub struct Values {
    given: Vec<Given>,
    problems: Vec<Problem>,
}

/// Bytes of a wrong value that an error shows.
const SHOWN_BYTES_MAX: usize = 80;

impl Values {
    /// Continues with the problems of the first stage.
    pub fn new(given: Vec<Given>, problems: Vec<Problem>) -> Self {
        Self { given, problems }
    }

    /// `settings` if nothing was wrong.
    ///
    /// # Errors
    /// With every problem.
    pub fn finish<T>(self, settings: T) -> Result<T, Problems> {
        if self.problems.is_empty() { Ok(settings) } else { Err(Problems(self.problems)) }
    }

    /// Adds a problem.
    pub fn report(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Who set this key, if somebody did.
    pub fn place_of(&self, key: &Key) -> Option<Place> {
        self.given.iter().rev().find(|given| given.key.path == key.path).map(|given| given.place.clone())
    }

    pub fn path(&mut self, key: &'static Key) -> PathBuf {
        PathBuf::from(self.text(key))
    }

    pub fn account(&mut self, key: &'static Key) -> String {
        self.required(key, |value| text(value).filter(|text| is_account(text)))
    }

    pub fn switch(&mut self, key: &'static Key) -> bool {
        self.required(key, switch)
    }

    pub fn url(&mut self, key: &'static Key) -> Option<BaseUrl> {
        self.last(key, |value| text(value)?.parse().ok())
    }

    pub fn otlp_headers(&mut self, key: &'static Key) -> Option<Vec<(HeaderName, HeaderValue)>> {
        self.last(key, |value| super::logs::otlp_fields(secret(value)?.expose()))
    }

    pub fn optional_switch(&mut self, key: &'static Key) -> Option<bool> {
        self.last(key, switch)
    }

    pub fn address(&mut self, key: &'static Key) -> SocketAddr {
        self.required(key, |value| text(value).and_then(|text| address(&text)))
    }

    pub fn milliseconds(&mut self, key: &'static Key) -> Duration {
        Duration::from_millis(self.required(key, |value| number(key.takes, value)))
    }

    pub fn size(&mut self, key: &'static Key) -> usize {
        self.required(key, |value| number(key.takes, value).and_then(|number| usize::try_from(number).ok()))
    }

    pub fn optional_size(&mut self, key: &'static Key) -> Option<usize> {
        self.last(key, |value| number(key.takes, value).and_then(|number| usize::try_from(number).ok()))
    }

    pub fn ip_addresses(&mut self, key: &'static Key) -> Vec<IpAddr> {
        self.required(key, |value| match value {
            Value::List(items) => items.iter().map(|item| item.parse().ok()).collect(),
            Value::Text(text) if text.is_empty() => Some(Vec::new()),
            Value::Text(text) => text.split(',').map(|item| item.trim().parse().ok()).collect(),
            _ => None,
        })
    }

    pub fn log_filter(&mut self, key: &'static Key) -> String {
        self.required(key, |value| text(value).filter(|text| text.split(',').all(is_directive)))
    }

    pub fn word(&mut self, key: &'static Key) -> String {
        let Takes::Word(words) = key.takes else { unreachable!("{} takes no word", key.path) };
        self.required(key, |value| text(value).filter(|text| words.contains(&text.as_str())))
    }

    pub fn endpoint(&mut self, key: &'static Key) -> Option<ServiceEndpoint> {
        self.last(key, endpoint)
    }

    pub fn optional_text(&mut self, key: &'static Key) -> Option<String> {
        self.last(key, |value| text(value).filter(|text| !text.is_empty()))
    }

    pub fn secret(&mut self, key: &'static Key) -> Option<Hidden> {
        self.last(key, secret)
    }

    /// Whether a secret stands in the file, in a key of the table of keys.
    pub fn has_secret_in_file(&self) -> bool {
        self.given.iter().any(|given| matches!((&given.value, &given.place), (Value::Secret(_), Place::File(..))))
    }

    /// A key of a table with a name; `None` too when it is wrong, which is reported.
    pub fn field<T>(&mut self, entry: &Entry, field: &'static Field, parse: impl Fn(&Value) -> Option<T>) -> Option<T> {
        let given = entry.given(field)?;
        let parsed = parse(&given.value);
        if parsed.is_none() {
            self.problems.push(Problem::mistake(
                &entry.path(field),
                given.place.clone(),
                shown(&given.value),
                field.takes.to_string(),
            ));
        }
        parsed
    }

    /// A number of a table with a name, or its default.
    pub fn number_field(&mut self, entry: &Entry, field: &'static Field) -> u64 {
        let default = || field.default.and_then(|default| default.parse().ok()).expect("a test reads every default");
        self.field(entry, field, |value| match value {
            Value::Number(_) => number(field.takes, value),
            _ => None,
        })
        .unwrap_or_else(default)
    }

    /// Text of a table with a name.
    pub fn text_field(&mut self, entry: &Entry, field: &'static Field) -> Option<String> {
        self.field(entry, field, |value| text(value).filter(|text| !text.is_empty()))
    }

    /// A secret of a table with a name.
    pub fn secret_field(&mut self, entry: &Entry, field: &'static Field) -> Option<Hidden> {
        self.field(entry, field, secret)
    }

    /// A switch of a table with a name that can only be turned on: leaving it out is how it is off.
    pub fn on_field(&mut self, entry: &Entry, field: &'static Field) -> Option<()> {
        self.field(entry, field, |value| matches!(value, Value::Switch(_)).then_some(value == &Value::Switch(true)))
            .filter(|on| *on)
            .map(|_| ())
    }

    /// A list of texts of a table with a name, with at least one.
    pub fn list_field<T>(&mut self, entry: &Entry, field: &'static Field, parse: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
        self.field(entry, field, |value| match value {
            Value::List(items) if !items.is_empty() => items.iter().map(|item| parse(item)).collect(),
            _ => None,
        })
    }

    /// An address of a table with a name.
    pub fn url_field(&mut self, entry: &Entry, field: &'static Field) -> Option<BaseUrl> {
        self.field(entry, field, |value| text(value)?.parse().ok())
    }

    /// `aws` or an address, of a table with a name.
    pub fn endpoint_field(&mut self, entry: &Entry, field: &'static Field) -> Option<ServiceEndpoint> {
        self.field(entry, field, endpoint)
    }

    pub fn text(&mut self, key: &'static Key) -> String {
        self.required(key, |value| text(value).filter(|text| !text.is_empty()))
    }

    /// The strongest value, or the default; the default, too, when a value is wrong, so that reading can go on.
    fn required<T>(&mut self, key: &'static Key, parse: impl Fn(&Value) -> Option<T>) -> T {
        let value = self.last(key, &parse);
        value.or_else(|| parse(&Value::Text(key.default?.to_owned()))).expect("a test reads every default")
    }

    fn last<T>(&mut self, key: &'static Key, parse: impl Fn(&Value) -> Option<T>) -> Option<T> {
        let mut value = None;
        for given in self.given.iter().filter(|given| given.key.path == key.path) {
            let parsed = if fits_file(given) { parse(&given.value) } else { None };
            if parsed.is_none() {
                self.problems.push(Problem::mistake(key.path, given.place.clone(), shown(&given.value), key.takes.to_string()));
            }
            value = parsed;
        }
        value
    }
}

/// In the file a number is written as a number and a switch as a boolean; elsewhere everything is text.
fn fits_file(given: &Given) -> bool {
    let quoted = matches!(given.place, Place::File(..)) && matches!(given.value, Value::Text(_));
    !(quoted && matches!(given.key.takes, Takes::Number { .. } | Takes::Switch | Takes::IpAddresses))
}

fn switch(value: &Value) -> Option<bool> {
    match value {
        Value::Switch(on) => Some(*on),
        Value::Text(text) => text.parse().ok(),
        _ => None,
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    }
}

fn secret(value: &Value) -> Option<Hidden> {
    match value {
        Value::Secret(secret) if !secret.expose().is_empty() => Some(secret.clone()),
        _ => None,
    }
}

/// `aws`, or an address.
fn endpoint(value: &Value) -> Option<ServiceEndpoint> {
    match text(value)?.as_str() {
        "aws" => Some(ServiceEndpoint::Aws),
        address => address.parse().ok().map(ServiceEndpoint::At),
    }
}

fn number(takes: Takes, value: &Value) -> Option<u64> {
    let Takes::Number { min, max, .. } = takes else { unreachable!("{takes} is no number") };
    let number = match value {
        Value::Number(number) => u64::try_from(*number).ok()?,
        Value::Text(text) => text.parse().ok()?,
        _ => return None,
    };
    (min..=max).contains(&number).then_some(number)
}

fn address(text: &str) -> Option<SocketAddr> {
    match text.strip_prefix("localhost:") {
        Some(port) => Some(SocketAddr::from(([127, 0, 0, 1], port.parse().ok()?))),
        None => text.parse().ok(),
    }
}

/// `level` or `module=level`. The subscriber's own parser would take a mistyped level for the name of a module.
fn is_directive(text: &str) -> bool {
    let (module, level) = text.trim().split_once('=').unwrap_or(("postern", text.trim()));
    let named =
        !module.is_empty() && module.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':' | b'-'));
    named && matches!(level, "off" | "error" | "warn" | "info" | "debug" | "trace")
}

/// Whether this is an AWS account id.
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) if text.is_empty() => "an empty value is not possible".to_owned(),
        Value::Text(text) => format!("{:?} is not possible", cut(text)),
        Value::Number(number) => format!("{number} is not possible"),
        Value::Switch(on) => format!("{on} is not possible"),
        Value::List(items) => format!("{:?} is not possible", cut(&items.join(", "))),
        Value::Texts(_) => "a table is not possible".to_owned(),
        Value::Secret(_) => "an empty value is not possible".to_owned(),
        Value::Other(kind) => format!("a {kind} is not possible"),
    }
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(SHOWN_BYTES_MAX)]
}
