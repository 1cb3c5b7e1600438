//! Calls of the management API from inside the process: the operations that a client would use, without a connection.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request};
use postern_control_plane::ControlPlane;
use serde_json::{Value, json};

/// The management API, in dev mode: nothing is signed.
pub struct Management(pub Arc<ControlPlane>);

impl Management {
    /// ImportRestApi; the id of the API.
    pub async fn import(&self, document: Vec<u8>) -> Result<String, String> {
        let made = self.call(Method::POST, "/restapis?mode=import".to_owned(), document.into()).await?;
        text_of(&made, "id")
    }

    /// PutRestApi, overwriting.
    pub async fn overwrite(&self, api_id: &str, document: Vec<u8>) -> Result<(), String> {
        self.call(Method::PUT, format!("/restapis/{api_id}?mode=overwrite"), document.into()).await.map(drop)
    }

    /// CreateDeployment; the id of the deployment. It is served when this returns.
    pub async fn deploy(&self, api_id: &str, stage: &str) -> Result<String, String> {
        let input = json!({ "stageName": stage }).to_string();
        let made = self.call(Method::POST, format!("/restapis/{api_id}/deployments"), input.into()).await?;
        text_of(&made, "id")
    }

    /// DeleteDeployment, of one that no stage uses any more.
    pub async fn forget(&self, api_id: &str, deployment_id: &str) -> Result<(), String> {
        self.call(Method::DELETE, format!("/restapis/{api_id}/deployments/{deployment_id}"), Bytes::new()).await.map(drop)
    }

    async fn call(&self, method: Method, target: String, body: Bytes) -> Result<Value, String> {
        let request = Request::builder().method(method).uri(target).header("content-type", "application/json").body(body);
        let request = request.map_err(|error| error.to_string())?;
        let answer = self.0.serve(request).await;
        let said = serde_json::from_slice::<Value>(answer.body()).unwrap_or_default();
        if answer.status().is_success() {
            return Ok(said);
        }
        Err(text_of(&said, "message").unwrap_or_else(|_| answer.status().to_string()))
    }
}

fn text_of(value: &Value, member: &str) -> Result<String, String> {
    value.get(member).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| format!("the answer has no {member}"))
}
