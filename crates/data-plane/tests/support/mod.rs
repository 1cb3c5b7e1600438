//! A gateway in this process with a fake store, real workers and real backends on loopback.

#![allow(clippy::unwrap_used)]
#![allow(dead_code, reason = "each test binary uses a part of it")]

pub mod authorizers;
pub mod functions;
pub mod signing;
pub mod tokens;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use postern_api_model::apigateway::{EndpointType, IntegrationType};
use postern_api_model::ports::{ApiLoader, ApiSource, CallerKeys, PortFuture};
use postern_api_model::rest_api::{
    Definition, EndpointConfiguration, Integration, IntegrationResponse, Method, MethodResponse, OrderedMap, Resource, Stage,
};
use postern_api_model::scope::Scope;
use postern_data_plane::transport::{ListenerSettings, UpstreamSettings, Workers};
use postern_data_plane::{AccessLog, Gateway, GatewaySettings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub const API: &str = "abcde12345";

/// What the store holds.
#[derive(Default)]
pub struct FakeStore {
    pub apis: Mutex<BTreeMap<String, ApiSource>>,
    pub loads: AtomicUsize,
}

impl ApiLoader for FakeStore {
    fn load<'a>(&'a self, api_id: &'a str) -> PortFuture<'a, Result<Option<ApiSource>, String>> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        let found = self.apis.lock().unwrap().get(api_id).cloned();
        Box::pin(async move {
            tokio::task::yield_now().await;
            Ok(found)
        })
    }
}

pub struct TestGateway {
    pub gateway: Arc<Gateway>,
    pub store: Arc<FakeStore>,
    pub workers: Workers,
    pub address: SocketAddr,
}

impl TestGateway {
    pub fn start(settings: GatewaySettings, log: AccessLog) -> Self {
        Self::start_as(settings, log, |gateway| gateway)
    }

    /// One whose callers sign with these keys.
    pub fn start_with_keys(settings: GatewaySettings, log: AccessLog, keys: Arc<dyn CallerKeys>) -> Self {
        Self::start_as(settings, log, |gateway| gateway.with_caller_keys(keys))
    }

    pub fn start_as(settings: GatewaySettings, log: AccessLog, finish: impl FnOnce(Gateway) -> Gateway) -> Self {
        let store = Arc::new(FakeStore::default());
        let gateway = Arc::new(finish(Gateway::new(settings, Arc::clone(&store) as Arc<dyn ApiLoader>, log)));
        let listeners =
            ListenerSettings { addresses: vec!["127.0.0.1:0".parse().unwrap()], workers: 1, ..ListenerSettings::default() };
        let workers = Workers::start(listeners, UpstreamSettings::default(), Arc::clone(&gateway)).unwrap();
        let address = workers.addresses()[0];
        Self { gateway, store, workers, address }
    }

    /// One that serves `source`.
    pub fn serving(source: ApiSource) -> Self {
        let test = Self::start(GatewaySettings::default(), AccessLog::off());
        test.gateway.publish(source).unwrap();
        test
    }

    /// Sends a request with a `Host` of the API's and returns the whole answer.
    pub async fn call(&self, verb: &str, path: &str, fields: &[&str], body: &str) -> Answer {
        let host = format!("Host: {API}.execute-api.local");
        let mut all = vec![host.as_str()];
        all.extend_from_slice(fields);
        self.call_with(verb, path, &all, body).await
    }

