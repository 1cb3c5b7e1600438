//! Functions that are closures.

#![allow(clippy::unwrap_used)]
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use postern_api_model::apigateway::IntegrationType;
use postern_api_model::ports::{
    ApiSource, FunctionAnswer, FunctionCall, FunctionError, FunctionInvoker, FunctionStream, PortFuture,
};
use postern_api_model::rest_api::Method;
use postern_data_plane::backends::Backends;
use postern_data_plane::{AccessLog, GatewaySettings};

use super::{TestGateway, integration, method};

pub const FUNCTION: &str = "arn:aws:lambda:eu-west-1:000000000000:function:hello";

type Run = dyn Fn(&FunctionCall) -> Result<FunctionAnswer, FunctionError> + Send + Sync;

/// Knows one function, and keeps its calls.
pub struct Fake {
    run: Box<Run>,
    pub calls: Mutex<Vec<FunctionCall>>,
}

impl Fake {
    pub fn new(run: impl Fn(&FunctionCall) -> Result<FunctionAnswer, FunctionError> + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { run: Box::new(run), calls: Mutex::default() })
    }

    /// One that always returns this.
    pub fn returning(payload: &'static str) -> Arc<Self> {
        Self::new(move |_| Ok(answer(payload)))
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
    fn knows(&self, function: &str) -> bool {
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

    fn invoke_streaming(&self, _call: FunctionCall) -> PortFuture<'_, Result<FunctionStream, FunctionError>> {
        Box::pin(async { Err(FunctionError { code: "ServiceException", status: 500, message: "streams not".to_owned() }) })
    }
}

/// The integration URI of a function.
pub fn uri(function: &str) -> String {
    format!("arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{function}/invocations")
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
