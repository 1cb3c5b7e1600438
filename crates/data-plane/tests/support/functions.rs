//! Functions that are closures.

#![allow(clippy::unwrap_used)]
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use postern_api_model::apigateway::{IntegrationType, ResponseTransferMode};
use postern_api_model::ports::{
    ApiSource, FunctionAnswer, FunctionCall, FunctionError, FunctionInvoker, FunctionPiece, FunctionPieces, FunctionStream,
    PortFuture,
};
use postern_api_model::rest_api::Method;
use postern_data_plane::backends::Backends;
use postern_data_plane::{AccessLog, GatewaySettings};
use tokio::sync::mpsc;

use super::{TestGateway, integration, method};

pub const FUNCTION: &str = "arn:aws:lambda:eu-west-1:000000000000:function:hello";

type Run = dyn Fn(&FunctionCall) -> Result<FunctionAnswer, FunctionError> + Send + Sync;

/// Knows one function, and keeps its calls.
pub struct Fake {
    run: Box<Run>,
    pub calls: Mutex<Vec<FunctionCall>>,
    /// What the next streaming call gives.
    pieces: Mutex<Option<mpsc::UnboundedReceiver<FunctionPiece>>>,
}

struct Pieces(mpsc::UnboundedReceiver<FunctionPiece>);

impl FunctionPieces for Pieces {
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<FunctionPiece>> {
        self.0.poll_recv(cx)
    }
}

impl Fake {
    pub fn new(run: impl Fn(&FunctionCall) -> Result<FunctionAnswer, FunctionError> + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { run: Box::new(run), calls: Mutex::default(), pieces: Mutex::default() })
    }

    /// One that always returns this.
    pub fn returning(payload: &'static str) -> Arc<Self> {
        Self::new(move |_| Ok(answer(payload)))
    }

    /// One that streams what is sent here, once.
    #[allow(clippy::disallowed_methods, reason = "a test sends a few pieces")]
    pub fn streaming() -> (Arc<Self>, mpsc::UnboundedSender<FunctionPiece>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let fake = Self::returning("{}");
        *fake.pieces.lock().unwrap() = Some(receiver);
        (fake, sender)
    }

    /// The event of the only call.
    pub fn event(&self) -> serde_json::Value {
        let calls = self.calls.lock().unwrap();
        assert_eq!(calls.len(), 1);
        serde_json::from_slice(&calls[0].payload).unwrap()
    }
}

pub fn answer(payload: impl Into<Bytes>) -> FunctionAnswer {
    FunctionAnswer {
        request_id: "11111111-2222-4333-8444-555555555555".to_owned(),
        executed_version: "$LATEST".to_owned(),
        function_error: None,
        payload: payload.into(),
        log_tail: None,
    }
}

pub fn raised(payload: &'static str) -> FunctionAnswer {
    FunctionAnswer { function_error: Some("Unhandled".to_owned()), ..answer(payload) }
}

impl FunctionInvoker for Fake {
    fn knows(&self, function: &str, _account: Option<&str>) -> bool {
        function.contains("hello")
    }

    fn invoke(&self, call: FunctionCall) -> PortFuture<'_, Result<FunctionAnswer, FunctionError>> {
        let answer = (self.run)(&call);
        self.calls.lock().unwrap().push(call);
        Box::pin(async move {
            if matches!(&answer, Ok(answer) if answer.payload == "hang") {
                std::future::pending::<()>().await;
            }
            answer
        })
    }

    fn invoke_streaming(&self, call: FunctionCall) -> PortFuture<'_, Result<FunctionStream, FunctionError>> {
        self.calls.lock().unwrap().push(call);
        let pieces = self.pieces.lock().unwrap().take();
        Box::pin(async move {
            let refused = || FunctionError { code: "TooManyRequestsException", status: 429, message: "x".to_owned() };
            let pieces = Box::pin(Pieces(pieces.ok_or_else(refused)?));
            let FunctionAnswer { request_id, executed_version, .. } = answer("");
            Ok(FunctionStream { request_id, executed_version, content_type: None, pieces })
        })
    }
}

/// The integration URI of a function.
pub fn uri(function: &str) -> String {
    format!("arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{function}/invocations")
}

/// A streaming one.
pub fn streaming(function: &str) -> Method {
    let uri = format!("arn:aws:apigateway:eu-west-1:lambda:path/2021-11-15/functions/{function}/response-streaming-invocations");
    let mut integration = integration(IntegrationType::AwsProxy, &uri);
    integration.http_method = Some("POST".to_owned());
    integration.response_transfer_mode = Some(ResponseTransferMode::Stream);
    method(integration)
}

/// A proxy integration with a function.
pub fn lambda(function: &str) -> Method {
    let mut integration = integration(IntegrationType::AwsProxy, &uri(function));
    integration.http_method = Some("POST".to_owned());
    method(integration)
}

pub fn settings(fake: &Arc<Fake>) -> GatewaySettings {
    let local_functions = Arc::clone(fake) as Arc<dyn FunctionInvoker>;
    GatewaySettings { backends: Backends { local_functions, ..Backends::default() }, ..GatewaySettings::default() }
}

/// A gateway in front of these functions.
pub fn serving(fake: &Arc<Fake>, source: ApiSource) -> TestGateway {
    let test = TestGateway::start(settings(fake), AccessLog::off());
    test.gateway.publish(source).unwrap();
    test
}
