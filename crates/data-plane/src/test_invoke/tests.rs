//! Requests that tests make up, and what is taken out of the definition before.
#![allow(clippy::unwrap_used)]

use serde_json::json;

use super::*;

fn call(path: Option<&str>, headers: &[(&str, &str)]) -> TestCall {
    let method = json!({
        "http_method": "GET", "authorization_type": "CUSTOM", "authorizer_id": "abc", "authorization_scopes": ["a"],
        "api_key_required": true, "responses": {"200": {"response_parameters": {"method.response.header.X-oDd": false}}},
    });
    let definition = json!({
        "name": "n", "api_key_source": "HEADER", "policy": "{}", "minimum_compression_size": 0, "root_resource_id": "r",
        "endpoint_configuration": {"types": ["PRIVATE"], "ip_address_type": "dualstack"},
        "resources": {
            "r": {"id": "r", "path_part": "", "methods": {"GET": method}},
            "p": {"id": "p", "parent_id": "r", "path_part": "pets", "methods": {}},
            "i": {"id": "i", "parent_id": "p", "path_part": "{petId}", "methods": {"GET": method, "PUT": method}},
        },
    });
    TestCall {
        api_id: "abcde12345".to_owned(),
        scope: postern_api_model::scope::Scope { account: "0".repeat(12), region: "eu-west-1".to_owned() },
        definition: serde_json::from_value(definition).unwrap(),
        resource_id: "i".to_owned(),
        method: "GET".to_owned(),
        verb: "GET".to_owned(),
        path_with_query_string: path.map(str::to_owned),
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        body: String::new(),
        stage_variables: BTreeMap::new(),
        client_certificate_id: None,
        references: Default::default(),
    }
}

#[test]
fn paths() {
    for (given, expected) in [
        (None, "/pets/{petId}"),
        (Some("?a=b"), "/pets/{petId}?a=b"),
        (Some("/pets/123?foo=bar"), "/pets/123?foo=bar"),
        (Some("/random/test"), "/random/test"),
        (Some("pets/1"), "/pets/1"),
        (Some("/pets/a b#é?x=\"1\"&y=%20"), "/pets/a%20b%23%C3%A9?x=%221%22&y=%20"),
        (Some("/pets/1?"), "/pets/1?"),
    ] {
        assert_eq!(request(&call(given, &[])).unwrap().arrival.uri.to_string(), expected, "{given:?}");
    }
    assert!(request(&call(Some(&"/x".repeat(40_000)), &[])).is_err());
}

#[test]
fn fields() {
    let made = request(&call(None, &[("A", "1"), ("a", "2"), ("Content-Type", "text/plain"), ("X-Postern-Log", "x")])).unwrap();
    let headers = &made.message.headers;
    assert_eq!(headers.get_all("a").iter().collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(headers["content-type"], "application/json");
    assert!(!headers.contains_key("x-postern-log"));
    for (name, value) in [("", "1"), ("a b", "1"), ("a", "1\n2")] {
        assert!(matches!(request(&call(None, &[(name, value)])), Err(TestInvokeError::Invalid(_))), "{name} {value}");
    }
}

#[test]
fn what_a_test_passes_by() {
    let TestCall { definition, .. } = call(None, &[]);
    let stripped = stripped(definition, "i", "GET");
    let methods: Vec<_> = stripped.resources.values().flat_map(|resource| resource.methods.values()).collect();
    let [method] = methods[..] else { panic!("{methods:?}") };
    assert_eq!((method.authorization_type.as_str(), method.api_key_required), ("NONE", false));
    assert_eq!(stripped.path("i").as_deref(), Some("/pets/{petId}"));
    assert_eq!((stripped.policy, stripped.minimum_compression_size), (None, None));
}

#[test]
fn names_are_spelled_as_they_were_written() {
    let spellings = spellings(&call(None, &[("pUppies", "1")]));
    assert_eq!(spellings.of(&HeaderName::from_static("puppies")), "pUppies");
    assert_eq!(spellings.of(&HeaderName::from_static("x-odd")), "X-oDd");
    assert_eq!(spellings.of(&HeaderName::from_static("x-other")), "X-Other");
}
