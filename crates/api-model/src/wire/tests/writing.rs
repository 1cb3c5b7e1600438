//! Outputs as clients read them.

use bytes::Bytes;
use serde_json::{Value, json};

use super::super::{Timestamp, WriteOutput, error_response};
use crate::apigateway::{ApiKeyIds, ExportResponse, Op, Operation, RestApi, RestApis, Stage, ThrottleSettings, Usage, UsagePlan};
use crate::error::ApiError;
use crate::{apigatewaymanagementapi, apigatewayv2};

fn body(output: impl WriteOutput) -> Value {
    serde_json::from_slice(&output.write(200).body).unwrap()
}

#[test]
fn absent_members_are_left_out_and_empty_ones_are_kept() {
    let api = RestApi { id: Some("abc".to_owned()), tags: Some([].into()), ..RestApi::default() };
    assert_eq!(body(api), json!({"id": "abc", "tags": {}}));
}

#[test]
fn collections_have_their_wire_names() {
    assert_eq!(body(RestApis { items: Some(vec![RestApi::default()]), position: None }), json!({"item": [{}]}));
    let usage = Usage { items: Some([("key".to_owned(), vec![vec![1, 2]])].into()), ..Usage::default() };
    assert_eq!(body(usage), json!({"values": {"key": [[1, 2]]}}));
    let ids = ApiKeyIds { ids: Some(vec!["a".to_owned()]), warnings: Some(Vec::new()) };
    assert_eq!(body(ids), json!({"ids": ["a"], "warnings": []}));
}

#[test]
fn instants_are_numbers_in_v1_and_text_elsewhere() {
    let created_date = Some(Timestamp(1_586_372_745));
    assert_eq!(body(Stage { created_date, ..Stage::default() }), json!({"createdDate": 1_586_372_745}));
    let api = apigatewayv2::CreateVpcLinkResponse { created_date, ..Default::default() };
    assert_eq!(body(api)["createdDate"], "2020-04-08T19:05:45Z");
    let connection = apigatewaymanagementapi::GetConnectionResponse { connected_at: created_date, ..Default::default() };
    assert_eq!(body(connection), json!({"connectedAt": "2020-04-08T19:05:45Z"}));
}

#[test]
fn rates_are_floats() {
    let throttle = ThrottleSettings { burst_limit: Some(5), rate_limit: Some(10.0) };
    let answer = UsagePlan { throttle: Some(throttle), ..UsagePlan::default() }.write(200);
    assert_eq!(&answer.body[..], br#"{"throttle":{"burstLimit":5,"rateLimit":10.0}}"#);
}

#[test]
fn an_export_is_its_own_body() {
    let answer = ExportResponse {
        body: Some(Bytes::from_static(b"openapi: 3.0.1")),
        content_disposition: Some("attachment; filename=\"x\"".to_owned()),
        content_type: Some("application/yaml".to_owned()),
    }
    .write(200);
    assert_eq!((&answer.body[..], &*answer.content_type), (b"openapi: 3.0.1".as_slice(), "application/yaml"));
    assert_eq!(answer.headers, [("Content-Disposition", "attachment; filename=\"x\"".to_owned())]);
}

#[test]
fn deletions_have_no_body() {
    assert!(().write(202).body.is_empty());
    assert!(apigatewayv2::DeleteVpcLinkResponse {}.write(202).body.is_empty());
    assert_eq!(body(apigatewayv2::TagResourceResponse {}), json!({}));
}

#[test]
fn statuses_are_those_that_the_service_answers() {
    for (status, expected) in [
        (Operation::CreateRestApi.status(), 201),
        (Operation::DeleteRestApi.status(), 202),
        (Operation::DeleteMethod.status(), 204),
        (Operation::PutRestApi.status(), 200),
        (Operation::UpdateMethodResponse.status(), 201),
        (apigatewayv2::Operation::UpdateApi.status(), 201),
        (apigatewayv2::Operation::UpdateRoute.status(), 201),
        (apigatewayv2::Operation::UpdateDeployment.status(), 201),
        (apigatewayv2::Operation::UpdateIntegration.status(), 200),
        (apigatewayv2::Operation::CreateApiMapping.status(), 200),
    ] {
        assert_eq!(status, expected);
    }
}

#[test]
fn failures_carry_their_code_in_a_header() {
    let answer = error_response(&ApiError::not_found("Invalid Resource identifier specified"));
    assert_eq!((answer.status, &*answer.content_type), (404, "application/json"));
    assert_eq!(answer.headers, [("x-amzn-ErrorType", "NotFoundException".to_owned())]);
    assert_eq!(&answer.body[..], br#"{"message":"Invalid Resource identifier specified"}"#);
}

#[test]
fn every_value_of_an_enum_reads_back() {
    for op in Op::ALL {
        assert_eq!(Op::from_wire(op.as_str()), Some(*op));
    }
}
