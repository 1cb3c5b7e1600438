//! Which noun an operation is about: the same noun has the same file name in every layer.

use std::collections::BTreeSet;

use super::names;

/// The file of what belongs to no single noun.
pub const SHARED: &str = "shapes";

/// What operation names start with; none starts with another.
const VERBS: [&str; 19] = [
    "Create",
    "Delete",
    "Disable",
    "Export",
    "Flush",
    "Generate",
    "Get",
    "Import",
    "List",
    "PostTo",
    "Preview",
    "Publish",
    "Put",
    "Reimport",
    "Reject",
    "Reset",
    "TestInvoke",
    "Update",
    "Untag",
];

/// Parts of a noun that have operations of their own, by service.
const PARTS: [(&str, &str, &str); 10] = [
    ("apigateway", "StageAuthorizersCache", "stage"),
    ("apigateway", "StageCache", "stage"),
    ("apigateway", "ModelTemplate", "model"),
    ("apigatewayv2", "AccessLogSettings", "stage"),
    ("apigatewayv2", "PortalProductSharingPolicy", "portal_product"),
    ("apigatewayv2", "AuthorizersCache", "stage"),
    ("apigatewayv2", "CorsConfiguration", "api"),
    ("apigatewayv2", "ModelTemplate", "model"),
    ("apigatewayv2", "RouteSettings", "stage"),
    ("apigatewayv2", "RouteRequestParameter", "route"),
];

/// The noun of an operation, in snake case.
pub fn of_operation(module: &str, operation: &str) -> String {
    if matches!(operation, "TagResource" | "UntagResource" | "GetTags") {
        return "tags".to_owned();
    }
    let object = VERBS.iter().find_map(|verb| operation.strip_prefix(verb)).unwrap_or(operation);
    if let Some((_, _, noun)) = PARTS.iter().find(|part| (part.0, part.1) == (module, object)) {
        return (*noun).to_owned();
    }
    names::snake(object.strip_suffix('s').filter(|_| object != "Tags").unwrap_or(object))
}

/// The noun of a structure that several nouns use: its own name when that is one of them.
pub fn of_structure(structure: &str, users: &BTreeSet<String>) -> Option<String> {
    users.get(structure).cloned()
}
