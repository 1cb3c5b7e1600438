//! ImportApiKeys: keys from a file of comma-separated values, AWS docs, "API Gateway API key file format".

use std::collections::{BTreeMap, BTreeSet};

use postern_api_model::api_key::{ApiKey, ApiKeyValue};
use postern_api_model::apigateway::{ApiKeyIds, ApiKeysFormat, ImportApiKeysInput};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::hidden::Hidden;
use postern_api_model::scope::Caller;
use postern_store::{Versioned, Write};

use super::super::usage_plan_key::{PLANS_PER_KEY_MAX, Plans};
use super::csv::{self, Row};
use super::{check_value, checked_description, checked_name, creation, value_id};
use crate::changes::store_failure;
use crate::{ControlPlane, ids};

/// Rows of one file: as many as an account of AWS can have keys. Rows that make no sense count too, for each is a warning.
const ROWS_MAX: usize = 10_000;

/// What a row asks for.
#[derive(Clone, Debug)]
struct Asked {
    line: usize,
    value: Hidden,
    name: Option<String>,
    description: Option<String>,
    enabled: bool,
    usage_plans: BTreeSet<String>,
}

/// A file that was read: the last row of each value, by digest of the value, and what was wrong with other rows.
#[derive(Debug, Default)]
struct File {
    keys: BTreeMap<String, Asked>,
    /// Digests in the order of their first rows.
    order: Vec<String>,
    warnings: Vec<String>,
}

pub(in super::super) async fn import(plane: &ControlPlane, caller: &Caller, input: ImportApiKeysInput) -> ApiResult<ApiKeyIds> {
    let ApiKeysFormat::Csv = input.format;
    let text =
        std::str::from_utf8(&input.body).map_err(|_| ApiError::bad_request("Invalid API key file: it is no UTF-8 text"))?;
    let file = read(text)?;
    let on_warnings = if input.fail_on_warnings.unwrap_or_default() { OnWarnings::Fail } else { OnWarnings::GoOn };
    let now = plane.now();
    plane.transact::<ApiKey, _, _>(caller, "", || import_once(plane, caller, &file, on_warnings, now)).await
}

#[derive(Clone, Copy, PartialEq)]
enum OnWarnings {
    Fail,
    GoOn,
}

fn read(text: &str) -> ApiResult<File> {
    let mut rows = csv::rows(text);
    let header = rows.next().ok_or_else(|| ApiError::bad_request("Invalid API key file: it is empty"))?;
    let columns = Columns::new(&header)?;
    let mut file = File::default();
    for (index, row) in rows.enumerate() {
        if index == ROWS_MAX {
            return Err(ApiError::bad_request(format!("Invalid API key file: it has more than {ROWS_MAX} rows")));
        }
        match columns.read(&row) {
            Ok(asked) => {
                let digest = value_id(asked.value.expose());
                // Two keys are the same if they have the same value; the later one overwrites the earlier one.
                if file.keys.insert(digest.clone(), asked).is_none() {
                    file.order.push(digest);
                }
            }
            Err(error) => file.warnings.push(format!("Line {}: {}", row.line, error.message)),
        }
    }
    Ok(file)
}

/// In which place each column is. Names are compared without case; unknown columns are ignored.
struct Columns {
    key: usize,
    name: usize,
    description: Option<usize>,
    enabled: Option<usize>,
    usage_plan_ids: Option<usize>,
}

impl Columns {
    fn new(header: &Row) -> ApiResult<Self> {
        let place = |name: &str| header.values.iter().position(|column| column.eq_ignore_ascii_case(name));
        let required = |name: &str| {
            place(name).ok_or_else(|| ApiError::bad_request(format!("Invalid API key file: it has no column {name}")))
        };
        Ok(Self {
            key: required("Key")?,
            name: required("Name")?,
            description: place("Description"),
            enabled: place("Enabled"),
            usage_plan_ids: place("UsagePlanIds"),
        })
    }