    pub async fn call_with(&self, verb: &str, path: &str, fields: &[&str], body: &str) -> Answer {
        let mut text = format!("{verb} {path} HTTP/1.1\r\nConnection: close\r\n");
        fields.iter().for_each(|field| text.push_str(&format!("{field}\r\n")));
        if !body.is_empty() {
            text.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        self.raw(&format!("{text}\r\n{body}")).await
    }

    pub async fn raw(&self, text: &str) -> Answer {
        self.raw_bytes(text.as_bytes()).await
    }

    pub async fn raw_bytes(&self, request: &[u8]) -> Answer {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        // What is refused early is not read to its end.
        let _ = socket.write_all(request).await;
        let mut bytes = Vec::new();
        // A broken connection ends what can be read, which some tests are about.
        let _ = tokio::time::timeout(Duration::from_secs(20), socket.read_to_end(&mut bytes)).await.unwrap();
        Answer::parse(&bytes)
    }
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Lower-case name to values joined with `|`.
    pub fields: BTreeMap<String, String>,
    /// Chunks joined.
    pub body: Vec<u8>,
    /// The body's own end was seen.
    pub is_whole: bool,
}

impl Answer {
    pub fn parse(bytes: &[u8]) -> Self {
        let head_end = bytes.windows(4).position(|four| four == b"\r\n\r\n").map_or(bytes.len(), |at| at + 4);
        let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).map_or(0, |status| status.parse().unwrap());
        let mut fields = BTreeMap::<String, String>::new();
        for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
            let known = fields.entry(name.to_ascii_lowercase()).or_default();
            *known = if known.is_empty() { value.to_owned() } else { format!("{known}|{value}") };
        }
        let rest = &bytes[head_end..];
        let (body, is_whole) = match fields.get("content-length") {
            Some(len) => (rest.to_vec(), rest.len() == len.parse::<usize>().unwrap()),
            None => dechunk(rest),
        };
        Self { status, fields, body, is_whole }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    pub fn message(&self) -> String {
        let json: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        json["message"].as_str().unwrap().to_owned()
    }
}

fn dechunk(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Some(at) = rest.windows(2).position(|two| two == b"\r\n") {
        let Ok(len) = usize::from_str_radix(&String::from_utf8_lossy(&rest[..at]), 16) else { break };
        if len == 0 {
            return (body, true);
        }
        let data = &rest[at + 2..];
        body.extend_from_slice(&data[..len.min(data.len())]);
        if data.len() < len + 2 {
            break;
        }
        rest = &data[len + 2..];
    }
    (body, false)
}

/// A backend that answers each connection with `answer` once it has read a request, and keeps what it read.
pub struct Backend {
    pub address: SocketAddr,
    pub requests: Arc<Mutex<Vec<String>>>,
    taken: Arc<AtomicUsize>,
}

impl Backend {
    pub async fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let taken = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&taken);
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::Relaxed);
                let (answer, seen) = (answer.clone(), Arc::clone(&seen));
                tokio::spawn(async move {
                    let request = read_request(&mut socket).await;
                    seen.lock().unwrap().push(request);
                    if answer.is_empty() {
                        // Hangs until the gateway gives up.
                        let _ = socket.read(&mut [0; 1]).await;
                    }
                    let _ = socket.write_all(&answer).await;
                });
            }
        });
        Self { address, requests, taken }
    }

    pub fn uri(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// How many connections it has taken.
    pub fn connections(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// The only request so far.
    pub fn request(&self) -> String {
        let requests = self.requests.lock().unwrap();
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests[0].clone()
    }
}

async fn read_request(socket: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let lower = head.to_ascii_lowercase();
            let len = lower.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.trim().parse().ok());
            let done = match len {
                Some(len) => body.len() >= len,
                None => !lower.contains("transfer-encoding: chunked") || body.ends_with("0\r\n\r\n"),
            };
            if done {
                return text;
            }
        }
        match socket.read(&mut part).await {
            Ok(0) | Err(_) => return text,
            Ok(len) => bytes.extend_from_slice(&part[..len]),
        }
    }
}

/// A 200 with a body.
pub fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

pub fn integration(kind: IntegrationType, uri: &str) -> Integration {
    let is_mock = kind == IntegrationType::Mock;
    Integration {
        kind,
        http_method: (!is_mock).then(|| "ANY".to_owned()),
        uri: (!is_mock).then(|| uri.to_owned()),
        connection_type: None,
        connection_id: None,
        integration_target: None,
        credentials: None,
        request_parameters: Default::default(),
        request_templates: Default::default(),
        passthrough_behavior: "WHEN_NO_MATCH".to_owned(),
        content_handling: None,
        timeout_in_millis: 29_000,
        cache_namespace: "x".to_owned(),
        cache_key_parameters: Vec::new(),
        response_transfer_mode: None,
        insecure_skip_verification: None,
        responses: BTreeMap::new(),
    }
}

