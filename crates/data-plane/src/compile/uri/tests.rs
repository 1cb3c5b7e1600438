//! URI templates: what they accept, and what a value can never do to its place.

#![allow(clippy::unwrap_used)]

use super::*;

fn variables() -> BTreeMap<String, String> {
    [("host", "api.example.com"), ("path", "v1/x"), ("evil", "a b#c")].map(|(k, v)| (k.to_owned(), v.to_owned())).into()
}

fn path_value(text: &str) -> Option<PathValue<'_>> {
    Some(PathValue { text: text.into(), spelling: Spelling::Encoded, place: Place::Path })
}

/// Renders `template` with `{p}` filled, as `host path`.
fn rendered(template: &str, value: &str, client: Option<&str>, mapped: &str) -> Result<String, AddressError> {
    let names: Vec<Box<str>> = vec!["p".into()];
    let endpoint = UriTemplate::parse(template, &names)?.resolve(&variables(), TlsVerify::Full)?;
    let values = |_: usize| path_value(value);
    let address = endpoint.address(&values)?;
    Ok(format!("{} {}", address.host.to_str().unwrap(), endpoint.rest().uri(&values, client, mapped)?))
}

#[test]
fn rendering() {
    let table = [
        ("http://b:8000", "", None, "", "b:8000 /"),
        ("HTTP://B/", "", None, "", "b /"),
        ("http://b/x/y", "", Some("q=1"), "", "b /x/y?q=1"),
        ("http://b?a=1", "", Some("b=2"), "c=3", "b /?a=1&b=2&c=3"),
        ("http://b/x?", "", None, "c=3", "b /x?c=3"),
        ("http://b/{p}", "a/b%2Fc", None, "", "b /a/b%2Fc"),
        ("http://b/{p}", "a?x=1#y", None, "", "b /a%3Fx=1%23y"),
        ("http://b/{p}/end?q={p}", "a&b", Some("z=1"), "", "b /a&b/end?q=a%26b&z=1"),
        ("http://{p}.example.com/x", "one", None, "", "one.example.com /x"),
        ("http://${stageVariables.host}/${stageVariables.path}", "", None, "", "api.example.com /v1/x"),
        ("http://b/${stageVariables.none}/x", "", None, "", "b //x"),
        ("http://b/a b?x=y z&w", "", None, "", "b /a%20b?x=y%20z&w"),
        ("http://b/x#frag", "", None, "", "b /x"),
        ("https://[::1]:99/x", "", None, "", "[::1]:99 /x"),
        ("http://b/x?a=1?2", "", None, "", "b /x?a=1?2"),
    ];
    for (template, value, client, mapped, expected) in table {
        assert_eq!(rendered(template, value, client, mapped).as_deref(), Ok(expected), "{template}");
    }
}

#[test]
fn no_address() {
    let table = [
        ("b/x", ""),
        ("ftp://b/x", ""),
        ("http://", ""),
        ("http:///x", ""),
        ("http://b/{unmapped}", ""),
        ("http://b/{p", ""),
        ("http://b/${other.x}", ""),
        ("http://${stageVariables.none}/x", ""),
        ("http://${stageVariables.evil}/x", ""),
        ("http://user:secret@b/x", ""),
        ("http://b:0/", ""),
        ("http://b:/", ""),
        ("http://b:99999/", ""),
        ("http://{p}/x", "evil.com/y"),
        ("http://{p}.example.com/x", "evil.com#"),
        ("http://{p}.example.com/x", "user@evil"),
        ("http://{p}.example.com/x", "a%2f"),
    ];
    for (template, value) in table {
        assert!(rendered(template, value, None, "").is_err(), "{template} {value}");
    }
}

#[test]
fn a_value_that_is_missing_gives_no_address() {
    let names: Vec<Box<str>> = vec!["p".into()];
    let endpoint = UriTemplate::parse("http://b/{p}", &names).unwrap().resolve(&variables(), TlsVerify::Full).unwrap();
    assert!(endpoint.rest().uri(&|_| None, None, "").is_err());
}

#[test]
fn what_is_fixed_is_rendered_once() {
    let endpoint = UriTemplate::parse("http://b/x?y=1", &[]).unwrap().resolve(&variables(), TlsVerify::Full).unwrap();
    assert_eq!(endpoint.rest.fixed.as_ref().unwrap(), "/x?y=1");
}
