//! Where a documentation part belongs: which members each kind of entity has, as AWS's documentation of `DocumentationPart` says.

use postern_api_model::apigateway::{DocumentationPartLocation, DocumentationPartType};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::DocumentationLocation;

/// Path of a part whose kind has one and that was given none, as recorded.
const PATH_DEFAULT: &str = "/";

/// Which members a location of some kind may have besides its type.
struct Members {
    path: bool,
    method: bool,
    status_code: bool,
    name: Name,
}

#[derive(PartialEq)]
enum Name {
    Required,
    None,
}

fn members(kind: DocumentationPartType) -> Members {
    use DocumentationPartType as Kind;
    let of = |path, method, status_code, name| Members { path, method, status_code, name };
    match kind {
        Kind::Api => of(false, false, false, Name::None),
        Kind::Authorizer | Kind::Model => of(false, false, false, Name::Required),
        Kind::Resource => of(true, false, false, Name::None),
        Kind::Method | Kind::RequestBody => of(true, true, false, Name::None),
        Kind::PathParameter | Kind::QueryParameter | Kind::RequestHeader => of(true, true, false, Name::Required),
        Kind::Response | Kind::ResponseBody => of(true, true, true, Name::None),
        Kind::ResponseHeader => of(true, true, true, Name::Required),
    }
}

/// The location as it is stored: empty members are absent, and a path that the kind has is there.
pub(super) fn stored(given: DocumentationPartLocation) -> ApiResult<DocumentationLocation> {
    let kind = given.r#type;
    let members = members(kind);
    let foreign = |name| Err(ApiError::bad_request(format!("Invalid documentation part location: type '{kind}' has no {name}")));
    let [path, method, status_code, name] =
        [given.path, given.method, given.status_code, given.name].map(|member| member.filter(|text| !text.trim().is_empty()));
    if path.is_some() && !members.path {
        return foreign("path");
    }
    if method.is_some() && !members.method {
        return foreign("method");
    }
    if status_code.is_some() && !members.status_code {
        return foreign("statusCode");
    }
    if name.is_some() && members.name == Name::None {
        return foreign("name");
    }
    if name.is_none() && members.name == Name::Required {
        let text = format!("Invalid documentation part location: name is required for type '{kind}'");
        return Err(ApiError::bad_request(text));
    }
    if path.as_ref().is_some_and(|path| !path.starts_with('/')) {
        return Err(ApiError::bad_request("Invalid documentation part location: path must start with '/'"));
    }
    let path = if members.path { Some(path.unwrap_or_else(|| PATH_DEFAULT.to_owned())) } else { None };
    Ok(DocumentationLocation { kind, path, method, status_code, name })
}

/// How answers show it.
pub(super) fn shown(location: &DocumentationLocation) -> DocumentationPartLocation {
    DocumentationPartLocation {
        r#type: location.kind,
        path: location.path.clone(),
        method: location.method.clone(),
        status_code: location.status_code.clone(),
        name: location.name.clone(),
    }
}
