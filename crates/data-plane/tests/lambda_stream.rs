//! Lambda proxy integrations that stream: the first byte is out before the function ends, and what breaks off never looks whole.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use postern_api_model::apigateway::{IntegrationType, ResponseTransferMode};
use postern_api_model::hidden::Hidden;
use postern_api_model::ports::{CredentialSource, Credentials, FunctionEnd, FunctionPiece, PortFuture, WantedCredentials};
use postern_data_plane::backends::{Backends, FunctionTarget};
use postern_data_plane::{AccessLog, GatewaySettings};
use support::functions::{FUNCTION, Fake, serving, streaming};
use support::{API, Answer, Backend, TestGateway, api, definition, integration, method, with};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const HEAD: &str = "{\"statusCode\": 201, \"headers\": {\"X-Mine\": \"1\"}, \"cookies\": [\"a=1\", \"b=2\"]}\0\0\0\0\0\0\0\0";

fn chunk(bytes: impl Into<Bytes>) -> FunctionPiece {
    FunctionPiece::Chunk(bytes.into())
}

fn broken() -> FunctionPiece {
    let error_details = Some("{\"errorMessage\": \"late\"}".to_owned());
    FunctionPiece::Complete(FunctionEnd { error_code: Some("Unhandled".to_owned()), error_details, log_tail: None })
}

fn complete() -> FunctionPiece {
    FunctionPiece::Complete(FunctionEnd::default())
}

async fn streamed(pieces: Vec<FunctionPiece>) -> Answer {
    let (fake, sender) = Fake::streaming();
    pieces.into_iter().for_each(|piece| sender.send(piece).unwrap());
    drop(sender);
    serving(&fake, api(vec![("/a", "GET", streaming(FUNCTION))])).call("GET", "/s/a", &[], "").await
}

/// Reads until `text` has come.
async fn until(socket: &mut TcpStream, text: &str) {
    let (mut seen, mut part) = (Vec::new(), [0; 1024]);
    while !String::from_utf8_lossy(&seen).contains(text) {
        let len = tokio::time::timeout(Duration::from_secs(20), socket.read(&mut part)).await.unwrap().unwrap();
        assert!(len > 0, "{}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&part[..len]);
    }
}

async fn ask(test: &TestGateway) -> TcpStream {
    let mut socket = TcpStream::connect(test.address).await.unwrap();
    let request = format!("GET /s/a HTTP/1.1\r\nHost: {API}.execute-api.local\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    socket
}

#[tokio::test]
async fn the_first_byte_is_out_before_the_function_ends() {
    let (fake, sender) = Fake::streaming();
    let test = serving(&fake, api(vec![("/a", "GET", streaming(FUNCTION))]));
    let mut socket = ask(&test).await;
    sender.send(chunk(&HEAD.as_bytes()[..20])).unwrap();
    sender.send(chunk(&HEAD.as_bytes()[20..])).unwrap();
    sender.send(chunk("first")).unwrap();
    until(&mut socket, "first").await;
    sender.send(chunk("second")).unwrap();
    until(&mut socket, "second").await;
    sender.send(complete()).unwrap();
    until(&mut socket, "0\r\n\r\n").await;
}

#[tokio::test]
async fn the_first_byte_is_out_before_an_http_backend_ends() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfirst";
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/", listener.local_addr().unwrap());
    let backend = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let _ = socket.read(&mut [0; 1024]).await.unwrap();
        socket.write_all(head.as_bytes()).await.unwrap();
        // It never ends; the other side goes away first.
        while socket.read(&mut [0; 1024]).await.is_ok_and(|len| len > 0) {}
    });
    let method = with(method(integration(IntegrationType::HttpProxy, &uri)), |integration| {
        integration.response_transfer_mode = Some(ResponseTransferMode::Stream);
    });
    let test = TestGateway::serving(api(vec![("/a", "GET", method)]));
    let mut socket = ask(&test).await;
    until(&mut socket, "first").await;
    drop(socket);
    tokio::time::timeout(Duration::from_secs(20), backend).await.unwrap().unwrap();
}

