//! Flushing what a stage keeps: the data plane's work, asked for through its port.

use postern_api_model::apigateway::{FlushStageAuthorizersCacheInput, FlushStageCacheInput};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::scope::Caller;

use super::{missing, rest_api};
use crate::ControlPlane;

pub(in super::super) async fn flush_cache(plane: &ControlPlane, caller: &Caller, input: FlushStageCacheInput) -> ApiResult<()> {
    check(plane, caller, &input.rest_api_id, &input.stage_name).await?;
    plane.flusher().flush_responses(&input.rest_api_id, &input.stage_name).await.map_err(failed)
}

pub(in super::super) async fn flush_authorizers_cache(
    plane: &ControlPlane,
    caller: &Caller,
    input: FlushStageAuthorizersCacheInput,
) -> ApiResult<()> {
    check(plane, caller, &input.rest_api_id, &input.stage_name).await?;
    plane.flusher().flush_authorizations(&input.rest_api_id, &input.stage_name).await.map_err(failed)
}

/// Only a stage that is there, and the caller's, is flushed.
async fn check(plane: &ControlPlane, caller: &Caller, api_id: &str, stage_name: &str) -> ApiResult<()> {
    let api = plane.rest_api(caller, api_id, || rest_api::missing(caller, api_id)).await?;
    if api.stages.contains_key(stage_name) { Ok(()) } else { Err(missing()) }
}

fn failed(reason: String) -> ApiError {
    tracing::error!(reason, "a cache could not be flushed");
    ApiError::internal()
}
