//! Methods as tables: what is echoed, what is refused and with which text, and every PATCH path.

#![allow(clippy::unwrap_used)]

use postern_api_model::apigateway::Op::{self, Add, Copy, Remove, Replace};
use postern_api_model::apigateway::{AuthorizerType, IntegrationType, PutIntegrationInput};
use postern_api_model::rest_api::{Authorizer, Definition};

use super::*;
use crate::operations::apigateway::method::fixture::{self, ROOT, VALIDATOR, definition, map, patches, refusal};

fn input(verb: &str) -> PutMethodInput {
    PutMethodInput {
        http_method: verb.to_owned(),
        resource_id: ROOT.to_owned(),
        authorization_type: "NONE".to_owned(),
        ..Default::default()
    }
}

fn update(definition: &mut Definition, operations: &[(Op, &str, Option<&str>)]) -> ApiResult<Shown> {
    update_in(definition, ROOT, "GET", &patches(operations))
}

#[test]
fn only_what_was_sent_is_shown() {
    let shown = put_in(&mut definition(), &PutMethodInput { authorization_type: "none".to_owned(), ..input("ANY") }).unwrap();
    let expected = Shown {
        http_method: Some("ANY".to_owned()),
        authorization_type: Some("NONE".to_owned()),
        api_key_required: Some(false),
        ..Default::default()
    };
    assert_eq!(shown, expected);
}

#[test]
fn everything_is_shown() {
    let mut definition = definition();
    let parameters: OrderedMap<bool> =
        [("method.request.path.id".to_owned(), true), ("method.request.header.b".to_owned(), false)].into_iter().collect();
    let sent = PutMethodInput {
        authorization_type: "AWS_IAM".to_owned(),
        api_key_required: Some(true),
        operation_name: Some("PutPet".to_owned()),
        request_parameters: Some(parameters.clone()),
        request_models: Some(map([("application/json", "Empty")])),
        request_validator_id: Some(VALIDATOR.to_owned()),
        ..input("PUT")
    };
    let shown = put_in(&mut definition, &sent).unwrap();
    assert_eq!(shown.authorization_type.as_deref(), Some("AWS_IAM"));
    assert_eq!(shown.api_key_required, Some(true));
    assert_eq!(shown.operation_name.as_deref(), Some("PutPet"));
    assert_eq!(shown.request_parameters, Some(parameters));
    assert_eq!(shown.request_models, Some(map([("application/json", "Empty")])));
    assert_eq!(shown.request_validator_id.as_deref(), Some(VALIDATOR));
    assert_eq!(find(&definition, ROOT, "PUT").map(show_one).unwrap(), shown);
}

#[test]
fn refused_puts() {
    let verbs = "Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY";
    let authorizer = "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a \
                      valid authorizer.";
    let types = "Invalid Method authorization type specified. Valid options are NONE,AWS_IAM,CUSTOM,COGNITO_USER_POOLS";
    let scopes = "Invalid Method authorization type specified. Authorization Scopes are only valid for COGNITO_USER_POOLS \
                  authorization type";
    let mapping = "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression \
                   specified: method.request.foo.bar]";
    let with = |change: fn(&mut PutMethodInput)| {
        let mut input = input("PUT");
        change(&mut input);
        input
    };
    for (input, status, text) in [
        (with(|i| i.resource_id = "gone00".to_owned()), 404, "Invalid Resource identifier specified"),
        (input("GET"), 409, "Method already exists for this resource"),
        (input("get"), 400, verbs),
        (input("TRACE"), 400, verbs),
        (with(|i| i.authorization_type = "SECRET".to_owned()), 400, types),
        (with(|i| i.authorization_type = "custom".to_owned()), 400, authorizer),
        (with(|i| i.authorization_type = "JWT".to_owned()), 400, authorizer),
        (
            with(|i| {
                i.authorization_type = "COGNITO_USER_POOLS".to_owned();
                i.authorizer_id = Some("abc123".to_owned());
            }),
            400,
            authorizer,
        ),
        (with(|i| i.authorization_scopes = Some(vec!["read".to_owned()])), 400, scopes),
        (with(|i| i.request_validator_id = Some("gone00".to_owned())), 400, "Invalid Request Validator identifier specified"),
        (with(|i| i.request_models = Some(map([("application/json", "Pet")]))), 400, "Invalid model identifier specified: Pet"),
        (
            with(|i| i.request_parameters = Some([("method.request.foo.bar".to_owned(), true)].into_iter().collect())),
            400,
            mapping,
        ),
    ] {
        let mut definition = definition();
        let before = definition.clone();
        assert_eq!(refusal(put_in(&mut definition, &input)), (status, text.to_owned()));
        assert_eq!(definition, before);
    }
}

