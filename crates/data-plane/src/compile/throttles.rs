//! How fast the methods of a stage may be called: `throttlingRateLimit` and `throttlingBurstLimit` of its method settings.
//!
//! Settings for all methods (`*/*`) give each method a bucket of its own (AWS docs, "Throttle requests to your REST APIs": limits of a
//! stage are applied at the level of its methods).

use std::collections::BTreeMap;
use std::sync::Arc;

use postern_api_model::rest_api::MethodSetting;

use super::method_settings::of_settings;
use super::{ANY_COVERS, CompiledApi, MethodIndex};
use crate::metering::{Bucket, Limit};

/// A stage's method settings, by key.
type Settings = BTreeMap<String, MethodSetting>;

/// No limit.
const UNLIMITED: i32 = -1;

/// The buckets of a stage, by method; empty when it limits nothing, so that a request looks no further.
#[derive(Debug, Default)]
pub(crate) struct Throttles(Vec<MethodThrottle>);

/// The buckets of a method.
#[derive(Debug)]
struct MethodThrottle {
    path: Box<str>,
    verb: Box<str>,
    all: Option<Arc<Bucket>>,
    /// Of an `ANY` method, verbs with a setting of their own.
    verbs: Vec<(http::Method, Option<Arc<Bucket>>)>,
}

impl Throttles {
    /// The buckets that `settings` ask for. One whose limit is as it is in the first of `kept` that has the method goes on as full as it
    /// is.
    pub(super) fn new(api: &CompiledApi, settings: &Settings, kept: &[&Self]) -> Self {
        let of_method = |method: &super::CompiledMethod| {
            let path = &api.resource(method.resource).path;
            let is_same = |known: &&MethodThrottle| known.path == *path && known.verb == method.verb;
            let kept = kept.iter().find_map(|kept| kept.0.iter().find(is_same));
            MethodThrottle::new(settings, path, &method.verb, kept)
        };
        let throttles: Vec<_> = api.methods().iter().map(of_method).collect();
        Self(if throttles.iter().all(MethodThrottle::is_off) { Vec::new() } else { throttles })
    }

    /// The bucket that a request with this verb takes a token from.
    pub(crate) fn of(&self, method: MethodIndex, verb: &http::Method) -> Option<&Arc<Bucket>> {
        let throttle = self.0.get(method)?;
        throttle.verbs.iter().find(|(known, _)| known == verb).map_or(throttle.all.as_ref(), |(_, bucket)| bucket.as_ref())
    }
}

impl MethodThrottle {
    fn new(settings: &Settings, path: &str, verb: &str, before: Option<&Self>) -> Self {
        let (all, verbs) = limits(settings, path, verb);
        let kept = |bucket: Option<&Arc<Bucket>>, limit: Limit| {
            let same = bucket.filter(|bucket| bucket.limit == limit);
            same.map_or_else(|| Arc::new(Bucket::new(limit)), Arc::clone)
        };
        let of_verb = |verb: &http::Method| before?.verbs.iter().find(|(known, _)| known == verb)?.1.as_ref();
        Self {
            path: path.into(),
            verb: verb.into(),
            all: all.map(|limit| kept(before.and_then(|before| before.all.as_ref()), limit)),
            verbs: verbs
                .into_iter()
                .map(|(verb, limit)| {
                    let bucket = limit.map(|limit| kept(of_verb(&verb), limit));
                    (verb, bucket)
                })
                .collect(),
        }
    }

    fn is_off(&self) -> bool {
        self.all.is_none() && self.verbs.iter().all(|(_, bucket)| bucket.is_none())
    }
}

/// The limit of a method, and of verbs with one of their own.
type Limits = (Option<Limit>, Vec<(http::Method, Option<Limit>)>);

fn limits(settings: &Settings, path: &str, verb: &str) -> Limits {
    if verb != "ANY" {
        return (limit_of(settings, path, verb), Vec::new());
    }
    let all = limit_of(&named(settings, &["ANY", "*"]), path, verb);
    let own = |verb: http::Method| {
        let settings = named(settings, &[verb.as_str()]);
        let is_set = !of_settings(&settings, path, verb.as_str()).is_empty();
        is_set.then(|| (limit_of(&settings, path, verb.as_str()), verb))
    };
    let verbs = ANY_COVERS.into_iter().filter_map(own).map(|(limit, verb)| (verb, limit));
    (all, verbs.collect())
}

