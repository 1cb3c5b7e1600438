//! Integration responses as tables: what is echoed, what is refused and with which text, and every PATCH path.

#![allow(clippy::unwrap_used)]

use postern_api_model::apigateway::Op::{self, Add, Remove, Replace};
use postern_api_model::apigateway::{ContentHandlingStrategy, IntegrationType};
use postern_api_model::rest_api::MethodResponse;

use super::*;
use crate::operations::apigateway::method::fixture::{self, ROOT, definition, map, patches, refusal};

const HEADER: &str = "method.response.header.Location";

fn input(status: &str) -> PutIntegrationResponseInput {
    PutIntegrationResponseInput {
        http_method: "GET".to_owned(),
        resource_id: ROOT.to_owned(),
        status_code: status.to_owned(),
        ..Default::default()
    }
}

fn with_pattern(status: &str, pattern: &str) -> PutIntegrationResponseInput {
    PutIntegrationResponseInput { selection_pattern: Some(pattern.to_owned()), ..input(status) }
}

/// A MOCK integration whose method declares one header for status 200.
fn mock() -> Definition {
    let mut definition = definition();
    let mut declared = MethodResponse::default();
    declared.response_parameters.insert(HEADER.to_owned(), false);
    let method = method::find_mut(&mut definition, ROOT, "GET").unwrap();
    method.responses.insert("200".to_owned(), declared);
    integration::put_in(&mut definition, &fixture::put_integration(IntegrationType::Mock)).unwrap();
    definition
}

fn update(definition: &mut Definition, operations: &[(Op, &str, Option<&str>)]) -> ApiResult<Shown> {
    update_in(definition, ROOT, "GET", "200", &patches(operations))
}

fn stored(definition: &Definition) -> Shown {
    let integration = integration::find(method::find(definition, ROOT, "GET").unwrap()).unwrap();
    show_one("200", &integration.responses["200"])
}

#[test]
fn what_was_sent_is_shown_and_empty_is_not_absent() {
    let status = || Some("200".to_owned());
    for (sent, expected) in [
        (input("200"), Shown { status_code: status(), ..Default::default() }),
        (
            PutIntegrationResponseInput { response_templates: Some(map([])), ..with_pattern("200", "2\\d{2}") },
            Shown {
                status_code: status(),
                selection_pattern: Some("2\\d{2}".to_owned()),
                response_templates: Some(map([])),
                ..Default::default()
            },
        ),
        (
            PutIntegrationResponseInput { response_templates: Some(map([("application/json", "")])), ..with_pattern("200", "") },
            Shown {
                status_code: status(),
                selection_pattern: Some(String::new()),
                response_templates: Some(map([("application/json", "")])),
                ..Default::default()
            },
        ),
        (
            PutIntegrationResponseInput {
                content_handling: Some(ContentHandlingStrategy::ConvertToBinary),
                response_parameters: Some(map([(HEADER, "integration.response.header.Location")])),
                ..input("200")
            },
            Shown {
                status_code: status(),
                content_handling: Some(ContentHandlingStrategy::ConvertToBinary),
                response_parameters: Some(map([(HEADER, "integration.response.header.Location")])),
                ..Default::default()
            },
        ),
    ] {
        let mut definition = mock();
        assert_eq!(put_in(&mut definition, &sent).unwrap(), expected);
        assert_eq!(stored(&definition), expected);
        // A second put of the same status replaces it.
        let bare = Shown { status_code: status(), ..Default::default() };
        assert_eq!(put_in(&mut definition, &input("200")).unwrap(), bare);
        assert_eq!(stored(&definition), bare);
    }
}

#[test]
fn one_response_for_each_pattern() {
    let mut definition = mock();
    put_in(&mut definition, &input("200")).unwrap();
    put_in(&mut definition, &with_pattern("404", "404")).unwrap();
    for (sent, name) in [(input("500"), "default"), (with_pattern("500", ""), "default"), (with_pattern("500", "404"), "404")] {
        let text = format!("Integration response with selection pattern {name} already exists");
        assert_eq!(refusal(put_in(&mut definition, &sent)), (409, text));
    }
    let text = "Integration response with selection pattern 404 already exists".to_owned();
    assert_eq!(refusal(update(&mut definition, &[(Replace, "/selectionPattern", Some("404"))])), (409, text));
    assert!(put_in(&mut definition, &with_pattern("500", "5\\d{2}")).is_ok());
}

#[test]
fn refused_puts() {
    let mapping =
        |fault: &str| format!("Invalid mapping expression specified: Validation Result: warnings : [], errors : [{fault}]");
    let with = |parameters| PutIntegrationResponseInput { response_parameters: Some(parameters), ..input("200") };
    let elsewhere = PutIntegrationResponseInput { status_code: "404".to_owned(), ..with(map([(HEADER, "'a'")])) };
    let large: OrderedMap<String> = [("a/b".to_owned(), "x".repeat(300 * 1024 + 1))].into_iter().collect();
    for (sent, text) in [
        (with_pattern("200", "("), "Invalid regex pattern specified".to_owned()),
        (with_pattern("200", "a)(b"), "Invalid regex pattern specified".to_owned()),
        (
            with_pattern("200", "(?<=2.*)\\X"),
            "Invalid regex pattern specified: `\\X` in a regular expression is not supported".to_owned(),
        ),
        (with_pattern("200", "(a{500}){500}{500}"), "Invalid regex pattern specified".to_owned()),
        (
            with(map([("method.response.header.Other", "'a'")])),
            mapping("Invalid mapping expression parameter specified: method.response.header.Other"),
        ),
        (with(map([(HEADER, "*")])), mapping("Invalid mapping expression specified: *")),
        (elsewhere, mapping("No method response exists for method.")),
        (
            PutIntegrationResponseInput { response_templates: Some(large), ..input("200") },
            "Mapping template exceeds the maximum size of 307200 bytes".to_owned(),
        ),
    ] {
        let mut definition = mock();
        let before = definition.clone();
        assert_eq!(refusal(put_in(&mut definition, &sent)), (400, text));
        assert_eq!(definition, before);
    }
    // Without parameters there is nothing that a method response must declare.
    assert!(put_in(&mut mock(), &input("418")).is_ok());
}