#[tokio::test]
async fn metadata_and_payload() {
    let whole = streamed(vec![chunk(format!("{HEAD}payload \0\0\0\0\0\0\0\0 x")), chunk(&b"\xff"[..]), complete()]).await;
    assert_eq!((whole.status, &*whole.body, whole.is_whole), (201, &b"payload \0\0\0\0\0\0\0\0 x\xff"[..], true));
    assert_eq!((whole.field("x-mine"), whole.field("set-cookie")), ("1", "a=1|b=2"));
    let least = streamed(vec![chunk("{}\0\0\0\0\0\0\0\0"), complete()]).await;
    assert_eq!((least.status, least.text().as_str(), least.is_whole), (200, "", true));
    assert_eq!(least.field("content-type"), "application/json");
}

#[tokio::test]
async fn nothing_is_compressed() {
    let (fake, sender) = Fake::streaming();
    [chunk(HEAD), chunk("payload"), complete()].into_iter().for_each(|piece| sender.send(piece).unwrap());
    let mut source = api(vec![("/a", "GET", streaming(FUNCTION))]);
    definition(&mut source).minimum_compression_size = Some(0);
    let answer = serving(&fake, source).call("GET", "/s/a", &["Accept-Encoding: gzip"], "").await;
    assert_eq!((answer.text().as_str(), answer.field("content-encoding")), ("payload", ""));
}

#[tokio::test]
async fn what_fails_before_the_metadata_is_answered() {
    for pieces in [
        vec![complete()],
        vec![chunk("{\"statusCode\": 200, \"body\": \"buffered\"}"), complete()],
        vec![chunk("no json\0\0\0\0\0\0\0\0"), complete()],
        vec![chunk(vec![b' '; 16 * 1024 + 1])],
        vec![chunk("{"), broken()],
        vec![broken()],
    ] {
        let answer = streamed(pieces.clone()).await;
        assert_eq!((answer.status, answer.text().as_str()), (502, "{\"message\": \"Internal server error\"}"), "{pieces:?}");
    }
    let refused = Fake::returning("{}");
    let answer = serving(&refused, api(vec![("/a", "GET", streaming(FUNCTION))])).call("GET", "/s/a", &[], "").await;
    assert_eq!(answer.status, 500);
}

#[tokio::test]
async fn what_fails_later_is_broken_off() {
    for end in [vec![broken()], vec![]] {
        let (fake, sender) = Fake::streaming();
        let test = serving(&fake, api(vec![("/a", "GET", streaming(FUNCTION))]));
        let mut socket = ask(&test).await;
        sender.send(chunk(format!("{HEAD}half"))).unwrap();
        until(&mut socket, "half").await;
        end.into_iter().for_each(|piece| sender.send(piece).unwrap());
        drop(sender);
        let mut rest = Vec::new();
        let _ = tokio::time::timeout(Duration::from_secs(20), socket.read_to_end(&mut rest)).await.unwrap();
        assert!(!String::from_utf8_lossy(&rest).contains("0\r\n\r\n"), "the end is never seen");
    }
}

#[tokio::test]
async fn a_function_that_writes_nothing() {
    let (fake, _sender) = Fake::streaming();
    let method = with(streaming(FUNCTION), |integration| integration.timeout_in_millis = 50);
    let answer = serving(&fake, api(vec![("/a", "GET", method)])).call("GET", "/s/a", &[], "").await;
    assert_eq!((answer.status, answer.message().as_str()), (504, "Endpoint request timed out"));
}

struct Keys;