    fn read(&self, row: &Row) -> ApiResult<Asked> {
        let text = |place: Option<usize>| place.and_then(|place| row.values.get(place)).cloned().unwrap_or_default();
        let value = text(Some(self.key));
        check_value(&value)?;
        let enabled = match text(self.enabled) {
            given if given.is_empty() || given.eq_ignore_ascii_case("true") => true,
            given if given.eq_ignore_ascii_case("false") => false,
            given => return Err(ApiError::bad_request(format!("Invalid value for Enabled: {given}. Must be true or false"))),
        };
        let plans = text(self.usage_plan_ids);
        let usage_plans: BTreeSet<String> =
            plans.split(',').map(str::trim).filter(|plan| !plan.is_empty()).map(str::to_owned).collect();
        if usage_plans.len() > PLANS_PER_KEY_MAX {
            let text = format!("Invalid value for UsagePlanIds: a key can be in at most {PLANS_PER_KEY_MAX} usage plans");
            return Err(ApiError::bad_request(text));
        }
        Ok(Asked {
            line: row.line,
            value: Hidden::new(value),
            name: checked_name(Some(text(Some(self.name))))?,
            description: checked_description(Some(text(self.description)))?,
            enabled,
            usage_plans,
        })
    }
}

/// All keys of the file in one transaction.
async fn import_once(
    plane: &ControlPlane,
    caller: &Caller,
    file: &File,
    on_warnings: OnWarnings,
    now: i64,
) -> ApiResult<(ApiKeyIds, Vec<Write>)> {
    let mut plans = Plans::new(plane, caller);
    let mut warnings = file.warnings.clone();
    let (mut key_ids, mut writes) = (Vec::with_capacity(file.order.len()), Vec::new());
    for digest in &file.order {
        let Some(asked) = file.keys.get(digest) else { continue };
        let (version, mut key) = stored_or_new(plane, caller, digest, asked, now).await?;
        for plan in asked.usage_plans.difference(&key.usage_plans.clone()) {
            match plans.add(&mut key, plan).await {
                Ok(membership) => writes.extend(membership),
                // A failure of ours is no warning.
                Err(error) if error.status >= 500 => return Err(error),
                Err(error) => warnings.push(format!("Line {}: Usage Plan {plan}: {}", asked.line, error.message)),
            }
        }
        key_ids.push(key.id.clone());
        match version {
            Some(version) => writes.push(postern_store::replace(&caller.scope, &key.id, version, &key).map_err(store_failure)?),
            None => writes.extend(creation(caller, &key, digest)?),
        }
    }
    if on_warnings == OnWarnings::Fail && !warnings.is_empty() {
        let text = format!("Warnings found during import:\n\t{}", warnings.join("\n\t"));
        return Err(ApiError::bad_request(text));
    }
    writes.extend(plans.touched());
    let warnings = Some(warnings).filter(|warnings| !warnings.is_empty());
    Ok((ApiKeyIds { ids: Some(key_ids), warnings }, writes))
}

/// The key of the value with what the row says, and its version if it is there already.
async fn stored_or_new(
    plane: &ControlPlane,
    caller: &Caller,
    digest: &str,
    asked: &Asked,
    now: i64,
) -> ApiResult<(Option<u64>, ApiKey)> {
    let index = plane.find_versioned::<ApiKeyValue>(caller, digest).await?;
    let stored = match index {
        Some(index) => plane.find_versioned::<ApiKey>(caller, &index.value.api_key_id).await?,
        None => None,
    };
    let said = |key: ApiKey| ApiKey {
        name: asked.name.clone(),
        description: asked.description.clone(),
        enabled: asked.enabled,
        last_updated: now,
        ..key
    };
    Ok(match stored {
        Some(Versioned { version, value }) => (Some(version), said(value)),
        None => (None, said(blank(asked, now))),
    })
}

fn blank(asked: &Asked, now: i64) -> ApiKey {
    ApiKey {
        id: ids::random(ids::LONG),
        value: asked.value.clone(),
        name: None,
        description: None,
        customer_id: None,
        enabled: false,
        created: now,
        last_updated: now,
        stage_keys: BTreeSet::new(),
        labels: BTreeSet::new(),
        usage_plans: BTreeSet::new(),
        tags: BTreeMap::new(),
    }
}
