//! The JSONPaths of a template, compiled with it as far as they stand in it.

use std::borrow::Cow;
use std::collections::HashMap;

use postern_jsonpath::{Path, PathError};
use postern_velocity::{Heap, ObjectError};

/// Paths that are kept for one template: more than any has that was written by hand.
const PATHS_MAX: usize = 1024;

/// Characters of a path that compile in a step of work.
const CHARS_PER_STEP: usize = 2;

/// Paths by their text.
#[derive(Debug)]
pub(super) struct Paths(HashMap<Box<str>, Result<Path, PathError>>);

impl Paths {
    /// The quoted texts that a template gives to `json(` and `path(`. What a template makes of several pieces is not among them,
    /// and compiled when it is asked for.
    pub(super) fn of_template(source: &str) -> Self {
        let mut paths = HashMap::new();
        let calls =
            source.match_indices('(').filter(|(at, _)| source[..*at].ends_with("json") || source[..*at].ends_with("path"));
        for (at, _) in calls {
            let argument = source[at + 1..].trim_start();
            let Some(quote) = argument.chars().next().filter(|quote| matches!(quote, '"' | '\'')) else { continue };
            let Some((text, _)) = argument[1..].split_once(quote) else { continue };
            if paths.len() < PATHS_MAX && !paths.contains_key(text) {
                paths.insert(text.into(), Path::compile(text));
            }
        }
        Self(paths)
    }

    /// The path for a text.
    pub(super) fn find(&self, text: &str, heap: &mut Heap) -> Result<Cow<'_, Path>, ObjectError> {
        match self.0.get(text) {
            Some(Ok(path)) => Ok(Cow::Borrowed(path)),
            Some(Err(error)) => Err(invalid(text, error)),
            None => {
                heap.charge_work((text.len() / CHARS_PER_STEP) as u64);
                Path::compile(text).map(Cow::Owned).map_err(|error| invalid(text, &error))
            }
        }
    }
}

fn invalid(text: &str, error: &PathError) -> ObjectError {
    ObjectError(format!("{text} is no JSONPath: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_arguments_are_compiled_ahead() {
        let paths = Paths::of_template(
            r#"$input.json('$.a') $input.path( "$.b") $input.path($x) $input.json('$[') $util.parseJson('x')"#,
        );
        let mut known: Vec<_> = paths.0.iter().map(|(text, path)| (&**text, path.is_ok())).collect();
        known.sort_unstable();
        assert_eq!(known, [("$.a", true), ("$.b", true), ("$[", false)]);
    }
}