#[test]
fn patches_change_their_member() {
    let mut definition = definition();
    let shown = update(
        &mut definition,
        &[
            (Replace, "/authorizationType", Some("aws_iam")),
            (Replace, "/apiKeyRequired", Some("True")),
            (Replace, "/operationName", Some("ListPets")),
            (Replace, "/requestValidatorId", Some(VALIDATOR)),
            (Replace, "/authorizerId", Some("abc123")),
            (Add, "/requestParameters/method.request.header.X", Some("true")),
            (Add, "/requestParameters/method.request.path.id", Some("false")),
            (Replace, "/requestParameters/method.request.path.id", Some("true")),
            (Add, "/requestModels/application~1json", Some("Empty")),
            (Replace, "/requestModels/application~1json", Some("Error")),
        ],
    );
    let shown = shown.unwrap();
    assert_eq!(shown.authorization_type.as_deref(), Some("AWS_IAM"));
    assert_eq!(shown.authorizer_id, None);
    assert_eq!(shown.api_key_required, Some(true));
    assert_eq!(shown.operation_name.as_deref(), Some("ListPets"));
    assert_eq!(shown.request_validator_id.as_deref(), Some(VALIDATOR));
    let parameters: Vec<(String, bool)> = shown.request_parameters.unwrap().into_iter().collect();
    assert_eq!(parameters, [("method.request.header.X".to_owned(), true), ("method.request.path.id".to_owned(), true)]);
    assert_eq!(shown.request_models, Some(map([("application/json", "Error")])));

    let shown = update(
        &mut definition,
        &[
            (Replace, "/authorizationType", Some("NONE")),
            (Replace, "/apiKeyRequired", Some("whatever")),
            (Replace, "/operationName", None),
            (Replace, "/requestValidatorId", Some("")),
            (Remove, "/requestParameters/method.request.header.X", None),
            (Remove, "/requestParameters/method.request.path.id", Some("true")),
            (Remove, "/requestModels/application~1json", None),
        ],
    );
    let bare = show_one(&fixture::method("GET"));
    assert_eq!(shown.unwrap(), bare);
    assert_eq!(update(&mut definition, &[]).unwrap(), bare);
}

#[test]
fn a_parameter_that_goes_takes_its_cache_key_along() {
    let mut definition = definition();
    let key = "method.request.path.id";
    update(&mut definition, &[(Add, "/requestParameters/method.request.path.id", Some("true"))]).unwrap();
    let input = PutIntegrationInput {
        cache_key_parameters: Some(vec![key.to_owned()]),
        ..fixture::put_integration(IntegrationType::Mock)
    };
    integration::put_in(&mut definition, &input).unwrap();
    let shown = update(&mut definition, &[(Remove, "/requestParameters/method.request.path.id", None)]).unwrap();
    assert_eq!(shown.method_integration.unwrap().cache_key_parameters, Some(Vec::new()));
}

#[test]
fn names_of_parameters_are_looked_at_in_the_end() {
    let mut definition = definition();
    let (header, path) = ("/requestParameters/method.request.header.id", "/requestParameters/method.request.path.id");
    update(&mut definition, &[(Add, header, Some("true"))]).unwrap();
    let (status, text) = refusal(update(&mut definition, &[(Add, path, Some("true"))]));
    assert_eq!((status, text.as_str()), (400, "Parameter names must be unique across querystring, header and path"));
    update(&mut definition, &[(Add, path, Some("true")), (Remove, header, None)]).unwrap();
}

#[test]
fn refused_patches_change_nothing() {
    let only_replace = "Invalid patch operation specified. Must be one of: [replace]";
    let authorizer = "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a \
                      valid authorizer.";
    for (operations, status, text) in [
        (vec![(Add, "/operationName", Some("a"))], 400, only_replace),
        (vec![(Remove, "/operationName", None)], 400, only_replace),
        (vec![(Add, "/authorizationType", Some("NONE"))], 400, only_replace),
        (vec![(Copy, "/apiKeyRequired", None)], 400, only_replace),
        (vec![(Replace, "/httpMethod", Some("PUT"))], 400, "Invalid patch path /httpMethod"),
        (vec![(Add, "/requestParameters", Some("method.request.path.a"))], 400, "Invalid patch path /requestParameters"),
        (
            vec![(Add, "/requestModels/application/json", Some("Empty"))],
            400,
            "Invalid patch path /requestModels/application/json",
        ),
        (vec![(Replace, "/authorizationType", Some("CUSTOM"))], 400, authorizer),
        (vec![(Replace, "/authorizationType", Some("CUSTOM")), (Replace, "/authorizerId", Some("abc123"))], 400, authorizer),
        (vec![(Replace, "/authorizerId", Some("abc123")), (Replace, "/authorizationType", Some("CUSTOM"))], 400, authorizer),
        (vec![(Replace, "/requestValidatorId", Some("gone00"))], 400, "Invalid Request Validator identifier specified"),
        (vec![(Add, "/requestModels/text~1plain", Some("Pet"))], 400, "Invalid model identifier specified: Pet"),
        (vec![(Replace, "/requestModels/text~1plain", Some("Empty"))], 404, "Invalid parameter name specified"),
        (vec![(Remove, "/requestParameters/method.request.path.a", None)], 404, "Invalid parameter name specified"),
        (
            vec![(Copy, "/requestModels/text~1plain", None)],
            400,
            "Invalid patch operation specified. Must be one of: [add, remove, replace]",
        ),
        (
            vec![(Replace, "/authorizationScopes", Some("a"))],
            400,
            "Invalid patch operation specified. Must be one of: [add, remove]",
        ),
        (
            vec![(Add, "/authorizationScopes", Some("a"))],
            400,
            "Invalid Method authorization type specified. Authorization Scopes are only valid for COGNITO_USER_POOLS \
             authorization type",
        ),
        (vec![(Replace, "/apiKeyRequired", Some("true")), (Replace, "/nothing", None)], 400, "Invalid patch path /nothing"),
    ] {
        let mut definition = definition();
        let before = definition.clone();
        assert_eq!(refusal(update(&mut definition, &operations)), (status, text.to_owned()), "{operations:?}");
        assert_eq!(definition, before);
    }
}

