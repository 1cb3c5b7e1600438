//! What stands in for a service does not always answer as the service does towards API Gateway.
//!
//! AWS's query services answer JSON to whoever accepts it, which an integration does unless something else is mapped (recorded: SQS and
//! SSM), and read an action's parameters wherever they stand. Servers such as ElasticMQ and moto answer XML whatever is accepted, and moto
//! reads parameters in a form only. And SSM still takes the query protocol from an action (recorded), of which stand-ins only know the
//! JSON protocol. So that a template written for AWS finds what it reads, the requests and answers of such services are translated where
//! the service is not AWS's own.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Uri, header};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::{SignedRequest, query_xml};
use crate::compile::MEDIA_TYPE_DEFAULT;
use crate::content;
use crate::encode::form_decode;
use crate::error::GatewayError;
use crate::headers::names;
use crate::integrations::Limits;
use crate::transport::{Body, Response};

/// Bytes of an answer that are translated: a queue's longest is 1 MiB (SQS quotas). A longer one passes as it is.
const TRANSLATED_BYTES_MAX: usize = 1024 * 1024;
/// Lists in a request of the query protocol are numbered; SSM's hold 50 at most (`Tags`).
const LIST_INDEX_MAX: usize = 50;
/// Steps of a parameter's name, such as the four of `Tags.member.1.Key`.
const NAME_STEPS_MAX: usize = 8;

/// What the query protocol's parameters are in a body.
const FORM: &str = "application/x-www-form-urlencoded";

/// Services that answer in the query protocol, as they are named in integration URIs.
const QUERY_SERVICES: [&str; 12] = [
    "autoscaling",
    "cloudformation",
    "elasticache",
    "elasticbeanstalk",
    "elasticloadbalancing",
    "email",
    "iam",
    "rds",
    "redshift",
    "sns",
    "sqs",
    "sts",
];
/// SSM's parameters that are no text in its JSON protocol, of the actions that integrations are known to call.
const SSM_BOOLEANS: [&str; 3] = ["Overwrite", "Recursive", "WithDecryption"];
const SSM_NUMBERS: [&str; 1] = ["MaxResults"];

/// How an exchange with a stand-in is translated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Translation {
    /// The request was one of the query protocol and is one of the JSON protocol; so the answer must go the other way.
    Ssm { action: String },
    /// An answer in XML becomes JSON.
    Xml,
}

impl Translation {
    /// Translates the request, if that is needed, and says what is to become of the answer.
    pub(super) fn begin(request: &mut SignedRequest<'_>) -> Option<Self> {
        if request.service.name == "ssm" {
            let action = action(&request.uri)?;
            if request.headers.contains_key(names::TARGET) {
                return None;
            }
            let parameters = parameters(request.uri.query().unwrap_or_default());
            request.headers.insert(names::TARGET, HeaderValue::from_str(&format!("AmazonSSM.{action}")).ok()?);
            request.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
            // Recorded: what is mapped to the query is all that an action reads.
            request.body = parameters.to_string().into();
            request.method = Method::POST;
            request.uri = Uri::from_static("/");
            return Some(Self::Ssm { action });
        }
        if !QUERY_SERVICES.contains(&request.service.name) {
            return None;
        }
        if request.method == Method::POST && action(&request.uri).is_some() {
            form_of_query(request);
        }
        let accepts_json = request.headers.get(header::ACCEPT).is_some_and(|accepted| accepted == MEDIA_TYPE_DEFAULT);
        accepts_json.then_some(Self::Xml)
    }

    /// Translates the answer.
    pub(super) async fn end(self, response: Response, deadline: Instant, limits: Limits) -> Result<Response, GatewayError> {
        let is_readable = match self {
            Self::Ssm { .. } => !content::is_coded(&response.headers),
            Self::Xml => {
                !content::is_coded(&response.headers) && is_media_type(&response.headers, &["text/xml", "application/xml"])
            }
        };
        if !is_readable {
            return Ok(response);
        }
        let Response { status, mut headers, body } = response;
        let max_bytes = usize::try_from(limits.max_body_bytes).unwrap_or(usize::MAX);
        let whole = body.with_deadline(deadline).collect(max_bytes).await.map_err(GatewayError::from_response_body)?;
        let translated = if whole.len() > TRANSLATED_BYTES_MAX { None } else { self.translated(status, &headers, &whole) };
        let body = match translated {
            Some(json) => {
                headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE_DEFAULT));
                let text = Bytes::from(json.to_string());
                headers.insert(header::CONTENT_LENGTH, HeaderValue::from(text.len()));
                text
            }
            None => whole,
        };
        Ok(Response { status, headers, body: Body::full(body) })
    }

    fn translated(&self, status: http::StatusCode, headers: &HeaderMap, body: &Bytes) -> Option<Value> {
        match self {
            Self::Xml => query_xml::to_json(std::str::from_utf8(body).ok()?),
            Self::Ssm { action } => {
                let answer: Value = serde_json::from_slice(body).ok()?;
                let id = headers.get(names::REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
                Some(if status.is_success() { ssm_result(action, answer, id) } else { ssm_error(&answer, id) })
            }
        }
    }
}

