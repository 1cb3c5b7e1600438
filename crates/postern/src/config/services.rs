//! Where AWS services and the targets of VPC links are.

use std::collections::BTreeMap;

use postern_data_plane::backends::{LinkTarget, ServiceEndpoints};

use super::entries::Entry;
use super::problem::Problem;
use super::sources::Value;
use super::table;
use super::tables::{self, Field};
use super::values::Values;

/// The configuration's endpoints over those of the environment. One service's own, from wherever, is before everybody's.
pub fn endpoints(entries: &[Entry], environment: ServiceEndpoints, values: &mut Values) -> ServiceEndpoints {
    let mut by_service = environment.by_service;
    for entry in entries.iter().filter(|entry| entry.table.section == tables::SERVICES.section) {
        required(entry, &tables::SERVICE_ENDPOINT, values);
        if let Some(endpoint) = values.endpoint_field(entry, &tables::SERVICE_ENDPOINT) {
            by_service.insert(entry.name.clone(), endpoint);
        }
    }
    ServiceEndpoints { default: values.endpoint(&table::SERVICES_ENDPOINT).or(environment.default), by_service }
}

/// What VPC links lead to.
pub fn link_targets(entries: &[Entry], values: &mut Values) -> BTreeMap<String, LinkTarget> {
    let mut targets = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.table.section == tables::LINK_TARGETS.section) {
        required(entry, &tables::ADDRESSES, values);
        let health_check_path = values.field(entry, &tables::HEALTH_CHECK_PATH, |value| match value {
            Value::Text(path) if path.starts_with('/') && path.parse::<http::uri::PathAndQuery>().is_ok() => Some(path.clone()),
            _ => None,
        });
        if let Some(addresses) = values.list_field(entry, &tables::ADDRESSES, |address| address.parse().ok()) {
            targets.insert(entry.name.clone(), LinkTarget { addresses, health_check_path });
        }
    }
    targets
}

/// Reports a key that has to be there and is not.
pub fn required(entry: &Entry, field: &'static Field, values: &mut Values) {
    if entry.given(field).is_none() {
        let wrong = "is missing".to_owned();
        values.report(Problem::mistake(&entry.path(field), entry.place.clone(), wrong, field.takes.to_string()));
    }
}
