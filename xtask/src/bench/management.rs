//! The management operations that the bench needs, as plain HTTP.
//!
//! `--dev` accepts any signature, so a constant one does and no AWS SDK has to be built for the chores.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::failure::{Failure, Outcome};
use super::http::{Connection, request_bytes};

/// Where the measured APIs are deployed.
pub const STAGE: &str = "v1";
/// Form of a signature by the development account; nobody checks the rest of it.
const AUTHORIZATION: &str = "Authorization: AWS4-HMAC-SHA256 \
    Credential=000000000000/20260101/us-east-1/apigateway/aws4_request, SignedHeaders=host, \
    Signature=0000000000000000000000000000000000000000000000000000000000000000";

/// One connection to the management address.
pub struct Management {
    connection: Connection,
    headers: Vec<String>,
}

/// A REST API just made.
#[derive(Debug, Clone)]
pub struct Api {
    /// Its id.
    pub id: String,
    /// The id of `/`.
    pub root: String,
}

/// Whether a method asks for an API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiKey {
    /// It does.
    Required,
    /// It does not.
    Unread,
}

impl ApiKey {
    fn is_required(self) -> bool {
        self == Self::Required
    }
}

/// A usage plan's limit.
#[derive(Debug, Clone, Copy)]
pub struct Throttle {
    /// Requests a second.
    pub rate: u32,
    /// At once.
    pub burst: u32,
}

/// A method: where it is and its verb.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The API's id.
    pub api: &'a str,
    /// The resource's id.
    pub resource: &'a str,
}

impl Place<'_> {
    fn get_method(self) -> String {
        format!("/restapis/{}/resources/{}/methods/GET", self.api, self.resource)
    }
}

impl Management {
    /// Connects.
    pub fn open(address: SocketAddr) -> Outcome<Self> {
        let headers = vec![
            format!("Host: {address}"),
            AUTHORIZATION.to_owned(),
            "X-Amz-Date: 20260101T000000Z".to_owned(),
            "Accept: application/json".to_owned(),
            "Content-Type: application/json".to_owned(),
        ];
        Ok(Self { connection: Connection::open(address)?, headers })
    }

    /// CreateRestApi.
    pub fn create_rest_api(&mut self, name: &str) -> Outcome<Api> {
        self.new_api(&json!({ "name": name }))
    }

    /// CreateRestApi with `cloneFrom`.
    pub fn clone_rest_api(&mut self, name: &str, from: &str) -> Outcome<Api> {
        self.new_api(&json!({ "name": name, "cloneFrom": from }))
    }

    /// GetRestApi.
    pub fn rest_api(&mut self, api: &str) -> Outcome<Value> {
        self.call("GET", &format!("/restapis/{api}"), None)
    }

    /// ImportRestApi.
    pub fn import_rest_api(&mut self, document: &Value) -> Outcome<Api> {
        let made = self.call("POST", "/restapis?mode=import&failonwarnings=true", Some(document))?;
        Ok(Api { id: text(&made, "id")?, root: text(&made, "rootResourceId")? })
    }

    /// GetExport of [`STAGE`] with the integrations, as JSON.
    pub fn export(&mut self, api: &str, kind: &str) -> Outcome<Value> {
        self.call("GET", &format!("/restapis/{api}/stages/{STAGE}/exports/{kind}?extensions=integrations"), None)
    }

    /// CreateResource; returns its id.
    pub fn create_resource(&mut self, parent: Place<'_>, path_part: &str) -> Outcome<String> {
        let target = format!("/restapis/{}/resources/{}", parent.api, parent.resource);
        text(&self.call("POST", &target, Some(&json!({ "pathPart": path_part })))?, "id")
    }

    /// PutMethod and PutIntegration: GET proxied to `uri`, whose `{id}` is the path's.
    pub fn put_proxy(&mut self, place: Place<'_>, uri: &str, key: ApiKey) -> Outcome<()> {
        let method = place.get_method();
        let parameters = json!({ "method.request.path.id": true });
        let input = json!({ "authorizationType": "NONE", "apiKeyRequired": key.is_required(), "requestParameters": parameters });
        self.call("PUT", &method, Some(&input))?;
        let integration = json!({
            "type": "HTTP_PROXY",
            "httpMethod": "GET",
            "uri": uri,
            "requestParameters": { "integration.request.path.id": "method.request.path.id" },
        });
        self.call("PUT", &format!("{method}/integration"), Some(&integration)).map(drop)
    }

