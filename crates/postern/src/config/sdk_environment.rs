//! What AWS's own clients read from the environment, and Postern reads too: `AWS_ENDPOINT_URL` and its kin, and access keys.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use postern_api_model::hidden::Hidden;
use postern_api_model::ports::Credentials;
use postern_data_plane::backends::{BaseUrl, ServiceEndpoint, ServiceEndpoints};

use super::problem::Problem;
use super::service_names;
use super::sources::Place;
use super::table::Takes;
use super::values::Values;

const ENDPOINT: &str = "AWS_ENDPOINT_URL";
const ENDPOINTS_IGNORED: &str = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS";

/// What it says.
pub struct SdkEnvironment {
    /// From `AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_<SERVICE>`.
    pub endpoints: ServiceEndpoints,
    /// Who the server is.
    pub keys: SdkKeys,
}

/// Whose keys the environment has, and where others are.
#[derive(Clone, Debug, Default)]
pub struct SdkKeys {
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`, if the first two are there.
    pub credentials: Option<Credentials>,
    /// `AWS_SHARED_CREDENTIALS_FILE`, or `~/.aws/credentials`; `None` for a user without a home.
    pub shared_file: Option<PathBuf>,
}

/// Reads it.
pub fn read(environment: &[(OsString, OsString)], values: &mut Values) -> SdkEnvironment {
    SdkEnvironment { endpoints: endpoints(environment, values), keys: keys(environment) }
}

fn find<'a>(environment: &'a [(OsString, OsString)], name: &str) -> Option<&'a OsStr> {
    environment.iter().find(|(known, value)| known == name && !value.is_empty()).map(|(_, value)| value.as_os_str())
}

fn endpoints(environment: &[(OsString, OsString)], values: &mut Values) -> ServiceEndpoints {
    let mut found = ServiceEndpoints { default: None, by_service: BTreeMap::new() };
    // As the SDKs have it.
    if find(environment, ENDPOINTS_IGNORED).is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return found;
    }
    let named = |name: &OsString| name.to_str().filter(|name| name.starts_with(ENDPOINT)).map(str::to_owned);
    for (name, value) in environment.iter().filter_map(|(name, value)| Some((named(name)?, value))) {
        if value.is_empty() {
            continue;
        }
        let Some(endpoint) = value.to_str().and_then(|text| text.parse::<BaseUrl>().ok()).map(ServiceEndpoint::At) else {
            let wrong = format!("{:?} is not possible", value.to_string_lossy());
            values.report(Problem::mistake(&name, Place::Environment(name.clone()), wrong, Takes::Url.to_string()));
            continue;
        };
        match name.strip_prefix(ENDPOINT) {
            Some("") => found.default = Some(endpoint),
            Some(suffix) => {
                let services = suffix.strip_prefix('_').map(service_names::of_variable).unwrap_or_default();
                found.by_service.extend(services.into_iter().map(|service| (service, endpoint.clone())));
            }
            None => {}
        }
    }
    found
}

fn keys(environment: &[(OsString, OsString)]) -> SdkKeys {
    let text = |name| find(environment, name).and_then(OsStr::to_str).map(str::to_owned);
    let credentials = match (text("AWS_ACCESS_KEY_ID"), text("AWS_SECRET_ACCESS_KEY")) {
        (Some(access_key_id), Some(secret)) => Some(Credentials {
            access_key_id,
            secret_access_key: Hidden::new(secret),
            session_token: text("AWS_SESSION_TOKEN").map(Hidden::new),
        }),
        _ => None,
    };
    let home = || find(environment, "HOME").map(|home| PathBuf::from(home).join(".aws/credentials"));
    let shared_file = find(environment, "AWS_SHARED_CREDENTIALS_FILE").map(PathBuf::from).or_else(home);
    SdkKeys { credentials, shared_file }
}
