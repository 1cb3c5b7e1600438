//! What requests to AWS services are signed with: a default key, and one for each role.

use std::collections::BTreeMap;
use std::path::PathBuf;

use postern_api_model::hidden::Hidden;
use postern_api_model::ports::Credentials;

use super::Mode;
use super::entries::Entry;
use super::problem::Problem;
use super::sdk_environment::SdkKeys;
use super::sources::Place;
use super::table;
use super::tables;
use super::values::Values;

/// Where keys come from.
#[derive(Clone, Debug)]
pub struct CredentialSettings {
    /// What holds where no role is named.
    pub default: Option<KeySource>,
    /// By the role's ARN.
    pub roles: BTreeMap<String, RoleSource>,
    /// What holds for a role that is not among them.
    pub unmapped: UnmappedRole,
    /// Where profiles are.
    pub shared_file: Option<PathBuf>,
    /// How callers prove who they are; a server for development makes keys up where it has none.
    pub mode: Mode,
}

/// Where a key comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// It is known.
    Known(Credentials),
    /// From the shared credentials file.
    Profile(String),
}

/// Where a role's key comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleSource {
    /// As any other.
    Key(KeySource),
    /// From STS.
    AssumeRole,
}

/// What a role that nobody configured gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnmappedRole {
    /// Nothing.
    Refused,
    /// The default key.
    Default,
}

/// The parts of a key, as one place gives them.
struct Parts {
    path: String,
    place: Place,
    access_key_id: Option<String>,
    secret_access_key: Option<Hidden>,
    session_token: Option<Hidden>,
    profile: Option<String>,
    environment: Option<()>,
}

const KINDS: &str = "one of access_key_id with secret_access_key, profile, environment = true";

/// Reads keys and tables.
pub fn read(entries: &[Entry], sdk: SdkKeys, mode: Mode, values: &mut Values) -> CredentialSettings {
    let default = default(&sdk, values);
    let mut roles = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.table.section == tables::CREDENTIALS.section) {
        if let Some(source) = role(entry, &sdk, values) {
            roles.insert(entry.name.clone(), source);
        }
    }
    let unmapped = if values.switch(&table::CREDENTIALS_ANY_ROLE) { UnmappedRole::Default } else { UnmappedRole::Refused };
    CredentialSettings { default, roles, unmapped, shared_file: sdk.shared_file, mode }
}

fn default(sdk: &SdkKeys, values: &mut Values) -> Option<KeySource> {
    let keys = [
        &table::CREDENTIALS_ACCESS_KEY_ID,
        &table::CREDENTIALS_SECRET_ACCESS_KEY,
        &table::CREDENTIALS_SESSION_TOKEN,
        &table::CREDENTIALS_PROFILE,
        &table::CREDENTIALS_ENVIRONMENT,
    ];
    let place = keys.into_iter().find_map(|key| values.place_of(key)).unwrap_or(Place::Default);
    let parts = Parts {
        path: "credentials".to_owned(),
        place,
        access_key_id: values.optional_text(&table::CREDENTIALS_ACCESS_KEY_ID),
        secret_access_key: values.secret(&table::CREDENTIALS_SECRET_ACCESS_KEY),
        session_token: values.secret(&table::CREDENTIALS_SESSION_TOKEN),
        profile: values.optional_text(&table::CREDENTIALS_PROFILE),
        environment: values.switch(&table::CREDENTIALS_ENVIRONMENT).then_some(()),
    };
    parts.source(sdk, values)
}

fn role(entry: &Entry, sdk: &SdkKeys, values: &mut Values) -> Option<RoleSource> {
    let parts = Parts {
        path: entry.own_path(),
        place: entry.place.clone(),
        access_key_id: values.text_field(entry, &tables::ACCESS_KEY),
        secret_access_key: values.secret_field(entry, &tables::SECRET_KEY),
        session_token: values.secret_field(entry, &tables::SESSION_TOKEN),
        profile: values.text_field(entry, &tables::ROLE_PROFILE),
        environment: values.on_field(entry, &tables::ROLE_ENVIRONMENT),
    };
    let assumed = values.on_field(entry, &tables::ASSUME_ROLE);
    let (is_empty, mistake) = (parts.is_empty(), |wrong: &str| {
        let allowed = format!("{KINDS}, assume_role = true");
        Problem::mistake(&entry.own_path(), entry.place.clone(), wrong.to_owned(), allowed)
    });
    match (assumed, is_empty) {
        (Some(()), true) => Some(RoleSource::AssumeRole),
        (Some(()), false) => {
            values.report(mistake("`assume_role` does not go with a key"));
            None
        }
        (None, false) => parts.source(sdk, values).map(RoleSource::Key),
        (None, true) => {
            // What stands there and is wrong has been reported.
            if entry.fields.iter().all(|given| given.value == super::sources::Value::Switch(false)) {
                values.report(mistake("says nothing of what to sign with"));
            }
            None
        }
    }
}

impl Parts {
    fn is_empty(&self) -> bool {
        let Self { path: _, place: _, access_key_id, secret_access_key, session_token, profile, environment } = self;
        access_key_id.is_none()
            && secret_access_key.is_none()
            && session_token.is_none()
            && profile.is_none()
            && environment.is_none()
    }

    /// The one kind that was given; `None` for none.
    fn source(self, sdk: &SdkKeys, values: &mut Values) -> Option<KeySource> {
        if self.is_empty() {
            return None;
        }
        let wrong = match (self.access_key_id, self.secret_access_key, self.session_token, self.profile, self.environment) {
            (Some(access_key_id), Some(secret_access_key), session_token, None, None) => {
                return Some(KeySource::Known(Credentials { access_key_id, secret_access_key, session_token }));
            }
            (None, None, None, Some(profile), None) => return Some(KeySource::Profile(profile)),
            (None, None, None, None, Some(())) => match sdk.credentials.clone() {
                Some(credentials) => return Some(KeySource::Known(credentials)),
                None => "`environment` is set, and AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY is not".to_owned(),
            },
            (_, _, _, None, None) => "a key needs access_key_id and secret_access_key".to_owned(),
            _ => "more than one of a key, `profile` and `environment` is given".to_owned(),
        };
        values.report(Problem::mistake(&self.path, self.place, wrong, KINDS.to_owned()));
        None
    }
}
