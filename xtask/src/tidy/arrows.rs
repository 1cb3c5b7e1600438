//! The dependency direction is the architecture: which crate may name which.

use serde::Deserialize;

use super::Finding;

/// Every crate of the design, those to come included and the crates it may depend on, in any kind of dependency: a test that reaches across the planes
/// would tie them together as surely as the code does.
const ALLOWED: &[(&str, &[&str])] = &[
    ("postern-api-model", &["postern-java-regex"]),
    ("postern-control-plane", &["postern-api-model", "postern-policy", "postern-sigv4", "postern-store"]),
    ("postern-data-plane", &["postern-api-model", "postern-jsonpath", "postern-policy", "postern-sigv4", "postern-velocity"]),
    ("postern-functions", &["postern-api-model", "postern-sigv4"]),
    // Part of no product; it calls every parser.
    (
        "postern-fuzz",
        &[
            "postern-api-model",
            "postern-control-plane",
            "postern-data-plane",
            "postern-jsonpath",
            "postern-policy",
            "postern-sigv4",
            "postern-velocity",
        ],
    ),
    ("postern-java-regex", &[]),
    ("postern-jsonpath", &["postern-java-regex"]),
    ("postern-policy", &[]),
    ("postern-sigv4", &[]),
    ("postern-store", &["postern-api-model"]),
    ("postern-velocity", &["postern-java-regex"]),
    (
        "postern",
        &[
            "postern-api-model",
            "postern-control-plane",
            "postern-data-plane",
            "postern-functions",
            "postern-policy",
            "postern-sigv4",
            "postern-store",
        ],
    ),
    ("xtask", &[]),
];

/// A crate of the workspace, as `cargo metadata` tells it.
#[derive(Debug, Deserialize)]
pub(super) struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

/// One dependency of a crate; `kind` is absent for an ordinary one.
#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
    /// Set for crates of the workspace.
    path: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

/// The workspace's crates in the output of `cargo metadata --no-deps`.
pub(super) fn packages(metadata: &str) -> Result<Vec<Package>, String> {
    let metadata: Metadata = serde_json::from_str(metadata).map_err(|error| format!("cannot read cargo metadata: {error}"))?;
    Ok(metadata.packages)
}

pub(super) fn check(packages: &[Package]) -> Vec<Finding> {
    packages.iter().flat_map(check_package).collect()
}

fn check_package(package: &Package) -> Vec<Finding> {
    let place = format!("crate {}", package.name);
    let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == package.name) else {
        return vec![Finding::new(
            place,
            "is not part of the architecture; add it to ARCHITECTURE.md and to the table in xtask/src/tidy/arrows.rs",
        )];
    };
    let wrong = package.dependencies.iter().filter(|other| other.path.is_some() && !allowed.contains(&other.name.as_str()));
    wrong
        .map(|other| {
            let kind = other.kind.as_deref().unwrap_or("normal");
            let advice = format!(
                "may not have {} as a {kind} dependency; what crosses here goes through a trait in api-model's ports, wired in postern",
                other.name
            );
            Finding::new(&place, advice)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(name: &str, other: &str, kind: &str) -> Vec<Finding> {
        let metadata = format!(
            r#"{{"packages":[{{"name":"{name}","dependencies":[
                {{"name":"serde","kind":null,"path":null}},
                {{"name":"{other}","kind":{kind},"path":"/x/{other}"}}]}}]}}"#
        );
        check(&packages(&metadata).unwrap())
    }

    #[test]
    fn the_drawn_arrows_pass() {
        let arrows = [
            ("postern", "postern-data-plane"),
            ("postern-control-plane", "postern-store"),
            ("postern-data-plane", "postern-api-model"),
            ("postern-store", "postern-api-model"),
        ];
        for (from, to) in arrows {
            assert_eq!(findings(from, to, "null"), [], "{from} -> {to}");
        }
    }

    #[test]
    fn other_arrows_are_found_in_every_kind_of_dependency() {
        let arrows = [
            ("postern-data-plane", "postern-store"),
            ("postern-data-plane", "postern-control-plane"),
            ("postern-control-plane", "postern-data-plane"),
            ("postern-api-model", "postern-store"),
            ("xtask", "postern-api-model"),
        ];
        for (from, to) in arrows {
            for kind in ["null", "\"build\"", "\"dev\""] {
                let found = findings(from, to, kind);
                assert_eq!(found.len(), 1, "{from} -> {to} ({kind})");
                assert!(found[0].advice.contains(to));
            }
        }
    }

    #[test]
    fn an_unknown_crate_is_found() {
        assert_eq!(findings("postern-shortcut", "postern-store", "null").len(), 1);
    }

    #[test]
    fn every_allowed_crate_is_itself_in_the_table() {
        for (name, allowed) in ALLOWED {
            for other in *allowed {
                assert!(ALLOWED.iter().any(|(known, _)| known == other), "{name} -> {other}");
            }
        }
    }
}