#[test]
fn what_is_missing_is_named_from_the_outside_in() {
    let resource = (404, "Invalid Resource identifier specified".to_owned());
    let method = (404, "Invalid Method identifier specified".to_owned());
    let mut definition = definition();
    assert_eq!(refusal(update_in(&mut definition, "gone00", "GET", &[])), resource);
    assert_eq!(refusal(update_in(&mut definition, ROOT, "NONSENSE", &[])), method);
    assert_eq!(refusal(delete_in(&mut definition, "gone00", "GET")), resource);
    assert_eq!(refusal(delete_in(&mut definition, ROOT, "PUT")), method);
    assert_eq!(delete_in(&mut definition, ROOT, "GET"), Ok(()));
    assert_eq!(refusal(delete_in(&mut definition, ROOT, "GET")), method);
}

#[test]
fn a_method_names_an_authorizer_that_suits_its_type() {
    let mut definition = definition();
    let authorizer = |id: &str, kind: AuthorizerType| Authorizer {
        id: id.to_owned(),
        name: id.to_owned(),
        kind,
        auth_type: None,
        authorizer_uri: None,
        authorizer_credentials: None,
        authorizer_result_ttl_in_seconds: None,
        identity_source: None,
        identity_validation_expression: None,
        provider_arns: Vec::new(),
        jwt_configuration: None,
    };
    for (id, kind) in [
        ("token1", AuthorizerType::Token),
        ("reques", AuthorizerType::Request),
        ("pools1", AuthorizerType::CognitoUserPools),
        ("jwt001", AuthorizerType::Jwt),
    ] {
        definition.authorizers.insert(id.to_owned(), authorizer(id, kind));
    }
    let with = |authorization_type: &str, id: &str| {
        let (method_type, path) = ("/authorizationType", "/authorizerId");
        patches(&[(Replace, path, Some(id)), (Replace, method_type, Some(authorization_type))])
    };
    for (authorization_type, id) in
        [("CUSTOM", "token1"), ("custom", "reques"), ("COGNITO_USER_POOLS", "pools1"), ("JWT", "jwt001")]
    {
        let shown = update_in(&mut definition, ROOT, "GET", &with(authorization_type, id)).unwrap();
        assert_eq!(shown.authorizer_id.as_deref(), Some(id));
    }
    for (authorization_type, id) in
        [("CUSTOM", "pools1"), ("CUSTOM", "jwt001"), ("COGNITO_USER_POOLS", "token1"), ("JWT", "pools1")]
    {
        let (status, text) = refusal(update_in(&mut definition, ROOT, "GET", &with(authorization_type, id)));
        assert!(status == 400 && text.starts_with("Invalid authorizer ID specified."), "{authorization_type} {id}: {text}");
    }
    // Scopes are for types with tokens; an open type takes the authorizer off.
    let shown = update(&mut definition, &[(Add, "/authorizationScopes", Some("a/b"))]).unwrap();
    assert_eq!(shown.authorization_scopes, Some(vec!["a/b".to_owned()]));
    let open = [(Remove, "/authorizationScopes", Some("a/b")), (Replace, "/authorizationType", Some("NONE"))];
    assert_eq!(update(&mut definition, &open).unwrap().authorizer_id, None);
    let sent =
        PutMethodInput { authorization_type: "CUSTOM".to_owned(), authorizer_id: Some("token1".to_owned()), ..input("PUT") };
    assert_eq!(put_in(&mut definition, &sent).unwrap().authorizer_id.as_deref(), Some("token1"));
}
