//! Where tokens come from, and how they are checked.

use std::path::PathBuf;
use std::time::Duration;

use postern_data_plane::tokens::{ClientIds, Reach, check_url};

use super::entries::Entry;
use super::functions::file_directory;
use super::problem::Problem;
use super::sources::{Sources, Value};
use super::table;
use super::tables::{self, Field};
use super::values::Values;

/// How tokens are checked. Files have not been read.
#[derive(Clone, Debug)]
pub struct DeclaredTokens {
    /// By how much an issuer's clock may differ.
    pub clock_skew: Duration,
    /// How often an unknown key makes the keys of its issuer be fetched.
    pub refetch_interval: Duration,
    /// What stands for an audience.
    pub client_ids: ClientIds,
    /// The issuers of which something is said.
    pub issuers: Vec<DeclaredIssuer>,
}

/// One issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredIssuer {
    /// A URL, or the ARN of a user pool.
    pub name: String,
    /// What tokens of a user pool name.
    pub issuer: Option<String>,
    /// Where its keys are.
    pub keys: DeclaredKeys,
    /// How it is spoken to.
    pub reach: Reach,
    /// Certificates that are trusted besides the system's.
    pub ca_file: Option<PathBuf>,
}

/// Where the keys of an issuer are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeclaredKeys {
    /// Where it says itself.
    Own,
    /// Where the document at this URL says.
    DiscoveredAt(String),
    /// At this URL.
    At(String),
    /// In this file.
    File(PathBuf),
}

/// Reads keys and tables.
pub fn read(entries: &[Entry], sources: &Sources, values: &mut Values) -> DeclaredTokens {
    let issuers = entries.iter().filter(|entry| entry.table.section == tables::TOKEN_ISSUERS.section);
    DeclaredTokens {
        clock_skew: values.milliseconds(&table::TOKENS_CLOCK_SKEW_MS),
        refetch_interval: values.milliseconds(&table::TOKENS_REFETCH_INTERVAL_MS),
        client_ids: match values.switch(&table::TOKENS_CLIENT_ID_FALLBACK) {
            true => ClientIds::AreAudiences,
            false => ClientIds::AreNoAudiences,
        },
        issuers: issuers.map(|entry| issuer(entry, sources, values)).collect(),
    }
}

fn issuer(entry: &Entry, sources: &Sources, values: &mut Values) -> DeclaredIssuer {
    let base = file_directory(&entry.place, &sources.invocation.working_directory);
    let allows_http = values.field(entry, &tables::ALLOW_HTTP, |value| match value {
        Value::Switch(is_on) => Some(*is_on),
        _ => None,
    });
    let reach = if allows_http == Some(true) { Reach::Plain } else { Reach::Https };
    if entry.name.starts_with("http://") && reach == Reach::Https {
        let (wrong, allowed) = ("is asked over plain HTTP".to_owned(), "an https URL; http with allow_http = true".to_owned());
        values.report(Problem::mistake(&entry.own_path(), entry.place.clone(), wrong, allowed));
    }
    let jwks_uri = url(entry, &tables::JWKS_URI, reach, values);
    let discovery_uri = url(entry, &tables::DISCOVERY_URI, reach, values);
    let jwks_file = values.text_field(entry, &tables::JWKS_FILE).map(|path| base.join(path));
    let given = [&tables::JWKS_URI, &tables::DISCOVERY_URI, &tables::JWKS_FILE].map(|field| entry.given(field).is_some());
    if given.into_iter().filter(|is_given| *is_given).count() > 1 {
        let wrong = "says more than once where the keys are".to_owned();
        let allowed = "one of jwks_uri, jwks_file and discovery_uri, or none of them".to_owned();
        values.report(Problem::mistake(&entry.own_path(), entry.place.clone(), wrong, allowed));
    }
    let issuer = url(entry, &tables::ISSUER, reach, values);
    if let Some(given) = entry.given(&tables::ISSUER).filter(|_| !entry.name.starts_with("arn:")) {
        let wrong = "an issuer that is named by its URL has no other".to_owned();
        let allowed = "`issuer` in the table of a user pool's ARN".to_owned();
        values.report(Problem::mistake(&entry.path(&tables::ISSUER), given.place.clone(), wrong, allowed));
    }
    let keys = match (jwks_uri, discovery_uri, jwks_file) {
        (Some(url), ..) => DeclaredKeys::At(url),
        (None, Some(url), _) => DeclaredKeys::DiscoveredAt(url),
        (None, None, Some(path)) => DeclaredKeys::File(path),
        (None, None, None) => DeclaredKeys::Own,
    };
    let ca_file = values.text_field(entry, &tables::CA_FILE).map(|path| base.join(path));
    DeclaredIssuer { name: entry.name.clone(), issuer, keys, reach, ca_file }
}

/// A URL that may be asked.
fn url(entry: &Entry, field: &'static Field, reach: Reach, values: &mut Values) -> Option<String> {
    let text = values.text_field(entry, field)?;
    let Err(wrong) = check_url(&text, reach) else { return Some(text) };
    let place = entry.given(field).map_or_else(|| entry.place.clone(), |given| given.place.clone());
    let allowed = match reach {
        Reach::Https => format!("{}; http with allow_http = true", field.takes),
        Reach::Plain => field.takes.to_string(),
    };
    values.report(Problem::mistake(&entry.path(field), place, wrong, allowed));
    None
}
