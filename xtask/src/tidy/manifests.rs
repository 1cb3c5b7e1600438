//! Each crate's Cargo.toml.

use super::{Finding, SourceFile};

/// Lints stand once, in the workspace; a crate that does not take them over has none.
pub(super) fn check(file: &SourceFile) -> Vec<Finding> {
    let is_manifest = file.path.ends_with("Cargo.toml") && section(&file.text, "package").is_some();
    if !is_manifest {
        return Vec::new();
    }
    let takes_lints = section(&file.text, "lints").is_some_and(|lines| lines.contains(&"workspace = true"));
    if takes_lints { Vec::new() } else { vec![Finding::new(&file.path, "add `[lints]` with `workspace = true`")] }
}

/// The lines of a table, up to the next one.
fn section<'a>(text: &'a str, name: &str) -> Option<Vec<&'a str>> {
    let header = format!("[{name}]");
    let mut lines = text.lines().map(str::trim).skip_while(|line| *line != header);
    lines.next()?;
    Some(lines.take_while(|line| !line.starts_with('[')).collect())
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn a_crate_takes_the_workspace_lints() {
        let good = "[package]\nname = \"a\"\n\n[lints]\nworkspace = true\n\n[dependencies]\n";
        assert_eq!(check(&file("crates/a/Cargo.toml", good)), []);
    }

    #[test]
    fn one_without_them_is_found() {
        for text in
            ["[package]\nname = \"a\"\n", "[package]\n[lints]\n[dependencies]\nworkspace = true\n", "[package]\n[lints.rust]\n"]
        {
            assert_eq!(check(&file("crates/a/Cargo.toml", text)).len(), 1, "{text}");
        }
    }

    #[test]
    fn the_workspace_itself_is_no_crate() {
        assert_eq!(check(&file("Cargo.toml", "[workspace]\n[workspace.package]\n")), []);
    }
}
