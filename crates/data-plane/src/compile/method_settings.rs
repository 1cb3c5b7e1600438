//! Which of a stage's `methodSettings` hold for a method.

use std::collections::BTreeMap;

/// A method's own settings, or else those of all methods. Clients patch settings as `~1a~1b/GET`, `/a/b/GET` and `a/b/GET`, also
/// with `*` for one half; the service echoes each as it came. Where several could be meant all are taken: a limit that is not
/// built must refuse rather than be passed over.
pub(crate) fn of_settings<'a, T>(settings: &'a BTreeMap<String, T>, path: &str, verb: &str) -> Vec<&'a T> {
    let find = |names: &dyn Fn(&str, &str) -> bool| -> Vec<&'a T> {
        let named = settings.iter().filter(|(key, _)| {
            let (key_path, key_verb) = key.rsplit_once('/').unwrap_or((key, ""));
            names(key_path.replace("~1", "/").trim_start_matches('/'), key_verb)
        });
        named.map(|(_, setting)| setting).collect()
    };
    let path = path.trim_start_matches('/');
    let is = |key: &str, name: &str| key == name || key == "*";
    let mut found = find(&|key_path, key_verb| key_path == path && key_verb == verb);
    if found.is_empty() {
        found = find(&|key_path, key_verb| is(key_path, path) && is(key_verb, verb));
    }
    if verb == "ANY" {
        // A request for one verb is served by this method.
        found.extend(find(&|key_path, key_verb| is(key_path, path) && !matches!(key_verb, "ANY" | "*")));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_found_under_every_spelling_of_its_key() {
        for key in ["~1a~1b/GET", "/a/b/GET", "a/b/GET", "a~1b/GET"] {
            let settings = BTreeMap::from([(key.to_owned(), 1), ("*/*".to_owned(), 2)]);
            assert_eq!(of_settings(&settings, "/a/b", "GET"), [&1], "{key}");
            assert_eq!(of_settings(&settings, "/a/b", "POST"), [&2], "{key}");
            assert_eq!(of_settings(&settings, "/a", "GET"), [&2], "{key}");
            assert_eq!(of_settings(&settings, "/a/b", "ANY"), [&2, &1], "{key}");
        }
        let root = BTreeMap::from([("~1/GET".to_owned(), 1)]);
        assert_eq!(of_settings(&root, "/", "GET"), [&1]);
        assert!(of_settings(&root, "/a", "GET").is_empty());
    }

    #[test]
    fn a_half_wildcard_counts_where_the_method_has_no_setting_of_its_own() {
        let settings = BTreeMap::from([("*/GET".to_owned(), 1), ("~1a/*".to_owned(), 2), ("~1b/GET".to_owned(), 3)]);
        assert_eq!(of_settings(&settings, "/a", "GET"), [&1, &2]);
        assert_eq!(of_settings(&settings, "/b", "GET"), [&3]);
        assert!(of_settings(&settings, "/b", "PUT").is_empty());
    }
}
