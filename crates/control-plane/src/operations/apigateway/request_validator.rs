//! RequestValidator: which parts of a request are checked.

use postern_api_model::apigateway::{
    CreateRequestValidatorInput, DeleteRequestValidatorInput, GetRequestValidatorInput, GetRequestValidatorsInput, Op,
    RequestValidator as Shown, RequestValidators, UpdateRequestValidatorInput,
};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{Definition, RequestValidator, RestApi};
use postern_api_model::scope::Caller;

use super::method;
use crate::page::Page;
use crate::patch::{self, Patch};
use crate::{ControlPlane, ids};

/// The paths a PATCH may name, in the order in which the service lists them.
const PATHS: &[&str] = &["/name", "/validateRequestParameters", "/validateRequestBody"];

pub(super) async fn create(plane: &ControlPlane, caller: &Caller, input: CreateRequestValidatorInput) -> ApiResult<Shown> {
    // The one create whose unknown API is a 400, as recorded.
    let missing = || ApiError::bad_request("Invalid REST API identifier specified");
    plane.change_rest_api(caller, &input.rest_api_id, missing, |api| Ok(create_in(api, &input))).await
}

fn create_in(api: &mut RestApi, input: &CreateRequestValidatorInput) -> Shown {
    let validators = &mut api.definition.request_validators;
    let validator = RequestValidator {
        id: ids::fresh(ids::SHORT, |id| validators.contains_key(id)),
        name: input.name.clone().filter(|name| !name.is_empty()),
        validate_request_body: input.validate_request_body.unwrap_or_default(),
        validate_request_parameters: input.validate_request_parameters.unwrap_or_default(),
    };
    let shown = show_one(&validator);
    validators.insert(validator.id.clone(), validator);
    shown
}

pub(super) async fn show(plane: &ControlPlane, caller: &Caller, input: GetRequestValidatorInput) -> ApiResult<Shown> {
    let api = plane.rest_api(caller, &input.rest_api_id, missing).await?;
    api.definition.request_validators.get(&input.request_validator_id).map(show_one).ok_or_else(missing)
}

pub(super) async fn list(
    plane: &ControlPlane,
    caller: &Caller,
    input: GetRequestValidatorsInput,
) -> ApiResult<RequestValidators> {
    let page = Page::new(input.limit, input.position.as_deref())?;
    let api = plane.rest_api(caller, &input.rest_api_id, missing).await?;
    let (items, position) = page.cut(api.definition.request_validators.values(), |validator| &validator.id);
    Ok(RequestValidators { items: Some(items.into_iter().map(show_one).collect()), position })
}

pub(super) async fn update(plane: &ControlPlane, caller: &Caller, input: UpdateRequestValidatorInput) -> ApiResult<Shown> {
    let patches = Patch::list(input.patch_operations)?;
    let change = |api: &mut RestApi| {
        let validator = api.definition.request_validators.get_mut(&input.request_validator_id).ok_or_else(missing)?;
        patches.iter().try_for_each(|patch| apply(validator, patch))?;
        Ok(show_one(validator))
    };
    plane.change_rest_api(caller, &input.rest_api_id, missing, change).await
}

fn apply(validator: &mut RequestValidator, patch: &Patch) -> ApiResult<()> {
    let path = patch.path.as_deref().filter(|path| PATHS.contains(path)).ok_or_else(|| patch::unknown_path(patch, PATHS))?;
    if patch.op != Op::Replace {
        return Err(patch::unsupported_op(patch));
    }
    match path {
        "/name" => {
            let name = patch.value.clone().filter(|name| !name.trim().is_empty());
            validator.name = Some(name.ok_or_else(|| ApiError::bad_request("Request Validator name cannot be blank"))?);
        }
        "/validateRequestParameters" => validator.validate_request_parameters = patch.flag(),
        _ => validator.validate_request_body = patch.flag(),
    }
    Ok(())
}

pub(super) async fn delete(plane: &ControlPlane, caller: &Caller, input: DeleteRequestValidatorInput) -> ApiResult<()> {
    let change = |api: &mut RestApi| delete_in(&mut api.definition, &input.request_validator_id);
    plane.change_rest_api(caller, &input.rest_api_id, missing, change).await
}

/// Refuses while a method names it: Terraform's provider expects that conflict. Only the beginning of the text is known.
fn delete_in(definition: &mut Definition, id: &str) -> ApiResult<()> {
    let validator = definition.request_validators.get(id).ok_or_else(missing)?;
    if let Some(user) = method::user(definition, |method| method.request_validator_id.as_deref() == Some(id)) {
        let name = validator.name.as_deref().unwrap_or(id);
        let text = format!("Cannot delete Request Validator '{name}', is referenced in method: {user}");
        return Err(ApiError::conflict(text));
    }
    definition.request_validators.remove(id);
    Ok(())
}

fn missing() -> ApiError {
    ApiError::not_found("Invalid Request Validator identifier specified")
}

