//! Members come from where the model says they travel.

use http::HeaderMap;

use super::read;
use crate::apigateway::{
    CreateResourceInput, CreateRestApiInput, GatewayResponseType, GetExportInput, GetGatewayResponseInput, GetResourceInput,
    GetTagsInput, ImportRestApiInput, IntegrationType, PutIntegrationInput, PutMethodInput, PutMode, PutRestApiInput,
    UntagResourceInput, UpdateStageInput,
};
use crate::apigatewayv2;

fn none() -> HeaderMap {
    HeaderMap::new()
}

#[test]
fn a_name_may_travel_in_two_places() {
    let input: PutIntegrationInput = read(
        "PUT",
        "/restapis/abc/resources/def/methods/GET/integration",
        &none(),
        r#"{"type": "HTTP", "httpMethod": "POST", "uri": "http://x", "timeoutInMillis": 50.0}"#,
    )
    .unwrap();
    assert_eq!((input.http_method.as_str(), input.integration_http_method.as_deref()), ("GET", Some("POST")));
    assert_eq!((input.r#type, input.timeout_in_millis), (IntegrationType::Http, Some(50)));
}

#[test]
fn labels_are_decoded_after_the_path_is_split() {
    let target = "/tags/arn%3Aaws%3Aapigateway%3Aeu-central-1%3A%3A%2Frestapis%2Fabc?limit=5";
    let input: GetTagsInput = read("GET", target, &none(), "").unwrap();
    assert_eq!(input.resource_arn, "arn:aws:apigateway:eu-central-1::/restapis/abc");
    assert_eq!(input.limit, Some(5));
    let input: GetGatewayResponseInput = read("GET", "/restapis/abc/gatewayresponses/DEFAULT_4XX", &none(), "").unwrap();
    assert_eq!(input.response_type, GatewayResponseType::Default4xx);
}

#[test]
fn a_plus_in_a_path_stays_and_in_a_query_is_a_space() {
    let target = "/v2/apis/abc/stages/s/routesettings/GET%20%2Fa+b";
    let input: apigatewayv2::DeleteRouteSettingsInput = read("DELETE", target, &none(), "").unwrap();
    assert_eq!(input.route_key, "GET /a+b");
    let input: UntagResourceInput = read("DELETE", "/tags/a?tagKeys=one+two&tagKeys=t%2Bu", &none(), "").unwrap();
    assert_eq!(input.tag_keys, ["one two", "t+u"]);
}

#[test]
fn repeated_parameters_are_a_list() {
    let input: GetResourceInput = read("GET", "/restapis/a/resources/b?embed=methods&embed=x", &none(), "").unwrap();
    assert_eq!(input.embed, Some(vec!["methods".to_owned(), "x".to_owned()]));
}

#[test]
fn a_map_takes_the_parameters_that_nothing_else_claims() {
    let target =
        "/restapis?mode=import&failonwarnings=true&endpointConfigurationTypes=REGIONAL&basepath=prepend&X-Amz-Signature=f";
    let input: ImportRestApiInput = read("POST", target, &none(), "openapi: 3.0.1").unwrap();
    let parameters: Vec<(String, String)> = input.parameters.unwrap().into_iter().collect();
    let expected = [("endpointConfigurationTypes", "REGIONAL"), ("basepath", "prepend")];
    assert_eq!(parameters, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!((input.fail_on_warnings, &input.body[..]), (Some(true), b"openapi: 3.0.1".as_slice()));

    let input: PutRestApiInput = read("PUT", "/restapis/abc?mode=overwrite", &none(), "{").unwrap();
    assert_eq!((input.mode, input.parameters), (Some(PutMode::Overwrite), None));
}

#[test]
fn headers_are_members_too() {
    let mut headers = none();
    headers.insert("accept", "application/yaml".parse().unwrap());
    let input: GetExportInput = read("GET", "/restapis/a/stages/s/exports/oas30?extensions=apigateway", &headers, "").unwrap();
    assert_eq!(input.accepts.as_deref(), Some("application/yaml"));
    assert_eq!(input.parameters.unwrap()["extensions"], "apigateway");
}

#[test]
fn unknown_members_and_nulls_are_ignored_and_empty_ones_are_kept() {
    let body = r#"{"name": "", "description": null, "unknown": {"deep": []}, "tags": {}, "binaryMediaTypes": []}"#;
    let input: CreateRestApiInput = read("POST", "/restapis", &none(), body).unwrap();
    let expected =
        CreateRestApiInput { tags: Some([].into()), binary_media_types: Some(Vec::new()), ..CreateRestApiInput::default() };
    assert_eq!(input, expected);
}

#[test]
fn maps_keep_the_order_of_the_request() {
    let body = r#"{"authorizationType": "NONE", "requestParameters": {"z": true, "a": false, "m": null}}"#;
    let input: PutMethodInput = read("PUT", "/restapis/a/resources/b/methods/GET", &none(), body).unwrap();
    assert_eq!(
        input.request_parameters.unwrap().into_iter().collect::<Vec<_>>(),
        [("z".to_owned(), true), ("a".to_owned(), false)]
    );
}

#[test]
fn no_body_is_an_empty_one() {
    for body in ["", " \r\n", "{}"] {
        let input: UpdateStageInput = read("PATCH", "/restapis/a/stages/s", &none(), body).unwrap();
        assert_eq!(input.patch_operations, None);
    }
}

#[test]
fn operations_without_body_members_do_not_look_at_it() {
    assert!(read::<GetResourceInput>("GET", "/restapis/a/resources/b", &none(), "garbage").is_ok());
}

#[test]
fn labels_go_to_their_members() {
    let input: CreateResourceInput = read("POST", "/restapis/api/resources/root", &none(), r#"{"pathPart": "pets"}"#).unwrap();
    let expected =
        CreateResourceInput { rest_api_id: "api".to_owned(), parent_id: "root".to_owned(), path_part: "pets".to_owned() };
    assert_eq!(input, expected);
}