impl CredentialSource for Keys {
    fn credentials<'a>(&'a self, _: WantedCredentials<'a>) -> PortFuture<'a, Result<Credentials, String>> {
        let secret_access_key = Hidden::new("secret".to_owned());
        Box::pin(async { Ok(Credentials { access_key_id: "AKIA".to_owned(), secret_access_key, session_token: None }) })
    }
}

/// A frame of the event-stream encoding.
fn frame(kind: &str, payload: &[u8]) -> Vec<u8> {
    let crc = |bytes: &[u8]| {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        crc.sum().to_be_bytes()
    };
    let mut fields = Vec::new();
    for (name, value) in [(":message-type", "event"), (":event-type", kind)] {
        fields.push(name.len() as u8);
        fields.extend_from_slice(name.as_bytes());
        fields.push(7);
        fields.extend_from_slice(&(value.len() as u16).to_be_bytes());
        fields.extend_from_slice(value.as_bytes());
    }
    let mut out = ((16 + fields.len() + payload.len()) as u32).to_be_bytes().to_vec();
    out.extend_from_slice(&(fields.len() as u32).to_be_bytes());
    out.extend_from_slice(&crc(&out));
    out.extend_from_slice(&fields);
    out.extend_from_slice(payload);
    out.extend_from_slice(&crc(&out));
    out
}

async fn elsewhere(answer: Vec<u8>, target: fn(postern_data_plane::backends::BaseUrl) -> FunctionTarget) -> (Answer, String) {
    let backend = Backend::answering(answer).await;
    let target = target(backend.uri("").parse().unwrap());
    let functions = [("hello".to_owned(), target)].into();
    let backends = Backends { functions, credentials: Arc::new(Keys), ..Backends::default() };
    let test = TestGateway::start(GatewaySettings { backends, ..GatewaySettings::default() }, AccessLog::off());
    test.gateway.publish(api(vec![("/a", "GET", streaming(FUNCTION))])).unwrap();
    let answer = test.call("GET", "/s/a", &[], "").await;
    (answer, backend.request())
}

fn answered(status: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn frames_of_an_endpoint() {
    let good =
        [frame("PayloadChunk", HEAD.as_bytes()), frame("PayloadChunk", b"payload"), frame("InvokeComplete", b"{}")].concat();
    let (answer, request) = elsewhere(answered("200 OK", &good), FunctionTarget::Endpoint).await;
    assert_eq!((answer.status, answer.text().as_str(), answer.is_whole), (201, "payload", true));
    assert!(request.starts_with("POST /2021-11-15/functions/hello/response-streaming-invocations HTTP/1.1\r\n"), "{request}");
    let mut bad = good.clone();
    *bad.last_mut().unwrap() ^= 1;
    let failed = frame("InvokeComplete", br#"{"ErrorCode": "Unhandled", "ErrorDetails": "{\"errorMessage\": \"x\"}"}"#);
    let unfinished = [frame("PayloadChunk", HEAD.as_bytes()), frame("PayloadChunk", b"payload")].concat();
    for body in [bad, unfinished.clone(), [unfinished, failed.clone()].concat()] {
        let (answer, _) = elsewhere(answered("200 OK", &body), FunctionTarget::Endpoint).await;
        // Nothing of it need be out yet.
        assert!(matches!(answer.status, 0 | 201) && !answer.is_whole, "{answer:?}");
    }
    for (status, body, expected) in
        [("200 OK", &failed[..], 502), ("404 Not Found", b"{}", 500), ("200 OK", b"no frames at all", 502)]
    {
        let (answer, _) = elsewhere(answered(status, body), FunctionTarget::Endpoint).await;
        assert_eq!(answer.status, expected, "{status}");
    }
}

#[tokio::test]
async fn an_emulator_collects_what_streams() {
    let (answer, _) =
        elsewhere(answered("200 OK", format!("{HEAD}payload").as_bytes()), FunctionTarget::RuntimeInterfaceEmulator).await;
    assert_eq!((answer.status, answer.text().as_str(), answer.is_whole), (201, "payload", true));
}
