//! The wire as a client meets it: a request goes through route, reader, operation and writer of services that answer
//! "not built" to everything, so that reaching an operation with a readable input shows as a 501 that names it.
#![allow(clippy::unwrap_used)]

mod every_operation;
mod reading;
mod routes;
mod violations;
mod writing;

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::HeaderMap;

use super::{AnyOperation, ReadInput, Route, WireRequest, WireResponse, find};
use crate::error::{ApiError, ApiResult};
use crate::scope::{Caller, Scope};
use crate::{apigateway, apigatewaymanagementapi, apigatewayv2};

/// All three services, with no operation built.
struct Unbuilt;

impl apigateway::ApiGateway for Unbuilt {
    apigateway::each_operation!(unbuilt_methods);
}

impl apigatewayv2::ApiGatewayV2 for Unbuilt {
    apigatewayv2::each_operation!(unbuilt_methods);
}

impl apigatewaymanagementapi::ApiGatewayManagementApi for Unbuilt {
    apigatewaymanagementapi::each_operation!(unbuilt_methods);
}

/// Sends a request to [`Unbuilt`]; `target` is path and query.
fn call(method: &str, target: &str, body: &str) -> ApiResult<WireResponse> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let Route { operation, labels } = find(method, path, query).ok_or_else(ApiError::unknown_operation)?;
    let (headers, body) = (HeaderMap::new(), Bytes::copy_from_slice(body.as_bytes()));
    let request = WireRequest { labels: &labels, raw_query: query, headers: &headers, body: &body };
    let scope = Scope { account: "123456789012".to_owned(), region: "eu-central-1".to_owned() };
    let caller = Caller { scope, access_key_id: "AKIDEXAMPLE".to_owned() };
    ready(async {
        match operation {
            AnyOperation::V1(operation) => apigateway::dispatch(&Unbuilt, &caller, operation, &request).await,
            AnyOperation::V2(operation) => apigatewayv2::dispatch(&Unbuilt, &caller, operation, &request).await,
            AnyOperation::Management(operation) => {
                apigatewaymanagementapi::dispatch(&Unbuilt, &caller, operation, &request).await
            }
        }
    })
}

/// Reads a v1 input out of a request.
fn read<I: ReadInput>(method: &str, target: &str, headers: &HeaderMap, body: &str) -> ApiResult<I> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let labels = find(method, path, query).unwrap().labels;
    let body = Bytes::copy_from_slice(body.as_bytes());
    WireRequest { labels: &labels, raw_query: query, headers, body: &body }.read(ApiError::validation)
}

/// The value of a future that waits for nothing.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("an unbuilt operation waited"),
    }
}
