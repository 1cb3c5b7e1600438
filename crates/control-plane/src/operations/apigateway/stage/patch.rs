//! UpdateStage: the paths a patch may name, and the service's own texts for the others.

use std::collections::{BTreeMap, BTreeSet};

use postern_api_model::apigateway::{CacheClusterSize, Op};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{AccessLogSettings, Deployment, DocumentationVersion, Stage};

use super::super::client_certificate;
use super::{
    Logging, cache_size, canary, check_documentation_version, check_variable, check_variable_count, method_setting,
    unknown_deployment,
};
use crate::patch::Patch;

/// The list in the service's text, with its own missing commas.
const PATHS: &str = "[/deploymentId, /description, /cacheClusterEnabled, /cacheClusterSize, /clientCertificateId, /accessLogSettings, \
/accessLogSettings/destinationArn, /accessLogSettings/format, /{resourcePath}/{httpMethod}/metrics/enabled, \
/{resourcePath}/{httpMethod}/logging/dataTrace, /{resourcePath}/{httpMethod}/logging/loglevel, \
/{resourcePath}/{httpMethod}/throttling/burstLimit/{resourcePath}/{httpMethod}/throttling/rateLimit\
/{resourcePath}/{httpMethod}/caching/ttlInSeconds, /{resourcePath}/{httpMethod}/caching/enabled, \
/{resourcePath}/{httpMethod}/caching/dataEncrypted, /{resourcePath}/{httpMethod}/caching/requireAuthorizationForCacheControl, \
/{resourcePath}/{httpMethod}/caching/unauthorizedCacheControlHeaderStrategy, /*/*/metrics/enabled, /*/*/logging/dataTrace, \
/*/*/logging/loglevel, /*/*/throttling/burstLimit /*/*/throttling/rateLimit /*/*/caching/ttlInSeconds, /*/*/caching/enabled, \
/*/*/caching/dataEncrypted, /*/*/caching/requireAuthorizationForCacheControl, \
/*/*/caching/unauthorizedCacheControlHeaderStrategy, /variables/{variable_name}, /tracingEnabled]";

/// AWS's bound on an access log format, "Amazon API Gateway quotas": 3 KB.
const ACCESS_LOG_FORMAT_BYTES_MAX: usize = 3 * 1024;

/// What a patch is checked against besides the stage itself.
pub(super) struct Context<'a> {
    pub(super) deployments: &'a BTreeMap<String, Deployment>,
    pub(super) documentation_versions: &'a BTreeMap<String, DocumentationVersion>,
    /// Of those that the operations name, the ones that are there.
    pub(super) certificates: &'a BTreeSet<String>,
    pub(super) logging: Logging,
}

/// The client certificate that an operation names.
pub(super) fn certificate(patch: &Patch) -> Option<&str> {
    let is_named = patch.op == Op::Replace && patch.parts() == ["clientCertificateId"];
    patch.value.as_deref().filter(|id| is_named && !id.is_empty())
}

/// Applies one operation.
pub(super) fn apply(stage: &mut Stage, patch: &Patch, context: &Context<'_>) -> ApiResult<()> {
    match patch.op {
        Op::Replace => replace(stage, patch, context).unwrap_or_else(|| Err(unknown_path(patch))),
        Op::Add => add(stage, patch, context),
        Op::Remove => remove(stage, patch),
        Op::Copy => canary::copy(stage, patch),
        Op::Move | Op::Test => {
            Err(ApiError::bad_request(format!("Invalid {} operation with path: {}", patch.op, patch.path_text())))
        }
    }
}

/// What must hold once all operations have been applied.
pub(super) fn check_whole(stage: &Stage) -> ApiResult<()> {
    check_variable_count(stage.variables.len())?;
    stage.canary_settings.as_ref().map_or(Ok(()), |canary| check_variable_count(canary.stage_variable_overrides.len()))
}

/// `None` when the path is unknown.
fn replace(stage: &mut Stage, patch: &Patch, context: &Context<'_>) -> Option<ApiResult<()>> {
    match patch.parts().as_slice() {
        ["deploymentId"] => {
            if !context.deployments.contains_key(patch.text()) {
                return Some(Err(unknown_deployment()));
            }
            patch.text().clone_into(&mut stage.deployment_id);
        }
        ["description"] => stage.description = patch.optional(),
        ["cacheClusterEnabled"] => {
            stage.cache_cluster_enabled = patch.flag();
            stage.cache_cluster_size = cache_size(stage.cache_cluster_enabled, stage.cache_cluster_size);
        }
        ["cacheClusterSize"] => match CacheClusterSize::from_wire(patch.text()) {
            Some(size) => stage.cache_cluster_size = Some(size),
            None => return Some(Err(ApiError::bad_request(format!("Invalid cache cluster size: {}", patch.text())))),
        },
        ["clientCertificateId"] => match patch.optional() {
            None => stage.client_certificate_id = None,
            Some(id) if context.certificates.contains(&id) => stage.client_certificate_id = Some(id),
            Some(_) => return Some(Err(client_certificate::unknown())),
        },
        ["documentationVersion"] => match check_documentation_version(context.documentation_versions, patch.value.as_deref()) {
            Ok(()) => stage.documentation_version = patch.optional(),
            Err(error) => return Some(Err(error)),
        },
        ["tracingEnabled"] => stage.tracing_enabled = patch.flag(),
        ["variables"] => return Some(set_variables(stage, patch)),
        ["variables", name] => return Some(set_variable(stage, name, patch.text())),
        ["accessLogSettings", member @ ("destinationArn" | "format")] => return Some(set_access_log(stage, member, patch)),
        ["canarySettings", member @ ..] => return canary::replace(stage, member, patch, context.deployments),
        _ => return replace_method_setting(stage, patch, context),
    }
    Some(Ok(()))
}

