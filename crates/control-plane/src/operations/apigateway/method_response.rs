//! MethodResponse: what a client may get back under one status.

use postern_api_model::apigateway::{
    DeleteMethodResponseInput, GetMethodResponseInput, MethodResponse as Shown, PutMethodResponseInput, UpdateMethodResponseInput,
};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{Definition, MethodResponse, RestApi};
use postern_api_model::scope::Caller;

use super::map_patch::{apply_entry, unknown_path};
use super::{mapping, method};
use crate::ControlPlane;
use crate::patch::Patch;

pub(super) async fn put(plane: &ControlPlane, caller: &Caller, input: PutMethodResponseInput) -> ApiResult<Shown> {
    let change = |api: &mut RestApi| put_in(&mut api.definition, &input);
    plane.change_rest_api(caller, &input.rest_api_id, method::missing_resource, change).await
}

pub(super) fn put_in(definition: &mut Definition, input: &PutMethodResponseInput) -> ApiResult<Shown> {
    let status = &input.status_code;
    if method::find(definition, &input.resource_id, &input.http_method)?.responses.contains_key(status) {
        return Err(ApiError::conflict("Response already exists for this resource"));
    }
    let response = MethodResponse {
        response_parameters: input.response_parameters.clone().unwrap_or_default(),
        response_models: input.response_models.clone().unwrap_or_default(),
    };
    mapping::check_response_parameters(response.response_parameters.keys())?;
    response.response_models.values().try_for_each(|name| method::check_model(name, definition))?;
    let shown = show_one(status, &response);
    method::find_mut(definition, &input.resource_id, &input.http_method)?.responses.insert(status.clone(), response);
    Ok(shown)
}

pub(super) async fn show(plane: &ControlPlane, caller: &Caller, input: GetMethodResponseInput) -> ApiResult<Shown> {
    let api = plane.rest_api(caller, &input.rest_api_id, method::missing_resource).await?;
    let method = method::find(&api.definition, &input.resource_id, &input.http_method)?;
    let response = method.responses.get(&input.status_code).ok_or_else(missing)?;
    Ok(show_one(&input.status_code, response))
}

pub(super) async fn update(plane: &ControlPlane, caller: &Caller, input: UpdateMethodResponseInput) -> ApiResult<Shown> {
    let patches = Patch::list(input.patch_operations)?;
    let (resource_id, verb) = (&input.resource_id, &input.http_method);
    let change = |api: &mut RestApi| update_in(&mut api.definition, resource_id, verb, &input.status_code, &patches);
    plane.change_rest_api(caller, &input.rest_api_id, method::missing_resource, change).await
}

pub(super) fn update_in(
    definition: &mut Definition,
    resource_id: &str,
    verb: &str,
    status: &str,
    patches: &[Patch],
) -> ApiResult<Shown> {
    let mut response = method::find(definition, resource_id, verb)?.responses.get(status).ok_or_else(missing)?.clone();
    patches.iter().try_for_each(|patch| apply(&mut response, patch, definition))?;
    let shown = show_one(status, &response);
    method::find_mut(definition, resource_id, verb)?.responses.insert(status.to_owned(), response);
    Ok(shown)
}

fn apply(response: &mut MethodResponse, patch: &Patch, definition: &Definition) -> ApiResult<()> {
    match patch.parts().as_slice() {
        ["responseParameters", name] => {
            let set = || mapping::check_response_parameters(std::iter::once(&(*name).to_owned())).map(|()| patch.flag());
            apply_entry(&mut response.response_parameters, name, patch, set)
        }
        ["responseModels", media_type] => {
            let model = || method::check_model(patch.text(), definition).map(|()| patch.text().to_owned());
            apply_entry(&mut response.response_models, media_type, patch, model)
        }
        _ => Err(unknown_path(patch)),
    }
}

pub(super) async fn delete(plane: &ControlPlane, caller: &Caller, input: DeleteMethodResponseInput) -> ApiResult<()> {
    let change = |api: &mut RestApi| {
        let method = method::find_mut(&mut api.definition, &input.resource_id, &input.http_method)?;
        method.responses.remove(&input.status_code).map(drop).ok_or_else(missing)
    };
    plane.change_rest_api(caller, &input.rest_api_id, method::missing_resource, change).await
}

/// Also of an integration response.
pub(super) fn missing() -> ApiError {
    ApiError::not_found("Invalid Response status code specified")
}

