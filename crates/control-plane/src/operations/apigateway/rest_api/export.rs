//! GetExport: the deployment of a stage as an OpenAPI document.

use bytes::Bytes;
use postern_api_model::apigateway::{ExportResponse, GetExportInput};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{DeploymentSnapshot, DocumentationSnapshot, DocumentationVersion, RestApi, Stage};
use postern_api_model::scope::Caller;
use serde_json::Value;

use super::super::stage;
use super::missing;
use crate::ControlPlane;
use crate::openapi::export::{self as openapi, Extensions, Kind, Published, Source};

/// What the service calls both forms, as recorded for JSON.
const CONTENT_TYPE: &str = "application/octet-stream";

/// How the document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Json,
    Yaml,
}

impl Form {
    /// Reads `Accept`: JSON unless YAML is asked for.
    fn accepted(accepts: Option<&str>) -> Self {
        let kinds = accepts.unwrap_or_default().split(',').map(|kind| kind.split(';').next().unwrap_or_default().trim());
        let is_yaml = |kind: &str| matches!(kind, "application/yaml" | "application/x-yaml" | "text/yaml");
        if kinds.into_iter().any(is_yaml) { Self::Yaml } else { Self::Json }
    }

    const fn suffix(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Yaml => "yaml",
        }
    }

    fn write(self, document: &Value) -> ApiResult<String> {
        let written = match self {
            Self::Json => serde_json::to_string_pretty(document).map_err(|error| error.to_string()),
            Self::Yaml => serde_saphyr::to_string(document).map_err(|error| error.to_string()),
        };
        written.map_err(|error| {
            tracing::error!(%error, "an export cannot be written");
            ApiError::internal()
        })
    }
}

pub(in super::super) async fn export(plane: &ControlPlane, caller: &Caller, input: GetExportInput) -> ApiResult<ExportResponse> {
    let invalid = |name: &str, value: &str, options: &str| {
        ApiError::bad_request(format!("Invalid {name} specified: {value}. Valid options are {options}"))
    };
    let kind = Kind::from_wire(&input.export_type).ok_or_else(|| invalid("export type", &input.export_type, "oas30,swagger"))?;
    let parameters = input.parameters.unwrap_or_default();
    let wanted = parameters.get("extensions").map(String::as_str).unwrap_or_default();
    let wanted = Extensions::from_wire(wanted)
        .map_err(|name| invalid("extensions", &name, "integrations,authorizers,apigateway,postman"))?;
    let api = plane.rest_api(caller, &input.rest_api_id, || missing(caller, &input.rest_api_id)).await?;
    let stage = api.stages.get(&input.stage_name).ok_or_else(stage::missing)?;
    let id = postern_store::snapshot_id(&api.id, &stage.deployment_id);
    let snapshot: DeploymentSnapshot = plane.load(caller, &id, ApiError::internal).await?;
    let documentation = documentation(plane, caller, &api, stage).await?;
    let deployed = api.deployments.get(&stage.deployment_id).map_or(api.created, |deployment| deployment.created);
    let (api_id, region, stage_name) = (api.id.clone(), caller.scope.region.clone(), stage.name.clone());
    let form = Form::accepted(input.accepts.as_deref());
    // Writing a large API takes longer than a thread that answers others may be held.
    let work = move || -> ApiResult<(String, String)> {
        let source = Source {
            api_id: &api_id,
            region: &region,
            stage_name: &stage_name,
            deployed,
            definition: &snapshot.definition,
            documentation: documentation.as_ref().map(|(version, snapshot)| Published {
                version: &version.version,
                created: version.created,
                parts: &snapshot.parts,
            }),
        };
        let written = form.write(&openapi::write(&source, kind, wanted)?)?;
        Ok((written, disposition(kind, &source.version(), form)))
    };
    let (written, disposition) = tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "an export did not end");
        ApiError::internal()
    })??;
    Ok(ExportResponse {
        body: Some(Bytes::from(written)),
        content_disposition: Some(disposition),
        content_type: Some(CONTENT_TYPE.to_owned()),
    })
}

/// The documentation that the stage stands for; one without a version exports none.
async fn documentation(
    plane: &ControlPlane,
    caller: &Caller,
    api: &RestApi,
    stage: &Stage,
) -> ApiResult<Option<(DocumentationVersion, DocumentationSnapshot)>> {
    let version = stage.documentation_version.as_ref().and_then(|version| api.documentation_versions.get(version));
    let Some(version) = version else { return Ok(None) };
    let id = postern_store::child_id(&api.id, &version.version);
    let snapshot = plane.load(caller, &id, ApiError::internal).await?;
    Ok(Some((version.clone(), snapshot)))
}

/// A version is free text, of which a file's name can hold the harmless part.
fn disposition(kind: Kind, version: &str, form: Form) -> String {
    let is_harmless = |c: char| c.is_ascii_alphanumeric() || ".-_:+ ".contains(c);
    let version: String = version.chars().map(|c| if is_harmless(c) { c } else { '_' }).collect();
    format!("attachment; filename=\"{}_{version}.{}\"", kind.as_str(), form.suffix())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_json_unless_yaml_is_accepted() {
        for (accepts, form) in [
            (None, Form::Json),
            (Some("application/json"), Form::Json),
            (Some("*/*"), Form::Json),
            (Some("application/yaml"), Form::Yaml),
            (Some("text/html, application/yaml;q=0.5"), Form::Yaml),
        ] {
            assert_eq!(Form::accepted(accepts), form, "{accepts:?}");
        }
    }

    #[test]
    fn a_version_cannot_break_out_of_the_file_name() {
        let name = disposition(Kind::Swagger, "1.0\"\r\nX: y", Form::Json);
        assert_eq!(name, "attachment; filename=\"swagger_1.0___X: y.json\"");
    }
}
