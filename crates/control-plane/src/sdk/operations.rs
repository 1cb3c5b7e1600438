//! A deployment's methods as a client sees them: verb, path, parameters, bodies, what a call must carry. No language yet.

use std::collections::{BTreeMap, BTreeSet};

use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{AUTHORIZATION_NONE, Definition, Method};

/// The verb of a method that serves every verb.
const ANY: &str = "ANY";
/// Authorization type of methods whose calls are signed.
const AWS_IAM: &str = "AWS_IAM";
/// The media type whose model says what a body is, if there are several.
const JSON: &str = "application/json";

/// Bytes of all paths and parameters together, each written several times in a client. A deep tree of long parts repeats
/// them in every path; an API of 1,500 methods has a tenth of this.
const NAMES_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Where the definition comes from and where its stage is served.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) api_id: String,
    pub(crate) stage: String,
    pub(crate) region: String,
    /// What every call's path is appended to, without a slash at its end.
    pub(crate) invoke_url: String,
}

/// A stage, as a client of any language.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(super) api_name: String,
    pub(super) source: Source,
    /// By path, then verb.
    pub(super) methods: Vec<ClientMethod>,
    /// Name to the text of its schema.
    pub(super) models: BTreeMap<String, String>,
}

/// One method to call.
#[derive(Clone, Debug)]
pub(super) struct ClientMethod {
    pub(super) verb: Verb,
    /// As the API has it: `/pets/{petId}`.
    pub(super) path: String,
    pub(super) segments: Vec<Segment>,
    pub(super) operation_name: Option<String>,
    /// Path parameters first, in the order of the path.
    pub(super) parameters: Vec<Parameter>,
    pub(super) body_model: Option<String>,
    pub(super) result_model: Option<String>,
    pub(super) auth: Auth,
    pub(super) api_key: ApiKey,
}

/// What a call's verb is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Fixed(String),
    /// The caller says.
    Any,
}

impl Verb {
    /// As the API has it.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Fixed(verb) => verb,
            Self::Any => ANY,
        }
    }
}

/// A piece of the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    Literal(String),
    Variable(String),
    /// The rest of the path, slashes included.
    Greedy(String),
}

/// Something that a caller gives besides the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) need: Need,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Path,
    Query,
    Header,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    Required,
    Optional,
}

/// What proves who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Auth {
    None,
    /// Signature Version 4.
    Iam,
    /// An authorizer that reads what the caller sends; its type.
    Authorizer(String),
}

/// Whether a call needs an API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ApiKey {
    Required,
    NotRequired,
}

impl Client {
    /// Reads what was deployed.
    ///
    /// # Errors
    /// When its paths and parameters are too long to be written out.
    pub(crate) fn new(definition: &Definition, source: Source) -> ApiResult<Self> {
        let mut methods = Vec::new();
        let mut bytes = 0;
        for resource in definition.resources.values() {
            let path = definition.path(&resource.id).unwrap_or_default();
            for (verb, method) in &resource.methods {
                let method = read(&path, verb, method);
                bytes += path.len() + method.parameters.iter().map(|parameter| parameter.name.len()).sum::<usize>();
                if bytes > NAMES_BYTES_MAX {
                    return Err(ApiError::bad_request(format!(
                        "The API is too large for an SDK: its paths and parameters have more than {NAMES_BYTES_MAX} bytes"
                    )));
                }
                methods.push(method);
            }
        }
        methods.sort_unstable_by(|one, other| (&one.path, one.verb.name()).cmp(&(&other.path, other.verb.name())));
        Ok(Self {
            api_name: definition.name.clone(),
            source,
            methods,
            models: definition.models.values().map(|model| (model.name.clone(), model.schema.clone())).collect(),
        })
    }
}

fn read(path: &str, verb: &str, method: &Method) -> ClientMethod {
    let segments: Vec<Segment> = path.split('/').filter(|part| !part.is_empty()).map(segment).collect();
    let successes = || method.responses.iter().filter(|(status, _)| status.starts_with('2'));
    ClientMethod {
        verb: if verb == ANY { Verb::Any } else { Verb::Fixed(verb.to_owned()) },
        path: path.to_owned(),
        parameters: parameters(&segments, method),
        segments,
        operation_name: method.operation_name.clone().filter(|name| !name.is_empty()),
        body_model: model_of(method.request_models.iter()),
        result_model: successes().find_map(|(_, response)| model_of(response.response_models.iter())),
        auth: match method.authorization_type.as_str() {
            AUTHORIZATION_NONE => Auth::None,
            AWS_IAM => Auth::Iam,
            other => Auth::Authorizer(other.to_owned()),
        },
        api_key: if method.api_key_required { ApiKey::Required } else { ApiKey::NotRequired },
    }
}

fn segment(part: &str) -> Segment {
    match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
        Some(variable) => match variable.strip_suffix('+') {
            Some(greedy) => Segment::Greedy(greedy.to_owned()),
            None => Segment::Variable(variable.to_owned()),
        },
        None => Segment::Literal(part.to_owned()),
    }
}

/// Those of the path stand in the path itself, declared by the method or not: without them there is no path to call.
fn parameters(segments: &[Segment], method: &Method) -> Vec<Parameter> {
    let variables = segments.iter().filter_map(|segment| match segment {
        Segment::Literal(_) => None,
        Segment::Variable(name) | Segment::Greedy(name) => Some((Place::Path, name.as_str(), Need::Required)),
    });
    let declared = method.request_parameters.iter().filter_map(|(key, required)| {
        let (location, name) = key.strip_prefix("method.request.")?.split_once('.')?;
        let place = match location {
            "querystring" | "multivaluequerystring" => Place::Query,
            "header" | "multivalueheader" => Place::Header,
            _ => return None,
        };
        Some((place, name, if *required { Need::Required } else { Need::Optional }))
    });
    let mut seen = BTreeSet::new();
    variables
        .chain(declared)
        .filter(|(place, name, _)| seen.insert((*place as u8, (*name).to_owned())))
        .map(|(place, name, need)| Parameter { name: name.to_owned(), place, need })
        .collect()
}

fn model_of<'a>(mut models: impl Iterator<Item = (&'a String, &'a String)> + Clone) -> Option<String> {
    let json = models.clone().find(|(media_type, _)| *media_type == JSON);
    json.or_else(|| models.next()).map(|(_, model)| model.clone())
}
