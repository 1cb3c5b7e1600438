//! The integration URI of an AWS service: `arn:{partition}:apigateway:{region}:{service}:path/{path}`, or `...:action/{Action}&Param=v`.
//!
//! A path is the service's own, sent as it is. An action is a request of the query protocol, `?Action=...` with the mapped query behind
//! it; services that only read JSON are told the operation in `X-Amz-Target`. Like other URIs these are templates: parsed with the
//! deployment, resolved with the stage's variables, rendered per request. What is malformed answers at the request.

use std::collections::BTreeMap;

use http::HeaderValue;
use postern_api_model::rest_api::Integration;

use super::credentials::{CompiledCredentials, Signatory};
use super::json_services::json_service;
use super::method::CompiledRequest;
use super::uri::{AddressError, Part, PathAndQueryTemplate, UriTemplate, split_at_any, without_question_mark};

/// An AWS integration of a service, not of a function.
#[derive(Debug)]
pub(crate) struct CompiledService {
    pub(crate) request: CompiledRequest,
    uri: Result<UriTemplate, AddressError>,
    credentials: CompiledCredentials,
}

/// The same for a stage.
#[derive(Debug)]
pub(crate) struct ResolvedService {
    /// Such as `runtime` of `runtime.sagemaker`, or a bucket.
    pub(crate) subdomain: Option<Box<str>>,
    /// Such as `sqs`.
    pub(crate) name: Box<str>,
    pub(crate) region: Box<str>,
    pub(crate) rest: PathAndQueryTemplate,
    /// What an action's request has unless something else is mapped there.
    pub(crate) json: Option<JsonFields>,
    /// Whose credentials sign the request.
    pub(crate) signatory: Signatory,
}

/// How a service that only reads JSON is told what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JsonFields {
    /// `X-Amz-Target`.
    pub(crate) target: HeaderValue,
    /// `application/x-amz-json-1.0`, or 1.1.
    pub(crate) content_type: HeaderValue,
}

const NO_SERVICE: AddressError =
    "the integration URI is no ARN of a service, arn:aws:apigateway:REGION:SERVICE:path/... or action/...";
const INVALID_NAME: AddressError = "the region or the service in the integration URI is invalid";
const INVALID_ACTION: AddressError = "AWS ARN for integration contains invalid action";

impl CompiledService {
    pub(super) fn compile(integration: &Integration, request: CompiledRequest) -> Self {
        let uri = UriTemplate::parse(integration.uri.as_deref().unwrap_or(""), &request.mappings.path_names());
        let credentials = CompiledCredentials::compile(integration.credentials.as_deref());
        Self { request, uri, credentials }
    }

    /// Fills the stage variables in.
    pub(super) fn resolve(&self, variables: &BTreeMap<String, String>) -> Result<ResolvedService, AddressError> {
        let uri = self.uri.as_ref().map_err(|reason| *reason)?;
        let signatory = self.credentials.resolve(variables)?;
        Ok(ResolvedService { signatory, ..ResolvedService::new(uri.parts(variables))? })
    }
}

impl ResolvedService {
    /// `parts` starts with a text, which may be empty.
    fn new(mut parts: Vec<Part>) -> Result<Self, AddressError> {
        let Some(Part::Text(first)) = parts.first_mut() else { return Err(NO_SERVICE) };
        let (head, target) = split_head(first)?;
        let Head { region, subdomain, name } = head;
        let whole_name = subdomain.map_or_else(|| name.to_owned(), |subdomain| format!("{subdomain}.{name}"));
        let (subdomain, name, region) = (subdomain.map(Box::from), Box::from(name), Box::from(region));
        let (rest, json) = match target {
            Form::Path(text) => {
                // A path that is given as `/` stands behind the slash of the ARN.
                *first = format!("/{}", text.trim_start_matches('/')).into();
                let (parts, _fragment) = split_at_any(parts, &['#']);
                let (path, query) = split_at_any(parts, &['?']);
                (PathAndQueryTemplate::new(path, without_question_mark(query))?, None)
            }
            Form::Action(text) => {
                *first = text.into();
                let (action, parameters) = split_at_any(parts, &['&', '?']);
                let [Part::Text(action)] = &action[..] else { return Err(INVALID_ACTION) };
                if action.is_empty() || !action.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                    return Err(INVALID_ACTION);
                }
                action_request(&whole_name, action, parameters)?
            }
        };
        Ok(Self { subdomain, name, region, rest, json, signatory: Signatory::Default })
    }
}