fn replace_method_setting(stage: &mut Stage, patch: &Patch, context: &Context<'_>) -> Option<ApiResult<()>> {
    let (key, member) = method_setting::split(patch.path.as_deref()?)?;
    method_setting::replace(stage, key, member, patch, context.logging)
}

fn set_variable(stage: &mut Stage, name: &str, value: &str) -> ApiResult<()> {
    check_variable(name, value)?;
    stage.variables.insert(name.to_owned(), value.to_owned());
    Ok(())
}

/// The whole map: a JSON object, as other members of the service that are patched whole.
fn set_variables(stage: &mut Stage, patch: &Patch) -> ApiResult<()> {
    let variables: BTreeMap<String, String> = serde_json::from_str(patch.text())
        .map_err(|_| ApiError::bad_request("Invalid value for /variables: it must be a JSON object of strings"))?;
    variables.iter().try_for_each(|(name, value)| check_variable(name, value))?;
    stage.variables = variables;
    Ok(())
}

fn set_access_log(stage: &mut Stage, member: &str, patch: &Patch) -> ApiResult<()> {
    if member == "destinationArn" && (!patch.text().starts_with("arn:") || patch.text().ends_with(":*")) {
        return Err(ApiError::bad_request(format!("Invalid ARN specified in the request: {}", patch.text())));
    }
    if member == "format" {
        check_access_log_format(patch.text())?;
    }
    let settings = stage.access_log_settings.get_or_insert_with(AccessLogSettings::default);
    match member {
        "destinationArn" => settings.destination_arn = patch.optional(),
        _ => settings.format = patch.optional(),
    }
    drop_empty_access_log(stage);
    Ok(())
}

/// One line that identifies the request. Empty clears the format.
fn check_access_log_format(format: &str) -> ApiResult<()> {
    if format.len() > ACCESS_LOG_FORMAT_BYTES_MAX {
        let text = format!("Access Log format exceeds the maximum size of {ACCESS_LOG_FORMAT_BYTES_MAX} bytes");
        return Err(ApiError::bad_request(text));
    }
    // The service's text, seen in public reports.
    if format.trim_end_matches('\n').contains('\n') {
        let text = "Access Log format must be single line, new line character is allowed only at end of the format";
        return Err(ApiError::bad_request(text));
    }
    // AWS docs, "Set up CloudWatch logging for REST APIs": one of the two must be there.
    let names_request = ["$context.requestId", "$context.extendedRequestId"].iter().any(|variable| format.contains(variable));
    if !format.is_empty() && !names_request {
        let text = "Access Log format must include at least $context.requestId or $context.extendedRequestId";
        return Err(ApiError::bad_request(text));
    }
    Ok(())
}

fn drop_empty_access_log(stage: &mut Stage) {
    if stage.access_log_settings == Some(AccessLogSettings::default()) {
        stage.access_log_settings = None;
    }
}

fn add(stage: &mut Stage, patch: &Patch, context: &Context<'_>) -> ApiResult<()> {
    match patch.parts().as_slice() {
        ["accessLogSettings", "destinationArn" | "format"] => {
            replace(stage, patch, context).unwrap_or_else(|| Err(unknown_path(patch)))
        }
        _ => Err(ApiError::bad_request(format!("Invalid add operation with path: {}", patch.path_text()))),
    }
}

fn remove(stage: &mut Stage, patch: &Patch) -> ApiResult<()> {
    let removed = match patch.parts().as_slice() {
        ["accessLogSettings"] => {
            stage.access_log_settings = None;
            true
        }
        ["accessLogSettings", member @ ("destinationArn" | "format")] => remove_access_log(stage, member),
        ["canarySettings", member @ ..] => canary::remove(stage, member),
        ["variables"] => {
            stage.variables.clear();
            true
        }
        ["variables", name] => stage.variables.remove(*name).is_some(),
        _ => patch.path_text().strip_prefix('/').is_some_and(|key| stage.method_settings.remove(key).is_some()),
    };
    if removed {
        return Ok(());
    }
    let path = patch.path_text().trim_start_matches('/');
    // The trailing space is the service's.
    Err(ApiError::bad_request(format!("Cannot remove method setting {path} because there is no method setting for this method ")))
}

fn remove_access_log(stage: &mut Stage, member: &str) -> bool {
    let Some(settings) = &mut stage.access_log_settings else { return false };
    let removed = match member {
        "destinationArn" => settings.destination_arn.take(),
        _ => settings.format.take(),
    };
    drop_empty_access_log(stage);
    removed.is_some()
}

fn unknown_path(patch: &Patch) -> ApiError {
    ApiError::bad_request(format!("Invalid method setting path: {}. Must be one of: {PATHS}", patch.path_text()))
}