pub fn proxy(uri: &str) -> Method {
    method(integration(IntegrationType::HttpProxy, uri))
}

pub fn method(integration: Integration) -> Method {
    Method {
        http_method: String::new(),
        authorization_type: "NONE".to_owned(),
        authorizer_id: None,
        authorization_scopes: Vec::new(),
        api_key_required: false,
        operation_name: None,
        request_validator_id: None,
        request_parameters: Default::default(),
        request_models: Default::default(),
        responses: BTreeMap::new(),
        integration: Some(integration),
    }
}

/// A MOCK as the console makes it, with the mapped headers of its 200 response.
pub fn mock(template: &str, headers: &[(&str, &str)]) -> Method {
    let mut integration = integration(IntegrationType::Mock, "");
    integration.request_templates.insert("application/json".to_owned(), template.to_owned());
    let key = |name: &str| format!("method.response.header.{name}");
    let parameters = headers.iter().map(|(name, source)| (key(name), (*source).to_owned())).collect();
    let response = IntegrationResponse { response_parameters: parameters, ..IntegrationResponse::default() };
    integration.responses.insert("200".to_owned(), response);
    let mut method = method(integration);
    let declared = headers.iter().map(|(name, _)| (key(name), false)).collect();
    method.responses.insert("200".to_owned(), MethodResponse { response_parameters: declared, ..MethodResponse::default() });
    method
}

/// An API with these methods, by path and verb, deployed to the stage `s`.
pub fn api(methods: Vec<(&str, &str, Method)>) -> ApiSource {
    let mut resources = BTreeMap::new();
    let root = Resource { id: "/".to_owned(), parent_id: None, path_part: String::new(), methods: BTreeMap::new() };
    resources.insert("/".to_owned(), root);
    for (path, verb, mut method) in methods {
        let mut parent = "/".to_owned();
        for part in path.split('/').filter(|part| !part.is_empty()) {
            let id = format!("{}/{part}", parent.trim_end_matches('/'));
            resources.entry(id.clone()).or_insert_with(|| Resource {
                id: id.clone(),
                parent_id: Some(parent.clone()),
                path_part: part.to_owned(),
                methods: BTreeMap::new(),
            });
            parent = id;
        }
        method.http_method = verb.to_owned();
        resources.get_mut(&parent).unwrap().methods.insert(verb.to_owned(), method);
    }
    let definition = Definition {
        endpoint_configuration: EndpointConfiguration::of_type(EndpointType::Regional),
        resources,
        ..Definition::empty("test", "/")
    };
    ApiSource {
        api_id: API.to_owned(),
        version: 1,
        scope: Scope { account: "000000000000".to_owned(), region: "eu-west-1".to_owned() },
        disable_execute_api_endpoint: false,
        stages: [("s".to_owned(), stage("s"))].into(),
        deployments: [("d1".to_owned(), Arc::new(definition))].into(),
        references: Default::default(),
    }
}

pub fn stage(name: &str) -> Stage {
    Stage::new(name, "d1", 0)
}

/// The definition of the only deployment, to be changed before it is published.
pub fn definition(source: &mut ApiSource) -> &mut Definition {
    Arc::get_mut(source.deployments.get_mut("d1").unwrap()).unwrap()
}

/// The method with its integration changed.
pub fn with(mut method: Method, change: impl FnOnce(&mut Integration)) -> Method {
    change(method.integration.as_mut().unwrap());
    method
}

pub fn map(pairs: &[(&str, &str)]) -> OrderedMap<String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// What an access log wrote.
#[derive(Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    pub fn log() -> (AccessLog, Self) {
        let lines = Self::default();
        (AccessLog::to_writer(Box::new(lines.clone())), lines)
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    pub fn parsed(&self) -> Vec<serde_json::Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
