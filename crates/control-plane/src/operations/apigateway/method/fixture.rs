//! An API with one method, for the tests of the nouns around methods.

use postern_api_model::apigateway::{EndpointType, IntegrationType, Op, PatchOperation, PutIntegrationInput};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{
    AUTHORIZATION_NONE, Definition, EndpointConfiguration, Method, Model, OrderedMap, RequestValidator, Resource,
};

use crate::patch::Patch;

/// The only resource of [`definition`].
pub(in super::super) const ROOT: &str = "root000000";
/// A request validator of it.
pub(in super::super) const VALIDATOR: &str = "valid0";

/// `GET /`, the models `Empty` and `Error`, and a request validator.
pub(in super::super) fn definition() -> Definition {
    let methods = [("GET".to_owned(), method("GET"))].into();
    let root = Resource { id: ROOT.to_owned(), parent_id: None, path_part: String::new(), methods };
    let validator = RequestValidator {
        id: VALIDATOR.to_owned(),
        name: None,
        validate_request_body: true,
        validate_request_parameters: false,
    };
    Definition {
        endpoint_configuration: EndpointConfiguration::of_type(EndpointType::Regional),
        resources: [(ROOT.to_owned(), root)].into(),
        models: ["Empty", "Error"].map(|name| (name.to_owned(), model(name))).into(),
        request_validators: [(VALIDATOR.to_owned(), validator)].into(),
        ..Definition::empty("fixture", ROOT)
    }
}

/// A method without anything.
pub(in super::super) fn method(verb: &str) -> Method {
    Method {
        http_method: verb.to_owned(),
        authorization_type: AUTHORIZATION_NONE.to_owned(),
        authorizer_id: None,
        authorization_scopes: Vec::new(),
        api_key_required: false,
        operation_name: None,
        request_validator_id: None,
        request_parameters: OrderedMap::new(),
        request_models: OrderedMap::new(),
        responses: Default::default(),
        integration: None,
    }
}

fn model(name: &str) -> Model {
    Model {
        id: name.to_lowercase(),
        name: name.to_owned(),
        content_type: "application/json".to_owned(),
        description: None,
        schema: "{}".to_owned(),
    }
}

/// A map of strings.
pub(in super::super) fn map<const N: usize>(entries: [(&str, &str); N]) -> OrderedMap<String> {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// Patches from op, path and value; a value of `None` is left out of the call.
pub(in super::super) fn patches(operations: &[(Op, &str, Option<&str>)]) -> Vec<Patch> {
    let operation = |(op, path, value): &(Op, &str, Option<&str>)| PatchOperation {
        op: Some(*op),
        path: Some((*path).to_owned()),
        value: value.map(str::to_owned),
        from: None,
    };
    Patch::list(Some(operations.iter().map(operation).collect())).expect("there are few")
}

/// Status and text of a refusal.
pub(in super::super) fn refusal<T: std::fmt::Debug>(result: ApiResult<T>) -> (u16, String) {
    let ApiError { status, message, .. } = result.expect_err("the case is refused");
    (status, message)
}

/// PutIntegration on the method of [`definition`] with nothing but its type.
pub(in super::super) fn put_integration(kind: IntegrationType) -> PutIntegrationInput {
    PutIntegrationInput {
        http_method: "GET".to_owned(),
        resource_id: ROOT.to_owned(),
        rest_api_id: String::new(),
        r#type: kind,
        cache_key_parameters: None,
        cache_namespace: None,
        connection_id: None,
        connection_type: None,
        content_handling: None,
        credentials: None,
        integration_http_method: None,
        integration_target: None,
        passthrough_behavior: None,
        request_parameters: None,
        request_templates: None,
        response_transfer_mode: None,
        timeout_in_millis: None,
        tls_config: None,
        uri: None,
    }
}
