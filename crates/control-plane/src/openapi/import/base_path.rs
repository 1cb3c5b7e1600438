//! The base path of a document, and what the three modes make of it.

use super::Version;
use crate::openapi::node::Node;

/// What becomes of the base path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BasePath {
    /// It is not used.
    #[default]
    Ignore,
    /// Every path begins with it.
    Prepend,
    /// Every path begins with what follows its first segment, which stands for the stage.
    Split,
}

impl BasePath {
    /// Reads the query parameter `basepath`.
    pub fn from_wire(text: &str) -> Option<Self> {
        match text {
            "ignore" => Some(Self::Ignore),
            "prepend" => Some(Self::Prepend),
            "split" => Some(Self::Split),
            _ => None,
        }
    }
}

/// The segments that every path of the document begins with.
pub(super) fn segments(root: &Node<'_>, version: Version, mode: BasePath) -> Vec<String> {
    let path = match (mode, version) {
        (BasePath::Ignore, _) => return Vec::new(),
        (_, Version::Swagger2) => root.text_of("basePath"),
        (_, Version::OpenApi3) => of_servers(root),
    };
    let path = path.unwrap_or_default();
    let segments = path.split('/').filter(|segment| !segment.is_empty()).map(str::to_owned);
    segments.skip(usize::from(mode == BasePath::Split)).collect()
}

/// AWS docs, "OpenAPI basePath property": the variable `basePath` of a server if there is one, even if its address does not use it;
/// otherwise the path of a server's address.
fn of_servers(root: &Node<'_>) -> Option<String> {
    let servers = root.get("servers")?;
    let variable = |server: Node<'_>| server.get("variables")?.get("basePath")?.text_of("default");
    servers.items().find_map(variable).or_else(|| servers.items().find_map(|server| path_of(&server)))
}

/// The path of a server's address, its variables replaced by their defaults.
fn path_of(server: &Node<'_>) -> Option<String> {
    let url = server.text_of("url")?;
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |slash| &rest[slash..]),
        None => url.as_str(),
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut path = path.to_owned();
    if let Some(variables) = server.get("variables") {
        for (name, variable) in variables.members() {
            path = path.replace(&format!("{{{name}}}"), &variable.text_of("default").unwrap_or_default());
        }
    }
    Some(path).filter(|path| path.chars().any(|c| c != '/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn three(document: &Value, version: Version) -> [String; 3] {
        let of = |mode| segments(&Node::root(document), version, mode).join("/");
        [of(BasePath::Ignore), of(BasePath::Prepend), of(BasePath::Split)]
    }

    #[test]
    fn of_swagger() {
        for (base, prepended, split) in [("/a/b/c", "a/b/c", "b/c"), ("/base", "base", ""), ("/", "", ""), ("a/", "a", "")] {
            assert_eq!(three(&json!({"basePath": base}), Version::Swagger2), ["", prepended, split], "{base}");
        }
        assert_eq!(three(&json!({}), Version::Swagger2), ["", "", ""]);
    }

    #[test]
    fn of_openapi() {
        let variable = json!({"servers": [
            {"url": "https://example.com/x"},
            {"url": "https://example.com/y", "variables": {"basePath": {"default": "/a/b"}}},
        ]});
        assert_eq!(three(&variable, Version::OpenApi3), ["", "a/b", "b"]);
        for (url, prepended) in [("https://example.com/a/b?q#f", "a/b"), ("/v1", "v1"), ("https://example.com", ""), ("/", "")] {
            assert_eq!(three(&json!({"servers": [{"url": url}]}), Version::OpenApi3)[1], prepended, "{url}");
        }
        let with_variable = json!({"servers": [{"url": "https://{host}/{v}/x", "variables": {"v": {"default": "v2"}}}]});
        assert_eq!(three(&with_variable, Version::OpenApi3)[1], "v2/x");
    }
}