/// What stands before the path or the action.
struct Head<'a> {
    region: &'a str,
    subdomain: Option<&'a str>,
    name: &'a str,
}

/// What a service is asked by.
enum Form<'a> {
    Path(&'a str),
    Action(&'a str),
}

fn split_head(text: &str) -> Result<(Head<'_>, Form<'_>), AddressError> {
    let mut fields = text.splitn(6, ':');
    let mut field = || fields.next().ok_or(NO_SERVICE);
    let (arn, partition, owner, region, service, target) = (field()?, field()?, field()?, field()?, field()?, field()?);
    if arn != "arn" || !partition.starts_with("aws") || owner != "apigateway" {
        return Err(NO_SERVICE);
    }
    let form = match target.split_once('/') {
        Some(("path", path)) => Form::Path(path),
        Some(("action", action)) => Form::Action(action),
        Some(_) | None => return Err(NO_SERVICE),
    };
    let (subdomain, name) = match service.rsplit_once('.') {
        Some((subdomain, name)) => (Some(subdomain), name),
        None => (None, service),
    };
    // They become a host name, or a part of a path: each label is one, and none is a step up.
    let is_label =
        |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if !is_label(region) || !is_label(name) || !subdomain.is_none_or(|subdomain| subdomain.split('.').all(is_label)) {
        return Err(INVALID_NAME);
    }
    Ok((Head { region, subdomain, name }, form))
}

/// Path, query and fields of an action. `parameters` start with `&` or `?`, if there are any.
fn action_request(
    service: &str,
    action: &str,
    parameters: Vec<Part>,
) -> Result<(PathAndQueryTemplate, Option<JsonFields>), AddressError> {
    let root = || vec![Part::Text("/".into())];
    if service == "s3" {
        // S3 has no actions; AWS documents them as another spelling of a path (API reference, PutIntegration).
        let (path, query) = bucket_and_key(parameters);
        return Ok((PathAndQueryTemplate::new(path, query)?, None));
    }
    let mut query = vec![Part::Text(format!("Action={action}").into())];
    let mut parameters = parameters;
    if let Some(Part::Text(first)) = parameters.first_mut() {
        *first = first.replacen('?', "&", 1).into();
    }
    query.append(&mut parameters);
    let json = json_service(service).and_then(|(prefix, version)| {
        Some(JsonFields {
            target: HeaderValue::from_str(&format!("{prefix}.{action}")).ok()?,
            content_type: HeaderValue::from_static(version.content_type()),
        })
    });
    Ok((PathAndQueryTemplate::new(root(), query)?, json))
}

/// `&Bucket={bucket}&Key={key}` as a path, and the other parameters.
fn bucket_and_key(parameters: Vec<Part>) -> (Vec<Part>, Vec<Part>) {
    let (mut bucket, mut key, mut others) = (Vec::new(), Vec::new(), Vec::new());
    let mut rest = parameters;
    while !rest.is_empty() {
        if let Some(Part::Text(first)) = rest.first_mut() {
            *first = first.strip_prefix(['&', '?']).unwrap_or(first).into();
        }
        let (mut pair, behind) = split_at_any(rest, &['&']);
        rest = behind;
        let Some(Part::Text(first)) = pair.first_mut() else { continue };
        if let Some(value) = first.strip_prefix("Bucket=") {
            *first = value.into();
            bucket = pair;
        } else if let Some(value) = first.strip_prefix("Key=") {
            *first = value.into();
            key = pair;
        } else {
            if !others.is_empty() {
                others.push(Part::Text("&".into()));
            }
            others.append(&mut pair);
        }
    }
    let mut path = vec![Part::Text("/".into())];
    path.append(&mut bucket);
    if !key.is_empty() {
        path.push(Part::Text("/".into()));
        path.append(&mut key);
    }
    (path, others)
}

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
#[cfg(test)]
mod tests;
