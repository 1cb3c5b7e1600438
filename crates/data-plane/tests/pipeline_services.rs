//! AWS service integrations through a whole gateway: what a service is sent, by whom it is signed, and what becomes of its answer.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use postern_api_model::apigateway::{ContentHandlingStrategy, IntegrationType};
use postern_api_model::hidden::Hidden;
use postern_api_model::ports::{CredentialSource, Credentials, PortFuture, WantedCredentials};
use postern_api_model::rest_api::{Integration, IntegrationResponse, Method, MethodResponse};
use postern_data_plane::backends::{Backends, ServiceEndpoint, ServiceEndpoints};
use postern_data_plane::{AccessLog, GatewaySettings};
use postern_sigv4::{PathStyle, Payload, SecretKey, Session, SigningRequest, VerifyOptions, parse, verify};
use support::{Answer, Backend, TestGateway, api, definition, integration, map, method, with};

const FOREIGN_ROLE: &str = "arn:aws:iam::111122223333:role/gateway";
const ROLE: &str = "arn:aws:iam::000000000000:role/gateway";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const JSON: &str = "Content-Type: application/json";

/// Lends keys to one role and by default, and notes who asked.
#[derive(Default)]
struct Keys(Mutex<Vec<String>>);

impl CredentialSource for Keys {
    fn credentials<'a>(&'a self, wanted: WantedCredentials<'a>) -> PortFuture<'a, Result<Credentials, String>> {
        self.0.lock().unwrap().push(format!("{wanted:?}"));
        Box::pin(async move {
            match wanted {
                WantedCredentials::Role(arn) if arn != ROLE && arn != FOREIGN_ROLE => {
                    Err("set credentials.role for it".to_owned())
                }
                WantedCredentials::Role(_) | WantedCredentials::Default => Ok(Credentials {
                    access_key_id: "AKIDEXAMPLE".to_owned(),
                    secret_access_key: Hidden::new(SECRET.to_owned()),
                    session_token: Some(Hidden::new("session".to_owned())),
                }),
            }
        })
    }
}

struct Services {
    backend: Backend,
    keys: Arc<Keys>,
    test: TestGateway,
}