pub(super) fn show_one(status: &str, response: &MethodResponse) -> Shown {
    Shown {
        status_code: Some(status.to_owned()),
        response_parameters: method::filled(&response.response_parameters),
        response_models: method::filled(&response.response_models),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use postern_api_model::apigateway::Op::{self, Add, Copy, Remove, Replace};
    use postern_api_model::rest_api::OrderedMap;

    use super::*;
    use crate::operations::apigateway::method::fixture::{ROOT, definition, map, patches, refusal};

    fn input() -> PutMethodResponseInput {
        PutMethodResponseInput {
            http_method: "GET".to_owned(),
            resource_id: ROOT.to_owned(),
            status_code: "200".to_owned(),
            ..Default::default()
        }
    }

    fn parameters<const N: usize>(names: [&str; N]) -> Option<OrderedMap<bool>> {
        Some(names.into_iter().map(|name| (name.to_owned(), true)).collect())
    }

    fn update(definition: &mut Definition, operations: &[(Op, &str, Option<&str>)]) -> ApiResult<Shown> {
        update_in(definition, ROOT, "GET", "200", &patches(operations))
    }

    #[test]
    fn only_what_was_sent_is_shown() {
        let bare = Shown { status_code: Some("200".to_owned()), ..Default::default() };
        assert_eq!(put_in(&mut definition(), &input()).unwrap(), bare);
        let empty = PutMethodResponseInput { response_models: Some(map([])), response_parameters: parameters([]), ..input() };
        assert_eq!(put_in(&mut definition(), &empty).unwrap(), bare);
        let sent = PutMethodResponseInput {
            response_models: Some(map([("application/json", "Empty")])),
            response_parameters: parameters(["method.response.header.a"]),
            ..input()
        };
        let expected = Shown {
            response_models: sent.response_models.clone(),
            response_parameters: sent.response_parameters.clone(),
            ..bare
        };
        let mut definition = definition();
        assert_eq!(put_in(&mut definition, &sent).unwrap(), expected);
        let shown = method::show_one(method::find(&definition, ROOT, "GET").unwrap());
        assert_eq!(shown.method_responses.unwrap()["200"], expected);
    }

    #[test]
    fn refused_puts() {
        let mapping = "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping \
                       expression specified: method.response.body.a]";
        let with = |change: fn(&mut PutMethodResponseInput)| {
            let mut input = input();
            change(&mut input);
            input
        };
        for (sent, status, text) in [
            (with(|i| i.resource_id = "gone00".to_owned()), 404, "Invalid Resource identifier specified"),
            (with(|i| i.http_method = "PUT".to_owned()), 404, "Invalid Method identifier specified"),
            (with(|i| i.response_parameters = parameters(["method.response.body.a"])), 400, mapping),
            (with(|i| i.response_models = Some(map([("a/b", "Pet")]))), 400, "Invalid model identifier specified: Pet"),
        ] {
            assert_eq!(refusal(put_in(&mut definition(), &sent)), (status, text.to_owned()));
        }
        let mut definition = definition();
        put_in(&mut definition, &input()).unwrap();
        assert_eq!(refusal(put_in(&mut definition, &input())), (409, "Response already exists for this resource".to_owned()));
    }

    #[test]
    fn patch() {
        let mut definition = definition();
        put_in(&mut definition, &input()).unwrap();
        let shown = update(
            &mut definition,
            &[
                (Add, "/responseParameters/method.response.header.a", Some("false")),
                (Replace, "/responseParameters/method.response.header.a", Some("true")),
                (Add, "/responseModels/application~1json", Some("Empty")),
                (Replace, "/responseModels/application~1json", Some("Error")),
            ],
        );
        let shown = shown.unwrap();
        assert_eq!(shown.response_parameters, parameters(["method.response.header.a"]));
        assert_eq!(shown.response_models, Some(map([("application/json", "Error")])));
        let removals =
            [(Remove, "/responseParameters/method.response.header.a", None), (Remove, "/responseModels/application~1json", None)];
        let bare = Shown { status_code: Some("200".to_owned()), ..Default::default() };
        assert_eq!(update(&mut definition, &removals).unwrap(), bare);
        assert_eq!(update(&mut definition, &[]).unwrap(), bare);
    }

    #[test]
    fn refused_patches_change_nothing() {
        for (operation, status, text) in [
            ((Replace, "/statusCode", Some("201")), 400, "Invalid patch path /statusCode"),
            ((Add, "/responseModels", Some("Empty")), 400, "Invalid patch path /responseModels"),
            ((Add, "/responseModels/a/b", Some("Empty")), 400, "Invalid patch path /responseModels/a/b"),
            ((Add, "/responseModels/a~1b", Some("Pet")), 400, "Invalid model identifier specified: Pet"),
            ((Replace, "/responseModels/a~1b", Some("Empty")), 404, "Invalid parameter name specified"),
            ((Remove, "/responseParameters/method.response.header.a", None), 404, "Invalid parameter name specified"),
            (
                (Copy, "/responseModels/a~1b", None),
                400,
                "Invalid patch operation specified. Must be one of: [add, remove, replace]",
            ),
            (
                (Add, "/responseParameters/a", Some("true")),
                400,
                "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression \
                 specified: a]",
            ),
        ] {
            let mut definition = definition();
            put_in(&mut definition, &input()).unwrap();
            let before = definition.clone();
            let operations = [(Add, "/responseModels/text~1plain", Some("Empty")), operation];
            assert_eq!(refusal(update(&mut definition, &operations)), (status, text.to_owned()), "{operation:?}");
            assert_eq!(definition, before);
        }
        let missing = refusal(update(&mut definition(), &[]));
        assert_eq!(missing, (404, "Invalid Response status code specified".to_owned()));
    }
}
