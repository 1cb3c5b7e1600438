//! What a stage logs of its methods: `loggingLevel` and `dataTraceEnabled` of its method settings.

use std::collections::BTreeMap;

use postern_api_model::rest_api::MethodSetting;

use super::method_settings::of_settings;
use super::{ANY_COVERS, CompiledApi};
use crate::execution_log::Detail;

/// A stage's method settings, by key.
type Settings = BTreeMap<String, MethodSetting>;

/// What is logged of a method's requests.
#[derive(Debug, Default)]
pub(crate) struct MethodLogging {
    all: Option<Detail>,
    /// Of an `ANY` method, verbs with a setting of their own.
    verbs: Vec<(http::Method, Option<Detail>)>,
}

impl MethodLogging {
    pub(crate) fn of(&self, verb: &http::Method) -> Option<Detail> {
        self.verbs.iter().find(|(known, _)| known == verb).map_or(self.all, |(_, detail)| *detail)
    }

    fn is_off(&self) -> bool {
        self.all.is_none() && self.verbs.iter().all(|(_, detail)| detail.is_none())
    }
}

/// By method; empty when nothing is logged, so that a request looks no further.
pub(super) fn of_methods(api: &CompiledApi, settings: &Settings) -> Vec<MethodLogging> {
    let logging: Vec<_> =
        api.methods().iter().map(|method| of_method(settings, &api.resource(method.resource).path, &method.verb)).collect();
    if logging.iter().all(MethodLogging::is_off) { Vec::new() } else { logging }
}

fn of_method(settings: &Settings, path: &str, verb: &str) -> MethodLogging {
    if verb != "ANY" {
        return MethodLogging { all: detail_of(settings, path, verb), verbs: Vec::new() };
    }
    let all = detail_of(&named(settings, &["ANY", "*"]), path, verb);
    let own = |verb: http::Method| {
        let settings = named(settings, &[verb.as_str()]);
        let is_set = !of_settings(&settings, path, verb.as_str()).is_empty();
        is_set.then(|| (detail_of(&settings, path, verb.as_str()), verb))
    };
    let verbs = ANY_COVERS.into_iter().filter_map(own).map(|(detail, verb)| (verb, detail));
    MethodLogging { all, verbs: verbs.collect() }
}

/// The settings whose keys end with one of these verbs.
fn named(settings: &Settings, verbs: &[&str]) -> Settings {
    let is_named = |key: &str| key.rsplit_once('/').is_some_and(|(_, verb)| verbs.contains(&verb));
    settings.iter().filter(|(key, _)| is_named(key)).map(|(key, setting)| (key.clone(), setting.clone())).collect()
}

/// Where several settings could be meant, the one that shows the least: what a log holds cannot be taken back.
fn detail_of(settings: &Settings, path: &str, verb: &str) -> Option<Detail> {
    of_settings(settings, path, verb).into_iter().map(detail).min().flatten()
}

/// `dataTraceEnabled` adds to level INFO and to no other.
fn detail(setting: &MethodSetting) -> Option<Detail> {
    match (setting.logging_level.as_deref()?, setting.data_trace_enabled) {
        ("INFO", true) => Some(Detail::Everything),
        ("INFO", false) => Some(Detail::Steps),
        ("ERROR", _) => Some(Detail::Failures),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(level: &str, data_trace_enabled: bool) -> MethodSetting {
        let logging_level = (!level.is_empty()).then(|| level.to_owned());
        MethodSetting { logging_level, data_trace_enabled, ..MethodSetting::default() }
    }

    #[test]
    fn levels() {
        for (level, trace, expected) in [
            ("", true, None),
            ("OFF", true, None),
            ("ERROR", true, Some(Detail::Failures)),
            ("INFO", false, Some(Detail::Steps)),
            ("INFO", true, Some(Detail::Everything)),
        ] {
            assert_eq!(detail(&setting(level, trace)), expected, "{level} {trace}");
        }
    }

    #[test]
    fn the_nearest_setting_counts() {
        let settings = BTreeMap::from([
            ("*/*".to_owned(), setting("ERROR", false)),
            ("~1a/GET".to_owned(), setting("INFO", true)),
            ("~1b/GET".to_owned(), setting("OFF", false)),
        ]);
        let any = BTreeMap::from([("~1a/ANY".to_owned(), setting("INFO", false)), ("*/*".to_owned(), setting("ERROR", false))]);
        assert_eq!(of_method(&any, "/a", "ANY").of(&http::Method::GET), Some(Detail::Steps));
        let of = |path: &str, method: &str, verb: &http::Method| of_method(&settings, path, method).of(verb);
        assert_eq!(of("/a", "GET", &http::Method::GET), Some(Detail::Everything));
        assert_eq!(of("/a", "POST", &http::Method::POST), Some(Detail::Failures));
        assert_eq!(of("/b", "GET", &http::Method::GET), None);
        assert_eq!(of("/a", "ANY", &http::Method::GET), Some(Detail::Everything));
        assert_eq!(of("/a", "ANY", &http::Method::PUT), Some(Detail::Failures));
        assert_eq!(of("/c", "ANY", &http::Method::PUT), Some(Detail::Failures));
    }
}