/// The settings whose keys end with one of these verbs.
fn named(settings: &Settings, verbs: &[&str]) -> Settings {
    let is_named = |key: &str| key.rsplit_once('/').is_some_and(|(_, verb)| verbs.contains(&verb));
    settings.iter().filter(|(key, _)| is_named(key)).map(|(key, setting)| (key.clone(), setting.clone())).collect()
}

/// Where several settings could be meant, what all of them let through.
fn limit_of(settings: &Settings, path: &str, verb: &str) -> Option<Limit> {
    let limits = of_settings(settings, path, verb).into_iter().filter_map(limit);
    limits.reduce(|one, other| Limit::new(one.rate.min(other.rate), one.burst.min(other.burst)))
}

/// `None` for a setting that limits nothing. Setting any member of a method setting creates the others, with the values of the
/// account's own limit: these say nothing of the stage.
fn limit(setting: &MethodSetting) -> Option<Limit> {
    let (rate, burst) = (setting.throttling_rate_limit, setting.throttling_burst_limit);
    let account = MethodSetting::default();
    #[allow(clippy::float_cmp, reason = "the very value that the control plane stored")]
    let is_account = rate == account.throttling_rate_limit && burst == account.throttling_burst_limit;
    if rate == 0.0 && burst == UNLIMITED {
        return Some(Limit::new(0.0, 0));
    }
    // A bucket that is never empty, or full again at once.
    if is_account || burst == UNLIMITED || (rate < 0.0 && burst != 0) {
        return None;
    }
    Some(Limit::new(rate.max(0.0), u32::try_from(burst).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(rate: f64, burst: i32) -> MethodSetting {
        MethodSetting { throttling_rate_limit: rate, throttling_burst_limit: burst, ..MethodSetting::default() }
    }

    fn shown(settings: &Settings, path: &str, verb: &str) -> Option<(f64, u32)> {
        limit_of(settings, path, verb).map(|limit| (limit.rate, limit.burst))
    }

    #[test]
    fn what_a_setting_limits() {
        let cases = [
            ((5.0, 2), Some((5.0, 2))),
            ((0.0, 0), Some((0.0, 0))),
            ((0.0, 3), Some((0.0, 3))),
            ((0.0, -1), Some((0.0, 0))),
            ((-1.0, 0), Some((0.0, 0))),
            ((-1.0, -1), None),
            ((-1.0, 5), None),
            ((5.0, -1), None),
            ((10_000.0, 5_000), None),
            ((10_000.0, 100), Some((10_000.0, 100))),
            ((5.0, 5_000), Some((5.0, 5_000))),
        ];
        for ((rate, burst), expected) in cases {
            assert_eq!(limit(&setting(rate, burst)).map(|limit| (limit.rate, limit.burst)), expected, "{rate} {burst}");
        }
    }

    #[test]
    fn a_methods_own_setting_stands_in_for_that_of_all() {
        let settings = Settings::from([
            ("*/*".to_owned(), setting(5.0, 6)),
            ("~1a/GET".to_owned(), setting(7.0, 8)),
            ("~1b/GET".to_owned(), setting(-1.0, -1)),
        ]);
        assert_eq!(shown(&settings, "/a", "GET"), Some((7.0, 8)));
        assert_eq!(shown(&settings, "/a", "PUT"), Some((5.0, 6)));
        assert_eq!(shown(&settings, "/b", "GET"), None);
        let (all, verbs) = limits(&settings, "/a", "ANY");
        assert_eq!(all.map(|limit| limit.rate), Some(5.0));
        assert_eq!(
            verbs.iter().map(|(verb, limit)| (verb.as_str(), limit.map(|limit| limit.rate))).collect::<Vec<_>>(),
            [("GET", Some(7.0))]
        );
    }

    #[test]
    fn of_several_that_could_be_meant_the_least_counts() {
        let settings = Settings::from([("*/GET".to_owned(), setting(1.0, 9)), ("~1a/*".to_owned(), setting(2.0, 3))]);
        assert_eq!(shown(&settings, "/a", "GET"), Some((1.0, 3)));
        assert_eq!(shown(&settings, "/a", "PUT"), Some((2.0, 3)));
    }
}