impl Services {
    /// A gateway with one method, and one backend for every service.
    async fn serving(answer: impl Into<Vec<u8>>, path: &str, verb: &str, method: Method) -> Self {
        let backend = Backend::answering(answer).await;
        let keys = Arc::new(Keys::default());
        let default = Some(ServiceEndpoint::At(backend.uri("").parse().unwrap()));
        let services = ServiceEndpoints { default, ..ServiceEndpoints::default() };
        let backends = Backends { services, credentials: Arc::clone(&keys) as Arc<dyn CredentialSource>, ..Backends::default() };
        let test = TestGateway::start(GatewaySettings { backends, ..GatewaySettings::default() }, AccessLog::off());
        let mut source = api(vec![(path, verb, method)]);
        let variables = [("queue", "orders"), ("role", "gateway"), ("action", "PutRecord")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        source.stages.get_mut("s").unwrap().variables = variables.into();
        test.gateway.publish(source).unwrap();
        Self { backend, keys, test }
    }

    /// The only request, once its signature for `service` was found good.
    fn request(&self, service: &str) -> Sent {
        let sent = Sent::read(&self.backend.request());
        sent.verify(service);
        sent
    }
}

/// A request as a service sees it.
struct Sent {
    method: String,
    target: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Sent {
    fn read(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let mut lines = head.split("\r\n");
        let mut first = lines.next().unwrap().split(' ');
        let mut headers = HeaderMap::new();
        for (name, value) in lines.map(|line| line.split_once(": ").unwrap()) {
            headers.append(HeaderName::try_from(name).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        let (method, target) = (first.next().unwrap().to_owned(), first.next().unwrap().to_owned());
        Self { method, target, headers, body: body.to_owned().into() }
    }

    fn verify(&self, service: &str) {
        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        let request = SigningRequest {
            method: &self.method,
            raw_path: path,
            raw_query: query,
            headers: &self.headers,
            body: Payload::Bytes(&self.body),
        };
        let presented = parse(&request).unwrap();
        let services = [service];
        let path_style = if service == "s3" { PathStyle::S3 } else { PathStyle::Normalized };
        let session = Some(Session { token_sha256: Session::hash_of("session"), expires_s: i64::MAX });
        let options = VerifyOptions { path_style, session, ..VerifyOptions::for_services(&services) };
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        verify(&presented, &request, &SecretKey::new(SECRET), now.try_into().unwrap(), &options).unwrap();
    }

    fn field(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// An integration of a service, with a default response.
fn service(uri: &str) -> Method {
    let mut integration = integration(IntegrationType::Aws, &format!("arn:aws:apigateway:eu-west-1:{uri}"));
    integration.http_method = Some("POST".to_owned());
    integration.credentials = Some(ROLE.to_owned());
    integration.responses.insert("200".to_owned(), IntegrationResponse::default());
    let mut method = method(integration);
    method.responses.insert("200".to_owned(), MethodResponse::default());
    method
}

fn templated(uri: &str, template: &str) -> Method {
    with(service(uri), |integration| integration.request_templates = map(&[("application/json", template)]))
}

fn answer(status: &str, content_type: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nX-Amzn-RequestId: 1\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

async fn call(services: &Services, verb: &str, path: &str, body: &str) -> Answer {
    services.test.call(verb, path, &[JSON, "X-Amz-Security-Token: stolen", "Accept: text/plain"], body).await
}

#[tokio::test]
async fn a_message_goes_to_a_queue_by_its_path() {
    let form = "Action=SendMessage&MessageBody=$util.urlEncode($input.body)&MessageAttribute.1.Name=agent";
    let method = with(templated("sqs:path/111122223333/${stageVariables.queue}", form), |integration| {
        integration.request_parameters =
            map(&[("integration.request.header.Content-Type", "'application/x-www-form-urlencoded'")]);
    });
    let services = Services::serving(answer("200 OK", "application/json", "{\"a\":1}"), "/", "POST", method).await;
    let answer = call(&services, "POST", "/s/", "{\"foo\": \"b&r\"}").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "{\"a\":1}"));
    assert!(!answer.field("x-amzn-trace-id").is_empty());
    let sent = services.request("sqs");
    assert_eq!((sent.method.as_str(), sent.target.as_str()), ("POST", "/111122223333/orders"));
    assert_eq!(sent.body, "Action=SendMessage&MessageBody=%7B%22foo%22%3A+%22b%26r%22%7D&MessageAttribute.1.Name=agent");
    assert_eq!(sent.field("content-type"), "application/x-www-form-urlencoded");
    assert_eq!(sent.field("accept"), "application/json");
    assert_eq!(sent.field("user-agent"), format!("AmazonAPIGateway_{}", support::API));
    assert_eq!(sent.field("host"), services.backend.address.to_string());
    assert!(sent.field("x-amzn-trace-id").starts_with("Root=1-"));
    assert_eq!(sent.field("x-amz-security-token"), "session");
    assert_eq!(*services.keys.0.lock().unwrap(), [format!("Role({ROLE:?})")]);
}

#[tokio::test]
async fn an_action_with_a_mapped_query_is_a_request_of_the_query_protocol() {
    let method = with(service("sns:action/Publish"), |integration| {
        integration.request_parameters = map(&[
            ("integration.request.querystring.TopicArn", "'arn:aws:sns:eu-west-1:111122223333:news'"),
            ("integration.request.querystring.Message", "method.request.body.text"),
        ]);
        integration.credentials = None;
    });
    let services = Services::serving(answer("200 OK", "text/xml", "<a/>"), "/", "POST", method).await;
    let answer = call(&services, "POST", "/s/", "{\"text\": \"one & two\"}").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "<a/>"));
    let sent = services.request("sns");
    // As SDKs do it, which every server that stands in for the service reads.
    assert_eq!((sent.target.as_str(), sent.field("content-type")), ("/", "application/x-www-form-urlencoded"));
    assert_eq!(sent.body, "Action=Publish&TopicArn=arn:aws:sns:eu-west-1:111122223333:news&Message=one%20%26%20two");
    assert!(!sent.headers.contains_key("x-amz-target"));
    assert_eq!(*services.keys.0.lock().unwrap(), ["Default"]);
}

#[tokio::test]
async fn a_form_and_an_action_in_the_query_are_one_form_under_the_same_path() {
    let method = with(templated("sqs:path/111122223333/q?Action=SendMessage", "MessageBody=x"), |integration| {
        integration.request_parameters =
            map(&[("integration.request.header.Content-Type", "'application/x-www-form-urlencoded'")]);
    });
    let services = Services::serving(answer("200 OK", "text/xml", "<a/>"), "/", "POST", method).await;
    assert_eq!(call(&services, "POST", "/s/", "{}").await.status, 200);
    let sent = services.request("sqs");
    assert_eq!((sent.target.as_str(), &sent.body[..]), ("/111122223333/q", &b"Action=SendMessage&MessageBody=x"[..]));
}

#[tokio::test]
async fn services_that_only_read_json_are_told_the_operation() {
    let method = templated(
        "kinesis:action/${stageVariables.action}",
        "{\"StreamName\": \"s\", \"Data\": \"$util.base64Encode($input.body)\"}",
    );
    let services = Services::serving(answer("200 OK", "application/x-amz-json-1.1", "{}"), "/", "POST", method).await;
    assert_eq!(call(&services, "POST", "/s/", "x").await.status, 200);
    let sent = services.request("kinesis");
    assert_eq!((sent.target.as_str(), sent.field("x-amz-target")), ("/?Action=PutRecord", "Kinesis_20131202.PutRecord"));
    assert_eq!(sent.field("content-type"), "application/x-amz-json-1.1");
    assert_eq!(sent.body, "{\"StreamName\": \"s\", \"Data\": \"eA==\"}");
}

#[tokio::test]
async fn what_is_mapped_or_overridden_wins_over_what_the_table_of_services_says() {
    let template = "#set($context.requestOverride.header.X-Amz-Target = \"AWSEvents.PutEvents\")\
                    #set($context.requestOverride.header.Content-Type = \"application/x-amz-json-1.1\"){}";
    for (uri, parameters) in [
        ("events:action/PutEvents", vec![]),
        ("kinesis:action/Other", vec![("integration.request.header.X-Amz-Target", "'Mapped.Target'")]),
    ] {
        let method = with(templated(uri, template), |integration| integration.request_parameters = map(&parameters));
        let services = Services::serving(answer("200 OK", "application/json", "{}"), "/", "POST", method).await;
        assert_eq!(call(&services, "POST", "/s/", "{}").await.status, 200);
        let sent = services.request(uri.split(':').next().unwrap());
        assert_eq!(sent.field("x-amz-target"), "AWSEvents.PutEvents");
        assert_eq!(sent.field("content-type"), "application/x-amz-json-1.1");
    }
}

fn object(verb: &str) -> Method {
    with(service("s3:path/bucket/{key}"), |integration| {
        integration.http_method = Some(verb.to_owned());
        integration.request_parameters = map(&[
            ("integration.request.path.key", "method.request.path.proxy"),
            ("integration.request.header.Content-Type", "method.request.header.Content-Type"),
        ]);
    })
}

#[tokio::test]
async fn an_object_is_put_under_its_key_and_its_hash_is_said() {
    let services = Services::serving(answer("200 OK", "text/plain", ""), "/{proxy+}", "ANY", object("ANY")).await;
    assert_eq!(call(&services, "PUT", "/s/a%20b/c%2Bd:e", "bytes").await.status, 200);
    let sent = services.request("s3");
    assert_eq!((sent.method.as_str(), sent.target.as_str(), &sent.body[..]), ("PUT", "/bucket/a%20b/c%2Bd:e", &b"bytes"[..]));
    assert_eq!(sent.field("x-amz-content-sha256"), "277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9");
}

#[tokio::test]
async fn a_get_has_no_body_and_a_key_leads_to_no_other_bucket() {
    let services = Services::serving(answer("200 OK", "text/plain", "x"), "/{proxy+}", "ANY", object("GET")).await;
    assert_eq!(call(&services, "POST", "/s/../other/secret", "body").await.status, 400);
    assert_eq!(services.backend.connections(), 0);
    assert_eq!(call(&services, "POST", "/s/key", "body").await.status, 200);
    let sent = services.request("s3");
    assert_eq!((sent.method.as_str(), sent.target.as_str(), sent.body.len()), ("GET", "/bucket/key", 0));
}

#[tokio::test]
async fn the_services_status_chooses_and_its_xml_passes() {
    let error = "<Error><Code>NoSuchKey</Code></Error>";
    let method = with(object("GET"), |integration| {
        integration.responses.insert(
            "404".to_owned(),
            IntegrationResponse {
                selection_pattern: Some("404".to_owned()),
                response_parameters: map(&[("method.response.header.Content-Type", "integration.response.header.Content-Type")]),
                ..IntegrationResponse::default()
            },
        );
    });
    let mut method = method;
    let declared = map_of_false(&["method.response.header.Content-Type"]);
    method.responses.insert("404".to_owned(), MethodResponse { response_parameters: declared, ..MethodResponse::default() });
    let services = Services::serving(answer("404 Not Found", "application/xml", error), "/{proxy+}", "GET", method).await;
    let answer = call(&services, "GET", "/s/gone", "").await;
    assert_eq!((answer.status, answer.text().as_str(), answer.field("content-type")), (404, error, "application/xml"));
}

fn map_of_false(names: &[&str]) -> postern_api_model::rest_api::OrderedMap<bool> {
    names.iter().map(|name| ((*name).to_owned(), false)).collect()
}

#[tokio::test]
async fn binary_bodies_are_converted_both_ways() {
    let convert = |integration: &mut Integration| {
        integration.content_handling = Some(ContentHandlingStrategy::ConvertToBinary);
        integration.responses.insert(
            "200".to_owned(),
            IntegrationResponse {
                content_handling: Some(ContentHandlingStrategy::ConvertToText),
                ..IntegrationResponse::default()
            },
        );
    };
    let backend = Services::serving(answer("200 OK", "image/png", "raw"), "/{proxy+}", "PUT", with(object("PUT"), convert)).await;
    let mut source = api(vec![("/{proxy+}", "PUT", with(object("PUT"), convert))]);
    source.version = 2;
    definition(&mut source).binary_media_types.push("image/png".to_owned());
    source.deployments = [("d2".to_owned(), source.deployments.remove("d1").unwrap())].into();
    source.stages.get_mut("s").unwrap().deployment_id = "d2".to_owned();
    backend.test.gateway.publish(source).unwrap();
    let answer = call(&backend, "PUT", "/s/k", "aGVsbG8=").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "cmF3"));
    assert_eq!(backend.request("s3").body, "hello");
}

#[tokio::test]
async fn roles_come_from_stage_variables_and_an_unknown_one_is_said() {
    let with_role = |arn: &str| with(service("sqs:path/q"), |integration| integration.credentials = Some(arn.to_owned()));
    let method = with_role("arn:aws:iam::000000000000:role/${stageVariables.role}");
    let services = Services::serving(answer("200 OK", "application/json", "{}"), "/", "POST", method).await;
    assert_eq!(call(&services, "POST", "/s/", "{}").await.status, 200);
    assert_eq!(*services.keys.0.lock().unwrap(), [format!("Role({ROLE:?})")]);

    for (arn, status, message) in [
        ("arn:aws:iam::000000000000:role/other", 500, "Internal server error"),
        ("arn:aws:iam::000000000000:user/me", 500, "Internal server error"),
        // Another account's, for which there is a key: no API may use it.
        (FOREIGN_ROLE, 500, "Internal server error"),
        // Nobody is proven to call.
        ("arn:aws:iam::*:user/*", 500, "Internal server error"),
    ] {
        let services = Services::serving(answer("200 OK", "application/json", "{}"), "/", "POST", with_role(arn)).await;
        let answer = call(&services, "POST", "/s/", "{}").await;
        assert_eq!((answer.status, answer.message().as_str()), (status, message), "{arn}");
        assert_eq!(services.backend.connections(), 0);
    }
}

#[tokio::test]
async fn what_cannot_be_called_answers_as_on_aws() {
    for uri in ["sqs:queue/x", "sqs:action/{p}", "s q s:path/x", "${stageVariables.none}:path/x"] {
        let services = Services::serving("", "/", "POST", service(uri)).await;
        let answer = call(&services, "POST", "/s/", "{}").await;
        assert_eq!((answer.status, answer.message().as_str()), (500, "Internal server error"), "{uri}");
    }
    for name in ["Authorization", "Connection", "Expect", "Proxy-Authenticate", "TE", "Content-Length"] {
        let forbidden = with(service("sqs:path/q"), |integration| {
            integration.request_parameters = map(&[(&format!("integration.request.header.{name}"), "'x'")]);
        });
        let services = Services::serving("", "/", "POST", forbidden).await;
        assert_eq!(call(&services, "POST", "/s/", "{}").await.status, 500, "{name}");
        assert_eq!(services.backend.connections(), 0);
    }
    let overriding = templated("sqs:path/q", "#set($context.requestOverride.header.Authorization = \"AWS4-x\")x");
    let services = Services::serving("", "/", "POST", overriding).await;
    assert_eq!(call(&services, "POST", "/s/", "{}").await.status, 500);
}

#[tokio::test]
async fn a_service_that_hangs_times_out_and_one_that_breaks_off_is_a_failure() {
    let impatient = with(service("sqs:path/q"), |integration| integration.timeout_in_millis = 100);
    let services = Services::serving("", "/", "POST", impatient).await;
    let answer = call(&services, "POST", "/s/", "{}").await;
    assert_eq!((answer.status, answer.message().as_str()), (504, "Endpoint request timed out"));

    let services =
        Services::serving("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "/", "POST", service("sqs:path/q")).await;
    assert_eq!(call(&services, "POST", "/s/", "{}").await.status, 504);
}

#[tokio::test]
async fn a_service_without_an_endpoint_names_the_key_in_the_log_of_a_test() {
    use postern_api_model::ports::TestCall;
    use postern_data_plane::transport::{UpstreamSettings, Upstreams};

    let test = TestGateway::start(GatewaySettings::default(), AccessLog::off());
    let mut source = api(vec![("/q", "POST", service("states:action/StartExecution"))]);
    let call = TestCall {
        api_id: source.api_id.clone(),
        scope: source.scope.clone(),
        definition: definition(&mut source).clone(),
        resource_id: "/q".to_owned(),
        method: "POST".to_owned(),
        verb: "POST".to_owned(),
        path_with_query_string: None,
        headers: Vec::new(),
        body: "{}".to_owned(),
        stage_variables: Default::default(),
        client_certificate_id: None,
        references: Default::default(),
    };
    let answer = test.gateway.test_invoke(&Upstreams::new(UpstreamSettings::default()), call).await.unwrap();
    assert_eq!(answer.status, 500);
    assert!(answer.log.contains("services.states.endpoint"), "{}", answer.log);
}

#[tokio::test]
async fn ssm_is_asked_in_json_and_answers_as_on_aws() {
    let method = with(service("ssm:action/GetParameter"), |integration| {
        integration.passthrough_behavior = "WHEN_NO_TEMPLATES".to_owned();
        integration.request_parameters = map(&[
            ("integration.request.querystring.Name", "'param-test'"),
            ("integration.request.querystring.WithDecryption", "'true'"),
        ]);
    });
    let stored = "{\"Parameter\":{\"Name\":\"param-test\",\"Value\":\"1\"}}";
    let services = Services::serving(answer("200 OK", "application/x-amz-json-1.1", stored), "/", "GET", method.clone()).await;
    let answered = call(&services, "GET", "/s/", "").await;
    let expected = "{\"GetParameterResponse\":{\"GetParameterResult\":{\"Parameter\":{\"Name\":\"param-test\",\"Value\":\"1\",\
                    \"Selector\":null,\"SourceResult\":null}},\"ResponseMetadata\":{\"RequestId\":\"1\"}}}";
    assert_eq!((answered.status, answered.text().as_str()), (200, expected));
    let sent = services.request("ssm");
    assert_eq!((sent.method.as_str(), sent.target.as_str()), ("POST", "/"));
    assert_eq!(sent.field("x-amz-target"), "AmazonSSM.GetParameter");
    assert_eq!(sent.body, "{\"Name\":\"param-test\",\"WithDecryption\":true}");

    let gone = "{\"__type\":\"ParameterNotFound\",\"message\":\"gone\"}";
    let services = Services::serving(answer("400 Bad Request", "application/x-amz-json-1.1", gone), "/", "GET", method).await;
    let expected = "{\"Error\":{\"Code\":\"ParameterNotFound\",\"Message\":\"gone\",\"Type\":\"Sender\"},\"RequestId\":\"1\"}";
    assert_eq!(call(&services, "GET", "/s/", "").await.text(), expected);
}

#[tokio::test]
async fn a_queue_that_only_writes_xml_is_read_as_the_json_that_aws_writes() {
    let xml = "<SendMessageResponse><SendMessageResult><MessageId>m</MessageId></SendMessageResult><ResponseMetadata>\
               <RequestId>r</RequestId></ResponseMetadata></SendMessageResponse>";
    let reading = "#set($sent = $input.path('$.SendMessageResponse'))\
                   {\"messageId\": \"$sent.SendMessageResult.MessageId\", \"requestId\": \"$sent.ResponseMetadata.RequestId\"}";
    let template = map(&[("application/json", reading)]);
    let method = with(service("sqs:path/q"), |integration| {
        let response = IntegrationResponse { response_templates: Some(template), ..IntegrationResponse::default() };
        integration.responses.insert("200".to_owned(), response);
    });
    let services = Services::serving(answer("200 OK", "text/xml; charset=utf-8", xml), "/", "POST", method).await;
    assert_eq!(call(&services, "POST", "/s/", "{}").await.text(), "{\"messageId\": \"m\", \"requestId\": \"r\"}");

    // Whoever asks for XML gets it.
    let method = with(service("sqs:path/q"), |integration| {
        integration.request_parameters = map(&[("integration.request.header.Accept", "'text/xml'")]);
    });
    let services = Services::serving(answer("200 OK", "text/xml", xml), "/", "POST", method).await;
    assert_eq!(call(&services, "POST", "/s/", "{}").await.text(), xml);
}

#[tokio::test]
async fn a_proxy_of_firehose_passes_body_and_answer_on() {
    let mut firehose =
        integration(IntegrationType::AwsProxy, "arn:aws:apigateway:eu-west-1:firehose:action/${stageVariables.action}");
    firehose.http_method = Some("POST".to_owned());
    firehose.credentials = Some(ROLE.to_owned());
    let record = "{\"DeliveryStreamName\":\"s\",\"Record\":{\"Data\":\"aGk=\"}}";
    let answered = [("200 OK", "{\"RecordId\":\"1\"}"), ("400 Bad Request", "{\"__type\":\"ResourceNotFoundException\"}")];
    for (status, body) in answered {
        let sent = answer(status, "application/x-amz-json-1.1", body);
        let services = Services::serving(sent, "/", "POST", method(firehose.clone())).await;
        let found = call(&services, "POST", "/s/", record).await;
        assert_eq!((found.status.to_string().as_str(), found.text().as_str()), (&status[..3], body));
        assert_eq!(found.field("content-type"), "application/x-amz-json-1.1");
        let request = services.request("firehose");
        assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/?Action=PutRecord"));
        assert_eq!(request.field("x-amz-target"), "Firehose_20150804.PutRecord");
        assert_eq!(request.field("content-type"), "application/x-amz-json-1.1");
        assert_eq!(request.body, record);
    }
}
