//! Which settings cache what.

#![allow(clippy::unwrap_used)]

use super::*;

fn setting(change: impl FnOnce(&mut MethodSetting)) -> MethodSetting {
    let mut setting = MethodSetting { caching_enabled: true, ..MethodSetting::default() };
    change(&mut setting);
    setting
}

fn settings(list: &[(&str, MethodSetting)]) -> Settings {
    list.iter().map(|(key, setting)| ((*key).to_owned(), setting.clone())).collect()
}

/// The verbs of a method that are cached.
fn cached(settings: &Settings, path: &str, verb: &str) -> Vec<String> {
    of_method(settings, path, verb).iter().map(|(verb, _)| verb.to_string()).collect()
}

#[test]
fn a_setting_for_all_methods_caches_get_alone() {
    let all = settings(&[("*/*", setting(|_| {}))]);
    assert_eq!(cached(&all, "/a", "GET"), ["GET"]);
    assert_eq!(cached(&all, "/a", "ANY"), ["GET"]);
    assert!(cached(&all, "/a", "POST").is_empty() && cached(&all, "/a", "HEAD").is_empty());
}

#[test]
fn other_verbs_are_cached_by_name() {
    let own = settings(&[("~1a/POST", setting(|_| {})), ("*/*", setting(|_| {})), ("*/PUT", setting(|_| {}))]);
    assert_eq!(cached(&own, "/a", "POST"), ["POST"]);
    assert_eq!(cached(&own, "/b", "POST"), Vec::<String>::new());
    assert_eq!(cached(&own, "/b", "PUT"), ["PUT"]);
    let mut any = cached(&own, "/a", "ANY");
    any.sort();
    assert_eq!(any, ["GET", "POST", "PUT"]);
    let of_any = settings(&[("~1a/ANY", setting(|_| {}))]);
    assert_eq!(cached(&of_any, "/a", "ANY"), ["GET"], "it names no verb");
}

#[test]
fn a_methods_own_setting_stands_in_for_that_of_all() {
    let off = settings(&[("*/*", setting(|_| {})), ("~1a/GET", setting(|own| own.caching_enabled = false))]);
    assert!(cached(&off, "/a", "GET").is_empty());
    assert_eq!(cached(&off, "/b", "GET"), ["GET"]);
    let zero = settings(&[("*/*", setting(|_| {})), ("~1a/GET", setting(|own| own.cache_ttl_in_seconds = 0))]);
    assert!(cached(&zero, "/a", "GET").is_empty());
    let own = settings(&[("*/*", setting(|_| {})), ("~1a/GET", setting(|own| own.cache_ttl_in_seconds = 7))]);
    assert_eq!(of_method(&own, "/a", "GET")[0].1.ttl, Duration::from_secs(7));
    assert_eq!(of_method(&own, "/b", "GET")[0].1.ttl, Duration::from_secs(300), "AWS's default");
}

#[test]
fn of_several_that_could_be_meant_the_strictest_counts() {
    let both = settings(&[
        ("*/GET", setting(|own| own.cache_data_encrypted = true)),
        (
            "~1a/*",
            setting(|own| {
                own.cache_ttl_in_seconds = 5;
                own.unauthorized_cache_control_header_strategy = Strategy::FailWith403;
            }),
        ),
    ]);
    let caching = of_verb(&both, "/b", "GET", &Verb::GET).unwrap();
    assert_eq!((caching.protection, caching.renewal), (Protection::Sealed, Renewal::OrWarn));
    let found: Vec<&MethodSetting> = both.values().collect();
    let caching = strictest(&found).unwrap();
    assert_eq!((caching.ttl, caching.protection), (Duration::from_secs(5), Protection::Sealed));
    assert_eq!(caching.renewal, Renewal::OrRefuse);
}

#[test]
fn who_may_renew() {
    let renewal = |requires: bool, strategy: Strategy| {
        let setting = setting(|own| {
            own.require_authorization_for_cache_control = requires;
            own.unauthorized_cache_control_header_strategy = strategy;
        });
        strictest(&[&setting]).unwrap().renewal
    };
    assert_eq!(renewal(false, Strategy::FailWith403), Renewal::Anyone);
    assert_eq!(renewal(true, Strategy::FailWith403), Renewal::OrRefuse);
    assert_eq!(renewal(true, Strategy::SucceedWithResponseHeader), Renewal::OrWarn);
    assert_eq!(renewal(true, Strategy::SucceedWithoutResponseHeader), Renewal::OrIgnore);
}
