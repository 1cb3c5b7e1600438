//! Results that come in pieces, through the port and through the Invoke API.
#![allow(clippy::unwrap_used)]

mod support;

use std::pin::Pin;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use postern_api_model::ports::{FunctionEnd, FunctionInvoker as _, FunctionPiece, FunctionPieces, LogType};
use postern_functions::InvokeApi;
use support::{Declared, call, end, invoke};

/// A runtime client that streams, breaks off or answers whole, as its event says.
const STREAMS: &str = r#"
import base64, http.client, json, os, socket, sys
host = os.environ['AWS_LAMBDA_RUNTIME_API']
connection = http.client.HTTPConnection(host)
while True:
    connection.request('GET', '/2018-06-01/runtime/invocation/next')
    response = connection.getresponse()
    event = json.loads(response.read())
    request_id = response.headers['Lambda-Runtime-Aws-Request-Id']
    sending = socket.create_connection(host.split(':'))
    def chunk(data):
        sending.sendall(b'%x\r\n%s\r\n' % (len(data), data))
    head = f'POST /2018-06-01/runtime/invocation/{request_id}/response HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n'
    sending.sendall((head + 'Lambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n'
        'Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\nConnection: close\r\n\r\n').encode())
    chunk(b'one')
    # Goes on once its first piece has been read.
    while event.get('wait') and not os.path.exists(event['wait']):
        pass
    if event['end'] == 'cut':
        sending.close()
        continue
    if event['end'] == 'exit':
        os._exit(1)
    chunk(b'two')
    if event['end'] == 'error':
        body = base64.b64encode(b'{"errorMessage":"late"}').decode()
        sending.sendall(f'0\r\nLambda-Runtime-Function-Error-Type: Function.Late\r\nLambda-Runtime-Function-Error-Body: {body}\r\n\r\n'.encode())
    else:
        sending.sendall(b'0\r\n\r\n')
    assert b'202' in sending.recv(1000)
    sending.close()
"#;

async fn next(pieces: &mut Pin<Box<dyn FunctionPieces>>) -> Option<FunctionPiece> {
    std::future::poll_fn(|cx| pieces.as_mut().poll_next(cx)).await
}

async fn rest(mut pieces: Pin<Box<dyn FunctionPieces>>) -> (String, FunctionEnd) {
    let mut text = String::new();
    while let Some(piece) = next(&mut pieces).await {
        match piece {
            FunctionPiece::Chunk(chunk) => text.push_str(std::str::from_utf8(&chunk).unwrap()),
            FunctionPiece::Complete(end) => {
                assert_eq!(next(&mut pieces).await, None);
                return (text, end);
            }
        }
    }
    panic!("{text} has no end");
}

