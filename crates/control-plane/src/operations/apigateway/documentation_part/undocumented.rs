//! The entities of an API that have no documentation part, for GetDocumentationParts with `locationStatus` UNDOCUMENTED.

use std::collections::BTreeSet;

use postern_api_model::apigateway::DocumentationPartType as Kind;
use postern_api_model::rest_api::{Definition, DocumentationLocation, Method, RestApi};

/// Locations without a part of their own, in order.
pub(super) fn locations(api: &RestApi) -> Vec<DocumentationLocation> {
    let documented: BTreeSet<_> = api.documentation_parts.values().map(|part| part.location.parts()).collect();
    let mut all = entities(&api.definition);
    all.retain(|location| !documented.contains(&location.parts()));
    all.sort_unstable();
    all.dedup();
    all
}

fn entities(definition: &Definition) -> Vec<DocumentationLocation> {
    let at = |kind| DocumentationLocation { kind, path: None, method: None, status_code: None, name: None };
    let mut all = vec![at(Kind::Api)];
    let authorizers = definition.authorizers.values();
    all.extend(authorizers.map(|found| DocumentationLocation { name: Some(found.name.clone()), ..at(Kind::Authorizer) }));
    all.extend(definition.models.keys().map(|name| DocumentationLocation { name: Some(name.clone()), ..at(Kind::Model) }));
    for resource in definition.resources.values() {
        let path = definition.path(&resource.id);
        all.push(DocumentationLocation { path: path.clone(), ..at(Kind::Resource) });
        for (verb, method) in &resource.methods {
            let base = DocumentationLocation { path: path.clone(), method: Some(verb.clone()), ..at(Kind::Method) };
            all.extend(of_method(method, &base));
            all.push(base);
        }
    }
    all
}

fn of_method(method: &Method, base: &DocumentationLocation) -> Vec<DocumentationLocation> {
    let of = |kind| DocumentationLocation { kind, ..base.clone() };
    let mut all = Vec::new();
    for parameter in method.request_parameters.keys() {
        let kinds = [("path", Kind::PathParameter), ("querystring", Kind::QueryParameter), ("header", Kind::RequestHeader)];
        for (place, kind) in kinds {
            if let Some(name) = parameter.strip_prefix(&format!("method.request.{place}.")) {
                all.push(DocumentationLocation { name: Some(name.to_owned()), ..of(kind) });
            }
        }
    }
    if !method.request_models.is_empty() {
        all.push(of(Kind::RequestBody));
    }
    for (status, response) in &method.responses {
        let of = |kind| DocumentationLocation { status_code: Some(status.clone()), ..of(kind) };
        all.push(of(Kind::Response));
        for parameter in response.response_parameters.keys() {
            let name = parameter.strip_prefix("method.response.header.").map(str::to_owned);
            all.extend(name.map(|name| DocumentationLocation { name: Some(name), ..of(Kind::ResponseHeader) }));
        }
        if !response.response_models.is_empty() {
            all.push(of(Kind::ResponseBody));
        }
    }
    all
}