fn show_one(validator: &RequestValidator) -> Shown {
    Shown {
        id: Some(validator.id.clone()),
        name: validator.name.clone(),
        validate_request_body: Some(validator.validate_request_body),
        validate_request_parameters: Some(validator.validate_request_parameters),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::server::fixture::{self, Bench, patch, refusal};
    use serde_json::json;

    fn validator() -> RequestValidator {
        RequestValidator { id: "abc123".into(), name: None, validate_request_body: false, validate_request_parameters: true }
    }

    #[test]
    fn creation_fills_in_what_was_left_out() {
        let mut api = fixture::api();
        let input = CreateRequestValidatorInput { name: Some(String::new()), ..Default::default() };
        let shown = create_in(&mut api, &input);
        assert_eq!(shown.id.as_ref().map(String::len), Some(6));
        assert_eq!(
            (shown.name, shown.validate_request_body, shown.validate_request_parameters),
            (None, Some(false), Some(false))
        );
    }

    #[test]
    fn each_path_can_be_replaced() {
        let mut validator = validator();
        for (path, value) in [("/name", "n"), ("/validateRequestBody", "TRUE"), ("/validateRequestParameters", "no")] {
            apply(&mut validator, &patch(Op::Replace, path, value)).unwrap();
        }
        let wanted = RequestValidator {
            id: "abc123".into(),
            name: Some("n".into()),
            validate_request_body: true,
            validate_request_parameters: false,
        };
        assert_eq!(validator, wanted);
    }

    #[test]
    fn what_a_patch_cannot_do() {
        let unknown = "Invalid patch path  '/invalidPath' specified for op 'replace'. Must be one of: [/name, \
                       /validateRequestParameters, /validateRequestBody]";
        let unsupported = |op| {
            format!("Invalid patch path  '/validateRequestBody' specified for op '{op}'. Please choose supported operations")
        };
        let cases = [
            (patch(Op::Replace, "/invalidPath", "x"), unknown.to_owned()),
            (patch(Op::Add, "/validateRequestBody", "true"), unsupported("add")),
            (patch(Op::Remove, "/validateRequestBody", ""), unsupported("remove")),
            (patch(Op::Copy, "/validateRequestBody", ""), unsupported("copy")),
            (patch(Op::Replace, "/name", ""), "Request Validator name cannot be blank".to_owned()),
            (patch(Op::Replace, "/name", "  "), "Request Validator name cannot be blank".to_owned()),
        ];
        for (patch, text) in cases {
            let mut changed = validator();
            assert_eq!(refusal(apply(&mut changed, &patch)), (400, text));
        }
    }

    #[tokio::test]
    async fn what_is_not_found_and_how_it_is_said() {
        let bench = Bench::dev().await;
        let (status, _, body) = bench.call("POST", "/restapis/none/requestvalidators", "{}").await;
        assert_eq!((status, body), (400, json!({"message": "Invalid REST API identifier specified"})));
        let empty = r#"{"patchOperations": []}"#;
        for api in [fixture::API, "none"] {
            let one = format!("/restapis/{api}/requestvalidators/none00");
            for (method, body) in [("GET", ""), ("PATCH", empty), ("DELETE", "")] {
                let (status, _, body) = bench.call(method, &one, body).await;
                assert_eq!((status, body), (404, json!({"message": "Invalid Request Validator identifier specified"})));
            }
        }
    }

    #[test]
    fn a_validator_in_use_stays() {
        let mut definition = fixture::api().definition;
        definition.request_validators.insert("abc123".into(), validator());
        let method = |definition: &mut Definition, id: Option<&str>| {
            let root = definition.resources.get_mut(fixture::ROOT).unwrap();
            root.methods.get_mut("GET").unwrap().request_validator_id = id.map(str::to_owned);
        };
        method(&mut definition, Some("abc123"));
        let text = "Cannot delete Request Validator 'abc123', is referenced in method: //GET".to_owned();
        assert_eq!(refusal(delete_in(&mut definition, "abc123")), (409, text));
        method(&mut definition, None);
        assert_eq!(delete_in(&mut definition, "abc123"), Ok(()));
        assert_eq!(refusal(delete_in(&mut definition, "abc123")).0, 404);
    }

    #[tokio::test]
    async fn all_operations_of_a_patch_or_none() {
        let bench = Bench::dev().await;
        let all = format!("/restapis/{}/requestvalidators", fixture::API);
        let (_, _, made) = bench.call("POST", &all, r#"{"name": "v", "validateRequestBody": true}"#).await;
        let one = format!("{all}/{}", made["id"].as_str().unwrap());
        let body = r#"{"patchOperations": [{"op": "replace", "path": "/name", "value": "w"}, {"op": "add", "path": "/name"}]}"#;
        assert_eq!(bench.call("PATCH", &one, body).await.0, 400);
        assert_eq!(bench.call("GET", &one, "").await.2, made);
        assert_eq!(bench.call("GET", &all, "").await.2, json!({"item": [made]}));
        assert_eq!(bench.call("DELETE", &one, "").await.0, 202);
        assert_eq!(bench.call("GET", &all, "").await.2, json!({"item": []}));
    }
}