#[tokio::test]
async fn the_first_piece_comes_before_the_last_is_made() {
    let running = Declared::bootstrap(STREAMS).start();
    let mut stream = running.invoke_streaming(call(r#"{"end":"well","wait":"go"}"#)).await.unwrap();
    assert_eq!(stream.content_type.as_deref(), Some("text/plain"));
    assert_eq!(next(&mut stream.pieces).await, Some(FunctionPiece::Chunk(Bytes::from_static(b"one"))));
    running.declared.write("go", "");
    assert_eq!(rest(stream.pieces).await, ("two".to_owned(), FunctionEnd::default()));
    end(running).await;
}

#[tokio::test]
async fn a_stream_that_fails_says_so_at_its_end() {
    let running = Declared::bootstrap(STREAMS).start();
    for (how, text, codes) in [
        ("error", "two", ["Function.Late"].as_slice()),
        ("cut", "", &["Runtime.TruncatedResponse"]),
        // Its connection is seen to end, or its process.
        ("exit", "", &["Runtime.ExitError", "Runtime.TruncatedResponse"]),
    ] {
        let mut stream = running.invoke_streaming(call(&format!(r#"{{"end":"{how}","wait":"{how}"}}"#))).await.unwrap();
        assert_eq!(next(&mut stream.pieces).await, Some(FunctionPiece::Chunk(Bytes::from_static(b"one"))));
        running.declared.write(how, "");
        let (got, end) = rest(stream.pieces).await;
        assert_eq!(got, text, "{how}");
        assert!(codes.contains(&end.error_code.as_deref().unwrap()), "{end:?}");
        assert_eq!(end.error_details.as_deref() == Some(r#"{"errorMessage":"late"}"#), how == "error", "{end:?}");
    }
    end(running).await;
}

#[tokio::test]
async fn a_caller_who_wants_it_whole_gets_it_whole_and_the_other_way_round() {
    let running = Declared::bootstrap(STREAMS).start();
    assert_eq!(invoke(&running, r#"{"end":"well"}"#).await.unwrap().payload, "onetwo");
    end(running).await;
    let running = Declared::python("def handler(event, context):\n    print('said')\n    return event\n").start();
    let mut asked = call("[1]");
    asked.log = LogType::Tail;
    let stream = running.invoke_streaming(asked).await.unwrap();
    let (text, complete) = rest(stream.pieces).await;
    assert_eq!((text.as_str(), complete.error_code), ("[1]", None));
    assert!(String::from_utf8(complete.log_tail.unwrap().to_vec()).unwrap().contains("\nsaid\n"));
    end(running).await;
}

#[tokio::test]
async fn a_reader_who_leaves_does_not_hold_up_the_function() {
    let running = Declared::bootstrap(STREAMS).with(|settings| settings.concurrency_max = 1).start();
    drop(running.invoke_streaming(call(r#"{"end":"well"}"#)).await.unwrap());
    assert_eq!(invoke(&running, r#"{"end":"well"}"#).await.unwrap().payload, "onetwo");
    end(running).await;
}

#[tokio::test]
async fn node_streams_with_the_names_of_aws() {
    if std::process::Command::new("node").arg("--version").output().is_err() {
        return;
    }
    let declared = Declared::new(postern_functions::Launch::Handler("index.handler".to_owned()));
    declared.write(
        "index.mjs",
        "export const handler = awslambda.streamifyResponse(async (event, stream, context) => {
            if (event.fail === 'early') throw new Error('early');
            const out = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { a: context.functionName } });
            out.write('one');
            if (event.fail === 'late') throw new RangeError('late');
            out.write('two');
            out.end();
        });",
    );
    let running = declared.start();
    let stream = running.invoke_streaming(call("{}")).await.unwrap();
    assert_eq!(stream.content_type.as_deref(), Some("application/vnd.awslambda.http-integration-response"));
    let head = r#"{"statusCode":201,"headers":{"a":"hello"}}"#;
    assert_eq!(rest(stream.pieces).await, (format!("{head}\0\0\0\0\0\0\0\0onetwo"), FunctionEnd::default()));
    let late = rest(running.invoke_streaming(call(r#"{"fail":"late"}"#)).await.unwrap().pieces).await;
    assert_eq!((late.0.ends_with("one"), late.1.error_code.as_deref()), (true, Some("RangeError")));
    let early = rest(running.invoke_streaming(call(r#"{"fail":"early"}"#)).await.unwrap().pieces).await;
    assert_eq!((early.0.as_str(), early.1.error_code.as_deref()), ("", Some("Error")));
    end(running).await;
}

#[tokio::test]
async fn the_invoke_api_frames_a_stream() {
    let running = Declared::bootstrap(STREAMS).start();
    let api = InvokeApi::new(running.functions.clone());
    let request = http::Request::post("/2021-11-15/functions/hello/response-streaming-invocations")
        .body(Bytes::from_static(br#"{"end":"error"}"#))
        .unwrap();
    let response = api.serve(request).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/vnd.amazon.eventstream");
    assert_eq!(response.headers()["x-amzn-remapped-content-type"], "text/plain");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let has = |wanted: &[u8]| body.windows(wanted.len()).any(|window| window == wanted);
    assert!(has(b"PayloadChunk") && has(b"one") && has(b"two"));
    assert!(has(br#"{"ErrorCode":"Function.Late","ErrorDetails":"{\"errorMessage\":\"late\"}"}"#));
    end(running).await;
}
