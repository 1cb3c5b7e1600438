//! Definitions in, compiled methods out.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use postern_api_model::apigateway::EndpointType;
use postern_api_model::ports::ApiSource;
use postern_api_model::rest_api::{EndpointConfiguration, Method, Resource, Stage};
use postern_api_model::scope::Scope;

use super::*;

/// Resources with a method that has no integration, by path part under the root.
fn definition(parts: &[(&str, &[&str])]) -> Definition {
    let method = |verb: &&str| {
        let json = serde_json::json!({ "http_method": verb, "authorization_type": "NONE" });
        ((*verb).to_owned(), serde_json::from_value::<Method>(json).unwrap())
    };
    let root = Resource { id: "root".to_owned(), parent_id: None, path_part: String::new(), methods: BTreeMap::new() };
    let mut resources: BTreeMap<String, Resource> = [("root".to_owned(), root)].into();
    for (part, verbs) in parts {
        let resource = Resource {
            id: (*part).to_owned(),
            parent_id: Some("root".to_owned()),
            path_part: (*part).to_owned(),
            methods: verbs.iter().map(method).collect(),
        };
        resources.insert((*part).to_owned(), resource);
    }
    Definition {
        endpoint_configuration: EndpointConfiguration::of_type(EndpointType::Regional),
        resources,
        ..Definition::empty("x", "root")
    }
}

#[test]
fn verbs() {
    let (api, _) =
        CompiledApi::compile(&definition(&[("a", &["GET", "ANY"]), ("b", &["POST"]), ("c", &[]), ("{proxy+}", &["GET"])]));
    let found = |path: &str, verb: &str| {
        let found = api.find(path, &http::Method::from_bytes(verb.as_bytes()).unwrap())?;
        let method = api.method(found.method);
        Some((api.resource(method.resource).path.to_string(), method.verb.to_string()))
    };
    let pair = |path: &str, verb: &str| Some((path.to_owned(), verb.to_owned()));
    assert_eq!(found("/a", "GET"), pair("/a", "GET"));
    assert_eq!(found("/a", "PATCH"), pair("/a", "ANY"));
    assert_eq!(found("/a", "TRACE"), None, "ANY covers seven verbs");
    assert_eq!(found("/a", "get"), None, "verbs are case-sensitive");
    assert_eq!(found("/b", "POST"), pair("/b", "POST"));
    assert_eq!(found("/b", "GET"), None, "the most specific resource lacks the verb: nothing else is tried");
    assert_eq!(found("/b", "HEAD"), None);
    assert_eq!(found("/c", "GET"), pair("/{proxy+}", "GET"), "a resource without methods is no route");
    assert_eq!(found("/d", "GET"), pair("/{proxy+}", "GET"));
}

fn source(stages: &[(&str, &str)], deployments: &[&str]) -> ApiSource {
    let stage = |(name, deployment): &(&str, &str)| {
        let json = serde_json::json!({ "name": name, "deployment_id": deployment, "created": 0, "last_updated": 0 });
        ((*name).to_owned(), serde_json::from_value::<Stage>(json).unwrap())
    };
    ApiSource {
        api_id: "a".to_owned(),
        version: 1,
        scope: Scope { account: "0".to_owned(), region: "r".to_owned() },
        disable_execute_api_endpoint: false,
        stages: stages.iter().map(stage).collect(),
        deployments: deployments.iter().map(|id| ((*id).to_owned(), Arc::new(definition(&[])))).collect(),
        references: Default::default(),
    }
}

#[test]
fn a_deployment_is_compiled_once() {
    let first = publish(source(&[("a", "d1"), ("b", "d1")], &["d1"]), None).unwrap();
    assert!(Arc::ptr_eq(&first.stage("a").unwrap().draw(|| 0.0).api, &first.stage("b").unwrap().draw(|| 0.0).api));
    // What is compiled already need not even be in the source.
    let second = publish(source(&[("a", "d1"), ("b", "d2")], &["d2"]), Some(&first)).unwrap();
    assert!(Arc::ptr_eq(&first.stage("a").unwrap().draw(|| 0.0).api, &second.stage("a").unwrap().draw(|| 0.0).api));
    assert!(!Arc::ptr_eq(&second.stage("a").unwrap().draw(|| 0.0).api, &second.stage("b").unwrap().draw(|| 0.0).api));
    let third = publish(source(&[("a", "d1")], &[]), None);
    assert_eq!(third.unwrap_err().to_string(), "API a cannot be served: stage a points to deployment d1, which is missing");
}
