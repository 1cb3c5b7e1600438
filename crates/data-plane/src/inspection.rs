//! What requests to an API would meet, found out without any: the stages are made as for traffic, and what would fail is read off them.

use std::sync::Arc;

use postern_api_model::ports::{ApiSource, PublishError};

use crate::access::ResourcePolicy;
use crate::backends::Backends;
use crate::compile::{
    Authorization, AuthorizerIndex, AuthorizerKind, Calls, CompiledMethod, LambdaFunction, MethodIndex, PublishedStage,
    Signatory, publish_with,
};
use crate::error::GatewayError;
use crate::integrations::{check_function, check_service};
use crate::links::LinkTargets;

/// Something to know about a stage, or about one of its methods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concern {
    /// The stage.
    pub stage: String,
    /// `GET /pets`; `None`: all of the stage.
    pub method: Option<String>,
    /// What it is.
    pub kind: ConcernKind,
    /// In words; names the key to set where one is to be set.
    pub text: String,
}

/// Kinds of concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConcernKind {
    /// Every request fails.
    Failing,
    /// Anybody may call it.
    Open,
}

/// What an inspection found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspection {
    /// By stage and method.
    pub concerns: Vec<Concern>,
    /// Roles whose credentials integrations are called with, each once for every method that names it: where, and which.
    pub roles: Vec<(String, String)>,
}

/// Looks at all stages of an API.
///
/// # Errors
/// When the API cannot be served at all.
pub fn inspect(source: ApiSource, backends: &Backends) -> Result<Inspection, PublishError> {
    let links = LinkTargets::new(backends.link_targets.clone());
    let published = publish_with(source, None, &links, &Arc::default())?;
    let mut found = Inspection::default();
    for stage in published.stages() {
        if let ResourcePolicy::Broken(reason) = &stage.api.policy {
            let text = format!("the resource policy denies every request: {reason}");
            found.concerns.push(Concern { stage: stage.name().to_owned(), method: None, kind: ConcernKind::Failing, text });
        }
        for (index, method) in stage.api.methods().iter().enumerate() {
            inspect_method(stage, index, method, backends, &mut found);
        }
    }
    Ok(found)
}

fn inspect_method(
    stage: &PublishedStage,
    index: MethodIndex,
    method: &CompiledMethod,
    backends: &Backends,
    found: &mut Inspection,
) {
    let release = if stage.is_canary() { " of the canary" } else { "" };
    let label = format!("{} {}{release}", method.verb, stage.api.resource(method.resource).path);
    let concern = |kind, text| Concern { stage: stage.name().to_owned(), method: Some(label.clone()), kind, text };
    let mut signatory = None;
    let failure = match (stage.blocked(index), &method.authorization, stage.calls(index)) {
        (Some(blocked), ..) => Some(blocked.message().to_owned()),
        (None, Authorization::Authorizer(Err(reason)), _) => Some((*reason).to_owned()),
        (None, _, Calls::Nowhere(reason)) => Some(reason),
        (None, _, Calls::Somewhere) => None,
        (None, _, Calls::Function(function)) => {
            signatory = Some(&function.signatory);
            check_function(backends, function, stage.account()).err().map(|error| in_words(&error))
        }
        (None, _, Calls::Service(service)) => {
            signatory = Some(&service.signatory);
            check_service(backends, service).err().map(|error| in_words(&error))
        }
    };
    found.concerns.extend(failure.map(|text| concern(ConcernKind::Failing, text)));
    let asked = match method.authorization {
        Authorization::Authorizer(Ok(index)) => asked_function(stage, index, backends),
        _ => Ok(None),
    };
    let asked_signatory = match asked {
        Ok(function) => function.map(|function| &function.signatory),
        Err(text) => {
            found.concerns.push(concern(ConcernKind::Failing, text));
            None
        }
    };
    for signatory in signatory.into_iter().chain(asked_signatory) {
        match signatory {
            Signatory::Default => {}
            Signatory::Role(role) if backends.accounts.allow(role, stage.account()) => {
                found.roles.push((format!("stage {}, {label}", stage.name()), role.to_string()));
            }
            Signatory::Role(role) => {
                let text = format!("the role {role} is another account's, and an API may name roles of its own account only");
                found.concerns.push(concern(ConcernKind::Failing, text));
            }
            Signatory::Caller if matches!(method.authorization, Authorization::AwsIam) => {}
            Signatory::Caller => {
                let text = "its credentials are the caller's own, which needs a method with AWS_IAM".to_owned();
                found.concerns.push(concern(ConcernKind::Failing, text));
            }
        }
    }
    let is_open = matches!(method.authorization, Authorization::None)
        && matches!(stage.api.policy, ResourcePolicy::Absent)
        && !method.requires_api_key
        && &*method.verb != "OPTIONS";
    if is_open {
        let text = "anybody may call it: no authorization, no API key, no resource policy".to_owned();
        found.concerns.push(concern(ConcernKind::Open, text));
    }
}

/// The function that an authorizer is; `None` for one that calls none.
fn asked_function<'s>(
    stage: &'s PublishedStage,
    index: AuthorizerIndex,
    backends: &Backends,
) -> Result<Option<&'s LambdaFunction>, String> {
    let authorizer = stage.api.authorizer(index);
    let of_it = |reason: &str| format!("authorizer {}: {reason}", authorizer.id);
    if let AuthorizerKind::Broken(reason) = &authorizer.kind {
        return Err(of_it(reason));
    }
    if let AuthorizerKind::UserPools(_) = authorizer.kind {
        stage.authorizer_pools(index).map_err(of_it)?;
    }
    if authorizer.lambda().is_none() {
        return Ok(None);
    }
    let function = stage.authorizer_function(index).map_err(of_it)?;
    check_function(backends, function, stage.account()).map_err(|error| of_it(&in_words(&error)))?;
    Ok(Some(function))
}

fn in_words(error: &GatewayError) -> String {
    error.log_detail().map_or_else(|| error.message().into_owned(), str::to_owned)
}