    /// A MOCK GET whose answer carries a header from the deployment (`x-deployed`) and one from the stage (`x-variable`).
    pub fn put_mock(&mut self, place: Place<'_>) -> Outcome<()> {
        let method = place.get_method();
        self.call("PUT", &method, Some(&json!({ "authorizationType": "NONE" })))?;
        let declared = json!({ "method.response.header.x-deployed": false, "method.response.header.x-variable": false });
        self.call("PUT", &format!("{method}/responses/200"), Some(&json!({ "responseParameters": declared })))?;
        let template = json!({ "application/json": "{\"statusCode\": 200}" });
        let integration = json!({ "type": "MOCK", "requestTemplates": template });
        self.call("PUT", &format!("{method}/integration"), Some(&integration))?;
        let mapped = json!({
            "method.response.header.x-deployed": "'0'",
            "method.response.header.x-variable": "stageVariables.version",
        });
        let response = json!({ "responseParameters": mapped, "responseTemplates": { "application/json": "" } });
        self.call("PUT", &format!("{method}/integration/responses/200"), Some(&response)).map(drop)
    }

    /// A MOCK GET that answers what a template renders.
    pub fn put_mock_template(&mut self, place: Place<'_>, template: &str, key: ApiKey) -> Outcome<()> {
        let method = place.get_method();
        self.call("PUT", &method, Some(&json!({ "authorizationType": "NONE", "apiKeyRequired": key.is_required() })))?;
        self.call("PUT", &format!("{method}/responses/200"), Some(&json!({})))?;
        let request = json!({ "application/json": "{\"statusCode\": 200}" });
        let integration = json!({ "type": "MOCK", "requestTemplates": request });
        self.call("PUT", &format!("{method}/integration"), Some(&integration))?;
        let response = json!({ "responseTemplates": { "application/json": template } });
        self.call("PUT", &format!("{method}/integration/responses/200"), Some(&response)).map(drop)
    }

    /// UpdateIntegrationResponse: the next deployment's `x-deployed`.
    pub fn set_deployed_header(&mut self, place: Place<'_>, value: u32) -> Outcome<()> {
        let target = format!("{}/integration/responses/200", place.get_method());
        let path = "/responseParameters/method.response.header.x-deployed";
        self.call("PATCH", &target, Some(&replace(path, &format!("'{value}'")))).map(drop)
    }

    /// CreateDeployment to [`STAGE`].
    pub fn deploy(&mut self, api: &str) -> Outcome<()> {
        let target = format!("/restapis/{api}/deployments");
        self.call("POST", &target, Some(&json!({ "stageName": STAGE }))).map(drop)
    }

    /// UpdateStage: the stage variable behind `x-variable`.
    pub fn set_stage_variable(&mut self, api: &str, value: u32) -> Outcome<()> {
        let target = format!("/restapis/{api}/stages/{STAGE}");
        self.call("PATCH", &target, Some(&replace("/variables/version", &value.to_string()))).map(drop)
    }

    /// UpdateStage: the limit of each method of [`STAGE`].
    pub fn throttle_methods(&mut self, api: &str, limit: Throttle) -> Outcome<()> {
        let change = |setting: &str, value: u32| json!({ "op": "replace", "path": format!("/*/*/throttling/{setting}"), "value": value.to_string() });
        let operations = json!({ "patchOperations": [change("rateLimit", limit.rate), change("burstLimit", limit.burst)] });
        self.call("PATCH", &format!("/restapis/{api}/stages/{STAGE}"), Some(&operations)).map(drop)
    }

    /// CreateUsagePlan for [`STAGE`] of an API; returns its id.
    pub fn create_usage_plan(&mut self, api: &str, limit: Throttle) -> Outcome<String> {
        let throttle = json!({ "rateLimit": limit.rate, "burstLimit": limit.burst });
        let stages = json!([{ "apiId": api, "stage": STAGE }]);
        text(
            &self.call("POST", "/usageplans", Some(&json!({ "name": "bench", "throttle": throttle, "apiStages": stages })))?,
            "id",
        )
    }

    /// CreateApiKey and CreateUsagePlanKey.
    pub fn create_api_key(&mut self, plan: &str, value: &str) -> Outcome<()> {
        let key = self.call("POST", "/apikeys", Some(&json!({ "name": value, "value": value, "enabled": true })))?;
        let joined = json!({ "keyId": text(&key, "id")?, "keyType": "API_KEY" });
        self.call("POST", &format!("/usageplans/{plan}/keys"), Some(&joined)).map(drop)
    }

    fn new_api(&mut self, input: &Value) -> Outcome<Api> {
        let made = self.call("POST", "/restapis", Some(input))?;
        Ok(Api { id: text(&made, "id")?, root: text(&made, "rootResourceId")? })
    }

    fn call(&mut self, method: &str, target: &str, body: Option<&Value>) -> Outcome<Value> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let answer = self.connection.exchange(&request_bytes(method, target, &self.headers, body.as_bytes()))?;
        if !(200..300).contains(&answer.status) {
            return Err(Failure::new(format!("{method} {target} answered {}: {}", answer.status, answer.text())));
        }
        Ok(serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
    }
}

fn replace(path: &str, value: &str) -> Value {
    json!({ "patchOperations": [{ "op": "replace", "path": path, "value": value }] })
}

fn text(value: &Value, member: &str) -> Outcome<String> {
    let found = value.get(member).and_then(Value::as_str);
    found.map(str::to_owned).ok_or_else(|| Failure::new(format!("no {member} in {value}")))
}
