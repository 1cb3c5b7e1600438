//! What is said of an API that is served: its routes with their URLs, and which of them answer nothing yet.

use std::net::SocketAddr;

use postern_data_plane::{Route, routes_of};
use serde_json::Value;

use super::load::Loaded;
use super::mock_integrations::{Mocks, operations};

/// Lines on an API's routes. Paths are as in the document: what is in braces is for the caller to fill in.
pub fn lines(title: &str, loaded: &Loaded, api_id: &str, stage: &str, http: SocketAddr) -> Vec<String> {
    let mut lines = vec![format!("{title}: stage {stage} of REST API {api_id}")];
    if loaded.mocks == Mocks::Added {
        lines.push(
            "  the document has no integrations: every route is a MOCK that answers with examples, given or made up from schemas"
                .to_owned(),
        );
    }
    lines.extend(routes_of(&loaded.definition).iter().map(|route| line(route, api_id, stage, http)));
    lines
}

fn line(route: &Route, api_id: &str, stage: &str, http: SocketAddr) -> String {
    let url = format!("http://{http}/_aws/execute-api/{api_id}/{stage}{}", route.path);
    let refused = route.refused.as_ref().map(|reason| format!("   cannot be served: 501 {reason}")).unwrap_or_default();
    format!("  {:<7} {url}{refused}", route.verb)
}

/// What differs between two readings of a document, in terms of its routes, or else of its sections.
pub fn changes(before: &Value, after: &Value) -> Vec<String> {
    let named = |root: &Value| -> Vec<(String, Value)> {
        let shown = |method: &str| if method.starts_with("x-") { "ANY".to_owned() } else { method.to_uppercase() };
        operations(root).map(|(path, method, operation)| (format!("{} {path}", shown(method)), operation.clone())).collect()
    };
    let (old, new) = (named(before), named(after));
    let find = |list: &[(String, Value)], name: &str| {
        list.iter().find(|(known, _)| known == name).map(|(_, operation)| operation.clone())
    };
    let mut lines = Vec::new();
    for (name, operation) in &new {
        match find(&old, name) {
            None => lines.push(format!("  + {name}")),
            Some(former) if former != *operation => lines.push(format!("  ~ {name}")),
            Some(_) => {}
        }
    }
    lines.extend(old.iter().filter(|(name, _)| find(&new, name).is_none()).map(|(name, _)| format!("  - {name}")));
    let members = |root: &Value| root.as_object().cloned().unwrap_or_default();
    let (old, new) = (members(before), members(after));
    let sections = new.keys().chain(old.keys().filter(|name| !new.contains_key(*name)));
    lines.extend(sections.filter(|name| *name != "paths" && old.get(*name) != new.get(*name)).map(|name| format!("  ~ {name}")));
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn changes_name_routes_and_sections() {
        let before = json!({"info": {"title": "a"}, "paths": {"/a": {"get": {}, "put": {}}, "/b": {"get": {}}}});
        let after = json!({"info": {"title": "b"}, "paths": {"/a": {"get": {"x": 1}, "put": {}}, "/c": {"post": {}}}});
        assert_eq!(changes(&before, &after), ["  ~ GET /a", "  + POST /c", "  - GET /b", "  ~ info"]);
        assert!(changes(&after, &after).is_empty());
    }
}