/// Puts an action's parameters where SDKs put them. AWS reads them in the query as well, whatever the body is; moto wants a form.
fn form_of_query(request: &mut SignedRequest<'_>) {
    let Ok(path) = request.uri.path().parse() else { return };
    let mut form = request.uri.query().unwrap_or_default().to_owned();
    if is_media_type(&request.headers, &[FORM]) && !request.body.is_empty() {
        form.push('&');
        form.push_str(&String::from_utf8_lossy(&request.body));
    }
    request.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(FORM));
    request.body = form.into();
    request.uri = path;
}

fn is_media_type(headers: &HeaderMap, types: &[&str]) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    types.iter().any(|known| media_type.eq_ignore_ascii_case(known))
}

fn action(uri: &Uri) -> Option<String> {
    let query = uri.query()?;
    let name = query.split('&').find_map(|pair| pair.strip_prefix("Action="))?;
    Some(form_decode(name).into_owned())
}

/// The parameters of a query as a JSON service reads them.
fn parameters(query: &str) -> Value {
    let mut read = Value::Object(Map::new());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (form_decode(name), form_decode(value));
        let steps: Vec<&str> = name.split('.').collect();
        if !matches!(steps[0], "Action" | "Version" | "") && steps.len() <= NAME_STEPS_MAX {
            put(&mut read, &steps, typed(&name, &value));
        }
    }
    read
}

fn typed(name: &str, value: &str) -> Value {
    match value {
        "true" if SSM_BOOLEANS.contains(&name) => Value::Bool(true),
        "false" if SSM_BOOLEANS.contains(&name) => Value::Bool(false),
        _ if SSM_NUMBERS.contains(&name) => value.parse::<u32>().map_or_else(|_| value.into(), Value::from),
        _ => value.into(),
    }
}

/// Puts a value where its name says: `Names.member.1` is the first of a list, `Filter.Key` a member of an object.
fn put(target: &mut Value, steps: &[&str], value: Value) {
    match steps {
        [] => *target = value,
        ["member", index, rest @ ..] => {
            let Some(index) = index.parse().ok().filter(|index| (1..=LIST_INDEX_MAX).contains(index)) else { return };
            if !target.is_array() {
                *target = Value::Array(Vec::new());
            }
            let Value::Array(list) = target else { return };
            if list.len() < index {
                list.resize(index, Value::Null);
            }
            put(&mut list[index - 1], rest, value);
        }
        [name, rest @ ..] => {
            if !target.is_object() {
                *target = Value::Object(Map::new());
            }
            let Value::Object(members) = target else { return };
            put(members.entry(*name).or_insert(Value::Null), rest, value);
        }
    }
}

/// `{"GetParameterResponse": {"GetParameterResult": ..., "ResponseMetadata": {"RequestId": ...}}}` (recorded).
fn ssm_result(action: &str, mut answer: Value, request_id: &str) -> Value {
    // Recorded: members without a value are there as null.
    if let Some(Value::Object(parameter)) = answer.get_mut("Parameter") {
        for name in ["Selector", "SourceResult"] {
            parameter.entry(name).or_insert(Value::Null);
        }
    }
    json!({
        format!("{action}Response"): {
            format!("{action}Result"): answer,
            "ResponseMetadata": { "RequestId": request_id },
        }
    })
}

/// `{"Error": {"Code": ..., "Message": ..., "Type": "Sender"}, "RequestId": ...}`, as published logs have it of SQS.
fn ssm_error(answer: &Value, request_id: &str) -> Value {
    let kind = answer.get("__type").and_then(Value::as_str).unwrap_or("UnknownError");
    let code = kind.rsplit('#').next().unwrap_or(kind);
    let message = ["message", "Message"].iter().find_map(|name| answer.get(*name)).cloned().unwrap_or(Value::Null);
    json!({ "Error": { "Code": code, "Message": message, "Type": "Sender" }, "RequestId": request_id })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_as_json() {
        let table = [
            ("Action=GetParameter&Name=a%2Fb+c&WithDecryption=true", json!({"Name": "a/b c", "WithDecryption": true})),
            ("Action=PutParameter&Name=n&Value=true&Overwrite=false", json!({"Name": "n", "Value": "true", "Overwrite": false})),
            ("Action=GetParameters&Names.member.1=a&Names.member.2=b", json!({"Names": ["a", "b"]})),
            ("Action=X&Tags.member.2.Key=k&MaxResults=5&Version=1", json!({"Tags": [null, {"Key": "k"}], "MaxResults": 5})),
            ("Action=X&Names.member.0=a&Names.member.99999999=a&a.a.a.a.a.a.a.a.a=1", json!({"Names": null})),
            ("Action=X&A=1&A.B=2&A.member.1=3", json!({"A": ["3"]})),
            ("", json!({})),
        ];
        for (query, expected) in table {
            assert_eq!(parameters(query), expected, "{query}");
        }
    }

    #[test]
    fn answers_of_ssm() {
        let answer = json!({"Parameter": {"Name": "n", "Selector": "s"}});
        let expected = json!({"GetParameterResponse": {
            "GetParameterResult": {"Parameter": {"Name": "n", "Selector": "s", "SourceResult": null}},
            "ResponseMetadata": {"RequestId": "id"},
        }});
        assert_eq!(ssm_result("GetParameter", answer, "id"), expected);
        let error = json!({"__type": "com.amazonaws.ssm#ParameterNotFound", "message": "gone"});
        let expected = json!({"Error": {"Code": "ParameterNotFound", "Message": "gone", "Type": "Sender"}, "RequestId": "id"});
        assert_eq!(ssm_error(&error, "id"), expected);
    }
}