#[test]
fn patches_change_their_member() {
    let mut definition = mock();
    put_in(&mut definition, &input("200")).unwrap();
    let parameter = format!("/responseParameters/{HEADER}");
    let shown = update(
        &mut definition,
        &[
            (Replace, "/contentHandling", Some("CONVERT_TO_TEXT")),
            (Replace, "/selectionPattern", Some(".*bad.*")),
            (Add, &parameter, Some("'/a'")),
            (Replace, &parameter, Some("integration.response.body.url")),
            (Add, "/responseTemplates/application~1json", Some("")),
            (Replace, "/responseTemplates/application~1json", Some("{}")),
        ],
    );
    let expected = Shown {
        status_code: Some("200".to_owned()),
        content_handling: Some(ContentHandlingStrategy::ConvertToText),
        selection_pattern: Some(".*bad.*".to_owned()),
        response_parameters: Some(map([(HEADER, "integration.response.body.url")])),
        response_templates: Some(map([("application/json", "{}")])),
    };
    assert_eq!(shown.unwrap(), expected);
    assert_eq!(update(&mut definition, &[]).unwrap(), expected);
    let shown = update(
        &mut definition,
        &[
            (Replace, "/contentHandling", Some("")),
            (Replace, "/selectionPattern", None),
            (Remove, &parameter, None),
            (Remove, "/responseTemplates/application~1json", None),
        ],
    );
    assert_eq!(shown.unwrap(), Shown { status_code: Some("200".to_owned()), ..Default::default() });
}

#[test]
fn refused_patches_change_nothing() {
    let only_replace = "Invalid patch operation specified. Must be one of: [replace]";
    let parameter = format!("/responseParameters/{HEADER}");
    for (operation, status, text) in [
        ((Replace, "/statusCode", Some("201")), 400, "Invalid patch path /statusCode"),
        ((Add, "/responseParameters", Some("a")), 400, "Invalid patch path /responseParameters"),
        ((Add, "/responseTemplates/a/b", Some("a")), 400, "Invalid patch path /responseTemplates/a/b"),
        ((Add, "/selectionPattern", Some("a")), 400, only_replace),
        ((Remove, "/contentHandling", None), 400, only_replace),
        ((Replace, "/selectionPattern", Some("[")), 400, "Invalid regex pattern specified"),
        ((Replace, &parameter, Some("'a'")), 404, "Invalid parameter name specified"),
        ((Remove, "/responseTemplates/a~1b", None), 404, "Invalid parameter name specified"),
        (
            (Add, &parameter, Some("a")),
            400,
            "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression \
             specified: a]",
        ),
    ] {
        let mut definition = mock();
        put_in(&mut definition, &input("200")).unwrap();
        let before = definition.clone();
        let operations = [(Replace, "/contentHandling", Some("CONVERT_TO_TEXT")), operation];
        assert_eq!(refusal(update(&mut definition, &operations)), (status, text.to_owned()), "{operation:?}");
        assert_eq!(definition, before);
    }
}

#[test]
fn what_is_missing_is_named_from_the_outside_in() {
    let resource = "Invalid Resource identifier specified";
    let method = "Invalid Method identifier specified";
    let integration = "Invalid Integration identifier specified";
    let status = "Invalid Response status code specified";
    let mut mock = mock();
    for (mut definition, resource_id, verb, on_put, on_delete) in [
        (definition(), "gone00", "GET", resource, resource),
        // The one operation that calls an unknown method an unknown integration.
        (definition(), ROOT, "WRONG", method, integration),
        (definition(), ROOT, "GET", integration, integration),
    ] {
        let definition = &mut definition;
        let sent =
            PutIntegrationResponseInput { resource_id: resource_id.to_owned(), http_method: verb.to_owned(), ..input("200") };
        assert_eq!(refusal(put_in(definition, &sent)), (404, on_put.to_owned()));
        assert_eq!(refusal(update_in(definition, resource_id, verb, "200", &[])), (404, on_put.to_owned()));
        assert_eq!(refusal(delete(definition, resource_id, verb)), (404, on_delete.to_owned()));
    }
    assert_eq!(refusal(update_in(&mut mock, ROOT, "GET", "200", &[])), (404, status.to_owned()));
    assert_eq!(refusal(delete(&mut mock, ROOT, "GET")), (404, status.to_owned()));
    put_in(&mut mock, &input("200")).unwrap();
    assert_eq!(delete(&mut mock, ROOT, "GET"), Ok(()));
    let shown = integration::show_one(integration::find(method::find(&mock, ROOT, "GET").unwrap()).unwrap());
    assert_eq!(shown.integration_responses, None);
}

fn delete(definition: &mut Definition, resource_id: &str, verb: &str) -> ApiResult<()> {
    let input = DeleteIntegrationResponseInput {
        resource_id: resource_id.to_owned(),
        http_method: verb.to_owned(),
        status_code: "200".to_owned(),
        ..Default::default()
    };
    delete_in(definition, &input)
}
